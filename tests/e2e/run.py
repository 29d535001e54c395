#!/usr/bin/python3
"""
Runs the end-to-end tests: run.py --bin DIR [--only PATTERN] [--list].

Every function test_*(env) of every test_*.py here is a test; it gets a database of its own on
both servers, which are started once. A test that takes over a minute is ended with all that it
started. Prints each failed test with its traceback, and at the end `N passed, N failed`. Tests that are
skipped, or that must still fail (pending), are counted before that.
"""

import argparse
import faulthandler
import fnmatch
import importlib
import os
import re
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import chromium  # noqa: E402
import servers as server_pair  # noqa: E402
from checks import Pending  # noqa: E402
from harness import Env  # noqa: E402
from watchdog import TEST_TIMEOUT_S, Watchdog  # noqa: E402


class TimedOut(Exception):
    pass


def discover(pattern):
    """(name, function, arguments) of every test, in the order of files and lines."""
    found = []
    for file in sorted(os.listdir(HERE)):
        if not re.fullmatch(r"test_\w+\.py", file):
            continue
        module = importlib.import_module(file[:-3])
        for name, function in vars(module).items():
            if not name.startswith("test_") or function.__module__ != module.__name__:
                continue
            for row in getattr(function, "cases", [("",)]):
                full = f"{file[5:-3]}.{name[5:]}" + (f"[{row[0]}]" if row[0] else "")
                if fnmatch.fnmatch(full, f"*{pattern}*"):
                    found.append((full, function, row[1:]))
    return found


class Runner:
    def __init__(self, programs, work, is_telling):
        self.is_telling = is_telling
        self.programs, self.work = os.path.abspath(programs), work
        self.passed, self.failed, self.pending = 0, 0, 0
        self.skipped = {}
        self.servers = ()
        self.watchdog = Watchdog(programs)

    def run(self, tests):
        try:
            if not all(needs_no_servers(function) for _, function, _ in tests):
                self.servers = server_pair.start_pair(os.path.join(self.work, "servers"))
            for number, (name, function, arguments) in enumerate(tests, 1):
                self._run_one(number, name, function, arguments)
        finally:
            for server in self.servers:
                server.stop()
            self.watchdog.stop()

    def _run_one(self, number, name, function, arguments):
        why = self._why_skipped(function)
        if why:
            self.skipped[why] = self.skipped.get(why, 0) + 1
            return
        started = time.monotonic()
        database = re.sub(r"\W+", "_", f"t{number}_{name}")[:50].lower()
        env = Env(self.programs, os.path.join(self.work, database), self.servers, database)
        problem = self._attempt(env, function, arguments)
        if isinstance(problem, Pending):
            self.pending += 1
            if self.is_telling:
                print(f"pending {name}: {problem}", flush=True)
        if problem is None or isinstance(problem, Pending):
            self.passed += problem is None
            shutil.rmtree(env.directory, ignore_errors=True)
            return
        self.failed += 1
        print(f"FAILED {name} ({time.monotonic() - started:.1f} s; files: {env.directory})",
              flush=True)
        print(problem, flush=True)

    def _why_skipped(self, function):
        """The reason, or None."""
        if getattr(function, "in_a_browser", False) and not chromium.find():
            return "they need Chromium (Debian's package chromium)"
        if needs_no_servers(function):
            return None
        is_real = not isinstance(self.servers[1], server_pair.Cluster)
        if is_real and getattr(function, "postgresql_only", False):
            return "they need two PostgreSQL of one version"
        if not is_real and getattr(function, "yugabytedb_only", False):
            return "they need a real YugabyteDB, named by TWINKLY_TEST_YUGABYTEDB"
        return None

    def _attempt(self, env, function, arguments):
        """None, the traceback, or what is pending."""
        problem = None
        servers = () if needs_no_servers(function) else self.servers
        with self.watchdog:
            try:
                for server in servers:
                    server.create_database(env.database)
                function(env, *arguments)
                env.close()
            except Pending as pending:
                problem = pending
            except Exception:
                problem = traceback.format_exc()
            finally:
                env.kill()
            try:
                for server in servers:
                    server.drop_database(env.database)
            except Exception:
                problem = (problem or "") + traceback.format_exc()
        return problem


def needs_no_servers(function):
    return getattr(function, "without_servers", False)


def on_alarm(*_):
    raise TimedOut(f"took more than {TEST_TIMEOUT_S} s")


def on_end(number, _):
    raise KeyboardInterrupt(f"signal {number}")


def parse_arguments():
    parser = argparse.ArgumentParser(description="end-to-end tests of Twinkly")
    parser.add_argument("--bin", required=True, metavar="DIR", help="where the programs are")
    parser.add_argument("--only", default="", metavar="PATTERN", help="part of a test's name")
    parser.add_argument("--pending", action="store_true", help="tell why pending tests fail")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    return parser.parse_args()


def prepare_environment():
    """Nothing of the caller's may steer libpq or sqlite's clients."""
    for name in list(os.environ):
        if name.startswith("PG"):
            del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ["PSQLRC"] = os.devnull
    faulthandler.enable()
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_end)
    signal.signal(signal.SIGHUP, on_end)


def main():
    arguments = parse_arguments()
    prepare_environment()
    tests = discover(arguments.only)
    if arguments.list:
        print("\n".join(name for name, _, _ in tests))
        return 0
    if not tests:
        print(f"no test matches {arguments.only!r}")
        return 2
    for program in ("twinkly-capture", "twinkly-replay", "twinkly-report",
                    "twinkly-trace"):
        if not os.access(os.path.join(arguments.bin, program), os.X_OK):
            print(f"{os.path.join(arguments.bin, program)} is not there: run make first")
            return 2
    # Below build/, one directory a run; it stays only if a test failed.
    work = os.path.join(HERE, "..", "..", "build", "e2e", str(os.getpid()))
    runner = Runner(arguments.bin, os.path.abspath(work), arguments.pending)
    try:
        runner.run(tests)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        if not runner.failed:
            shutil.rmtree(runner.work, ignore_errors=True)
    for why, count in runner.skipped.items():
        print(f"{count} skipped: {why}")
    if runner.pending:
        print(f"{runner.pending} pending: they fail as tests/peer/pending.txt says")
    print(f"{runner.passed} passed, {runner.failed} failed")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
