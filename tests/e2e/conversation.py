"""
Conversations with scripted servers (tests/peer/conversations): reads a file, plays the client's
part through a proxy and checks what the client saw and what the trace says. The servers' part
is played by tests/peer, which reads the same file. docs/TESTING.md describes the language.
"""

import os
import re
import struct
from typing import NamedTuple

import wire
from checks import Failed, shorten

TYPES = {"bool": 16, "bytea": 17, "int8": 20, "int2": 21, "int4": 23, "text": 25, "oid": 26,
         "float4": 700, "float8": 701, "varchar": 1043, "date": 1082, "timestamptz": 1184,
         "numeric": 1700, "uuid": 2950, "jsonb": 3802}
VERDICTS = ("equal", "allowed", "mismatch", "retried", "inconclusive", "undecidable", "excluded",
            "not-compared", "not-recorded")
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
ANSWER_LINES = ("both", "postgresql", "yugabytedb", "on", "startup", "server")
# The truth's answer depends on time or on being asked: it cannot be had past the proxy.
NOT_DIRECT = {"silent", "await-cancel", "close"}


class Unmet(Failed):
    """What was expected did not come; anything else that goes wrong is not an expectation."""


class Word(NamedTuple):
    text: str
    is_quoted: bool

    def is_keyword(self, word):
        return not self.is_quoted and self.text == word


def split_words(line):
    """The words of a line; tests/peer/words.h has the rules."""
    words, at = [], 0
    while True:
        while at < len(line) and line[at].isspace():
            at += 1
        if at == len(line) or line[at] == "#":
            return words
        start, text = at, ""
        while at < len(line) and not line[at].isspace():
            if line[at] != '"':
                text, at = text + line[at], at + 1
                continue
            at += 1
            while line[at] != '"':
                if line[at] != "\\":
                    text, at = text + line[at], at + 1
                elif line[at + 1] == "x":
                    text, at = text + chr(int(line[at + 2:at + 4], 16)), at + 4
                else:
                    text, at = text + ESCAPES[line[at + 1]], at + 2
            at += 1
        words.append(Word(text, line[start] == '"'))


def split_items(words):
    items = [[]]
    for word in words:
        if word.is_keyword("/"):
            items.append([])
        else:
            items[-1].append(word)
    return [item for item in items if item]


# --- the client's messages -----------------------------------------------------------------


def value(word):
    """What a word stands for; tests/peer/value.h has the rules."""
    text = word.text
    if word.is_keyword("NULL"):
        return None
    if not word.is_quoted and text.startswith("hex:"):
        return bytes.fromhex(text[4:])
    if not word.is_quoted and re.match(r"[if][248]:", text):
        code = {"i2": "!h", "i4": "!i", "i8": "!q", "f4": "!f", "f8": "!d"}[text[:2]]
        return struct.pack(code, int(text[3:]) if text[0] == "i" else float(text[3:]))
    return text.encode("latin-1") if any(128 <= ord(c) < 256 for c in text) else text.encode()


def options(words):
    """(plain words, {name: value} of the unquoted NAME=VALUE words)"""
    plain, named = [], {}
    for word in words:
        match = None if word.is_quoted else re.match(r"(types|formats|results|max)=(.*)", word.text)
        if match:
            named[match.group(1)] = match.group(2)
        else:
            plain.append(word)
    return plain, named


def numbers(text):
    return [int(n) for n in text.split(",")] if text else []


def encode(item):
    """The bytes of one client message."""
    name, (plain, named) = item[0].text, options(item[1:])
    texts = [word.text for word in plain]
    if name == "Query":
        return wire.query(texts[0])
    if name == "Parse":
        oids = [TYPES.get(t) or int(t) for t in named.get("types", "").split(",") if t]
        return wire.parse(texts[0], texts[1], oids)
    if name == "Bind":
        return wire.bind(texts[0], texts[1], [value(word) for word in plain[2:]],
                         numbers(named.get("formats")), numbers(named.get("results")))
    if name in ("Describe", "Close"):
        kind = {"statement": "S", "portal": "P"}[texts[0]]
        return (wire.describe if name == "Describe" else wire.close)(kind, texts[1])
    if name == "Execute":
        return wire.execute(texts[0] if texts else "", int(named.get("max", 0)))
    if name == "CopyData":
        return b"".join(wire.copy_data(value(word)) for word in plain)
    if name == "CopyFail":
        return wire.copy_fail(texts[0])
    if name == "Raw":
        return b"".join(value(word) for word in plain)
    if name == "FunctionCall":
        values = [value(word) for word in plain[1:]]
        body = struct.pack("!Ihh", int(texts[0]), 0, len(values))
        body += b"".join(struct.pack("!i", len(v)) + v for v in values)
        return wire.message("F", body + struct.pack("!h", 0))
    return {"Sync": wire.sync, "Flush": wire.flush, "CopyDone": wire.copy_done,
            "Terminate": wire.terminate}[name]()


