"""The extended protocol in raw messages: every reply, in order, and the same as the database's."""

import struct

import wire
from harness import Trace, cases, env_table, equal, true
from wire import bind, close, describe, execute, flush, parse, sync

INT4, INT8, TEXT, FLOAT8, BYTEA = 23, 20, 25, 701, 17


def one(sql, values=(), **formats):
    """A whole unnamed statement without its Sync."""
    return (parse("", sql) + bind("", "", values, **formats) + describe("P") + execute())


def test_each_message_has_its_reply(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("s", "SELECT $1::int + 1 AS next"), describe("S", "s"), sync())
            equal(wire.types(got), "1tTZ", "Parse and Describe")
            equal(struct.unpack("!hI", got[1].body), (1, INT4), "parameter types")
            equal(wire.columns(got[2].body)[0][0], "next", "column")
            got = client.run(bind("p", "s", ["41"]), describe("P", "p"), execute("p"),
                             close("P", "p"), sync())
            equal(wire.types(got), "2TDC3Z", "Bind to Close")
            equal(wire.rows(got), [[b"42"]], "row")
            got = client.run(close("S", "s"), sync())
            equal(wire.types(got), "3Z", "Close of the statement")
            got = client.run(bind("", "s", ["1"]), sync())
            equal(wire.types(got), "EZ", "Bind to a closed statement")
            equal(wire.errors(got)[0]["C"], "26000", "SQLSTATE")
            got = client.run(close("S", "never was"), sync())
            equal(wire.types(got), "3Z", "Close of what does not exist")
        capture.finish().check_clean(least=5)


