"""Slow queries: what is slow on one side and stays so is a mismatch, all else is not."""

import re
import sqlite3
import threading
from contextlib import closing

import psycopg2

import wire
from harness import cases, contains, equal, eventually, fails, lacks, true
from wire import bind, execute, parse, query, sync

SLOW = {"comparison.slow-query-min": "150ms", "comparison.fail-on-slow-queries": True,
        "comparison.on-mismatch": "error", "comparison.source-of-truth": "postgresql"}
SLEEP = 0.3
OF_TWINKLY = "current_setting('application_name') = 'twinkly explain'"


def plant(env, where="pg_sleep({}) IS NOT NULL"):
    """A view that takes its time on one side; its query does not say so."""
    env.on_postgresql("CREATE VIEW v AS SELECT 1 AS a")
    env.on_yugabytedb(f"CREATE VIEW v AS SELECT 1 AS a WHERE {where.format(SLEEP)}")
    env.on_both("CREATE TABLE t (a int)")


def warm(client):
    """The first statements of a connection are never slow."""
    for _ in range(3):
        client.query("SELECT 1")


def rows(trace, sql):
    return [tuple(row) for row in trace.rows(sql)]


def plans(trace):
    return rows(trace, "SELECT role, text FROM plan ORDER BY exchange, role")


def test_a_slow_view(env):
    plant(env)
    path = env.path("slow.trace")
    with env.capture(SLOW, trace=path) as capture:
        with capture.wire() as client:
            warm(client)
            got = client.query("SELECT * FROM v")
            equal(wire.types(got), "EZ", "grammar")
            error = wire.errors(got)[0]
            equal(error["C"], "XX000", "SQLSTATE")
            contains(error["M"], "Slow query: YugabyteDB took", "message")
            contains(error["M"], "with EXPLAIN ANALYZE", "message")
            contains(error["D"], "Plan of PostgreSQL:\nResult", "both plans")
            contains(error["D"], "Plan of YugabyteDB:\nResult", "both plans")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"equal": 4, "mismatch": 1}, "verdicts")
            equal(trace.kinds(), ["slow"], "kinds")
            equal([role for role, _ in plans(trace)], ["candidate", "truth"], "plans")
            times = [float(re.search(r"Execution Time: ([\d.]+) ms", text)[1])
                     for _, text in plans(trace)]
            true(times[0] > 4 * times[1], f"times {times}")
            place = rows(trace, "SELECT e.session, d.exchange FROM difference d JOIN exchange e "
                               "ON e.id = d.exchange")[0]
        contains(capture.log(), "1 exchanges slow on one database", "summary")
    report = env.run("twinkly-report", path)
    contains(report.stdout, f"plans: twinkly-trace show {path} "[:40], "report")
    shown = env.run("twinkly-trace", "show", path, "{}:{}".format(*place))
    contains(shown.stdout, "# plan of yugabytedb:\n#   Result", "twinkly-trace show")
    merged = env.path("merged.trace")
    equal(env.run("twinkly-trace", "merge", path, path, "-o", merged).status, 0, "merge")
    with closing(sqlite3.connect(merged)) as both:
        equal(both.execute("SELECT count(*) FROM plan JOIN exchange e ON e.id = exchange "
                           "WHERE e.verdict = 2").fetchone(), (4,), "plans after a merge")


def test_without_failing(env):
    plant(env)
    with env.capture({**SLOW, "comparison.fail-on-slow-queries": False}) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.rows(client.query("SELECT * FROM v")), [[b"1"]], "rows")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 3, "allowed": 1}, "verdicts")
            equal(rows(trace, "SELECT rule FROM difference"), [("builtin:slow",)], "rule")
            equal(len(plans(trace)), 2, "plans")


def test_the_truth_is_slow(env):
    plant(env)
    with env.capture({**SLOW, "comparison.source-of-truth": "yugabytedb"}) as capture:
        with capture.wire() as client:
            warm(client)
            error = wire.errors(client.query("SELECT * FROM v"))[0]
            contains(error["M"], "Slow query: YugabyteDB took", "message")
        capture.finish(status=1)


