"""proxy.routing: statements that one database alone is given."""

import json

import psycopg2

import wire
from harness import cases, contains, equal, fails, true
from servers import Server, free_port

PG = "proxy.routing.postgres-only-patterns"
YB = "proxy.routing.yugabyte-only-patterns"
DEFAULT = "proxy.routing.default-target"
PATTERNS = {PG: ["pg_side"], YB: ["yb_side"]}


def plant(env):
    """Functions that exist on one side only, and say who they are."""
    for on, name in ((env.on_postgresql, "pg_side"), (env.on_yugabytedb, "yb_side")):
        on(f"CREATE FUNCTION {name}() RETURNS text LANGUAGE sql AS 'SELECT ''{name}'''")
        on(f"CREATE FUNCTION {name}_fails() RETURNS int LANGUAGE sql AS 'SELECT 1/0'")
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b text)")


def rows_of(env):
    return tuple([a for a, in rows] for rows in env.on_both("SELECT a FROM t ORDER BY a"))


def call(name, suffix=""):
    """The extended protocol's messages for one statement, all unnamed."""
    return [wire.parse("", f"SELECT {name}{suffix}()"), wire.bind("", ""), wire.describe("P"),
            wire.execute()]


def statement(sql):
    return [wire.parse("", sql), wire.bind("", ""), wire.execute()]


TRUTHS = cases(("yugabytedb", "yugabytedb"), ("postgresql", "postgresql"))


@TRUTHS
def test_a_statement_goes_where_its_pattern_says(env, truth):
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for name in ("pg_side", "yb_side"):
                got = client.query(f"SELECT {name.upper()}()")
                equal(wire.types(got), "TDCZ", "grammar")
                equal(wire.rows(got), [[name.encode()]], "rows")
                got = client.run(*call(name), wire.sync())
                equal(wire.types(got), "12TDCZ", "grammar")
                equal(wire.rows(got), [[name.encode()]], "rows")
            equal(wire.rows(client.query("SELECT 42")), [[b"42"]], "both again")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"not-compared": 4, "equal": 1}, "verdicts")
            notes = [note for note, in trace.rows(
                "SELECT note FROM exchange WHERE note IS NOT NULL ORDER BY id")]
            equal(notes[0], 'routed to PostgreSQL only by the pattern "pg_side"', "note")
            equal(notes[2], 'routed to YugabyteDB only by the pattern "yb_side"', "note")
        contains(capture.log(), "4 exchanges routed to one database", "summary")
        contains(env.run("twinkly-report", capture.trace_path).stdout,
                 'why: routed to PostgreSQL only by the pattern "pg_side"', "report")


@TRUTHS
def test_transactions_stay_in_step(env, truth):
    """What both write around a routed statement is committed, or rolled back, on both."""
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for name, number in (("pg_side", 1), ("yb_side", 2)):
                client.query("BEGIN")
                client.query(f"INSERT INTO t VALUES ({number})")
                equal(wire.status(client.query(f"SELECT {name}()")), "T", "status")
                equal(wire.status(client.query("COMMIT")), "I", "after COMMIT")
                client.query("BEGIN")
                client.query(f"INSERT INTO t VALUES ({number + 10})")
                got = client.query(f"SELECT {name}_fails()")
                equal((wire.errors(got)[0]["C"], wire.status(got)), ("22012", "E"), "failure")
                equal([e["C"] for e in wire.errors(client.query("SELECT 1"))], ["25P02"], "then")
                equal(wire.tags(client.query("COMMIT")), ["ROLLBACK"], "COMMIT")
        capture.finish(status=0)
    equal(rows_of(env), ([1, 2], [1, 2]), "rows")


