"""Clients that break the protocol: an ErrorResponse 08P01 and the end of that session, while
another session lives on; and never the end of the proxy."""

import random
import socket
import struct
import time

import wire
from harness import cases, env_table, equal, eventually, true
from wire import message, query, sync

LENGTHS = struct.Struct("!i")


def raw(kind, length, body=b""):
    """A message whose length field says what we want it to say."""
    return kind + LENGTHS.pack(length) + body


MALFORMED = [
    ("unknown-type", raw(b"~", 4)),
    ("type-zero", raw(b"\0", 4)),
    ("backend-message", raw(b"T", 6, b"\0\0")),
    ("length-zero", raw(b"Q", 0)),
    ("length-three", raw(b"Q", 3)),
    ("length-negative", raw(b"Q", -1)),
    ("length-huge", raw(b"Q", 0x7FFFFFFF, b"SELECT 1\0")),
    ("query-without-end", message("Q", b"SELECT 1")),
    ("query-with-two-ends", message("Q", b"SELECT 1\0SELECT 2\0")),
    ("query-empty-body", message("Q")),
    ("parse-empty-body", message("P")),
    ("parse-without-types", message("P", b"s\0SELECT 1\0")),
    ("parse-too-few-types", message("P", b"s\0SELECT 1\0" + struct.pack("!hI", 3, 23))),
    ("parse-left-over", message("P", b"s\0SELECT 1\0" + struct.pack("!h", 0) + b"xx")),
    ("bind-empty-body", message("B")),
    ("bind-cut-in-values", message("B", b"\0\0" + struct.pack("!hhi", 0, 1, 100) + b"short")),
    ("bind-negative-length", message("B", b"\0\0" + struct.pack("!hhih", 0, 1, -2, 0))),
    ("bind-too-many-formats", message("B", b"\0\0" + struct.pack("!hhh", 9, 0, 0))),
    ("describe-other-kind", message("D", b"X\0")),
    ("describe-without-name", message("D", b"S")),
    ("execute-cut", message("E", b"\0\0")),
    ("close-other-kind", message("C", b"?s\0")),
    ("sync-with-body", message("S", b"x")),
    ("flush-with-body", message("H", b"x")),
    ("function-call-cut", message("F", b"\0\0\0")),
]


def goes_on(client):
    equal(wire.rows(client.query("SELECT 'alive'")), [[b"alive"]], "another session")


@cases(*MALFORMED)
def test_malformed(env, packet):
    with env.capture() as capture:
        with capture.wire() as healthy, capture.wire() as client:
            equal(wire.types(client.query("SELECT 1")), "TDCZ", "the healthy case")
            client.send(packet)
            got = client.read_to_end()
            equal([e["C"] for e in wire.errors(got)], ["08P01"], "SQLSTATEs")
            equal(wire.types(got), "E", "grammar")
            goes_on(healthy)
        with capture.wire() as fresh:
            goes_on(fresh)
        capture.finish().check_clean(least=3)


def test_longer_than_allowed(env):
    with env.capture({"proxy.max-message": "64KB"}) as capture:
        with capture.wire() as healthy, capture.wire() as client:
            goes_on(client)
            client.query("SELECT '" + "x" * 65000 + "'")
            client.send(query("SELECT '" + "x" * 66000 + "'"))
            got = client.read_to_end()
            equal([e["C"] for e in wire.errors(got)], ["08P01"], "SQLSTATEs")
            goes_on(healthy)
        capture.finish().check_clean(least=3)


def test_a_message_cut_by_the_end(env):
    whole = query("INSERT INTO t VALUES (1)")
    env.on_both("CREATE TABLE t (a int)")
    with env.capture() as capture:
        with capture.wire() as healthy:
            for length in (1, 4, 5, len(whole) - 1):
                client = capture.wire()
                client.send(whole[:length])
                client.reset()
                goes_on(healthy)
        capture.finish().check_clean(least=4)
    env_table(env, "t", 0)


