"""One table of configuration keys: what twinkly-capture knows, what twinkly.conf shows and what
docs/CONFIGURATION.md explains must be the same keys."""
import re
import subprocess

PROGRAM = "build/bin/twinkly-capture"
SAMPLE = "twinkly.conf"
MANUAL = "docs/CONFIGURATION.md"
KEY = r"[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*"


def keys_of_program(tree):
    if not tree.has(PROGRAM):
        tree.problem(PROGRAM, 0, "is missing; run make first")
        return None
    run = subprocess.run([tree.path(PROGRAM), "--list-keys"], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=10)
    if run.returncode != 0 or not run.stdout.strip():
        tree.problem(PROGRAM, 0, "--list-keys failed or printed nothing")
        return None
    return set(run.stdout.split())


def strip_line(line):
    """A line of a configuration file without strings and comment; a commented assignment or
    section (`# user = ...`) counts as one, other comments do not."""
    commented = re.match(rf"\s*#\s?({KEY}\s*(=|\{{).*)", line)
    line = commented.group(1) if commented else line
    line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
    return re.sub(r"(#|//).*", "", line)


def keys_of_sample(text):
    """{dotted key: line} of an HOCON text. Objects inside arrays are values, not sections."""
    found, sections, array_depth = {}, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        tokens = re.findall(rf"{KEY}(?=\s*(?:[=:{{]|\+=))|[{{}}\[\]=:]", strip_line(line))
        name = None
        for token in tokens:
            if token in "[]":
                array_depth += 1 if token == "[" else -1
            elif array_depth > 0:
                continue
            elif token == "{":
                if name:
                    found.pop(".".join(sections + [name]), None)
                sections.append(name or "")
                name = None
            elif token == "}":
                sections = sections[:-1]
            elif token not in "=:":
                name = token
                found[".".join(sections + [name])] = number
    return found


def keys_of_manual(text):
    """{dotted key: line} of each table row or heading that begins with a key in backticks."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*(?:\||#+)\s*`([^`]+)`", line)
        key = match.group(1) if match else ""
        if re.fullmatch(KEY, key) and "." in key and not key.endswith((".conf", ".md")):
            found[key] = number
    return found


def compare(tree, keys, name, found):
    for key in sorted(keys - set(found)):
        tree.problem(name, 1, f"the key {key} is missing")
    for key, line in found.items():
        is_section = any(known.startswith(key + ".") for known in keys)
        if key not in keys and not is_section:
            tree.problem(name, line, f"{key} is not a key of {PROGRAM}")


def check(tree):
    keys = keys_of_program(tree)
    for name, reader in ((SAMPLE, keys_of_sample), (MANUAL, keys_of_manual)):
        if not tree.has(name):
            tree.problem(name, 0, "is missing")
        elif keys is not None:
            compare(tree, keys, name, reader(tree.text(name)))
