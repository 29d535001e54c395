"""Running the proxy: metrics, signals, time-outs, limits."""

import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time

import psycopg2

import wire
from harness import (Capture, Closed, Trace, cases, contains, equal, eventually, fails, free_port,
                     lacks, on_postgresql_only, read_text, setting, true)

SLEEPING = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()")


# --- metrics -----------------------------------------------------------------------------


def metrics_options(more=None):
    """(port, options) of a capture that serves metrics."""
    port = free_port()
    return port, {"monitoring.metrics.enabled": True, "monitoring.metrics.port": port,
                  **(more or {})}


def request(port, path="/metrics", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def scrape(port):
    """{"name{labels}": value} of a page, whose form is checked."""
    response, text = request(port)
    equal(response.status, 200, "status of /metrics")
    contains(response.getheader("Content-Type"), "text/plain; version=0.0.4", "content type")
    true(text.endswith("\n"), "the last line is not ended")
    values, types = {}, {}
    for line in text.splitlines():
        head = re.fullmatch(r"# (HELP|TYPE) (\w+) (.+)", line)
        if head:
            types[head.group(2)] = head.group(3)
            continue
        sample = re.fullmatch(r"(\w+)(\{\w+=\"[^\"]*\"(?:,\w+=\"[^\"]*\")*\})? (-?[\d.]+)", line)
        true(sample, f"not a sample: {line!r}")
        base = re.sub(r"_(bucket|sum|count)$", "", sample.group(1))
        true(sample.group(1) in types or types.get(base) == "histogram", f"no TYPE: {line!r}")
        name = sample.group(1) + (sample.group(2) or "")
        true(name not in values, f"twice: {name}")
        values[name] = float(sample.group(3))
    return values


def by_label(values, metric):
    """{label: value} of a metric's samples that are not 0; it has one label."""
    found = {}
    for name, value in values.items():
        match = re.fullmatch(metric + r"\{\w+=\"([^\"]*)\"\}", name)
        if match and value:
            found[match.group(1)] = value
    return found


def test_metrics_agree_with_the_trace(env):
    env.on_postgresql("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    env.on_yugabytedb("CREATE TABLE t (a int); INSERT INTO t VALUES (2)")
    port, options = metrics_options({"comparison.fail-on-differences": False,
                                     "comparison.exclude-patterns": ["version\\("]})
    with env.capture(options) as capture:
        with capture.wire() as client:
            for number in range(20):
                client.query(f"SELECT {number}")
            client.run(wire.parse("", "SELECT 1"), wire.bind("", ""), wire.execute(), wire.sync())
            client.query("SELECT * FROM no_such_table")
            client.query("SELECT a FROM t")
            client.query("SELECT version(), random()")
            client.query("SELECT 1 FROM pg_sleep(0.3)")
            eventually(lambda: scrape(port)["twinkly_trace_items_total"] > 25, "rows written")
            # The client has the truth's answer before the candidate is done.
            eventually(lambda: sum(by_label(scrape(port), "twinkly_exchanges_total").values())
                       == 25, "the last exchange is judged")
            values = scrape(port)
            equal(by_label(values, "twinkly_sessions"), {"ready": 1}, "sessions")
        eventually(lambda: by_label(scrape(port), "twinkly_sessions") == {}, "the session's end")
        after = scrape(port)
        capture.stop()
    with Trace(capture.trace_path) as trace:
        verdicts = dict(trace.verdicts())
        times = trace.rows("SELECT truth_us FROM exchange")
    equal(by_label(values, "twinkly_exchanges_total"), verdicts, "exchanges by verdict")
    equal(verdicts, {"equal": 23, "mismatch": 1, "excluded": 1}, "verdicts")
    equal(values["twinkly_sessions_total"], 1, "sessions so far")
    equal(values["twinkly_trace_lost_exchanges_total"], 0, "lost exchanges")
    equal(values["twinkly_gaps_total"], 0, "gaps")
    for side in ("truth", "candidate"):
        equal(values[f'twinkly_exchange_seconds_count{{side="{side}"}}'], 25, f"{side}'s answers")
        equal(values[f'twinkly_exchange_seconds_bucket{{side="{side}",le="+Inf"}}'], 25, "all")
        slow = 25 - values[f'twinkly_exchange_seconds_bucket{{side="{side}",le="0.25"}}']
        true(slow >= 1, f"the slow statement is not among the slow ones of {side}")
    total = sum(row[0] for row in times) / 1e6
    told = values['twinkly_exchange_seconds_sum{side="truth"}']
    true(abs(total - told) < 0.2, f"the trace has {total} s, the metrics {told} s")
    moved = by_label(values, "twinkly_bytes_total")
    equal(moved["truth_out"], moved["candidate_out"], "both get the same bytes")
    true(moved["client_in"] >= moved["truth_out"] > 300, f"bytes: {moved}")
    true(moved["client_out"] > 1000 and moved["truth_in"] > 1000, f"bytes: {moved}")
    ended = by_label(after, "twinkly_bytes_total")
    equal(ended["truth_in"], moved["truth_in"], "what an ended session read is still counted")
    equal(ended["client_in"], moved["client_in"] + len(wire.terminate()), "with its Terminate")


@on_postgresql_only
def test_metrics_during_traffic(env):
    """Counters never go back, and reading them disturbs nobody."""
    port, options = metrics_options()
    with env.capture(options) as capture:
        script = env.path("one.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write("SELECT 1;\n")
        bench = subprocess.Popen(
            [env.tool("pgbench"), "-n", "-h", capture.host, "-p", str(capture.port), "-U",
             capture.user, "-f", script, "-c", "4", "-t", "250", env.database],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ))
        before, pages = {}, 0
        while bench.poll() is None:
            values = scrape(port)
            for name, value in values.items():
                if "_total" in name or "_bucket" in name or "_count" in name:
                    true(value >= before.get(name, 0), f"{name} went back")
            before, pages = values, pages + 1
            time.sleep(0.01)
        equal(bench.returncode, 0, f"pgbench: {bench.communicate()[0]}")
        true(pages > 3, f"only {pages} pages")
        last = by_label(scrape(port), "twinkly_exchanges_total")
        trace = capture.finish().check_clean(least=1000)
    equal(last, {"equal": trace.exchanges()}, "exchanges")


def test_metrics_and_odd_requests(env):
    port, options = metrics_options()
    with env.capture(options) as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            equal(request(port, "/")[0].status, 404, "another path")
            equal(request(port, "/metrics/../x")[0].status, 404, "another path")
            refused = request(port, method="POST")[0]
            equal((refused.status, refused.getheader("Allow")), (405, "GET, HEAD"), "POST")
            head, text = request(port, method="HEAD")
            equal((head.status, text), (200, ""), "HEAD")
            kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            for _ in range(2):
                kept.request("GET", "/metrics")
                contains(kept.getresponse().read().decode(), "twinkly_build_info{", "page")
            for garbage in (b"\0\xff\x80 nothing\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n",
                            b"GET " + b"x" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET /met"):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as odd:
                    try:
                        odd.sendall(garbage)
                    except OSError:
                        pass  # the proxy has heard enough
            equal(wire.rows(client.query("SELECT 2")), [[b"2"]], "the session")
            kept.close()
        capture.finish().check_clean(least=2)


def test_metrics_and_clients_that_say_nothing(env):
    """More connections than there may be, all silent: sessions go on."""
    port, options = metrics_options()
    with env.capture(options) as capture:
        silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(16)]
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session")
        for connection in silent:
            connection.close()
        eventually(lambda: scrape(port)["twinkly_sessions_total"] == 1, "a page afterwards")
        capture.finish().check_clean()


def test_metrics_are_off_unless_asked_for(env):
    port = free_port()
    with env.capture({"monitoring.metrics.port": port}) as capture:
        fails(ConnectionRefusedError, lambda: request(port), "reading metrics")
        capture.stop()


def test_metrics_on_a_port_in_use(env):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        path, _ = env.configuration()
        result = env.run("twinkly-capture", "-c", path, "-t", env.path("x.trace"),
                         "-s", "monitoring.metrics.enabled=true",
                         "-s", f"monitoring.metrics.port={port}")
        equal(result.status, 3, f"status ({result.stderr})")
        contains(result.stderr, f"port {port}", "message")
        contains(result.stderr, "monitoring.metrics.port", "message")
        true(not os.path.exists(env.path("x.trace")), "a trace was made all the same")


@cases(("address", "monitoring.metrics.address", "nowhere"),
       ("port", "monitoring.metrics.port", "0"),
       ("drain", "proxy.drain-timeout", "-1s"),
       ("idle", "proxy.idle-timeout", "soon"))
def test_wrong_settings(env, key, value):
    path, _ = env.configuration()
    good = env.run("twinkly-capture", "-c", path, "--print-config")
    equal(good.status, 0, f"the healthy case ({good.stderr})")
    result = env.run("twinkly-capture", "-c", path, "-s", setting(key, value), "--", "true")
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, key, "message")


# --- SIGHUP ------------------------------------------------------------------------------


def append(capture, text):
    with open(capture.configuration, "a", encoding="utf-8") as file:
        file.write(text + "\n")


def reload(capture, expected):
    """SIGHUP; waits until the log has the text once more."""
    before = capture.log().count(expected)
    capture.process.send_signal(signal.SIGHUP)
    eventually(lambda: capture.log().count(expected) > before, f"{expected!r} in the log")


EXCLUDE = 'comparison.exclude-patterns = [ "{}" ]'


def test_reload(env):
    """Patterns and the log level take effect at once; what else changed is named."""
    env.on_both("CREATE TABLE random (n int)")
    env.on_yugabytedb("INSERT INTO random VALUES (1)")
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            equal(len(wire.errors(client.query("SELECT 1, n FROM random"))), 1, "mismatch")
            append(capture, EXCLUDE.format("random"))
            append(capture, "log.level = debug\nproxy.max-connections = 77\ntrace.queue = 65MB")
            append(capture, 'proxy.postgresql.password = "hush-1"')
            reload(capture, "the configuration was read again")
            equal(wire.errors(client.query("SELECT 2, n FROM random")), [], "excluded")
            capture.wire().close()
            eventually(lambda: "debug: session" in capture.log(), "debug lines")
            log = capture.log()
            for key in ("proxy.max-connections", "trace.queue", "proxy.postgresql.password"):
                contains(log, f"{key} has changed; that takes effect with a restart", "log")
            lacks(log, "exclude-patterns has changed", "log")
            lacks(log, "log.level has changed", "log")
            lacks(log, "hush-1", "log")
            # The last assignment in the file counts.
            append(capture, EXCLUDE.format("nothing at all"))
            append(capture, "log.level = warning")
            reload(capture, "trace.queue has changed")
            equal(len(wire.errors(client.query("SELECT 3, n FROM random"))), 1, "mismatch")
        capture.stop()
    lacks(capture.result.stderr.split("trace.queue has changed")[-1], "debug:", "log")
    with Trace(capture.trace_path) as trace:
        told = {row["text"]: row["verdict_name"] for row in trace.commands("SELECT _, n FROM random%")}
        equal(told, {"SELECT 1, n FROM random": "mismatch", "SELECT 2, n FROM random": "excluded",
                     "SELECT 3, n FROM random": "mismatch"}, "verdicts")


@cases(("unknown-key", "proxy.nonsense = 1", "proxy.nonsense"),
       ("syntax", "proxy {", "}"),
       ("pattern", EXCLUDE.format("("), "not a valid pattern"),
       ("level", "log.level = loud", "log.level"))
def test_reload_of_a_wrong_file(env, text, part):
    """Its errors are logged with their places, and the old one stays."""
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            append(capture, EXCLUDE.format("random") + "\nlog.level = info")
            reload(capture, "the configuration was read again")
            good = read_text(capture.configuration)
            append(capture, text)
            reload(capture, "the configuration is not changed")
            contains(capture.log(), f"error: configuration: {capture.configuration}:", "log")
            contains(capture.log(), part, "log")
            client.query("SELECT 'after', random()")
            with open(capture.configuration, "w", encoding="utf-8") as file:
                file.write(good)
            reload(capture, "the configuration was read again")
        capture.stop()
    with Trace(capture.trace_path) as trace:
        equal([row["verdict_name"] for row in trace.commands("SELECT 'after'%")], ["excluded"],
              "verdict under the old pattern")


def test_reload_of_a_file_that_is_gone(env):
    with env.capture() as capture:
        os.remove(capture.configuration)
        reload(capture, "the configuration is not changed")
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "a session")
        capture.finish().check_clean()


