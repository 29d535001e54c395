"""Planted differences: each is found once, has the right kind, and reaches the client as an
SQL error that plain libpq shows; then the connection ends."""

import io

import psycopg
import psycopg2

import wire
from harness import cases, contains, env_table, equal, eventually, fails, lacks, true
from wire import bind, describe, execute, parse, sync

HEADLINE = "Query results differ between PostgreSQL and YugabyteDB:"

# name, SQL on PostgreSQL, SQL on YugabyteDB, the statement, kind, parts of the message
PLANTED = [
    ("missing-row",
     "CREATE TABLE t AS SELECT generate_series(1, 5) AS a",
     "CREATE TABLE t AS SELECT generate_series(1, 3) AS a",
     "SELECT * FROM t", "row-count",
     ["Row count mismatch: PostgreSQL returned 5 rows, YugabyteDB returned 3 rows"]),
    ("no-row-at-all",
     "CREATE TABLE t (a int)", "CREATE TABLE t AS SELECT 1 AS a",
     "SELECT * FROM t", "row-count",
     ["PostgreSQL returned 0 rows", "YugabyteDB returned 1 row"]),
    ("other-value",
     "CREATE TABLE t AS SELECT 1 AS id, 'axe' AS name",
     "CREATE TABLE t AS SELECT 1 AS id, 'bow' AS name",
     "SELECT id, name FROM t ORDER BY id", "value", ["name", "axe", "bow"]),
    ("null-is-not-empty",
     "CREATE TABLE t AS SELECT 1 AS id, ''::text AS name",
     "CREATE TABLE t AS SELECT 1 AS id, NULL::text AS name",
     "SELECT id, name FROM t", "value", ["name", "NULL"]),
    ("function-body",
     "CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
     "CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 2'",
     "SELECT f(21)", "value", ["42", "23"]),
    ("missing-constraint",
     "CREATE TABLE t (a int CHECK (a > 0))", "CREATE TABLE t (a int)",
     "INSERT INTO t VALUES (-1)", "error-success", ["23514"]),
    ("missing-not-null",
     "CREATE TABLE t (a int)", "CREATE TABLE t (a int NOT NULL)",
     "INSERT INTO t VALUES (NULL)", "error-success", ["23502"]),
    ("missing-table",
     "CREATE TABLE t (a int)", "SELECT 1",
     "SELECT * FROM t", "error-success", ["42P01"]),
    ("other-sqlstate",
     "CREATE TABLE t (a int CHECK (a > 0))", "CREATE TABLE t (a int, CHECK (1 / (a + 1) > 0))",
     "INSERT INTO t VALUES (-1)", "sqlstate", ["23514", "22012"]),
    ("missing-column",
     "CREATE TABLE t AS SELECT 1 AS a, 2 AS b", "CREATE TABLE t AS SELECT 1 AS a",
     "SELECT * FROM t", "columns", []),
    ("other-column-name",
     "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 1 AS b",
     "SELECT * FROM t", "columns", ["a", "b"]),
    ("other-type",
     "CREATE TABLE t AS SELECT 1::int AS a", "CREATE TABLE t AS SELECT 1::bigint AS a",
     "SELECT a FROM t", "type", ["a"]),
    ("command-tag",
     "CREATE TABLE t AS SELECT generate_series(1, 5) AS a",
     "CREATE TABLE t AS SELECT generate_series(1, 4) AS a",
     "UPDATE t SET a = 0", "tag", ["UPDATE 5", "UPDATE 4"]),
    ("numeric-scale",
     "CREATE TABLE t AS SELECT 1.5::numeric AS a", "CREATE TABLE t AS SELECT 1.50::numeric AS a",
     "SELECT a FROM t", "value", ["1.5", "1.50"]),
    ("float-value",
     "CREATE TABLE t AS SELECT 0.3::float8 AS a",
     "CREATE TABLE t AS SELECT 0.1::float8 + 0.2::float8 AS a",
     "SELECT a FROM t", "value", ["0.3", "0.30000000000000004"]),
    ("float-precision-of-the-session",
     "SELECT 1", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -3', "
                 "current_database()); END $$",
     "SELECT 0.1::float8 + 0.2::float8 AS a", "value", ["0.3", "0.30000000000000004"]),
    ("copy-out",
     "CREATE TABLE t AS SELECT 1 AS a, 'x' AS b", "CREATE TABLE t AS SELECT 1 AS a, 'y' AS b",
     "COPY t TO STDOUT", "copy-data", []),
    ("order",
     "CREATE TABLE t (a text COLLATE \"C\"); INSERT INTO t VALUES ('a'), ('B')",
     "CREATE TABLE t (a text COLLATE \"en-x-icu\"); INSERT INTO t VALUES ('a'), ('B')",
     "SELECT a FROM t ORDER BY a", "order", []),
    ("second-of-several-statements",
     "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a",
     "SELECT 7; SELECT a FROM t; SELECT 8", "value", ["a"]),
    ("far-down-a-long-result",
     "CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 40000) i",
     "CREATE TABLE t AS SELECT i, CASE i WHEN 39999 THEN 'planted' ELSE md5(i::text) END AS m "
     "FROM generate_series(1, 40000) i",
     "SELECT i, m FROM t ORDER BY i", "value", ["planted", "m"]),
]


