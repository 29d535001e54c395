"""Fixtures: a captured run as text, the text as a trace, and the same text again."""

import glob
import os
import signal
import subprocess
import threading

import psycopg

import wire
from harness import (cases, contains, env_table, equal, eventually, fails, lacks, read_text,
                     run_program, true)
from wire import bind, describe, execute, parse, sync

SCHEMA = "CREATE TABLE item (id int4 PRIMARY KEY, name text, price float8, made date)"


def write_text(env, name, text):
    path = env.path(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def to_text(env, trace, name, *options):
    path = env.path(name)
    result = env.run("twinkly-trace", "fixture", trace, "-o", path, *options)
    equal(result.status, 0, f"status of twinkly-trace fixture ({result.stderr})")
    return path


def to_trace(env, fixture, name):
    path = env.path(name)
    result = env.run("twinkly-trace", "import", fixture, "-o", path)
    equal(result.status, 0, f"status of twinkly-trace import ({result.stderr})")
    return path


def drivers_at_work(capture):
    """psycopg 3: pipeline, binary values, COPY in and out, errors."""
    with psycopg.connect(host=capture.host, port=capture.port, user=capture.user,
                         dbname=capture.database, autocommit=True) as connection:
        with connection.pipeline():
            connection.execute("INSERT INTO item VALUES (%s, %s, %s, '2026-11-23')",
                               (1, "axe", 9.5), binary=True)
            connection.execute("INSERT INTO item VALUES (%s, %s, %s, NULL)",
                               (2, "bow; \"and\" arrow\n", None), binary=True)
        cursor = connection.cursor(binary=True)
        equal(len(cursor.execute("SELECT * FROM item ORDER BY id").fetchall()), 2, "rows")
        fails(psycopg.errors.UniqueViolation,
              lambda: connection.execute("INSERT INTO item (id) VALUES (1)"))
        with cursor.copy("COPY item FROM STDIN") as copy:
            for number in range(3, 9):
                copy.write_row((number, f"item {number}", number / 4, None))
        with cursor.copy("COPY item TO STDOUT (FORMAT binary)") as copy:
            true(b"".join(copy), "data of COPY TO")


def raw_at_work(capture):
    """What no driver sends."""
    with capture.wire() as client:
        client.run(parse("s", "SELECT name FROM item WHERE id = $1", [23]), sync())
        client.run(bind("p", "s", [b"\0\0\0\1"], formats=[1]), describe("P", "p"),
                   execute("p", 1), execute("p"), sync())
        client.send(wire.query("COPY item FROM STDIN"))
        client.read_until("G")
        client.send(wire.copy_data(b"no number\n"), wire.copy_done())
        client.read_until("Z")
        client.query("")
        client.query("SELECT 1; SELECT 1/0; SELECT 2")


def lock_waiters(env):
    """On both sides together."""
    return sum(rows[0][0] for rows in env.on_both(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()"))


def lock_wait_at_work(env, capture):
    """The second session waits for the first one's row."""
    first, second = capture.connect(), capture.connect()
    first.autocommit = False
    first.cursor().execute("UPDATE item SET price = 1 WHERE id = 1")
    waiting = threading.Thread(
        target=lambda: second.cursor().execute("UPDATE item SET price = 2 WHERE id = 1"))
    waiting.start()
    eventually(lambda: lock_waiters(env) > 0, "a session that waits for the lock")
    first.commit()
    waiting.join()
    first.cursor().execute("SELECT price FROM item WHERE id = 1")
    first.commit()
    first.close()
    second.close()


def test_a_real_run_comes_back_the_same(env):
    env.on_both(SCHEMA)
    with env.capture() as capture:
        drivers_at_work(capture)
        raw_at_work(capture)
        lock_wait_at_work(env, capture)
        capture.finish().check_clean(least=10)
    first = to_text(env, capture.trace_path, "first.twinkly")
    imported = to_trace(env, first, "imported.trace")
    second = to_text(env, imported, "second.twinkly")
    equal(read_text(second), read_text(first), "text, trace, text")
    env.on_both("DROP TABLE item")
    env.on_both(SCHEMA)
    again = env.path("again.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", again,
                     "--order", "serial", imported)
    equal(result.status, 0, f"status of the replay ({result.stderr})")
    equal(read_text(to_text(env, again, "again.twinkly")), read_text(first), "recorded again")


# --- replayed directly ---

HEAD = ("twinkly-fixture 1\n"
        "sides truth=yugabytedb candidate=postgresql\n"
        "setup item.sql\n"
        "session a user=postgres database=postgres\n")
EQUAL = ('a> Query "SELECT name FROM item ORDER BY id"\n'
         "a< columns name:text\n"
         "a< row axe\n"
         "a< row bow\n"
         'a< tag "SELECT 2" status=I\n')
DIFFERENT = ('a> Query "SELECT name FROM item WHERE id = 2"\n'
             "{accept}"
             "a< columns name:text\n"
             "a<yugabytedb row {other}\n"
             "a<postgresql row bow\n"
             'a< tag "SELECT 1" status=I\n')
ACCEPT = 'a< accept value column=1 reason="planted"{until}\n'
ITEM_SQL = ("DROP TABLE IF EXISTS item; CREATE TABLE item (id int4 PRIMARY KEY, name text);\n"
            "INSERT INTO item VALUES (1, 'axe'), (2, 'bow');\n")
PLANT_SQL = "UPDATE item SET name = 'arrow' WHERE id = 2;\n"


def replay(env, path, *options, servers=None):
    """twinkly-replay on a fixture, in the test's own database."""
    configuration, _ = env.configuration(servers)
    return env.run("twinkly-replay", "-c", configuration, *options,
                   "-s", f"proxy.postgresql.database={env.database}",
                   "-s", f"proxy.yugabytedb.database={env.database}",
                   path, environment={"TMPDIR": env.directory})


def no_leftovers(env):
    equal(glob.glob(env.path("twinkly-*")), [], "temporary directories")


def planted(env, accept="", other="arrow", setup="setup yugabytedb plant.sql\n"):
    write_text(env, "item.sql", ITEM_SQL)
    write_text(env, "plant.sql", PLANT_SQL)
    head, session = HEAD.rsplit("session", 1)
    return write_text(env, "planted.twinkly", head + setup + "session" + session
                      + DIFFERENT.format(accept=accept, other=other))


def test_as_expected(env):
    write_text(env, "item.sql", ITEM_SQL)
    path = write_text(env, "equal.twinkly", HEAD + EQUAL)
    result = replay(env, path)
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, "ok   ", "summary")
    no_leftovers(env)


def test_a_side_that_answers_otherwise_than_before(env):
    write_text(env, "item.sql", ITEM_SQL)
    path = write_text(env, "equal.twinkly", HEAD + EQUAL.replace("bow", "arrow"))
    result = replay(env, path)
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, "postgresql: Value mismatch: row 2", "what changed")
    contains(result.stderr, "yugabytedb: Value mismatch: row 2", "what changed")
    contains(result.stderr, "1 not as expected", "summary")


@cases(("", "", "arrow", 1, "in which the sides differ"),
       ("accepted", ACCEPT.format(until=""), "arrow", 0, "1 with accepted differences"),
       ("until_some_day", ACCEPT.format(until=" until=2999-12-31"), "arrow", 0, "ok   "),
       ("expired", ACCEPT.format(until=" until=2020-12-31"), "arrow", 1, "accepted until 2020"),
       ("other_kind", ACCEPT.replace("value", "row-count").format(until=""), "arrow", 1,
        "in which the sides differ"),
       ("other_column", ACCEPT.replace("column=1", "column=2").format(until=""), "arrow", 1,
        "in which the sides differ"),
       ("one_side_changed", ACCEPT.format(until=""), "spear", 1, "yugabytedb: Value mismatch: row 1"))
def test_a_difference(env, accept, other, status, text):
    result = replay(env, planted(env, accept, other))
    equal(result.status, status, f"status ({result.stderr})")
    contains(result.stderr, text, "output")


def test_a_known_difference_that_went_away(env):
    result = replay(env, planted(env, ACCEPT.format(until=""), setup=""))
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, "the accepted difference is gone", "output")
    contains(result.stderr, "yugabytedb: Value mismatch: row 1", "output")


