"""
A relay between twinkly-capture and a server that does harm on purpose: it changes answers
(`plan`), sends one byte at a time, cuts or stalls a connection at a chosen message. Threads of
the test's own process, two a connection; what it has done is told to the test by plain values.
"""

import socket
import struct
import threading

from wire import Message

STARTUP_PROTOCOL = 196608
CANCEL_REQUEST = 80877102


class Plan:
    """One answer to be changed: change(messages) gives other messages, or None for "does not
    fit here". `skip` answers pass first. `told` is what change() said it did."""

    def __init__(self, change, skip=0):
        self.change, self.skip = change, skip
        self.is_used, self.told = False, None


class Link:
    """One relayed connection."""

    def __init__(self, relay, client):
        self.relay, self.client, self.server = relay, client, None
        self.name, self.plan, self.last = None, None, []
        self.is_stalled = threading.Event()

    def close(self):
        for end in (self.client, self.server):
            if end is not None:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()


class Relay:
    """Listens on a port of its own. `watch(direction, type, body)` is asked at every message,
    direction being ">" towards the server or "<" from it, and may say "cut", "cut-inside" (after
    half of the message) or "stall" (nothing passes any more in that direction)."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.links, self.named = [], {}
        self.is_fragmenting, self.watch, self.is_refusing = False, None, False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.close()
        self.cut()

    def cut(self):
        """Ends every connection that there is."""
        for link in list(self.links):
            link.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_refusing:
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(self, client)
            self.links.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            link.server = socket.create_connection(self.target, timeout=10)
            link.server.settimeout(None)
            link.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._pass_startup(link):
                back = threading.Thread(target=self._guard, daemon=True,
                                        args=(link, self._pass_answers))
                back.start()
                self._pass_requests(link)
        except (OSError, EOFError):
            pass
        finally:
            link.close()
            if link in self.links:
                self.links.remove(link)

    @staticmethod
    def _guard(link, work):
        try:
            work(link)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            link.close()

    def _pass_startup(self, link):
        """The startup packet; a CancelRequest is passed on and ends the connection."""
        head = _exactly(link.client, 8)
        length, code = struct.unpack("!ii", head)
        packet = head + _exactly(link.client, length - 8)
        if code == STARTUP_PROTOCOL:
            words = packet[8:].split(b"\0")
            pairs = dict(zip(words[0::2], words[1::2]))
            link.name = pairs.get(b"application_name", b"").decode()
            self.named[link.name] = link
        self._deliver(link, link.server, ">", "startup", packet)
        if code == CANCEL_REQUEST:
            link.server.recv(1)
            return False
        return True

    def _pass_requests(self, link):
        for message in _messages(link.client):
            self._deliver(link, link.server, ">", message.type, _packed(message), message.body)

    def _pass_answers(self, link):
        """Message by message; an answer for which there is a plan, as a whole."""
        held = []
        for message in _messages(link.server):
            held.append(message)
            if link.plan is not None:
                if not _ends(message):
                    continue
                held = self._apply(link, held)
            self._hand_on(link, held)
            held = []

    def _apply(self, link, messages):
        plan = link.plan
        if plan.skip:
            plan.skip -= 1
            return messages
        changed = plan.change(messages)
        link.plan, plan.is_used = None, changed is not None
        return messages if changed is None else changed

    def _hand_on(self, link, messages):
        if self.watch is None and not self.is_fragmenting:
            self._note(link, messages)
            link.client.sendall(b"".join(_packed(m) for m in messages))
            return
        for message in messages:
            self._note(link, [message])
            self._deliver(link, link.client, "<", message.type, _packed(message), message.body)

    @staticmethod
    def _note(link, messages):
        """`last` is the latest answer, whole or as far as it has come."""
        for message in messages:
            if link.last and _ends(link.last[-1]):
                link.last = []
            link.last.append(message)

    def _deliver(self, link, target, direction, kind, packet, body=b""):
        what = self.watch(direction, kind, body) if self.watch else None
        if what == "stall":
            link.is_stalled.set()
            threading.Event().wait(60)
            raise EOFError
        if what == "cut-inside":
            target.sendall(packet[:max(1, len(packet) // 2)])
        if what in ("cut", "cut-inside"):
            raise EOFError
        if self.is_fragmenting:
            for at in range(len(packet)):
                target.sendall(packet[at:at + 1])
        else:
            target.sendall(packet)


def _ends(message):
    return message.type in "ZG"


def _packed(message):
    return message.type.encode("latin-1") + struct.pack("!i", len(message.body) + 4) + message.body


def _exactly(end, count):
    got = b""
    while len(got) < count:
        more = end.recv(count - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def _messages(end):
    """The messages that come, until the connection ends."""
    got, at = bytearray(), 0
    while True:
        while len(got) - at >= 5:
            length = struct.unpack_from("!i", got, at + 1)[0]
            if len(got) - at < 1 + length:
                break
            yield Message(chr(got[at]), bytes(got[at + 5:at + 1 + length]))
            at += 1 + length
        del got[:at]
        at = 0
        more = end.recv(262144)
        if not more:
            return
        got += more