def test_the_command_line_wins_over_what_is_read_again(env):
    with env.capture({"log.level": "info"}) as capture:
        append(capture, "log.level = error")
        reload(capture, "the configuration was read again")
        reload(capture, "the configuration was read again")
        capture.stop()


def test_reload_knows_the_environment_of_the_start(env):
    """Of which libpq's own variables were taken away."""
    os.environ["PGPASSWORD"] = "hush-2"
    try:
        capture = Capture(env.program("twinkly-capture"), env.directory, env.servers, env.database)
        env.captures.append(capture)
        append(capture, "proxy.postgresql.password = ${PGPASSWORD}\nlog.level = info")
        with capture.start():
            reload(capture, "the configuration was read again")
            lacks(capture.log(), "has changed", "log")
            capture.stop()
    finally:
        del os.environ["PGPASSWORD"]


# --- SIGUSR1 -----------------------------------------------------------------------------


def status(capture):
    """The lines that SIGUSR1 prints."""
    before = capture.log()
    capture.process.send_signal(signal.SIGUSR1)
    eventually(lambda: "twinkly: status:" in capture.log()[len(before):], "the status")
    return [line for line in capture.log()[len(before):].splitlines()
            if line.startswith("twinkly: s")]


def test_status_while_an_exchange_is_blocked(env):
    env.on_both("CREATE TABLE t (a int)")
    with env.capture({"comparison.execution": "parallel"}) as capture:
        with capture.wire() as holder, capture.wire() as waiter, capture.wire() as idle:
            idle.query("SELECT 1")
            holder.query("BEGIN")
            holder.query("LOCK TABLE t")
            waiter.send(wire.query("INSERT INTO t VALUES (1)"))
            eventually(lambda: "awaiting" in "".join(status(capture)), "the insert")
            time.sleep(0.3)
            lines = status(capture)
            equal(len(lines), 4, f"lines: {lines}")
            contains(lines[0], "3 sessions, 1 exchanges under way; so far 3 sessions", "counters")
            contains(lines[0], "3 equal", "counters")
            contains(lines[1], "ready, idle", "the holder")
            equal(lines[1].count("status T, owes nothing"), 2, f"the holder: {lines[1]}")
            equal(lines[2].count("status I, owes Query"), 2, f"the waiter: {lines[2]}")
            contains(lines[2], f'user "{capture.user}", database "{env.database}"', "the waiter")
            for name in ("PostgreSQL process", "YugabyteDB process", "client 127.0.0.1:"):
                contains(lines[2], name, "the waiter")
            true(re.search(r"exchange \d+ runs for \d", lines[2]), f"the waiter: {lines[2]}")
            lacks(lines[3], "; exchange", "the idle one")
            holder.query("COMMIT")
            equal(wire.tags(waiter.read_until("Z")), ["INSERT 0 1"], "the insert")
        capture.finish().check_clean()


