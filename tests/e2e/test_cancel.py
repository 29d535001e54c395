"""Cancelling a statement: it must end on both databases, and the client must learn it."""

import socket
import threading
import time

import psycopg2

import wire
from harness import Trace, equal, eventually, fails, true

SLEEPING = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()")


def sleepers(env):
    return [rows[0][0] for rows in env.on_both(SLEEPING)]


def any_trace(capture):
    """The trace, whatever the exit status: a cancelled exchange may be inconclusive."""
    capture.stop()
    return Trace(capture.trace_path)


def send_cancel(capture, pid, key):
    with socket.create_connection((capture.host, capture.port), timeout=10) as connection:
        connection.sendall(wire.cancel_request(pid, key))
        equal(connection.recv(1), b"", "a cancel request is answered by the end alone")


def test_cancel_ends_the_statement_on_both(env):
    with env.capture() as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        timer = threading.Timer(0.7, connection.cancel)
        timer.start()
        started = time.monotonic()
        fails(psycopg2.errors.QueryCanceled,
              lambda: cursor.execute("SELECT 1 FROM (SELECT pg_sleep(25)) s"), "pg_sleep")
        true(time.monotonic() - started < 10, "the cancel took too long")
        timer.join()
        eventually(lambda: sleepers(env) == [0, 0], "pg_sleep ended on both databases")
        cursor.execute("SELECT 42")
        equal(cursor.fetchone(), (42,), "the session goes on")
        connection.close()
        with any_trace(capture) as trace:
            true("cancel" in trace.events(), f"no cancel among {trace.events()}")


def test_cancel_of_a_statement_that_is_sent_to_one_side_first(env):
    """A writing statement reaches the candidate after the truth has answered: not at all, if
    the truth was cancelled, or it is cancelled there as well."""
    env.on_both("CREATE TABLE t (a int)")
    with env.capture({"comparison.execution": "serial"}) as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        threading.Timer(0.7, connection.cancel).start()
        fails(psycopg2.errors.QueryCanceled,
              lambda: cursor.execute("INSERT INTO t SELECT 1 FROM pg_sleep(25)"), "the insert")
        eventually(lambda: sleepers(env) == [0, 0], "pg_sleep ended on both databases")
        connection.close()
        any_trace(capture).check_integrity()
    equal(env.on_both("SELECT count(*) FROM t"), ([(0,)], [(0,)]), "rows")


def test_a_wrong_key_cancels_nothing(env):
    with env.capture() as capture:
        with capture.wire() as client:
            pid, key = client.backend_key
            client.send(wire.query("SELECT 'slept' FROM pg_sleep(1)"))
            send_cancel(capture, pid, key ^ 1)
            send_cancel(capture, pid + 1, key)
            equal(wire.rows(client.read_until("Z")), [[b"slept"]], "row")
        capture.finish().check_clean()


def test_the_right_key_in_raw(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(wire.query("SELECT 1 FROM pg_sleep(25)"))
            eventually(lambda: sum(sleepers(env)) > 0, "a database sleeps")
            send_cancel(capture, *client.backend_key)
            equal(wire.errors(client.read_until("Z"))[0]["C"], "57014", "SQLSTATE")
            send_cancel(capture, *client.backend_key)
            time.sleep(0.3)
            equal(wire.rows(client.query("SELECT 2")), [[b"2"]], "an idle session is not harmed")
