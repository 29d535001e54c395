"""
Types that users have made have another OID on each database: what names them in requests is
translated for the candidate, and answers are compared by schema and name. In every test the
two databases' OIDs differ, since the truth has made other types before.
"""

import struct

import psycopg
import psycopg.adapt
import psycopg.types
import psycopg.types.composite
import psycopg.types.enum
import psycopg.types.range

import wire
from harness import Trace, cases, contains, equal, true
from wire import bind, describe, execute, flush, parse, sync

MOOD = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"
ITEM = "CREATE TYPE item AS (name text, feels mood, moods mood[], count int4)"
NEST = "CREATE TYPE nest AS (first item, items item[])"
SPAN = "CREATE TYPE span AS RANGE (subtype = mood)"
INT4 = 23


def drift(env, *ddl):
    """The same types on both sides, under different OIDs."""
    env.on_both("CREATE TYPE probe AS ENUM ('x')")
    more = 7
    # Both servers count on from where other tests left them: never near each other.
    while True:
        env.on_yugabytedb("; ".join(f"CREATE TYPE drift{more}_{n} AS ENUM ('x')"
                                    for n in range(more)))
        env.on_both("DROP TYPE probe; CREATE TYPE probe AS ENUM ('x')")
        there, here = (rows[0][0] for rows in env.on_both("SELECT 'probe'::regtype::oid::int8"))
        if abs(here - there) > 500:
            break
        more *= 2
    for sql in ddl:
        env.on_both(sql)


def oid(env, name):
    """The truth's OID of a type, which differs from the candidate's."""
    there, here = (rows[0][0] for rows in env.on_both(f"SELECT '{name}'::regtype::oid::int8"))
    true(here != there, f"the OIDs of {name} do not differ: the test shows nothing")
    return here


def value(data):
    return struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data


def array(element, *items):
    head = struct.pack("!iiI", 1, int(None in items), element)
    return head + struct.pack("!ii", len(items), 1) + b"".join(value(i) for i in items)


def composite(*fields):
    """Fields are (OID, data)."""
    return struct.pack("!i", len(fields)) + b"".join(
        struct.pack("!I", kind) + value(data) for kind, data in fields)


def binary_range(lower, upper):
    return b"\x02" + value(lower) + value(upper)


def ask(client, sql, kind, data, *more):
    """One binary parameter of that type, a binary result; gives its value."""
    got = client.run(*more, parse("", sql, [kind]), bind("", "", [data], [1], [1]),
                     describe("P"), execute(), sync())
    equal(wire.errors(got), [], f"errors of {sql}")
    return wire.rows(got)[0][0]


def modern(capture, **parameters):
    return psycopg.connect(host=capture.host, port=capture.port, user=capture.user,
                           dbname=capture.database, **parameters)


# --- raw messages ------------------------------------------------------------------------


def test_an_enum_by_its_oid(env):
    drift(env, MOOD)
    mood = oid(env, "mood")
    with env.capture() as capture:
        with capture.wire() as client:
            equal(ask(client, "SELECT $1", mood, b"ok"), b"ok", "value")
            got = client.run(parse("", "SELECT $1::text", [mood]), bind("", "", ["sad"]),
                             execute(), sync())
            equal(wire.rows(got), [[b"sad"]], "as text")
        capture.finish().check_clean(least=2)


def test_arrays_composites_and_ranges_in_binary(env):
    drift(env, MOOD, ITEM, NEST, SPAN)
    mood, moods = oid(env, "mood"), oid(env, "mood[]")
    item, items = oid(env, "item"), oid(env, "item[]")
    some = array(mood, b"ok", None, b"happy")
    one = composite((25, b"axe"), (mood, b"sad"), (moods, some), (INT4, struct.pack("!i", 7)))
    nest = composite((item, one), (items, array(item, one, None, one)))
    span = binary_range(b"sad", b"happy")
    with env.capture() as capture:
        with capture.wire() as client:
            for name, data in (("mood[]", some), ("item", one), ("item[]", array(item, one)),
                               ("nest", nest), ("span", span),
                               ("span[]", array(oid(env, "span"), span))):
                equal(ask(client, "SELECT $1", oid(env, name), data), data, name)
            equal(ask(client, "SELECT ($1).items[3].moods[1]", oid(env, "nest"), nest), b"ok",
                  "deep inside")
            equal(ask(client, "SELECT ROW(1, $1)", mood, b"ok"),
                  composite((INT4, struct.pack("!i", 1)), (mood, b"ok")), "a record")
        capture.finish().check_clean(least=8)


