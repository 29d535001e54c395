"""clang-format's judgement, and paths of somebody's machine in files that everybody gets."""
import re
import subprocess

# Directories of a particular machine; a longer path that only contains such a word is fine.
MACHINE_PATH = r"(?<![\w.~$})-])/(work|root|home|farm)/"


def check_format(tree):
    if not tree.sources:
        return
    run = subprocess.run(["clang-format", "--style=file", "--dry-run", "-Werror", *tree.sources],
                         cwd=tree.root, capture_output=True, text=True)
    places = {}
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:error|warning): ", run.stderr, re.M):
        places.setdefault(match.group(1), []).append(int(match.group(2)))
    for name, lines in places.items():
        tree.problem(name, lines[0], f"layout differs in {len(lines)} places; run make format")
    if run.returncode != 0 and not places:
        tree.problem("tree", 0, "clang-format failed: " + run.stderr.strip()[:200])


def check_machine_paths(tree):
    for name in tree.files:
        for line, match in tree.matches(name, MACHINE_PATH):
            tree.problem(name, line, f"a path of one machine: {match.group(0)}")


def check(tree):
    check_format(tree)
    check_machine_paths(tree)
