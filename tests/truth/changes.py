"""
What `make check-truth` does to an answer on its way. A change is a function (answer, step,
chance) that gives the changed messages and a sentence, or None where it does not fit. Those of
DIFFERENCES must be reported; those of HARMLESS, which YugabyteDB makes as well, must not;
RETRIES must be shown, but are no mismatch.
"""

import struct

import wire
from wire import Message

FLOATS = (700, 701)


class Answer:
    """Messages up to ReadyForQuery or CopyInResponse, and where in them the rows are."""

    def __init__(self, messages):
        self.messages = list(messages)
        self.types = "".join(m.type for m in messages)

    def places(self, kinds):
        return [i for i, kind in enumerate(self.types) if kind in kinds]

    def with_one(self, at, *others):
        return self.messages[:at] + list(others) + self.messages[at + 1:]

    def columns_of(self, at):
        """The RowDescription before message `at`, as wire.columns()."""
        for i in range(at, -1, -1):
            if self.types[i] == "T":
                return wire.columns(self.messages[i].body)
        return None

    def status(self):
        return self.messages[-1].body.decode()


def row(values):
    body = struct.pack("!h", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return Message("D", body)


def error(code, text):
    fields = f"SERROR\0VERROR\0C{code}\0M{text}\0\0"
    return Message("E", fields.encode())


def ready(answer, status):
    return answer.messages[:-1] + [Message("Z", status.encode())]


def closed_rows(answer, step):
    """Places of rows of which every value is determined."""
    places = answer.places("D")
    return places[1:-1] if step.is_cut else places


# --- values ------------------------------------------------------------------------------


def other_value(value, oid, form, chance):
    """Another value of the same length or one longer, beyond every tolerance."""
    if not value:
        return b"x"
    if form == 1:
        at = 0 if oid in FLOATS else len(value) - 1
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1:]
    places = [i for i, c in enumerate(value) if chr(c).isalnum()]
    if not places:
        return value + b"x"
    at = places[0] if oid in FLOATS else chance.choice(places)
    letter = chr(value[at])
    if letter.isdigit():
        changed = "123456789"[int(letter) % 9] if letter != "9" else "4"
    else:
        changed = {"t": "f", "f": "t"}.get(letter, "q" if letter != "q" else "z")
    return value[:at] + changed.encode() + value[at + 1:]


def change_value(answer, step, chance):
    places = closed_rows(answer, step)
    if not places or step.is_plan:
        return None
    at = chance.choice(places)
    values, columns = wire.values(answer.messages[at].body), answer.columns_of(at)
    filled = [i for i, v in enumerate(values) if v is not None]
    if not filled:
        return None
    i = chance.choice(filled)
    _, oid, _, _, form = columns[i] if columns else (None, 0, 0, 0, 0)
    before = values[i]
    values[i] = other_value(before, oid, form, chance)
    return answer.with_one(at, row(values)), f"value {before!r} to {values[i]!r}"


def null_for_empty(answer, step, chance):
    places = []
    for at in closed_rows(answer, step):
        values = wire.values(answer.messages[at].body)
        places += [(at, i) for i, v in enumerate(values) if v in (None, b"")]
    if not places or step.is_plan:
        return None
    at, i = chance.choice(places)
    values = wire.values(answer.messages[at].body)
    values[i] = b"" if values[i] is None else None
    return answer.with_one(at, row(values)), f"NULL and empty exchanged in column {i + 1}"


# --- rows --------------------------------------------------------------------------------


def drop_row(answer, step, chance):
    places = answer.places("D")
    if not places or step.is_plan:
        return None
    return answer.with_one(chance.choice(places)), "a row dropped"


def double_row(answer, step, chance):
    places = answer.places("D")
    if not places or step.is_plan:
        return None
    at = chance.choice(places)
    return answer.with_one(at, answer.messages[at], answer.messages[at]), "a row doubled"


def neighbours(answer, step, want_tie):
    """Places of rows that have the same sort keys as the next row, or others."""
    found, keys = [], step.keys
    for at in answer.places("D"):
        if at + 1 < len(answer.types) and answer.types[at + 1] == "D":
            here, there = (wire.values(answer.messages[i].body) for i in (at, at + 1))
            is_tie = all(here[k] == there[k] for k in keys)
            if is_tie == want_tie and here != there:
                found.append(at)
    return found


def exchange(answer, at):
    messages = list(answer.messages)
    messages[at], messages[at + 1] = messages[at + 1], messages[at]
    return messages


def swap_rows(answer, step, chance):
    places = neighbours(answer, step, False) if step.keys else []
    if not places:
        return None
    return exchange(answer, chance.choice(places)), "two rows swapped under ORDER BY"


# --- tags, errors, status ----------------------------------------------------------------


