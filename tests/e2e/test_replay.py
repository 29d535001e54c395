"""A captured run, once more without its client: on equal databases, and on diverging ones."""

import psycopg2

import wire
from harness import (Trace, cases, contains, env_table, equal, fails, free_port, true,
                     write_configuration)
from servers import Server
from wire import bind, describe, execute, parse, sync

SCHEMA = ("CREATE TABLE item (id serial PRIMARY KEY, name text, price numeric); "
          "CREATE FUNCTION gross(n numeric) RETURNS numeric LANGUAGE sql AS 'SELECT n * 1.2'")


def work(capture):
    """Two sessions with all sorts of exchanges."""
    first, second = capture.connect(), capture.connect()
    first.autocommit = False
    cursor, other = first.cursor(), second.cursor()
    cursor.execute("INSERT INTO item (name, price) VALUES ('axe', 9.90), ('bow', 20)")
    first.commit()
    for number in range(20):
        cursor.execute("INSERT INTO item (name, price) VALUES (%s, %s) RETURNING id",
                       (f"item {number}", number))
        other.execute("SELECT count(*) FROM pg_class WHERE relname = 'item'")
    first.commit()
    other.execute("SELECT name, gross(price) FROM item WHERE id = 1")
    fails(psycopg2.errors.DivisionByZero, lambda: other.execute("SELECT 1/0"))
    cursor.execute("DELETE FROM item")
    first.rollback()
    first.close()
    second.close()
    with capture.wire() as client:
        client.run(parse("s", "SELECT name FROM item WHERE id = $1", [23]), sync())
        client.run(bind("", "s", [b"\0\0\0\2"], formats=[1]), describe("P"), execute(), sync(),
                   bind("", "s", [b"\0\0\0\1"], formats=[1]), execute(), sync(), syncs=2)
        client.send(wire.query("COPY item (name) FROM STDIN"))
        client.read_until("G")
        client.send(*[wire.copy_data(b"copied %d\n" % n) for n in range(1000)], wire.copy_done())
        client.read_until("Z")


def captured(env):
    """A trace on equal databases, which are emptied again afterwards."""
    env.on_both(SCHEMA)
    with env.capture() as capture:
        work(capture)
        with capture.finish() as trace:
            count = trace.check_clean(least=50).exchanges()
    env_table(env, "item", 1022)
    env.on_both("DROP TABLE item; DROP FUNCTION gross")
    return capture, count


def test_on_equal_databases(env):
    capture, count = captured(env)
    env.on_both(SCHEMA)
    out = env.path("out.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", out,
                     capture.trace_path)
    equal(result.status, 0, f"status ({result.stderr})")
    with Trace(out) as trace:
        equal(trace.check_clean().exchanges(), count, "exchanges of the replay")
    env_table(env, "item", 1022)


def test_on_diverging_databases(env):
    capture, _ = captured(env)
    env.on_both(SCHEMA)
    env.on_yugabytedb("CREATE OR REPLACE FUNCTION gross(n numeric) RETURNS numeric LANGUAGE sql "
                      "AS 'SELECT n * 1.1'")
    out = env.path("out.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", out,
                     capture.trace_path)
    equal(result.status, 1, f"status ({result.stderr})")
    with Trace(out) as trace:
        equal(trace.kinds(), ["value"], "kinds")
        contains(trace.value("SELECT statement FROM mismatch"), "gross", "statement")
        difference = trace.differences()[0]
        equal((difference["truth"], difference["candidate"]), ("10.890", "11.880"), "values")


def test_a_captured_mismatch_is_found_again(env):
    env.on_postgresql("CREATE TABLE t AS SELECT generate_series(1, 5) AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            equal(wire.errors(client.query("SELECT * FROM t"))[0]["C"], "XX000", "SQLSTATE")
        capture.finish(status=1)
    again = env.path("again.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", again,
                     capture.trace_path)
    equal(result.status, 1, f"status ({result.stderr})")
    with Trace(again) as trace:
        equal(trace.kinds(), ["row-count"], "kinds")
        equal(trace.verdicts(), {"equal": 1, "mismatch": 1}, "verdicts")


def test_a_replay_can_be_replayed(env):
    capture, count = captured(env)
    traces = [capture.trace_path, env.path("one.trace"), env.path("two.trace")]
    for source, target in zip(traces, traces[1:]):
        env.on_both(SCHEMA)
        result = env.run("twinkly-replay", "-c", capture.configuration, "-t", target, source)
        equal(result.status, 0, f"status ({result.stderr})")
        env.on_both("DROP TABLE item; DROP FUNCTION gross")
    with Trace(traces[1]) as one, Trace(traces[2]) as two:
        equal(two.exchanges(), count, "exchanges")
        equal(two.statements(), one.statements(), "statements")


@cases(("postgresql", 0, "PostgreSQL"), ("yugabytedb", 1, "YugabyteDB"))
def test_a_backend_that_is_down(env, side, named):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
        capture.finish().check_clean()
    servers = list(env.servers)
    servers[side] = Server("127.0.0.1", free_port(), env.postgresql.user)
    path = env.path("down.conf")
    write_configuration(path, capture.port, *servers)
    result = env.run("twinkly-replay", "-c", path, capture.trace_path, cwd=env.directory)
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, named, "message")


def test_a_lock_wait_does_not_hang_the_replay(env):
    env.on_both("CREATE TABLE job (id serial PRIMARY KEY, state text NOT NULL)")
    env.on_both("INSERT INTO job (state) VALUES ('')")
    captured_run = env.run_under_capture(env.client("lock_wait.py"))
    equal(captured_run.status, 0, f"status of the capture ({captured_run.stderr})")
    env.on_both("UPDATE job SET state = ''")
    path, _ = env.configuration()
    result = env.run("twinkly-replay", "-c", path, "-t", env.path("out.trace"),
                     captured_run.trace)
    true(result.status in (0, 1, 3), f"status {result.status} ({result.stderr})")
    Trace(env.path("out.trace")).check_integrity()


def test_copy_that_fails_before_its_data(env):
    """How far either side is with its error when the other is heard must not matter."""
    rounds = 50
    env.on_both("CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t")
    with env.capture() as capture:
        with capture.wire() as client:
            for _ in range(rounds):
                client.send(wire.query("COPY v FROM STDIN"))
                client.read_until("G")
                client.send(wire.copy_data(b"1\n"), wire.copy_done())
                equal(wire.errors(client.read_until("Z"))[0]["C"], "42809", "SQLSTATE")
        capture.finish().check_clean(least=rounds)
    out = env.path("out.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", out,
                     capture.trace_path)
    equal(result.status, 0, f"exit status ({result.stderr})")
    with Trace(out) as again:
        again.check_clean(least=rounds)
