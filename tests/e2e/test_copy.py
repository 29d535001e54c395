"""COPY in both directions, in the simple and in the extended protocol."""

import wire
from harness import cases, contains, env_table, equal, true
from wire import bind, copy_data, copy_done, copy_fail, describe, execute, flush, parse, query, sync


def lines(count):
    return [f"{n}\tname {n}\t{n * 1.5}\n".encode() for n in range(count)]


def make_table(env):
    env.on_both("CREATE TABLE t (id int PRIMARY KEY, name text, price float8)")


def test_copy_in(env):
    make_table(env)
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"))
            equal(wire.types(client.read_until("G")), "G", "CopyInResponse")
            client.send(*[copy_data(line) for line in lines(20000)], copy_done())
            got = client.read_until("Z")
            equal(wire.types(got), "CZ", "grammar")
            equal(wire.tags(got), ["COPY 20000"], "tag")
        capture.finish().check_clean()
    env_table(env, "t", 20000)


def test_copy_in_cut_at_odd_places(env):
    make_table(env)
    data = b"".join(lines(300))
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"))
            client.read_until("G")
            for at in range(0, len(data), 7):
                client.send(copy_data(data[at:at + 7]))
            client.send(copy_done())
            equal(wire.tags(client.read_until("Z")), ["COPY 300"], "tag")
        capture.finish().check_clean()
    env_table(env, "t", 300)


def test_copy_in_sent_without_waiting(env):
    make_table(env)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(query("COPY t FROM STDIN"), *[copy_data(line) for line in lines(50)],
                             copy_done(), query("SELECT count(*) FROM t"), syncs=2)
            equal(wire.types(got), "GCZ" "TDCZ", "grammar")
            equal(wire.rows(got), [[b"50"]], "rows")
        capture.finish().check_clean(least=2)


def test_copy_fail(env):
    make_table(env)
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"), copy_data(b"1\ta\t1\n"))
            client.read_until("G")
            client.send(copy_fail("changed my mind"))
            got = client.read_until("Z")
            equal(wire.types(got), "EZ", "grammar")
            equal(wire.errors(got)[0]["C"], "57014", "SQLSTATE")
            contains(wire.errors(got)[0]["M"], "changed my mind", "message")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        capture.finish().check_clean(least=2)
    env_table(env, "t", 0)


def test_copy_of_bad_data(env):
    make_table(env)
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"), copy_data(b"one\ta\t1\n"), copy_done())
            got = client.read_until("Z")
            equal(wire.types(got), "GEZ", "grammar")
            equal(wire.errors(got)[0]["C"], "22P02", "SQLSTATE")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        capture.finish().check_clean(least=2)


def test_copy_out(env):
    make_table(env)
    env.on_both("INSERT INTO t SELECT i, 'n' || i, i / 4.0 FROM generate_series(1, 20000) i")
    with env.wire_to(env.yugabytedb) as direct:
        expected = direct.query("COPY t TO STDOUT")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("COPY t TO STDOUT")
            equal(wire.types(got)[0] + wire.types(got)[-3:], "HcCZ", "grammar")
            true(got == expected, "the data are not the source of truth's")
            equal(wire.tags(client.query("COPY (SELECT 1 WHERE false) TO STDOUT")), ["COPY 0"],
                  "an empty COPY")
        capture.finish().check_clean(least=2)


def test_copy_binary_and_csv_round_trip(env):
    make_table(env)
    env.on_both("INSERT INTO t VALUES (1, 'quote \" and, comma', 0.1), (2, NULL, 'NaN')")
    env.on_both("CREATE TABLE back (LIKE t)")
    with env.capture() as capture:
        with capture.wire() as client:
            for form in ("binary", "csv", "text"):
                got = client.query(f"COPY t TO STDOUT (FORMAT {form})")
                data = [m.body for m in got if m.type == "d"]
                client.query("TRUNCATE back")
                client.send(query(f"COPY back FROM STDIN (FORMAT {form})"),
                            *[copy_data(part) for part in data], copy_done())
                equal(wire.tags(client.read_until("Z")), ["COPY 2"], f"tag of {form}")
        capture.finish().check_clean(least=9)
    env_table(env, "back", 2)


def test_copy_in_extended_as_libpq_sends_it(env):
    """The Sync that comes before the data is read by the server while it copies, and ignored;
    a second one follows the data."""
    make_table(env)
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(parse("", "COPY t FROM STDIN"), bind("", ""), describe("P"), execute(),
                        sync())
            equal(wire.types(client.read_until("G")), "12nG", "up to CopyInResponse")
            client.send(*[copy_data(line) for line in lines(100)], copy_done(), sync())
            equal(wire.types(client.read_until("Z")), "CZ", "after the data")
            equal(wire.rows(client.query("SELECT count(*) FROM t")), [[b"100"]], "rows")
        capture.finish().check_clean(least=2)


def test_copy_out_extended(env):
    make_table(env)
    env.on_both("INSERT INTO t SELECT i, 'n', 0 FROM generate_series(1, 5) i")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(parse("", "COPY t TO STDOUT"), bind("", ""), describe("P"),
                             execute(), sync())
            equal(wire.types(got), "12nH" + "d" * 5 + "cCZ", "grammar")
        capture.finish().check_clean()


@cases(*[(mode, mode) for mode in ("serial", "ordered", "parallel")])
def test_copy_that_fails_before_its_data(env, execution):
    """A server says CopyInResponse, and then that it cannot copy into a view, without having
    seen data. How far either side is when the other is heard must not matter."""
    make_table(env)
    env.on_both("CREATE VIEW v AS SELECT * FROM t")
    rounds = 100
    with env.capture({"comparison.execution": execution}) as capture:
        with capture.wire() as client:
            for _ in range(rounds):
                client.send(query("COPY v FROM STDIN"))
                client.read_until("G")
                client.send(copy_data(b"1\ta\t1\n"), copy_done())
                got = client.read_until("Z")
                equal(wire.types(got), "EZ", "grammar")
                equal(wire.errors(got)[0]["C"], "42809", "SQLSTATE")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        capture.finish().check_clean(least=rounds + 1)


def test_copy_that_fails_before_its_data_extended(env):
    make_table(env)
    env.on_both("CREATE VIEW v AS SELECT * FROM t")
    rounds = 100
    with env.capture() as capture:
        with capture.wire() as client:
            for _ in range(rounds):
                client.send(parse("", "COPY v FROM STDIN"), bind("", ""), execute(), flush())
                got = client.read_until("G")
                client.send(copy_data(b"1\ta\t1\n"), copy_done(), sync())
                equal(wire.types(got + client.read_until("Z")), "12GEZ", "grammar")
        capture.finish().check_clean(least=rounds)