def plant(env, postgresql, yugabytedb):
    env.on_postgresql(postgresql)
    env.on_yugabytedb(yugabytedb)


def run(cursor, statement):
    if statement.startswith("COPY"):
        cursor.copy_expert(statement, io.BytesIO())
    else:
        cursor.execute(statement)


def check_error(diag, parts):
    """What DESIGN promises of the error, beside its SQLSTATE."""
    equal(diag.sqlstate, "XX000", "SQLSTATE")
    equal(diag.severity, "ERROR", "severity")
    true(diag.message_primary.startswith(HEADLINE), f"message {diag.message_primary!r}")
    for part in parts:
        contains(diag.message_primary, part, "message")
    equal(diag.source_function, "twinkly", "routine field")
    true(diag.message_detail, "no DETAIL")
    contains(diag.message_hint or "", "trace", "HINT")


@cases(*PLANTED)
def test_planted(env, postgresql, yugabytedb, statement, kind, parts):
    plant(env, postgresql, yugabytedb)
    with env.capture() as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        cursor.execute("SELECT 'healthy'")
        equal(cursor.fetchone(), ("healthy",), "a statement before")
        error = fails(psycopg2.Error, lambda: run(cursor, statement), statement)
        equal(error.pgcode, "XX000", f"SQLSTATE ({error})")
        check_error(error.diag, parts)
        fails(psycopg2.Error, lambda: cursor.execute("SELECT 1"), "a statement afterwards")
        true(connection.closed, "the connection is still open")
        with capture.wire() as other:
            equal(wire.rows(other.query("SELECT 'new'")), [[b"new"]], "a new session")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 2}, "verdicts")
            equal(trace.kinds(), [kind], "kinds of difference")
            hit = trace.rows("SELECT kind, count, statement FROM mismatch_by_statement")
            equal([tuple(row)[:2] for row in hit], [(kind, 1)], "the view")
            contains(statement, hit[0]["statement"].strip(" ;"), "statement in the view")
            trace.check_integrity()


@cases(("simple", False), ("prepared", True))
def test_psycopg3_sees_it(env, prepare):
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    with env.capture() as capture:
        connection = psycopg.connect(host=capture.host, port=capture.port, user=capture.user,
                                     dbname=capture.database, autocommit=True)
        error = fails(psycopg.errors.InternalError_, lambda: connection.execute(
            "SELECT a FROM t WHERE a > %s" if prepare else "SELECT a FROM t",
            (0,) if prepare else None, prepare=prepare), "the statement")
        check_error(error.diag, ["1", "2"])
        fails(psycopg.Error, lambda: connection.execute("SELECT 1"), "afterwards")
        connection.close()
        equal(capture.finish(status=1).kinds(), ["value"], "kinds")


def test_in_raw_messages(env):
    """The error comes with ReadyForQuery, and the connection stays open until the client's
    next message: closing at once would make libpq lose the SQLSTATE."""
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.query("SELECT a FROM t")
            equal(wire.types(got)[-2:], "EZ", "end of the answer")
            lacks(wire.types(got), "C", "no CommandComplete of a result that is not true")
            equal(wire.errors(got)[0]["C"], "XX000", "SQLSTATE")
            equal(wire.errors(got)[0]["R"], "twinkly", "routine")
            true(client.has_nothing_to_read(0.3), "nothing may follow on its own")
            client.send(wire.query("SELECT 1"))
            last = client.read_to_end()
            equal(wire.types(last), "E", "answer to the next message")
            equal(wire.errors(last)[0]["S"], "FATAL", "severity")
        capture.finish(status=1)


