"""JSON, JUnit, Markdown and the terminal's look, read back with Python's parsers."""

import json
import os
import pty
import subprocess
import xml.etree.ElementTree as ET

from harness import contains, equal, lacks, read_text, true

# The elements and attributes that the usual JUnit schema (Jenkins's xunit plugin) knows.
JUNIT = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "disabled", "skipped",
                  "skips", "timestamp", "hostname", "id", "package", "assertions", "file"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "assertions", "time", "status", "file", "line"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
INSIDE = {
    "testsuites": {"testsuite"}, "testsuite": {"properties", "testcase"},
    "properties": {"property"}, "property": set(),
    "testcase": {"failure", "error", "skipped"}, "failure": set(), "error": set(),
    "skipped": set(),
}
REQUIRED = {"testsuite": {"name"}, "testcase": {"name", "classname"}, "property": {"name"}}


def check_junit(path):
    """The document's root, if it keeps to the schema and its numbers add up."""
    root = ET.parse(path).getroot()
    equal(root.tag, "testsuites", "root")
    for element in root.iter():
        true(set(element.attrib) <= JUNIT[element.tag],
             f"attributes of {element.tag}: {element.attrib}")
        true(REQUIRED.get(element.tag, set()) <= set(element.attrib), f"{element.tag} lacks some")
        true({child.tag for child in element} <= INSIDE[element.tag], f"in {element.tag}")
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        count = len(list(root.iter(tag)))
        equal(int(root.get(name)), count, f"{name} of testsuites")
        equal(int(root[0].get(name)), count, f"{name} of testsuite")
    return root


def traced(env, *statements):
    with env.capture({"comparison.fail-on-differences": False}) as capture:
        for statement in statements:
            with capture.wire() as client:
                client.query(statement)
        capture.stop()
    return capture.trace_path


def plant(env):
    env.on_postgresql("CREATE TABLE t AS SELECT generate_series(1, 5) AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")


def test_json_has_the_documented_members(env):
    plant(env)
    path, out = traced(env, "SELECT 1", "SELECT * FROM t", "SELECT a AS \"<&\" FROM t"), \
        env.path("report.json")
    equal(env.run("twinkly-report", path, "-q", "--json", out).status, 1, "status")
    report = json.loads(read_text(out))
    equal((report["format"], report["version"], report["result"]),
          ("twinkly-report", 1, "mismatch"), "head")
    equal(report["counts"]["verdicts"]["mismatch"]["exchanges"], 2, "mismatches")
    equal([g["statement"] for g in report["mismatches"]["groups"]],
          ["SELECT * FROM t", "SELECT a AS \"<&\" FROM t"], "groups")
    equal([d["kind"] for d in report["differences"]], ["row-count", "row-count"], "differences")
    documented = read_text(os.path.join(os.path.dirname(__file__), "../../docs/REPORTS.md"))
    for name in report:
        contains(documented, f"`{name}`", "docs/REPORTS.md")
    for name in list(report["differences"][0]) + list(report["mismatches"]["groups"][0]):
        contains(documented, f"`{name}`", "docs/REPORTS.md")


def test_junit_keeps_to_the_schema(env):
    plant(env)
    path, out = traced(env, "SELECT 1", "SELECT * FROM t -- \x01<]]>"), env.path("junit.xml")
    equal(env.run("twinkly-report", path, "-q", "--junit", out).status, 1, "status")
    root = check_junit(out)
    equal([case.get("classname") for case in root.iter("testcase")],
          ["twinkly.trace", "twinkly.row-count"], "cases")
    path = traced(env, "SELECT 1")
    equal(env.run("twinkly-report", path, "-q", "--junit", out).status, 0, "status")
    equal(check_junit(out).get("failures"), "0", "failures of an equal trace")


def test_reports_are_grouped_by_test(env):
    plant(env)
    path = traced(env, "/* test: cart */ SELECT 1", "/* test: stock */ SELECT * FROM t",
                  "/* test: cart */ SELECT 2")
    files = {name: env.path(name) for name in ("junit", "json", "markdown")}
    words = [word for name, file in files.items() for word in (f"--{name}", file)]
    result = env.run("twinkly-report", path, "--by-test", *words)
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stdout, "  2         0         0  cart\n", "summary")
    cases = {case.get("name"): len(case) for case in check_junit(files["junit"]).iter("testcase")}
    equal((cases["cart"], cases["stock"]), (0, 1), "children of the cases")
    tests = {t["test"]: (t["exchanges"], t["mismatches"])
             for t in json.loads(read_text(files["json"]))["tests"]}
    equal((tests["cart"], tests["stock"]), ((2, 0), (1, 1)), "tests")
    contains(read_text(files["markdown"]), "| <code>stock</code> | 1 | 1 | 0 |", "Markdown")


def on_terminal(env, path, **more):
    """What the program writes on a terminal of 60 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **more}
    with subprocess.Popen(["sh", "-c", "stty cols 60; exec \"$0\" \"$1\"",
                           env.program("twinkly-report"), path],
                          stdin=follower, stdout=follower, env=environment) as child:
        os.close(follower)
        text = b""
        try:
            while chunk := os.read(leader, 65536):
                text += chunk
        except OSError:  # the other end is closed
            pass
        child.wait(timeout=30)
    os.close(leader)
    return text.decode()


def test_colour_is_for_terminals(env):
    plant(env)
    path = traced(env, "SELECT * FROM t WHERE " + " OR ".join(["a = a"] * 30))
    text = on_terminal(env, path)
    contains(text, "\x1b[1;31mNot equal", "on a terminal")
    true(max(len(line) for line in text.split("\n") if "OR" in line) <= 61, "width")
    lacks(on_terminal(env, path, NO_COLOR="1"), "\x1b", "with NO_COLOR")
    lacks(on_terminal(env, path, TERM="dumb"), "\x1b", "on a dumb terminal")
    lacks(env.run("twinkly-report", path).stdout, "\x1b", "in a pipe")
