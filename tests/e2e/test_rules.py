"""Rules in a run of the proxy: what is told of them at the end."""

from harness import contains, equal, lacks
from programs import Trace

RULES = """[ "default"
{ name = loose, reason = "made on one side", action = ignore, tables = [ t ], column = [ b ] }
{ name = idle, reason = "nothing fits", action = ignore, tables = [ none ], column = [ b ] } ]"""


def test_the_summary_names_them(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b int)")
    env.on_postgresql("INSERT INTO t SELECT i, i FROM generate_series(1, 50) i")
    env.on_yugabytedb("INSERT INTO t SELECT i, -i FROM generate_series(1, 50) i")
    path, port = env.configuration()
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"comparison.rules = {RULES}\n")
    result = env.run("twinkly-capture", "-c", path, "-t", env.path("rules.trace"), "--",
                     env.tool("psql"), "-X", "-q", "-c", "SELECT * FROM t ORDER BY a",
                     environment={"PGUSER": env.postgresql.user, "PGDATABASE": env.database})
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, "1 allowed", "summary")
    contains(result.stderr, "         1 allowed by loose", "summary")
    contains(result.stderr, 'the rule "idle" never did anything', "summary")
    lacks(result.stderr, '"loose" never', "summary")
    with Trace(env.path("rules.trace")) as trace:
        contains(trace.value("SELECT note FROM exchange WHERE note IS NOT NULL"),
                 "30 more allowed differences are not listed", "the exchange's note")
    report = env.run("twinkly-report", env.path("rules.trace")).stdout
    contains(report, "loose", "the rule in the report")