def test_ranges_of_composites_multiranges_and_domains(env):
    drift(env, MOOD, ITEM, "CREATE TYPE items_span AS RANGE (subtype = item)",
          "CREATE DOMAIN few AS mood[] CHECK (array_length(VALUE, 1) < 4)",
          "CREATE TYPE holder AS (a few, b items_span)")
    mood, moods = oid(env, "mood"), oid(env, "mood[]")
    one = composite((25, b"axe"), (mood, b"sad"), (moods, None), (INT4, None))
    two = composite((25, b"bow"), (mood, b"sad"), (moods, array(mood, b"ok")), (INT4, None))
    span, few = binary_range(one, two), array(mood, b"ok")
    holder = composite((oid(env, "few"), few), (oid(env, "items_span"), span))
    with env.capture() as capture:
        with capture.wire() as client:
            kinds = [("items_span", span), ("few", few), ("holder", holder)]
            if env.on_yugabytedb("SELECT to_regtype('items_multirange')::text")[0][0]:
                kinds.append(("items_multirange", struct.pack("!i", 1) + value(span)))
            for name, data in kinds:
                equal(ask(client, "SELECT $1", oid(env, name), data), data, name)
        capture.finish().check_clean(least=3)


def test_types_known_from_a_description_in_a_pipeline(env):
    """As asyncpg does it: no types in Parse, Describe, Flush, then Bind in the same exchange."""
    drift(env, MOOD)
    mood = oid(env, "mood")
    some = array(mood, b"ok", b"sad")
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(parse("s", "SELECT $1::mood[], 1"), describe("S", "s"), flush())
            got = client.read_until("T")
            equal(struct.unpack("!hI", got[1].body), (1, oid(env, "mood[]")), "parameter")
            got = client.run(bind("", "s", [some], [1], [1]), execute(), sync())
            equal(wire.rows(got)[0][0], some, "value")
            equal(wire.status(got), "I", "status")
            got = client.run(bind("", "s", [some], [1], [1]), execute(), sync())
            equal(wire.rows(got)[0][0], some, "again, by its name")
        capture.finish().check_clean(least=2)


def test_the_clients_unnamed_statement_and_portal_stay(env):
    drift(env, MOOD)
    mood = oid(env, "mood")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.run(parse("", "SELECT generate_series(1, 4)"), bind("", ""), execute("", 2),
                       sync())
            got = client.run(parse("named", "SELECT $1", [mood]), execute("", 1), sync())
            equal(wire.types(got), "1DsZ", "the portal was resumed after a look-up")
            equal(wire.rows(got), [[b"3"]], "its next row")
            got = client.run(bind("", "", []), execute(), sync())
            equal(len(wire.rows(got)), 4, "rows of the unnamed statement")
            got = client.query("SELECT count(*) FROM pg_prepared_statements WHERE name <> 'named'"
                               " AND name <> ''")
            equal(wire.rows(got), [[b"0"]], "nothing of ours is left")
            client.query("COMMIT")
        capture.finish().check_clean(least=6)


@cases(("ordered", None), ("serial", "serial"), ("parallel", "parallel"))
def test_ddl_inside_a_transaction_then_use_and_rollback(env, execution):
    drift(env)
    options = {"comparison.execution": execution} if execution else None
    with env.capture(options) as capture:
        with capture.wire() as client:
            for labels in ("'a', 'b'", "'b', 'c'"):
                client.query("BEGIN")
                client.query(f"CREATE TYPE fresh AS ENUM ({labels})")
                client.query("CREATE TABLE t (f fresh[])")
                fresh, fresh_array = (int(wire.rows(client.query(
                    f"SELECT '{name}'::regtype::oid"))[0][0]) for name in ("fresh", "fresh[]"))
                data = array(fresh, b"b")
                got = client.run(parse("", "INSERT INTO t VALUES ($1) RETURNING f",
                                       [fresh_array]),
                                 bind("", "", [data], [1], [1]), describe("P"), execute(), sync())
                equal(wire.rows(got), [[data]], "row of a type that is not committed")
                got = client.query("ROLLBACK")
                equal(wire.status(got), "I", "status")
        capture.finish().check_clean(least=12)