# --- the file ------------------------------------------------------------------------------


class Step:
    """One thing that the client does, and what is checked of it."""

    def __init__(self, what, session, line):
        self.what, self.session, self.line = what, session, line
        self.items, self.answers, self.sees, self.expect = [], [], [], None
        self.replies = None

    def reply_count(self):
        """How many answers end: in ReadyForQuery, or in CopyInResponse."""
        if self.replies is not None:
            return self.replies
        count, names = 0, [item[0].text for item in self.items]
        for at, name in enumerate(names):
            if name in ("Query", "Sync", "FunctionCall"):
                count += 1
            elif name in ("CopyDone", "CopyFail"):
                count += "Sync" not in names[at:]
        return count


class Conversation:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".txt")].replace("-", "_")
        self.path, self.settings, self.steps = path, {}, []
        self.status, self.setup, self.is_for_any_pair = None, [], False
        self.keywords = set()
        with open(path, encoding="utf-8") as file:
            self._directive = ""
            for number, line in enumerate(file, 1):
                try:
                    self._take_line(line, number)
                except Exception as error:
                    raise Failed(f"{path}:{number}: {error!r}") from error

    def has_raw_bytes(self):
        return any(item[0].text == "Raw" for step in self.steps for item in step.items)

    def _take_line(self, line, number):
        words = split_words(line)
        if not words:
            return
        if line[0].isspace():
            self._take_items(self._directive, words)
            return
        name, _, session = words[0].text.partition("@")
        self._directive = name
        if name in ("client", "send", "await", "disconnect", "cancel"):
            self.steps.append(Step(name, session or "s1", number))
            if words[1:]:
                self._take_items(name, words[1:])
        elif name == "connect":
            self.steps.append(Step(name, words[1].text if len(words) > 1 else "s1", number))
        elif name in ANSWER_LINES:
            self._take_items(name, words[1:])
        else:
            self._take_statement(name, words[1:], line)

    def _take_items(self, directive, words):
        if directive in ("client", "send"):
            self.steps[-1].items += split_items(words)
        elif directive in ANSWER_LINES:
            found = {word.text for word in words if not word.is_quoted}
            self.keywords |= found
            if self.steps and directive not in ("on", "startup", "server"):
                self.steps[-1].answers.append(found)
        else:
            raise ValueError(f"{directive} has no continuation lines")

    def _take_statement(self, name, words, line):
        texts = [word.text for word in words]
        if name == "setting":
            key, _, text = line.partition("setting")[2].partition("=")
            self.settings[key.strip()] = text.split(" #")[0].strip()
        elif name == "expect":
            self.steps[-1].expect = read_expectations(texts)
        elif name == "sees":
            self.steps[-1].sees.append(words)
        elif name == "replies":
            self.steps[-1].replies = int(texts[0])
        elif name == "exit":
            self.status = int(texts[0])
        elif name == "anywhere":
            self.is_for_any_pair = True
        elif name == "setup":
            self.setup.append(tuple(texts))
        else:
            raise ValueError(f"unknown line {name!r}")


class Expectation(NamedTuple):
    verdicts: tuple
    kinds: tuple
    rule: str


def read_expectations(words):
    """`mismatch value row-count, equal`: one for each exchange, of which the words up to a
    comma tell verdict, kinds and rule. Alternatives are joined by |; * is any kind."""
    found = []
    for part in " ".join(words).split(","):
        verdicts, *rest = part.split()
        verdicts = tuple(verdicts.split("|"))
        for verdict in verdicts:
            if verdict not in VERDICTS:
                raise ValueError(f"no verdict is called {verdict!r}")
        rules = [word[5:] for word in rest if word.startswith("rule=")]
        kinds = tuple(sorted(word for word in rest if not word.startswith("rule=")))
        found.append(Expectation(verdicts, kinds, rules[0] if rules else None))
    return found


