"""
docs/PROTOCOL.md in raw messages: what is rare, asynchronous, very long or very many must come
out of the proxy as it comes out of the database itself.
"""

import socket
import struct
import threading
import time

import wire
from harness import cases, contains, env_table, equal, eventually, true
from wire import (bind, copy_data, copy_done, copy_fail, describe, execute, flush, parse, query,
                  sync)

INT4, BYTEA = 23, 17
OTHERS = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
          "AND pid <> pg_backend_pid()")


def notifications(messages):
    """(pid, channel, payload) of every NotificationResponse."""
    found = []
    for m in messages:
        if m.type == "A":
            channel, payload = m.body[4:].split(b"\0")[:2]
            found.append((struct.unpack("!i", m.body[:4])[0], channel.decode(), payload.decode()))
    return found


def parameters(messages):
    return [tuple(part.decode() for part in m.body.split(b"\0")[:2])
            for m in messages if m.type == "S"]


def run_while_sending(client, data, syncs):
    """For answers that do not fit into the sockets: reads while the rest is being sent."""
    sender = threading.Thread(target=client.send, args=(data,))
    sender.start()
    got = client.read_until("Z", syncs)
    sender.join()
    return got


# --- notifications, notices, parameters --------------------------------------------------


def test_a_notification_comes_once_also_while_idle(env):
    with env.capture() as capture:
        with capture.wire() as listener, capture.wire() as speaker:
            listener.query("LISTEN news")
            speaker.query("NOTIFY news, 'one'")
            pid = speaker.backend_key[0]
            equal(notifications([listener.read()]), [(pid, "news", "one")], "while idle")
            true(listener.has_nothing_to_read(0.5), "the candidate's came, too")
            got = speaker.query("LISTEN news; NOTIFY news, 'two'")
            equal(notifications(got), [(pid, "news", "two")], "to the session that sent it")
            equal(notifications([listener.read()]), [(pid, "news", "two")], "to the other")
            got = listener.query("SELECT 1")
            equal(wire.types(got), "TDCZ", "nothing is left over")
        capture.finish().check_clean(least=4)


def test_notifications_of_the_truth_alone_are_told(env):
    with env.capture() as capture:
        with capture.wire() as listener:
            listener.query("LISTEN news")
            env.on_postgresql("NOTIFY news, 'candidate'")
            env.on_yugabytedb("NOTIFY news, 'truth'")
            equal(notifications([listener.read()])[0][1:], ("news", "truth"), "notification")
            true(listener.has_nothing_to_read(0.3), "the candidate's came, too")
        capture.finish().check_clean()


@cases(("set", "SET TimeZone = 'Asia/Tokyo'"),
       ("of-the-transaction", "BEGIN; SET LOCAL TimeZone = 'Asia/Tokyo'"),
       ("in-a-function", "SELECT set_config('TimeZone', 'Asia/Tokyo', false)"))
def test_a_parameter_changes_in_the_middle(env, sql):
    with env.wire_to(env.yugabytedb) as direct:
        expected = parameters(direct.query(sql))
        true(("TimeZone", "Asia/Tokyo") in expected, f"the server itself tells {expected}")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query(sql)
            equal(parameters(got), expected, "ParameterStatus")
        capture.finish().check_clean()


def test_a_parameter_that_the_truth_alone_changes(env):
    body = "LANGUAGE plpgsql AS $$ BEGIN {} RETURN 1; END $$"
    env.on_postgresql("CREATE FUNCTION f() RETURNS int " + body.format(""))
    env.on_yugabytedb("CREATE FUNCTION f() RETURNS int "
                      + body.format("SET application_name = 'changed';"))
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT f()")
            equal(parameters(got), [("application_name", "changed")], "ParameterStatus")
            equal(wire.rows(got), [[b"1"]], "row")
        capture.finish().check_clean()


@cases(("fewer-from-the-candidate", 3, 1), ("none-from-the-candidate", 2, 0),
       ("none-from-the-truth", 0, 2), ("many", 2000, 1999))
def test_notices_are_the_truths(env, truth, candidate):
    sql = ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
           "FOR i IN 1..{} LOOP RAISE NOTICE '% {}', i; END LOOP; RETURN 7; END $$")
    env.on_postgresql(sql.format(candidate, "candidate"))
    env.on_yugabytedb(sql.format(truth, "truth"))
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT f()")
            told = [wire.error_fields(m.body)["M"] for m in got if m.type == "N"]
            equal(told, [f"{i} truth" for i in range(1, truth + 1)], "notices")
            equal(wire.rows(got), [[b"7"]], "row")
        capture.finish().check_clean()


