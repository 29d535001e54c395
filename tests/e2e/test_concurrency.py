"""Sessions that get in each other's way: no false mismatch, and nobody waits for ever."""

import os
import re
import subprocess

from harness import Trace, cases, contains, env_table, equal, on_postgresql_only, true

JOB = "CREATE TABLE job (id serial PRIMARY KEY, state text NOT NULL)"


def clean_run(env, client):
    """Runs the client under -- COMMAND; exit status 0 and not one mismatch."""
    result = env.run_under_capture(env.client(client))
    equal(result.status, 0, f"status (stderr: {result.stderr}, stdout: {result.stdout})")
    with Trace(result.trace) as trace:
        verdicts = trace.verdicts()
        equal(set(verdicts) - {"equal", "retried"}, set(), f"other verdicts in {dict(verdicts)}")
        true(sum(verdicts.values()) > 20, f"only {dict(verdicts)} exchanges")
    return result


def test_a_poller_and_an_inserter(env):
    env.on_both(JOB)
    result = clean_run(env, "poller_and_inserter.py")
    inserts, polls = map(int, re.search(r"(\d+) inserts, (\d+) polls", result.stdout).groups())
    true(inserts >= 20 and polls >= 20, f"too little happened: {result.stdout}")
    env_table(env, "job", inserts)


def test_two_inserters_with_generated_ids(env):
    env.on_both(JOB)
    result = clean_run(env, "two_inserters.py")
    rows = int(re.search(r"(\d+) rows", result.stdout).group(1))
    true(rows >= 50, f"too little happened: {rows} rows")
    env_table(env, "job", rows)


@cases(("serial", "serial"), ("ordered", "ordered"))
def test_waiting_for_a_row_lock(env, execution):
    env.on_both(JOB)
    env.on_both("INSERT INTO job (state) VALUES ('')")
    result = env.run_under_capture(env.client("lock_wait.py"),
                                   {"comparison.execution": execution})
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stdout, "AB" * 10, "order of the updates")
    equal(env.on_both("SELECT state FROM job"), ([("AB" * 10,)],) * 2, "what is left")


@cases(("ordered", "ordered"), ("serial", "serial"))
@on_postgresql_only
def test_hot_rows(env, execution):
    """Eight clients, three rows: row locks are taken in one order on both sides, or the
    databases would wait for each other across the proxy."""
    env.on_both("CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL)")
    env.on_both("INSERT INTO hot VALUES (1, 0), (2, 0), (3, 0)")
    script = env.path("hot.sql")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\\set id random(1, 3)\nBEGIN;\nUPDATE hot SET n = n + 1 WHERE id = :id;\n"
                   "SELECT n FROM hot WHERE id = :id;\nCOMMIT;\n")
    with env.capture({"comparison.execution": execution}) as capture:
        done = subprocess.run(
            [env.tool("pgbench"), "-n", "-h", capture.host, "-p", str(capture.port), "-U",
             capture.user, "-f", script, "-c", "8", "-t", "25", env.database],
            capture_output=True, text=True, timeout=50, check=False, env=dict(os.environ))
        equal(done.returncode, 0, f"status of pgbench: {done.stderr}")
        capture.finish().check_clean(least=800)
    equal(env.on_both("SELECT sum(n) FROM hot"), ([(200,)], [(200,)]), "sum")
