#!/usr/bin/python3
"""big_trace.py FILE [EXCHANGES] [MISMATCHES] [SHAPES]: writes a trace of that many exchanges (a
million) and mismatches among them (100,000), spread over sessions, shapes of statements (3,000) and
kinds, with whole answers, to measure reports with. The same numbers give the same trace."""

import os
import random
import sqlite3
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SESSIONS = 200
VERDICTS = ("equal", "allowed", "mismatch", "retried", "inconclusive", "undecidable", "excluded",
            "not-compared")
EQUAL, ALLOWED, MISMATCH, EXCLUDED = 0, 1, 2, 6
KIND_ROW_COUNT, KIND_VALUE, KIND_ERROR = 0, 1, 7


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


def answer(rows):
    columns = ("id", "name", "price")
    described = struct.pack("!h", len(columns)) + b"".join(
        text(c) + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0) for c in columns)
    out = message(b"T", described)
    for row in rows:
        cells = [str(v).encode() for v in row]
        out += message(b"D", struct.pack("!h", len(cells)) + b"".join(
            struct.pack("!i", len(c)) + c for c in cells))
    return out + message(b"C", text(f"SELECT {len(rows)}")) + message(b"Z", b"I")


def failure():
    fields = b"".join(text(f) for f in ("SERROR", "VERROR", "C23505", "Mduplicate key value violates "
                                        "unique constraint \"item_pkey\"", "DKey (id)=(3) already exists."))
    return message(b"E", fields + b"\0") + message(b"Z", b"I")


ROWS = [(i, f"item {i}", f"{i}.25") for i in range(1, 9)]
PLAIN = answer(ROWS)
OTHERS = {KIND_ROW_COUNT: answer(ROWS[:5] + ROWS[6:]), KIND_ERROR: failure(),
          KIND_VALUE: answer([(i, n, "9.99" if i == 4 else p) for i, n, p in ROWS])}


def statement(shape, literal):
    return (f"SELECT id, name, price FROM shop_{shape % 40}.item_{shape} WHERE id = {literal} "
            f"AND name <> 'x' ORDER BY id")


def rows(exchanges, mismatches, shapes):
    """Rows of exchange, command and difference by number of the exchange."""
    rnd = random.Random(7)
    every = max(1, exchanges // max(1, mismatches))
    for i in range(1, exchanges + 1):
        is_mismatch = mismatches > 0 and i % every == 0 and i // every <= mismatches
        shape = rnd.randrange(shapes)
        verdict = MISMATCH if is_mismatch else EXCLUDED if i % 997 == 0 else EQUAL
        truth_us = int(rnd.lognormvariate(6, 1.2)) + 20
        candidate_us = int(truth_us * rnd.lognormvariate(0.7, 0.5)) + 1
        kind = (KIND_VALUE, KIND_ROW_COUNT, KIND_ERROR)[shape % 3]
        yield i, i % SESSIONS + 1, shape, verdict, truth_us, candidate_us, kind


def fill(db, exchanges, mismatches, shapes):
    request = message(b"Q", text(statement(1, 1)))
    for table in ("exchange", "command", "difference"):
        db.execute(f"DELETE FROM {table}")
    batch = [], [], []
    for i, session, shape, verdict, truth_us, candidate_us, kind in rows(exchanges, mismatches, shapes):
        is_mismatch = verdict == MISMATCH
        other = OTHERS[kind] if is_mismatch else None
        batch[0].append((i, session, i * 200, truth_us, candidate_us, verdict, "I", "I", len(PLAIN),
                         len(other or PLAIN), "a pattern" if verdict == EXCLUDED else None,
                         request, PLAIN, other))
        batch[1].append((i, 0, shape * 10 + i % 10 + 1, None, "SELECT 8", 8, 8, None,
                         "23505" if is_mismatch and kind == KIND_ERROR else None, verdict))
        if is_mismatch:
            batch[2].append((i, 0, kind, 4, 3, "price", "4.25", "9.99", None,
                             "Value mismatch: row 4, column 3 (price): 4.25, 9.99"))
        if i % 20000 == 0 or i == exchanges:
            flush(db, batch)


def flush(db, batch):
    db.executemany("INSERT INTO exchange VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", batch[0])
    db.executemany("INSERT INTO command VALUES (?,?,?,?,?,?,?,?,?,?)", batch[1])
    db.executemany("INSERT INTO difference (exchange, ordinal, kind, row, column, column_name, "
                   "truth, candidate, rule, text) VALUES (?,?,?,?,?,?,?,?,?,?)", batch[2])
    for rows_of in batch:
        rows_of.clear()


def write(path, exchanges=1000000, mismatches=100000, shapes=3000):
    if os.path.exists(path):
        os.remove(path)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    with open(os.path.join(ROOT, "schema", "trace.sql"), encoding="utf-8") as file:
        db.executescript(file.read())
    db.execute("PRAGMA application_id = 1417104236")
    db.execute("PRAGMA user_version = 1")
    db.execute("BEGIN")
    db.executemany("INSERT INTO meta VALUES (?, ?)", [
        ("began_wall_us", "1763906706000000"), ("ended_wall_us", "1763907006000000"),
        ("program", "big_trace.py")])
    db.executemany("INSERT INTO backend VALUES (?, ?, 'db.test', 5433, ?)", [
        ("truth", "PostgreSQL", "15.12"), ("candidate", "YugabyteDB", "15.12-YB-2025.1.4.0-b0")])
    db.executemany("INSERT INTO verdict VALUES (?, ?, '')", enumerate(VERDICTS))
    db.executemany("INSERT INTO session VALUES (?, 'app', 'shop', 'suite', '127.0.0.1', ?, x'')",
                   [(i, i * 100) for i in range(1, SESSIONS + 1)])
    db.executemany("INSERT INTO statement VALUES (?, ?)",
                   [(s * 10 + n + 1, statement(s, n)) for s in range(shapes) for n in range(10)])
    fill(db, exchanges, mismatches, shapes)
    db.execute("INSERT INTO session_count SELECT session, verdict, count(*) FROM exchange "
               "GROUP BY session, verdict")
    db.execute("COMMIT")
    db.close()


if __name__ == "__main__":
    write(sys.argv[1], *map(int, sys.argv[2:5]))