def test_in_a_pipeline(env):
    """What was sent behind the mismatch is not run, on neither side."""
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    env.on_both("CREATE TABLE log (a int)")
    with env.capture() as capture:
        with capture.wire() as client:
            parts = [parse("", sql) + bind("", "") + describe("P") + execute() + sync()
                     for sql in ("SELECT 1", "SELECT a FROM t", "SELECT 3")]
            client.send(*parts)
            got = client.read_to_end()
            equal(wire.types(got)[:6], "12TDCZ", "answer to the first part")
            equal([e["C"] for e in wire.errors(got)][0], "XX000", "first error")
            equal(wire.rows(got)[0], [b"1"], "row of the first part")
            lacks(wire.rows(got), [b"3"], "rows")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 1, "mismatches")


def test_the_transaction_is_undone_on_both(env):
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    env.on_both("CREATE TABLE log (a int PRIMARY KEY)")
    with env.capture() as capture:
        connection = capture.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("INSERT INTO log VALUES (1)")
        fails(psycopg2.errors.InternalError_, lambda: cursor.execute("SELECT a FROM t"))
        connection.close()
        eventually(lambda: env.on_both(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state LIKE 'idle in transaction%'") == ([(0,)], [(0,)]), "both ended")
        capture.finish(status=1)
    env_table(env, "log", 0)


def test_one_side_fails_in_a_transaction(env):
    """The statuses differ (E and T): the trace has both, and the client is not misled."""
    plant(env, "CREATE TABLE t (a int CHECK (a > 0))", "CREATE TABLE t (a int)")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.query("INSERT INTO t VALUES (-1)")
            equal(wire.errors(got)[0]["C"], "XX000", "SQLSTATE")
            true(wire.status(got) in "ET", f"status {wire.status(got)}")
        with capture.finish(status=1) as trace:
            true("error-success" in trace.kinds(), f"kinds {trace.kinds()}")
            equal(set(trace.kinds()) - {"error-success", "transaction-status"}, set(), "others")
            row = trace.rows("SELECT truth_status, candidate_status FROM exchange "
                             "ORDER BY id DESC LIMIT 1")[0]
            equal(tuple(row), ("T", "E"), "statuses of both sides")
    env_table(env, "t", 0)


def test_another_session_is_not_harmed(env):
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    with env.capture() as capture:
        with capture.wire() as healthy, capture.wire() as hit:
            healthy.query("BEGIN")
            equal(wire.errors(hit.query("SELECT a FROM t"))[0]["C"], "XX000", "SQLSTATE")
            equal(wire.rows(healthy.query("SELECT 1")), [[b"1"]], "row of the other session")
            equal(wire.tags(healthy.query("COMMIT")), ["COMMIT"], "its transaction")
        capture.finish(status=1)


# --- what the configuration changes ------------------------------------------------------


@cases(("yugabytedb", "yugabytedb", "2"), ("postgresql", "postgresql", "1"))
def test_fail_on_differences_off_hands_over_the_truth(env, truth, expected):
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    with env.capture({"comparison.fail-on-differences": False,
                      "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            got = client.query("SELECT a FROM t")
            equal(wire.types(got), "TDCZ", "grammar")
            equal(wire.rows(got), [[expected.encode()]], "row of the source of truth")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 1}, "verdicts")
            row = trace.differences()[0]
            other = {"1": "2", "2": "1"}[expected]
            equal((row["truth"], row["candidate"]), (expected, other), "values by role")


def test_source_of_truth_postgresql_keeps_names_with_their_counts(env):
    plant(env, PLANTED[0][1], PLANTED[0][2])
    with env.capture({"comparison.source-of-truth": "postgresql"}) as capture:
        with capture.wire() as client:
            message = wire.errors(client.query("SELECT * FROM t"))[0]["M"]
            contains(message, "PostgreSQL returned 5 rows", "message")
            contains(message, "YugabyteDB returned 3 rows", "message")
        capture.finish(status=1)


def test_names_of_the_databases_are_configured(env):
    plant(env, PLANTED[0][1], PLANTED[0][2])
    with env.capture({"proxy.postgresql.name": "before", "proxy.yugabytedb.name": "after",
                      "comparison.mismatch-sqlstate": "TW001"}) as capture:
        with capture.wire() as client:
            error = wire.errors(client.query("SELECT * FROM t"))[0]
            equal(error["C"], "TW001", "SQLSTATE")
            contains(error["M"], "Query results differ between before and after:", "message")
            contains(error["M"], "before returned 5 rows, after returned 3 rows", "message")
        with capture.finish(status=1) as trace:
            equal(sorted(row[0] for row in trace.rows("SELECT name FROM backend")),
                  ["after", "before"], "names in the trace")


def test_exclude_patterns(env):
    plant(env, "CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 2 AS a")
    with env.capture({"comparison.exclude-patterns": ["from\\s+t\\b", "^SHOW"]}) as capture:
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT a FROM t")), [[b"2"]], "row of the truth")
            client.query("SHOW port")
            equal(wire.rows(client.query("SELECT 'compared'")), [[b"compared"]], "row")
            got = client.run(parse("", "SELECT a FROM  T"), bind("", ""), execute(), sync())
            equal(wire.rows(got), [[b"2"]], "row in the extended protocol")
        with capture.finish() as trace:
            equal(trace.verdicts(), {"excluded": 3, "equal": 1}, "verdicts")


def test_without_its_pattern_the_same_statement_is_a_mismatch(env):
    with env.capture({"comparison.exclude-patterns": ["^SELECT port"]}) as capture:
        with capture.wire() as client:
            equal(wire.errors(client.query("SHOW port"))[0]["C"], "XX000", "SQLSTATE")
        equal(capture.finish(status=1).kinds(), ["value"], "kinds")


# --- order -------------------------------------------------------------------------------


ROWS = ("INSERT INTO t VALUES (3, 'c'), (1, 'a'), (2, 'b'), (2, 'b')",
        "INSERT INTO t VALUES (2, 'b'), (1, 'a'), (2, 'b'), (3, 'c')")


@cases(("select", "SELECT * FROM t"), ("where", "SELECT b FROM t WHERE a > 1"),
       ("subquery-order", "SELECT * FROM (SELECT * FROM t ORDER BY a) s"),
       ("ordered", "SELECT * FROM t ORDER BY a, b"),
       ("returning", "UPDATE t SET b = upper(b) RETURNING *"))
def test_other_physical_order_is_equal(env, statement):
    env.on_both("CREATE TABLE t (a int, b text)")
    plant(env, *ROWS)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query(statement)
            equal(wire.errors(got), [], "errors")
            simple = wire.rows(got)
        with capture.wire() as client:
            got = client.run(parse("", statement), bind("", ""), execute(), sync())
            equal(len(wire.rows(got)), len(simple), "rows in the extended protocol")
        capture.finish().check_clean(least=2)


def test_a_multiset_counts_its_doubles(env):
    env.on_both("CREATE TABLE t (a int)")
    plant(env, "INSERT INTO t VALUES (1), (2), (2)", "INSERT INTO t VALUES (2), (1), (1)")
    with env.capture() as capture:
        with capture.wire() as client:
            equal(wire.errors(client.query("SELECT a FROM t"))[0]["C"], "XX000", "SQLSTATE")
        equal(set(capture.finish(status=1).kinds()), {"value"}, "kinds")


def test_differences_beyond_the_bound_are_counted_in_the_trace(env):
    """100 are kept; how many more there were is said to the client and written down."""
    env.on_postgresql("CREATE TABLE wide AS SELECT i, i AS b FROM generate_series(1, 130) i")
    env.on_yugabytedb("CREATE TABLE wide AS SELECT i, -i AS b FROM generate_series(1, 130) i")
    with env.capture() as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        error = fails(psycopg2.Error, lambda: cursor.execute("SELECT * FROM wide"), "mismatch")
        contains(error.diag.message_primary, "... and 120 more", "message")
        with capture.finish(status=1) as trace:
            equal(len(trace.kinds()), 100, "differences in the trace")
            note = trace.rows("SELECT note FROM exchange WHERE note IS NOT NULL")[0][0]
            contains(note, "30 more differences", "note")