@TRUTHS
def test_savepoints(env, truth):
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for sql in ("BEGIN", "INSERT INTO t VALUES (1)", "SAVEPOINT pg_side",
                        "INSERT INTO t VALUES (2)"):
                client.query(sql)
            equal(wire.status(client.query("SELECT pg_side_fails()")), "E", "failure")
            equal(wire.status(client.query("ROLLBACK TO pg_side")), "T", "back")
            equal(wire.status(client.query("SELECT yb_side_fails()")), "E", "failure")
            equal(wire.status(client.query("ROLLBACK TO pg_side")), "T", "back")
            client.query("COMMIT")
        capture.finish(status=0)
    equal(rows_of(env), ([1], [1]), "rows")


@TRUTHS
def test_transaction_control_in_front(env, truth):
    """As drivers send it: BEGIN in the unit of the transaction's first statement."""
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for name, number in (("pg_side", 1), ("yb_side", 2)):
                got = client.run(*statement("BEGIN"), *call(name), wire.sync())
                equal((wire.types(got), wire.status(got)), ("12C12TDCZ", "T"), "extended")
                client.query(f"INSERT INTO t VALUES ({number})")
                equal(wire.status(client.query("ROLLBACK")), "I", "end")
                got = client.query(f"BEGIN; SELECT {name}()")
                equal((wire.types(got), wire.status(got)), ("CTDCZ", "T"), "simple")
                client.query(f"INSERT INTO t VALUES ({number})")
                got = client.query(f"COMMIT; BEGIN; SELECT {name}_fails()")
                equal((wire.types(got), wire.status(got)), ("CCEZ", "E"), "failure")
                equal(wire.status(client.query("ROLLBACK")), "I", "end")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts()["mismatch"], 0, "mismatches")
    equal(rows_of(env), ([1, 2], [1, 2]), "rows")


def test_transaction_control_behind(env):
    """Such a unit goes to both, as ever."""
    env.on_both("CREATE TABLE t (a int)")
    with env.capture({PG: ["INSERT"]}) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.query("INSERT INTO t VALUES (1); COMMIT")
            equal((wire.tags(got), wire.status(got)), (["INSERT 0 1", "COMMIT"], "I"), "answer")
            client.query("INSERT INTO t VALUES (2)")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 2, "not-compared": 1}, "verdicts")
    equal(rows_of(env), ([1, 2], [1]), "rows")


@TRUTHS
def test_a_prepared_statement_stays_where_it_was_prepared(env, truth):
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for name in ("pg_side", "yb_side"):
                # `both` is prepared in a routed unit, so it is there on that side only.
                got = client.run(wire.parse(name, f"SELECT {name}()"),
                                 wire.parse("both", "SELECT 7"), wire.sync())
                equal(wire.types(got), "11Z", "Parse")
                for _ in range(2):
                    got = client.run(wire.bind("", name), wire.describe("S", name),
                                     wire.execute(), wire.sync())
                    equal(wire.types(got), "2tTDCZ", "grammar")
                    equal(wire.rows(got), [[name.encode()]], "rows")
                got = client.run(wire.bind("p", "both"), wire.execute("p"), wire.sync())
                equal(wire.rows(got), [[b"7"]], "prepared beside it")
                got = client.run(wire.parse("both", "SELECT 8"), wire.sync())
                equal([e["C"] for e in wire.errors(got)], ["42P05"], "a name that is taken")
                equal(wire.types(client.run(wire.close("S", "both"), wire.close("S", name),
                                            wire.sync())), "33Z", "Close")
                got = client.run(wire.parse("both", "SELECT 9"), wire.bind("", "both"),
                                 wire.execute(), wire.sync())
                equal(wire.rows(got), [[b"9"]], "prepared anew, on both")
                client.run(wire.close("S", "both"), wire.sync())
        with capture.finish(status=0) as trace:
            equal(trace.verdicts()["equal"], 4, "exchanges of both")
            equal(trace.value("SELECT count(*) FROM exchange WHERE note LIKE '%prepared there'"),
                  10, "exchanges that say why")


def test_a_close_in_a_routed_unit_reaches_both(env):
    plant(env)
    with env.capture(PATTERNS) as capture:
        with capture.wire() as client:
            for number in range(3):
                client.run(wire.parse("s", f"SELECT {number}"), wire.sync())
                got = client.run(wire.close("S", "s"), *call("pg_side"), wire.sync())
                equal(wire.types(got), "312TDCZ", "grammar")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 3, "not-compared": 3}, "verdicts")


