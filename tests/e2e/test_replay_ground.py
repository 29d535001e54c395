"""Databases that a replay makes for itself, sets up, and drops again."""

import signal
import subprocess

from harness import Trace, contains, equal, eventually, lacks, true

SCHEMA = "CREATE TABLE item (id int PRIMARY KEY, name text)"
COUNT = "SELECT count(*) FROM pg_database WHERE datname = 'twinkly_fresh'"


def written(env, name, text):
    path = env.path(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def captured(env, *statements):
    env.on_both(SCHEMA)
    with env.capture() as capture:
        with capture.wire() as client:
            for statement in statements or ("INSERT INTO item VALUES (1, 'axe')",
                                            "SELECT name FROM item",
                                            "SELECT current_database() LIKE 'twinkly_fresh%'"):
                client.query(statement)
        with capture.finish():
            pass
    return capture


def arguments(env, capture, *options):
    return ("twinkly-replay", "-c", capture.configuration, "-t", env.path("out.trace"),
            *options, capture.trace_path)


def replay(env, capture, *options, status=0):
    result = env.run(*arguments(env, capture, *options))
    equal(result.status, status, f"status of the replay ({result.stderr})")
    return result


def databases(env):
    return [rows[0][0] for rows in env.on_both(
        "SELECT count(*) FROM pg_database WHERE datname LIKE 'twinkly_%'"
        " AND datname NOT LIKE '%test%'")]


def test_fresh(env):
    capture = captured(env)
    before = databases(env)
    setup = written(env, "schema.sql", SCHEMA)
    replay(env, capture, "--fresh-database=twinkly_fresh", "--setup", setup)
    with Trace(env.path("out.trace")) as trace:
        equal(trace.verdicts()["equal"], 3, "equal exchanges")
        true(trace.value("SELECT instr(truth, CAST('t' AS BLOB)) FROM exchange WHERE id = 3"),
             "sessions were in the fresh database")
        contains(str(trace.value("SELECT note FROM exchange WHERE id = 3")), "drift",
                 "the capture's was another")
    equal(databases(env), before, "databases")
    equal(env.on_both("SELECT count(*) FROM item"), ([(1,)], [(1,)]), "the captured database")


def test_names_of_their_own(env):
    capture = captured(env, "SELECT 1")
    before = databases(env)
    result = replay(env, capture, "--fresh-database", "-v")
    contains(result.stderr, '"twinkly_replay_', "name")
    result = replay(env, capture, "--fresh-database=twinkly_a,twinkly_b", "-v")
    contains(result.stderr, '"twinkly_a"', "name")
    contains(result.stderr, '"twinkly_b"', "name")
    equal(databases(env), before, "databases")


def test_setup_of_one_side(env):
    capture = captured(env, "SELECT name FROM item")
    replay(env, capture, "--fresh-database=twinkly_fresh",
           "--setup", written(env, "schema.sql", SCHEMA),
           "--setup-candidate", written(env, "more.sql", "INSERT INTO item VALUES (1, 'axe')"),
           "--setup-truth", written(env, "other.sql", "INSERT INTO item VALUES (1, 'bow')"),
           status=1)
    with Trace(env.path("out.trace")) as trace:
        row = trace.rows("SELECT truth, candidate FROM mismatch")[0]
        equal(tuple(row), ("'bow'", "'axe'") if "'" in row["truth"] else ("bow", "axe"), "values")


def test_setup_fails_on_one_side(env):
    capture = captured(env)
    result = replay(env, capture, "--fresh-database=twinkly_fresh", "--setup-candidate",
                    written(env, "bad.sql", "SELECT * FROM nowhere"), status=3)
    contains(result.stderr, "bad.sql on PostgreSQL: 42P01", "why")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")


def test_one_exists_already(env):
    """What was there before is not touched, and nothing is left on the other side."""
    capture = captured(env)
    env.on_yugabytedb("CREATE DATABASE twinkly_fresh")
    try:
        result = replay(env, capture, "--fresh-database=twinkly_fresh", status=3)
        contains(result.stderr, '"twinkly_fresh" exists on YugabyteDB already', "why")
        equal(env.on_both(COUNT), ([(0,)], [(1,)]), "databases")
    finally:
        env.on_yugabytedb("DROP DATABASE twinkly_fresh")


def test_interrupted(env):
    """Ctrl-C in the middle of a statement."""
    capture = captured(env, "SELECT pg_sleep(case when current_database() = 'twinkly_fresh' "
                            "then 100 else 0 end)")
    with subprocess.Popen([env.program("twinkly-replay"),
                           *arguments(env, capture, "--fresh-database=twinkly_fresh")[1:]],
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: env.on_yugabytedb(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = 'twinkly_fresh' "
                "AND state = 'active'")[0][0] > 0, "a session at work")
            process.send_signal(signal.SIGINT)
            _, log = process.communicate(timeout=40)
        finally:
            process.kill()
    equal(process.returncode, 3, f"status ({log})")
    contains(log, "interrupted", "why")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")


def test_interrupted_setup(env):
    capture = captured(env)
    setup = written(env, "slow.sql", "SELECT pg_sleep(100)")
    with subprocess.Popen([env.program("twinkly-replay"),
                           *arguments(env, capture, "--fresh-database=twinkly_fresh",
                                      "--setup", setup)[1:]],
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: env.on_yugabytedb(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = 'twinkly_fresh' "
                "AND state = 'active'")[0][0] > 0, "a setup at work")
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=40)
        finally:
            process.kill()
    equal(process.returncode, 3, f"status ({log})")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")