def test_log_and_terminate(env):
    plant(env)
    with env.capture({**SLOW, "comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.rows(client.query("SELECT * FROM v")), [[b"1"]], "rows")
            equal(wire.rows(client.query("SELECT 2")), [[b"2"]], "the next one")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"equal": 4, "mismatch": 1}, "verdicts")
    with env.capture({**SLOW, "comparison.on-mismatch": "terminate"}) as capture:
        cursor = capture.connect().cursor()
        for _ in range(3):
            cursor.execute("SELECT 1")
        fails(psycopg2.Error, lambda: cursor.execute("SELECT * FROM v"), "the mismatch")
        fails(psycopg2.Error, lambda: cursor.execute("SELECT 1"), "after it")
        capture.finish(status=1)


@cases(("unnamed", ""), ("named", "s1"))
def test_with_parameters(env, name):
    plant(env)
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            sql = "SELECT a::bigint FROM v WHERE a = $1 AND $2 <> 'x'"
            prepared = parse(name, sql, [23, 25])
            if name:
                client.run(prepared, sync())
            got = client.run(*([] if name else [prepared]),
                             bind("", name, [b"\0\0\0\1", b"y"], [1, 0], [1]), execute(), sync())
            contains(wire.errors(got)[0]["M"], "Slow query: YugabyteDB took", "message")
        with capture.finish(status=1) as trace:
            equal(trace.kinds(), ["slow"], "kinds")
            contains(plans(trace)[0][1], "Execution Time", "the plan of an extended query")


def test_behind_a_begin(env):
    """As drivers send it: BEGIN and the query in one go."""
    plant(env)
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            got = client.run(parse("", "BEGIN"), bind("", ""), execute(),
                             parse("", "SELECT * FROM v"), bind("", ""), execute(), sync())
            equal(wire.types(got), "12C" + "EZ", "grammar")
            equal(got[-1][1], b"E", "status")
            client.query("ROLLBACK")
            got = client.query("BEGIN; SELECT * FROM v")
            equal(wire.types(got), "CEZ", "grammar")
            client.query("ROLLBACK")
        with capture.finish(status=1) as trace:
            equal(rows(trace, "SELECT ordinal FROM difference"), [(1,), (1,)], "commands")
            equal(rows(trace, "SELECT v.name FROM command c JOIN verdict v ON v.id = c.verdict "
                             "WHERE exchange = (SELECT min(exchange) FROM difference) "
                             "ORDER BY ordinal"), [("equal",), ("mismatch",)], "verdicts")


def test_noise_is_not_confirmed(env):
    plant(env, f"{OF_TWINKLY} OR pg_sleep({{}}) IS NOT NULL")
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.rows(client.query("SELECT * FROM v")), [[b"1"]], "rows")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 4}, "verdicts")
            contains(trace.value("SELECT note FROM exchange WHERE note IS NOT NULL"),
                     "slow once, not confirmed", "note")
        contains(capture.log(), "1 exchanges slow once, not confirmed", "summary")


def test_what_cannot_be_confirmed(env):
    """A temporary table is not there on another connection."""
    plant(env)
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            client.query("CREATE TEMP TABLE own (b int)")
            client.query("INSERT INTO own VALUES (1)")
            equal(wire.rows(client.query("SELECT b FROM own, v")), [[b"1"]], "rows")
        with capture.finish(status=0) as trace:
            contains(trace.value("SELECT note FROM exchange WHERE note IS NOT NULL"),
                     'could not be confirmed: PostgreSQL: relation "own" does not exist', "note")


def test_startup_settings_apply(env):
    """The connections that ask for plans have the client's search_path."""
    plant(env)
    env.on_both("CREATE SCHEMA other; ALTER VIEW v SET SCHEMA other")
    with env.capture(SLOW) as capture:
        with capture.wire(parameters=(("search_path", "other"),)) as client:
            warm(client)
            contains(wire.errors(client.query("SELECT * FROM v"))[0]["M"], "Slow query:", "message")
        capture.finish(status=1)


@cases(("ddl", "CREATE TABLE made AS SELECT * FROM v"),
       ("refresh", "REFRESH MATERIALIZED VIEW m"),
       ("copy", "COPY (SELECT a FROM v) TO STDOUT"),
       ("do", f"DO $$ BEGIN PERFORM * FROM v; END $$"),
       ("explain", "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM v"),
       ("several", "SELECT * FROM v; SELECT 1"),
       ("truncate", "TRUNCATE t"),
       ("set", "SET work_mem = '5MB'; SELECT * FROM v"))