# --- less usual requests -----------------------------------------------------------------


def function_call(oid, *arguments):
    body = struct.pack("!Ihhh", oid, 1, 1, len(arguments))
    for value in arguments:
        body += struct.pack("!i", -1) if value is None else \
            struct.pack("!i", len(value)) + value
    return wire.message("F", body + struct.pack("!h", 1))


def test_function_calls(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(function_call(1397, struct.pack("!i", -5)))
            equal([(m.type, m.body) for m in got if m.type == "V"],
                  [("V", struct.pack("!ii", 4, 5))], "abs(-5)")
            got = client.run(function_call(1397, None))
            equal(got[0].body, struct.pack("!i", -1), "NULL of a strict function")
            got = client.run(function_call(999999, b"x"))
            equal((wire.types(got), wire.errors(got)[0]["C"]), ("EZ", "42883"), "no function")
            client.query("BEGIN")
            got = client.run(function_call(154, *[struct.pack("!i", n) for n in (1, 0)]))
            equal((wire.types(got), wire.errors(got)[0]["C"]), ("EZ", "22012"), "1 / 0")
            equal(wire.status(got), "E", "transaction status")
            client.query("ROLLBACK")
        capture.finish().check_clean(least=6)


def test_function_call_that_differs(env):
    env.on_postgresql("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'")
    env.on_yugabytedb("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1'")
    oids = [rows[0][0] for rows in env.on_both("SELECT 'f(int)'::regprocedure::oid::bigint")]
    if oids[0] != oids[1]:
        return  # a message that names a function by number cannot mean both
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.run(function_call(oids[0], struct.pack("!i", 5)))
            equal((wire.types(got), wire.errors(got)[0]["C"]), ("EZ", "XX000"), "answer")
        equal(capture.finish(status=1).kinds(), ["function-result"], "kinds")


def test_empty_queries_in_every_form(env):
    with env.capture() as capture:
        with capture.wire() as client:
            equal(wire.types(client.query("")), "IZ", "simple")
            equal(wire.types(client.run(query(""), query(";"), query(""), syncs=3)), "IZIZIZ",
                  "three at once")
            got = client.run(parse("e", ""), describe("S", "e"), bind("", "e"), execute(),
                             execute(), sync())
            equal(wire.types(got), "1tn2IIZ", "extended")
        capture.finish().check_clean(least=5)


def test_flush_after_an_error_and_flush_of_nothing(env):
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(flush(), flush())
            true(client.has_nothing_to_read(), "Flush of nothing has an answer")
            client.send(parse("", "SELECT 1 / (i - 1) FROM generate_series(1, 2) i"),
                        bind("", ""), execute(), flush())
            equal(wire.types(client.read_until("E")), "12E", "up to the error")
            client.send(parse("", "SELECT 1"), flush(), flush())
            true(client.has_nothing_to_read(), "what follows an error is discarded")
            equal(wire.types(client.run(sync())), "Z", "Sync")
            equal(wire.rows(client.query("SELECT 2")), [[b"2"]], "the session goes on")
        capture.finish().check_clean(least=2)


@cases(("fewer", 4), ("as-many", 5), ("more", 6))
def test_row_limits_at_and_around_the_number_of_rows(env, limit):
    parts = [parse("", "SELECT generate_series(1, 5)"), bind("", ""), execute("", limit),
             execute("", limit), sync()]
    with env.wire_to(env.yugabytedb) as direct:
        expected = wire.readable(direct.run(*parts))
    with env.capture() as capture:
        with capture.wire() as client:
            equal(wire.readable(client.run(*parts)), expected, "answer")
        capture.finish().check_clean()


def test_a_portal_that_is_exhausted_on_one_side_only(env):
    env.on_both("CREATE TABLE t (a int)")
    env.on_both("INSERT INTO t SELECT generate_series(1, 5)")
    env.on_postgresql("DELETE FROM t WHERE a = 5")
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            got = client.run(parse("", "SELECT a FROM t ORDER BY a"), bind("p", ""),
                             execute("p", 4), sync())
            equal(wire.types(got), "12DDDDsZ", "the first four are the same")
            got = client.run(execute("p", 4), sync())
            equal(wire.types(got), "EZ", "the fifth is not")
            equal(wire.errors(got)[0]["C"], "XX000", "SQLSTATE")
        capture.finish(status=1)


# --- startup -----------------------------------------------------------------------------


def start(client, version, pairs):
    body = struct.pack("!I", version)
    for key, value in [("user", client.user), ("database", client.database), *pairs]:
        body += wire.string(key) + wire.string(value)
    client.send(struct.pack("!i", len(body) + 5) + body + b"\0")
    return client.read_until("Z")


@cases(("newer-minor", 0x00030002, []), ("much-newer-minor", 0x0003ffff, []),
       ("option", 0x00030000, [("_pq_.compression", "on")]),
       ("both", 0x00030002, [("_pq_.a", "1"), ("_pq_.b", "2"), ("application_name", "me")]))
def test_newer_protocols_are_negotiated_as_the_server_does(env, version, pairs):
    def negotiated(client):
        got = start(client, version, pairs)
        return [m.body for m in got if m.type == "v"], wire.types(got)[0]

    with env.capture() as capture:
        with capture.wire(start=False) as client:
            ours = negotiated(client)
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        with wire.Wire(env.yugabytedb.host, env.yugabytedb.port, env.yugabytedb.user,
                       env.database, start=False) as direct:
            equal(ours, negotiated(direct), "NegotiateProtocolVersion, and what comes first")
        capture.finish().check_clean()


@cases(("gssenc", wire.GSSENC_REQUEST), ("ssl", wire.SSL_REQUEST))
def test_encryption_is_declined_before_and_not_after_the_startup(env, request):
    with env.capture() as capture:
        with capture.wire(start=False) as client:
            client.send(request)
            equal(client.read_byte(), b"N", "answer")
            client.start()
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "row")
            client.send(request)
            got = client.read_to_end()
            equal(wire.errors(got)[0]["C"], "08P01", "within the session")
        capture.finish().check_clean()