def test_status_without_sessions(env):
    with env.capture() as capture:
        eventually(lambda: len(status(capture)) == 1, "nobody is left")
        contains(status(capture)[0], "0 sessions, 0 exchanges under way", "counters")
        capture.stop()


# --- time-outs ---------------------------------------------------------------------------


def is_timed_out(client):
    error = wire.errors(client.read_to_end())
    equal([(e["S"], e["C"], e["M"]) for e in error],
          [("FATAL", "57P05", "terminating connection due to idle-session timeout")], "the end")


def test_idle_timeout(env):
    """Only for those who are idle, and neither at work nor in a transaction."""
    with env.capture({"proxy.idle-timeout": "1s"}) as capture:
        with capture.wire() as idle, capture.wire() as busy, capture.wire() as inside, \
                capture.wire() as talking:
            inside.query("BEGIN")
            busy.send(wire.query("SELECT 'slept' FROM pg_sleep(3)"))
            started = time.monotonic()
            timer = threading.Thread(target=is_timed_out, args=(idle,))
            timer.start()
            while time.monotonic() - started < 2.8:
                talking.query("SELECT 1")
                time.sleep(0.3)
            timer.join()
            equal(wire.rows(busy.read_until("Z")), [[b"slept"]], "the busy one")
            equal(wire.status(inside.query("SELECT 2")), "T", "the one in a transaction")
            inside.query("COMMIT")
            started = time.monotonic()
            is_timed_out(inside)
            waited = time.monotonic() - started
            true(0.9 < waited < 3, f"after {waited} s")
            with capture.wire() as fresh:
                equal(wire.rows(fresh.query("SELECT 3")), [[b"3"]], "a new session")
        capture.finish().check_clean()


