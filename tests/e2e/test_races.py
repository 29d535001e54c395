"""Reads that race with writes in the daemon's modes: retried or undecidable, never a mismatch."""

import threading
import time

import psycopg2

import wire
from harness import cases, equal, true

SECONDS = 3


def insert_until(stop, connection):
    with connection.cursor() as cursor:
        while not stop.is_set():
            cursor.execute("INSERT INTO job (state) VALUES ('new')")


def run_pollers(capture, poll, count):
    """Polls while others insert; how often, and the first error."""
    stop = threading.Event()
    writers = [threading.Thread(target=insert_until, args=(stop, capture.connect()))
               for _ in range(2)]
    polls, errors = 0, []
    connections = [capture.connect() for _ in range(count)]
    for writer in writers:
        writer.start()
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end and not errors:
            for connection in connections:
                poll(connection)
                polls += 1
    except psycopg2.Error as error:
        errors.append(str(error))
    stop.set()
    for writer in writers:
        writer.join()
    return polls, errors


@cases(("ordered", "ordered"), ("parallel", "parallel"))
def test_autocommit_reads_are_asked_again(env, execution):
    env.on_both("CREATE TABLE job (id serial, state text)")
    with env.capture({"comparison.execution": execution}) as capture:
        def poll(connection):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM job")

        polls, errors = run_pollers(capture, poll, 2)
        equal(errors, [], "errors")
        true(polls > 100, f"only {polls} polls")
        with capture.finish(status=0) as trace:
            verdicts = trace.verdicts()
            equal(set(verdicts) - {"equal", "retried"}, set(), f"verdicts {dict(verdicts)}")
            true(verdicts["retried"] > 0, f"no read raced with a write: {dict(verdicts)}")


def test_reads_in_a_transaction_are_undecidable(env):
    env.on_both("CREATE TABLE job (id serial, state text)")
    with env.capture({"comparison.execution": "parallel"}) as capture:
        def poll(connection):
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                for _ in range(5):
                    cursor.execute("SELECT count(*) FROM job")
                cursor.execute("COMMIT")

        polls, errors = run_pollers(capture, poll, 2)
        equal(errors, [], "errors")
        true(polls > 20, f"only {polls} polls")
        with capture.finish(status=0) as trace:
            verdicts = trace.verdicts()
            equal(set(verdicts) - {"equal", "undecidable"}, set(), f"verdicts {dict(verdicts)}")
            true(verdicts["undecidable"] > 0, f"no race: {dict(verdicts)}")


def test_a_real_difference_survives_the_retry(env):
    """It is asked again, and still differs."""
    env.on_both("CREATE TABLE job (id serial, state text)")
    env.on_postgresql("CREATE VIEW answer AS SELECT 1 AS a")
    env.on_yugabytedb("CREATE VIEW answer AS SELECT 2 AS a")
    with env.capture({"comparison.execution": "parallel"}) as capture:
        with capture.wire() as slow, capture.wire() as reader:
            slow.send(wire.query("INSERT INTO job (state) SELECT 'x' FROM pg_sleep(0.5)"))
            time.sleep(0.2)
            got = reader.query("SELECT a FROM answer")
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "SQLSTATE")
            equal(wire.errors(slow.read_until("Z")), [], "the insert")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 1, "mismatches")
