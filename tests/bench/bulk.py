"""
A million rows through raw sockets: the client does nothing but send or receive, so that what is
measured is the databases and what stands before them.
"""

import struct
import threading
import time

import wire

ROWS = 1_000_000
CHUNK = 8192  # bytes of COPY data a message, as psql sends them
TABLE = "bulk"
CREATE = f"CREATE TABLE {TABLE} (id int PRIMARY KEY, number int NOT NULL, text text NOT NULL)"
# The candidate's rows lie in another order than the truth's.
SHUFFLED = "CREATE TABLE shuffled AS SELECT * FROM bulk ORDER BY id"
READY = b"Z\0\0\0\5I"


def copy_messages():
    """CopyData messages with all rows, 97 MB, and the CopyDone."""
    text = "x" * 85
    data = memoryview("".join(
        f"{i}\t{i * 7919 % 1_000_003}\t{text[i % 7:]}\n" for i in range(ROWS)).encode())
    parts = []
    for at in range(0, len(data), CHUNK):
        part = data[at:at + CHUNK]
        parts += [b"d" + struct.pack("!i", len(part) + 4), part]
    return b"".join(parts) + wire.copy_done(), len(data)


class Client(wire.Wire):
    """A client that does not look at rows."""

    def run_whole(self, sql, data):
        self._socket.settimeout(120)
        self.send(wire.query(sql))
        if data is not None:
            self.read_until("G")
            self.send(data)
        tail = self._drain()
        if f" {ROWS}\0".encode() not in tail:
            raise RuntimeError(f"{sql}: not all rows; last bytes {tail!r}")

    def _drain(self):
        """Reads to the ReadyForQuery; the last bytes of the answer."""
        buffer, tail = bytearray(1 << 20), b""
        while not tail.endswith(READY):
            count = self._socket.recv_into(buffer)
            if count == 0:
                raise RuntimeError(f"the connection ended; last bytes {tail!r}")
            tail = (tail + buffer[max(0, count - 64):count])[-64:]
        return tail


def _run(port, database, sql, data, failures):
    try:
        with Client("127.0.0.1", port, "postgres", database) as client:
            client.run_whole(sql, data)
    except Exception as error:
        failures.append(error)


def seconds(ports, database, sql, data=None):
    """Runs the statement at all ports at once; until the last has ended."""
    failures = []
    threads = [threading.Thread(target=_run, args=(port, database, sql, data, failures))
               for port in ports]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - started

