"""
What a test is given: an Env with a database of its own on both servers, a scratch directory,
and the programs. Tests import what they need from here.
"""

import os

from checks import contains, equal, eventually, fails, lacks, true
from programs import (Capture, Result, Trace, check_sanitizer, free_port, read_text,
                      run_program, setting, write_configuration)
from wire import Closed, Wire

__all__ = [
    "Capture", "Closed", "Env", "Result", "Trace", "Wire", "cases", "check_sanitizer",
    "contains", "env_table", "equal", "eventually", "fails", "free_port", "lacks",
    "on_postgresql_only", "on_yugabytedb_only", "read_text", "run_program", "setting",
    "true", "without_servers", "write_configuration",
]

PYTHON = "/usr/bin/python3"
CLIENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")


def cases(*rows):
    """Runs the test once per row; a row is (name, argument...)."""
    def mark(test):
        test.cases = rows
        return test
    return mark


def on_postgresql_only(test):
    """The test needs two PostgreSQL of the same version: skipped with a real YugabyteDB."""
    test.postgresql_only = True
    return test


def on_yugabytedb_only(test):
    """The test needs the real YugabyteDB of TWINKLY_TEST_YUGABYTEDB: skipped without."""
    test.yugabytedb_only = True
    return test


def without_servers(test):
    """The test brings its own servers: it gets no database, and alone starts no cluster."""
    test.without_servers = True
    return test


def in_a_browser(test):
    """The test drives a Chromium: skipped where there is none."""
    test.in_a_browser = True
    return test


def env_table(env, table, count):
    """Both sides hold so many rows in the table, and the same ones."""
    sql = f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"
    postgresql, yugabytedb = env.on_both(sql)
    equal(postgresql[0][0], count, f"rows of {table} in PostgreSQL")
    equal(yugabytedb, postgresql, f"content of {table} on both sides")


class Env:
    """One test's world. Whatever it starts, close() ends."""

    def __init__(self, programs, directory, servers, database):
        self.programs, self.directory, self.database = programs, directory, database
        self.servers = servers
        self.postgresql, self.yugabytedb = servers or (None, None)
        self.captures = []
        self._runs = 0
        os.makedirs(directory)

    # --- the databases, directly ---

    def on_postgresql(self, sql):
        return self.postgresql.execute(self.database, sql)

    def on_yugabytedb(self, sql):
        return self.yugabytedb.execute(self.database, sql)

    def on_both(self, sql):
        """The rows of both sides: a pair."""
        return self.on_postgresql(sql), self.on_yugabytedb(sql)

    def wire_to(self, server):
        """A raw connection past the proxy, to see what the server itself answers."""
        return Wire(server.host, server.port, server.user, self.database)

    # --- the programs ---

    def program(self, name):
        return os.path.join(self.programs, name)

    def path(self, name):
        return os.path.join(self.directory, name)

    def capture(self, options=None, trace=None, servers=None, arguments=()):
        """A daemon that accepts connections."""
        capture = Capture(self.program("twinkly-capture"), self.directory,
                          servers or self.servers, self.database, options, trace,
                          arguments)
        self.captures.append(capture)
        return capture.start()

    def configuration(self, servers=None):
        """A configuration file for programs that are not daemons; gives (path, port)."""
        port = free_port()
        path = self.path(f"run-{port}.conf")
        write_configuration(path, port, *(servers or self.servers))
        return path, port

    def run(self, *arguments, environment=None, cwd=None):
        """Runs "twinkly-capture" or another program of ours to its end."""
        return run_program(self.directory, [self.program(arguments[0]), *arguments[1:]],
                           environment=environment, cwd=cwd)

    def run_under_capture(self, command, options=None, environment=None, servers=None):
        """`twinkly-capture ... -- COMMAND`; PGUSER and PGDATABASE are the test's."""
        self._runs += 1
        path, _ = self.configuration(servers)
        trace = self.path(f"run-{self._runs}.trace")
        arguments = ["twinkly-capture", "-c", path, "-t", trace]
        for key, value in (options or {}).items():
            arguments += ["-s", setting(key, value)]
        variables = {"PGUSER": self.postgresql.user, "PGDATABASE": self.database,
                     **(environment or {})}
        return self.run(*arguments, "--", *command, environment=variables)._replace(trace=trace)

    def client(self, name, *arguments):
        """The command for a client program of tests/e2e/clients."""
        return [PYTHON, os.path.join(CLIENTS, name), *arguments]

    def tool(self, name):
        """A program of PostgreSQL's: psql, pgbench."""
        return os.path.join(self.postgresql.programs, name)

    # --- the end ---

    def kill(self):
        for capture in self.captures:
            capture.kill()

    def close(self):
        """Ends what still runs; a sanitizer report of any program fails the test."""
        for capture in self.captures:
            if capture.result is None and capture.process is not None:
                capture.stop()