def test_a_statement_without_rows_and_an_empty_one(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(one("CREATE TABLE t (a int)"), sync())
            equal(wire.types(got), "12nCZ", "DDL")
            got = client.run(parse("", "INSERT INTO t VALUES ($1)"), describe("S"), sync())
            equal(wire.types(got), "1tnZ", "Describe of an INSERT")
            got = client.run(one(""), sync())
            equal(wire.types(got), "12nIZ", "empty statement")
            got = client.run(sync())
            equal(wire.types(got), "Z", "bare Sync")
        capture.finish()


def test_flush_delivers_without_ending_the_exchange(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(parse("", "SELECT generate_series(1, 5)"), describe("S"), flush())
            got = [client.read() for _ in range(3)]
            equal(wire.types(got), "1tT", "replies before the Sync")
            client.send(bind("", ""), execute("", 2), flush())
            equal(wire.types([client.read() for _ in range(4)]), "2DDs", "first two rows")
            client.send(execute("", 2), flush())
            equal(wire.types([client.read() for _ in range(3)]), "DDs", "next two rows")
            true(client.has_nothing_to_read(), "nothing may come before the Sync")
            got = client.run(execute("", 2), sync())
            equal(wire.types(got), "DCZ", "the rest")
        with capture.finish() as trace:
            trace.check_clean()


def test_row_limits_suspend_the_portal(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("", "SELECT generate_series(1, 5)"), bind("", ""),
                             execute("", 2), execute("", 2), execute("", 2), sync())
            equal(wire.types(got), "12DDsDDsDCZ", "grammar")
            equal([row[0] for row in wire.rows(got)], [b"1", b"2", b"3", b"4", b"5"], "rows")
            equal(wire.tags(got), ["SELECT 1"], "tag")
        capture.finish().check_clean()


def test_a_portal_lives_through_a_transaction(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.run(parse("", "SELECT generate_series(1, 5)"), bind("p", ""),
                             execute("p", 3), sync())
            equal(wire.types(got), "12DDDsZ", "first part")
            equal(wire.status(got), "T", "status")
            equal(wire.types(client.query("SELECT 1")), "TDCZ", "another statement between")
            equal(wire.types(client.run(execute("p", 3), sync())), "DDCZ", "second part")
            client.query("COMMIT")
            got = client.run(execute("p"), sync())
            equal(wire.errors(got)[0]["C"], "34000", "the portal ends with its transaction")
        capture.finish().check_clean(least=6)


def test_several_syncs_at_once(env):
    with env.capture() as capture:
        with capture.wire() as client:
            parts = [one("SELECT $1::int", [str(n)]) + sync() for n in range(200)]
            got = client.run(*parts, syncs=200)
            equal(wire.types(got), "12TDCZ" * 200, "grammar")
            equal([int(row[0]) for row in wire.rows(got)], list(range(200)), "rows in order")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 200, "exchanges")


def test_many_executes_under_one_sync(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b text)")
    with env.capture() as capture:
        with capture.wire() as client:
            batch = [parse("i", "INSERT INTO t VALUES ($1, $2)", [INT4, TEXT])]
            for number in range(500):
                batch += [bind("", "i", [str(number), f"row {number}"]), execute()]
            got = client.run(*batch, sync())
            equal(wire.types(got), "1" + "2C" * 500 + "Z", "grammar")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 1, "exchanges")
            equal(len(trace.commands("INSERT INTO t%")), 500, "commands in the trace")
    env_table(env, "t", 500)


def test_an_error_discards_up_to_the_sync(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(
                one("INSERT INTO t VALUES (1)"), one("SELECT 1/0"),
                one("INSERT INTO t VALUES (2)"), sync(),
                one("INSERT INTO t VALUES (3)"), sync(),
                parse("bad", "SELECT nonsense"), bind("", "bad"), execute(), sync(),
                one("SELECT count(*) FROM t"), sync(), syncs=4)
            equal(wire.types(got), "12nC" "1EZ" "12nCZ" "EZ" "12TDCZ", "grammar")
            equal([e["C"] for e in wire.errors(got)], ["22012", "42703"], "SQLSTATEs")
            equal(wire.rows(got), [[b"1"]], "the failed part was undone")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 4, "exchanges")
    env_table(env, "t", 1)


def test_binary_parameters_and_results(env):
    sent = [struct.pack("!i", -7), struct.pack("!q", 1 << 40), "text é", struct.pack("!d", 0.1),
            b"\0\xff\\", None]
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(
                parse("", "SELECT $1, $2, $3, $4, $5, $6", [INT4, INT8, TEXT, FLOAT8, BYTEA, INT4]),
                bind("", "", sent, formats=[1, 1, 0, 1, 1, 1], results=[1]),
                describe("P"), execute(), sync())
            equal(wire.types(got), "12TDCZ", "grammar")
            equal([c[4] for c in wire.columns(got[2].body)], [1] * 6, "formats of the columns")
            back = [v.encode() if isinstance(v, str) else v for v in sent]
            equal(wire.rows(got), [back], "values")
        with capture.finish() as trace:
            trace.check_clean()
            shown = trace.value("SELECT parameters FROM command WHERE parameters IS NOT NULL")
            for part in ("text é", "NULL"):
                true(part in shown, f"parameters {shown!r} lack {part}")


@cases(("text", 0), ("binary", 1))
def test_values_of_many_types_in_both_formats(env, form):
    sql = ("SELECT true, 1::int2, 2::int4, 3::int8, 4.50::numeric, 'NaN'::numeric, "
           "0.1::float4, 'Infinity'::float8, 'text', 'n'::name, '\\x0001'::bytea, "
           "date '2024-02-29', timestamp '2024-02-29 12:00:00.123456', "
           "timestamptz '2024-02-29 12:00:00+00', interval '1 mon 2 days 3s', "
           "'{1,NULL,3}'::int[], '{\"b\":1,\"a\":2}'::jsonb, "
           "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '10.1.2.3/8'::inet, "
           "int4range(1, 9), NULL::int")
    parts = [parse("", sql), bind("", "", results=[form]), describe("P"), execute(), sync()]
    with env.wire_to(env.yugabytedb) as direct:
        expected = wire.readable(direct.run(*parts))
    with env.capture() as capture:
        with capture.wire() as client:
            equal(wire.readable(client.run(*parts)), expected, "answer")
        capture.finish().check_clean()


def test_user_types_by_oid(env):
    """The same enum has another OID on each side: the client only knows the truth's."""
    env.on_postgresql("CREATE TYPE shift AS ENUM ('a')")  # moves PostgreSQL's OIDs on
    env.on_both("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("", "SELECT $1::mood, 'ok'::mood"), bind("", "", ["happy"]),
                             describe("P"), execute(), sync())
            equal(wire.types(got), "12TDCZ", "grammar")
            equal(wire.rows(got), [[b"happy", b"ok"]], "values")
        capture.finish()


def test_named_statements_and_portals_side_by_side(env):
    with env.capture() as capture:
        with capture.wire() as client:
            for name in ("a", "b", "c"):
                client.run(parse(name, f"SELECT '{name}' || $1::text"), sync())
            for turn in range(20):
                got = client.run(*[bind("", name, [str(turn)]) + execute() for name in "abc"],
                                 sync())
                equal([row[0].decode() for row in wire.rows(got)],
                      [f"{name}{turn}" for name in "abc"], "rows")
            got = client.run(parse("a", "SELECT 1"), sync())
            equal(wire.errors(got)[0]["C"], "42P05", "a name in use")
            equal(wire.rows(client.query("EXECUTE b('x')")), [[b"bx"]], "EXECUTE in SQL")
            client.query("DEALLOCATE ALL")
            equal(wire.errors(client.run(bind("", "a", ["1"]), sync()))[0]["C"], "26000", "gone")
        capture.finish().check_clean(least=27)


def test_sql_prepare_and_execute(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("PREPARE p (int) AS SELECT $1 * 2")
            equal(wire.rows(client.query("EXECUTE p(21)")), [[b"42"]], "row")
            got = client.run(bind("", "p", ["5"]), execute(), sync())
            equal(wire.rows(got), [[b"10"]], "the same statement through Bind")
        capture.finish().check_clean(least=3)


def test_simple_and_extended_mixed_in_one_packet(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(one("SELECT 1"), sync(), wire.query("SELECT 2; SELECT 3"),
                             one("SELECT 4"), sync(), syncs=3)
            equal(wire.types(got), "12TDCZ" "TDCTDCZ" "12TDCZ", "grammar")
            equal([row[0] for row in wire.rows(got)], [b"1", b"2", b"3", b"4"], "rows")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 3, "exchanges")


def test_function_call(env):
    absolute = struct.pack("!Ihhh", 1397, 1, 1, 1) + struct.pack("!ii", 4, -5) \
        + struct.pack("!h", 1)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(wire.message("F", absolute))
            equal(wire.types(got), "VZ", "grammar")
            equal(got[0].body, struct.pack("!ii", 4, 5), "abs(-5)")
        capture.finish().check_clean()


def test_a_session_that_ends_without_terminate(env):
    with env.capture() as capture:
        client = capture.wire()
        client.send(one("SELECT 1"), sync())
        client.end_writing()
        equal(wire.types(client.read_until("Z")), "12TDCZ", "the answer still comes")
        client.close()
        capture.finish().check_clean()


def test_a_result_described_in_its_own_unit(env):
    """As postgres.js asks the first time: Describe of the statement, then Bind and Execute
    without one. A difference names the column all the same, in a replay, too."""
    env.on_both("CREATE TABLE item (id int, name text)")
    env.on_postgresql("INSERT INTO item VALUES (1, 'axe')")
    env.on_yugabytedb("INSERT INTO item VALUES (1, 'saw')")
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            got = client.run(parse("s", "SELECT * FROM item"), describe("S", "s"),
                             bind("", "s"), execute(), sync())
            equal(wire.types(got), "1tT2DCZ", "grammar")
        with capture.finish(1) as trace:
            equal([row["column_name"] for row in trace.differences()], ["name"], "column")
    out = env.path("out.trace")
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", out,
                     capture.trace_path)
    equal(result.status, 1, f"exit status of the replay ({result.stderr})")
    with Trace(out) as trace:
        equal([row["column_name"] for row in trace.differences()], ["name"], "in the replay")
