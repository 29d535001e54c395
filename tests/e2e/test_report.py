"""twinkly-report on real traces: terminal, HTML and CSV."""

import csv
from html.parser import HTMLParser

import wire
from harness import contains, equal, lacks, read_text, true

SENTENCE = "Row count mismatch: PostgreSQL returned 5 rows, YugabyteDB returned 3 rows"
HOSTILE = "<script>alert(1)</script>"


def traced(env, *statements):
    """A trace of these statements, each in a session of its own; differences do not stop it."""
    with env.capture({"comparison.fail-on-differences": False}) as capture:
        for statement in statements:
            with capture.wire() as client:
                client.query(statement)
        capture.stop()
    return capture.trace_path


def plant(env):
    env.on_postgresql("CREATE TABLE t AS SELECT generate_series(1, 5) AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")
    env.on_postgresql(f"CREATE TABLE u AS SELECT 1 AS id, '{HOSTILE}'::text AS name")
    env.on_yugabytedb("CREATE TABLE u AS SELECT 1 AS id, '=cmd()'::text AS name")


class Page(HTMLParser):
    """The text of a page, and what it would load from elsewhere."""

    def __init__(self, source):
        super().__init__()
        self.text, self.links, self.tags = "", [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def test_equal_databases(env):
    path = traced(env, "SELECT 1", "SELECT 2")
    result = env.run("twinkly-report", path)
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stdout, "PostgreSQL", "summary")
    contains(result.stdout, "equal", "summary")


def test_mismatches_in_every_form(env):
    plant(env)
    path = traced(env, "SELECT 1", "SELECT * FROM t", "SELECT * FROM t", "SELECT id, name FROM u")
    html, table = env.path("report.html"), env.path("report.csv")
    result = env.run("twinkly-report", path, "--html", html, "--csv", table)
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stdout, SENTENCE, "summary")
    check_page(read_text(html))
    with open(table, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    equal([row["kind"] for row in rows], ["row-count", "row-count", "value"], "kinds")
    equal([row["statement"] for row in rows],
          ["SELECT * FROM t", "SELECT * FROM t", "SELECT id, name FROM u"], "statements")
    contains(rows[0]["text"], SENTENCE, "text")
    equal((rows[2]["truth_value"], rows[2]["candidate_value"]), ("'=cmd()", HOSTILE),
          "values, a formula made harmless")


def check_page(source):
    page = Page(source)
    contains(page.text, SENTENCE, "text of the page")
    contains(page.text, HOSTILE, "a value shown as text")
    lacks(source, HOSTILE, "source of the page")
    equal([link for link in page.links if not link.startswith("#")], [], "links to elsewhere")
    true("html" in page.tags and "title" in page.tags, "no whole page")


def test_nothing_captured(env):
    with env.capture() as capture:
        capture.stop()
    result = env.run("twinkly-report", capture.trace_path)
    equal(result.status, 3, f"status ({result.stderr})")


def test_what_cannot_be_done(env):
    path = traced(env, "SELECT 1")
    result = env.run("twinkly-report", path, "--html", env.path("no/such/dir/r.html"))
    equal(result.status, 3, "status for a file that cannot be written")
    contains(result.stderr, "no/such/dir", "message")
    text = env.path("letter.txt")
    with open(text, "w", encoding="utf-8") as file:
        file.write("not a trace")
    equal(env.run("twinkly-report", text).status, 3, "status for what is no trace")
    equal(env.run("twinkly-report").status, 2, "status without a trace")


def test_a_report_of_a_trace_that_is_being_written(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("SELECT 1")
            client.query("SELECT 2")
            wait = client.query("SELECT 1 FROM pg_sleep(0.4)")
            equal(wire.types(wait), "TDCZ", "grammar")
            result = env.run("twinkly-report", capture.trace_path)
            equal(result.status, 0, f"status ({result.stderr})")
        capture.finish().check_clean(least=3)
