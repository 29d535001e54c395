"""Long results whose rows come in another order: decided in bounded memory."""

import os
import re

import wire
from harness import cases, contains, equal, on_postgresql_only, true

ROWS = 300000
FILL = "INSERT INTO t SELECT i, repeat('x', 80) FROM generate_series(1, {}) i"
BACKWARDS = "INSERT INTO t SELECT i, repeat('x', 80) FROM generate_series({}, 1, -1) i"
BOUND_MIB = 96  # both sides' buffers and the client's, whatever the size of the result


def fill(env):
    env.on_both("CREATE TABLE t (a int, b text)")
    env.on_postgresql(FILL.format(ROWS))
    env.on_yugabytedb(BACKWARDS.format(ROWS))


def peak_mib(capture):
    with open(f"/proc/{capture.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024


def bounded(capture):
    """Sanitizers keep what was freed for a while: no figure of the product's."""
    if "address" in os.readlink(f"/proc/{capture.process.pid}/exe"):
        return
    peak = peak_mib(capture)
    true(peak < BOUND_MIB, f"peak memory {peak:.0f} MiB")


@on_postgresql_only
@cases(("rows", "SELECT * FROM t", "D"), ("copy", "COPY t TO STDOUT", "d"))
def test_the_same_rows_in_another_order(env, sql, kind):
    fill(env)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query(sql)
            equal(sum(1 for message in got if message[0] == kind), ROWS, "rows")
            equal(wire.errors(got), [], "errors")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "goes on")
        bounded(capture)
        capture.finish().check_clean(least=2)


@on_postgresql_only
@cases(("value", "UPDATE t SET b = 'y' || substr(b, 2) WHERE a = 777", "Value mismatch", "value"),
       ("row", "DELETE FROM t WHERE a = 777", "Row count mismatch", "row-count"),
       ("twice", "UPDATE t SET a = 776 WHERE a = 777", "Value mismatch", "value"))
def test_one_row_among_many(env, change, text, kind):
    fill(env)
    env.on_yugabytedb(change)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT * FROM t")
            equal(wire.types(got)[-2:], "EZ", "an error in place of CommandComplete")
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "SQLSTATE")
            contains(wire.errors(got)[0]["M"], text, "message")
        bounded(capture)
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), [kind], "kinds")


@on_postgresql_only
def test_another_order_under_order_by(env):
    fill(env)
    env.on_both("UPDATE t SET b = CASE WHEN a % 2 = 0 THEN 'B' ELSE 'a' END || b")
    env.on_postgresql('ALTER TABLE t ALTER b TYPE text COLLATE "C"')
    env.on_yugabytedb('ALTER TABLE t ALTER b TYPE text COLLATE "en-x-icu"')
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT a, b FROM t ORDER BY b")
            equal([e["C"] for e in wire.errors(got)], ["XX000"], "SQLSTATE")
        bounded(capture)
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["order"], "kinds")


@on_postgresql_only
def test_several_long_results_and_a_short_one(env):
    fill(env)
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT * FROM t; SELECT 'between'; SELECT a FROM t")
            equal(wire.errors(got), [], "errors")
            equal(wire.tags(got), [f"SELECT {ROWS}", "SELECT 1", f"SELECT {ROWS}"], "tags")
        bounded(capture)
        capture.finish().check_clean(least=1)
