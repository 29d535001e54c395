"""Fixtures: a captured run as text, the text as a trace, and the same text again."""

import threading

import psycopg
import psycopg2

import wire
from harness import (cases, contains, env_table, equal, eventually, fails, free_port, lacks,
                     on_postgresql_only, read_text, true)
from wire import bind, describe, execute, flush, parse, sync

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


def lock_wait_at_work(capture):
    """The second session waits for the first one's row."""
    first, second = capture.connect(), capture.connect()
    first.autocommit = False
    first.cursor().execute("UPDATE item SET price = 1 WHERE id = 1")
    waiting = threading.Thread(
        target=lambda: second.cursor().execute("UPDATE item SET price = 2 WHERE id = 1"))
    waiting.start()
    eventually(lambda: waiting_sessions(capture) > 0, "a session that waits for the lock")
    first.commit()
    waiting.join()
    first.cursor().execute("SELECT price FROM item WHERE id = 1")
    first.commit()
    first.close()
    second.close()


def waiting_sessions(capture):
    return capture.lock_waiters()


def test_a_real_run_comes_back_the_same(env):
    env.on_both(SCHEMA)
    with env.capture() as capture:
        capture.lock_waiters = lambda: env.on_postgresql(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()")[0][0] + env.on_yugabytedb(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()")[0][0]
        drivers_at_work(capture)
        raw_at_work(capture)
        lock_wait_at_work(capture)
        capture.finish().check_clean(least=10)
    first = to_text(env, capture.trace_path, "first.twinkly")
    imported = to_trace(env, first, "imported.trace")
    second = to_text(env, imported, "second.twinkly")
    equal(read_text(second), read_text(first), "text, trace, text")
    for table in ("item",):
        env.on_both(f"DROP TABLE {table}")
    env.on_both(SCHEMA)
    again = env.path("again.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", again, imported)
    equal(result.status, 0, f"status of the replay ({result.stderr})")
    equal(read_text(to_text(env, again, "again.twinkly")), read_text(first), "recorded again")
