"""Many sessions at a time, many in a row: nobody is refused, nothing grows. TWINKLY_SOAK
multiplies the counts; `make soak` runs this file with 10."""

import os

import wire
from harness import Closed, equal, eventually, true
from test_faults import descriptors, sessions

FACTOR = int(os.environ.get("TWINKLY_SOAK", "1"))
OPTIONS = {"comparison.preflight": "off", "proxy.max-connections": 3000}


def resident(capture):
    """Kilobytes."""
    with open(f"/proc/{capture.process.pid}/status", encoding="ascii") as file:
        return int([line for line in file if line.startswith("VmRSS")][0].split()[1])


def stays_flat(capture, before, after):
    """Sanitizers keep what was freed for a while: no figure of the product's."""
    if "address" not in os.readlink(f"/proc/{capture.process.pid}/exe"):
        true(after < before * 1.2 + 4096, f"memory grew from {before} to {after} kB")


def most_sessions(env):
    """What both servers take, and a few for those who look."""
    most = min(int(s.execute(env.database, "SHOW max_connections")[0][0]) for s in env.servers)
    return most - 20


def test_many_sessions_at_a_time(env):
    """Each says something, all are idle, each says something again; one more is told why not."""
    count = min(most_sessions(env), 120 if FACTOR == 1 else 10000)
    with env.capture({**OPTIONS, "proxy.max-connections": count}) as capture:
        clients = [capture.wire() for _ in range(count)]
        equal(sessions(capture), count, "sessions")
        for turn in ("first", "second"):
            for client in clients:
                client.send(wire.query(f"SELECT '{turn}'"))
            for client in clients:
                equal(wire.rows(client.read_until("Z")), [[turn.encode()]], "rows")
        try:
            capture.wire().close()
            raise AssertionError("one more than proxy.max-connections came in")
        except Closed as closed:
            equal(wire.errors(closed.messages)[0]["C"], "53300", "SQLSTATE")
        for client in clients:
            client.close()
        eventually(lambda: sessions(capture) == 0, "the end of all sessions")
        capture.finish().check_clean(least=2 * count)


def test_many_connections_in_a_row(env):
    with env.capture(OPTIONS) as capture:
        def some(count):
            for _ in range(count):
                with capture.wire() as client:
                    client.query("SELECT 1")
            eventually(lambda: sessions(capture) == 0, "the end of all sessions")
            return descriptors(capture), resident(capture)
        count = 500 * FACTOR
        before, after = some(count), some(count)
        equal(after[0], before[0], "descriptors")
        stays_flat(capture, before[1], after[1])
        capture.finish().check_clean(least=2 * count)


def test_memory_stays_flat(env):
    """Exchanges of the usual kinds, thousands of them in one session."""
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b text)")
    packet = (wire.query("INSERT INTO t VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = t.b")
              + wire.query("SELECT * FROM t") + wire.query("SELECT 1/0")
              + wire.parse("", "SELECT $1::int") + wire.bind("", "", ["5"]) + wire.execute()
              + wire.sync())
    with env.capture(OPTIONS) as capture, capture.wire() as client:
        def some(count):
            for _ in range(count):
                client.run(packet, syncs=4)
            return resident(capture)
        count = 500 * FACTOR
        before, after = some(count), some(2 * count)
        stays_flat(capture, before, after)
        client.close()
        capture.finish().check_clean(least=12 * count)
