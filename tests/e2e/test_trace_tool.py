"""twinkly-trace: what is in a trace, whether it is whole, and what two traces say differently."""

import os
import sqlite3

from harness import Trace, cases, contains, equal, lacks, read_text


def captured(env, rows=2):
    """A trace with four sessions and one mismatch."""
    env.on_postgresql(f"CREATE TABLE t AS SELECT generate_series(1, {rows}) AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        for _ in range(3):
            with capture.wire() as client:
                client.query("SELECT 'hello'")
                client.query("SELECT 1/0")
        with capture.wire() as client:
            client.query("SELECT * FROM t")
        capture.finish(status=1)
    return capture.trace_path


def last_session(trace):
    """The sessions before it depend on how often the port was tried."""
    with Trace(trace) as opened:
        return opened.value("SELECT max(id) FROM session")


def tool(env, *arguments, status=0):
    result = env.run("twinkly-trace", *arguments)
    equal(result.status, status, f"status of twinkly-trace {arguments} ({result.stderr})")
    return result.stdout if status < 2 else result.stderr


def test_ls(env):
    trace = captured(env)
    sessions = tool(env, "ls", trace).splitlines()
    equal(len(sessions), 5, "lines of four sessions and the head")
    equal(sessions[4].split()[:4], [str(last_session(trace)), "1", "0", "1"], "the last session's counts")
    equal(len(tool(env, "ls", "-e", trace).splitlines()), 8, "lines of seven exchanges")
    wrong = tool(env, "ls", "--verdict", "mismatch", trace).splitlines()
    equal(len(wrong), 2, "lines of one mismatch")
    contains(wrong[1], "SELECT * FROM t", "its statement")
    found = tool(env, "ls", "--statement", "1/0", "--session", str(last_session(trace) - 1),
                 trace)
    equal(len(found.splitlines()), 2, "lines of one statement of one session")
    limited = tool(env, "ls", "-e", "--limit", "2", trace)
    contains(limited, "... and more", "the rest")
    tool(env, "ls", "--verdict", "nice", trace, status=2)


def test_show(env):
    trace = captured(env)
    text = tool(env, "show", trace, f"{last_session(trace)}:7")
    contains(text, '> Query "SELECT * FROM t"', "the request")
    contains(text, '\n< DataRow ["2"]', "a row of both sides")
    contains(text, '\n<yugabytedb DataRow ["3"]', "a row of one side")
    contains(text, "# row-count: ", "the difference")
    lacks(text, "hello", "other exchanges")


@cases(("no_such_exchange", "1:7", 3, "holds no exchange 1:7"),
       ("no_number", "x", 2, "expected SESSION or SESSION:EXCHANGE"))
def test_show_what_is_not_there(env, place, status, message):
    contains(tool(env, "show", captured(env), place, status=status), message, "message")


def test_check(env):
    trace = captured(env)
    contains(tool(env, "check", trace), ": whole: 4 sessions, 7 exchanges", "a whole trace")
    with sqlite3.connect(trace) as database:
        database.execute("DELETE FROM session WHERE id = ?", [last_session(trace) - 1])
        database.execute("INSERT INTO gap VALUES (1, 5, 3, 'disk full')")
        database.execute("DELETE FROM meta WHERE key = 'ended_wall_us'")
    text = tool(env, "check", trace, status=1)
    contains(text, "2 exchanges of a session that is not there", "references")
    contains(text, "3 exchanges could not be recorded: disk full", "gaps")
    contains(text, "it has no end", "end")
    contains(text, "not whole", "the verdict")


def test_check_of_a_damaged_file(env):
    trace = captured(env)
    size = os.path.getsize(trace)
    with open(trace, "r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 3))
    result = env.run("twinkly-trace", "check", trace)
    equal(result.status in (1, 3), True, f"status {result.status} of a damaged trace")
    tool(env, "check", env.path("none.trace"), status=3)


def test_diff(env):
    first = captured(env)
    contains(tool(env, "diff", first, first), "7 exchanges: 0 with other answers", "with itself")
    env.on_both("DROP TABLE t")
    second = captured(env, rows=1)
    text = tool(env, "diff", first, second, status=1)
    contains(text, f"exchange 7, session {last_session(first)}: postgresql: Row count mismatch", "what differs")
    contains(text, "1 with other answers", "totals")
    lacks(text, "yugabytedb:", "the side that answers as before")


def test_merge(env):
    first = captured(env)
    env.on_both("DROP TABLE t")
    second = captured(env, rows=1)
    merged = env.path("merged.trace")
    tool(env, "merge", second, first, "-o", merged)
    contains(tool(env, "check", merged), "whole: 8 sessions, 14 exchanges", "the merged trace")
    with Trace(merged) as trace, Trace(first) as one, Trace(second) as two:
        equal(trace.statements(), one.statements() + two.statements(), "statements in order of time")
        equal(trace.kinds(), one.kinds() + two.kinds(), "differences")
        equal(trace.value("SELECT count(*) FROM statement"), 3, "distinct statements")
        equal(trace.value("SELECT count(DISTINCT session) FROM exchange"), 8, "sessions")
        equal(trace.value("SELECT count(*) FROM event"), one.value("SELECT count(*) FROM event")
              + two.value("SELECT count(*) FROM event"), "events")


@cases(("other_databases", 3, "is about"), ("onto_a_source", 3, "would take its place"),
       ("without_output", 2, "-o TRACE is missing"))
def test_merge_of_what_cannot_be(env, status, message):
    trace = captured(env)
    with open(env.path("x.twinkly"), "w", encoding="utf-8") as file:
        file.write("twinkly-fixture 1\nsides truth=a candidate=b\n")
    other = env.path("other.trace")
    tool(env, "import", env.path("x.twinkly"), "-o", other)
    arguments = {"is about": [other, "-o", env.path("out.trace")],
                 "would take its place": [trace, "-o", trace]}.get(message, [trace])
    contains(tool(env, "merge", trace, *arguments, status=status), message, "message")


def test_merged_fixtures_are_a_fixture(env):
    """Their sessions have the same names, and get others."""
    text = env.path("x.twinkly")
    with open(text, "w", encoding="utf-8") as file:
        file.write("twinkly-fixture 1\nsides truth=a candidate=b\nsession me user=x\n"
                   'me! connect\nme> Query ""\nme< empty status=I\n')
    traces = [env.path(f"{name}.trace") for name in ("one", "two", "merged")]
    for trace in traces[:2]:
        tool(env, "import", text, "-o", trace)
    tool(env, "merge", *traces[:2], "-o", traces[2])
    tool(env, "fixture", traces[2], "-o", text)
    contains(read_text(text), "session me s1 user=x\n", "names")
    tool(env, "import", text, "-o", env.path("again.trace"))
    contains(tool(env, "diff", traces[2], env.path("again.trace")), "2 exchanges: 0 with", "diff")