def test_a_unit_that_mixes_both_goes_to_the_first(env):
    plant(env)
    with env.capture(PATTERNS) as capture:
        with capture.wire() as client:
            got = client.query("SELECT pg_side(); SELECT yb_side()")
            equal(wire.rows(got), [[b"pg_side"]], "rows")
            equal([e["C"] for e in wire.errors(got)], ["42883"], "the other one")
            got = client.run(*call("yb_side"), *statement("SELECT 5"), wire.sync())
            equal(wire.rows(got), [[b"yb_side"], [b"5"]], "beside one that is not routed")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"not-compared": 2}, "verdicts")


@TRUTHS
def test_units_cut_by_flush(env, truth):
    """What an earlier unit did on both is rolled back on both when the routed one fails."""
    plant(env)
    with env.capture({**PATTERNS, "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for name, suffix, number in (("pg_side", "_fails", 1), ("yb_side", "_fails", 2),
                                         ("pg_side", "", 3), ("yb_side", "", 4)):
                client.send(*statement(f"INSERT INTO t VALUES ({number})"), wire.flush())
                equal(wire.types(client.read_until("C")), "12C", "on both")
                client.send(*call(name, suffix), wire.flush())
                client.read_until("E" if suffix else "C")
                equal(wire.status(client.run(wire.sync())), "I", "end")
        capture.finish(status=0)
    equal(rows_of(env), ([3, 4], [3, 4]), "rows")


@TRUTHS
def test_copy(env, truth):
    plant(env)
    with env.capture({PG: ["COPY t .*pg"], YB: ["COPY t .*yb"],
                      "comparison.source-of-truth": truth}) as capture:
        with capture.wire() as client:
            for number, side in ((1, "pg"), (2, "yb"), (3, "both")):
                sql = f"COPY t (a) FROM STDIN /* {side} */"
                client.send(wire.query(sql))
                client.read_until("G")
                got = client.run(wire.copy_data(b"%d\n" % number), wire.copy_done())
                equal(wire.tags(got), ["COPY 1"], "simple")
                client.send(*statement(sql), wire.flush())
                client.read_until("G")
                got = client.run(wire.copy_data(b"%d\n" % (number + 10)), wire.copy_done(),
                                 wire.sync())
                equal(wire.tags(got), ["COPY 1"], "extended")
            got = client.query("COPY t (a) TO STDOUT /* pg */")
            equal([m.body for m in got if m.type == "d"], [b"1\n", b"11\n", b"3\n", b"13\n"], "out")
        capture.finish(status=0)
    equal(rows_of(env), ([1, 3, 11, 13], [2, 3, 12, 13]), "rows")


@cases(("postgresql", "postgresql", 0), ("yugabytedb", "yugabytedb", 1))
def test_a_default_target(env, target, at):
    """One database alone does everything but what a pattern gives the other, and the other's
    transactions begin and end with it."""
    env.on_both("CREATE TABLE t (a int)")
    with env.capture({DEFAULT: target, PG: ["VALUES .1"], YB: ["VALUES .1"]}) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            client.query("INSERT INTO t VALUES (2)")
            client.run(*statement("INSERT INTO t VALUES (3)"), wire.sync())
            client.query("INSERT INTO t VALUES (1)")
            client.query("COMMIT")
            client.query("BEGIN")
            client.query("INSERT INTO t VALUES (4)")
            client.query("ROLLBACK")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 4, "not-compared": 4}, "verdicts")
    expected = [[], []]
    expected[at] = [2, 3]
    expected[0] = sorted(expected[0] + [1])  # both kinds match: PostgreSQL gets it
    equal(rows_of(env), tuple(expected), "rows")


