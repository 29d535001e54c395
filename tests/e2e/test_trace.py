"""The trace as a user meets it: in the stock sqlite3 shell, and while it is being written."""

import os
import re
import stat
import subprocess

import wire
from harness import Trace, contains, equal, eventually, true
from wire import bind, execute, parse, sync

VIEWS = ("mismatch", "mismatch_by_statement", "latency_by_statement", "session_summary",
         "exchange_summary", "verdict_count")


def shell(path, sql):
    done = subprocess.run(["sqlite3", "-batch", "-readonly", path, sql], capture_output=True,
                          text=True, timeout=20, check=False)
    equal((done.returncode, done.stderr), (0, ""), f"sqlite3 {sql!r}")
    return done.stdout.strip()


def capture_a_bit(env):
    """Five rows against three, and what goes before; gives the path of the trace."""
    env.on_postgresql("CREATE TABLE t AS SELECT generate_series(1, 5) AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")
    with env.capture() as capture:
        with capture.wire(parameters=[("application_name", "the tester")]) as client:
            client.query("SELECT 1; SELECT 2")
            client.run(parse("", "SELECT $1::text, $2::int"), bind("", "", ["it's", None]),
                       execute(), sync())
            client.query("SELECT 1/0")
            client.query("SELECT * FROM t")
        capture.finish(status=1)
    return capture.trace_path


def test_the_stock_shell_answers(env):
    path = capture_a_bit(env)
    equal(shell(path, "PRAGMA integrity_check"), "ok", "integrity")
    true(int(shell(path, "PRAGMA application_id")) != 0, "no application_id")
    true(int(shell(path, "PRAGMA user_version")) >= 1, "no user_version")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the file")
    for view in VIEWS:
        true(shell(path, f"SELECT count(*) > 0 FROM {view}") == "1", f"view {view} is empty")
    equal(shell(path, "SELECT kind, count, statement FROM mismatch_by_statement"),
          "row-count|1|SELECT * FROM t", "mismatch_by_statement")
    contains(shell(path, "SELECT text FROM mismatch"),
             "Row count mismatch: PostgreSQL returned 5 rows, YugabyteDB returned 3 rows",
             "mismatch")
    equal(shell(path, "SELECT verdict, exchanges FROM verdict_count WHERE exchanges > 0 "
                      "ORDER BY verdict"), "equal|3\nmismatch|1", "verdict_count")


def test_what_is_recorded(env):
    with Trace(capture_a_bit(env)) as trace:
        equal([text.strip() for text in trace.statements()],
              ["SELECT 1", "SELECT 2", "SELECT $1::text, $2::int", "SELECT 1/0",
               "SELECT * FROM t"], "statements")
        rows = trace.rows("SELECT c.* FROM command c ORDER BY exchange, ordinal")
        equal([row["tag"] for row in rows][:4], ["SELECT 1", "SELECT 1", "SELECT 1", None], "tags")
        contains(rows[2]["parameters"], "it's", "parameters")
        contains(rows[2]["parameters"], "NULL", "parameters")
        equal((rows[3]["truth_sqlstate"], rows[3]["candidate_sqlstate"]), ("22012",) * 2, "error")
        equal((rows[4]["truth_rows"], rows[4]["candidate_rows"]), (3, 5), "row counts by role")
        session = trace.rows("SELECT * FROM session JOIN event ON session = session.id "
                             "WHERE what = 'connect'")[0]
        equal((session["database"], session["application_name"]), (env.database, "the tester"),
              "session")
        equal({row["role"]: row["name"] for row in trace.rows("SELECT * FROM backend")},
              {"truth": "YugabyteDB", "candidate": "PostgreSQL"}, "backends")
        true(all(row[0] for row in trace.rows("SELECT server_version FROM backend")),
             "a server_version is missing")
        check_exchanges(trace)


def check_exchanges(trace):
    rows = trace.rows("SELECT * FROM exchange ORDER BY id")
    starts = [row["started_us"] for row in rows]
    equal(starts, sorted(set(starts)), "started_us grows")
    for row in rows:
        true(row["truth_us"] > 0 and row["candidate_us"] > 0, f"times of exchange {row['id']}")
        true(row["truth_len"] >= len(row["truth"]) > 0, f"length of exchange {row['id']}")
    equal(rows[0]["request"], wire.query("SELECT 1; SELECT 2"), "request bytes")
    equal(rows[0]["candidate"], None, "equal answers are stored once")
    true(rows[3]["candidate"] is not None, "the candidate's other answer is missing")
    equal({row["truth_status"] for row in rows}, {"I"}, "transaction status")


def test_reading_while_it_is_written(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 'early'")
            with Trace(capture.trace_path) as trace:
                eventually(lambda: trace.exchanges() == 1, "the first exchange is readable", 5)
            client.query("SELECT 'late'")
        capture.finish().check_clean(least=2)


def test_long_answers_are_cut_and_their_length_is_kept(env):
    with env.capture({"trace.max-response": "10KB"}) as capture:
        with capture.wire() as client:
            got = client.query("SELECT repeat('x', 200000)")
            equal(len(wire.rows(got)[0][0]), 200000, "the client's value")
        with capture.finish() as trace:
            trace.check_clean()
            row = trace.rows("SELECT truth_len, length(truth) AS kept FROM exchange")[0]
            true(row["truth_len"] > 200000, f"length {row['truth_len']}")
            true(row["kept"] <= 10240, f"{row['kept']} bytes were kept")


def test_copy_data_is_part_of_the_request(env):
    env.on_both("CREATE TABLE t (a int)")
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(wire.query("COPY t FROM STDIN"))
            client.read_until("G")
            sent = [wire.copy_data(b"%d\n" % n) for n in range(3000)] + [wire.copy_done()]
            client.send(*sent)
            equal(wire.tags(client.read_until("Z")), ["COPY 3000"], "tag")
        with capture.finish() as trace:
            whole = trace.value("SELECT request FROM exchange") + b"".join(
                row[0] for row in trace.rows("SELECT body FROM request_part ORDER BY ordinal"))
            equal(whole == wire.query("COPY t FROM STDIN") + b"".join(sent), True,
                  "request with its parts")


def test_the_manual_s_queries_run(env):
    """Each query of docs/TRACE.md, as it stands there."""
    manual = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "TRACE.md")
    with open(manual, encoding="utf-8") as file:
        queries = re.findall(r"```sql\n(.*?)```", file.read(), re.DOTALL)
    true(len(queries) >= 8, f"{len(queries)} queries")
    path = capture_a_bit(env)
    for query in queries:
        shell(path, query.replace("4711", "4"))
    equal(shell(path, queries[0]).splitlines()[0], "equal|4|3", "the first answer")
    contains(shell(path, queries[2].replace("4711", "4")), "4|mismatch|SELECT * FROM t",
             "what the session did before")