def test_never_slow(env, sql):
    plant(env)
    env.on_both("CREATE MATERIALIZED VIEW m AS SELECT * FROM v WITH NO DATA")
    env.on_yugabytedb(
        f"CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_sleep({SLEEP}); RETURN NULL; END $$; CREATE TRIGGER slow BEFORE TRUNCATE "
        f"ON t EXECUTE FUNCTION pause()")
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.errors(client.query(sql)), [], "errors")
        with capture.finish(status=0) as trace:
            lacks(capture.log(), "exchanges slow", "summary")
            true("slow" not in trace.kinds(), "kinds")
            true(trace.value("SELECT max(candidate_us - truth_us) > 200000 FROM exchange"),
                 "it was slow")


def test_commit_is_never_slow(env):
    env.on_both("CREATE TABLE t (a int)")
    env.on_yugabytedb(
        f"CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_sleep({SLEEP}); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER slow AFTER "
        f"INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pause()")
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            client.query("BEGIN")
            client.query("INSERT INTO t VALUES (1)")
            client.query("COMMIT")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 6}, "verdicts")
        lacks(capture.log(), "exchanges slow", "summary")


def test_the_first_statements_are_never_slow(env):
    plant(env)
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            for _ in range(3):
                equal(wire.rows(client.query("SELECT * FROM v")), [[b"1"]], "rows")
            contains(wire.errors(client.query("SELECT * FROM v"))[0]["M"], "Slow query:", "the fourth")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"equal": 3, "mismatch": 1}, "verdicts")


def test_what_writes_is_not_run_again(env):
    plant(env)
    with env.capture(SLOW) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.tags(client.query("INSERT INTO t SELECT a FROM v")), ["INSERT 0 1"], "tag")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 3, "allowed": 1}, "verdicts")
            contains(trace.value("SELECT text FROM difference"), "not run again", "sentence")
            for _, text in plans(trace):
                contains(text, "Insert on t", "plan")
                lacks(text, "Execution Time", "plan")
    equal(env.on_both("SELECT count(*) FROM t"), ([(1,)], [(1,)]), "rows")


