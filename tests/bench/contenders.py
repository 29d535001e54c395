"""
What stands between the client and the databases while something is measured: nothing, our
proxy, or pgbouncer; and what /proc knows of it: CPU time and memory.
"""

import os
import shutil
import signal
import socket
import subprocess
import sqlite3
import time

from programs import setting, write_configuration
from servers import die_with_parent, free_port

TICKS = os.sysconf("SC_CLK_TCK")
START_TIMEOUT_S = 10


class Direct:
    """One database or both at once, without anything between."""

    def __init__(self, name, servers):
        self.name = name
        self.ports = [server.port for server in servers]

    def cpu_s(self):
        return 0.0


class Between:
    """A process that clients connect to in a database's place."""

    def __init__(self, name, arguments, log, identity=None):
        self.name, self.log = name, log
        self.port = arguments["port"]
        self.ports = [self.port]
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                arguments["command"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd="/", start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
                **(identity or {}))
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise RuntimeError(f"{self.name} did not start:\n{self.said()}") from None
                time.sleep(0.02)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def cpu_s(self):
        """User and system time of all its threads so far."""
        return _cpu_s(f"/proc/{self.process.pid}/stat")

    def side_threads_cpu_s(self):
        """The same without the main thread: of our proxy, the trace's writer."""
        tasks = f"/proc/{self.process.pid}/task"
        return sum(_cpu_s(f"{tasks}/{task}/stat") for task in os.listdir(tasks)
                   if task != str(self.process.pid))

    def memory_kib(self, which):
        """VmRSS, or VmHWM: the most since it started or since forget_peak()."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(which + ":"):
                    return int(line.split()[1])
        raise RuntimeError(f"no {which} in /proc/{self.process.pid}/status")

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")

    def stop(self):
        """Ends it in its own way; its exit status."""
        self.process.send_signal(signal.SIGINT if self.name == "pgbouncer" else signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _cpu_s(path):
    with open(path, encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Twinkly(Between):
    """twinkly-capture in front of both servers, with a trace of its own."""

    def __init__(self, name, program, directory, servers):
        port = free_port()
        self.trace = os.path.join(directory, f"{port}.trace")
        configuration = os.path.join(directory, f"{port}.conf")
        write_configuration(configuration, port, *servers)
        super().__init__(name, {
            "port": port,
            "command": [program, "-c", configuration, "-t", self.trace,
                        "-s", setting("proxy.max-connections", 1000)],
        }, os.path.join(directory, f"{port}.log"))

    def stop(self):
        """Everything that was measured must have been compared and found equal."""
        status = super().stop()
        if status != 0:
            raise RuntimeError(f"{self.name} ended with status {status}:\n{self.said()}")
        return status

    def bytes_per_exchange(self):
        """After stop(): the trace's size on disk for each exchange in it."""
        trace = sqlite3.connect(f"file:{self.trace}?mode=ro", uri=True)
        count = trace.execute("SELECT count(*) FROM exchange").fetchone()[0]
        trace.close()
        return os.path.getsize(self.trace) / count


def pgbouncer(directory, server, identity):
    """pgbouncer in front of one server; None where it is not installed."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        return None
    port = free_port()
    home = os.path.join(directory, "pgbouncer")
    os.makedirs(home)
    lines = ["[databases]", f"* = host=127.0.0.1 port={server.port}", "[pgbouncer]",
             "listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =",
             "auth_type = trust", f"auth_file = {home}/users", "pool_mode = session",
             "default_pool_size = 100", "ignore_startup_parameters = extra_float_digits", ""]
    with open(os.path.join(home, "users"), "w", encoding="ascii") as users:
        users.write('"postgres" ""\n')
    with open(os.path.join(home, "pgbouncer.ini"), "w", encoding="ascii") as ini:
        ini.write("\n".join(lines))
    if identity:
        for path in (home, os.path.join(home, "users"), os.path.join(home, "pgbouncer.ini")):
            os.chown(path, identity["user"], identity["group"])
    return Between("pgbouncer", {"port": port, "command": [program, "-q", f"{home}/pgbouncer.ini"]},
                   os.path.join(directory, "pgbouncer.log"), identity)
