"""Tables compared after the run: what no answer on the wire showed."""

from harness import (Trace, cases, contains, equal, lacks)

SCHEMA = ("CREATE TABLE item (id int PRIMARY KEY, name text, price float8); "
          "CREATE TABLE other (t text); "
          "INSERT INTO item SELECT i, 'item ' || i, i / 3.0 FROM generate_series(1, 500) i")


def tables(path):
    with Trace(path) as trace:
        return {row["table_name"]: (row["word"], row["truth_rows"], row["candidate_rows"],
                                    row["text"])
                for row in trace.rows("SELECT t.*, v.name AS word FROM end_state t "
                                      "JOIN verdict v ON v.id = t.verdict")}


def captured(env, *statements, mode="hash", status=0, **options):
    options = {f"comparison.{key}": value for key, value in options.items()}
    with env.capture(options={"comparison.end-state": mode, **options}) as capture:
        with capture.wire() as client:
            for statement in statements:
                client.query(statement)
        capture.finish(status)
    return capture


def test_equal(env):
    env.on_both(SCHEMA)
    capture = captured(env, "UPDATE item SET price = price / 7 WHERE id < 300",
                       "INSERT INTO other VALUES ('x')", "SELECT * FROM item WHERE id = 1")
    seen = tables(capture.trace_path)
    equal(seen, {"item": ("equal", 500, 500, ""), "other": ("equal", 1, 1, "")}, "tables")
    contains(capture.log(), "end state: 2 tables equal, 0 different", "summary")
    equal(env.run("twinkly-report", capture.trace_path).status, 0, "status of the report")


def test_other_values(env):
    env.on_both(SCHEMA)
    env.on_postgresql("UPDATE item SET name = 'x' WHERE id = 77")
    capture = captured(env, "DELETE FROM item WHERE id = 1", status=1)
    verdict, truth, candidate, text = tables(capture.trace_path)["item"]
    equal((verdict, truth, candidate), ("mismatch", 499, 499), "item")
    contains(text, "first keys: (77) (other values)", "keys")
    contains(capture.log(), "end state: 0 tables equal, 1 different", "summary")
    report = env.run("twinkly-report", capture.trace_path)
    equal(report.status, 1, "status of the report")
    contains(report.stdout, "public.item", "report")
    contains(report.stdout, "(77)", "report")


def test_a_row_of_one_side(env):
    env.on_both(SCHEMA)
    env.on_yugabytedb("INSERT INTO item VALUES (9000)")
    capture = captured(env, "DELETE FROM item WHERE id = 1", status=1)
    text = tables(capture.trace_path)["item"][3]
    contains(text, "YugabyteDB holds 500 rows, PostgreSQL 499", "counts")
    contains(text, "first keys: (9000) YugabyteDB only", "keys")


def test_redacted(env):
    """Keys are values, too."""
    env.on_both(SCHEMA)
    env.on_yugabytedb("INSERT INTO item VALUES (9000)")
    options = {"comparison.end-state": "hash", "trace.redact.columns": ["name"]}
    with env.capture(options=options) as capture:
        with capture.wire() as client:
            client.query("DELETE FROM item WHERE id = 1")
        capture.finish(1)
    equal(tables(capture.trace_path)["item"][3], "YugabyteDB holds 500 rows, PostgreSQL 499",
          "text")


def test_counts_alone(env):
    env.on_both(SCHEMA)
    env.on_postgresql("UPDATE item SET name = 'x' WHERE id = 77")
    capture = captured(env, "DELETE FROM item WHERE id = 1", mode="counts")
    equal(tables(capture.trace_path)["item"][0], "equal", "item")


def test_no_key_and_strange_names(env):
    env.on_both('CREATE TABLE "a ""b" (t text, "_T" int); '
                "INSERT INTO \"a \"\"b\" VALUES (NULL, 1), ('x', 2)")
    env.on_yugabytedb("INSERT INTO \"a \"\"b\" VALUES ('only', 3)")
    capture = captured(env, "INSERT INTO \"a \"\"b\" VALUES ('y', 2)", status=1)
    contains(tables(capture.trace_path)['a "b'][3], "(only,3) YugabyteDB only", "keys")


def test_a_table_of_one_side(env):
    env.on_both(SCHEMA)
    env.on_postgresql("CREATE TABLE kept (i int)")
    equal(tables(captured(env, "DELETE FROM item WHERE id = 1").trace_path).keys(), {"item"},
          "touched")
    capture = captured(env, "SELECT 1", status=1, **{"end-state-tables": "all"})
    equal(tables(capture.trace_path)["kept"], ("mismatch", None, None,
                                               "the table is on PostgreSQL only"), "kept")


def test_skipped(env):
    """A table that is locked is named, and the run proves nothing about it."""
    env.on_both(SCHEMA)
    with env.capture(options={"comparison.end-state": "hash",
                              "comparison.backend-timeout": "1s"}) as capture:
        with capture.wire() as client:
            client.query("DELETE FROM other")
            client.query("INSERT INTO item VALUES (9000)")
        with env.wire_to(env.postgresql) as holder:
            holder.query("BEGIN")
            holder.query("LOCK TABLE other")
            capture.finish(3)
    seen = tables(capture.trace_path)
    equal((seen["item"][0], seen["other"][0]), ("equal", "not-compared"), "verdicts")
    contains(seen["other"][3], "skipped: the end state on PostgreSQL: no answer in time", "why")
    contains(capture.log(), "1 skipped", "summary")
    equal(env.run("twinkly-report", capture.trace_path).status, 3, "status of the report")


@cases(("default", "--end-state"), ("counts", "--end-state=counts"))
def test_replay(env, option):
    """Also of fresh databases, before they are dropped."""
    env.on_both(SCHEMA)
    capture = captured(env, "DELETE FROM item WHERE id = 1", mode="off")
    setup, more = env.path("schema.sql"), env.path("more.sql")
    for path, text in ((setup, SCHEMA), (more, "INSERT INTO item VALUES (9000)")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    for status, extra in ((0, ()), (1, ("--setup-truth", more))):
        result = env.run("twinkly-replay", "-c", capture.configuration, "-t",
                         env.path("out.trace"), option, "--fresh-database=twinkly_end",
                         "--setup", setup, *extra, capture.trace_path)
        equal(result.status, status, f"status ({result.stderr})")
        seen = tables(env.path("out.trace"))["item"]
        equal(seen[1:3], (499 + status, 499), "rows")
    contains(result.stderr, "end state: 0 tables equal, 1 different", "summary")
    lacks(result.stderr, "drop it yourself", "log")
    equal(env.run("twinkly-replay", "-c", capture.configuration, option, "--against", "truth",
                  capture.trace_path).status, 2, "one side alone")
