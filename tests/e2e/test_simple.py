"""The simple query protocol: the client must see what the database itself would have said."""

import wire
from harness import cases, contains, equal, true

SCRIPTS = [
    ("select", "SELECT 1, 'two', NULL, ''"),
    ("no-rows", "SELECT 1 WHERE false"),
    ("no-columns", "SELECT"),
    ("several", "SELECT 1; CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); TABLE t"),
    ("empty", ""),
    ("only-semicolons", " ; ; "),
    ("only-a-comment", "-- nothing"),
    ("empty-between", "SELECT 1;;SELECT 2"),
    ("error", "SELECT 1/0"),
    ("syntax-error", "SELEKT 1"),
    ("error-after-results", "SELECT 1; SELECT 1/0; SELECT 2"),
    ("notice", "DO $$ BEGIN RAISE NOTICE 'hear this'; END $$"),
    ("warning", "ROLLBACK"),
    ("parameter-status", "SET application_name = 'renamed'; SHOW application_name"),
    ("types", "SELECT true, 1::int2, 2::int8, 3.50::numeric, 0.1::float8, 'x'::char(3), "
              "'{1,2}'::int[], '{\"a\":1}'::jsonb, '\\x00ff'::bytea, date '2024-02-29', "
              "interval '1 day', '10.0.0.1'::inet, row(1, 'a'), int4range(1, 5)"),
    ("utf8", "SELECT 'Grüße, 世界, 🐘' AS \"größe\""),
    ("wide", "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(1600))),
    ("begin-commit", "BEGIN; CREATE TABLE t (a int); COMMIT"),
    ("implicit-transaction", "CREATE TABLE t (a int); SELECT 1/0"),
    ("explain", "EXPLAIN (COSTS off) SELECT 1"),
    ("values", "VALUES (1, 'a'), (2, 'b')"),
    ("cte-writes", "CREATE TABLE t (a int); WITH n AS (INSERT INTO t VALUES (7) RETURNING a) "
                   "SELECT a FROM n"),
]


def answers(connection, sql):
    """Everything but ParameterStatus, whose moment is the server's affair."""
    return [got for got in wire.readable(connection.query(sql)) if got[0] != "S"]


@cases(*SCRIPTS)
def test_answers_are_the_databases_own(env, sql):
    with env.wire_to(env.yugabytedb) as direct:
        expected = answers(direct, "BEGIN; SELECT 1; ROLLBACK"), answers(direct, sql)
    env.on_yugabytedb("DROP TABLE IF EXISTS t")
    with env.capture() as capture:
        with capture.wire() as client:
            equal(answers(client, "BEGIN; SELECT 1; ROLLBACK"), expected[0], "healthy answer")
            equal(answers(client, sql), expected[1], "answer")
            equal(answers(client, "SELECT 'still here'")[1][1][-10:], b"still here", "next answer")
        with capture.finish() as trace:
            trace.check_clean(least=3)


def test_an_error_undoes_the_whole_string_on_both(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); SELECT 1")
            equal(wire.types(got), "CEZ", "grammar")
            equal(wire.errors(got)[0]["C"], "23505", "SQLSTATE")
            equal(wire.status(got), "I", "transaction status")
        capture.finish().check_clean()
    equal(env.on_both("SELECT count(*) FROM t"), ([(0,)], [(0,)]), "rows left")


def test_writes_reach_both_databases(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("CREATE TABLE t (id serial PRIMARY KEY, name text)")
            for name in ("axe", "bow", "cup"):
                got = client.query(f"INSERT INTO t (name) VALUES ('{name}') RETURNING id")
                equal(wire.types(got), "TDCZ", "grammar")
            equal(wire.tags(client.query("UPDATE t SET name = upper(name)")), ["UPDATE 3"], "tag")
            equal(wire.tags(client.query("DELETE FROM t WHERE id = 2")), ["DELETE 1"], "tag")
        capture.finish().check_clean(least=6)
    left, right = env.on_both("SELECT * FROM t ORDER BY id")
    equal(left, [(1, "AXE"), (3, "CUP")], "rows of PostgreSQL")
    equal(right, left, "rows of YugabyteDB")


def test_startup_reports_the_databases_parameters(env):
    with env.wire_to(env.yugabytedb) as direct:
        expected = dict(direct.parameters)
    with env.capture() as capture:
        settings = [("application_name", "it's = \\weird 'app'"), ("DateStyle", "German, DMY")]
        with capture.wire(parameters=settings) as client:
            for name in ("server_version", "server_encoding", "integer_datetimes"):
                equal(client.parameters.get(name), expected[name], name)
            equal(client.parameters["application_name"], settings[0][1], "application_name")
            equal(client.parameters["DateStyle"], "German, DMY", "DateStyle")
            equal(wire.rows(client.query("SELECT date '2024-02-29'")), [[b"29.02.2024"]], "date")
            true(client.backend_key is not None, "the client was given no BackendKeyData")


def test_startup_options_reach_both_databases(env):
    with env.capture() as capture:
        with capture.wire(parameters=[("options", "-c extra_float_digits=-3")]) as client:
            equal(wire.rows(client.query("SELECT 0.1::float8 + 0.2::float8")), [[b"0.3"]], "sum")
        capture.finish().check_clean()


def test_a_long_statement_and_a_long_answer(env):
    with env.capture() as capture:
        with capture.wire() as client:
            text = "x" * 3_000_000
            got = client.query(f"SELECT length('{text}')")
            equal(wire.rows(got), [[b"3000000"]], "length of a long literal")
            got = client.query("SELECT repeat('y', 3000000)")
            equal(len(wire.rows(got)[0][0]), 3_000_000, "length of a long value")
            got = client.query("SELECT i, repeat('z', 90) FROM generate_series(1, 60000) i")
            equal(len(wire.rows(got)), 60000, "rows")
            equal(wire.rows(got)[59999][0], b"60000", "last row")
        capture.finish().check_clean(least=3)


def test_notices_are_handed_on_and_not_compared(env):
    env.on_postgresql("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS "
                      "$$ BEGIN RAISE NOTICE 'from one'; RETURN 1; END $$")
    env.on_yugabytedb("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS "
                      "$$ BEGIN RAISE NOTICE 'from the other'; RETURN 1; END $$")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT f()")
            equal(wire.types(got), "TNDCZ" if wire.types(got)[1] == "N" else "NTDCZ", "grammar")
            notice = [m.body.decode() for m in got if m.type == "N"][0]
            contains(notice, "from the other", "notice of the source of truth")
        capture.finish().check_clean()


def test_two_queries_at_once_are_answered_in_order(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(wire.query("SELECT 1"), wire.query("SELECT 1/0"),
                             wire.query("SELECT 3"), syncs=3)
            equal(wire.types(got), "TDCZ" "EZ" "TDCZ", "grammar")
            equal(wire.rows(got), [[b"1"], [b"3"]], "rows")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 3, "exchanges")


def test_messages_may_come_byte_by_byte(env):
    with env.capture() as capture:
        with capture.wire(start=False) as client:
            packet = wire.startup(client.user, env.database)
            for byte in packet:
                client.send(bytes([byte]))
            equal(client.read_until("Z")[0].type, "R", "first answer")
            for byte in wire.query("SELECT 'slow'"):
                client.send(bytes([byte]))
            equal(wire.rows(client.read_until("Z")), [[b"slow"]], "rows")
        capture.finish().check_clean()


def test_encryption_requests_are_declined_and_the_session_goes_on(env):
    with env.capture() as capture:
        with capture.wire(start=False) as client:
            client.send(wire.GSSENC_REQUEST)
            equal(client.read_byte(), b"N", "answer to GSSENCRequest")
            client.send(wire.SSL_REQUEST)
            equal(client.read_byte(), b"N", "answer to SSLRequest")
            client.start()
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "rows")
        capture.finish().check_clean()


def test_many_sessions_at_a_time(env):
    with env.capture() as capture:
        clients = [capture.wire() for _ in range(30)]
        for number, client in enumerate(clients):
            client.send(wire.query(f"SELECT {number}"))
        for number, client in enumerate(clients):
            equal(wire.rows(client.read_until("Z")), [[str(number).encode()]], "row")
        for client in clients:
            client.close()
        with capture.finish() as trace:
            trace.check_clean(least=30)
            equal(trace.value("SELECT count(DISTINCT session) FROM exchange"), 30, "sessions")


def test_more_clients_than_allowed_are_refused(env):
    with env.capture({"proxy.max-connections": 2}) as capture:
        with capture.wire(), capture.wire():
            with capture.wire(start=False) as third:
                third.send(wire.startup(third.user, env.database))
                refusal = wire.errors(third.read_to_end())
                equal(refusal[0]["C"], "53300", "SQLSTATE")
                equal(refusal[0]["S"], "FATAL", "severity")
