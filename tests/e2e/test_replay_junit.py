"""What CI systems read of a replay."""

import os
import xml.etree.ElementTree as ElementTree

from harness import contains, equal

FIXTURE = """twinkly-fixture 1
session a user={user} database={database}
a> Query "SELECT {value} AS x"
a< columns x:int4
a< row 1
a< tag "SELECT 1" status=I
"""


def suite(path):
    root = ElementTree.parse(path).getroot().find("testsuite")
    cases = {os.path.basename(case.get("name")): [child.tag for child in case]
             for case in root.findall("testcase")}
    return [root.get(name) for name in ("tests", "failures", "errors")], cases


def test_fixtures(env):
    folder, path = env.path("<fixtures>"), env.path("junit.xml")
    configuration, _ = env.configuration()
    os.mkdir(folder)
    for name, text in (("good", FIXTURE), ("other", FIXTURE.replace("row 1", "row 2")),
                       ("wrong", "nonsense")):
        with open(os.path.join(folder, f"{name}.twinkly"), "w", encoding="utf-8") as file:
            file.write(text.format(user=env.postgresql.user, database=env.database, value=1))
    result = env.run("twinkly-replay", "-c", configuration, "--junit", path, folder)
    equal(result.status, 1, f"status ({result.stderr})")
    equal(suite(path), (["3", "1", "1"], {"good.twinkly": [], "other.twinkly": ["failure"],
                                          "wrong.twinkly": ["error"]}), "cases")


def test_sessions(env):
    env.on_both("CREATE TABLE item (id int)")
    with env.capture() as capture:
        with capture.wire() as one, capture.wire() as other:
            one.query("SELECT count(*) FROM item")
            other.query("SELECT 1")
        capture.finish()
    env.on_postgresql("INSERT INTO item VALUES (1)")
    path = env.path("junit.xml")
    options = ("-c", capture.configuration, "-t", env.path("out.trace"), capture.trace_path)
    result = env.run("twinkly-replay", "--junit", path, *options)
    equal(result.status, 1, f"status ({result.stderr})")
    numbers, cases = suite(path)
    equal(numbers, ["3", "2", "0"], "numbers")
    equal(sorted(map(len, cases.values())), [0, 1, 1], "cases")
    result = env.run("twinkly-replay", "--junit", "/nowhere/junit.xml", *options)
    equal(result.status, 2, "a path that cannot be written")
    contains(result.stderr, "/nowhere/junit.xml", "why")
