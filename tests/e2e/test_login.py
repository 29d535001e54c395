"""Who may begin a session: proxy.auth, passwords for the databases, and what is told of neither."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import shutil
import socket
import struct
import threading
import time

import psycopg2

import wire
from harness import (Closed, Trace, cases, contains, equal, eventually, fails, lacks,
                     on_postgresql_only, true)
from test_startup import query, tls_options

PASSWORD = "hush-4711"


# --- scram-sha-256 -----------------------------------------------------------------------


def verifier(password, salt=b"0123456789abcdef", iterations=4096):
    """As PostgreSQL keeps it in pg_authid.rolpassword."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt, stored, server = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${iterations}:{salt}${stored}:{server}"


def scram_options(env, *users):
    path = env.path("users")
    with open(path, "w", encoding="utf-8") as file:
        file.write("; name and verifier\n")
        for name, password in users:
            quoted = name.replace('"', '""')
            file.write(f'"{quoted}" "{verifier(password)}"\n')
    os.chmod(path, 0o600)
    return {"proxy.auth": "scram-sha-256", "proxy.auth-file": json.dumps(path)}


def sasl(capture, user, *parts):
    """A raw session up to the answer to the last part: (client, messages)."""
    client = capture.wire(start=False)
    client.send(wire.startup(user, client.database))
    messages = [client.read()]
    for part in parts:
        client.send(part)
        try:
            messages.append(client.read())
        except Closed:
            break
    return client, messages


def initial(message, mechanism="SCRAM-SHA-256"):
    return wire.message("p", wire.string(mechanism) + struct.pack("!i", len(message)) + message)


