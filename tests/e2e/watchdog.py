"""
Ends a test that hangs, even one that hangs in C code holding Python's lock: a process beside
the runner, told of each test's start and end through a pipe. When time is up it first kills the
programs under test, so that a client waiting for them wakes up, and signals the runner; if that
does not help it kills the runner, and the kernel ends the servers with it.
"""

import faulthandler
import os
import select
import signal

TEST_TIMEOUT_S = 60 * int(os.environ.get("TWINKLY_SOAK", "1"))
CLEANUP_TIMEOUT_S = 30


def _children(pid):
    """Processes whose parent is `pid`."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += [int(word) for word in file.read().split()]
    return found


def _kill_programs(runner, programs):
    """Of the runner's own children those whose program lies in our directory."""
    for pid in _children(runner):
        try:
            path = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if os.path.dirname(path) == programs:
            os.kill(pid, signal.SIGKILL)


def _watch(pipe, runner, programs):
    """One round per test: a byte starts it, the next byte ends it; the pipe's end ends all."""
    while os.read(pipe, 1):
        if not select.select([pipe], [], [], TEST_TIMEOUT_S)[0]:
            _kill_programs(runner, programs)
            os.kill(runner, signal.SIGALRM)
            if not select.select([pipe], [], [], CLEANUP_TIMEOUT_S)[0]:
                os.kill(runner, signal.SIGKILL)
                return
        if not os.read(pipe, 1):
            return


class Watchdog:
    """Start it before any thread. `with watchdog:` around each test."""

    def __init__(self, programs):
        programs = os.path.realpath(programs)
        runner = os.getpid()
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(reading)
            return
        # The helper: it lives until the runner's end of the pipe is gone.
        os.close(self._writing)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        try:
            _watch(reading, runner, programs)
        finally:
            os._exit(0)

    def __enter__(self):
        os.write(self._writing, b"s")
        # Shows where everybody waits, just before the time is up.
        faulthandler.dump_traceback_later(TEST_TIMEOUT_S - 1)

    def __exit__(self, *_):
        faulthandler.cancel_dump_traceback_later()
        os.write(self._writing, b"e")

    def stop(self):
        os.close(self._writing)
        os.waitpid(self._pid, 0)
