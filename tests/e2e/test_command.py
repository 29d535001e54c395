"""`twinkly-capture -- COMMAND`: environment, summary, exit status, signals; and the daemon."""

import os
import re
import signal
import subprocess
import time

import wire
from harness import Trace, cases, contains, equal, eventually, lacks, true


def test_environment_and_own_status(env):
    for status in (0, 7):
        result = env.run_under_capture(env.client("environment.py", str(status)))
        equal(result.status, status, f"status ({result.stderr})")
        exported = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
        port = re.search(r"-(\d+)\.conf", newest_configuration(env)).group(1)
        equal(exported["PGHOST"], "127.0.0.1", "PGHOST")
        equal(exported["PGPORT"], port, "PGPORT")
        contains(exported["TWINKLY_URL"], "postgres", "TWINKLY_URL")
        contains(exported["TWINKLY_URL"], f"127.0.0.1:{port}", "TWINKLY_URL")
        with Trace(result.trace) as trace:
            equal(trace.check_clean().statements(),
                  ["SELECT 'by PGHOST and PGPORT'", "SELECT 'by TWINKLY_URL'"]
                  if "BEGIN" not in trace.statements() else
                  ["BEGIN", "SELECT 'by PGHOST and PGPORT'", "BEGIN", "SELECT 'by TWINKLY_URL'"],
                  "statements")


@cases(("url", "postgresql://{user}@db.invalid:1/{database}"),
       ("conninfo", "host=db.invalid port=1 user={user} dbname={database}"))
def test_a_variable_with_another_address_is_rewritten(env, form):
    value = form.format(user=env.postgresql.user, database=env.database)
    result = capture_rewriting(env, "DATABASE_URL", value,
                               'exec "$0" -X -c "SELECT 1" "$DATABASE_URL"', env.tool("psql"))
    equal(result.status, 0, f"status ({result.stderr})")
    with Trace(result.trace) as trace:
        equal(trace.check_clean().statements(), ["SELECT 1"], "statements")


@cases(("not-set", "NOT_SET", "NOT_SET is not set"),
       ("several-servers", "DATABASE_URL", "DATABASE_URL: it names several servers"))
def test_a_variable_that_cannot_be_rewritten(env, name, reason):
    result = capture_rewriting(env, name, "postgresql://app:secret@a,b/shop", "exit 0")
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, reason, "message")
    lacks(result.stderr, "secret", "message")
    true(not os.path.exists(result.trace), "a trace was made")


def capture_rewriting(env, name, value, *script):
    path, _ = env.configuration()
    trace = env.path("rewritten.trace")
    result = env.run("twinkly-capture", "-c", path, "-t", trace, "--rewrite-env", name, "--",
                     "sh", "-c", *script, environment={"DATABASE_URL": value})
    return result._replace(trace=trace)


def newest_configuration(env):
    files = [env.path(name) for name in os.listdir(env.directory) if name.endswith(".conf")]
    return max(files, key=os.path.getmtime)


def test_the_summary_tells_counts_and_trace(env):
    result = env.run_under_capture(psql(env, "SELECT 1", "SELECT 2"))
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, "equal", "summary")
    contains(result.stderr, result.trace, "summary")
    contains(result.stdout, "1", "the command's own output")
    lacks(result.stdout, "equal", "the command's own output")


def psql(env, *statements):
    arguments = [env.tool("psql"), "-X"]
    for statement in statements:
        arguments += ["-c", statement]
    return arguments


@cases(("command-succeeds", "exit 0"), ("command-fails", "exit 7"))
def test_a_mismatch_is_status_1(env, end):
    env.on_postgresql("CREATE TABLE t AS SELECT 1 AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT 2 AS a")
    script = f"{env.tool('psql')} -X -c 'SELECT a FROM t'; {end}"
    result = env.run_under_capture(["sh", "-c", script])
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, "Query results differ between PostgreSQL and YugabyteDB:",
             "psql's error")
    contains(result.stderr, "mismatch", "summary")
    with Trace(result.trace) as trace:
        equal(trace.verdicts(), {"mismatch": 1}, "verdicts")


def test_nothing_captured_is_status_3(env):
    result = env.run_under_capture(["true"])
    equal(result.status, 3, f"status ({result.stderr})")
    port = re.search(r"-(\d+)\.conf", newest_configuration(env)).group(1)
    contains(result.stderr, f"127.0.0.1:{port}", "message")


def test_a_command_that_does_not_exist(env):
    result = env.run_under_capture(["/nonexistent/command"])
    equal(result.status, 3, f"status ({result.stderr})")
    contains(result.stderr, "/nonexistent/command", "message")


def test_a_command_that_is_killed(env):
    script = f"{env.tool('psql')} -X -c 'SELECT 1'; kill -9 $$"
    result = env.run_under_capture(["sh", "-c", script])
    equal(result.status, 128 + 9, f"status ({result.stderr})")


def test_a_child_that_outlives_the_command(env):
    """The end of the command is the end of the run, even if something holds a session open."""
    script = (f"{env.tool('psql')} -X -c 'SELECT 1'; "
              f"{env.tool('psql')} -X -c 'SELECT pg_sleep(30)' >/dev/null 2>&1 & sleep 1")
    started = time.monotonic()
    result = env.run_under_capture(["sh", "-c", script])
    true(time.monotonic() - started < 15, "the proxy waited for a child of the command's")
    true(result.status in (0, 3), f"status {result.status} ({result.stderr})")
    Trace(result.trace).check_integrity()