def test_a_wrong_line_of_the_auth_file_is_named(env):
    path = env.path("users")
    for text, place in (('"app" "md5abc"\n', ":1:"), ("; fine\n\napp x\n", ":3:"),
                        (f'"a" "{verifier(PASSWORD)}"\n"b" "{verifier(PASSWORD)}\n', ":2:")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        result = env.run_under_capture(
            ["true"], {"proxy.auth": "scram-sha-256", "proxy.auth-file": json.dumps(path)})
        equal(result.status, 2, f"status ({result.stderr})")
        contains(result.stderr, path + place, "place")


def test_scram_lets_in_who_knows_the_password(env):
    user = env.postgresql.user
    options = scram_options(env, ('odd "name"', "x"), (user, PASSWORD))
    with env.capture(options) as capture:
        connection = capture.connect(password=PASSWORD)
        equal(query(connection, "SELECT 1"), [(1,)], "rows")
        connection.close()
        for password in ("wrong", PASSWORD + " "):
            error = fails(psycopg2.OperationalError,
                          lambda: capture.connect(password=password), "connecting")
            contains(str(error), f'password authentication failed for user "{user}"', "message")
        error = fails(psycopg2.OperationalError, capture.connect, "connecting")
        contains(str(error), "no password supplied", "message")
        capture.finish().check_clean()


def test_psql_and_scram(env):
    options = scram_options(env, (env.postgresql.user, PASSWORD))
    result = env.run_under_capture([env.tool("psql"), "-Atc", "SELECT 40 + 2"], options,
                                   {"PGPASSWORD": PASSWORD})
    equal((result.status, result.stdout), (0, "42\n"), f"psql ({result.stderr})")
    with Trace(result.trace) as trace:
        trace.check_clean()


def test_scram_through_tls(env):
    """libpq prefers channel binding where it is offered, which it must not be."""
    tls, cert = tls_options(env, "require")
    options = {**tls, **scram_options(env, (env.postgresql.user, PASSWORD))}
    with env.capture(options) as capture:
        connection = capture.connect(password=PASSWORD, sslmode="verify-full", sslrootcert=cert)
        equal(query(connection, "SELECT 1"), [(1,)], "rows")
        connection.close()
        capture.finish().check_clean()


def test_scram_does_not_tell_who_is_known(env):
    user = env.postgresql.user
    with env.capture(scram_options(env, (user, PASSWORD))) as capture:
        told = {}
        for name in (user, "nobody-here", "nor-here", "nobody-here"):
            client, messages = sasl(capture, name, initial(b"n,,n=,r=abc"))
            client.close()
            equal([m.type for m in messages], ["R", "R"], f"answers to {name}")
            fields = dict(part.split(b"=", 1) for part in messages[1].body[4:].split(b","))
            equal(fields[b"i"], b"4096", "iterations")
            equal(len(base64.b64decode(fields[b"s"])), 16, "length of the salt")
            equal(told.setdefault(name, fields[b"s"]), fields[b"s"], f"salt of {name}, again")
        equal(len(set(told.values())), 3, "different salts")
        texts = set()
        for name in (user, "nobody-here"):
            error = fails(psycopg2.OperationalError, lambda: psycopg2.connect(
                host=capture.host, port=capture.port, user=name, dbname=env.database,
                password="wrong"), "connecting")
            texts.add(str(error).replace(name, "NAME"))
        equal(len(texts), 1, f"texts {texts}")


PROOF = base64.b64encode(bytes(32))


@cases(("mechanism", [initial(b"n,,n=,r=abc", "SCRAM-SHA-512")], "08P01"),
       ("plus", [initial(b"p=tls-server-end-point,,n=,r=abc", "SCRAM-SHA-256-PLUS")], "08P01"),
       ("binding", [initial(b"p=tls-server-end-point,,n=,r=abc")], "08P01"),
       ("identity", [initial(b"n,a=admin,n=,r=abc")], "08P01"),
       ("extension", [initial(b"n,,m=x,n=,r=abc")], "08P01"),
       ("no-nonce", [initial(b"n,,n=,r=")], "08P01"),
       ("zero-byte", [initial(b"n,,n=,r=a\0c")], "08P01"),
       ("too-long", [initial(b"n,,n=,r=" + b"a" * 2000)], "08P01"),
       ("empty", [wire.message("p")], "08P01"),
       ("no-response", [wire.message("p", wire.string("SCRAM-SHA-256") + b"\xff" * 4)], "08P01"),
       ("query", [wire.query("SELECT 1")], "08P01"),
       ("huge", [b"p" + struct.pack("!i", 60000)], "08P01"),
       ("other-nonce", [initial(b"n,,n=,r=abc"),
                        wire.message("p", b"c=biws,r=abc,p=" + PROOF)], "08P01"),
       ("no-proof", [initial(b"n,,n=,r=abc"), wire.message("p", b"c=biws,r=abc")], "08P01"),
       ("short-proof", [initial(b"n,,n=,r=abc"),
                        wire.message("p", b"c=biws,r=abc,p=AAAA")], "08P01"))
def test_malformed_scram_messages(env, parts, sqlstate):
    with env.capture(scram_options(env, (env.postgresql.user, PASSWORD))) as capture:
        client, messages = sasl(capture, env.postgresql.user, *parts)
        found = wire.errors(messages)
        equal([fields["C"] for fields in found], [sqlstate], f"SQLSTATE in {messages}")
        equal(client.read_to_end(), [], "what follows the error")
        client.close()
        healthy = capture.connect(password=PASSWORD)
        equal(query(healthy, "SELECT 1"), [(1,)], "rows of another session")
        healthy.close()
        capture.finish().check_clean()


# --- databases that ask for passwords and speak TLS --------------------------------------


@contextlib.contextmanager
def demanding(env, method="scram-sha-256", servers=None, tls=False):
    """A user with PASSWORD on both sides, of whom `servers` demand it."""
    user = env.database[:40] + "_user"
    changed = servers or env.servers
    for server in env.servers:
        server.administer(f"SET password_encryption = 'scram-sha-256'; "
                          f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
    kept = [add_rule(server, f"{'hostssl' if tls else 'host'} all {user} 127.0.0.1/32 {method}\n"
                             f"host all {user} 127.0.0.1/32 {'reject' if tls else 'trust'}\n")
            for server in changed]
    try:
        yield user
    finally:
        for server, text in zip(changed, kept):
            write_rules(server, text)
        for server in env.servers:
            server.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              f"WHERE usename = '{user}'; DROP ROLE {user}")


def add_rule(server, line):
    """Puts a line before pg_hba.conf's; gives the text that was there."""
    path = os.path.join(server.data, "pg_hba.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    write_rules(server, line + text)
    return text


def write_rules(server, text):
    with open(os.path.join(server.data, "pg_hba.conf"), "w", encoding="utf-8") as file:
        file.write(text)
    reload(server)


def reload(server):
    before = server.administer("SELECT pg_conf_load_time()")
    server.administer("SELECT pg_reload_conf()")
    eventually(lambda: server.administer("SELECT pg_conf_load_time()") > before, "a reload")
    time.sleep(0.05)  # the postmaster reads the rules at the same signal, in its own time


def connect(capture, user, password=None, **parameters):
    return psycopg2.connect(host=capture.host, port=capture.port, user=user, password=password,
                            dbname=capture.database, connect_timeout=20, **parameters)


def check_works(capture, user, password=None, **parameters):
    connection = connect(capture, user, password, **parameters)
    equal(query(connection, "SELECT current_user"), [(user,)], "user")
    connection.close()


def check_refused(capture, user, password, part):
    error = fails(psycopg2.OperationalError, lambda: connect(capture, user, password), "connecting")
    contains(str(error), part, "message")
    return str(error)


@cases(("scram", "scram-sha-256"), ("clear", "password"))
@on_postgresql_only
def test_the_clients_password_serves_both_databases(env, method):
    with demanding(env, method) as user:
        with env.capture({"proxy.auth": "password", "log.level": "debug"}) as capture:
            check_works(capture, user, PASSWORD)
            text = check_refused(capture, user, "wrong-0815",
                                 f'password authentication failed for user "{user}"')
            lacks(text, "twinkly", "a refusal that both databases agree on")
            check_refused(capture, user, None, "no password supplied")
            capture.finish().check_clean()
        check_secrecy(capture, PASSWORD, "wrong-0815")


def check_secrecy(capture, *passwords):
    with open(capture.trace_path, "rb") as file:
        texts = [file.read().decode("latin-1"), capture.log()]
    for text in texts:
        for password in passwords:
            true(password not in text, "a password was written")


@on_postgresql_only
def test_trusted_clients_are_asked_where_a_database_asks(env):
    with demanding(env) as user, env.capture({"log.level": "debug"}) as capture:
        check_works(capture, user, PASSWORD)
        check_refused(capture, user, "wrong-0815", "password authentication failed")
        check_refused(capture, user, None, "no password supplied")
        with capture.wire() as client:
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "a user who needs none")
        capture.finish().check_clean(least=2)
    check_secrecy(capture, PASSWORD, "wrong-0815")


@cases(("postgresql", 0), ("yugabytedb", 1))
@on_postgresql_only
def test_one_database_that_asks_is_enough(env, side):
    with demanding(env, servers=[env.servers[side]]) as user, env.capture() as capture:
        check_works(capture, user, PASSWORD)
        error = check_refused(capture, user, "wrong", "password authentication failed")
        contains(error, ("PostgreSQL", "YugabyteDB")[side], "message")
        capture.finish().check_clean()


@on_postgresql_only
def test_a_configured_password_is_not_asked_for(env):
    with demanding(env) as user:
        options = {f"proxy.{side}.password": PASSWORD for side in ("postgresql", "yugabytedb")}
        with env.capture(options) as capture:
            check_works(capture, user)
            check_works(capture, user, "ignored")
            capture.finish().check_clean(least=2)
        with env.capture({"proxy.postgresql.password": "wrong"}) as capture:
            check_refused(capture, user, PASSWORD, "PostgreSQL")


@on_postgresql_only
def test_a_passfile_goes_before_the_clients_password(env):
    path = env.path("pgpass")
    with demanding(env) as user:
        for lines, password in ((f"*:*:*:{user}:{PASSWORD}\n", "not this one"),
                                ("*:*:*:somebody:x\n", PASSWORD)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(lines)
            os.chmod(path, 0o600)
            options = {f"proxy.{side}.passfile": json.dumps(path)
                       for side in ("postgresql", "yugabytedb")}
            with env.capture({**options, "proxy.auth": "password"}) as capture:
                check_works(capture, user, password)
                capture.finish().check_clean()


@on_postgresql_only
def test_scram_at_the_proxy_gives_the_databases_no_password(env):
    with demanding(env) as user:
        options = scram_options(env, (user, PASSWORD))
        with env.capture(options) as capture:
            check_refused(capture, user, PASSWORD, "neither the configuration nor the client")
        options |= {f"proxy.{side}.password": PASSWORD for side in ("postgresql", "yugabytedb")}
        with env.capture(options) as capture:
            check_works(capture, user, PASSWORD)
            capture.finish().check_clean()


@on_postgresql_only
def test_locks_are_asked_about_with_the_clients_password(env):
    """Else the turn of a blocked session would be handed on after a second of waiting only."""
    env.on_both("CREATE TABLE t AS SELECT 1 AS a; GRANT ALL ON t TO PUBLIC")
    with demanding(env) as user:
        options = {"proxy.auth": "password", "comparison.execution": "serial"}
        with env.capture(options) as capture:
            first, second = (connect(capture, user, PASSWORD) for _ in range(2))
            second.autocommit = True
            first.cursor().execute("UPDATE t SET a = a + 1")
            blocked = threading.Thread(
                target=lambda: second.cursor().execute("UPDATE t SET a = a + 1"))
            blocked.start()
            time.sleep(0.1)
            started = time.monotonic()
            first.cursor().execute("UPDATE t SET a = a + 1")
            first.commit()
            true(time.monotonic() - started < 0.7, "the turn was not handed on at once")
            blocked.join(20)
            equal(query(second, "SELECT a FROM t"), [(4,)], "value")
            first.close()
            second.close()
            capture.finish().check_clean(least=4)


def test_a_raw_client_that_is_asked(env):
    """Messages as they come; a password that is empty, and one that never ends."""
    with env.capture({"proxy.auth": "password"}) as capture:
        for part, sqlstate in ((wire.message("p", b"\0"), "28P01"),
                               (wire.message("p", b"no end"), "08P01"),
                               (wire.query("SELECT 1"), "08P01"),
                               (b"p" + struct.pack("!i", 1 << 29), "08P01")):
            client, messages = sasl(capture, env.postgresql.user, part)
            equal(messages[0].body, struct.pack("!i", 3), "AuthenticationCleartextPassword")
            equal(wire.errors(messages)[0]["C"], sqlstate, "SQLSTATE")
            client.close()
        client, _ = sasl(capture, env.postgresql.user)
        client.close()
        client = capture.wire(start=False)
        client.send(wire.startup(client.user, env.database), wire.message("p", b"any\0"),
                    wire.query("SELECT 1"))
        equal(wire.rows(client.read_until("Z", 2)), [[b"1"]], "all at once")
        client.close()
        capture.finish().check_clean()


def test_a_client_from_another_machine_must_be_checked_by_somebody(env):
    """Both databases trust the proxy here, so nobody would look at the password."""
    address = outside_address()
    if not address:
        return
    with env.capture({"proxy.auth": "password", "proxy.listen-address": '"0.0.0.0"'}) as capture:
        check_works(capture, env.postgresql.user, "any")
        error = fails(psycopg2.OperationalError, lambda: psycopg2.connect(
            host=address, port=capture.port, user=env.postgresql.user, dbname=env.database,
            password="any"), "connecting")
        contains(str(error), "neither database has checked", "message")
        capture.finish().check_clean()


def outside_address():
    """An address of this machine that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


@contextlib.contextmanager
def with_tls(env, cert, key):
    """Both servers with TLS on; clients without it are turned away for the user given."""
    for server in env.servers:
        for name, source in (("server.crt", cert), ("server.key", key)):
            path = os.path.join(server.data, name)
            shutil.copyfile(source, path)
            os.chmod(path, 0o600)
            if server.identity:
                os.chown(path, server.identity["user"], server.identity["group"])
        server.administer("ALTER SYSTEM SET ssl = on")
        reload(server)
    try:
        yield
    finally:
        for server in env.servers:
            server.administer("ALTER SYSTEM RESET ssl")
            reload(server)


@on_postgresql_only
def test_tls_and_passwords_on_every_way(env):
    """Client to proxy and proxy to both databases, each with a certificate that is verified."""
    tls, cert = tls_options(env, "require")
    key = json.loads(tls["proxy.tls.key"])
    options = {**tls, "proxy.auth": "password"}
    for side in ("postgresql", "yugabytedb"):
        options |= {f"proxy.{side}.sslmode": "verify-ca",
                    f"proxy.{side}.sslrootcert": json.dumps(cert)}
    with with_tls(env, cert, key), demanding(env, tls=True) as user:
        with env.capture(options) as capture:
            parameters = {"sslmode": "verify-full", "sslrootcert": cert}
            check_works(capture, user, PASSWORD, **parameters)
            connection = connect(capture, user, PASSWORD, **parameters)
            got = query(connection, "SELECT i, repeat('z', 90) FROM generate_series(1, 30000) i")
            equal(len(got), 30000, "rows")
            equal(query(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
                  [(True,)], "TLS at the databases")
            connection.close()
        with env.capture({**options, "proxy.postgresql.sslmode": "disable"}) as capture:
            check_refused(capture, user, PASSWORD, "PostgreSQL")
