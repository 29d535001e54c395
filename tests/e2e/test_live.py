"""What twinkly-capture shows while it runs."""

import os
import pty
import signal
import subprocess
import threading

from harness import contains, equal, eventually, lacks

LOGGING = {"comparison.on-mismatch": "log"}


def plant(env):
    env.on_postgresql("CREATE TABLE t AS SELECT i AS a, i AS b FROM generate_series(1, 3) i")
    env.on_yugabytedb("CREATE TABLE t AS SELECT i AS a, 9 AS b FROM generate_series(1, 3) i")


def test_each_new_kind_of_mismatch_is_shown_once(env):
    plant(env)
    with env.capture(LOGGING) as capture:
        with capture.wire() as client:
            for number in (1, 2, 3):
                client.query(f"SELECT b FROM t WHERE a = {number}")
            client.query("SELECT a FROM t WHERE b = 9 ORDER BY a")
            client.query("SELECT 'equal'")
        log = capture.stop().stderr
    lines = [line for line in log.split("\n") if "new mismatch" in line]
    equal(len(lines), 2, f"lines ({log})")
    contains(lines[0], ", exchange 1: new mismatch: Value mismatch: row 1, column 1 (b): PostgreSQL 1", "first line")
    contains(lines[0], "select b from t where a = ?", "first line")
    contains(lines[1], "exchange 4: new mismatch: Row count mismatch: ", "second line")
    lacks(log, "\x1b", "a log that is no terminal")
    contains(log, "5 exchanges", "summary")


def test_the_level_of_the_log_holds(env):
    plant(env)
    with env.capture({**LOGGING, "log.level": "error"}) as capture:
        with capture.wire() as client:
            client.query("SELECT b FROM t")
        lacks(capture.stop().stderr, "new mismatch", "log")


def test_what_is_redacted_is_not_shown(env):
    plant(env)
    with env.capture({**LOGGING, "trace.redact.columns": ["b"]}) as capture:
        with capture.wire() as client:
            client.query("SELECT b FROM t WHERE a = 1")
        log = capture.stop().stderr
    contains(log, "new mismatch: value: row 1, column b: the values are redacted", "log")


class Terminal:
    """The other end of a terminal, read as it is written."""

    def __init__(self):
        self._leader, self.follower = pty.openpty()
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while chunk := os.read(self._leader, 65536):
                self.text += chunk.decode(errors="replace")
        except OSError:  # the last writer is gone
            pass

    def close(self):
        os.close(self.follower)
        self._reader.join(30)
        os.close(self._leader)


def test_a_terminal_has_a_status_line_that_is_erased(env):
    plant(env)
    with env.capture(LOGGING) as capture:
        command = capture.command_line()
        capture.stop()
    terminal = Terminal()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal.follower,
                          stderr=terminal.follower, start_new_session=True) as process:
        try:
            eventually(lambda: "0 sessions" in terminal.text, "the status line")
            with capture.wire() as client:
                client.query("SELECT b FROM t WHERE a = 1")
                eventually(lambda: "1 mismatches, 1 sessions" in terminal.text, "the counts")
            process.send_signal(signal.SIGTERM)
            equal(process.wait(30), 1, f"status ({terminal.text})")
        finally:
            process.kill()
    terminal.close()
    contains(terminal.text, "\r\x1b[Ktwinkly: PostgreSQL against", "summary after the erased line")
