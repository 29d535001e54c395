"""
Unique keys of the catalog decide what a statement alone leaves open: which row a LIMIT picks, and
the sequence under an ORDER BY whose keys are not shown. Where no key covers the statement's columns
a difference stays undecidable.
"""

import struct

import psycopg
import psycopg2

import wire
from harness import cases, contains, equal, eventually, lacks, true
from wire import bind, describe, execute, flush, parse, sync

TABLE = "CREATE TABLE t (id int, k int, name text)"
ONE = "INSERT INTO t VALUES (1, 1, 'axe')", "INSERT INTO t VALUES (1, 1, 'bow')"
TWO = ("INSERT INTO t VALUES (1, 1, 'axe'), (2, 2, 'bow')",
       "INSERT INTO t VALUES (1, 2, 'axe'), (2, 1, 'bow')")
LIMIT_1 = "SELECT name FROM t WHERE id = 1 LIMIT 1"
HIDDEN = "SELECT name FROM t ORDER BY k"

# name, DDL, rows on PostgreSQL and YugabyteDB, the statement, whether it is decided
DECIDED = [
    ("primary-key", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE, LIMIT_1, True),
    ("no-key", "CREATE INDEX ON t (id)", ONE, LIMIT_1, False),
    ("unique-index", "ALTER TABLE t ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON t (id)", ONE,
     LIMIT_1, True),
    ("nullable-and-fixed", "CREATE UNIQUE INDEX ON t (id)", ONE, LIMIT_1, True),
    ("nullable-and-sorted", "CREATE UNIQUE INDEX ON t (k)", TWO, HIDDEN + " LIMIT 1",
     False),
    ("not-null-and-sorted", "ALTER TABLE t ALTER k SET NOT NULL; CREATE UNIQUE INDEX ON t (k)", TWO,
     HIDDEN, True),
    ("partial", "CREATE UNIQUE INDEX ON t (id) WHERE k > 0", ONE, LIMIT_1, False),
    ("expression", "CREATE UNIQUE INDEX ON t ((id + 0))", ONE, LIMIT_1, False),
    ("deferrable", "ALTER TABLE t ADD UNIQUE (id) DEFERRABLE", ONE, LIMIT_1, False),
    ("included-column", "CREATE UNIQUE INDEX ON t (k) INCLUDE (id)", ONE, LIMIT_1, False),
    ("covered-by-a-part", "ALTER TABLE t ADD PRIMARY KEY (id, k)", ONE, LIMIT_1, False),
    ("composite", "ALTER TABLE t ADD PRIMARY KEY (id, k)", ONE,
     "SELECT name FROM t WHERE k = 1 AND id = 1 LIMIT 1", True),
    ("composite-fixed-and-sorted", "ALTER TABLE t ADD PRIMARY KEY (id, k)", ONE,
     "SELECT name FROM t WHERE id = 1 ORDER BY k LIMIT 1", True),
    ("second-of-two-keys", "ALTER TABLE t ADD PRIMARY KEY (k); CREATE UNIQUE INDEX ON t (id)", ONE,
     LIMIT_1, True),
    ("hidden-key-and-limit", "ALTER TABLE t ADD PRIMARY KEY (k)", TWO, HIDDEN + " LIMIT 1", True),
    ("hidden-key-and-offset", "ALTER TABLE t ADD PRIMARY KEY (k)", TWO, HIDDEN + " OFFSET 1", True),
    ("distinct-on", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT DISTINCT ON (k) k, name FROM t ORDER BY k, id", True),
    ("distinct-on-without-key", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT DISTINCT ON (k) k, name FROM t ORDER BY k", False),
    ("join", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT t.name FROM t JOIN t u USING (id) WHERE t.id = 1 LIMIT 1", False),
    ("skip-locked", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT name FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED", False),
    ("for-update", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE, LIMIT_1 + " FOR UPDATE", True),
    ("qualified", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT name FROM public.t WHERE id = 1 LIMIT 1", True),
    ("inherited-by-another", "ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE u () INHERITS (t)",
     ONE, LIMIT_1, False),
    ("view", "ALTER TABLE t ADD PRIMARY KEY (id); CREATE VIEW v AS SELECT * FROM t", ONE,
     "SELECT name FROM v WHERE id = 1 LIMIT 1", False),
    ("limit-inside", "ALTER TABLE t ADD PRIMARY KEY (id)", ONE,
     "SELECT name FROM t WHERE id = 1 AND k IN (SELECT k FROM t LIMIT 1) LIMIT 1", False),
]


def plant(env, ddl, rows, table=TABLE):
    env.on_both(table)
    env.on_both(ddl)
    env.on_postgresql(rows[0])
    env.on_yugabytedb(rows[1])


def modern(capture, **parameters):
    return psycopg.connect(host=capture.host, port=capture.port, user=capture.user,
                           dbname=capture.database, **parameters)


def verdict_of(capture, like, status):
    """The last verdict of a statement, and the trace's events."""
    with capture.finish(status=status) as trace:
        return trace.commands(like)[-1]["verdict_name"], trace.events()


@cases(*DECIDED)
def test_decided(env, ddl, rows, statement, is_decided):
    plant(env, ddl, rows)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            for _ in range(2):  # looked up, then known
                got = client.query(statement)
                equal(bool(wire.errors(got)), is_decided, f"an error: {wire.readable(got)}")
                equal(wire.status(got), "I", "status")
            equal(wire.rows(client.query("SELECT 'on'")), [[b"on"]], "the session goes on")
        with capture.finish(status=int(is_decided)) as trace:
            equal(trace.verdicts(), {"mismatch" if is_decided else "undecidable": 2, "equal": 1},
                  "verdicts")


def test_rows_in_the_right_order_are_equal(env):
    """The same rows as without the look-up: nothing is asked where answers agree."""
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", (TWO[0], TWO[0]))
    with env.capture() as capture:
        with capture.wire() as client:
            equal(wire.rows(client.query(HIDDEN)), [[b"axe"], [b"bow"]], "rows")
        with capture.finish() as trace:
            equal(trace.verdicts(), {"equal": 1}, "verdicts")


def test_a_partitioned_table(env):
    plant(env, "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9)", ONE,
          "CREATE TABLE t (id int PRIMARY KEY, k int, name text) PARTITION BY RANGE (id)")
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            equal(len(wire.errors(client.query(LIMIT_1))), 1, "errors")
        capture.finish(status=1)


# --- when keys change --------------------------------------------------------------------


@cases(("by-this-session", True), ("by-another", False))
def test_a_dropped_index(env, is_own):
    plant(env, "CREATE UNIQUE INDEX one ON t (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client, capture.wire() as other:
            equal(len(wire.errors(client.query(LIMIT_1))), 1, "errors with the index")
            (client if is_own else other).query("DROP INDEX one")
            equal(wire.errors(client.query(LIMIT_1)), [], "errors without it")
        equal(verdict_of(capture, "%LIMIT 1", 1)[0], "undecidable", "the last verdict")


def test_a_drop_that_is_undone(env):
    plant(env, "CREATE UNIQUE INDEX one ON t (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            for sql in "BEGIN", "DROP INDEX one":
                client.query(sql)
            equal(wire.errors(client.query(LIMIT_1)), [], "errors without the index")
            client.query("ROLLBACK")
            equal(len(wire.errors(client.query(LIMIT_1))), 1, "errors with it")
        capture.finish(status=1)


def test_a_table_of_the_same_transaction(env):
    """Only the session itself sees it. The transaction goes on behind the look-up."""
    env.on_both("CREATE TABLE other (a int)")
    env.on_postgresql("CREATE FUNCTION word() RETURNS text LANGUAGE sql AS $$SELECT 'axe'$$")
    env.on_yugabytedb("CREATE FUNCTION word() RETURNS text LANGUAGE sql AS $$SELECT 'bow'$$")
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            for sql in ("BEGIN", "CREATE TABLE t (id int PRIMARY KEY, name text)",
                        "INSERT INTO t VALUES (1, word())", LIMIT_1, "INSERT INTO other VALUES (7)",
                        "COMMIT"):
                equal(wire.errors(client.query(sql)), [], f"errors of {sql}")
        equal(verdict_of(capture, "%LIMIT 1", 1)[0], "mismatch", "verdict")
    equal(env.on_both("SELECT a FROM other"), ([(7,)], [(7,)]), "rows of the transaction")


def test_search_path_decides_which_table(env):
    plant(env, "CREATE SCHEMA s; CREATE TABLE s.t (id int, k int, name text); "
               "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    env.on_postgresql("INSERT INTO s.t VALUES (1, 1, 'axe')")
    env.on_yugabytedb("INSERT INTO s.t VALUES (1, 1, 'bow')")
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            equal(len(wire.errors(client.query(LIMIT_1))), 1, "errors: it has a key")
            client.query("BEGIN")
            client.query("SET LOCAL search_path = s")
            equal(wire.errors(client.query(LIMIT_1)), [], "errors: this one has none")
            client.query("COMMIT")
            equal(len(wire.errors(client.query(LIMIT_1))), 1, "errors: the first one again")
            client.query("SELECT set_config('search_path', 's', false)")
            equal(wire.errors(client.query(LIMIT_1)), [], "errors: set by a function")
        capture.finish(status=1)


# --- the look-up itself ------------------------------------------------------------------


def test_a_look_up_that_times_out(env):
    """Inside a transaction: it goes on, on both sides, and the rows stay undecided. The look-up's
    tables are locked, and the client's are not."""
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    truth = psycopg2.connect(host=env.yugabytedb.host, port=env.yugabytedb.port,
                             user=env.yugabytedb.user, dbname=env.database)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            for sql in "SET statement_timeout = '300ms'", LIMIT_1 + " OFFSET 0", "BEGIN", \
                    "SELECT count(*) FROM t":
                client.query(sql)
            client.query("COMMIT")
            client.query("SET application_name = 'x'")  # what was known is forgotten
            client.query("BEGIN")
            truth.cursor().execute("LOCK TABLE pg_catalog.pg_opclass IN ACCESS EXCLUSIVE MODE")
            got = client.query(LIMIT_1)
            truth.rollback()
            equal(wire.errors(got), [], "errors")
            equal(wire.status(got), "T", "status")
            equal(wire.rows(client.query("SELECT count(*) FROM t")), [[b"1"]], "goes on")
            equal(wire.tags(client.query("COMMIT")), ["COMMIT"], "the end")
        truth.close()
        verdict, events = verdict_of(capture, LIMIT_1, 1)
        equal(verdict, "undecidable", "verdict")
        contains(events, "keys-unknown", "events")


def test_a_silent_look_up_is_cancelled(env):
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    truth = psycopg2.connect(host=env.yugabytedb.host, port=env.yugabytedb.port,
                             user=env.yugabytedb.user, dbname=env.database)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.query("SELECT count(*) FROM t")
            truth.cursor().execute("LOCK TABLE pg_catalog.pg_opclass IN ACCESS EXCLUSIVE MODE")
            got = client.query(LIMIT_1)
            truth.rollback()
            equal(wire.errors(got), [], "errors")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        truth.close()
        verdict, events = verdict_of(capture, LIMIT_1, 0)
        equal(verdict, "undecidable", "verdict")
        contains(events, "keys-unknown", "events")


def test_nothing_of_the_clients_is_disturbed(env):
    """The unnamed statement, a named one, a portal with rows left, a savepoint."""
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("SAVEPOINT mine")
            client.run(parse("three", "SELECT generate_series(1, 3)"), bind("p", "three"),
                       execute("p", 1), sync())
            for _ in range(2):
                client.run(parse("", LIMIT_1), bind("", ""), execute(), sync())
                got = client.run(bind("", ""), execute(), execute("p", 1), sync())
                equal(wire.errors(got), [], "errors")
            equal(wire.rows(got), [[b"bow"], [b"3"]], "rows")
            equal(wire.tags(client.query("ROLLBACK TO mine; COMMIT")), ["ROLLBACK", "COMMIT"], "end")
        with capture.finish(status=1) as trace:
            lacks(trace.verdicts(), "undecidable", "verdicts")


def test_behind_a_flush_nothing_is_looked_up(env):
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.send(parse("", LIMIT_1), bind("", ""), describe("P"), execute(), flush())
            equal(wire.types(client.read_until("C")), "12TDC", "before the Sync")
            equal(wire.errors(client.run(sync())), [], "errors")
        equal(verdict_of(capture, "%LIMIT 1", 0)[0], "undecidable", "verdict")


# --- as ORMs ask -------------------------------------------------------------------------


@cases(("text", False), ("binary", True))
def test_an_orm(env, binary):
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with modern(capture) as connection:
            cursor = connection.cursor(binary=binary)
            for _ in range(2):
                try:
                    cursor.execute('SELECT "t"."id", "t"."name" FROM "t" WHERE "t"."id" = %s '
                                   'LIMIT 1', (1,), prepare=True)
                    true(False, "no error")
                except psycopg.errors.InternalError_ as error:
                    contains(str(error), "Value mismatch", "message")
                connection.rollback()
        capture.finish(status=1)


FORMATS = [("text", lambda n, size: str(n).encode(), 0),
           ("binary", lambda n, size: struct.pack({2: "!h", 4: "!i", 8: "!q"}[size], n), 1)]
LIMITS = [(f"{form}-int{size}", encode, code, size, oid)
          for form, encode, code in FORMATS for size, oid in ((2, 21), (4, 23), (8, 20))]


@cases(*LIMITS)
def test_the_value_of_a_limit(env, encode, code, size, oid):
    """Below the limit a result is complete, and compared in full; at the limit it is not."""
    plant(env, "SELECT 1", TWO)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            for limit, is_decided in (3, True), (2, False):
                got = client.run(
                    parse("", "SELECT id, k FROM t WHERE id < $2 LIMIT $1", [oid, 23]),
                    bind("", "", [encode(limit, size), b"9" if not code else struct.pack("!i", 9)],
                         [code]), describe("P"), execute(), sync())
                equal(bool(wire.errors(got)), is_decided, f"an error with limit {limit}")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "undecidable": 1}, "verdicts")


def test_prepare_and_execute(env):
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.query("PREPARE one(int) AS SELECT name FROM t WHERE id = $1 LIMIT 1")
            client.query("PREPARE another(int) AS SELECT name FROM t WHERE k = $1 LIMIT 1")
            equal(len(wire.errors(client.query("EXECUTE one(1)"))), 1, "errors: by the key")
            equal(wire.errors(client.query("EXECUTE another(1)")), [], "errors: by another column")
        capture.finish(status=1)


@cases(("by-key", "SELECT name FROM t ORDER BY id", True),
       ("by-another-column", "SELECT name FROM t ORDER BY k", False))
def test_a_cursor(env, query, is_decided):
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)",
          ("INSERT INTO t VALUES (1, 1, 'axe'), (2, 1, 'bow')",
           "INSERT INTO t VALUES (1, 1, 'bow'), (2, 1, 'axe')"))
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query(f"DECLARE c CURSOR FOR {query}")
            equal(bool(wire.errors(client.query("FETCH 1 FROM c"))), is_decided, "an error")
            client.query("ROLLBACK")
        capture.finish(status=int(is_decided))


def test_a_temporary_table_in_front(env):
    """It hides the one with the key."""
    plant(env, "ALTER TABLE t ADD PRIMARY KEY (id)", ONE)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.query("CREATE TEMP TABLE t AS SELECT * FROM public.t")
            equal(wire.errors(client.query(LIMIT_1)), [], "errors: no key")
            client.query("ALTER TABLE pg_temp.t ADD PRIMARY KEY (id)")
            for table in "t", "pg_temp.t":
                sql = LIMIT_1.replace("FROM t", f"FROM {table}")
                equal(len(wire.errors(client.query(sql))), 1, f"errors: {table} has one")
        eventually(lambda: capture.process.poll() is None, "it runs")
        capture.finish(status=1)
