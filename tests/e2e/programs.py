"""
The programs under test: starting and ending twinkly-capture, running the others, and reading
a trace with Python's own sqlite3, as any user can.
"""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from typing import NamedTuple

import psycopg2

from checks import Failed, equal, shorten
from servers import die_with_parent, free_port
from wire import Wire

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
COMMAND_TIMEOUT_S = 50
SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:)")


class Result(NamedTuple):
    """How a program ended. `trace` is a path."""
    status: int
    stdout: str
    stderr: str
    trace: str = None


def check_sanitizer(text, program):
    if SANITIZER.search(text):
        raise Failed(f"{program}: sanitizer report:\n{shorten(text, 6000)}")


def setting(key, value):
    """The -s argument for a value of Python's."""
    if isinstance(value, (bool, list, tuple)):
        return f"{key}={json.dumps(value)}"
    return f"{key}={value}"


def write_configuration(path, port, postgresql, yugabytedb):
    """A twinkly.conf for two servers."""
    lines = ["proxy {", '  listen-address = "127.0.0.1"', f"  listen-port = {port}"]
    for section, server in (("postgresql", postgresql), ("yugabytedb", yugabytedb)):
        lines += [f"  {section} {{", f'    host = "{server.host}"', f"    port = {server.port}"]
        if server.user != "postgres":
            lines.append(f"    user = {json.dumps(server.user)}")
        if server.password is not None:
            lines.append(f"    password = {json.dumps(server.password)}")
        lines.append("  }")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines + ["}", ""]))


def run_program(directory, arguments, timeout=COMMAND_TIMEOUT_S, environment=None, cwd=None):
    """Runs a program to its end, in a process group of its own that a timeout ends whole.
    Its output goes to files: what it leaves running cannot keep us waiting at a pipe."""
    paths = [os.path.join(directory, name) for name in ("stdout", "stderr")]
    with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
            start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
            env={**os.environ, **(environment or {})})
        try:
            status = process.wait(timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    texts = [read_text(path) for path in paths]
    check_sanitizer(texts[1], os.path.basename(arguments[0]))
    return Result(status, *texts)


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Capture:
    """A running twinkly-capture daemon in front of two servers."""

    def __init__(self, program, directory, servers, database, options=None, trace=None,
                 arguments=()):
        self.host, self.port = "127.0.0.1", free_port()
        self.user = servers[0].user
        self.database = database
        self.trace_path = trace or os.path.join(directory, f"capture-{self.port}.trace")
        self._log = os.path.join(directory, f"capture-{self.port}.log")
        self.configuration = os.path.join(directory, f"capture-{self.port}.conf")
        write_configuration(self.configuration, self.port, *servers)
        self._arguments = [program, "-c", self.configuration, "-t", self.trace_path, *arguments]
        for key, value in (options or {}).items():
            self._arguments += ["-s", setting(key, value)]
        self.process = None
        self.result = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.result is None:
            self.stop()

    def start(self):
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                self._arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL))
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise Failed(f"twinkly-capture did not start:\n{self.log()}")
            time.sleep(0.02)
        return self

    def _accepts(self):
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def log(self):
        return read_text(self._log)

    def command_line(self):
        return list(self._arguments)

    def connect(self, **parameters):
        """A psycopg2 connection through the proxy, in autocommit mode."""
        connection = psycopg2.connect(host=self.host, port=self.port, user=self.user,
                                      **{"dbname": self.database, "connect_timeout": 20,
                                         **parameters})
        connection.autocommit = True
        return connection

    def wire(self, start=True, parameters=(), database=None):
        """A raw protocol connection through the proxy."""
        return Wire(self.host, self.port, self.user, database or self.database, start, parameters)

    def stop(self, signal_number=signal.SIGTERM):
        """Ends the proxy and waits; Result's output is the log. Fails if it does not end."""
        if self.result is None:
            self.process.send_signal(signal_number)
            try:
                status = self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Failed(f"twinkly-capture did not end within {STOP_TIMEOUT_S} s of signal "
                             f"{signal_number}:\n{self.log()}") from None
            log = self.log()
            self.result = Result(status, log, log, self.trace_path)
            check_sanitizer(log, "twinkly-capture")
        return self.result

    def finish(self, status=0):
        """Ends the proxy, which must exit with that status; gives its trace."""
        result = self.stop()
        equal(result.status, status, f"exit status of twinkly-capture (log: {result.stderr})")
        return Trace(self.trace_path)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.result is None:
            self.result = Result(-signal.SIGKILL, "", "", self.trace_path)


class Trace:
    """A trace, opened read-only; queries use the names of the look-up tables."""

    def __init__(self, path):
        self.path = path
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        self._db.row_factory = sqlite3.Row

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._db.close()

    def rows(self, sql, *parameters):
        return self._db.execute(sql, parameters).fetchall()

    def value(self, sql, *parameters):
        return self.rows(sql, *parameters)[0][0]

    def verdicts(self):
        """How many exchanges have each verdict, by name."""
        return Counter({row[0]: row[1] for row in self.rows(
            "SELECT v.name, count(*) FROM exchange e JOIN verdict v ON v.id = e.verdict "
            "GROUP BY v.name")})

    def statements(self):
        """The text of every command, in order."""
        return [row[0] for row in self.rows(
            "SELECT s.text FROM command c JOIN statement s ON s.id = c.statement "
            "ORDER BY c.exchange, c.ordinal")]

    def commands(self, like):
        """Commands whose statement matches a LIKE pattern, verdicts as words."""
        return self.rows(
            "SELECT c.*, v.name AS verdict_name, s.text FROM command c "
            "JOIN statement s ON s.id = c.statement JOIN verdict v ON v.id = c.verdict "
            "WHERE s.text LIKE ? ORDER BY c.exchange, c.ordinal", like)

    def differences(self):
        return self.rows(
            "SELECT d.*, k.name AS kind_name FROM difference d "
            "JOIN difference_kind k ON k.id = d.kind ORDER BY d.exchange, d.ordinal")

    def kinds(self):
        return [row["kind_name"] for row in self.differences()]

    def events(self):
        return [row[0] for row in self.rows("SELECT what FROM event ORDER BY at_us")]

    def exchanges(self):
        return self.value("SELECT count(*) FROM exchange")

    def check_clean(self, least=1):
        """Something was captured, all of it compared and equal, nothing lost."""
        verdicts = self.verdicts()
        if set(verdicts) != {"equal"} or verdicts["equal"] < least:
            told = [tuple(row) for row in self.rows("SELECT * FROM difference LIMIT 5")]
            raise Failed(f"expected at least {least} exchanges, all equal; got "
                         f"{dict(verdicts)}, differences {told}")
        equal(self.value("SELECT count(*) FROM gap"), 0, "gaps")
        self.check_integrity()
        return self

    def check_integrity(self):
        equal(self.value("PRAGMA integrity_check"), "ok", "integrity of the trace")
        return self
