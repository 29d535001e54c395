"""comparison.require-secondary = false: the source of truth alone, counted and said."""

import psycopg2

import wire
from harness import cases, contains, equal, fails, true
from servers import Server, free_port

DEGRADED = {"comparison.require-secondary": False, "comparison.source-of-truth": "postgresql"}


def nowhere(env):
    return Server("127.0.0.1", free_port(), env.postgresql.user)


def test_a_candidate_that_is_down(env):
    env.on_both("CREATE TABLE t (a int)")
    with env.capture(DEGRADED, servers=(env.postgresql, nowhere(env))) as capture:
        with capture.connect() as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (1)")
            cursor.execute("SELECT a FROM t")
            equal(cursor.fetchall(), [(1,)], "rows")
        connection.close()
        with capture.finish(status=0) as trace:
            verdicts = trace.verdicts()
            equal(set(verdicts), {"not-compared"}, f"verdicts {dict(verdicts)}")
            true("alone" in trace.events(), "no event says so")
        contains(capture.log(), "sessions without YugabyteDB", "summary")
    equal(env.on_both("SELECT count(*) FROM t"), ([(1,)], [(0,)]), "rows on either side")


def test_a_truth_that_is_down_is_refused(env):
    servers = (nowhere(env), env.yugabytedb)
    with env.capture(DEGRADED, servers=servers) as capture:
        error = fails(psycopg2.OperationalError, capture.connect, "connecting")
        contains(str(error), "PostgreSQL", "message")


@cases(("idle", "SELECT 1"), ("transaction", "BEGIN"))
def test_a_candidate_that_is_lost(env, first):
    env.on_both("CREATE TABLE t (a int)")
    with env.capture(DEGRADED) as capture:
        with capture.wire() as client:
            client.query(first)
            env.on_yugabytedb("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                              "datname = current_database() AND pid <> pg_backend_pid()")
            equal(wire.errors(client.query("INSERT INTO t VALUES (1)")), [], "errors")
            equal(wire.rows(client.query("SELECT a FROM t")), [[b"1"]], "rows")
            client.query("COMMIT")
        with capture.finish(status=0) as trace:
            true(trace.verdicts()["not-compared"] >= 2, f"{dict(trace.verdicts())}")


def test_a_candidate_that_is_lost_in_the_middle(env):
    with env.capture(DEGRADED) as capture:
        with capture.wire() as client:
            client.send(wire.query("SELECT 1 FROM pg_sleep(1)"))
            env.on_yugabytedb("SELECT pg_sleep(0.3)")
            env.on_yugabytedb("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                              "datname = current_database() AND pid <> pg_backend_pid()")
            equal(wire.types(client.read_until("Z")), "TDCZ", "the truth's answer")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"not-compared": 1}, "verdicts")
