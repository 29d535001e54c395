"""Connections that break at every stage, on either side and at the client; stopped servers;
resources that run out. Whoever is hit gets a clear error or its result, in time; nobody else
notices; the trace stays sound and tells no mismatch; nothing leaks."""

import os
import resource
import signal
import socket

import wire
from harness import Closed, Trace, cases, contains, equal, eventually, true
from relay import Relay
from servers import Server

OPTIONS = {"comparison.backend-timeout": "1s", "comparison.preflight": "off",
           "proxy.postgresql.sslmode": "disable", "proxy.yugabytedb.sslmode": "disable"}
ROWS = "SELECT repeat('victim', 50) FROM generate_series(1, 40)"


class Relayed:
    """A capture with a relay before each server, a session that must not notice anything, and
    what the proxy had when there was but that one."""

    def __init__(self, env, options=None):
        env.on_both("CREATE TABLE IF NOT EXISTS t (a int)")
        self.env = env
        self.relays = [Relay(s.host, s.port) for s in env.servers]
        sides = [Server(r.host, r.port, s.user, s.password)
                 for r, s in zip(self.relays, env.servers)]
        self.capture = env.capture({**OPTIONS, **(options or {})}, servers=sides)

    def __enter__(self):
        self.bystander = self.capture.wire(parameters=[("application_name", "bystander")])
        self.goes_on()
        self.descriptors = descriptors(self.capture)
        return self

    def __exit__(self, *_):
        self.bystander.close()
        for relay in self.relays:
            relay.close()

    def goes_on(self):
        equal(wire.rows(self.bystander.query("SELECT 'here'")), [[b"here"]], "the other session")

    def is_as_before(self, what):
        """The other session lives, a new one works, and nothing is left of the victim."""
        self.goes_on()
        with self.capture.wire() as fresh:
            equal(wire.rows(fresh.query("SELECT 2")), [[b"2"]], f"a new session after {what}")
        eventually(lambda: descriptors(self.capture) <= self.descriptors,
                   f"{what}: {descriptors(self.capture)} descriptors, {self.descriptors} before")
        equal(sessions(self.capture), 1, f"sessions after {what}")

    def finish(self):
        """The trace is whole, and no fault was taken for a difference."""
        self.bystander.close()
        result = self.capture.stop()
        true(result.status in (0, 3), f"exit status {result.status}: {result.stderr}")
        with Trace(self.capture.trace_path) as trace:
            trace.check_integrity()
            equal(trace.verdicts()["mismatch"], 0, f"mismatches of {dict(trace.verdicts())}")
            equal(trace.value("SELECT count(*) FROM gap"), 0, "gaps")
            return trace.verdicts()


def descriptors(capture):
    return len(os.listdir(f"/proc/{capture.process.pid}/fd"))


def sessions(capture):
    """How many the proxy says that it has."""
    before = capture.log().count("status:")
    capture.process.send_signal(signal.SIGUSR1)
    eventually(lambda: capture.log().count("status:") > before, "an answer to SIGUSR1")
    return int(capture.log().rsplit("status:", 1)[1].split()[0])


def once(direction, kind, part, what):
    """A relay's watch that acts at the first such message."""
    done = []

    def watch(its_direction, its_kind, body):
        if done or (its_direction, its_kind) != (direction, kind) or part not in body:
            return None
        done.append(True)
        return what
    return watch


# Stage, where the relay acts, and what the client sends at that stage.
STAGES = [
    ("startup", ">", "startup", b"", None),
    ("authentication", "<", "R", b"", None),
    ("after-authentication", "<", "K", b"", None),
    ("request", ">", "Q", b"victim", [wire.query(ROWS)]),
    ("parse", ">", "P", b"victim", [wire.parse("", ROWS), wire.bind("", ""), wire.execute(),
                                     wire.sync()]),
    ("row", "<", "D", b"victim", [wire.query(ROWS)]),
    ("tag", "<", "C", b"SELECT 40", [wire.query(ROWS)]),
    ("copy-in", ">", "d", b"4711", [wire.query("COPY t FROM STDIN")]),
    ("copy-out", "<", "d", b"victim", [wire.query(f"COPY ({ROWS}) TO STDOUT")]),
    ("commit", ">", "Q", b"COMMIT", [wire.query("BEGIN"), wire.query("COMMIT")]),
    ("committed", "<", "C", b"COMMIT", [wire.query("BEGIN"), wire.query("COMMIT")]),
]


def strike(capture, parts):
    """A client that does what the stage needs, to the end: all that it was told."""
    got = []
    try:
        with capture.wire() as client:
            for part in parts or []:
                client.send(part)
            if b"COPY t FROM" in (parts or [b""])[0]:
                got += client.read_until("G")
                client.send(wire.copy_data(b"4711\n"), wire.copy_done())
            return got + client.read_to_end()
    except Closed as closed:
        return got + closed.messages
    except OSError:
        return got


