"""Transactions: status, savepoints, failures and what is left on both sides afterwards."""

import wire
from harness import cases, env_table, equal

SCRIPTS = [
    ("commit", [("BEGIN", "T"), ("INSERT INTO t VALUES (1)", "T"), ("COMMIT", "I")], 1),
    ("rollback", [("BEGIN", "T"), ("INSERT INTO t VALUES (1)", "T"), ("ROLLBACK", "I")], 0),
    ("failed", [("BEGIN", "T"), ("INSERT INTO t VALUES (1)", "T"), ("SELECT 1/0", "E"),
                ("SELECT 1", "E"), ("COMMIT", "I")], 0),
    ("savepoint", [("BEGIN", "T"), ("INSERT INTO t VALUES (1)", "T"), ("SAVEPOINT a", "T"),
                   ("INSERT INTO t VALUES (1)", "E"), ("ROLLBACK TO a", "T"),
                   ("INSERT INTO t VALUES (2)", "T"), ("RELEASE a", "T"), ("COMMIT", "I")], 2),
    ("nested-savepoints", [("BEGIN", "T"), ("SAVEPOINT a", "T"),
                           ("INSERT INTO t VALUES (1)", "T"), ("SAVEPOINT b", "T"),
                           ("INSERT INTO t VALUES (2)", "T"), ("ROLLBACK TO a", "T"),
                           ("INSERT INTO t VALUES (3)", "T"), ("COMMIT", "I")], 1),
    ("chain", [("BEGIN", "T"), ("INSERT INTO t VALUES (1)", "T"), ("COMMIT AND CHAIN", "T"),
               ("INSERT INTO t VALUES (2)", "T"), ("ROLLBACK", "I")], 1),
    ("levels", [("BEGIN ISOLATION LEVEL SERIALIZABLE", "T"), ("INSERT INTO t VALUES (1)", "T"),
                ("SHOW transaction_isolation", "T"), ("END", "I")], 1),
    ("read-only", [("BEGIN READ ONLY", "T"), ("INSERT INTO t VALUES (1)", "E"),
                   ("ROLLBACK", "I")], 0),
    ("ddl", [("BEGIN", "T"), ("CREATE TABLE u (a int)", "T"), ("ROLLBACK", "I"),
             ("CREATE TABLE u (a int)", "I"), ("INSERT INTO t VALUES (1)", "I")], 1),
    ("two-in-one", [("BEGIN; INSERT INTO t VALUES (1)", "T"),
                    ("INSERT INTO t VALUES (2); COMMIT; BEGIN", "T"), ("ROLLBACK", "I")], 2),
    ("deferred", [("CREATE TABLE u (a int REFERENCES t DEFERRABLE INITIALLY DEFERRED)", "I"),
                  ("BEGIN", "T"), ("INSERT INTO u VALUES (9)", "T"), ("COMMIT", "I"),
                  ("BEGIN", "T"), ("INSERT INTO u VALUES (1)", "T"),
                  ("INSERT INTO t VALUES (1)", "T"), ("COMMIT", "I")], 1),
]


@cases(*SCRIPTS)
def test_status_and_what_is_left(env, steps, rows):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    with env.capture() as capture:
        with capture.wire() as client:
            for sql, status in steps:
                equal(wire.status(client.query(sql)), status, f"status after {sql!r}")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), len(steps), "exchanges")
            equal([row[0] for row in trace.rows("SELECT truth_status FROM exchange ORDER BY id")],
                  [status for _, status in steps], "statuses in the trace")
    env_table(env, "t", rows)


def test_a_client_that_leaves_in_a_transaction_leaves_nothing(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    with env.capture() as capture:
        client = capture.wire()
        client.query("BEGIN")
        client.query("INSERT INTO t VALUES (1)")
        client.reset()
        with capture.wire() as other:
            # Waits for the lock if the first session were still there on either side.
            equal(wire.tags(other.query("INSERT INTO t VALUES (1)")), ["INSERT 0 1"], "tag")
        capture.finish().check_clean(least=3)
    env_table(env, "t", 1)


def test_cursors(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    env.on_both("INSERT INTO t SELECT generate_series(1, 100)")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("DECLARE c SCROLL CURSOR FOR SELECT a FROM t ORDER BY a")
            equal(len(wire.rows(client.query("FETCH 10 FROM c"))), 10, "rows fetched")
            equal(wire.rows(client.query("FETCH PRIOR FROM c")), [[b"9"]], "row before")
            equal(wire.tags(client.query("MOVE ALL FROM c")), ["MOVE 91"], "tag")
            equal(wire.tags(client.query("CLOSE c")), ["CLOSE CURSOR"], "tag")
            client.query("COMMIT")
        capture.finish().check_clean(least=7)