def test_given_up_but_still_at_work(env):
    """What a server still does for a session that was given up does not keep its database."""
    capture = captured(env, "SELECT pg_sleep(case when current_database() = 'twinkly_fresh' "
                            "then 100 else 0 end)")
    result = replay(env, capture, "--fresh-database=twinkly_fresh", "--deadline", "300ms",
                    status=3)
    lacks(result.stderr, "drop it yourself", "log")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")


def test_what_cannot_be_dropped(env):
    """A template is never dropped: it is named, with the command."""
    capture = captured(env, "SELECT 1")
    setup = written(env, "rights.sql", "ALTER DATABASE twinkly_fresh IS_TEMPLATE true")
    try:
        result = replay(env, capture, "--fresh-database=twinkly_fresh", "--setup-candidate",
                        setup, status=3)
        contains(result.stderr, 'DROP DATABASE IF EXISTS "twinkly_fresh";', "the command")
        contains(result.stderr, f"port {env.postgresql.port}", "where")
        equal(env.on_both(COUNT), ([(1,)], [(0,)]), "databases that are left")
    finally:
        env.on_postgresql("ALTER DATABASE twinkly_fresh IS_TEMPLATE false")
        env.on_postgresql("DROP DATABASE IF EXISTS twinkly_fresh")


def test_one_side_alone(env):
    capture = captured(env)
    setup = written(env, "schema.sql", SCHEMA)
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", env.path("one.trace"),
                     "--against", "candidate", "--fresh-database=twinkly_fresh", "--setup",
                     setup, "--statements", "item", "-v", capture.trace_path)
    equal(result.status, 0, f"status ({result.stderr})")
    lacks(result.stderr, 'YugabyteDB: database "twinkly_fresh" was made', "the other side")
    contains(result.stderr, 'PostgreSQL: database "twinkly_fresh" was made', "its own side")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")


def test_repeat(env):
    """What differs in two of three is flaky: roles are outside of the fresh databases."""
    capture = captured(env, "SELECT 1", "SELECT name FROM item",
                       "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'twinkly_once_%' AND "
                       "current_database() = 'twinkly_fresh'")
    setup = written(env, "schema.sql", SCHEMA)
    more = written(env, "more.sql", "INSERT INTO item VALUES (1, 'axe'); "
                   "DO $$ BEGIN CREATE ROLE twinkly_once_a; EXCEPTION WHEN duplicate_object THEN "
                   "DROP ROLE twinkly_once_a; END $$")
    try:
        result = replay(env, capture, "--fresh-database=twinkly_fresh", "--setup", setup,
                        "--setup-candidate", more, "--repeat", "3", status=1)
    finally:
        env.on_postgresql("DROP ROLE IF EXISTS twinkly_once_a")
    contains(result.stderr, "exchange 2 of the trace: deterministic, a mismatch in 3 of 3", "label")
    contains(result.stderr, "exchange 3 of the trace: flaky, a mismatch in 2 of 3", "label")
    contains(result.stderr, "1 mismatches deterministic, 1 flaky", "summary")
    for end in ("", ".2", ".3"):
        with Trace(env.path("out.trace") + end) as trace:
            equal(trace.exchanges(), 3, "exchanges")


FIXTURE = """twinkly-fixture 1
setup schema.sql
session a user={user} database=nowhere
a> Query "INSERT INTO item VALUES (1, 'axe')"
a< tag "INSERT 0 1" status=I
"""


def test_fixtures(env):
    """A database for each: the second one's row would be there already."""
    capture = captured(env)
    folder = env.path("fixtures")
    subprocess.run(["mkdir", folder], check=True)
    written(env, "fixtures/schema.sql", SCHEMA)
    for name in ("a", "b"):
        written(env, f"fixtures/{name}.twinkly", FIXTURE.format(user=env.postgresql.user))
    result = env.run("twinkly-replay", "-c", capture.configuration,
                     "--fresh-database=twinkly_fresh", folder)
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, "2 fixtures as expected", "summary")
    equal(env.on_both(COUNT), ([(0,)], [(0,)]), "databases that are left")
