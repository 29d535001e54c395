"""The rule that an error's hint gives, pasted into the configuration, allows what it was about."""

import re

import wire
from harness import cases, contains, equal, on_postgresql_only
from test_operation import append, reload


@on_postgresql_only
@cases(("value", "UPDATE item SET price = 3", "SELECT id, price FROM item"),
       ("row_count", "DELETE FROM item", "SELECT i.id, p.id FROM item i JOIN part p USING (id)"),
       ("quoted", 'UPDATE "Odd t" SET "A b" = 2', 'SELECT "A b" FROM "Odd t"'),
       ("error", "ALTER TABLE item ADD UNIQUE (price)", "INSERT INTO item VALUES (2, 1)"))
def test_the_rule_of_the_hint_works(env, change, sql):
    env.on_both('CREATE TABLE item (id int, price int); INSERT INTO item VALUES (1, 1);'
                'CREATE TABLE part (id int); INSERT INTO part VALUES (1);'
                'CREATE TABLE "Odd t" ("A b" int); INSERT INTO "Odd t" VALUES (1)')
    env.on_yugabytedb(change)
    with env.capture({"log.level": "info"}) as capture:
        with capture.wire() as client:
            (error,) = wire.errors(client.query(sql))
        contains(error["H"], "twinkly-report", "hint")
        rule = re.search(r"comparison\.rules: (\{.*\})", error["H"]).group(1)
        append(capture, f'comparison.rules = [ "default", {rule} ]')
        reload(capture, "the configuration was read again")
        with capture.wire() as client:
            equal([e["C"] for e in wire.errors(client.query(sql)) if e["C"] == "XX000"], [],
                  "errors with the rule")
        with capture.finish(status=1) as trace:
            told = trace.rows("SELECT v.name FROM exchange e JOIN verdict v ON v.id = e.verdict "
                              "ORDER BY e.id")
            equal([row[0] for row in told], ["mismatch", "allowed"], "verdicts")