def break_at_every_stage(env, side, how):
    with Relayed(env) as run:
        for name, direction, kind, part, parts in STAGES:
            run.relays[side].watch = once(direction, kind, part, how)
            got = strike(run.capture, parts)
            run.relays[side].watch = None
            errors = wire.errors(got)
            equal(len(errors), 1, f"errors at {name}: {errors}, {wire.types(got)}")
            true(errors[0]["C"] in ("08006", "08001", "57014", "57P01", "08000", "08003"),
                 f"{name}: {errors}")
            named = ("PostgreSQL", "YugabyteDB")[side]
            contains(errors[0]["M"] + errors[0].get("D", ""), named, f"message at {name}")
            run.is_as_before(name)
        verdicts = run.finish()
        true(verdicts["inconclusive"] >= 6, f"verdicts {dict(verdicts)}")
    equal(env.on_both("SELECT a FROM t WHERE a <> 4711"), ([], []), "rows of nobody")


@cases(("postgresql", 0), ("yugabytedb", 1))
def test_cut_at_every_stage(env, side):
    break_at_every_stage(env, side, "cut")


@cases(("postgresql", 0), ("yugabytedb", 1))
def test_cut_inside_a_message_at_every_stage(env, side):
    break_at_every_stage(env, side, "cut-inside")


@cases(("postgresql", 0), ("yugabytedb", 1))
def test_stalled_at_every_stage(env, side):
    """As a stopped server is: the connection stands, and nothing comes."""
    with Relayed(env, {"proxy.postgresql.connection-timeout": "1s",
                       "proxy.yugabytedb.connection-timeout": "1s"}) as run:
        for name, direction, kind, part, parts in STAGES:
            run.relays[side].watch = once(direction, kind, part, "stall")
            errors = wire.errors(strike(run.capture, parts))
            run.relays[side].watch = None
            equal(len(errors), 1, f"errors at {name}: {errors}")
            contains(errors[0]["M"], ("PostgreSQL", "YugabyteDB")[side], f"message at {name}")
            run.is_as_before(name)
        run.finish()


@cases(("postgresql", 0), ("yugabytedb", 1))
def test_a_backend_stopped_by_a_signal(env, side):
    with Relayed(env) as run:
        with run.capture.wire(parameters=[("application_name", "victim")]) as client:
            client.query("SELECT 1")
            [(pid,)] = env.servers[side].execute(
                env.database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim'")
            os.kill(pid, signal.SIGSTOP)
            try:
                client.send(wire.query("SELECT 2"))
                errors = wire.errors(client.read_to_end())
            finally:
                os.kill(pid, signal.SIGCONT)
            equal([e["C"] for e in errors], ["57014"], "SQLSTATE")
        run.is_as_before("SIGSTOP")
        run.finish()


@cases(("postgresql", 0), ("yugabytedb", 1))
def test_a_server_that_is_restarted(env, side):
    """Every connection ends, no new one is taken for a while; then all is well again."""
    with Relayed(env) as run:
        victims = [run.capture.wire() for _ in range(5)]
        run.relays[side].is_refusing = True
        run.relays[side].cut()
        for victim in victims + [run.bystander]:
            try:
                victim.send(wire.query("SELECT 1"))
            except OSError:
                pass
            equal(len(wire.errors(victim.read_to_end())), 1, "errors")
            victim.close()
        true(wire.errors(strike(run.capture, None)), "a connection to a server that is down")
        run.relays[side].is_refusing = False
        eventually(lambda: sessions(run.capture) == 0, "the end of the sessions")
        run.bystander = run.capture.wire()
        run.is_as_before("a restart")
        run.finish()


def test_one_byte_at_a_time_on_all_sides(env):
    with Relayed(env) as run, Relay(run.capture.host, run.capture.port) as front:
        for relay in run.relays + [front]:
            relay.is_fragmenting = True
        with wire.Wire(front.host, front.port, run.capture.user, env.database) as client:
            equal(wire.tags(client.query("SELECT 1; SELECT repeat('x', 300), NULL, ''")),
                  ["SELECT 1", "SELECT 1"], "tags")
            got = client.run(wire.parse("p", "SELECT $1::int"), wire.bind("", "p", ["7"]),
                             wire.describe("P"), wire.execute(), wire.sync())
            equal(wire.types(got), "12TDCZ", "extended protocol")
            equal(wire.types(client.query("SELECT 1/0")), "TEZ"[-2:], "an error")
            client.send(wire.query("COPY t FROM STDIN"))
            client.read_until("G")
            equal(wire.tags(client.run(wire.copy_data(b"1\n2\n"), wire.copy_done())),
                  ["COPY 2"], "COPY in")
            equal(wire.types(client.query("COPY t TO STDOUT")), "HddcCZ", "COPY out")
            for sql in ("BEGIN", "DELETE FROM t", "COMMIT"):
                client.query(sql)
        run.is_as_before("fragments")
        equal(set(run.finish()), {"equal"}, "verdicts")


GONE = [
    ("half-a-startup", wire.startup("postgres", "x")[:11], False),
    ("startup", b"", True),
    ("request", wire.query("SELECT 1 FROM pg_sleep(0.3)"), True),
    ("row", wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 30000)"), True),
    ("copy-in", wire.query("COPY t FROM STDIN") + wire.copy_data(b"666\n" * 9), True),
    ("copy-out", wire.query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 30000)) "
                            "TO STDOUT"), True),
    ("pipeline", wire.parse("", "INSERT INTO t VALUES (666)") + wire.bind("", ""), True),
    ("commit", wire.query("BEGIN") + wire.query("COMMIT"), True),
]


