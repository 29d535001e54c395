"""Verdicts and kinds of difference: docs/COMPARISON.md must list each as diffengine/verdict.h
has it, so that the table there is the one place where they are made."""
import re

SOURCE = "diffengine/verdict.h"
MANUAL = "docs/COMPARISON.md"
STRINGS = r'((?:"[^"]*"\s*)+)'


def texts(match):
    return ["".join(re.findall(r'"([^"]*)"', part)) if '"' in part else part.lower()
            for part in match.groups()]


def table(text, name):
    found = re.search(rf"#define {name}\(X\)(.*?)\n\n", text, re.S)
    return found.group(1).replace("\\\n", "") if found else ""


def check(tree):
    if not tree.has(SOURCE) or not tree.has(MANUAL):
        return
    source, manual = tree.text(SOURCE), tree.text(MANUAL).splitlines()
    for match in re.finditer(rf'X\(\w+,\s*"([^"]+)",\s*\d+,\s*{STRINGS}\)',
                             table(source, "VERDICTS")):
        name, meaning = texts(match)
        if f"| `{name}` | {meaning} |" not in manual:
            tree.problem(MANUAL, 1, f"lacks the verdict {name}: {meaning}")
    for match in re.finditer(rf'X\(\w+,\s*"([^"]+)",\s*(\w+),\s*{STRINGS},\s*{STRINGS}\)',
                             table(source, "DIFF_KINDS")):
        name, severity, _, advice = texts(match)
        if not any(line.startswith(f"| `{name}` | {severity} |") and line.endswith(f"| {advice} |")
                   for line in manual):
            tree.problem(MANUAL, 1, f"lacks the kind {name}, {severity}: {advice}")