@cases(("true", "true"), ("on", "on"), ("database", "database"), ("yes", "yes"), ("1", "1"))
def test_replication_is_refused(env, value):
    with env.capture() as capture:
        with capture.wire(start=False) as client:
            client.send(wire.startup(client.user, env.database, [("replication", value)]))
            got = wire.errors(client.read_to_end())[0]
            equal((got["S"], got["C"]), ("FATAL", "0A000"), "severity and SQLSTATE")
            contains(got["M"], "replication", "message")
        with capture.wire() as other:
            equal(wire.rows(other.query("SELECT 1")), [[b"1"]], "another session")
        capture.finish().check_clean()


@cases(("false", "false"), ("off", "off"), ("no", "no"), ("0", "0"))
def test_replication_that_is_not_asked_for(env, value):
    with env.capture() as capture:
        with capture.wire(parameters=[("replication", value)]) as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "row")
        capture.finish().check_clean()


@cases(("unknown", "no_such_setting", "1", "42704"), ("bad-value", "DateStyle", "x", "22023"))
def test_a_startup_setting_that_both_refuse(env, name, value, sqlstate):
    with env.capture() as capture:
        with capture.wire(start=False) as client:
            client.send(wire.startup(client.user, env.database, [(name, value)]))
            got = wire.errors(client.read_to_end())[0]
            equal((got["S"], got["C"]), ("FATAL", sqlstate), "severity and SQLSTATE")
        capture.stop()


# --- cancel ------------------------------------------------------------------------------


def send_cancel(capture, pid, key):
    with socket.create_connection((capture.host, capture.port), timeout=10) as connection:
        connection.sendall(wire.cancel_request(pid, key))
        equal(connection.recv(1), b"", "a cancel request is answered by the end alone")


def test_cancel_needs_the_key_of_that_very_session(env):
    with env.capture() as capture:
        with capture.wire() as client, capture.wire() as other:
            client.send(query("SELECT 'slept' FROM pg_sleep(1)"))
            send_cancel(capture, client.backend_key[0], other.backend_key[1])
            send_cancel(capture, *other.backend_key)
            send_cancel(capture, 0, 0)
            send_cancel(capture, -1, 0xffffffff)
            equal(wire.rows(client.read_until("Z")), [[b"slept"]], "row")
        capture.finish().check_clean()


# --- very many, very long ----------------------------------------------------------------


def test_a_hundred_thousand_messages_under_one_sync(env):
    count = 50_000
    with env.capture() as capture:
        with capture.wire() as client:
            client.run(parse("s", "SELECT $1::int4", [INT4]), sync())
            batch = b"".join(
                bind("", "s", [struct.pack("!i", i)], formats=[1], results=[1]) + execute()
                for i in range(count))
            got = run_while_sending(client, batch + sync(), 1)
            equal(len(got), 3 * count + 1, "messages")
            equal(wire.types(got[:6]) + wire.types(got[-4:]), "2DC2DC2DCZ", "grammar")
            equal([struct.unpack("!i", row[0])[0] for row in wire.rows(got)],
                  list(range(count)), "rows in order")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        with capture.finish() as trace:
            equal(trace.check_clean().exchanges(), 3, "exchanges")


