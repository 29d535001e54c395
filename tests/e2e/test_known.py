"""Known differences: written by twinkly-report, then allowed by capture, replay and report; new
ones and those that are gone are told, and are the exit status."""

import re

import psycopg2

from harness import Trace, cases, contains, equal, fails, lacks, read_text, true
from wire import bind, execute, parse, sync

READ = "SELECT id, name FROM t WHERE id < {} ORDER BY id"
COUNT = "SELECT * FROM rows"
INSERT = "INSERT INTO checked VALUES ({})"
FETCH = ["BEGIN", "DECLARE c CURSOR FOR SELECT count(*) AS n FROM rows", "FETCH ALL FROM c",
         "ROLLBACK"]
LOG = {"comparison.fail-on-differences": False}


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def plant(env):
    env.on_postgresql("CREATE TABLE t AS SELECT 1 AS id, 'axe'::text AS name, 1 AS price;"
                      "CREATE TABLE rows AS SELECT generate_series(1, 5) AS a;"
                      "CREATE TABLE checked (a int CHECK (a > 0))")
    env.on_yugabytedb("CREATE TABLE t AS SELECT 1 AS id, 'bow'::text AS name, 2 AS price;"
                      "CREATE TABLE rows AS SELECT generate_series(1, 3) AS a;"
                      "CREATE TABLE checked (a int CHECK (1 / a > 0))")


def run(env, statements, known=None, options=None):
    """Each statement in a session of its own, lists of them in one: what capture says, the trace."""
    arguments = ["--known", known] if known else []
    answers = []
    with env.capture(options, arguments=arguments) as capture:
        for statement in statements:
            with capture.wire() as client:
                for one in statement if isinstance(statement, list) else [statement]:
                    answers.append(client.query(one))
        result = capture.stop()
    return result, capture, answers


def written(env, statements, name="known.txt"):
    """The list that a run of these statements gives, without stopping at a difference."""
    _, capture, _ = run(env, statements, options=LOG)
    path = env.path(name)
    result = env.run("twinkly-report", capture.trace_path, "--write-known", path)
    equal(result.status, 1, f"status ({result.stderr})")
    return path, result, capture


ALL = [READ.format(10), COUNT, INSERT.format(0), FETCH]


def test_known_differences_are_allowed(env):
    plant(env)
    path, result, _ = written(env, ALL)
    contains(result.stdout, "4 entries, 4 of them new", "report")
    text = read_text(path)
    contains(text, "statement select id, name from t where id < ? order by id\n"
                   "  kind      value\n  column    name\n", "list")
    contains(text, "statement fetch all from c\n  kind      value\n", "list")
    contains(text, "statement insert into checked values(?)\n  kind      sqlstate\n"
                   "  truth     22012\n  candidate 23514\n", "list")
    contains(text, "# Row count mismatch: PostgreSQL returned 5 rows", "list")
    # Other literals, blanks and case: the same statements. Nothing is told to the client.
    same = [READ.format(20).replace("SELECT", "select  /* again */"), COUNT + ";",
            INSERT.format(" 0 "), FETCH]
    for options in (None, {"comparison.on-mismatch": "error"}, LOG):
        result, capture, _ = run(env, same, path, options)
        equal(result.status, 0, f"status ({result.stderr} {capture.log()})")
        contains(capture.log(), "known differences: 0 new, 4 known, 0 gone", "summary")
        with Trace(capture.trace_path) as trace:
            rules = [row[0] for row in trace.rows(
                "SELECT DISTINCT rule FROM difference WHERE rule IS NOT NULL")]
            equal(sorted(rules), ["known:1", "known:2", "known:3", "known:4"], "rules")


def test_the_client_gets_the_truth_and_goes_on(env):
    plant(env)
    path, _, _ = written(env, [COUNT, READ.format(5)])
    with env.capture(arguments=["--known", path]) as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        cursor.execute(COUNT)
        true(len(cursor.fetchall()) in (3, 5), "rows of the truth")
        cursor.execute("SELECT 7")
        equal(cursor.fetchall(), [(7,)], "the session goes on")
        # terminate is what happens to a new one, in the same session
        fails(psycopg2.Error, lambda: cursor.execute("SELECT price FROM t"), "price")
        connection.close()
        result = capture.stop()
    equal(result.status, 1, "status")
    contains(capture.log(), "known differences: 1 new, 1 known, 0 gone, 1 not executed", "summary")
    contains(capture.log(), "not executed: known:2, value of name: select id, name from t", "list")


