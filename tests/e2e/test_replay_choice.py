"""What of a captured run is replayed, on which database, and what has changed since."""

from harness import (Trace, cases, contains, equal, free_port, lacks, on_postgresql_only, true,
                     write_configuration)
import wire
from servers import Server
from wire import bind, execute, parse, sync

SCHEMA = ("CREATE TABLE item (id int PRIMARY KEY, name text); "
          "INSERT INTO item VALUES (1, 'axe'), (2, 'bow'); "
          "CREATE SEQUENCE numbers")


def work(capture):
    with capture.wire() as reader, capture.wire() as writer:
        reader.query("SELECT name FROM item WHERE id = 1")
        writer.query("BEGIN")
        writer.query("INSERT INTO item VALUES (3, 'cap')")
        reader.query("SELECT count(*) FROM pg_class WHERE relname = 'item'")
        writer.query("SELECT name FROM item WHERE id = 2")
        writer.query("COMMIT")
        writer.run(parse("put", "INSERT INTO item VALUES ($1, 'din')", [23]), sync())
        writer.run(parse("get", "SELECT name FROM item WHERE id = $1", [23]), sync())
        writer.run(bind("", "put", [b"4"]), execute(), sync())
        writer.run(bind("", "get", [b"1"]), execute(), sync())
        writer.query("SELECT nextval('numbers')")
        writer.query("SET default_transaction_read_only = off")
        writer.query("BEGIN READ WRITE")
        writer.query("ROLLBACK")
        writer.query("COPY (SELECT 1) TO STDOUT")
        writer.query("SELECT name FROM item WHERE id = 1; DELETE FROM item WHERE id = 4")


EXCHANGES = 16


def captured(env):
    env.on_both(SCHEMA)
    with env.capture() as capture:
        work(capture)
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), EXCHANGES, "exchanges of the capture")
    env.on_both("DROP TABLE item; DROP SEQUENCE numbers; " + SCHEMA)
    return capture


def replay(env, capture, *options, status=0, configuration=None):
    path = env.path("out.trace")
    result = env.run("twinkly-replay", "-c", configuration or capture.configuration, "-t", path,
                     *options, capture.trace_path)
    equal(result.status, status, f"status of the replay ({result.stderr})")
    return result, path


def statements(path):
    with Trace(path) as trace:
        return [row["text"] for row in trace.rows("SELECT text FROM statement ORDER BY id")]


def content(env):
    return env.on_both("SELECT id, name FROM item ORDER BY id")


def test_read_only(env):
    capture = captured(env)
    before = content(env)
    result, path = replay(env, capture, "--read-only")
    equal(content(env), before, "tables")
    equal(env.on_both("SELECT is_called FROM numbers"), ([(False,)], [(False,)]), "sequence")
    contains(result.stderr, "6 left out by --read-only", "summary")
    seen = "\n".join(statements(path))
    for word in ("SELECT name FROM item", "COPY (SELECT 1)", "BEGIN", "COMMIT"):
        contains(seen, word, "what was replayed")
    for word in ("DELETE", "nextval", "INSERT INTO item VALUES (3", "READ WRITE"):
        lacks(seen, word, "what was replayed")
    with Trace(path) as trace:
        equal(trace.verdicts()["equal"], EXCHANGES - 6, "equal exchanges")


def test_dry_run(env):
    capture = captured(env)
    before = content(env)
    configuration = env.path("down.conf")
    nowhere = [Server("127.0.0.1", free_port(), "nobody") for _ in range(2)]
    write_configuration(configuration, capture.port, *nowhere)
    result, path = replay(env, capture, "--dry-run", "--read-only", "--order", "serial",
                          configuration=configuration)
    contains(result.stdout, "order serial", "head")
    contains(result.stdout, f"{EXCHANGES - 6} exchanges would be replayed", "total")
    contains(result.stdout, "6 left out by --read-only: may write", "total")
    contains(result.stdout, "INSERT INTO item VALUES (3, 'cap')  -- left out", "an exchange")
    equal(content(env), before, "tables")
    fails_to_open(env, path)


def fails_to_open(env, path):
    equal(env.run("twinkly-report", path).status, 3, "no trace was written")