def test_update_blesses_and_shows_what_changed(env):
    path = planted(env, ACCEPT.format(until=""), other="spear")
    result = replay(env, path, "--update")
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stdout, "-a<yugabytedb row spear", "what changed")
    contains(result.stdout, "+a<yugabytedb row arrow", "what changed")
    equal(read_text(path), read_text(planted(env, ACCEPT.format(until=""))), "the new text")
    equal(replay(env, path).status, 0, "status of the blessed fixture")


def test_update_drops_what_is_accepted_no_more(env):
    path = planted(env, ACCEPT.format(until=""), setup="")
    result = replay(env, path, "--update")
    equal(result.status, 0, f"status ({result.stderr})")
    lacks(read_text(path), "accept", "the new text")
    equal(replay(env, path).status, 0, "status of the blessed fixture")


def test_a_folder_of_fixtures(env):
    planted(env)
    write_text(env, "equal.twinkly", HEAD + EQUAL)
    write_text(env, "wrong.twinkly", HEAD + "a> Nonsense\n")
    result = replay(env, env.directory)
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, "wrong.twinkly:5:4: expected a message", "the wrong line")
    contains(result.stderr, "1 fixtures as expected, 1 not, 1 could not be run", "totals")
    no_leftovers(env)


@cases(("no_setup_file", HEAD.replace("item.sql", "none.sql") + EQUAL, "none.sql: cannot be"),
       ("setup_fails", HEAD.replace("item.sql", "bad.sql") + EQUAL, "42601"),
       ("wrong_line", HEAD + "a> Query 1\n", ":5:10: expected a string"))
