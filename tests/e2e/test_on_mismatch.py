"""comparison.on-mismatch = error: the session goes on, in step on both sides."""

import psycopg2

import wire
from harness import cases, contains, equal, fails
from wire import query, sync

HEADLINE = "Query results differ between PostgreSQL and YugabyteDB:"


def plant(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b text)")
    env.on_postgresql("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
    env.on_yugabytedb("INSERT INTO t VALUES (1, 'one'), (2, 'TWO')")
    env.on_both("CREATE TABLE u (a int)")
    env.on_yugabytedb("ALTER TABLE u ADD CHECK (a < 100)")


def mode(env):
    return env.capture({"comparison.on-mismatch": "error"})


def rows_of(env, table):
    return env.on_both(f"SELECT a FROM {table} ORDER BY a")


def test_outside_a_transaction(env):
    plant(env)
    with mode(env) as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        error = fails(psycopg2.Error, lambda: cursor.execute("SELECT * FROM t"), "the mismatch")
        equal(error.pgcode, "XX000", "SQLSTATE")
        contains(str(error), HEADLINE, "message")
        cursor.execute("SELECT 41 + 1")
        equal(cursor.fetchone(), (42,), "the session goes on")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 1}, "verdicts")
            equal(trace.kinds(), ["value"], "kinds")


def test_inside_a_transaction_both_fail(env):
    plant(env)
    with mode(env) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("INSERT INTO u VALUES (1)")
            got = client.query("SELECT * FROM t")
            equal(wire.types(got)[-2:], "EZ", "grammar")
            equal(got[-1][1], b"E", "the status that the client sees")
            equal([e["C"] for e in wire.errors(client.query("SELECT 1"))], ["25P02"], "then")
            equal(client.query("ROLLBACK")[-1][1], b"I", "after ROLLBACK")
            equal(wire.rows(client.query("SELECT count(*) FROM u")), [[b"0"]], "rolled back")
        capture.finish(status=1)


def test_savepoints_go_on(env):
    plant(env)
    with mode(env) as capture:
        with capture.wire() as client:
            for sql in ("BEGIN", "INSERT INTO u VALUES (1)", "SAVEPOINT a",
                        "INSERT INTO u VALUES (2)", "SAVEPOINT b"):
                client.query(sql)
            equal(client.query("SELECT b FROM t WHERE a = 2")[-1][1], b"E", "failed")
            equal(client.query("ROLLBACK TO b")[-1][1], b"T", "back to b")
            equal(wire.rows(client.query("SELECT count(*) FROM u")), [[b"2"]], "both rows")
            client.query("ROLLBACK TO a")
            equal(client.query("COMMIT")[-1][1], b"I", "committed")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 1, "one mismatch")
    equal(rows_of(env, "u"), ([(1,)], [(1,)]), "what was committed")


def test_one_side_fails(env):
    plant(env)
    with mode(env) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.query("INSERT INTO u VALUES (100)")
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "SQLSTATE")
            equal(got[-1][1], b"E", "status")
            client.query("ROLLBACK")
            equal(wire.errors(client.query("INSERT INTO u VALUES (3)")), [], "goes on")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["error-success"], "kinds")
    equal(rows_of(env, "u"), ([(3,)], [(3,)]), "the rows of both")


def step(sql):
    return wire.parse("", sql) + wire.bind("", "") + wire.execute()


@cases(["sync", True], ["flush", False])
def test_extended(env, synced):
    plant(env)
    with mode(env) as capture:
        with capture.wire() as client:
            end = sync() if synced else wire.flush()
            client.send(step("BEGIN") + sync())
            client.read_until("Z")
            client.send(step("INSERT INTO u VALUES (1)") + sync())
            client.read_until("Z")
            client.send(step("SELECT b FROM t") + end)
            got = client.read_until("E")
            equal(got[-1][0], "E", "the error comes at once")
            if not synced:
                client.send(step("SELECT 'discarded'") + sync())
            equal(client.read_until("Z")[-1][1], b"E", "status after the Sync")
            equal(client.query("ROLLBACK")[-1][1], b"I", "after ROLLBACK")
            equal(wire.rows(client.query("SELECT count(*) FROM u")), [[b"0"]], "rolled back")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 1, "one mismatch")


def test_pipelined(env):
    """What the client has sent ahead is answered in its turn."""
    plant(env)
    with mode(env) as capture:
        with capture.wire() as client:
            client.send(step("SELECT 1") + sync() + step("SELECT b FROM t") + sync()
                        + step("SELECT 2") + sync())
            equal(wire.types(client.read_until("Z")), "12DCZ", "the first")
            equal(wire.types(client.read_until("Z"))[-2:], "EZ", "the mismatch")
            equal(wire.types(client.read_until("Z")), "12DCZ", "the third")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 2}, "verdicts")


def test_copy_refused_by_one_side(env):
    env.on_both("CREATE TABLE t (a int)")
    env.on_postgresql("CREATE TABLE just_here (a int)")
    env.on_yugabytedb("CREATE TABLE alone (a int)")
    with mode(env) as capture:
        with capture.wire() as client:
            for table in ("just_here", "alone"):
                got = client.query(f"COPY {table} FROM STDIN")
                equal([e["C"] for e in wire.errors(got)], ["XX000"], table)
                equal(got[-1][1], b"I", "status")
            client.query("BEGIN")
            got = client.query("COPY just_here FROM STDIN")
            equal(got[-1][1], b"E", "status in a transaction")
            equal(client.query("ROLLBACK")[-1][1], b"I", "after ROLLBACK")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "goes on")
        capture.finish(status=1)


def test_drivers_transactions(env):
    """psycopg2's own transaction block, again and again."""
    plant(env)
    with mode(env) as capture:
        connection = capture.connect()
        connection.autocommit = False
        for round_ in range(20):
            cursor = connection.cursor()
            cursor.execute("INSERT INTO u VALUES (%s)", (round_,))
            if round_ % 2:
                fails(psycopg2.Error, lambda: cursor.execute("SELECT * FROM t"), "mismatch")
                connection.rollback()
            else:
                connection.commit()
        connection.close()
        capture.finish(status=1)
    even = [(i,) for i in range(0, 20, 2)]
    equal(rows_of(env, "u"), (even, even), "what was committed")


def test_log_keeps_differences_of_every_unit(env):
    """Of a unit that ends in a Flush as well, before the exchange is over."""
    plant(env)
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            client.send(step("SELECT b FROM t WHERE a = 2") + wire.flush())
            client.read_until("C")
            client.send(step("SELECT 'equal'") + sync())
            client.read_until("Z")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1}, "verdicts")
            equal(trace.kinds(), ["value"], "kinds")
