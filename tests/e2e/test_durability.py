"""What a trace holds after the proxy was killed, the disk was full or the file reached its limit."""

import os
import random
import resource
import threading
import time

import wire
from harness import Trace, contains, equal, eventually, true

KILLS = 50
LOST_MOST = 1000 + 64  # a batch being written, one that fills, and what was under way behind them


def check(env, trace, status=0):
    result = env.run("twinkly-trace", "check", trace)
    equal(result.status, status, f"twinkly-trace check: {result.stdout} {result.stderr}")
    return result.stdout


class Load(threading.Thread):
    """Statements over one connection until it breaks; counts those that were answered, by time."""

    def __init__(self, capture):
        super().__init__(daemon=True)
        self.client = capture.wire()
        self.answered = []

    def run(self):
        message = wire.query("SELECT 'durable', repeat('x', 100)")
        try:
            while True:
                self.client.send(message)
                self.client.read_until("Z")
                self.answered.append(time.monotonic())
        except (OSError, wire.Closed):
            pass


def killed_once(env, delay, number):
    """Kills a proxy under load after that time; how many answered exchanges its trace lacks."""
    trace = env.path(f"killed-{number}.trace")
    capture = env.capture(trace=trace)
    loads = [Load(capture) for _ in range(2)]
    for load in loads:
        load.start()
    eventually(lambda: all(load.answered for load in loads), "the load runs")
    time.sleep(delay)
    at = time.monotonic()
    capture.kill()
    for load in loads:
        load.join(10)
    text = check(env, trace, status=1)
    equal(text.count("\n"), 2, f"its only problem is that it has no end: {text}")
    contains(text, "it has no end", "check")
    with Trace(trace) as opened:
        opened.check_integrity()
        kept = opened.exchanges()
        equal(opened.value("SELECT count(DISTINCT exchange) FROM command"), kept, "commands")
    answered = sum(len(load.answered) for load in loads)
    old = sum(1 for load in loads for moment in load.answered if moment < at - 1)
    true(kept >= old, f"{kept} exchanges are kept, {old} were answered a second before")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(trace + suffix):
            os.unlink(trace + suffix)
    return max(0, answered - kept)


def test_killed_at_random_moments(env):
    seed = int(os.environ.get("TWINKLY_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    lost = []
    for number in range(KILLS):
        try:
            lost.append(killed_once(env, chance.random() * 0.25, number))
        except AssertionError as failure:
            raise AssertionError(f"TWINKLY_SEED={seed}, kill {number}: {failure}") from failure
    true(max(lost) <= LOST_MOST, f"TWINKLY_SEED={seed}: lost {max(lost)} exchanges: {lost}")


def limited(env, policy, **limits):
    """A proxy in whose process no file may grow beyond some bytes."""
    capture = env.capture({"trace.on-failure": policy})
    resource.prlimit(capture.process.pid, resource.RLIMIT_FSIZE, (limits["most"], -1))
    return capture


def fill(capture, wanted):
    """Statements until the proxy ends us, or until enough were answered."""
    answered = 0
    try:
        with capture.wire() as client:
            for _ in range(wanted):
                client.query(f"SELECT '{os.urandom(2000).hex()}'")
                answered += 1
    except (OSError, wire.Closed):
        pass
    return answered


def test_a_full_disk_stops_the_run(env):
    capture = limited(env, "stop", most=600_000)
    with capture:
        true(fill(capture, 3000) < 3000, "it went on")
        capture.process.wait(20)
        result = capture.stop()
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, "cannot be written", "the reason")
    contains(check(env, capture.trace_path, status=1), "it has no end", "check")


def test_a_full_disk_leaves_a_gap(env):
    capture = limited(env, "continue", most=600_000)
    with capture:
        equal(fill(capture, 1500), 1500, "answered")
        resource.prlimit(capture.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        with capture.wire() as client:
            client.query("SELECT 'after'")
        capture.finish(status=3)
    with Trace(capture.trace_path) as trace:
        trace.check_integrity()
        missing = trace.value("SELECT sum(exchanges) FROM gap")
        true(missing > 0, "no gap")
        equal(trace.exchanges() + missing, 1501, "kept and missing exchanges")
        equal(trace.statements()[-1], "SELECT 'after'", "the last statement")
    contains(check(env, capture.trace_path, status=1), "could not be recorded", "check")


def test_a_trace_that_reaches_its_size_stops_the_run(env):
    with env.capture({"trace.max-size": "500KB"}) as capture:
        true(fill(capture, 3000) < 3000, "it went on")
        capture.process.wait(20)
        result = capture.stop()
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, "the trace has reached trace.max-size, 512000 bytes", "the reason")
    check(env, capture.trace_path, status=1)


def test_a_trace_that_reaches_its_size_only_counts(env):
    with env.capture({"trace.max-size": "500KB", "trace.on-failure": "continue"}) as capture:
        equal(fill(capture, 600), 600, "answered")
        result = capture.stop()
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, "trace.max-size", "the reason")
    true(os.path.getsize(capture.trace_path) < 12_000_000, "the file grew on")
    with Trace(capture.trace_path) as trace:
        trace.check_integrity()
        equal(trace.value("SELECT count(*) FROM gap"), 1, "gaps")
        equal(trace.exchanges() + trace.value("SELECT exchanges FROM gap"), 600,
              "kept and missing exchanges")
        contains(trace.value("SELECT reason FROM gap"), "trace.max-size", "the reason")


def test_a_directory_that_cannot_be_written(env):
    """/proc lets nobody make a file, not even root."""
    configuration, _ = env.configuration()
    result = env.run("twinkly-capture", "-c", configuration, "-t", "/proc/run.trace", "--", "true")
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, "/proc/run.trace: cannot be made", "message")