# --- playing -------------------------------------------------------------------------------


class Player:
    """Does the client's steps on connections that `connect(session)` opens; `is_direct`: past
    the proxy."""

    def __init__(self, conversation, connect, is_direct=False):
        self.conversation, self._connect, self._wires = conversation, connect, {}
        self._is_direct = is_direct
        self.owed = {}

    def play(self):
        """The messages that each step received; None behind a lost connection."""
        try:
            return [self._do(step) for step in self.conversation.steps]
        finally:
            for connection in self._wires.values():
                if connection:
                    connection.close()

    def _open(self, session):
        """Messages that refuse the connection, or none."""
        self.owed[session] = 0
        try:
            self._wires[session] = self._connect(session)
        except wire.Closed as closed:
            self._wires[session] = None
            return closed.messages + [wire.Message("closed", b"")]
        return []

    def _do(self, step):
        session = step.session
        if step.what == "connect":
            if self._wires.get(session):
                self._wires.pop(session).close()
            return self._open(session)
        if session not in self._wires:
            refused = self._open(session)
            if refused:
                return refused
        connection = self._wires[session]
        if connection is None:
            return [wire.Message("closed", b"")]
        if step.what == "disconnect":
            self._wires.pop(session).close()
            return []
        if step.what == "cancel":
            pid, key = connection.backend_key
            with wire.Wire(connection.host, connection.port, "", "", start=False) as other:
                other.send(wire.cancel_request(pid, key))
                other.read_to_end()
            return []
        return self._talk(step, connection)

    def _talk(self, step, connection):
        if step.what in ("client", "send"):
            self.owed[step.session] = self.owed.get(step.session, 0) + step.reply_count()
            try:
                connection.send(*(encode(item) for item in step.items))
            except OSError:
                pass  # what came before the end is still to be read
        if step.what == "send":
            return []
        messages = []
        try:
            while self.owed[step.session] > 0:
                messages.append(connection.read())
                self.owed[step.session] -= messages[-1].type in "ZG"
            if not self._is_direct and any(w[0].text == "closed" for w in step.sees):
                messages += connection.read_to_end() + [wire.Message("closed", b"")]
        except wire.Closed:
            messages.append(wire.Message("closed", b""))
            self._wires[step.session] = None
        except TimeoutError:
            self._wires[step.session] = None
            raise Failed(f"line {step.line}: no answer within {wire.TIMEOUT_S} s, only "
                        f"{wire.types(messages)!r}") from None
        return messages


# --- checking ------------------------------------------------------------------------------


def find_unseen(words, messages):
    """What a `sees` line misses in the messages, or None."""
    what, texts = words[0].text, [word.text for word in words[1:]]
    errors = wire.errors(messages)
    notices = [wire.error_fields(m.body) for m in messages if m.type == "N"]
    found = {
        "error": lambda: any(e["C"] == texts[0] and all(t in e["M"] for t in texts[1:])
                             for e in errors),
        "detail": lambda: any(texts[0] in e.get("D", "") for e in errors),
        "hint": lambda: any(texts[0] in e.get("H", "") for e in errors),
        "notice": lambda: any(texts[0] in n["M"] for n in notices),
        "tag": lambda: texts == wire.tags(messages),
        "rows": lambda: len(wire.rows(messages)) == int(texts[0]),
        "row": lambda: [value(w) for w in words[1:]] in wire.rows(messages),
        "status": lambda: wire.status(messages) == texts[0],
        "types": lambda: wire.types(messages) == (texts[0] if texts else ""),
        "closed": lambda: messages[-1:] == [wire.Message("closed", b"")],
    }[what]()
    return None if found else f"{what} {' '.join(texts)}"


