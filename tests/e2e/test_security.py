"""What is promised in docs/SECURITY.md and tested nowhere else: no core dumps, and names that
would be SQL if Twinkly did not quote them."""

import os
import resource
import signal
import subprocess

import wire
from harness import Trace, cases, contains, equal, lacks, true

HOSTILE = "a\"b'; DROP TABLE precious; --\\ $1 %s"


def dumps_core(process):
    """Whether SIGQUIT makes the process leave a core dump."""
    resource.prlimit(process.pid, resource.RLIMIT_CORE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.kill(process.pid, signal.SIGQUIT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


def test_a_crash_leaves_no_core_dump(env):
    """Also where the machine dumps everything: another program is the healthy case."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if hard != resource.RLIM_INFINITY and os.geteuid() != 0:
        return  # this machine dumps nothing
    other = subprocess.Popen(["sleep", "60"], cwd=env.directory)
    dumps_core(other)
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            true(not dumps_core(capture.process), "a core dump was written")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@cases(("preflight", {"comparison.preflight": "full"}),
       ("generated", {"comparison.deterministic": ["random"]}))
def test_hostile_names(env, options):
    """Of tables, columns, types, sequences: in what Twinkly itself asks the databases."""
    name = quoted(HOSTILE)
    env.on_both(f"CREATE TABLE precious (a int); CREATE TYPE {name} AS ENUM ('x'); "
                f"CREATE SCHEMA {name}; CREATE TABLE {name}.{name} ({name} {name}, b serial); "
                f"INSERT INTO {name}.{name} VALUES ('x')")
    with env.capture(options) as capture:
        with capture.wire(parameters=[("application_name", HOSTILE)]) as client:
            equal(wire.rows(client.query(f"SELECT {name}, b FROM {name}.{name}")), [[b"x", b"1"]],
                  "rows")
            client.query(f"PREPARE {name} AS SELECT 1")
            equal(wire.rows(client.query(f"EXECUTE {name}")), [[b"1"]], "a prepared statement")
        capture.finish().check_clean(least=3)
        lacks(capture.log(), "syntax error", "log")
    equal(env.on_both("SELECT count(*) FROM precious"), ([(0,)], [(0,)]), "the precious table")


def test_a_database_with_a_hostile_name(env):
    name = f"{env.database[:20]} a\"b'; --"
    for server in env.servers:
        server.administer(f"CREATE DATABASE {quoted(name)}")
    try:
        with env.capture({"comparison.preflight": "full"}) as capture:
            with capture.wire(database=name) as client:
                equal(wire.rows(client.query("SELECT current_database()")), [[name.encode()]],
                      "database")
            with Trace(capture.finish().path) as trace:
                contains(trace.value("SELECT database FROM session"), name, "session")
    finally:
        for server in env.servers:
            server.administer(f"DROP DATABASE {quoted(name)} WITH (FORCE)")