def change_tag(answer, step, chance):
    places = [i for i in answer.places("C") if answer.messages[i].body[-2:-1].isdigit()]
    if not places:
        return None
    at = chance.choice(places)
    words = answer.messages[at].body[:-1].decode().split()
    words[-1] = str(int(words[-1]) + chance.randint(1, 3))
    tag = " ".join(words)
    return answer.with_one(at, Message("C", wire.string(tag))), f"tag {tag}"


def other_tag(answer, step, chance):
    places = answer.places("C")
    if not places:
        return None
    at = chance.choice(places)
    return answer.with_one(at, Message("C", wire.string("VACUUM"))), "another tag"


def change_sqlstate(answer, step, chance):
    places = answer.places("E")
    if not places:
        return None
    fields = wire.error_fields(answer.messages[places[0]].body)
    code = chance.choice([c for c in ("23502", "42804", "22003", "42883") if c != fields["C"]])
    return answer.with_one(places[0], error(code, fields["M"])), f"{fields['C']} to {code}"


def fail(answer, code, text):
    """The answer of a statement that failed before it had any result."""
    status = "I" if answer.types[-1] == "G" or answer.status() == "I" else "E"
    kept = answer.messages[:answer.places("DCsIVHZ")[0]] if "2" in answer.types else []
    return kept + [error(code, text), Message("Z", status.encode())]


def error_for_success(answer, step, chance):
    if "E" in answer.types or answer.types[-1] == "G":
        return None
    code = chance.choice(["22012", "23505", "42P01", "0A000", "XX000", "54000"])
    return fail(answer, code, "made up"), f"error {code} for success"


def success_for_error(answer, step, chance):
    places = answer.places("E")
    if not places or "1" in answer.types and "T" not in answer.types:
        return None
    changed = answer.with_one(places[0], Message("C", wire.string("INSERT 0 1")))
    if changed[-1].body == b"E":
        changed[-1] = Message("Z", b"T")
    return changed, "success for an error"


def change_status(answer, step, chance):
    if answer.types[-1] != "Z":
        return None
    status = chance.choice([c for c in "ITE" if c != answer.status()])
    return ready(answer, status), f"status {answer.status()} to {status}"


# --- shape -------------------------------------------------------------------------------


def described(answer, chance):
    places = [i for i in answer.places("T") if answer.messages[i].body[:2] != b"\0\0"]
    return chance.choice(places) if places else None


def cut_column(body, number):
    """Where the name of a column begins and ends in a RowDescription."""
    at = 2
    for _ in range(number):
        at = body.index(b"\0", at) + 19
    return at, body.index(b"\0", at)


def rename_column(answer, step, chance):
    at = described(answer, chance)
    if at is None:
        return None
    body = answer.messages[at].body
    begin, end = cut_column(body, chance.randrange(struct.unpack("!h", body[:2])[0]))
    return answer.with_one(at, Message("T", body[:end] + b"x" + body[end:])), (
        f"column {body[begin:end]!r} renamed")


def retype_column(answer, step, chance):
    at = described(answer, chance)
    if at is None:
        return None
    body = answer.messages[at].body
    _, end = cut_column(body, chance.randrange(struct.unpack("!h", body[:2])[0]))
    table, number, oid, size, modifier, form = struct.unpack("!IhIhih", body[end + 1:end + 19])
    oid = 20 if oid != 20 else 1700
    packed = struct.pack("!IhIhih", table, number, oid, size, modifier, form)
    return answer.with_one(at, Message("T", body[:end + 1] + packed + body[end + 19:])), "type"


def drop_column(answer, step, chance):
    at = described(answer, chance)
    if at is None or answer.types.count("T") != 1 or len(answer.columns_of(at)) < 2:
        return None
    body = answer.messages[at].body
    begin, end = cut_column(body, len(answer.columns_of(at)) - 1)
    messages = answer.with_one(at, Message("T", struct.pack("!h", len(answer.columns_of(at)) - 1)
                                           + body[2:begin]))
    return [row(wire.values(m.body)[:-1]) if m.type == "D" else m for m in messages], "a column less"


def extra_result(answer, step, chance):
    places = answer.places("C")
    if not places:
        return None
    at = chance.choice(places)
    return answer.with_one(at, answer.messages[at], Message("C", wire.string("SELECT 0"))), (
        "one more result")


def drop_result(answer, step, chance):
    places = answer.places("C")
    if len(places) < 2:
        return None
    begin = places[-2] + 1
    return answer.messages[:begin] + [answer.messages[-1]], "the last result is missing"


def lose_message(answer, step, chance):
    places = answer.places("12tI") + (answer.places("VcH"))
    if not places:
        return None
    at = chance.choice(places)
    return answer.with_one(at), f"message {answer.types[at]} is missing"