def test_a_client_that_is_gone_at_every_stage(env):
    with Relayed(env) as run:
        for name, packet, is_started in GONE:
            for _ in range(3):
                client = run.capture.wire(start=False)
                if is_started:
                    client.send(wire.startup(run.capture.user, env.database))
                    if packet:
                        client.read_until("Z")
                client.send(packet)
                client.reset()
            eventually(lambda: sessions(run.capture) == 1, f"the end of the sessions of {name}")
            run.is_as_before(name)
        run.finish()
    equal(env.on_both("SELECT a FROM t WHERE a = 666"), ([], []), "rows of clients that are gone")


# --- resources ---------------------------------------------------------------------------


def test_no_descriptor_left(env):
    """Who finds none is refused with 53300; sessions that are there go on; then it is over."""
    with Relayed(env) as run:
        most = descriptors(run.capture) + 8
        before = resource.prlimit(run.capture.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(run.capture.process.pid, resource.RLIMIT_NOFILE, (most, before[1]))
        clients, refused = [], 0
        for _ in range(12):
            try:
                clients.append(run.capture.wire())
            except Closed as closed:
                equal(wire.errors(closed.messages)[0]["S"], "FATAL", "severity")
                refused += 1
            run.goes_on()
        true(clients and refused, f"{len(clients)} clients, {refused} refused")
        for client in clients:
            equal(wire.rows(client.query("SELECT 3")), [[b"3"]], "who came in")
            client.close()
        eventually(lambda: sessions(run.capture) == 1, "the end of the sessions")
        run.is_as_before("lack of descriptors")
        run.finish()


def is_sanitized(env):
    with open(env.program("twinkly-capture"), "rb") as file:
        return b"__asan_init" in file.read()


def address_space(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def test_no_memory_for_one_session(env):
    """An answer that does not fit ends its session with an error, and no other."""
    if is_sanitized(env):
        return  # a sanitizer needs the whole address space
    with Relayed(env, {"comparison.backend-timeout": "20s"}) as run:
        limit = address_space(run.capture.process) + (100 << 20)
        before = resource.prlimit(run.capture.process.pid, resource.RLIMIT_AS)
        resource.prlimit(run.capture.process.pid, resource.RLIMIT_AS, (limit, before[1]))
        got = strike(run.capture, [wire.query("SELECT repeat('x', 150000000)")])
        errors = wire.errors(got)
        equal(len(errors), 1, f"errors {errors} in {wire.types(got)} {run.capture.log()}")
        contains(errors[0]["M"], "memory", "message")
        run.is_as_before("lack of memory")
        run.finish()


# --- floods ------------------------------------------------------------------------------


def flood(capture, count):
    """Clients that send rubbish, too much, or one byte and then nothing: open connections."""
    packets = [b"GET / HTTP/1.1\r\n\r\n", b"\x7f\xff\xff\xff" + bytes(600), bytes(8), b"\0"]
    found = []
    for number in range(count):
        client = socket.create_connection((capture.host, capture.port))
        try:
            client.sendall(packets[number % len(packets)])
        except OSError:
            pass  # refused at once
        found.append(client)
    return found


def test_a_flood_of_bad_clients(env):
    """Malformed, oversized and slow ones; who is inside keeps the service, and who comes too."""
    with Relayed(env, {"proxy.login-timeout": "2s"}) as run:
        for _ in range(4):
            bad = flood(run.capture, 100)
            for number in range(20):
                run.goes_on()
                try:
                    bad[4 * number + 3].sendall(b"\0")  # one byte at a time
                except OSError:
                    pass
            for client in bad:
                client.close()
        slow = flood(run.capture, 40)
        eventually(lambda: sessions(run.capture) == 1, "the end of those who are slow", 10)
        for client in slow:
            client.close()
        run.is_as_before("a flood")
        equal(set(run.finish()), {"equal"}, "verdicts")