def test_an_error_in_the_middle_of_a_long_pipeline(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY)")
    with env.capture() as capture:
        with capture.wire() as client:
            batch = [parse("s", "INSERT INTO t VALUES ($1)", [INT4])]
            for i in [*range(20_000), 7, *range(20_000, 40_000)]:
                batch.append(bind("", "s", [str(i)]) + execute())
            got = run_while_sending(client, b"".join(batch) + sync(), 1)
            equal(len(got), 1 + 2 * 20_000 + 3, "messages up to the error")
            equal(wire.types(got[-3:]), "2EZ", "the end")
            equal(wire.errors(got)[0]["C"], "23505", "SQLSTATE")
        capture.finish().check_clean()
    env_table(env, "t", 0)


def test_five_thousand_syncs_at_once(env):
    with env.capture() as capture:
        with capture.wire() as client:
            got = run_while_sending(client, sync() * 5000, 5000)
            equal(wire.types(got), "Z" * 5000, "grammar")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        capture.finish()


def test_a_statement_of_fifty_megabytes(env):
    size = 50_000_000
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("SELECT length('" + "x" * size + "')")
            equal(wire.rows(got), [[str(size).encode()]], "length of the literal")
        capture.finish().check_clean()


def test_a_value_of_fifty_megabytes_there_and_back(env):
    value = bytes(range(250)) * 200_000
    with env.capture() as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (a bytea)")
        with capture.wire() as client:
            got = client.run(parse("", "INSERT INTO t VALUES ($1)", [BYTEA]),
                             bind("", "", [value], formats=[1]), execute(), sync())
            equal(wire.types(got), "12CZ", "INSERT")
        cursor.execute("SELECT encode(a, 'escape') = encode(%s, 'escape'), length(a) FROM t",
                       (b"",))
        equal(cursor.fetchone(), (False, len(value)), "length in the database")
        cursor.execute("SELECT a FROM t")
        true(bytes(cursor.fetchone()[0]) == value, "another value came back")
        connection.close()
        capture.finish().check_clean(least=4)


# --- COPY that fails ---------------------------------------------------------------------


@cases(("simple", False), ("extended", True))
def test_copy_fail_from_the_client(env, is_extended):
    env.on_both("CREATE TABLE t (a int)")
    sql = "COPY t FROM STDIN"
    begin = parse("", sql) + bind("", "") + execute() + flush() if is_extended else query(sql)
    end = sync() if is_extended else b""
    with env.capture() as capture:
        with capture.wire() as client:
            client.query("BEGIN")
            for how, grammar in ((copy_done(), "CZ"), (copy_fail("not this time"), "EZ")):
                client.send(begin)
                client.read_until("G")
                client.send(copy_data(b"1\n") * 100_000, how, end)
                got = client.read_until("Z")
                equal(wire.types(got), grammar, "end of the COPY")
            equal(wire.errors(got)[0]["C"], "57014", "SQLSTATE")
            contains(wire.errors(got)[0]["M"], "not this time", "message")
            equal(wire.status(got), "E", "transaction status")
            client.query("ROLLBACK")
        capture.finish().check_clean(least=4)
    env_table(env, "t", 0)


def test_a_server_that_stops_a_copy_while_data_flow(env):
    """The client goes on sending for a while, as the protocol allows; it is dropped."""
    env.on_both("CREATE TABLE t (a int)")
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"))
            client.read_until("G")
            client.send(copy_data(b"1\n"), copy_data(b"bad\n"), copy_data(b"2\n" * 100_000))
            got = client.read_until("Z")
            equal((wire.types(got), wire.errors(got)[0]["C"]), ("EZ", "22P02"), "answer")
            client.send(copy_data(b"3\n" * 100), copy_done())
            equal(wire.rows(client.query("SELECT count(*) FROM t")), [[b"0"]], "rows")
        capture.finish().check_clean(least=2)


@cases(("short", 10), ("streamed", 400_000))
def test_an_error_in_copy_out(env, rows):
    """After `rows` rows, in the longer case after the head of the answer was handed on."""
    sql = f"COPY (SELECT 1 / ({rows} + 1 - i) FROM generate_series(1, {rows + 5}) i) TO STDOUT"
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query(sql)
            equal(sum(m.type == "d" for m in got), rows, "rows before the error")
            equal(wire.types(got[:1]) + wire.types(got[-2:]), "HEZ", "grammar")
            equal(wire.errors(got)[0]["C"], "22012", "SQLSTATE")
            equal(wire.tags(client.query("COPY (SELECT 1) TO STDOUT")), ["COPY 1"], "another")
        capture.finish().check_clean(least=2)