def test_no_idle_timeout_by_default(env):
    with env.capture() as capture:
        with capture.wire() as client:
            true(client.has_nothing_to_read(2), "an idle session heard something")
            client.query("SELECT 1")
        capture.finish().check_clean()


def test_drain(env):
    """What is under way is answered; who is idle is told at once."""
    with env.capture({"proxy.drain-timeout": "20s"}) as capture:
        with capture.wire() as busy, capture.wire() as idle:
            busy.send(wire.query("SELECT 'slept' FROM pg_sleep(1.5)"))
            eventually(lambda: env.on_postgresql(SLEEPING) == [(1,)], "pg_sleep")
            capture.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            equal(wire.errors(idle.read_to_end())[0]["C"], "57P01", "the idle one")
            true(time.monotonic() - started < 1, "the idle one had to wait")
            fails(ConnectionRefusedError, capture.wire, "a new client")
            got = busy.read_to_end()
            equal(wire.rows(got), [[b"slept"]], "the answer")
            equal(wire.errors(got)[0]["C"], "57P01", "the end after it")
        result = capture.stop()
        equal(result.status, 0, f"status ({result.stderr})")
    Trace(capture.trace_path).check_clean()


@cases(("time-out", {"proxy.drain-timeout": "500ms"}, 1, 0.4),
       ("at-once", {"proxy.drain-timeout": "0s"}, 1, 0),
       ("second-signal", {"proxy.drain-timeout": "1h"}, 2, 0))
