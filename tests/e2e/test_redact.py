"""Nothing secret reaches the trace or a log, and what is configured is replaced in the trace alone."""

import glob
import os
import urllib.request

import wire
from harness import Trace, contains, equal, eventually, fails, lacks, true
from servers import free_port
from wire import bind, execute, parse, sync

SECRET = "hush-4711"


def everything(capture):
    """Bytes of the trace, of what lies beside it, and of the log."""
    content = b""
    for path in glob.glob(capture.trace_path + "*"):
        with open(path, "rb") as file:
            content += file.read()
    return content + capture.log().encode()


def no_secret(content, what):
    at = content.find(SECRET.encode())
    true(at < 0, f"a secret is in {what}: {content[max(0, at - 200):at + 50]!r}")


def statements_with_passwords(client, role):
    client.query(f"CREATE ROLE {role} PASSWORD '{SECRET}'")
    client.query(f"alter user {role} with encrypted password E'{SECRET}' valid until 'infinity'")
    client.query(f"ALTER ROLE {role} PASSWORD '{SECRET}' {SECRET.replace('-', '_')}")
    client.query(f"DO $$BEGIN ALTER ROLE {role} PASSWORD '{SECRET}'; END$$")
    client.query(f"DO $$BEGIN EXECUTE 'ALTER ROLE {role} PASSWORD ''{SECRET}'''; END$$")
    client.run(parse("", f"ALTER ROLE {role} PASSWORD '{SECRET}'"), bind("", "", []), execute(),
               sync())
    client.query(f"SELECT 1; ALTER ROLE {role} PASSWORD '{SECRET}'")
    client.query(f"ALTER ROLE {role} /* {'x' * 300_000} */ PASSWORD '{SECRET}'")


def test_passwords_are_nowhere(env):
    role = f"{env.database}_role"
    port = free_port()
    with env.capture({"proxy.postgresql.password": SECRET, "log.level": "debug",
                      "monitoring.metrics.enabled": "true",
                      "monitoring.metrics.port": port}) as capture:
        capture.connect(password=SECRET).close()
        with capture.wire() as client:
            statements_with_passwords(client, role)
            client.query(f"DROP ROLE {role}")
        eventually(lambda: Trace(capture.trace_path).exchanges() >= 9, "all is in the trace")
        no_secret(everything(capture), "trace, log or write-ahead log")
        no_secret(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read(),
                  "the metrics")
        with capture.finish() as trace:
            contains(" ".join(trace.statements()), "PASSWORD '***'", "statements")
            true(trace.value("SELECT count(*) FROM redaction WHERE request > 0") >= 8,
                 "the redactions are not counted")
    no_secret(everything(capture), "trace or log")


def test_a_password_message_is_recorded_nowhere(env):
    """A client that sends one unasked is refused, and its bytes are not kept."""
    with env.capture({"log.level": "debug"}) as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            client.send(wire.message("p", SECRET.encode() + b"\0"))
            fails(wire.Closed, lambda: client.query("SELECT 2"), "the session")
        capture.stop()
    no_secret(everything(capture), "trace or log")


CONFIGURED = {"trace.redact.statements": '["card-[0-9]+"]', "trace.redact.parameters": '["^tel:"]',
              "trace.redact.columns": '["email"]', "trace.redact.key": "a key",
              "comparison.on-mismatch": "log"}


def test_what_is_configured(env):
    env.on_both("CREATE TABLE person (id int, email text, tel text)")
    env.on_postgresql("INSERT INTO person VALUES (1, 'ann@hush-4711', '1'), (2, 'bob', '2')")
    env.on_yugabytedb("INSERT INTO person VALUES (1, 'ann@hush-4711x', '1'), (2, 'bob', '2')")
    with env.capture(CONFIGURED) as capture:
        with capture.wire() as client:
            got = client.query("SELECT length('card-4711')")
            equal(wire.rows(got), [[b"9"]], "the client's value")
            client.run(parse("", "INSERT INTO person VALUES (3, 'x', $1)"),
                       bind("", "", [f"tel:{SECRET}"]), execute(), sync())
            got = client.query("SELECT id, email FROM person ORDER BY id")
            equal(wire.rows(got)[0], [b"1", f"ann@{SECRET}x".encode()], "the client's row")
        capture.finish(status=1)
    content = everything(capture).replace(b'"^tel:"', b"")
    lacks(content.decode("latin-1"), "card-4711", "trace")
    lacks(content.decode("latin-1"), "tel:", "trace")
    lacks(Trace(capture.trace_path).value("SELECT group_concat(text) FROM difference"), "hush",
          "differences")
    with Trace(capture.trace_path) as trace:
        contains(trace.value("SELECT parameters FROM command WHERE exchange = 2"), "redacted:",
                 "the parameter")
        equal(trace.verdicts(), {"equal": 2, "mismatch": 1}, "verdicts")
        equal([tuple(row) for row in trace.rows("SELECT * FROM redaction ORDER BY exchange")],
              [(1, 1, 0), (2, 1, 0), (3, 0, 6)], "redactions")
    contains(env.run("twinkly-trace", "check", capture.trace_path).stdout, ": whole:", "check")
    env.on_both("DELETE FROM person WHERE id = 3")
    replayed = env.run("twinkly-replay", "-c", capture.configuration, capture.trace_path)
    contains(replayed.stderr, "the requests of 2 exchanges are not replayed as they were",
             "what a replay says")


def test_redacting_afterwards(env):
    env.on_both("CREATE TABLE person (id int, email text)")
    env.on_both("INSERT INTO person VALUES (1, 'ann@hush-4711'), (2, NULL)")
    env.on_yugabytedb("UPDATE person SET email = 'eve@hush-4711' WHERE id = 1")
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        with capture.wire() as client:
            client.query("SELECT id, email FROM person ORDER BY id")
            client.run(parse("", "SELECT $1::text IS NULL"), bind("", "", [SECRET]), execute(),
                       sync())
            client.query("SELECT repeat('x', 50000)")
            client.query(f"SELECT 1/0 AS \"{SECRET}\"")
        capture.finish(status=1)
    out = env.path("clean.trace")
    done = env.run("twinkly-trace", "redact", capture.trace_path, "-o", out, "-e", "hush-[0-9]+",
                   "--column", "EMAIL")
    equal(done.status, 0, f"status ({done.stderr})")
    contains(done.stdout, "replaced in 3 of 4 exchanges", "what it says")
    with open(out, "rb") as file:
        no_secret(file.read(), "the new trace")
    with Trace(out) as new, Trace(capture.trace_path) as old:
        for table in ("session", "event", "exchange", "command", "statement", "difference",
                      "packed", "session_count", "gap"):
            query = f"SELECT count(*) FROM {table}"
            equal(new.value(query), old.value(query), f"rows of {table}")
        equal(new.verdicts(), old.verdicts(), "verdicts")
        contains(new.value("SELECT parameters FROM command WHERE exchange = 2"), "redacted:",
                 "the parameter")
        equal([row[0] for row in new.rows("SELECT exchange FROM redaction")], [1, 2, 4],
              "redactions")
        equal(new.value("SELECT truth <> candidate FROM difference"), 1, "hashes of two values")
    contains(env.run("twinkly-trace", "check", out).stdout, ": whole:", "check")
    for arguments, status in (([capture.trace_path], 2), ([out, "-o", out], 2),
                              ([out, "-o", env.path("x"), "-e", "("], 2),
                              ([env.path("none"), "-o", env.path("x")], 3)):
        equal(env.run("twinkly-trace", "redact", *arguments).status, status, f"{arguments}")
    true(os.path.exists(out), "the trace is gone")