def test_what_cannot_be_run(env, text, message):
    write_text(env, "item.sql", ITEM_SQL)
    write_text(env, "bad.sql", "SELEC 1")
    result = replay(env, write_text(env, "x.twinkly", text))
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, message, "message")
    no_leftovers(env)


def test_a_replay_of_a_fixture_can_be_kept(env):
    path = planted(env)
    result = replay(env, path, "-t", env.path("kept.trace"))
    equal(result.status, 1, f"status ({result.stderr})")
    contains(read_text(to_text(env, env.path("kept.trace"), "kept.twinkly", "--accept", "known")),
             'a< accept value column=1 reason="known"', "text of the kept trace")


# --- other runs that have to come back the same ---

def round_trip(env, trace):
    first = to_text(env, trace, "one.twinkly")
    second = to_text(env, to_trace(env, first, "one.trace"), "two.twinkly")
    equal(read_text(second), read_text(first), "text, trace, text")
    return first


def pgbench_at_work(env, capture):
    environment = {"PGHOST": capture.host, "PGPORT": str(capture.port), "PGUSER": capture.user,
                   "PGDATABASE": capture.database}
    arguments = [env.tool("pgbench"), "-n", "-M", "prepared", "-c", "4", "-j", "2", "-t", "100"]
    result = run_program(env.directory, arguments, environment=environment)
    equal(result.status, 0, f"status of pgbench ({result.stderr})")


def long_copy_at_work(env, capture):
    """More than one row of the trace holds, in messages that lie across their border."""
    line = b"7\t" + b"x" * 1000 + b"\n"
    with capture.wire() as client:
        client.send(wire.query("COPY line FROM STDIN"))
        client.read_until("G")
        client.send(*[wire.copy_data(line * 7) for _ in range(100)], wire.copy_done())
        client.read_until("Z")
        client.query("SELECT * FROM line")


def user_types_at_work(env, capture):
    with capture.wire() as client:
        client.query("SELECT m, array[m], row(m) FROM mood_of")
        number = env.on_yugabytedb("SELECT 'mood'::regtype::oid::int8")[0][0]
        client.run(parse("", "SELECT $1", [number]), describe("S", ""), bind("", "", ["sad"]),
                   execute(), sync())