def parameter_type(answer, step, chance):
    places = [i for i in answer.places("t") if len(answer.messages[i].body) > 2]
    if not places:
        return None
    body = answer.messages[places[0]].body
    return answer.with_one(places[0], Message("t", body[:2] + struct.pack("!I", 1042) + body[6:])), (
        "a parameter's type")


def suspend(answer, step, chance):
    """Exchanges PortalSuspended and CommandComplete."""
    places = answer.places("s")
    if places:
        return answer.with_one(places[0], Message("C", wire.string("SELECT 7"))), "not suspended"
    places = answer.places("C") if "2" in answer.types else []
    if not places:
        return None
    return answer.with_one(chance.choice(places), Message("s", b"")), "suspended"


def function_result(answer, step, chance):
    places = answer.places("V")
    if not places:
        return None
    return answer.with_one(places[0], Message("V", struct.pack("!i", 1) + b"0")), "a result"


# --- COPY --------------------------------------------------------------------------------


def copy_line(answer, step, chance):
    places = answer.places("d")
    if not places:
        return None
    at = chance.choice(places)
    what = chance.choice(["changed", "dropped", "doubled"])
    if what == "dropped":
        return answer.with_one(at), "a line of COPY dropped"
    if what == "doubled":
        return answer.with_one(at, answer.messages[at], answer.messages[at]), "a line doubled"
    line = answer.messages[at].body
    return answer.with_one(at, Message("d", other_value(line, 25, 0, chance))), "a line of COPY"


def copy_format(answer, step, chance):
    places = answer.places("GH")
    if not places:
        return None
    body = answer.messages[places[0]].body
    changed = struct.pack("!bh", body[0], struct.unpack("!h", body[1:3])[0] + 1) + body[3:] + b"\0\0"
    return answer.with_one(places[0], Message(answer.types[places[0]], changed)), "columns of COPY"


# --- what is no difference ----------------------------------------------------------------


def shuffle(answer, step, chance):
    places = answer.places("D")
    if not step.is_free or len(places) < 2:
        return None
    messages, rows = list(answer.messages), [answer.messages[i] for i in places]
    chance.shuffle(rows)
    for at, message in zip(places, rows):
        messages[at] = message
    return messages, "rows shuffled"


def swap_tie(answer, step, chance):
    places = neighbours(answer, step, True) if step.keys and not step.is_cut else []
    if not places:
        return None
    return exchange(answer, chance.choice(places)), "ties swapped"


def notice(answer, step, chance):
    at = chance.randrange(len(answer.messages))
    text = "SNOTICE\0VNOTICE\0C00000\0Mtable rewrite may lead to inconsistencies\0\0"
    extra = Message("N", text.encode())
    return answer.messages[:at] + [extra] + answer.messages[at:], "a notice"


def error_text(answer, step, chance):
    places = answer.places("E")
    if not places:
        return None
    fields = wire.error_fields(answer.messages[places[0]].body)
    text = chance.choice(["something else", fields["M"] + " (query layer retries exhausted)"])
    return answer.with_one(places[0], error(fields["C"], text)), "another error text"


def table_oids(answer, step, chance):
    at = described(answer, chance)
    if at is None:
        return None
    body = answer.messages[at].body
    _, end = cut_column(body, 0)
    packed = struct.pack("!I", chance.randrange(16384, 99999))
    return answer.with_one(at, Message("T", body[:end + 1] + packed + body[end + 5:])), "table OID"


def other_plan(answer, step, chance):
    if not step.is_plan or "D" not in answer.types:
        return None
    at = answer.places("D")[0]
    return answer.with_one(at, row([b"Seq Scan on emp"]), row([b"  Storage Filter: x"])), "a plan"


def parameter_status(answer, step, chance):
    extra = Message("S", wire.string("yb_something") + wire.string("on"))
    return [extra] + answer.messages, "a ParameterStatus"


def retry_error(answer, step, chance):
    """A serialization failure that is gone when one asks again. Not for a write: the server
    has done it, and would do it twice."""
    if "E" in answer.types or step.is_writing:
        return None
    return fail(answer, "40001", "could not serialize access due to concurrent update"), "40001"


DIFFERENCES = [change_value, null_for_empty, drop_row, double_row, swap_rows, change_tag,
               other_tag, change_sqlstate, error_for_success, success_for_error, change_status,
               rename_column, retype_column, drop_column, extra_result, drop_result,
               lose_message, parameter_type, suspend, function_result, copy_line, copy_format]
HARMLESS = [shuffle, swap_tie, notice, error_text, table_oids, other_plan, parameter_status]
RETRIES = [retry_error]
# These may make an answer that no server gives; then no verdict is possible, and the client is told.
ILLEGAL = [lose_message, extra_result, drop_result]
