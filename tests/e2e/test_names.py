"""Names of statements and portals after a Parse or Bind that failed, on one side or on both."""

import wire
from harness import cases, equal, true


def plant(env):
    env.on_postgresql("CREATE TABLE only_pg (a int)")
    env.on_yugabytedb("CREATE TABLE only_yb (a int)")
    # A cast at Bind that fails on one side.
    env.on_both("CREATE DOMAIN d AS int")
    env.on_postgresql("ALTER DOMAIN d ADD CHECK (value <> 1)")
    env.on_yugabytedb("ALTER DOMAIN d ADD CHECK (value <> 2)")


def codes(answer):
    return [error["C"] for error in wire.errors(answer)]


def use(client, name, expected):
    got = client.run(wire.bind("", name), wire.execute(), wire.sync())
    equal(wire.rows(got), [[expected]], f"rows of {name}")


SIDES = cases(("truth_fails", "only_pg"), ("candidate_fails", "only_yb"))


@SIDES
def test_parse_on_one_side(env, table):
    plant(env)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            # `kept` is made by both, before the failure.
            got = client.run(wire.parse("kept", "SELECT 7"),
                             wire.parse("s", f"SELECT a FROM {table}"),
                             wire.parse("never", "SELECT 9"), wire.sync())
            equal(codes(got), ["XX000"], "the mismatch")
            equal(wire.types(client.run(wire.parse("s", "SELECT 1"),
                                        wire.parse("never", "SELECT 2"), wire.sync())), "11Z",
                  "the names are free on both")
            for name, expected in (("kept", b"7"), ("s", b"1"), ("never", b"2")):
                use(client, name, expected)
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 4}, "verdicts")


@SIDES
def test_parse_in_a_transaction(env, table):
    plant(env)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.run(wire.parse("s", f"SELECT a FROM {table}"), wire.sync())
            equal((codes(got), wire.status(got)), (["XX000"], "E"), "the mismatch")
            client.query("ROLLBACK")
            equal(wire.types(client.run(wire.parse("s", "SELECT 1"), wire.sync())), "1Z", "free")
            use(client, "s", b"1")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 4}, "verdicts")


@SIDES
def test_parse_before_a_flush(env, table):
    plant(env)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.send(wire.parse("s", f"SELECT a FROM {table}"), wire.flush())
            equal(codes(client.read_until("E")), ["XX000"], "the mismatch")
            client.run(wire.sync())
            equal(wire.types(client.run(wire.parse("s", "SELECT 1"), wire.sync())), "1Z", "free")
            use(client, "s", b"1")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"mismatch": 1, "equal": 2}, "verdicts")


@cases(("outside", None), ("inside", "BEGIN"))
def test_a_record_only(env, begin):
    """on-mismatch = log: what the truth has refused is closed on the candidate."""
    plant(env)
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            if begin:
                client.query(begin)
            got = client.run(wire.parse("s", "SELECT a FROM only_pg"), wire.sync())
            equal(codes(got), ["42P01"], "the truth's answer")
            if begin:
                equal(wire.status(client.query("ROLLBACK")), "I", "the end")
            equal(wire.types(client.run(wire.parse("s", "SELECT 1"), wire.sync())), "1Z", "free")
            use(client, "s", b"1")
            # The other way round the client has its statement, and keeps it.
            got = client.run(wire.parse("t", "SELECT count(*) FROM only_yb"), wire.sync())
            equal(wire.types(got), "1Z", "the truth's answer")
            use(client, "t", b"0")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 3, "mismatches")


@cases(("truth_fails", "2"), ("candidate_fails", "1"))
def test_bind_on_one_side(env, value):
    plant(env)
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            client.run(wire.parse("s", "SELECT $1::d"), wire.sync())
            client.query("BEGIN")
            client.query("SAVEPOINT a")
            got = client.run(wire.bind("p", "s", [value]), wire.sync())
            equal((codes(got), wire.status(got)), (["XX000"], "E"), "the mismatch")
            client.query("ROLLBACK TO a")
            got = client.run(wire.bind("p", "s", ["3"]), wire.execute("p"), wire.sync())
            equal(wire.rows(got), [[b"3"]], "the portal's name is free")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts()["mismatch"], 1, "mismatches")


def test_a_name_that_is_taken_keeps_its_text(env):
    """42P05 on both; and what an error left unread was not closed."""
    with env.capture() as capture:
        with capture.wire() as client:
            client.run(wire.parse("s", "SELECT 'first'"), wire.sync())
            got = client.run(wire.parse("s", "SELECT 'second'"), wire.sync())
            equal(codes(got), ["42P05"], "taken")
            use(client, "s", b"first")
            got = client.run(wire.parse("", "SELECT no_such_column"), wire.close("S", "s"),
                             wire.parse("s", "SELECT 'third'"), wire.sync())
            equal(codes(got), ["42703"], "an error before")
            use(client, "s", b"first")
            got = client.run(wire.close("S", "s"), wire.parse("s", "SELECT 'fourth'"),
                             wire.parse("s", "SELECT 'fifth'"), wire.sync())
            equal((wire.types(got), codes(got)), ("31EZ", ["42P05"]), "taken again")
            use(client, "s", b"fourth")
        with capture.finish(status=0) as trace:
            texts = [text for text, in trace.rows(
                "SELECT s.text FROM command c JOIN statement s ON s.id = c.statement "
                "WHERE c.tag = 'SELECT 1' ORDER BY c.exchange")]
            equal(texts, ["SELECT 'first'", "SELECT 'first'", "SELECT 'fourth'"], "texts")
            true(trace.verdicts()["equal"] == 7, f"{trace.verdicts()}")
