"""Root cause and consequence: what a difference leaves behind, and what follows from it."""

import wire
from harness import cases, contains, equal, lacks, read_text

CAUSES = "SELECT exchange, cause, table_name FROM consequence ORDER BY exchange"


def plant(env):
    """An UPDATE of t touches two rows on one side and one on the other."""
    env.on_both("CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 0)")
    env.on_yugabytedb("INSERT INTO t VALUES (1, 0)")
    env.on_both("CREATE TABLE u (a int); INSERT INTO u VALUES (1)")


def start(env, mode="error", **settings):
    return env.capture({"comparison.on-mismatch": mode, **settings})


def causes_of(trace):
    return [tuple(row) for row in trace.rows(CAUSES)]


def exchange_of(trace, like, nth=0):
    return trace.rows("SELECT c.exchange FROM command c JOIN statement s ON s.id = c.statement "
                      f"WHERE s.text LIKE '{like}' ORDER BY 1")[nth][0]


def detail_of(messages):
    return wire.errors(messages)[0].get("D", "")


def test_a_committed_write_marks_what_reads_it(env):
    plant(env)
    with start(env) as capture:
        with capture.wire() as client:
            client.query("UPDATE t SET b = b + 1")
            first = client.query("SELECT count(*) FROM t")
            contains(detail_of(first), "possibly a consequence of exchange 1 (table t)", "detail")
        with capture.wire() as client:
            again = client.query("SELECT * FROM public.t")
            contains(detail_of(again), "consequence of exchange 1", "in another session")
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [(2, 1, "t"), (3, 1, "t")], "recorded")
            contains(capture.log(), "2 mismatches may follow from earlier ones", "summary")


def test_another_table_is_a_cause_of_its_own(env):
    plant(env)
    env.on_yugabytedb("INSERT INTO u VALUES (2)")
    with start(env) as capture:
        with capture.wire() as client:
            client.query("UPDATE t SET b = b + 1")
            lacks(detail_of(client.query("SELECT * FROM u")), "consequence", "detail")
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [], "recorded")


def in_transaction(env, end, **settings):
    """A transaction in which t is written otherwise on one side, then what reads t."""
    plant(env)
    with start(env, "log", **settings) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("UPDATE t SET b = b + 1")
            client.query("SELECT count(*) FROM t")
            client.query(end)
            client.query("SELECT * FROM t")
        with capture.finish(status=1) as trace:
            return causes_of(trace)


def test_what_is_committed_counts(env):
    equal(in_transaction(env, "COMMIT"), [(3, 2, "t"), (5, 2, "t")], "recorded")


def test_what_is_rolled_back_does_not(env):
    equal(in_transaction(env, "ROLLBACK"), [(3, 2, "t")], "inside the transaction only")


def test_a_savepoint_takes_nothing_away(env):
    plant(env)
    with start(env) as capture:
        with capture.wire() as client:
            for sql in ("BEGIN", "SAVEPOINT a", "UPDATE t SET b = b + 1", "ROLLBACK TO a",
                        "COMMIT", "SELECT * FROM t"):
                client.query(sql)
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [(6, 3, "t")], "recorded")


@cases(["truncate", "TRUNCATE t"], ["truncate_in_a_transaction", "BEGIN; TRUNCATE t; COMMIT"],
       ["drop", "DROP TABLE t"])
def test_the_same_again(env, sql):
    """Emptied or dropped on both sides: what differs later has a new cause."""
    plant(env)
    with start(env) as capture:
        with capture.wire() as client:
            client.query("UPDATE t SET b = b + 1")
            for part in sql.split("; "):
                equal(wire.errors(client.query(part)), [], part)
            env.on_yugabytedb("CREATE TABLE IF NOT EXISTS t (a int)")
            env.on_postgresql("CREATE TABLE IF NOT EXISTS t (a int)")
            env.on_yugabytedb("INSERT INTO t VALUES (7)")
            lacks(detail_of(client.query("SELECT count(*) FROM t")), "consequence", "detail")
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [], "recorded")


def test_emptied_in_a_transaction_that_is_rolled_back(env):
    plant(env)
    with start(env) as capture:
        with capture.wire() as client:
            for sql in ("UPDATE t SET b = b + 1", "BEGIN", "TRUNCATE t", "ROLLBACK",
                        "SELECT count(*) FROM t"):
                client.query(sql)
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [(5, 1, "t")], "recorded")


def test_with_terminate_in_the_next_session(env):
    plant(env)
    with start(env, "terminate") as capture:
        for begin in ("BEGIN", ""):
            for sql in ("UPDATE t SET b = b + 1", "SELECT count(*) FROM t"):
                with capture.wire() as client:
                    if begin:
                        client.query(begin)
                    got = client.query(sql)
            if begin:
                lacks(detail_of(got), "consequence", "the UPDATE was rolled back")
        contains(detail_of(got), "consequence of exchange", "detail")
        with capture.finish(status=1) as trace:
            cause = exchange_of(trace, "UPDATE t%", 1)
            equal(causes_of(trace), [(exchange_of(trace, "SELECT count%", 1), cause, "t")],
                  "recorded")


