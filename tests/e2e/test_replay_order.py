"""A captured run again with its sessions at work at the same time: hot rows, deadlocks, think
times, and what never ends."""

import os
import subprocess
import time

import wire
from harness import Trace, cases, contains, equal, eventually, lacks, on_postgresql_only, true

HOT = ("CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL); "
       "CREATE TABLE history (id int, delta int); "
       "INSERT INTO hot SELECT g, 0 FROM generate_series(1, 3) g")
FRESH = "UPDATE hot SET n = 0; TRUNCATE history"

ONE_ROW = """BEGIN;
UPDATE hot SET n = n + 1 WHERE id = 1 RETURNING n;
COMMIT;
"""
TRANSFERS = """\\set id random(1, 3)
\\set delta random(-50, 50)
BEGIN;
UPDATE hot SET n = n + :delta WHERE id = :id;
SELECT n FROM hot WHERE id = :id;
INSERT INTO history VALUES (:id, :delta);
END;
"""
SINGLE = "\\set id random(1, 3)\nUPDATE hot SET n = n + 1 WHERE id = :id RETURNING n;\n"


def pgbench(env, capture, script, *arguments):
    path = env.path("script.sql")
    with open(path, "w", encoding="ascii") as out:
        out.write(script)
    done = subprocess.run(
        [env.tool("pgbench"), "-h", capture.host, "-p", str(capture.port), "-U",
         env.postgresql.user, "-n", "-f", path, *arguments, env.database],
        env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, timeout=55, check=False)
    equal(done.returncode, 0, f"status of pgbench\n{done.stderr}")


def replay(env, capture, *options, status=0, out="out.trace"):
    path = env.path(out)
    result = env.run("twinkly-replay", "-c", capture.configuration, "-t", path, *options,
                     capture.trace_path)
    equal(result.status, status, f"status of the replay ({result.stderr})")
    return result, path


def waits(env):
    return env.yugabytedb.execute(env.database, "SELECT 1 FROM pg_stat_activity "
                                  "WHERE datname = current_database() AND wait_event_type = 'Lock'")


def same_rows(env, what):
    rows = env.on_both("SELECT id, n FROM hot ORDER BY id")
    equal(rows[1], rows[0], f"rows of hot {what}")
    history = env.on_both("SELECT id, count(*), sum(delta) FROM history GROUP BY id ORDER BY id")
    equal(history[1], history[0], f"history {what}")
    return rows[0], history[0]


@cases(*[(f"{name}_{clients}", script, clients) for clients in (2, 4, 8)
         for name, script in (("one_row", ONE_ROW), ("transfers", TRANSFERS), ("single", SINGLE))])
@on_postgresql_only
def test_hot_rows(env, script, clients):
    """No hang, no mismatch, and every transaction counts once on either side."""
    env.on_both(HOT)
    # In the daemon's mode single statements of different sessions race on their way.
    with env.capture({"comparison.execution": "serial"}) as capture:
        pgbench(env, capture, script, "-c", str(clients), "-j", "2", "-t", "15")
        with capture.finish() as trace:
            count = trace.exchanges()
    then = same_rows(env, "after the capture")
    env.on_both(FRESH)
    result, path = replay(env, capture)
    equal(same_rows(env, "after the replay"), then, "rows, then and now")
    with Trace(path) as trace:
        equal(trace.verdicts()["equal"], count, f"equal exchanges ({result.stderr})")


@cases(("serial", "serial"), ("free", "free"))
@on_postgresql_only
def test_hot_rows_in_another_order(env, order):
    env.on_both(HOT)
    with env.capture() as capture:
        pgbench(env, capture, TRANSFERS, "-c", "4", "-j", "2", "-t", "10")
        capture.finish()
    then = same_rows(env, "after the capture")
    env.on_both(FRESH)
    replay(env, capture, "--order", order)
    equal(same_rows(env, "after the replay"), then, "rows, then and now")


