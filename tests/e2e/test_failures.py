"""Backends that are not there or go away, files that cannot be used, configurations that are
wrong: a clear message at once, the documented exit status, and no harm to anybody else."""

import os
import socket
import sqlite3
import stat
import threading

import psycopg2

import wire
from harness import (Closed, Trace, cases, contains, equal, fails, free_port, lacks, read_text,
                     true)
from servers import Server


# --- backends ----------------------------------------------------------------------------


def refusal(capture, database=None):
    """The fields of the error that ends an attempt to connect."""
    gone = fails(Closed, lambda: capture.wire(database=database), "connecting")
    found = wire.errors(gone.messages)
    equal(len(found), 1, f"errors in {gone.messages}")
    equal(found[0]["S"], "FATAL", "severity")
    return found[0]


@cases(("postgresql", 0, "PostgreSQL", "YugabyteDB"),
       ("yugabytedb", 1, "YugabyteDB", "PostgreSQL"))
def test_a_backend_that_is_down(env, side, named, unnamed):
    servers = list(env.servers)
    servers[side] = Server("127.0.0.1", free_port(), env.postgresql.user)
    with env.capture(servers=servers) as capture:
        for _ in range(3):
            error = refusal(capture)
            contains(error["M"], named, "message")
            contains(error["M"], str(servers[side].port), "message")
            lacks(error["M"], unnamed, "message")
        true(capture.process.poll() is None, "the proxy ended")


def test_a_backend_that_accepts_and_says_nothing(env):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        silent = Server("127.0.0.1", listener.getsockname()[1], env.postgresql.user)
        with env.capture({"proxy.yugabytedb.connection-timeout": "500ms"},
                         servers=(env.postgresql, silent)) as capture:
            contains(refusal(capture)["M"], "YugabyteDB", "message")


def test_the_same_refusal_on_both_reaches_the_client_as_it_is(env):
    with env.capture() as capture:
        error = refusal(capture, "no_such_database")
        equal(error["C"], "3D000", "SQLSTATE")
        contains(error["M"], "no_such_database", "message")
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the next session")


def test_a_database_on_one_side_only(env):
    name = env.database + "_half"
    env.postgresql.create_database(name)
    try:
        with env.capture() as capture:
            with capture.wire() as healthy:
                contains(refusal(capture, name)["M"], "YugabyteDB", "message")
                equal(wire.rows(healthy.query("SELECT 1")), [[b"1"]], "another session")
    finally:
        env.postgresql.drop_database(name)


def terminate_backends(env, server, sleeping):
    """Ends the proxy's connections to that server: those asleep, or those that idle."""
    state = ("state = 'active' AND query LIKE '%pg_sleep%'" if sleeping else
             "state = 'idle' AND application_name <> 'twinkly preflight'")
    return server.execute(env.database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                          f"AND {state}")


@cases(("postgresql-idle", 0, False), ("yugabytedb-idle", 1, False),
       ("postgresql-busy", 0, True), ("yugabytedb-busy", 1, True))
def test_a_backend_that_goes_away(env, side, busy):
    """The client learns it by an error or the end of its session, soon; the next one works."""
    sql = "SELECT 1 FROM pg_sleep(20)" if busy else "SELECT 1"
    # parallel: a statement that may write reaches the candidate only after the truth's answer
    with env.capture({"comparison.execution": "parallel"}) as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            if busy:
                client.send(wire.query(sql))
                timer = threading.Timer(0.7, terminate_backends,
                                        (env, env.servers[side], True))
                timer.start()
            else:
                equal(terminate_backends(env, env.servers[side], False), [(True,)], "ended")
                try:
                    client.send(wire.query(sql))
                except OSError:
                    pass  # the proxy was faster
            got = client.read_to_end()
            true(wire.errors(got), f"no error among {wire.types(got)}")
            equal(wire.rows(got), [], "rows")
        with capture.wire() as fresh:
            equal(wire.rows(fresh.query("SELECT 2")), [[b"2"]], "the next session")
        capture.stop()
        with Trace(capture.trace_path) as trace:
            trace.check_integrity()
            lacks(trace.verdicts(), "mismatch", "verdicts")


