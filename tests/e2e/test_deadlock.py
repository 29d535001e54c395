"""Deadlocks across the two databases: neither database sees the cycle, the watch does."""

import wire
from harness import cases, contains, equal, on_postgresql_only, true

# Locks on one database each, so that two sessions hold them crosswise for certain.
TAKES = "CREATE FUNCTION {}(k int) RETURNS int LANGUAGE sql AS 'SELECT {}'"
LOCK = "CASE WHEN pg_advisory_xact_lock(k) IS NULL THEN 0 ELSE 1 END"
KIND = "cross-database-deadlock"


def plant(env):
    env.on_both("CREATE TABLE t (a int)")
    for name, on, off in (("on_truth", env.on_yugabytedb, env.on_postgresql),
                          ("on_candidate", env.on_postgresql, env.on_yugabytedb)):
        on(TAKES.format(name, LOCK))
        off(TAKES.format(name, "1"))


def cross(elder, younger):
    """Each holds one lock, on one database, and waits for the other one's."""
    for client in (elder, younger):
        client.query("BEGIN")
    elder.query("INSERT INTO t VALUES (1)")
    younger.query("INSERT INTO t VALUES (2)")
    equal(wire.rows(elder.query("SELECT on_truth(1)")), [[b"1"]], "the elder's lock")
    equal(wire.rows(younger.query("SELECT on_candidate(1)")), [[b"1"]], "the younger's lock")
    elder.send(wire.query("SELECT on_candidate(1)"))
    younger.send(wire.query("SELECT on_truth(1)"))


def check_victim(answer):
    error = wire.errors(answer)[0]
    equal((error["C"], error["S"], error["R"]), ("40P01", "ERROR", "twinkly"), "error")
    # The harness's own look whether the port is open was session 1.
    contains(error["M"], "deadlock across the two databases: ", "message")
    contains(error["M"], "session 2 waits for session 3 on PostgreSQL", "message")
    contains(error["M"], "session 3 waits for session 2 on YugabyteDB", "message")
    equal((wire.types(answer), wire.status(answer)), ("EZ", "E"), "answer")


@cases(("parallel", "parallel", "terminate"), ("ordered", "ordered", "terminate"),
       ("error", "parallel", "error"), ("serial", "serial", "terminate"))
@on_postgresql_only
def test_the_youngest_is_ended(env, execution, on_mismatch):
    plant(env)
    with env.capture({"comparison.execution": execution, "comparison.on-mismatch": on_mismatch,
                      "comparison.backend-timeout": "20s"}) as capture:
        with capture.wire() as elder, capture.wire() as younger:
            cross(elder, younger)
            check_victim(younger.read_until("Z"))
            answer = elder.read_until("Z")
            equal((wire.rows(answer), wire.status(answer)), ([[b"1"]], "T"), "the elder goes on")
            equal(wire.status(elder.query("COMMIT")), "I", "the elder's end")
            equal([e["C"] for e in wire.errors(younger.query("SELECT 1"))], ["25P02"], "then")
            equal(wire.tags(younger.query("ROLLBACK")), ["ROLLBACK"], "after it")
            equal(wire.rows(younger.query("SELECT a FROM t")), [[b"1"]], "the session goes on")
        with capture.finish(status=3) as trace:
            equal(trace.verdicts()["inconclusive"], 1, "inconclusive exchanges")
            equal(trace.verdicts()["mismatch"], 0, "mismatches")
            equal(trace.kinds(), [KIND], "kinds")
        contains(capture.log(), "1 deadlocks across the two databases ended", "summary")
        report = env.run("twinkly-report", capture.trace_path)
        contains(report.stdout, "why: deadlock across the two databases", "report")
    equal(env.on_both("SELECT a FROM t"), ([(1,)], [(1,)]), "what was committed")


@cases(("extended", [wire.parse("", "SELECT on_truth(1)"), wire.bind("", ""), wire.execute(),
                     wire.sync()], "E"),
       ("flush", [wire.parse("", "SELECT on_truth(1)"), wire.bind("", ""), wire.execute(),
                  wire.flush()], None))
@on_postgresql_only
def test_the_extended_protocol(env, messages, status):
    plant(env)
    with env.capture({"comparison.execution": "ordered"}) as capture:
        with capture.wire() as elder, capture.wire() as younger:
            for client in (elder, younger):
                client.query("BEGIN")
            elder.query("SELECT on_truth(1)")
            younger.query("SELECT on_candidate(1)")
            elder.send(wire.query("SELECT on_candidate(1)"))
            younger.send(*messages)
            answer = younger.read_until("E")
            if status is None:
                younger.send(wire.sync())
            answer += younger.read_until("Z")
            equal((wire.errors(answer)[0]["C"], wire.status(answer)), ("40P01", "E"), "error")
            equal(wire.status(elder.read_until("Z")), "T", "the elder")
            equal(wire.status(younger.query("ROLLBACK")), "I", "the end")
        capture.finish(status=3)


@on_postgresql_only
def test_a_record_only(env):
    """on-mismatch = log: the victim's truth was not through, so the client gets the error."""
    plant(env)
    with env.capture({"comparison.execution": "parallel",
                      "comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as elder, capture.wire() as younger:
            cross(elder, younger)
            check_victim(younger.read_until("Z"))
            equal(wire.status(elder.read_until("Z")), "T", "the elder")
            equal(wire.status(younger.query("ROLLBACK")), "I", "the victim's end")
            equal(wire.status(elder.query("COMMIT")), "I", "the elder's end")
        with capture.finish(status=3) as trace:
            equal(trace.kinds(), [KIND], "kinds")
    equal(env.on_both("SELECT a FROM t"), ([(1,)], [(1,)]), "what was committed")


@cases(("parallel", "parallel"), ("ordered", "ordered"))
@on_postgresql_only
def test_ordinary_waiting_is_left_alone(env, execution):
    """Both wait in the same order, for longer than it takes to ask the databases twice."""
    env.on_both("CREATE TABLE t (a int)")
    with env.capture({"comparison.execution": execution}) as capture:
        with capture.wire() as first, capture.wire() as second, capture.wire() as third:
            first.query("BEGIN")
            first.query("LOCK TABLE t")
            second.send(wire.query("INSERT INTO t VALUES (1)"))
            # A third one is silent on both, so that questions are asked in `ordered`, too.
            third.query("SELECT 1 FROM pg_sleep(2.5)")
            true(second.has_nothing_to_read(0.01), "the second does not wait")
            first.query("COMMIT")
            equal(wire.tags(second.read_until("Z")), ["INSERT 0 1"], "the second goes on")
        capture.finish().check_clean()