def test_a_lock_wait_waits_again(env):
    env.on_both(HOT)
    with env.capture() as capture:
        with capture.wire() as first, capture.wire() as second:
            first.query("BEGIN")
            first.query("UPDATE hot SET n = 1 WHERE id = 1")
            second.send(wire.query("UPDATE hot SET n = n * 10 + 2 WHERE id = 1 RETURNING n"))
            eventually(lambda: waits(env), "the second session waits")
            first.query("SELECT 1")
            first.query("COMMIT")
            equal(wire.rows(second.read_until("Z")), [[b"12"]], "row")
        capture.finish().check_clean()
    env.on_both(FRESH)
    _, path = replay(env, capture)
    with Trace(path) as trace:
        trace.check_clean(least=5)
        true(trace.value("SELECT count(*) FROM event WHERE what = 'handed-on'") >= 1, "it waited")
    equal(env.on_both("SELECT n FROM hot WHERE id = 1"), ([(12,)], [(12,)]), "row")


@on_postgresql_only
def test_a_deadlock(env):
    """The same victim on both sides, here and in the capture."""
    env.on_both(HOT)
    with env.capture() as capture:
        with capture.wire() as first, capture.wire() as second:
            for client, row in ((first, 1), (second, 2)):
                client.query("BEGIN")
                client.query(f"UPDATE hot SET n = {row} WHERE id = {row}")
            first.send(wire.query("UPDATE hot SET n = 10 WHERE id = 2"))
            eventually(lambda: waits(env), "the first session waits")
            second.send(wire.query("UPDATE hot SET n = 20 WHERE id = 1"))
            answers = [first.read_until("Z"), second.read_until("Z")]
            equal(sorted(wire.status(answer) for answer in answers), ["E", "T"], "one victim")
            first.query("COMMIT")
            second.query("COMMIT")
        with capture.finish() as trace:
            then = trace.verdicts()
    env.on_both(FRESH)
    _, path = replay(env, capture)
    same_rows(env, "after the replay")
    with Trace(path) as trace:
        equal(trace.verdicts(), then, "verdicts")
        equal(trace.value("SELECT count(*) FROM command WHERE truth_sqlstate = '40P01'"), 1,
              "deadlocks")


@cases(("as_captured", "1", 0.6), ("faster", "10", 0.06))
def test_think_times(env, factor, least):
    with env.capture() as capture:
        with capture.wire() as client:
            for _ in range(3):
                client.query("SELECT 1")
                time.sleep(0.3)
        capture.finish().check_clean()
    began = time.monotonic()
    replay(env, capture, "--speed", factor)
    true(time.monotonic() - began >= least, "it took at least the time to think")
    with Trace(env.path("out.trace")) as trace:
        times = [row["started_us"] for row in trace.rows("SELECT started_us FROM exchange "
                                                         "ORDER BY id")]
    true(times[-1] - times[0] >= least * 900000, f"times {times}")


def test_what_never_ends_is_named(env):
    """A lock of somebody else, who is not in the trace."""
    env.on_both(HOT)
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            client.query("UPDATE hot SET n = 1 WHERE id = 1")
            client.query("SELECT 2")
        capture.finish().check_clean()
    with env.wire_to(env.yugabytedb) as other:
        other.query("BEGIN")
        other.query("UPDATE hot SET n = 1 WHERE id = 1")
        _, path = replay(env, capture, "--deadline", "700ms", status=3)
    with Trace(path) as trace:
        note = trace.value("SELECT note FROM exchange WHERE note IS NOT NULL")
    contains(note, "no answer to Query within 700.0 ms (--deadline)", "note")
    contains(note, "it waits for a lock of another program", "note")


def test_sessions_connect_and_leave_in_order(env):
    """A setting of the database holds for who connects after it, and not for who was there."""
    name = env.database
    with env.capture() as capture:
        with capture.wire() as early:
            with capture.wire() as client:
                client.query(f"ALTER DATABASE {name} SET work_mem = '7MB'")
            with capture.wire() as late:
                equal(wire.rows(late.query("SHOW work_mem")), [[b"7MB"]], "late")
            equal(wire.rows(early.query("SHOW work_mem")), [[b"4MB"]], "early")
        capture.finish().check_clean()
    env.on_both(f"ALTER DATABASE {name} RESET work_mem")
    result, _ = replay(env, capture)
    lacks(result.stderr, "otherwise than in the capture", "summary")
