"""
Conversations with scripted servers: every way in which YugabyteDB is known to differ from
PostgreSQL, what the verdict on it must be, and what the client must see. One test per file of
tests/peer/conversations; those in tests/peer/pending.txt are run as well, and must still fail.
"""

import glob
import os
import re
import signal
import subprocess

import conversation as conversations
from checks import Failed, Pending
from conversation import Player, Unmet
from harness import (Trace, cases, check_sanitizer, contains, equal, fails, on_yugabytedb_only,
                     without_servers)
from servers import die_with_parent

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peer")
SIDES = ("postgresql", "yugabytedb")


def read_pending():
    """{name: reason}"""
    found = {}
    with open(os.path.join(FOLDER, "pending.txt"), encoding="utf-8") as file:
        for line in file:
            match = re.match(r"([\w-]+)\s+(\S.*)", line)
            if match and not line.startswith("#"):
                found[match.group(1).replace("-", "_")] = match.group(2).strip()
    return found


class Peer:
    """A running scripted-peer; Capture takes it for a server."""

    def __init__(self, program, path, side):
        self.host, self.user, self.password = "127.0.0.1", "postgres", None
        self.process = subprocess.Popen(
            [program, "--as", side, path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL))
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.communicate()[1])
        self.port = int(line)

    def stop(self):
        """Its complaints."""
        self.process.terminate()
        complaints = self.process.communicate(timeout=10)[1]
        check_sanitizer(complaints, "scripted-peer")
        if self.process.returncode not in (0, 1):
            raise Failed(f"scripted-peer ended with {self.process.returncode}: {complaints}")
        return complaints


class Peers:
    def __init__(self, env, path):
        program = env.program("tests/scripted-peer")
        if not os.access(program, os.X_OK):
            raise Failed(f"{program} is not there: run make peer first")
        self.both = []
        self.complaints = ""
        try:
            for side in SIDES:
                self.both.append(Peer(program, path, side))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.complaints = "".join(peer.stop() for peer in self.both)


def wire_options(session, prefix=""):
    return [("application_name", prefix + session)]


def play_directly(talk, peers):
    """What the truth alone would tell the client, step by step."""
    nothing = [None] * len(talk.steps)
    if talk.keywords & conversations.NOT_DIRECT or talk.has_raw_bytes():
        return nothing
    truth = talk.settings.get("comparison.source-of-truth", "yugabytedb").strip('"')
    peer = peers.both[SIDES.index(truth)]
    return Player(talk, lambda session: conversations.wire.Wire(
        peer.host, peer.port, "tester", "conversation",
        parameters=wire_options(session, "direct.")), is_direct=True).play()


def options_of(talk):
    # The scripts say nothing to a side connection that asks for settings.
    return {"comparison.on-mismatch": "error", "comparison.preflight": "off", **talk.settings}


def check(env, talk, servers, direct):
    """Plays it through the proxy; raises Unmet with all that is wrong."""
    with env.capture(options_of(talk), servers=servers) as capture:
        player = Player(talk, lambda session: capture.wire(parameters=wire_options(session)))
        seen = player.play()
        result = capture.stop()
    problems = conversations.check_steps(talk, seen, direct)
    with Trace(capture.trace_path) as trace:
        problems += conversations.check_recorded(talk, trace)
    wanted = conversations.expected_statuses(talk)
    if result.status not in wanted:
        problems.append(f"exit status {result.status}, expected "
                        f"{' or '.join(map(str, sorted(wanted)))}")
    return problems


def play(env, path):
    talk = conversations.Conversation(path)
    with Peers(env, path) as peers:
        direct = play_directly(talk, peers)
        problems = check(env, talk, peers.both, direct)
    if peers.complaints:
        problems.append(peers.complaints)
    if problems:
        raise Unmet(f"{path}:\n  " + "\n  ".join(problems))


def play_live(env, path):
    """The same on the real servers, whose tables the `setup` lines make."""
    talk = conversations.Conversation(path)
    for side, sql in talk.setup:
        {"both": env.on_both, "postgresql": env.on_postgresql,
         "yugabytedb": env.on_yugabytedb}[side](sql)
    problems = check(env, talk, env.servers, [None] * len(talk.steps))
    if problems:
        raise Unmet(f"{path}:\n  " + "\n  ".join(problems))