def test_one_side_alone_fails(env):
    """Also where a rule or a pattern lets the failure pass."""
    plant(env)
    env.on_yugabytedb("ALTER TABLE u ADD CHECK (a < 100)")
    with start(env, **{"comparison.exclude-patterns": ["INSERT INTO u"]}) as capture:
        with capture.wire() as client:
            client.query("INSERT INTO u VALUES (100)")
            contains(detail_of(client.query("SELECT a FROM u")), "exchange 1 (table u)", "detail")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"excluded": 1, "mismatch": 1}, "verdicts")


def test_both_sides_fail(env):
    """Each in its own way: then nothing was written."""
    plant(env)
    env.on_yugabytedb("ALTER TABLE u ADD CHECK (a < 100)")
    env.on_postgresql("ALTER TABLE u ALTER a SET NOT NULL")
    env.on_yugabytedb("INSERT INTO u VALUES (5)")
    with start(env) as capture:
        with capture.wire() as client:
            client.query("INSERT INTO u VALUES (NULL), (100)")
            lacks(detail_of(client.query("SELECT a FROM u")), "consequence", "detail")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["sqlstate", "row-count"], "kinds")


def test_routed_writes(env):
    plant(env)
    with start(env, **{"proxy.routing.postgres-only-patterns": ["INSERT INTO u"]}) as capture:
        with capture.wire() as client:
            client.query("INSERT INTO u VALUES (2)")
            contains(detail_of(client.query("SELECT a FROM u")), "exchange 1 (table u)", "detail")
        capture.finish(status=1)


def test_a_transaction_that_one_side_committed(env):
    """A constraint that is checked at COMMIT: all that the transaction wrote is in doubt."""
    env.on_both("CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int)")
    env.on_yugabytedb("ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t "
                      "DEFERRABLE INITIALLY DEFERRED")
    with start(env) as capture:
        with capture.wire() as client:
            for sql in ("BEGIN", "INSERT INTO t VALUES (1)", "INSERT INTO u VALUES (2)", "COMMIT"):
                got = client.query(sql)
            lacks(detail_of(got), "consequence", "the COMMIT is the cause")
            contains(detail_of(client.query("SELECT a FROM t")),
                     "exchange 4 (a transaction that one database alone committed)", "detail")
        with capture.finish(status=1) as trace:
            equal(causes_of(trace), [(5, 4, None)], "recorded")


def keep_ddl(env, statements, **settings):
    plant(env)
    with start(env, **{"comparison.transactional-ddl": "no", **settings}) as capture:
        with capture.wire() as client:
            for sql in statements:
                equal(wire.errors(client.query(sql)), [], sql)
            env.on_yugabytedb("INSERT INTO u VALUES (9)")
            got = client.query("SELECT a FROM u")
        with capture.finish(status=1) as trace:
            events = [row[0] for row in trace.rows(
                "SELECT detail FROM event WHERE what = 'ddl-rolled-back'")]
            return detail_of(got), events, causes_of(trace), capture.log()


def test_ddl_that_is_rolled_back(env):
    detail, events, causes, log = keep_ddl(env, ["BEGIN", "TRUNCATE u", "ROLLBACK"])
    contains(detail, "possibly a consequence of exchange 2 (table u)", "detail")
    equal(len(events), 1, "events")
    contains(events[0], "YugabyteDB keeps the DDL", "event")
    contains(log, "exchange 2: DDL inside a transaction", "the warning")
    equal(causes, [(4, 2, "u")], "recorded")


@cases(["committed", ["BEGIN", "TRUNCATE u", "COMMIT"]], ["alone", ["TRUNCATE u"]],
       ["none", ["BEGIN", "SELECT a FROM u", "ROLLBACK"]])
def test_ddl_that_stays(env, statements):
    detail, events, causes, _ = keep_ddl(env, statements)
    lacks(detail, "consequence", "detail")
    equal((events, causes), ([], []), "events, causes")


def test_ddl_to_a_savepoint(env):
    _, events, causes, _ = keep_ddl(
        env, ["BEGIN", "SAVEPOINT a", "TRUNCATE u", "ROLLBACK TO a", "COMMIT"])
    equal(len(events), 1, "events")
    equal(causes, [(6, 3, "u")], "recorded")


def test_ddl_on_postgresql(env):
    _, events, causes, _ = keep_ddl(env, ["BEGIN", "TRUNCATE u", "ROLLBACK"],
                                    **{"comparison.transactional-ddl": "auto"})
    equal((events, causes), ([], []), "PostgreSQL undoes it")


def test_the_report_has_root_causes_first(env):
    plant(env)
    env.on_yugabytedb("INSERT INTO u VALUES (2)")
    with start(env) as capture:
        with capture.wire() as client:
            for sql in ("UPDATE t SET b = b + 1", "SELECT count(*) FROM t", "SELECT a FROM u"):
                client.query(sql)
        capture.finish(status=1)
    html = env.path("report.html")
    text = env.run("twinkly-report", capture.trace_path, "--html", html).stdout
    first, last = text.split("Possibly consequences of earlier exchanges")
    contains(first, "SELECT a FROM u", "root causes")
    lacks(first, "SELECT count(*)", "root causes")
    contains(last, "SELECT count(*) FROM t", "consequences")
    contains(last, "follows from what exchange 1 did", "its cause")
    contains(read_text(html), "Possibly a consequence of exchange 1.", "HTML")