def test_another_column_kind_or_sqlstate_is_new(env):
    plant(env)
    path, _, _ = written(env, ["SELECT * FROM t", INSERT.format(0)])
    text = read_text(path)
    contains(text, "column    price", "both columns are on the list")
    block = re.search(r"\n\n#[^\n]*\nstatement select \* from t\n  kind +value\n"
                      r"  column +price\n  count +1\n", text).group(0)
    write_text(path, text.replace(block, "\n"))
    _, capture, _ = run(env, ["SELECT * FROM t"], path, LOG)
    contains(capture.log(), "1 new, 1 known, 0 gone", "another column")
    write_text(path, text.replace("22012", "22013"))
    _, capture, _ = run(env, [INSERT.format(0)], path, LOG)
    contains(capture.log(), "1 new, 0 known, 1 gone", "another SQLSTATE")
    write_text(path, text.replace("kind      value", "kind      order"))
    result, capture, _ = run(env, ["SELECT * FROM t"], path, LOG)
    contains(capture.log(), "1 new, 0 known, 2 gone", "another kind")
    equal(result.status, 1, "status")


def test_gone_and_not_executed(env):
    plant(env)
    path, _, _ = written(env, [READ.format(3), COUNT, INSERT.format(0)])
    env.on_postgresql("DELETE FROM rows WHERE a > 3")
    result, capture, _ = run(env, [READ.format(3), COUNT], path)
    equal(result.status, 1, f"status ({capture.log()})")
    contains(capture.log(), "0 new, 1 known, 1 gone, 1 not executed", "summary")
    contains(capture.log(), "row-count: select * from rows", "which is gone")
    # What was not executed is listed and costs nothing; what is gone leaves the list.
    report = env.run("twinkly-report", capture.trace_path, "--known", path, "--write-known", path)
    equal(report.status, 1, f"status ({report.stderr})")
    contains(report.stdout, "0 new, 1 known, 1 gone, 1 not executed", "report")
    contains(report.stdout, "1 known difference is gone", "report")
    contains(report.stdout, "2 entries, 0 of them new, 1 not executed and kept; 1 gone and left out",
             "report")
    lacks(read_text(path), "from rows", "list")
    result, capture, _ = run(env, [READ.format(3), COUNT], path)
    equal(result.status, 0, f"status ({capture.log()})")


def test_reasons_stay_when_the_list_is_renewed(env):
    plant(env)
    path, _, capture = written(env, [COUNT])
    text = read_text(path).replace("# Row count", "# Seen by us.\n# Row count").replace(
        "  count     1\n", "  count     1\n  name      short-table\n"
                           "  reason    loaded by hand, see 17\n  until     2999-12-31\n")
    write_text(path, text)
    equal(env.run("twinkly-report", capture.trace_path, "--write-known", path, "-q").status, 1,
          "status")
    equal(read_text(path), text, "the same run gives the same list")
    _, capture, _ = run(env, [COUNT, COUNT, READ.format(3)], options=LOG)
    env.run("twinkly-report", capture.trace_path, "--write-known", path, "-q")
    contains(read_text(path), text[text.index("# Seen"):].replace("  count     1", "  count     2"),
             "the entry with its reason")
    result, capture, _ = run(env, [COUNT, READ.format(3)], path)
    equal(result.status, 0, f"status ({capture.log()})")
    with Trace(capture.trace_path) as trace:
        contains([row[0] for row in trace.rows("SELECT rule FROM difference")],
                 "known:short-table", "rules")


def test_an_expired_entry_is_a_mismatch_again(env):
    plant(env)
    path, _, traced = written(env, [COUNT])
    write_text(path, read_text(path) + "  until     2020-01-31\n")
    result, capture, answers = run(env, [COUNT], path)
    equal(result.status, 1, f"status ({capture.log()})")
    contains(capture.log(), "1 new, 0 known, 0 gone, 1 expired", "summary")
    report = env.run("twinkly-report", traced.trace_path, "--known", path)
    equal(report.status, 1, "status")
    contains(report.stdout, "1 new, 0 known, 0 gone, 1 expired", "report")