@cases(("term", signal.SIGTERM), ("int", signal.SIGINT))
def test_a_signal_ends_proxy_and_command(env, number):
    path, _ = env.configuration()
    trace, mark = env.path("run.trace"), env.path("pid")
    script = f"echo $$ > {mark}; {env.tool('psql')} -X -c 'SELECT 1'; exec sleep 40"
    process = subprocess.Popen(
        [env.program("twinkly-capture"), "-c", path, "-t", trace, "--", "sh", "-c", script],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PGUSER": env.postgresql.user, "PGDATABASE": env.database})
    try:
        eventually(lambda: exchanges_of(trace) == 1, "the statement is in the trace")
        child = int(open(mark, encoding="ascii").read())
        process.send_signal(number)
        true(process.wait(timeout=15) != 0, "an interrupted run is no success")
        eventually(lambda: not is_running(child), "the command has ended")
        Trace(trace).check_clean()
    finally:
        process.kill()
        process.wait()


def exchanges_of(path):
    try:
        with Trace(path) as trace:
            return trace.exchanges()
    except Exception:
        return None


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@cases(("term", signal.SIGTERM), ("int", signal.SIGINT))
def test_a_signal_finishes_the_daemons_trace(env, number):
    with env.capture() as capture:
        client, idle = capture.wire(), capture.wire()
        client.query("SELECT 1")
        client.query("BEGIN")
        busy = capture.wire()
        busy.send(wire.query("SELECT 1 FROM pg_sleep(25)"))
        started = time.monotonic()
        capture.stop(number)
        true(time.monotonic() - started < 10, "it took too long to end")
        for connection in (client, idle, busy):
            got = connection.read_to_end()
            equal(set(wire.types(got)) - {"E"}, set(), "a session ends by an error or plainly")
        with Trace(capture.trace_path) as trace:
            trace.check_integrity()
            equal(trace.events().count("disconnect"), 3, "disconnect events")
            equal(trace.events().count("connect"), 3, "connect events")
            equal(trace.statements()[:2], ["SELECT 1", "BEGIN"], "statements")
        equal(os.path.exists(capture.trace_path + "-wal"), False, "a WAL file left behind")


def test_kill_9_loses_no_more_than_the_last_moment(env):
    with env.capture() as capture:
        with capture.wire() as client:
            for number in range(50):
                client.query(f"SELECT {number}")
            time.sleep(0.5)
            capture.kill()
        with Trace(capture.trace_path) as trace:
            trace.check_integrity()
            equal(trace.statements(), [f"SELECT {n}" for n in range(50)], "statements")


@cases(("capture", "twinkly-capture"), ("replay", "twinkly-replay"),
       ("report", "twinkly-report"))
def test_help_and_version(env, program):
    done = env.run(program, "--help")
    equal(done.status, 0, "status of --help")
    contains(done.stdout, f"{program} ", "help")
    done = env.run(program, "--version")
    equal(done.status, 0, "status of --version")
    true(re.match(rf"{program} \d+\.\d+\.\d+", done.stdout), f"version {done.stdout!r}")
    done = env.run(program, "--nonsense")
    equal(done.status, 2, "status of an unknown option")
    contains(done.stderr, "--help", "hint")


def test_print_config_of_rules(env):
    """Rules come out as they went in, one item a line, and can be read again."""
    path, included = env.path("rules.conf"), env.path("own.conf")
    with open(included, "w", encoding="utf-8") as file:
        file.write('comparison.rules += { name = b, reason = "a \\"b\\"", action = tolerance\n'
                   "  type = [ float8 ], relative = 1e-9 }\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write('comparison.rules = [ "default", { name = a, reason = r, action = ignore\n'
                   '  statement = "^\\\\s*SHOW", kinds = [ value ], until = 2027-06-30 } ]\n'
                   'include "own.conf"\n')
    first = env.run("twinkly-capture", "--print-config", "-c", path)
    equal(first.status, 0, f"status ({first.stderr})")
    contains(first.stdout, '\n    "default"\n    { name = a, reason = r, action = ignore, statement = '
             '"^\\\\s*SHOW", kinds = [value], until = 2027-06-30 }\n    { name = b, reason = '
             '"a \\"b\\"", action = tolerance, type = [float8], relative = 1e-9 }\n  ]\n', "rules")
    with open(path, "w", encoding="utf-8") as file:
        file.write(first.stdout)
    second = env.run("twinkly-capture", "--print-config", "-c", path)
    equal(second.stdout, first.stdout, "configuration read again")


def test_print_config_can_be_read_again(env):
    first = env.run("twinkly-capture", "--print-config", "-s", "proxy.listen-port=5999",
                    "-s", 'comparison.exclude-patterns=["a\\\\s\\"b"]',
                    "-s", "proxy.postgresql.password=hush-4711", cwd=env.directory)
    equal(first.status, 0, f"status ({first.stderr})")
    contains(first.stdout, "5999", "configuration")
    lacks(first.stdout, "hush-4711", "configuration")
    path = env.path("printed.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(first.stdout)
    second = env.run("twinkly-capture", "--print-config", "-c", path)
    equal(second.status, 0, f"status ({second.stderr})")
    equal(second.stdout, first.stdout, "configuration read again")