def test_unordered_and_long_results(env):
    drift(env, MOOD)
    mood, moods = oid(env, "mood"), oid(env, "mood[]")
    fill = ("CREATE TABLE t AS SELECT n, CASE WHEN n % 2 = 0 THEN ARRAY['ok']::mood[] ELSE "
            "ARRAY['sad', 'happy']::mood[] END AS f FROM generate_series(1, 3000) n ORDER BY {}")
    env.on_yugabytedb(fill.format("n"))
    env.on_postgresql(fill.format("n DESC"))
    with env.capture({"proxy.window": "64KB"}) as capture:
        with capture.wire() as client:
            for sql in ("SELECT f, n FROM t", "SELECT f, n FROM t ORDER BY n",
                        "SELECT f, n FROM t"):
                got = client.run(parse("", sql), bind("", "", [], [], [1]), describe("P"),
                                 execute(), sync())
                rows = wire.rows(got)
                equal(len(rows), 3000, "rows")
                true(all(row[0][8:12] == struct.pack("!I", mood) for row in rows),
                     "the OID of the truth")
            equal(moods in (c[1] for m in got if m.type == "T" for c in wire.columns(m.body)),
                  True, "the column's type is the truth's")
        capture.finish().check_clean(least=3)


def test_functions_by_their_oid(env):
    drift(env, MOOD, "CREATE FUNCTION twice(int4, mood) RETURNS int4 LANGUAGE sql AS "
                     "'SELECT $1 * 2'",
          "CREATE FUNCTION twice(int4) RETURNS int4 LANGUAGE sql AS 'SELECT $1 * 2'")
    here, there = (env.on_yugabytedb("SELECT 'twice(int4)'::regprocedure::oid::int8")[0][0],
                   env.on_postgresql("SELECT 'twice(int4)'::regprocedure::oid::int8")[0][0])
    true(here != there, "the functions' OIDs do not differ")
    call = wire.message("F", struct.pack("!Ihhh", here, 1, 1, 1) + value(struct.pack("!i", 21))
                        + struct.pack("!h", 1))
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(call)
            equal(got[0].type + got[0].body.hex(), "V" + "00000004" + "0000002a", "result")
        capture.finish().check_clean(least=1)


# --- what differs ------------------------------------------------------------------------


def test_another_type_of_the_users_is_a_mismatch(env):
    drift(env, MOOD, "CREATE TYPE other AS ENUM ('sad', 'ok', 'happy')")
    env.on_yugabytedb("CREATE TABLE t AS SELECT 'ok'::mood AS m")
    env.on_postgresql("CREATE TABLE t AS SELECT 'ok'::other AS m")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT m FROM t")
            contains(wire.errors(got)[0]["M"], "Column type", "error")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["type"], "kinds")


def test_a_value_inside_an_array_that_differs_is_a_mismatch(env):
    drift(env, MOOD)
    env.on_yugabytedb("CREATE TABLE t AS SELECT ARRAY['ok']::mood[] AS m")
    env.on_postgresql("CREATE TABLE t AS SELECT ARRAY['no'] AS m; "
                      "ALTER TYPE mood RENAME VALUE 'sad' TO 'no'; "
                      "ALTER TABLE t ALTER m TYPE mood[] USING m::mood[]")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("", "SELECT m FROM t"), bind("", "", [], [], [1]),
                             describe("P"), execute(), sync())
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "errors")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["value"], "kinds")


def test_a_type_that_the_candidate_has_not(env):
    drift(env)
    env.on_yugabytedb(MOOD)
    mood = env.on_yugabytedb("SELECT 'mood'::regtype::oid::int8")[0][0]
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("", "SELECT $1", [mood]), bind("", "", ["ok"]), execute(),
                             sync())
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "errors")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["error-success"], "kinds")
            true("type-unknown" in trace.events(), "no event says why")


def test_in_a_failed_transaction_nothing_is_looked_up(env):
    drift(env, MOOD)
    mood = oid(env, "mood")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("SELECT 1/0")
            got = client.run(parse("", "SELECT $1", [mood]), bind("", "", ["ok"]), execute(),
                             sync())
            equal([e["C"] for e in wire.errors(got)], ["25P02"], "errors")
            client.query("ROLLBACK")
            equal(ask(client, "SELECT $1", mood, b"ok"), b"ok", "value afterwards")
        capture.finish().check_clean(least=5)


# --- a real driver -----------------------------------------------------------------------


