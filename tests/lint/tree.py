"""The source tree as the lint sees it: its files, their text with comments and strings blanked,
their functions and variables as universal-ctags finds them, and the problems found so far."""
import functools
import json
import os
import re
import subprocess

ROOMS = ("base", "wire", "schema", "diffengine", "report", "replay", "capture")

COMMENT = r'/\*.*?\*/|//[^\n]*'
STRING = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''


def blank(match):
    """Spaces in place of a comment's or string's characters; lines stay lines."""
    return re.sub(r'[^\n]', ' ', match.group(0))


def blank_comments(text):
    keep_strings = lambda m: m.group(0) if m.group(0)[0] in '"\'' else blank(m)
    return re.sub(COMMENT + '|' + STRING, keep_strings, text, flags=re.S)


class Tree:
    def __init__(self, root):
        self.root = root
        self.problems = []
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], cwd=root, stdout=subprocess.PIPE, check=True)
        names = listing.stdout.decode(errors="replace").split("\0")
        self.files = sorted(n for n in set(names) if n and os.path.isfile(self.path(n)))
        self.sources = [n for n in self.files if n.endswith((".c", ".h"))]

    def path(self, name):
        return os.path.join(self.root, name)

    def has(self, name):
        return os.path.isfile(self.path(name))

    def problem(self, name, line, text):
        self.problems.append((name, line, text))

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace", newline="") as file:
            return file.read()

    @functools.lru_cache(maxsize=None)
    def without_comments(self, name):
        return blank_comments(self.text(name))

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        """The text without comments and without what is in quotes."""
        return re.sub(STRING, blank, self.without_comments(name), flags=re.S)

    def matches(self, name, pattern, where=None):
        """Line number and match of each place where the pattern (re.M) is found."""
        text = self.text(name) if where is None else where(name)
        for match in re.finditer(pattern, text, flags=re.M):
            yield text.count("\n", 0, match.start()) + 1, match

    def includes(self, name):
        """(line, "<" or quote, name) of each #include."""
        pattern = r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]'
        for line, match in self.matches(name, pattern, self.without_comments):
            yield line, match.group(1), match.group(2)

    @functools.lru_cache(maxsize=None)
    def tags(self):
        """What ctags knows of functions (f) and file-scope variables (v)."""
        command = ["ctags", "--quiet", "--options=NONE", "--languages=C", "--langmap=C:.c.h",
                   "--kinds-C=fv", "--fields=+nefkS", "--output-format=json", "-f", "-", "-L", "-"]
        run = subprocess.run(command, cwd=self.root, input="\n".join(self.sources) + "\n",
                             stdout=subprocess.PIPE, check=True, text=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def functions(self):
        return [tag for tag in self.tags() if tag["kind"] == "function" and "end" in tag]

    def variables(self):
        return [tag for tag in self.tags() if tag["kind"] == "variable"]


def room_of(name):
    """The product room that a file belongs to; None for tests and everything else."""
    room = name.partition("/")[0]
    return room if room in ROOMS else None


def tested_room(name):
    """The room whose unit tests a file belongs to, or None."""
    parts = name.split("/")
    return parts[2] if parts[:2] == ["tests", "unit"] and len(parts) > 3 else None
