"""
A raw client of PostgreSQL's protocol 3.0: it sends any bytes, well-formed or not, and hands
back messages as they come. Builders of frontend messages are plain functions that give bytes,
so that a test can put several into one packet, cut them short, or spoil them.
"""

import socket
import struct
from typing import NamedTuple

PROTOCOL_3 = 196608
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSSENC_REQUEST = struct.pack("!ii", 8, 80877104)
TIMEOUT_S = 10


class Message(NamedTuple):
    type: str
    body: bytes


class Closed(Exception):
    """The peer ended the connection; `messages` came before that."""

    def __init__(self, messages=()):
        super().__init__("connection closed by the server")
        self.messages = list(messages)


# --- frontend messages -------------------------------------------------------------------


def message(kind, body=b""):
    return kind.encode("ascii") + struct.pack("!i", len(body) + 4) + body


def string(text):
    return (text if isinstance(text, bytes) else text.encode("utf-8")) + b"\0"


def query(sql):
    return message("Q", string(sql))


def parse(name, sql, types=()):
    return message("P", string(name) + string(sql) + _int16s(len(types))
                   + b"".join(struct.pack("!I", oid) for oid in types))


def bind(portal, statement, values=(), formats=(), results=()):
    """`values` are bytes, str or None; `formats` and `results` lists of 0 (text) and 1 (binary)."""
    body = string(portal) + string(statement) + _int16s(len(formats), *formats)
    body += _int16s(len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
            continue
        value = value.encode("utf-8") if isinstance(value, str) else value
        body += struct.pack("!i", len(value)) + value
    return message("B", body + _int16s(len(results), *results))


def describe(kind, name=""):
    return message("D", kind.encode("ascii") + string(name))


def execute(portal="", most_rows=0):
    return message("E", string(portal) + struct.pack("!i", most_rows))


def close(kind, name):
    return message("C", kind.encode("ascii") + string(name))


def flush():
    return message("H")


def sync():
    return message("S")


def terminate():
    return message("X")


def copy_data(data):
    return message("d", data)


def copy_done():
    return message("c")


def copy_fail(reason):
    return message("f", string(reason))


def startup(user, database, parameters=()):
    pairs = [("user", user), ("database", database)] + list(parameters)
    body = struct.pack("!i", PROTOCOL_3)
    body += b"".join(string(key) + string(value) for key, value in pairs) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def cancel_request(pid, key):
    return struct.pack("!iiiI", 16, 80877102, pid, key)


def _int16s(*numbers):
    return struct.pack(f"!{len(numbers)}h", *numbers)


# --- the connection ----------------------------------------------------------------------


class Wire:
    """A connection; with `start=False` not even the startup packet is sent."""

    def __init__(self, host, port, user, database, start=True, parameters=()):
        self.host, self.port = host, port
        self.user, self.database = user, database
        self.parameters, self.backend_key = {}, None
        self._received = b""
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if start:
            self.start(parameters)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, parameters=()):
        """Startup to the first ReadyForQuery. A refusal raises Closed with its messages."""
        self.send(startup(self.user, self.database, parameters))
        for got in self.read_until("Z"):
            if got.type == "S":
                name, value = got.body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif got.type == "K":
                self.backend_key = struct.unpack("!iI", got.body)

    def send(self, *parts):
        self._socket.sendall(b"".join(parts))

    def read_byte(self):
        """One byte outside of any message, such as the answer to an SSLRequest."""
        self._fill(1)
        first, self._received = self._received[:1], self._received[1:]
        return first

    def read(self):
        self._fill(5)
        length = struct.unpack("!i", self._received[1:5])[0]
        if length < 4:
            raise AssertionError(f"the server sent a message of length {length}")
        self._fill(1 + length)
        kind = self._received[:1].decode("latin-1")
        body = self._received[5:1 + length]
        self._received = self._received[1 + length:]
        return Message(kind, body)

    def read_until(self, last="Z", count=1):
        """Messages up to the count-th of type `last`, that included."""
        messages = []
        while count:
            try:
                messages.append(self.read())
            except Closed:
                raise Closed(messages) from None
            count -= messages[-1].type == last
        return messages

    def read_to_end(self):
        """All that still comes until the server ends the connection."""
        messages = []
        while True:
            try:
                messages.append(self.read())
            except Closed:
                return messages

    def run(self, *parts, syncs=1):
        """Sends all at once and gives the answers up to that many ReadyForQuery."""
        self.send(*parts)
        return self.read_until("Z", syncs)

    def query(self, sql):
        return self.run(query(sql))

    def has_nothing_to_read(self, seconds=0.2):
        self._socket.settimeout(seconds)
        try:
            self._received += self._socket.recv(1)
            return not self._received
        except TimeoutError:
            return not self._received
        finally:
            self._socket.settimeout(TIMEOUT_S)

    def end_writing(self):
        """Half-closes: the server sees the end of what we send, and can still answer."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with a TCP reset, as a killed client does."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self):
        try:
            self._socket.sendall(terminate())
        except OSError:
            pass
        self._socket.close()

    def _fill(self, wanted):
        while len(self._received) < wanted:
            try:
                more = self._socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed()
            self._received += more


# --- reading answers ---------------------------------------------------------------------


def types(messages):
    """The answer's grammar, say "TDDCZ". ParameterStatus may come at any time: left out."""
    return "".join(m.type for m in messages if m.type != "S")


def error_fields(body):
    fields = {}
    for part in body.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return fields


def errors(messages):
    """The fields of every ErrorResponse: "C" is the SQLSTATE, "M" the message, "R" the routine."""
    return [error_fields(m.body) for m in messages if m.type == "E"]


def values(body):
    """The values of a DataRow: bytes, or None for NULL."""
    count, at, found = struct.unpack("!h", body[:2])[0], 2, []
    for _ in range(count):
        length = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        found.append(None if length < 0 else body[at:at + length])
        at += max(length, 0)
    return found


def rows(messages):
    return [values(m.body) for m in messages if m.type == "D"]


def tags(messages):
    return [m.body[:-1].decode() for m in messages if m.type == "C"]


def status(messages):
    """The transaction status that the last ReadyForQuery tells: I, T or E."""
    return [m.body.decode() for m in messages if m.type == "Z"][-1]


def columns(body):
    """The columns of a RowDescription as (name, type, size, typmod, format): without the
    table's OID and the attribute's number, which differ from database to database."""
    count, at, found = struct.unpack("!h", body[:2])[0], 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        _, _, oid, size, typmod, form = struct.unpack("!IhIhih", body[end + 1:end + 19])
        found.append((name, oid, size, typmod, form))
        at = end + 19
    return found


def readable(messages):
    """Answers in a form in which those of two databases with equal content are equal."""
    found = []
    for m in messages:
        if m.type == "T":
            found.append(("T", columns(m.body)))
        elif m.type in "EN":
            fields = error_fields(m.body)
            found.append((m.type, fields["S"], fields["C"], fields["M"]))
        else:
            found.append((m.type, m.body))
    return found