@cases(("ordered", "ordered"), ("serial", "serial"))
def test_a_lock_of_another_session(env, execution):
    env.on_both("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    with env.capture({**SLOW, "comparison.execution": execution}) as capture:
        with capture.wire() as holder, capture.wire() as waiter:
            warm(holder)
            warm(waiter)
            holder.query("BEGIN")
            holder.query("UPDATE t SET a = 2")
            waiter.send(query("UPDATE t SET a = a + 1"))
            eventually(lambda: env.on_postgresql(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                "datname = current_database()"), "the lock is waited for")
            env.on_postgresql(f"SELECT pg_sleep({SLEEP})")
            holder.query("COMMIT")
            equal(wire.tags(waiter.read_until("Z")), ["UPDATE 1"], "tag")
        with capture.finish(status=0) as trace:
            equal(set(trace.verdicts()), {"equal"}, f"verdicts {dict(trace.verdicts())}")
            true(trace.value("SELECT max(truth_us) > 200000 FROM exchange"), "it waited")
        lacks(capture.log(), "exchanges slow", "summary")


def test_a_table_lock_past_the_proxy(env):
    """A reading statement that waited is not slow when it is run again."""
    env.on_both("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    with env.capture(SLOW) as capture:
        with capture.wire() as client, env.wire_to(env.yugabytedb) as holder:
            warm(client)
            holder.query("BEGIN")
            holder.query("LOCK TABLE t")
            client.send(query("SELECT a FROM t"))
            env.on_postgresql(f"SELECT pg_sleep({SLEEP})")
            holder.query("ROLLBACK")
            equal(wire.rows(client.read_until("Z")), [[b"1"]], "rows")
        with capture.finish(status=0) as trace:
            equal(trace.verdicts(), {"equal": 4}, "verdicts")
        contains(capture.log(), "slow once, not confirmed", "summary")


def test_so_often_and_no_more(env):
    plant(env)
    with env.capture({**SLOW, "comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            warm(client)
            for _ in range(12):
                client.query("SELECT * FROM v")
        with capture.finish(status=1) as trace:
            equal(trace.verdicts(), {"equal": 5, "mismatch": 10}, "verdicts")
            equal(trace.value("SELECT count(*) FROM exchange WHERE note LIKE "
                              "'slow, not looked into: its text%'"), 2, "notes")
        contains(capture.log(), "2 exchanges slow, not looked into", "summary")


def test_one_at_a_time_and_the_loop_goes_on(env):
    plant(env)
    with env.capture(SLOW) as capture:
        clients = [capture.wire() for _ in range(4)]
        for client in clients:
            warm(client)
        for client in clients[:3]:
            client.send(query("SELECT * FROM v"))
        env.on_postgresql(f"SELECT pg_sleep({SLEEP + 0.1})")
        equal(wire.rows(clients[3].query("SELECT 2")), [[b"2"]], "another session")
        got = [wire.types(client.read_until("Z")) for client in clients[:3]]
        true("EZ" in got, f"one at least is a mismatch: {got}")
        for client in clients:
            client.close()
        with capture.finish(status=1) as trace:
            verdicts = trace.verdicts()
            skipped = trace.value("SELECT count(*) FROM exchange WHERE note LIKE "
                                  "'slow, not looked into: another%'")
            equal(verdicts["mismatch"] + skipped, 3, f"{dict(verdicts)}, {skipped} skipped")


def test_a_known_one(env):
    plant(env)
    path = env.path("known.txt")
    for arguments, status, verdict in (([], 1, "mismatch"), (["--known", path], 0, "allowed")):
        with env.capture(SLOW, arguments=arguments) as capture:
            with capture.wire() as client:
                warm(client)
                client.query("SELECT * FROM v")
            with capture.finish(status=status) as trace:
                equal(trace.verdicts(), {"equal": 3, verdict: 1}, "verdicts")
        env.run("twinkly-report", capture.trace_path, "--write-known", path)


@cases(("rule", {"comparison.rules": '[ { name = r, reason = "known", action = ignore, '
                                     'kinds = [ slow ], statement = "from v" } ]'}, "allowed"),
       ("excluded", {"comparison.exclude-patterns": ["from v"]}, "equal"),
       ("ratio", {"comparison.slow-query-ratio": 1e6}, "equal"),
       ("minimum", {"comparison.slow-query-min": "10s"}, "equal"))
def test_what_the_configuration_allows(env, options, verdict):
    plant(env)
    with env.capture({**SLOW, **options}) as capture:
        with capture.wire() as client:
            warm(client)
            equal(wire.rows(client.query("SELECT * FROM v")), [[b"1"]], "rows")
        with capture.finish(status=0) as trace:
            equal(sum(trace.verdicts().values()), 4, "exchanges")
            true(trace.verdicts()[verdict] >= 1, f"{dict(trace.verdicts())}")
            equal(plans(trace), [], "nothing was asked")
            equal(rows(trace, "SELECT rule FROM difference"),
                  [("r",)] if verdict == "allowed" else [], "rule")


def test_the_client_leaves_while_it_waits(env):
    plant(env)
    with env.capture(SLOW) as capture:
        client = capture.wire()
        warm(client)
        client.send(query("SELECT * FROM v"))
        eventually(lambda: env.on_yugabytedb(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'twinkly explain'"),
            "plans are asked for")
        client.reset()
        with capture.finish(status=1) as trace:
            equal(sum(trace.verdicts().values()), 4, "exchanges")


def test_concurrent_clients_in_a_mix(env):
    """Many sessions, some slow: nobody hangs."""
    plant(env)
    with env.capture({**SLOW, "comparison.on-mismatch": "log"}) as capture:
        def work():
            with capture.wire() as client:
                for _ in range(5):
                    client.query("SELECT 1")
                    client.query("SELECT * FROM v")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            true(not thread.is_alive(), "a client hangs")
        with capture.finish(status=1) as trace:
            equal(sum(trace.verdicts().values()), 40, "exchanges")
            true(trace.verdicts()["mismatch"] >= 1, f"{dict(trace.verdicts())}")
