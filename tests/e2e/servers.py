"""
The databases under the tests: throw-away PostgreSQL clusters, or a server that the user names.

A cluster is made by initdb, owned by an unprivileged user, listens on the loopback only and is
ended by the process id that was started. Nothing of it outlives stop(); should the test
program be killed, the kernel ends the server with it (PR_SET_PDEATHSIG).
"""

import ctypes
import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2

START_TIMEOUT_S = 30
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "400" if "TWINKLY_SOAK" not in os.environ else "2100",
    "logging_collector": "off",
}
_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number):
    """A preexec_fn: the child gets this signal when the test program dies."""
    return lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal_number)


def free_port():
    """A port that nobody listens on, outside of the range that clients are given."""
    while True:
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def server_programs():
    """The directory of initdb, postgres, psql and pgbench."""
    found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
    candidates = [found.stdout.strip()] + sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    for directory in candidates:
        if os.access(os.path.join(directory, "initdb"), os.X_OK):
            return directory
    raise RuntimeError("no initdb found: install postgresql-15")


def _unprivileged():
    """Arguments for subprocess: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("root needs a user postgres or nobody to run the servers")


class Server:
    """A database server and how to reach it; execute() and the like go there directly."""

    def __init__(self, host, port, user="postgres", password=None):
        self.host, self.port, self.user, self.password = host, port, user, password
        self._admin = None

    def connect(self, database):
        connection = psycopg2.connect(
            host=self.host, port=self.port, user=self.user, password=self.password,
            dbname=database, connect_timeout=10, options="-c statement_timeout=30s")
        connection.autocommit = True
        return connection

    def execute(self, database, sql):
        """Runs the SQL; the rows of its last statement, or None if that gives none."""
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def administer(self, sql):
        """As execute(), in database postgres on one connection that is kept."""
        if self._admin is None or self._admin.closed:
            self._admin = self.connect("postgres")
        cursor = self._admin.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None

    def create_database(self, name):
        self.administer(f'CREATE DATABASE "{name}"')

    def drop_database(self, name):
        self.administer(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        for attempts_left in range(20, -1, -1):
            try:
                self.administer(f'DROP DATABASE IF EXISTS "{name}"')
                return
            except psycopg2.errors.ObjectInUse:
                if not attempts_left:
                    raise
                time.sleep(0.05)

    def stop(self):
        if self._admin is not None:
            self._admin.close()
            self._admin = None


class Cluster(Server):
    """A PostgreSQL of our own. Not thread-safe; start() and stop() in the main thread."""

    def __init__(self, directory, name):
        super().__init__("127.0.0.1", free_port())
        self.programs = server_programs()
        self.identity = _unprivileged()
        self.home = self._make_home(directory, name)
        self.data = os.path.join(self.home, "data")
        self.log = os.path.join(self.home, "server.log")
        self.process = None
        self._making = None

    def _make_home(self, directory, name):
        """A directory that the server's user owns and can reach: below /tmp if need be."""
        home = os.path.join(os.path.abspath(directory), name)
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home)
        if self._hand_over(home):
            return home
        shutil.rmtree(home)
        home = tempfile.mkdtemp(prefix=f"twinkly-{name}-")
        if not self._hand_over(home):
            raise RuntimeError(f"{home}: the servers' user cannot use it")
        return home

    def _hand_over(self, home):
        if not self.identity:
            return True
        os.chown(home, self.identity["user"], self.identity["group"])
        reach = subprocess.run(["test", "-w", home, "-a", "-x", home], cwd="/",
                               check=False, **self.identity)
        return reach.returncode == 0

    def initdb(self):
        """Starts initdb; finish with start(). Two clusters can be made at the same time."""
        self._making = subprocess.Popen(
            [os.path.join(self.programs, "initdb"), "-D", self.data, "-U", "postgres",
             "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
            cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **self.identity)
        return self

    def start(self):
        output, _ = self._making.communicate(timeout=120)
        if self._making.returncode != 0:
            raise RuntimeError("initdb failed:\n" + output.decode("utf-8", "replace"))
        arguments = [os.path.join(self.programs, "postgres"), "-D", self.data, "-p",
                     str(self.port)]
        for key, value in SETTINGS.items():
            arguments += ["-c", f"{key}={value}"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                arguments, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT), **self.identity)
        self._wait_until_ready()
        return self

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.administer("SELECT 1")
                return
            except psycopg2.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"server did not start: {error}\n{self.log_tail()}")
                time.sleep(0.02)

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-20:])

    def stop(self):
        """Ends the server (fast, then harder) and removes all that it had. Safe to repeat."""
        super().stop()
        if self._making is not None and self._making.poll() is None:
            self._making.kill()
            self._making.communicate()
        if self.process is not None:
            for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if self.process.poll() is None:
                    self.process.send_signal(how)
                try:
                    self.process.wait(timeout=10)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self.process = None
        shutil.rmtree(self.home, ignore_errors=True)


def candidate_from_environment():
    """The server of TWINKLY_TEST_YUGABYTEDB=host:port[:user[:password]], or None."""
    value = os.environ.get("TWINKLY_TEST_YUGABYTEDB")
    if not value:
        return None
    parts = value.split(":", 3)
    if len(parts) < 2 or not parts[0] or not parts[1].isdigit():
        raise SystemExit("TWINKLY_TEST_YUGABYTEDB: expected host:port[:user[:password]]")
    user = parts[2] if len(parts) > 2 else "yugabyte"
    return Server(parts[0], int(parts[1]), user, parts[3] if len(parts) > 3 else None)


def start_pair(directory):
    """Starts both sides: (postgresql, yugabytedb). The caller stops both, whatever happens."""
    first = Cluster(directory, "postgresql").initdb()
    second = None
    try:
        second = candidate_from_environment() or Cluster(directory, "yugabytedb").initdb()
        first.start()
        if isinstance(second, Cluster):
            second.start()
        else:
            second.administer("SELECT 1")
    except BaseException:
        first.stop()
        if second is not None:
            second.stop()
        raise
    return first, second