def test_statements(env):
    capture = captured(env)
    result, path = replay(env, capture, "--statements", "from ITEM where id = 1")
    seen = statements(path)
    true(all("id = 1" in text or text.split()[0] in ("BEGIN", "COMMIT", "ROLLBACK")
             or "id = $1" in text or "$1" in text or "DELETE" in text for text in seen),
         f"statements {seen}")
    lacks("\n".join(seen), "nextval", "statements")
    contains(result.stderr, "left out: not among the chosen", "summary")


def test_sessions(env):
    capture = captured(env)
    with Trace(capture.trace_path) as trace:
        reader = trace.value("SELECT session FROM exchange ORDER BY id LIMIT 1")
    _, path = replay(env, capture, "--sessions", str(reader))
    with Trace(path) as trace:
        equal((trace.exchanges(), trace.value("SELECT count(*) FROM session")), (2, 1), "replayed")


@cases(("order", "--order", "sideways"), ("speed", "--speed", "0"), ("list", "--sessions", "a"),
       ("no_session", "--sessions", "999"), ("pattern", "--statements", "("),
       ("deadline", "--deadline", "soon"), ("against", "--against", "all"))
def test_wrong_options(env, option, value):
    capture = captured(env)
    result, _ = replay(env, capture, option, value, status=2)
    contains(result.stderr, option, "message")


@cases(("truth", "truth", 0), ("candidate", "candidate", 1))
def test_against_one_side(env, side, down):
    """The other server is not there; what was recorded is what is compared with."""
    capture = captured(env)
    servers = list(env.servers)  # the second one is the source of truth
    servers[down] = Server("127.0.0.1", free_port(), env.postgresql.user)
    configuration = env.path("half.conf")
    write_configuration(configuration, capture.port, *servers)
    result, path = replay(env, capture, "--against", side, configuration=configuration)
    contains(result.stderr, "against what was recorded", "summary")
    with Trace(path) as trace:
        trace.check_clean(least=EXCHANGES)
    env.on_both("DROP TABLE item; DROP SEQUENCE numbers; " + SCHEMA)
    env.on_both("UPDATE item SET name = 'ark' WHERE id = 1")
    result, path = replay(env, capture, "--against", side, status=1, configuration=configuration)
    contains(result.stderr, "answers otherwise than in the capture", "summary")
    with Trace(path) as trace:
        equal(set(trace.kinds()), {"value"}, "kinds")
        contains(trace.differences()[0]["text"], "expected axe, now ark", "difference")


def test_drift(env):
    """Both sides have changed in the same way: no mismatch, but drift."""
    capture = captured(env)
    env.on_both("UPDATE item SET name = 'ark' WHERE id = 1")
    result, path = replay(env, capture)
    contains(result.stderr, "3 in which PostgreSQL answers otherwise than in the capture", "drift")
    contains(result.stderr, "3 in which YugabyteDB answers otherwise than in the capture", "drift")
    with Trace(path) as trace:
        trace.check_clean(least=EXCHANGES)
        equal(trace.value("SELECT count(*) FROM exchange WHERE note LIKE '%drift: %'"), 3, "notes")
        equal(trace.value("SELECT value FROM meta WHERE key = 'truth_drifted'"), "3", "meta")


def test_a_regression_and_its_end(env):
    capture = captured(env)
    env.on_yugabytedb("UPDATE item SET name = 'ark' WHERE id = 1")
    result, path = replay(env, capture, status=1)
    contains(result.stderr, "3 regressions: equal in the capture", "summary")
    contains(result.stderr, "3 in which YugabyteDB answers otherwise", "summary")
    lacks(result.stderr, "in which PostgreSQL answers otherwise", "summary")
    with Trace(path) as trace:
        equal(trace.value("SELECT count(*) FROM exchange WHERE note LIKE '%regression%'"), 3,
              "notes")
    env.on_both("DROP TABLE item; DROP SEQUENCE numbers; " + SCHEMA)
    again = env.path("again.trace")
    mended = env.run("twinkly-replay", "-c", capture.configuration, "-t", again, path)
    equal(mended.status, 0, f"status ({mended.stderr})")
    contains(mended.stderr, "3 mended: a mismatch in the capture, equal now", "summary")


def test_fixtures_are_replayed_whole(env):
    capture = captured(env)
    fixture = env.path("all.twinkly")
    equal(env.run("twinkly-trace", "fixture", capture.trace_path, "-o", fixture).status, 0, "made")
    result = env.run("twinkly-replay", "-c", capture.configuration, "--read-only", fixture)
    equal(result.status, 2, f"status ({result.stderr})")