def syncs_at_work(env, capture):
    with capture.wire() as client:
        parts = []
        for number in range(50):
            parts += [parse("", f"SELECT {number}"), bind("", ""), execute(), sync()]
        client.run(*parts, syncs=50)


SCHEMAS = {"long_copy": "CREATE TABLE line (n int4, text text)",
           "user_types": "CREATE TYPE mood AS ENUM ('sad', 'glad'); "
                         "CREATE TABLE mood_of AS SELECT 'glad'::mood AS m"}


@cases(("pgbench", pgbench_at_work), ("long_copy", long_copy_at_work),
       ("user_types", user_types_at_work), ("many_syncs", syncs_at_work))
def test_comes_back_the_same(env, work):
    name = work.__name__.replace("_at_work", "")
    if name in SCHEMAS:
        env.on_both(SCHEMAS[name])
    if name == "pgbench":
        for server in env.servers:
            init_pgbench(env, server)
    with env.capture({"trace.max-response": "16kB"}) as capture:
        work(env, capture)
        capture.stop()
    text = round_trip(env, capture.trace_path)
    if name == "user_types":
        env.on_both("DROP TABLE mood_of; DROP TYPE mood; CREATE TYPE other AS ENUM ()")
        env.on_both(SCHEMAS[name])
        result = replay(env, text)
        equal(result.status, 0, f"status of the replay with other numbers ({result.stderr})")
    if name == "long_copy":
        contains(read_text(text), "< cut I", "the answer beyond trace.max-response")
        env.on_both("TRUNCATE line")
        result = replay(env, text)
        equal(result.status, 0, f"status of the replay ({result.stderr})")
        env_table(env, "line", 700)


def init_pgbench(env, server):
    environment = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user,
                   "PGDATABASE": env.database}
    result = run_program(env.directory, [env.tool("pgbench"), "-i", "-q"],
                         environment=environment)
    equal(result.status, 0, f"status of pgbench -i ({result.stderr})")


def test_only_mismatches(env):
    """The session with the mismatch, from its beginning: what it needs is there."""
    env.on_both("CREATE TABLE t (a int4)")
    env.on_postgresql("INSERT INTO t VALUES (1)")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 'another session'")
        with capture.wire() as client:
            client.run(parse("s", "SELECT a FROM t"), sync())
            equal(wire.errors(client.run(bind("", "s"), execute(), sync()))[0]["C"], "XX000",
                  "SQLSTATE")
        capture.finish(status=1)
    text = to_text(env, capture.trace_path, "f.twinkly", "--only-mismatches", "--accept", "known")
    lacks(read_text(text), "another session", "sessions without a mismatch")
    result = replay(env, text)
    equal(result.status, 0, f"status of the replay ({result.stderr})")
    contains(result.stderr, "2 exchanges, 1 with accepted differences", "summary")


@cases(("in_the_replay", "", 'a> Query "SELECT pg_sleep(40)"\n'),
       ("in_the_setup", "setup sleep.sql\n", 'a> Query "SELECT 1"\n'))
def test_an_interrupted_run_leaves_nothing_behind(env, setup, request):
    write_text(env, "item.sql", ITEM_SQL)
    write_text(env, "sleep.sql", "SELECT pg_sleep(40)")
    head, session = HEAD.rsplit("session", 1)
    for name in ("one", "two"):
        write_text(env, name + ".twinkly", head + setup + "session" + session + request
                   + "a< status=I\n")
    configuration, _ = env.configuration()
    process = subprocess.Popen(
        [env.program("twinkly-replay"), "-c", configuration,
         "-s", f"proxy.postgresql.database={env.database}",
         "-s", f"proxy.yugabytedb.database={env.database}", env.directory],
        env={**os.environ, "TMPDIR": env.directory}, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: any(side[0][0] for side in env.on_both(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
            "AND query LIKE '%sleep(40)%' AND pid <> pg_backend_pid()")), "the sleep")
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
    equal(process.returncode, 3, f"status ({told})")
    contains(told, "one.twinkly: ", "the fixture")
    contains(told, "interrupted", "why")
    lacks(told, "two.twinkly", "the next fixture")
    no_leftovers(env)