STARTUPS = [
    ("http", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("zeros", bytes(64)),
    ("length-too-small", LENGTHS.pack(7) + b"\0\3\0"),
    ("length-negative", LENGTHS.pack(-5) + b"\0\3\0\0"),
    ("length-too-big", LENGTHS.pack(1 << 30) + b"\0\3\0\0"),
    ("protocol-2", struct.pack("!iI", 40, 0x00020000) + bytes(32)),
    ("protocol-9", struct.pack("!iI", 9, 0x00090000) + b"\0"),
    ("no-final-zero", struct.pack("!iI", 13, 0x00030000) + b"user\0"),
    ("name-without-value", struct.pack("!iI", 14, 0x00030000) + b"user\0\0"),
    ("no-user", struct.pack("!iI", 9, 0x00030000) + b"\0"),
    ("cancel-cut", struct.pack("!iI", 12, 80877102) + b"\0\0\0\1"),
]


@cases(*STARTUPS)
def test_bad_startup(env, packet):
    with env.capture() as capture:
        with capture.wire() as healthy:
            client = capture.wire(start=False)
            client.send(packet)
            client.end_writing()
            got = client.read_to_end()
            for fields in wire.errors(got):
                equal(fields["S"], "FATAL", "severity")
                true(fields["C"] in ("08P01", "0A000", "28000"), f"SQLSTATE {fields['C']}")
            equal(set(wire.types(got)) - {"E"}, set(), "answers")
            client.close()
            goes_on(healthy)
        capture.finish().check_clean()


def test_encryption_requests_for_ever(env):
    with env.capture() as capture:
        with capture.wire() as healthy:
            client = capture.wire(start=False)
            try:
                for _ in range(200):
                    client.send(wire.SSL_REQUEST)
            except OSError:
                pass  # the proxy may have had enough
            client.close()
            goes_on(healthy)
        capture.finish().check_clean()


def test_silent_and_half_open_clients_do_no_harm(env):
    with env.capture() as capture:
        silent = [socket.create_connection((capture.host, capture.port)) for _ in range(20)]
        for connection in silent[:10]:
            connection.sendall(wire.startup("postgres", env.database)[:9])
        with capture.wire() as healthy:
            goes_on(healthy)
            for connection in silent:
                connection.close()
            goes_on(healthy)
        capture.finish().check_clean(least=2)


def test_clients_killed_in_the_middle(env):
    """Of a statement, of reading a long answer, of COPY in, of a pipeline."""
    env.on_both("CREATE TABLE t (a int)")
    deeds = [
        [query("SELECT 1 FROM pg_sleep(2)")],
        [query("SELECT repeat('x', 1000) FROM generate_series(1, 50000)")],
        [query("COPY t FROM STDIN"), wire.copy_data(b"1\n" * 1000)],
        [query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 50000)) TO STDOUT")],
        [wire.parse("", "INSERT INTO t VALUES (1)"), wire.bind("", ""), wire.execute()],
        [query("BEGIN"), query("INSERT INTO t VALUES (2)"), query("SELECT 1 FROM pg_sleep(2)")],
    ]
    with env.capture() as capture:
        with capture.wire() as healthy:
            for parts in deeds:
                client = capture.wire()
                client.send(*parts)
                time.sleep(0.1)
                client.reset()
                goes_on(healthy)
            eventually(lambda: env.on_both(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()")
                == ([(1,)], [(1,)]), "only the healthy session's connections are left", 15)
            goes_on(healthy)
        capture.stop()
    env_table(env, "t", 0)


def test_random_bytes(env):
    """Spoiled packets, the same ones each time: whatever comes of a session, the proxy lives."""
    chance = random.Random(20261123)
    whole = (query("SELECT 1") + wire.parse("s", "SELECT $1::int") + wire.bind("", "s", ["1"])
             + wire.describe("P") + wire.execute() + sync())
    with env.capture({"comparison.backend-timeout": "5s"}) as capture:
        with capture.wire() as healthy:
            for _ in range(150):
                spoiled = bytearray(whole)
                for _ in range(chance.randint(1, 4)):
                    spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
                client = capture.wire()
                client.send(bytes(spoiled[:chance.randint(1, len(spoiled))]))
                client.end_writing()
                client.read_to_end()
                client.close()
            goes_on(healthy)
        true(capture.stop().status in (0, 1, 3), f"exit status {capture.result.status}")