def make_test(path, reason, play):
    def test(env):
        try:
            play(env, path)
        except Unmet as unmet:
            if reason is None:
                raise
            raise Pending(f"{reason}\n{unmet}") from unmet
        if reason is not None:
            raise Failed(f"{path} passes: take it out of tests/peer/pending.txt")
    return test


def files(folder):
    """(name, path) of each conversation, in order."""
    for path in sorted(glob.glob(os.path.join(FOLDER, folder, "*.txt"))):
        yield os.path.basename(path)[:-len(".txt")].replace("-", "_"), os.path.normpath(path)


def define_tests():
    pending = read_pending()
    for name, path in files("conversations"):
        globals()[f"test_{name}"] = without_servers(
            make_test(path, pending.pop(name, None), play))
    for name, path in files("live"):
        test = make_test(path, pending.pop(f"live_{name}", None), play_live)
        if not conversations.Conversation(path).is_for_any_pair:
            on_yugabytedb_only(test)
        globals()[f"test_live_{name}"] = test
    if pending:
        raise Failed(f"tests/peer/pending.txt names what is not there: {sorted(pending)}")


# Each spoils one thing of a conversation that holds; without that line it must pass.
SPOILED = (
    ("verdict", "expect equal", "expect mismatch value", "expected mismatch value"),
    ("tag", 'sees tag "SELECT 2"', 'sees tag "SELECT 3"', "the client must see tag"),
    ("row", "sees row 1", "sees row 3", "the client must see row 3"),
    ("answer", "yugabytedb row 2", "yugabytedb row 3", "got mismatch value"),
    ("status", "exit 0", "exit 1", "exit status 0, expected 1"),
    ("unasked", "expect equal", "expect equal, equal", "no exchange was recorded"),
    ("unexpected", "expect equal", "", "nothing was expected"),
)
GOOD = """client Query "select a from t"
both columns a:int4
postgresql row 1 / row 2
yugabytedb row 2 / row 1
both tag "SELECT 2"
expect equal
sees tag "SELECT 2"
sees row 1
exit 0
"""


@without_servers
@cases(*SPOILED)
def test_the_runner_notices(env, good, spoiled, problem):
    path = env.path("conversation.txt")
    for text in (GOOD, GOOD.replace(good, spoiled)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if text == GOOD:
            play(env, path)
    contains(str(fails(Unmet, lambda: play(env, path))), problem)


@without_servers
def test_the_runner_notices_a_question_without_an_answer(env):
    path = env.path("conversation.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write('client Query "select 1"\nboth tag "SELECT 0"\nexpect equal\n')
    with Peers(env, path) as peers:
        one = peers.both[0]
        with conversations.wire.Wire(one.host, one.port, "u", "d") as client:
            client.query("select 2")
    contains(peers.complaints, "no answer to this: Q select 2", "complaint")


@without_servers
def test_a_wrong_conversation_names_its_line(env):
    path = env.path("conversation.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write('client Query "select 1"\nboth rowe 1\n')
    told = str(fails(Failed, lambda: Peers(env, path)))
    contains(told, 'conversation.txt:2: unknown item "rowe"')


@without_servers
def test_every_known_difference_has_a_conversation(env):
    """The D-numbers of the first lines: none is left out."""
    texts = ""
    for _, path in files("conversations"):
        with open(path, encoding="utf-8") as file:
            texts += file.readline()
    numbers = {int(number) for number in re.findall(r"\bD(\d+)\b", texts)}
    equal(sorted(numbers), list(range(1, 51)), "differences with a conversation")


@without_servers
def test_what_is_pending_must_fail(env):
    path = env.path("conversation.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(GOOD)
    contains(str(fails(Failed, lambda: make_test(path, "a reason", play)(env))), "take it out of")
    with open(path, "w", encoding="utf-8") as file:
        file.write(GOOD.replace("expect equal", "expect undecidable"))
    fails(Pending, lambda: make_test(path, "a reason", play)(env))


define_tests()