def test_psycopg_registers_enums_and_composites(env):
    drift(env, MOOD, ITEM, NEST, SPAN)
    with env.capture() as capture:
        with modern(capture, autocommit=True) as connection:
            mood = psycopg.types.enum.EnumInfo.fetch(connection, "mood")
            psycopg.types.enum.register_enum(mood, connection)
            item = psycopg.types.composite.CompositeInfo.fetch(connection, "item")
            psycopg.types.composite.register_composite(item, connection)
            span = psycopg.types.range.RangeInfo.fetch(connection, "span")
            psycopg.types.range.register_range(span, connection)
            equal(mood.oid, oid(env, "mood"), "OID that the driver knows")
            connection.execute("CREATE TABLE t (id int, m mood, ms mood[], i item)")
            happy, sad = mood.enum.happy, mood.enum.sad
            for number in range(8):  # from the sixth on it is prepared
                connection.execute("INSERT INTO t VALUES (%s, %b, %b, ROW('x', 'ok', %b, 1))",
                                   (number, happy, [happy, sad], [sad]))
            for is_binary in (False, True):
                cursor = connection.cursor(binary=is_binary)
                cursor.execute("SELECT m, ms, i FROM t WHERE m = %b AND ms @> %b",
                               (happy, [sad]))
                row = cursor.fetchone()
                equal(row[:2], (happy, [happy, sad]), "row")
                equal(row[2].moods, [sad], "inside a composite")
        capture.finish().check_clean(least=12)


# --- replay ------------------------------------------------------------------------------


def empty(env):
    env.on_both("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


@cases(("other-oids", 5), ("as-they-come", 0))
def test_replay_finds_types_by_their_names(env, more):
    """The databases of the replay have OIDs of their own, and neither the trace's."""
    drift(env, MOOD, ITEM, "CREATE TABLE t (m mood[])",
          "CREATE FUNCTION twice(int4) RETURNS int4 LANGUAGE sql AS 'SELECT $1 * 2'")
    mood, moods, item = oid(env, "mood"), oid(env, "mood[]"), oid(env, "item")
    twice = env.on_yugabytedb("SELECT 'twice(int4)'::regprocedure::oid::int8")[0][0]
    some = array(mood, b"ok", b"sad")
    one = composite((25, b"axe"), (mood, b"sad"), (moods, some), (INT4, struct.pack("!i", 7)))
    with env.capture() as capture:
        with capture.wire() as client:
            equal(ask(client, "INSERT INTO t VALUES ($1) RETURNING m", moods, some), some, "row")
            equal(ask(client, "SELECT $1", item, one), one, "value")
            client.send(parse("s", "SELECT $1::mood[], 1"), describe("S", "s"), flush())
            client.read_until("T")
            client.run(bind("", "s", [some], [1], [1]), execute(), sync())
            client.run(wire.message("F", struct.pack("!Ihhh", twice, 1, 1, 1) + value(
                struct.pack("!i", 21)) + struct.pack("!h", 1)))
            client.query("SELECT 'mood'::regtype::oid")
            for labels in ("'a', 'b'", "'b', 'c'"):
                client.query("BEGIN")
                client.query(f"CREATE TYPE fresh AS ENUM ({labels})")
                fresh = int(wire.rows(client.query("SELECT 'fresh'::regtype::oid"))[0][0])
                got = client.run(parse("", "SELECT $1::text", [fresh]), bind("", "", ["b"]),
                                 execute(), sync())
                equal(wire.rows(got), [[b"b"]], "of a type that is not committed")
                client.query("ROLLBACK")
        with capture.finish() as trace:
            count = trace.check_clean(least=12).exchanges()
    empty(env)
    env.on_both("; ".join(f"CREATE TYPE more{n} AS ENUM ('x')" for n in range(11)))
    for _ in range(more):
        env.on_postgresql("CREATE TYPE apart AS ENUM ('x'); DROP TYPE apart")
    for sql in (MOOD, ITEM, "CREATE TABLE t (m mood[])",
                "CREATE FUNCTION twice(int4) RETURNS int4 LANGUAGE sql AS 'SELECT $1 * 2'"):
        env.on_both(sql)
    paths = [capture.trace_path]
    for again in range(2):  # the replay's own trace can be replayed, too
        paths.append(env.path(f"out{again}.trace"))
        result = env.run("twinkly-replay", "-c", capture.configuration, "-t", paths[-1],
                         paths[-2])
        equal(result.status, 0, f"status ({result.stdout}{result.stderr})")
        with Trace(paths[-1]) as trace:
            equal(trace.check_clean().exchanges(), count, "exchanges of the replay")
            equal(trace.value("SELECT count(*) FROM command WHERE truth_sqlstate IS NOT NULL"), 0,
                  "errors in the replay")
        env.on_both("TRUNCATE t")