def test_drain_that_is_cut_short(env, options, signals, least):
    with env.capture(options) as capture:
        with capture.wire() as busy:
            busy.send(wire.query("SELECT 1 FROM pg_sleep(30)"))
            eventually(lambda: env.on_postgresql(SLEEPING) == [(1,)], "pg_sleep")
            started = time.monotonic()
            for _ in range(signals):
                capture.process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
            equal(wire.errors(busy.read_to_end())[0]["C"], "57P01", "the end")
            waited = time.monotonic() - started
            true(least <= waited < 8, f"after {waited} s")
        capture.process.wait(10)
        result = capture.stop()
        equal(result.status, 3, f"status: inconclusive is not success ({result.stderr})")
    equal(Trace(capture.trace_path).verdicts(), {"inconclusive": 1}, "verdicts")


# --- limits ------------------------------------------------------------------------------


def refused(capture):
    """The FATAL that a client gets which is one too many."""
    gone = fails(Closed, capture.wire, "connecting")
    found = wire.errors(gone.messages)
    equal([(e["S"], e["C"]) for e in found], [("FATAL", "53300")], "errors")
    contains(found[0]["M"], "too many clients", "message")


def test_too_many_clients(env):
    port, options = metrics_options({"proxy.max-connections": 2})
    with env.capture(options) as capture:
        with capture.wire() as one:
            with capture.wire() as two:
                for _ in range(3):
                    refused(capture)
                # libpq asks for TLS first, and must be told all the same.
                error = fails(psycopg2.OperationalError, capture.connect, "connecting")
                contains(str(error), "too many clients", "libpq's message")
                equal(wire.rows(two.query("SELECT 2")), [[b"2"]], "another session")
                equal(scrape(port)["twinkly_refused_total"], 4, "counted")
            eventually(lambda: by_label(scrape(port), "twinkly_sessions") == {"ready": 1},
                       "the end of one")
            with capture.wire() as three:
                equal(wire.rows(three.query("SELECT 3")), [[b"3"]], "one more")
            equal(wire.rows(one.query("SELECT 1")), [[b"1"]], "the first")
        trace = capture.finish().check_clean(least=3)
        equal(trace.value("SELECT count(*) FROM session"), 3, "sessions in the trace")