def test_long_answers_and_long_units(env):
    """More than the window in either direction, led by the candidate."""
    env.on_both("CREATE TABLE t (a int, b text)")
    with env.capture({PG: ["pg_only"], "proxy.window": "64kB"}) as capture:
        with capture.wire() as client:
            sql = "SELECT /* pg_only */ g, repeat('x', 1000) FROM generate_series(1, 3000) g"
            equal(len(wire.rows(client.query(sql))), 3000, "rows")
            insert = "INSERT INTO t VALUES ($1, $2) /* pg_only */"
            unit = [wire.parse("s", insert)]
            for number in range(300):
                unit += [wire.bind("", "s", [str(number), "y" * 1000]), wire.execute()]
            got = client.run(*unit, wire.sync())
            equal(wire.types(got), "1" + "2C" * 300 + "Z", "grammar")
            equal(wire.rows(client.query("SELECT count(*) FROM t WHERE false")), [[b"0"]], "both")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"not-compared": 2, "equal": 1}, "verdicts")
    equal(env.on_both("SELECT count(*) FROM t"), ([(300,)], [(0,)]), "rows")


def test_a_driver(env):
    """psycopg2 with its own BEGIN, and an error in the middle."""
    plant(env)
    with env.capture(PATTERNS) as capture:
        connection = capture.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("INSERT INTO t VALUES (1)")
        cursor.execute("SELECT pg_side()")
        equal(cursor.fetchone(), ("pg_side",), "row")
        connection.commit()
        fails(psycopg2.errors.DivisionByZero, lambda: cursor.execute("SELECT pg_side_fails()"),
              "the failure")
        connection.rollback()
        cursor.execute("SELECT yb_side(), a FROM t")
        equal(cursor.fetchone(), ("yb_side", 1), "row")
        connection.close()
        with capture.finish(status=0) as trace:
            equal(trace.verdicts()["not-compared"], 3, "routed")


def test_a_session_without_its_candidate(env):
    nowhere = Server("127.0.0.1", free_port(), env.postgresql.user)
    with env.capture({**PATTERNS, "comparison.require-secondary": False,
                      "comparison.source-of-truth": "postgresql"},
                     servers=(env.postgresql, nowhere)) as capture:
        plant_on = env.on_postgresql
        plant_on("CREATE FUNCTION pg_side() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT pg_side()")), [[b"1"]], "its own")
            client.send(wire.query("SELECT yb_side()"))
            error = wire.errors(client.read_to_end())[0]
            equal((error["S"], error["C"]), ("FATAL", "08006"), "the other one's")
            contains(error["M"], "routed to YugabyteDB only", "message")


def test_a_wrong_pattern(env):
    result = env.run("twinkly-capture", "-s", f"{PG}={json.dumps(['('])}", "--print-config")
    equal(result.status, 2, "status")
    contains(result.stderr, PG, "message")


def test_a_side_that_is_lost_while_it_leads(env):
    plant(env)
    with env.capture(PATTERNS) as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            client.send(wire.query("SELECT pg_side(), pg_terminate_backend(pg_backend_pid())"))
            error = wire.errors(client.read_to_end())[0]
            equal((error["S"], error["C"]), ("FATAL", "57P01"), "the session's end")
        with capture.finish(status=3) as trace:
            true(trace.verdicts()["inconclusive"] == 1, "the exchange")


def test_user_types(env):
    """The client knows the truth's OIDs; a candidate that leads gets its own."""
    env.on_postgresql("CREATE TYPE other AS ENUM ('x')")  # so that OIDs differ
    env.on_both("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    oid = env.on_yugabytedb("SELECT 'mood'::regtype::oid")[0][0]
    with env.capture(PATTERNS) as capture:
        with capture.wire() as client:
            for name in ("pg_side", "yb_side"):
                got = client.run(wire.parse("", f"SELECT $1 = 'ok' /* {name} */", [int(oid)]),
                                 wire.bind("", "", ["ok"]), wire.execute(), wire.sync())
                equal(wire.rows(got), [[b"t"]], name)
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"not-compared": 2}, "verdicts")
            true("type-unknown" not in trace.events(), "an event says that it is unknown")
