"""Rules of differences: docs/RULES.md must list every rule of the packs as the pack has it, and
every member that a rule may have."""
import re

MANUAL = "docs/RULES.md"
PACKS = "diffengine/packs/"
MEMBERS = "diffengine/rules_item.c"
STRING = r'"((?:\\.|[^"\\])*)"'


def rules_of_pack(tree, name):
    """(line, row of the manual) of each rule: `{ # D28` and then its members, one a line."""
    pack = name[len(PACKS):-len(".conf")]
    pattern = (rf"^  \{{ # ([^\n]*)\n    name = (\S+)\n    reason = {STRING}\n"
               r"    action = (\w+)\n")
    for line, match in tree.matches(name, pattern):
        numbers, rule, reason, action = match.groups()
        numbers = ", ".join(re.findall(r"D\d+", numbers))
        yield line, f"| `{pack}:{rule}` | {action} | {reason} | {numbers} |"


def check_packs(tree, manual):
    rows = set()
    for name in tree.files:
        if not name.startswith(PACKS) or not name.endswith(".conf"):
            continue
        found = list(rules_of_pack(tree, name))
        for line, row in found:
            rows.add(row)
            if row not in manual:
                tree.problem(name, line, f"{MANUAL} lacks the row: {row}")
        if len(found) != len(re.findall(r"^ *name = ", tree.text(name), re.M)):
            tree.problem(name, 1, "a rule does not begin with { # D-number, name, reason, action")
    for number, line in enumerate(manual, 1):
        if re.match(r"\| `[a-z-]+:[a-z0-9-]+` \|", line) and line not in rows:
            tree.problem(MANUAL, number, f"no pack has this rule: {line}")


def check_members(tree, manual):
    told = {match.group(1) for line in manual if (match := re.match(r"\| `([a-z-]+)` \|", line))}
    table = re.search(r"conf_key members\[\] = \{(.*?)\n\};", tree.text(MEMBERS), re.S)
    for member in re.findall(r'^\t\{"([a-z-]+)", CONF_', table.group(1) if table else "", re.M):
        if member not in told:
            tree.problem(MANUAL, 1, f"the member {member} of a rule is missing")


def check(tree):
    if not tree.has(MANUAL):
        if any(name.startswith(PACKS) for name in tree.files):
            tree.problem(MANUAL, 0, "is missing")
        return
    manual = tree.text(MANUAL).splitlines()
    check_packs(tree, manual)
    if tree.has(MEMBERS):
        check_members(tree, manual)