def test_a_cancel_comes_through_when_there_are_too_many_clients(env):
    with env.capture({"proxy.max-connections": 1}) as capture:
        connection = capture.connect()
        threading.Timer(0.7, connection.cancel).start()
        fails(psycopg2.errors.QueryCanceled,
              lambda: connection.cursor().execute("SELECT 1 FROM pg_sleep(25)"), "pg_sleep")
        connection.close()
        capture.stop()


def test_clients_that_only_connect(env):
    """They take no session away, up to a limit; beyond it a client is told at once."""
    with env.capture({"proxy.max-connections": 1}) as capture:
        silent = [socket.create_connection((capture.host, capture.port), timeout=10)
                  for _ in range(40)]
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session")
            silent += [socket.create_connection((capture.host, capture.port), timeout=10)
                       for _ in range(60)]
            last = silent[-1].recv(1000)
            contains(last, b"53300", "the last one's answer")
            equal(wire.rows(client.query("SELECT 2")), [[b"2"]], "the session")
        for connection in silent:
            connection.close()
        capture.finish().check_clean(least=2)


def test_hundreds_of_idle_sessions(env):
    port, options = metrics_options({"proxy.max-connections": 320})
    with env.capture(options) as capture:
        clients = []
        try:
            for _ in range(300):
                clients.append(capture.wire())
            equal(by_label(scrape(port), "twinkly_sessions"), {"ready": 300}, "sessions")
            equal(len(status(capture)), 301, "lines of status")
            before = cpu_seconds(capture)
            time.sleep(1)
            true(cpu_seconds(capture) - before < 0.2, "idle sessions cost time")
            for number, client in enumerate(clients[::10]):
                equal(wire.rows(client.query(f"SELECT {number}")), [[b"%d" % number]], "answer")
        finally:
            for client in clients:
                client.close()
        eventually(lambda: by_label(scrape(port), "twinkly_sessions") == {}, "their ends", 20)
        capture.finish().check_clean(least=30)


def cpu_seconds(capture):
    fields = read_text(f"/proc/{capture.process.pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def limited(env, soft, hard, options):
    """A capture that is started with these limits of open files."""
    capture = Capture(env.program("twinkly-capture"), env.directory, env.servers, env.database,
                      options)
    env.captures.append(capture)
    capture._arguments = ["prlimit", f"--nofile={soft}:{hard}", *capture._arguments]
    return capture


def test_the_limit_of_open_files_is_raised(env):
    with limited(env, 64, 2000, {"proxy.max-connections": 600}).start() as capture:
        found = re.search(r"Max open files\s+(\d+)\s+(\d+)",
                          read_text(f"/proc/{capture.process.pid}/limits"))
        equal(found.groups(), ("1928", "2000"), "limits")
        lacks(capture.log(), "open files", "log")
        capture.stop()


def test_too_few_open_files(env):
    """A warning at the start; later a refusal, while the sessions that there are go on."""
    with limited(env, 60, 60, {"proxy.max-connections": 50}).start() as capture:
        contains(capture.log(), "proxy.max-connections = 50 needs", "log")
        clients = []
        try:
            gone = None
            while gone is None and len(clients) < 40:
                try:
                    clients.append(capture.wire())
                except Closed as error:
                    gone = error
            true(gone, "all were let in")
            true(len(clients) > 5, f"only {len(clients)} were let in")
            equal(len(wire.errors(gone.messages)), 1, f"errors among {gone.messages}")
            for number, client in enumerate(clients):
                equal(wire.rows(client.query(f"SELECT {number}")), [[b"%d" % number]], "answer")
            before = cpu_seconds(capture)
            time.sleep(0.5)
            true(cpu_seconds(capture) - before < 0.2, "the proxy is busy with a refusal")
        finally:
            for client in clients:
                client.close()
        eventually(lambda: "0 sessions" in status(capture)[0], "their ends")
        with capture.wire() as fresh:
            equal(wire.rows(fresh.query("SELECT 'again'")), [[b"again"]], "a session later")
        capture.finish().check_clean(least=6)
