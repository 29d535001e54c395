"""pgbench through the proxy: every transaction runs on both, is compared, and is in the trace."""

import os
import subprocess

from harness import cases, contains, env_table, equal, on_postgresql_only

TABLES = ("pgbench_accounts", "pgbench_branches", "pgbench_tellers")


def pgbench(env, host, port, *arguments):
    done = subprocess.run(
        [env.tool("pgbench"), "-h", host, "-p", str(port), "-U", env.postgresql.user,
         *arguments, env.database], env={**os.environ, "LC_ALL": "C"}, capture_output=True,
        text=True, timeout=55, check=False)
    equal(done.returncode, 0, f"status of pgbench {' '.join(arguments)}\n{done.stderr}")
    return done


def fill_both(env):
    for server in env.servers:
        pgbench(env, server.host, server.port, "-i", "-q")


def same_money(env):
    for sql in ("SELECT sum(abalance), count(*) FROM pgbench_accounts",
                "SELECT sum(tbalance), count(*) FROM pgbench_tellers",
                "SELECT bbalance FROM pgbench_branches",
                "SELECT sum(delta), count(*) FROM pgbench_history"):
        postgresql, yugabytedb = env.on_both(sql)
        equal(yugabytedb, postgresql, sql)


def test_init(env):
    with env.capture() as capture:
        pgbench(env, capture.host, capture.port, "-i", "-I", "dtgvpf", "-q")
        with capture.finish() as trace:
            trace.check_clean(least=9)
            equal([row["tag"] for row in trace.commands("copy pgbench_accounts%")],
                  ["COPY 100000"], "tag of the COPY")
    for table, rows in zip(TABLES, (100000, 1, 10)):
        env_table(env, table, rows)


@cases(("simple", "simple"), ("extended", "extended"), ("prepared", "prepared"))
@on_postgresql_only
def test_tpcb(env, mode):
    fill_both(env)
    with env.capture() as capture:
        done = pgbench(env, capture.host, capture.port, "-M", mode, "-c", "8", "-j", "2",
                       "-t", "50")
        contains(done.stdout, "number of transactions actually processed: 400/400", "output")
        with capture.finish() as trace:
            trace.check_clean(least=400 * 7)
            for table in TABLES:
                equal(tags(trace, f"UPDATE {table}%"), ["UPDATE 1"] * 400, f"updates of {table}")
            equal(tags(trace, "INSERT INTO pgbench_history%"), ["INSERT 0 1"] * 400, "inserts")
            equal(tags(trace, "SELECT abalance%"), ["SELECT 1"] * 400, "selects")
            equal(tags(trace, "BEGIN%"), ["BEGIN"] * 400, "begins")
            equal(tags(trace, "END%"), ["COMMIT"] * 400, "commits")
    same_money(env)


@cases(("select-only", "-S"), ("simple-update", "-N"))
@on_postgresql_only
def test_builtin(env, script):
    fill_both(env)
    with env.capture() as capture:
        pgbench(env, capture.host, capture.port, script, "-M", "prepared", "-c", "8", "-j", "2",
                "-t", "100")
        with capture.finish() as trace:
            trace.check_clean(least=800)
            equal(tags(trace, "SELECT abalance%"), ["SELECT 1"] * 800, "selects")
    same_money(env)


@on_postgresql_only
def test_serial_under_command(env):
    fill_both(env)
    result = env.run_under_capture([env.tool("pgbench"), "-n", "-c", "8", "-j", "2", "-t", "20"])
    equal(result.status, 0, f"status ({result.stderr})")
    same_money(env)


def tags(trace, like):
    """Of executions alone: preparing a statement is a command without tag."""
    return [row["tag"] for row in trace.commands(like) if row["tag"]]