def check_default(step, messages, direct, settings):
    """Where no line says what the client sees: the truth's answer, or the proxy's error."""
    verdicts = {verdict for e in step.expect for verdict in e.verdicts}
    is_log = settings.get("comparison.on-mismatch") == "log"
    if "mismatch" in verdicts and not is_log:
        if not any(e["C"] == "XX000" and e.get("R") == "twinkly" for e in wire.errors(messages)):
            return f"expected twinkly's error, the client saw {show(messages)}"
        return None
    if direct is None or verdicts & {"retried", "inconclusive"}:
        return None
    if strip(messages) != strip(direct):
        return f"the client saw {show(messages)}, the source of truth says {show(direct)}"
    return None


def strip(messages):
    """Without what a proxy may send at another moment."""
    return [m for m in messages if m.type not in ("S", "A")]


def show(messages):
    return shorten(repr(wire.readable([m for m in messages if m.type != "closed"])), 600)


class Recorded(NamedTuple):
    verdict: str
    kinds: tuple
    rules: set
    text: str


def read_trace(trace):
    """{session: [Recorded]}"""
    found = {}
    for row in trace.rows(
            "SELECT e.id, s.application_name AS name, v.name AS verdict, e.note FROM exchange e "
            "JOIN session s ON s.id = e.session JOIN verdict v ON v.id = e.verdict ORDER BY e.id"):
        differences = trace.rows(
            "SELECT k.name, d.rule, d.text FROM difference d JOIN difference_kind k "
            "ON k.id = d.kind WHERE d.exchange = ?", row["id"])
        found.setdefault(row["name"], []).append(Recorded(
            row["verdict"], tuple(sorted({d["name"] for d in differences})),
            {d["rule"] for d in differences},
            "; ".join([d["text"] for d in differences][:3] + ([row["note"]] if row["note"] else []))))
    return found


def are_kinds(expected, got):
    """Each expected one is there, in one of its alternatives, and no other."""
    groups = [set(kind.split("|")) for kind in expected]
    return expected == ("*",) or (all(group & set(got) for group in groups)
                                  and set(got) <= set().union(*groups))


def find_unrecorded(step, recorded):
    """What is wrong with the exchanges of a step; takes them out of `recorded`."""
    problems = []
    for expected in step.expect:
        if expected.verdicts == ("not-recorded",):
            continue
        if not recorded:
            problems.append(f"line {step.line}: no exchange was recorded, expected {expected}")
            continue
        got = recorded.pop(0)
        wrong = got.verdict not in expected.verdicts
        wrong |= got.verdict == "mismatch" and not are_kinds(expected.kinds, got.kinds)
        wrong |= bool(expected.rule) and expected.rule not in got.rules
        wrong |= got.verdict == "allowed" and got.rules <= {None}
        if wrong:
            problems.append(
                f"line {step.line}: expected {'|'.join(expected.verdicts)} "
                f"{' '.join(expected.kinds)} {expected.rule or ''}, got {got.verdict} "
                f"{' '.join(got.kinds)} {got.rules - {None} or ''} ({shorten(got.text, 500)})")
    return problems


def expected_statuses(conversation):
    """The exit statuses that follow from the verdicts."""
    if conversation.status is not None:
        return {conversation.status}
    all_of = [e.verdicts for step in conversation.steps for e in step.expect or ()]
    possible = {0}
    for name, status in (("inconclusive", 3), ("mismatch", 1)):
        if any(set(verdicts) == {name} for verdicts in all_of):
            possible = {status}
        elif any(name in verdicts for verdicts in all_of):
            possible.add(status)
    return possible


def check_steps(conversation, seen, direct):
    problems = []
    for step, messages, alone in zip(conversation.steps, seen, direct):
        for words in step.sees:
            unseen = find_unseen(words, messages)
            if unseen:
                problems.append(f"line {step.line}: the client must see {unseen}, it saw "
                                f"{show(messages)}")
        if step.expect and not step.sees:
            problem = check_default(step, messages, alone, conversation.settings)
            if problem:
                problems.append(f"line {step.line}: {problem}")
    return problems


def check_recorded(conversation, trace):
    recorded, problems = read_trace(trace), []
    for step in conversation.steps:
        if step.expect:
            problems += find_unrecorded(step, recorded.get(step.session, []))
    for session, rest in recorded.items():
        for one in rest:
            problems.append(f"session {session}: nothing was expected, but {one.verdict} was "
                            f"recorded ({shorten(one.text, 200)})")
    return problems