def test_a_backend_that_does_not_answer_in_time(env):
    """Inconclusive, and the client waits for the time-out, not for ever."""
    env.on_postgresql("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS "
                      "'SELECT 1 FROM pg_sleep(20)'")
    env.on_yugabytedb("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with env.capture({"comparison.backend-timeout": "1s"}) as capture:
        with capture.wire() as client:
            client.send(wire.query("SELECT f()"))
            error = wire.errors(client.read_to_end())[0]
            contains(error["M"], "PostgreSQL", "message")
        result = capture.stop()
        equal(result.status, 3, f"status: inconclusive is not success ({result.stderr})")
        with Trace(capture.trace_path) as trace:
            equal(trace.verdicts(), {"inconclusive": 1}, "verdicts")


# --- the trace ---------------------------------------------------------------------------


def start(env, trace, *more):
    """twinkly-capture that should refuse to start; with a command that must not run."""
    path, _ = env.configuration()
    mark = env.path("the-command-ran")
    result = env.run("twinkly-capture", "-c", path, "-t", trace, *more, "--", "touch", mark)
    true(not os.path.exists(mark), "the command was run all the same")
    return result


def test_a_trace_that_is_none(env):
    path = env.path("letter.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("Dear reader, this is not a trace.\n")
    result = start(env, path)
    equal(result.status, 3, "status")
    contains(result.stderr, path, "message")
    contains(result.stderr, "not a Twinkly trace", "message")
    equal(read_text(path), "Dear reader, this is not a trace.\n", "the file is left alone")


def test_a_trace_that_is_another_database(env):
    path = env.path("mine.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE precious (a)")
    db.close()
    result = start(env, path)
    equal(result.status, 3, "status")
    contains(result.stderr, "not a Twinkly trace", "message")
    with sqlite3.connect(path) as db:
        equal(db.execute("SELECT count(*) FROM precious").fetchall(), [(0,)], "left alone")
    db.close()


@cases(("missing-directory", "no/such/dir/run.trace"), ("directory", ""))
def test_a_trace_that_cannot_be_written(env, name):
    result = start(env, env.path(name))
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, env.path(name).rstrip("/"), "message")


def test_a_trace_in_use(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            result = start(env, capture.trace_path)
            equal(result.status, 3, f"status ({result.stderr})")
            contains(result.stderr, "another", "message")
            client.query("SELECT 2")
        capture.finish().check_clean(least=2)


def test_an_older_trace_moves_aside(env):
    path = env.path("same.trace")
    for number in (1, 2):
        with env.capture(trace=path) as capture:
            with capture.wire() as client:
                client.query(f"SELECT {number}")
            capture.finish().check_clean()
    equal(Trace(path).statements(), ["SELECT 2"], "the new trace")
    equal(Trace(path + ".old").statements(), ["SELECT 1"], "the old one")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the file")


@cases(("replay", "twinkly-replay"), ("report", "twinkly-report"))
def test_a_trace_of_a_newer_version(env, program):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
        capture.finish().check_clean()
    before = ["-c", capture.configuration] if program == "twinkly-replay" else []
    healthy = env.run(program, *before, capture.trace_path)
    equal(healthy.status, 0, f"the healthy case ({healthy.stderr})")
    with sqlite3.connect(capture.trace_path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    result = env.run(program, *before, capture.trace_path)
    equal(result.status, 3, "status")
    contains(result.stderr, "newer", "message")
    contains(result.stderr, "99", "message")
    missing = env.run(program, *before, env.path("none.trace"))
    equal(missing.status, 3, "status for a file that is not there")
    contains(missing.stderr, "none.trace", "message")


# --- configuration and command line ------------------------------------------------------


WRONG = [
    ("unknown-key", "proxy {\n  listen-prt = 1\n}\n", ":2:3:", "proxy.listen-port"),
    ("not-a-number", 'proxy.listen-port = "abc"\n', ":1:", "proxy.listen-port"),
    ("out-of-range", "\nproxy.listen-port = 70000\n", ":2:", "proxy.listen-port"),
    ("no-duration", "comparison {\n\n  backend-timeout = 60x\n}\n", ":3:",
     "comparison.backend-timeout"),
    ("no-choice", "comparison.source-of-truth = oracle\n", ":1:", "postgresql"),
    ("syntax", "proxy {\n  listen-port =\n}\n", ":2:", "a value"),
    ("unclosed", "proxy {\n  listen-port = 5431\n", ":", "}"),
    ("unset-variable", "proxy.postgresql.host = ${TWINKLY_NEVER_SET}\n", ":1:",
     "TWINKLY_NEVER_SET"),
    ("bad-pattern", 'comparison.exclude-patterns = [ "fine", "(" ]\n', ":1:", "("),
    ("bad-rule-member", 'comparison.rules = [ "default"\n  { name = a, reason = r, action = ignore,'
     ' colum = x } ]\n', ":2:44:", "did you mean \"column\"?"),
    ("bad-rule-pattern", 'comparison.rules = [\n  { name = a, reason = r, action = ignore,\n'
     '    statement = "(" } ]\n', ":3:17:", "missing closing parenthesis"),
    ("bad-rule-too-wide", 'comparison.rules = [ { name = a, reason = r, action = ignore } ]\n',
     ":1:55:", "nearly every statement"),
    ("bad-rule-pack", 'comparison.rules = [\n  "yugabyte"\n]\n', ":2:3:", "not a pack of rules"),
    ("bad-sqlstate", 'comparison.mismatch-sqlstate = "xx"\n', ":1:", "SQLSTATE"),
]


@cases(*WRONG)
def test_a_wrong_configuration(env, text, place, part):
    path = env.path("wrong.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = env.run("twinkly-capture", "-c", path, "-t", env.path("x.trace"), "--", "true")
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, f"{path}{place}", "place")
    contains(result.stderr, part, "message")
    true(not os.path.exists(env.path("x.trace")), "a trace was made all the same")


def test_every_error_is_told_at_once(env):
    path = env.path("wrong.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("proxy.listen-port = abc\ncomparison.execution = sideways\nnonsense = 1\n")
    result = env.run("twinkly-capture", "-c", path, "--", "true")
    equal(result.status, 2, "status")
    for line in (1, 2, 3):
        contains(result.stderr, f"{path}:{line}:", "places")


@cases(("no-file", ["-c", "/nonexistent/twinkly.conf"], "/nonexistent/twinkly.conf"),
       ("unknown-option", ["--nonsense"], "--nonsense"),
       ("option-without-value", ["-t"], "-t"),
       ("bad-setting", ["-s", "proxy.listen-prt=1"], "proxy.listen-port"),
       ("setting-without-value", ["-s", "proxy"], "proxy"))
def test_a_wrong_command_line(env, arguments, part):
    result = env.run("twinkly-capture", *arguments, cwd=env.directory)
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, part, "message")


def test_a_port_in_use(env):
    with env.capture() as capture:
        result = start(env, env.path("x.trace"), "-s", f"proxy.listen-port={capture.port}")
        equal(result.status, 3, f"status ({result.stderr})")
        contains(result.stderr, str(capture.port), "message")


def test_passwords_reach_neither_trace_nor_log(env):
    """The servers trust us, so any password does."""
    with env.capture({"proxy.postgresql.password": "hush-4711",
                      "log.level": "debug"}) as capture:
        connection = capture.connect(password="hush-0815")
        connection.cursor().execute("SELECT 1")
        connection.close()
        capture.finish().check_clean()
    with open(capture.trace_path, "rb") as file:
        content = file.read().decode("latin-1")
    for text in (content, capture.log()):
        true("hush-" not in text, "a password was written")


def test_psycopg2_sees_the_refusal(env):
    servers = (env.postgresql, Server("127.0.0.1", free_port(), env.postgresql.user))
    with env.capture(servers=servers) as capture:
        error = fails(psycopg2.OperationalError, capture.connect, "connecting")
        contains(str(error), "YugabyteDB", "message")