def test_report_applies_the_list_to_a_stored_trace(env):
    plant(env)
    path, _, capture = written(env, ALL)
    table = env.path("out.csv")
    html = env.path("out.html")
    report = env.run("twinkly-report", capture.trace_path, "--known", path, "--csv", table,
                     "--html", html)
    equal(report.status, 0, f"status ({report.stdout} {report.stderr})")
    contains(report.stdout, "Equal: no mismatch", "report")
    contains(report.stdout, "0 new, 4 known, 0 gone", "report")
    lacks(report.stdout, "Mismatches, in order", "report")
    contains(read_text(table), ',"known:1",', "CSV")
    lacks(read_text(table), ',"mismatch",', "CSV")
    contains(read_text(html), "known:1", "HTML")
    _, capture, _ = run(env, [*ALL, "SELECT price FROM t"], options=LOG)
    report = env.run("twinkly-report", capture.trace_path, "--known", path)
    equal(report.status, 1, "status")
    contains(report.stdout, "1 new, 4 known, 0 gone", "report")
    contains(report.stdout, "1. value: SELECT price FROM t", "the new one is named")
    # A trace whose capture had the list already is judged the same.
    _, capture, _ = run(env, ALL, path)
    report = env.run("twinkly-report", capture.trace_path, "--known", path)
    equal(report.status, 0, f"status ({report.stdout})")
    contains(report.stdout, "0 new, 4 known, 0 gone", "report")


def test_replay_with_a_list(env):
    plant(env)
    path, _, capture = written(env, [COUNT, READ.format(3)])
    out = env.path("out.trace")
    arguments = ["twinkly-replay", "-c", capture.configuration, "-t", out, capture.trace_path]
    equal(env.run(*arguments).status, 1, "status without the list")
    result = env.run(*arguments, "--known", path)
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, "known differences: 0 new, 2 known, 0 gone", "summary")
    env.on_postgresql("DELETE FROM rows WHERE a > 3")
    result = env.run(*arguments, "--known", path)
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, "0 new, 1 known, 1 gone", "summary")


def test_replay_refuses_a_list_where_it_means_nothing(env):
    plant(env)
    path, _, capture = written(env, [COUNT])
    result = env.run("twinkly-replay", "-c", capture.configuration, "--known", path,
                     "--against", "truth", capture.trace_path)
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, "--known is about two databases", "error")
    fixture = env.path("empty.twinkly")
    write_text(fixture, "twinkly-fixture 1\n")
    result = env.run("twinkly-replay", "-c", capture.configuration, "--known", path, fixture)
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, "--known is for traces", "error")


def test_transactions_stay_together(env):
    plant(env)
    env.on_yugabytedb("ALTER TABLE checked DROP CONSTRAINT checked_a_check")
    statements = [["BEGIN", INSERT.format(-1), "ROLLBACK"], INSERT.format(-1)]
    path, _, _ = written(env, [INSERT.format(-1)])
    contains(read_text(path), "kind      error-success", "list")
    env.on_both("TRUNCATE checked")
    result, capture, _ = run(env, [*statements, "SELECT 1"], path)
    equal(result.status, 0, f"status ({capture.log()})")
    contains(capture.log(), "0 new, 1 known, 0 gone", "summary")


def test_extended_protocol_and_long_results(env):
    env.on_postgresql("CREATE TABLE long AS SELECT g, repeat('x', 1000) AS filler "
                      "FROM generate_series(1, 12000) g")
    env.on_yugabytedb("CREATE TABLE long AS SELECT g, repeat('x', 1000) AS filler "
                      "FROM generate_series(1, 11999) g; UPDATE long SET g = 0 WHERE g = 1")
    plant(env)

    def work(capture):
        with capture.wire() as client:
            client.query("SELECT * FROM long")
        with capture.wire() as client:
            client.run(parse("", "SELECT name FROM t WHERE id = $1", [23]),
                       bind("", "", [b"1"]), execute(), sync())
        return capture.stop()

    with env.capture(LOG) as capture:
        work(capture)
    path = env.path("known.txt")
    env.run("twinkly-report", capture.trace_path, "--write-known", path)
    contains(read_text(path), "where id = $1", "list")
    with env.capture(arguments=["--known", path]) as capture:
        equal(work(capture).status, 0, "status")
    contains(capture.log(), "0 new, 2 known, 0 gone", "summary")


@cases(("missing", None, "No such file"),
       ("unknown-word", "statement select ?\n  knid value\n", "known.txt:2:1: unknown word"),
       ("no-kind", "\nstatement select ?\n", "known.txt:2:1: this entry has no"))
def test_a_wrong_list(env, text, message):
    path = env.path("known.txt")
    if text:
        write_text(path, text)
    configuration, _ = env.configuration()
    for arguments in (["twinkly-capture", "-c", configuration, "-t", env.path("x.trace")],
                      ["twinkly-replay", "-c", configuration, env.path("x.trace")],
                      ["twinkly-report", env.path("x.trace")]):
        result = env.run(*arguments, "--known", path)
        equal(result.status, 2, f"status ({result.stderr})")
        contains(result.stderr, message, "error")