@cases(("truth", False, 10), ("candidate", True, 10),
       ("truth-streamed", False, 400_000), ("candidate-streamed", True, 400_000))
def test_an_error_in_copy_out_of_one_side(env, fails_on_postgresql, rows):
    for on, fails in ((env.on_postgresql, fails_on_postgresql),
                      (env.on_yugabytedb, not fails_on_postgresql)):
        on(f"CREATE TABLE t AS SELECT {f'{rows} - i' if fails else '1'} AS a "
           f"FROM generate_series(1, {rows}) i")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("COPY (SELECT 10 / least(a, 1) FROM t) TO STDOUT")
            equal(wire.types(got)[-2:], "EZ", "the end")
            equal(wire.errors(got)[0]["C"], "XX000", "SQLSTATE")
        equal(capture.finish(status=1).kinds()[0], "error-success", "kind")


@cases(("truth", False), ("candidate", True))
def test_copy_in_that_only_one_side_begins(env, is_missing_on_postgresql):
    (env.on_yugabytedb if is_missing_on_postgresql else env.on_postgresql)(
        "CREATE TABLE t (a int)")
    with env.capture() as capture:
        with capture.wire() as client:
            got = client.query("COPY t FROM STDIN")
            equal((wire.types(got), wire.errors(got)[0]["C"]), ("EZ", "XX000"), "answer")
        equal(capture.finish(status=1).kinds(), ["error-success"], "kinds")


@cases(("truth", False), ("candidate", True))
def test_copy_in_whose_data_only_one_side_takes(env, is_strict_on_postgresql):
    env.on_postgresql(f"CREATE TABLE t (a int {'UNIQUE' if is_strict_on_postgresql else ''})")
    env.on_yugabytedb(f"CREATE TABLE t (a int {'' if is_strict_on_postgresql else 'UNIQUE'})")
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query("COPY t FROM STDIN"), copy_data(b"1\n1\n"), copy_done())
            got = client.read_until("Z")
            equal(wire.types(got)[-2:], "EZ", "the end")
            equal(wire.errors(got)[0]["C"], "XX000", "SQLSTATE")
        equal(capture.finish(status=1).kinds(), ["error-success"], "kinds")


# --- one side only -----------------------------------------------------------------------


def test_a_statement_prepared_on_one_side_only(env):
    """With fail-on-differences off the session goes on: each use of the statement differs."""
    env.on_yugabytedb("CREATE TABLE t (a int)")
    with env.capture({"comparison.fail-on-differences": False}) as capture:
        with capture.wire() as client:
            equal(wire.types(client.run(parse("s", "SELECT a FROM t"), sync())), "1Z", "Parse")
            got = client.run(bind("", "s"), describe("P"), execute(), sync())
            equal(wire.types(got), "2TCZ", "use")
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "the session goes on")
        with capture.finish(status=1) as trace:
            equal(dict(trace.verdicts()), {"mismatch": 2, "equal": 1}, "verdicts")
            equal(trace.kinds(), ["error-success"] * 2, "kinds")


def test_the_client_sees_the_truths_pid(env):
    with env.capture({"comparison.exclude-patterns": ["pg_backend_pid"]}) as capture:
        with capture.wire() as client:
            got = client.query("SELECT pg_backend_pid()")
            equal(wire.rows(got), [[str(client.backend_key[0]).encode()]], "pid")
        capture.finish()


@cases(("itself", "SELECT pg_terminate_backend(pg_backend_pid())", "57P01"),
       ("idle", "SET idle_session_timeout = '200ms'", "57P05"),
       ("in-a-transaction", "SET idle_in_transaction_session_timeout = '200ms'; BEGIN", "25P03"))
def test_a_session_that_both_servers_end(env, sql, sqlstate):
    """The client learns from the truth why, as it would without the proxy."""
    with env.capture() as capture:
        with capture.wire() as client:
            client.send(query(sql))
            told = wire.errors(client.read_to_end())
            equal([(e["S"], e["C"]) for e in told], [("FATAL", sqlstate)], "the last words")
        eventually(lambda: env.on_both(OTHERS) == ([(0,)], [(0,)]), "both sides have ended")
        capture.stop()
