"""How a session begins: TLS, the Unix-domain socket, startup parameters, refusals and timeouts,
with libpq's own client (psycopg2, psql) and in raw messages. Passwords are in test_login.py."""

import contextlib
import json
import os
import shutil
import ssl
import stat
import subprocess
import time

import psycopg2

import wire
from harness import Closed, Trace, cases, contains, equal, fails, on_postgresql_only, true


# --- certificates ------------------------------------------------------------------------


def make_certificate(env, name="server"):
    """A certificate for this machine that is its own authority: paths of it and its key."""
    cert, key = env.path(f"{name}.crt"), env.path(f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", cert, "-keyout", key],
        check=True, capture_output=True)
    os.chmod(key, 0o600)
    return cert, key


def tls_options(env, mode):
    cert, key = make_certificate(env)
    return {"proxy.tls.mode": mode, "proxy.tls.cert": json.dumps(cert),
            "proxy.tls.key": json.dumps(key)}, cert


def wrap(client, cert=None):
    """Asks for TLS on a raw connection and begins it."""
    client.send(wire.SSL_REQUEST)
    equal(client.read_byte(), b"S", "answer to SSLRequest")
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if cert else ssl.CERT_NONE
    client._socket = context.wrap_socket(client._socket)
    return client


def query(connection, sql):
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def refusal(action):
    """The fields of the FATAL that ends an attempt to connect."""
    gone = fails(Closed, action, "connecting")
    found = wire.errors(gone.messages)
    equal(len(found), 1, f"errors in {gone.messages}")
    equal(found[0]["S"], "FATAL", "severity")
    return found[0]


# --- TLS towards the clients -------------------------------------------------------------


def test_libpq_connects_with_tls(env):
    options, cert = tls_options(env, "require")
    with env.capture(options) as capture:
        for mode in ("prefer", "require", "verify-ca", "verify-full"):
            connection = capture.connect(sslmode=mode, sslrootcert=cert)
            true(connection.info.ssl_in_use, f"sslmode={mode} did not use TLS")
            true(connection.info.ssl_attribute("protocol") >= "TLSv1.2", "version of TLS")
            equal(query(connection, "SELECT 1"), [(1,)], "rows")
            connection.close()
        other, _ = make_certificate(env, "other")
        error = fails(psycopg2.OperationalError,
                      lambda: capture.connect(sslmode="verify-ca", sslrootcert=other), "connecting")
        contains(str(error), "certificate verify failed", "message")
        capture.finish().check_clean(least=4)


def test_tls_mode_require_refuses_plain_clients(env):
    options, _ = tls_options(env, "require")
    with env.capture(options) as capture:
        error = refusal(capture.wire)
        equal(error["C"], "28000", "SQLSTATE")
        contains(error["M"], "TLS", "message")
        with wrap(capture.wire(start=False)) as client:
            client.start()
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "rows")
        capture.finish().check_clean()


def test_tls_mode_allow_takes_both(env):
    options, cert = tls_options(env, "allow")
    with env.capture(options) as capture:
        for mode, is_used in (("disable", False), ("prefer", True), ("verify-full", True)):
            connection = capture.connect(sslmode=mode, sslrootcert=cert)
            equal(connection.info.ssl_in_use, is_used, f"TLS with sslmode={mode}")
            equal(query(connection, "SELECT 1"), [(1,)], "rows")
            connection.close()
        capture.finish().check_clean(least=3)


def test_tls_mode_disable_is_the_default(env):
    with env.capture() as capture:
        error = fails(psycopg2.OperationalError, lambda: capture.connect(sslmode="require"),
                      "connecting")
        contains(str(error), "does not support SSL", "message")


def test_nothing_may_stand_before_the_handshake(env):
    """CVE-2021-23222: what somebody in between slipped in must not count as the client's."""
    options, _ = tls_options(env, "allow")
    with env.capture(options) as capture:
        client = capture.wire(start=False)
        client.send(wire.SSL_REQUEST, wire.startup(client.user, env.database))
        found = wire.errors(client.read_to_end())
        equal((len(found), found[0]["C"]), (1, "08P01"), "errors")
        contains(found[0]["M"], "unencrypted data after SSL request", "message")
        client.close()
        with wrap(capture.wire(start=False)) as healthy:
            healthy.start()
            equal(wire.rows(healthy.query("SELECT 1")), [[b"1"]], "rows")
        capture.finish().check_clean()


def test_requests_for_encryption_are_answered_once(env):
    options, _ = tls_options(env, "allow")
    with env.capture(options) as capture:
        client = capture.wire(start=False)
        client.send(wire.GSSENC_REQUEST)
        equal(client.read_byte(), b"N", "answer to GSSENCRequest")
        with wrap(client):
            client.send(wire.SSL_REQUEST)
            found = wire.errors(client.read_to_end())
            equal(found[0]["C"], "0A000", "SQLSTATE of a second SSLRequest")
            contains(found[0]["M"], "1234.5679", "message")


@cases(("plain-startup", wire.startup("postgres", "postgres")),
       ("random", bytes(range(256)) * 4),
       ("client-hello-cut", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
def test_bad_handshakes_harm_nobody(env, garbage):
    options, _ = tls_options(env, "allow")
    with env.capture(options) as capture:
        with wrap(capture.wire(start=False)) as healthy:
            healthy.start()
            client = capture.wire(start=False)
            client.send(wire.SSL_REQUEST)
            equal(client.read_byte(), b"S", "answer to SSLRequest")
            with contextlib.suppress(ConnectionError, OSError):
                client.send(garbage)
                client.end_writing()
                while client._socket.recv(65536):
                    pass
            client.close()
            equal(wire.rows(healthy.query("SELECT 1")), [[b"1"]], "another session")
        capture.finish().check_clean()


def test_long_messages_through_tls(env):
    """More than the window in both directions: records that OpenSSL holds are not forgotten."""
    options, cert = tls_options(env, "require")
    env.on_both("CREATE TABLE t (a text)")
    with env.capture({**options, "proxy.window": "16KB"}) as capture:
        connection = capture.connect(sslmode="verify-full", sslrootcert=cert)
        text = "x" * 3_000_000
        equal(query(connection, f"SELECT length('{text}')"), [(3_000_000,)], "a long statement")
        got = query(connection, "SELECT i, repeat('z', 90) FROM generate_series(1, 60000) i")
        equal((len(got), got[-1][0]), (60000, 60000), "a long answer")
        cursor = connection.cursor()
        with open(env.path("rows"), "w+", encoding="ascii") as file:
            file.write("".join(f"{'y' * 70}{i}\n" for i in range(50000)))
            file.seek(0)
            cursor.copy_from(file, "t")
        equal(query(connection, "SELECT count(*) FROM t"), [(50000,)], "rows copied")
        connection.close()
        capture.finish().check_clean(least=4)


def test_a_pipeline_through_tls(env):
    """More than the window of requests at once, sent in one write and byte by byte."""
    options, cert = tls_options(env, "require")
    with env.capture({**options, "proxy.window": "16KB"}) as capture:
        with wrap(capture.wire(start=False), cert) as client:
            for byte in wire.startup(client.user, env.database):
                client.send(bytes([byte]))
            client.read_until("Z")
            parts = b"".join(wire.query(f"SELECT {i}") for i in range(3000))
            got = client.run(parts, syncs=3000)
            equal([row[0] for row in wire.rows(got)], [str(i).encode() for i in range(3000)],
                  "answers in order")
        capture.finish().check_clean(least=3000)


def test_errors_reach_a_client_with_tls(env):
    options, cert = tls_options(env, "require")
    env.on_postgresql("CREATE TABLE t AS SELECT 1 AS a")
    env.on_yugabytedb("CREATE TABLE t AS SELECT 2 AS a")
    with env.capture(options) as capture:
        error = fails(psycopg2.OperationalError,
                      lambda: capture.connect(sslmode="require", dbname="no_such"), "connecting")
        contains(str(error), 'database "no_such" does not exist', "message")
        connection = capture.connect(sslmode="verify-full", sslrootcert=cert)
        error = fails(psycopg2.Error, lambda: query(connection, "SELECT a FROM t"), "a mismatch")
        equal(error.pgcode, "XX000", "SQLSTATE")
        connection.close()
        equal(capture.stop().status, 1, "exit status")


def test_cancel_requests_need_no_tls(env):
    """libpq 15 sends them in the clear whatever the session uses."""
    options, _ = tls_options(env, "require")
    with env.capture(options) as capture:
        with wrap(capture.wire(start=False)) as client:
            client.start()
            client.send(wire.query("SELECT pg_sleep(20)"))
            time.sleep(0.3)
            with capture.wire(start=False) as other:
                other.send(wire.cancel_request(*client.backend_key))
                other.read_to_end()
            equal(wire.errors(client.read_until("Z"))[0]["C"], "57014", "SQLSTATE")


def test_a_key_with_a_passphrase_is_an_error(env):
    options, _ = tls_options(env, "require")
    locked = env.path("locked.key")
    subprocess.run(["openssl", "pkey", "-in", json.loads(options["proxy.tls.key"]), "-aes128",
                    "-passout", "pass:secret", "-out", locked], check=True, capture_output=True)
    options["proxy.tls.key"] = json.dumps(locked)
    result = env.run_under_capture(["true"], options)
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, "passphrase", "message")


# --- configurations that cannot work -----------------------------------------------------


@cases(("no-certificate", {"proxy.tls.mode": "require"}, "proxy.tls.mode"),
       ("certificate-missing", {"proxy.tls.mode": "allow", "proxy.tls.cert": '"/nonexistent/c"',
                                "proxy.tls.key": '"/nonexistent/k"'}, "/nonexistent/c"),
       ("not-a-certificate", {"proxy.tls.mode": "allow", "proxy.tls.cert": '"/etc/passwd"',
                              "proxy.tls.key": '"/etc/passwd"'}, "/etc/passwd"),
       ("no-auth-file", {"proxy.auth": "scram-sha-256"}, "proxy.auth-file"),
       ("auth-file-missing", {"proxy.auth": "scram-sha-256",
                              "proxy.auth-file": '"/nonexistent/users"'}, "/nonexistent/users"),
       ("trusting-everybody", {"proxy.listen-address": '"0.0.0.0"'}, "loopback"),
       ("no-address", {"proxy.listen-address": '"here"'}, "is not an IP address"),
       ("nowhere-to-listen", {"proxy.listen-address": '""'}, "proxy.unix-socket-directory"),
       ("relative-directory", {"proxy.unix-socket-directory": '"run"'}, "begins with"))
def test_a_configuration_that_cannot_work(env, options, part):
    result = env.run_under_capture(["touch", env.path("ran")], options)
    equal(result.status, 2, f"status ({result.stderr})")
    contains(result.stderr, part, "message")
    true(not os.path.exists(env.path("ran")), "the command ran all the same")
    true(not os.path.exists(result.trace), "a trace was made all the same")


# --- the Unix-domain socket --------------------------------------------------------------


@contextlib.contextmanager
def socket_directory():
    """Short, since the path of a socket is limited."""
    path = f"/tmp/twinkly-e2e-{os.getpid()}"
    os.makedirs(path)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def socket_path(directory, capture):
    return os.path.join(directory, f".s.PGSQL.{capture.port}")


def test_libpq_connects_through_the_socket(env):
    with socket_directory() as directory:
        tls, _ = tls_options(env, "require")
        options = {"proxy.unix-socket-directory": json.dumps(directory), **tls}
        with env.capture(options) as capture:
            path = socket_path(directory, capture)
            equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the socket")
            connection = psycopg2.connect(host=directory, port=capture.port,
                                          user=capture.user, dbname=env.database)
            equal(query(connection, "SELECT 1"), [(1,)], "rows")
            connection.close()
            trace = capture.finish().check_clean()
            equal(trace.value("SELECT client FROM session"), "unix", "address in the trace")
            true(not os.path.exists(path), "the socket is left behind")


def test_sockets_that_are_there(env):
    with socket_directory() as directory:
        options = {"proxy.unix-socket-directory": json.dumps(directory)}
        with env.capture(options) as first:
            path = socket_path(directory, first)
            result = env.run_under_capture(["true"], {**options, "proxy.listen-port": first.port,
                                                      "proxy.listen-address": '"127.0.0.2"'})
            equal(result.status, 3, f"status with a socket in use ({result.stderr})")
            contains(result.stderr, path, "message")
            true(os.path.exists(path), "the other proxy's socket was removed")
            first.kill()
            true(os.path.exists(path), "killed, it cannot clean up")
            again = {**options, "proxy.listen-port": first.port}
            result = env.run_under_capture(
                [env.tool("psql"), "-h", directory, "-Atc", "SELECT 1"], again)
            equal((result.status, result.stdout), (0, "1\n"), f"a stale one ({result.stderr})")
            with open(path, "w", encoding="utf-8") as file:
                file.write("mine")
            result = env.run_under_capture(["true"], again)
            equal(result.status, 3, f"status with a file of that name ({result.stderr})")
            contains(result.stderr, "is not a socket", "message")
            true(os.path.exists(path), "the file was removed")


def test_a_socket_that_cannot_be_made(env):
    for directory, part in (("/nonexistent", "/nonexistent"), ("/tmp/" + "x" * 120, "too long")):
        result = env.run_under_capture(
            ["true"], {"proxy.unix-socket-directory": json.dumps(directory)})
        equal(result.status, 3, f"status ({result.stderr})")
        contains(result.stderr, part, "message")


def test_what_a_command_is_told(env):
    """TCP, if there is any; else the directory, which libpq takes in a URL, too."""
    with socket_directory() as directory:
        options = {"proxy.unix-socket-directory": json.dumps(directory)}
        script = 'echo "$PGHOST"; "$0" -Atc "SELECT 1" "$TWINKLY_URL$PGDATABASE?user=$PGUSER"'
        command = ["sh", "-c", script, env.tool("psql")]
        result = env.run_under_capture(command, options)
        equal((result.status, result.stdout), (0, "127.0.0.1\n1\n"), f"with TCP ({result.stderr})")
        result = env.run_under_capture(command, {**options, "proxy.listen-address": '""'})
        equal((result.status, result.stdout), (0, f"{directory}\n1\n"),
              f"without TCP ({result.stderr})")
        with Trace(result.trace) as trace:
            trace.check_clean()
        equal(os.listdir(directory), [], "what is left in the directory")


# --- refusals ----------------------------------------------------------------------------


REFUSALS = [
    ("no-database", "3D000", {"database": "no_such_database"}, ()),
    ("no-role", "28000", {"user": "no_such_role"}, ()),
    ("bad-option", "42704", {}, (("options", "-c nonsense=1"),)),
    ("bad-value-with-a-hint", "22023", {}, (("options", "-c IntervalStyle=sideways"),)),
    ("bad-setting", "22023", {}, (("TimeZone", "Nowhere/At All"),)),
    ("bad-encoding", "22023", {}, (("client_encoding", "UTF-99"),)),
]


def open_wire(host, port, user, database, parameters):
    client = wire.Wire(host, port, user, database, start=False)
    try:
        client.start(parameters)
    finally:
        client.close()


@cases(*REFUSALS)
@on_postgresql_only
def test_a_refusal_on_both_sides_is_the_databases_own(env, sqlstate, who, parameters):
    user, database = who.get("user", env.postgresql.user), who.get("database", env.database)
    direct = refusal(lambda: open_wire(env.yugabytedb.host, env.yugabytedb.port, user, database,
                                       parameters))
    equal(direct["C"], sqlstate, "SQLSTATE of the database itself")
    with env.capture() as capture:
        got = refusal(lambda: open_wire(capture.host, capture.port, user, database, parameters))
        for field in "SVCMDH":
            equal(got.get(field), direct.get(field), f"field {field}")
        true("R" not in got, "a routine of ours")
        with Trace(capture.finish(3).path) as trace:
            true("refused" in trace.events(), "the event is missing")


# --- startup parameters ------------------------------------------------------------------


PARAMETERS = [
    ("DateStyle", "German, DMY", "German, DMY"),
    ("TimeZone", "Asia/Tokyo", "Asia/Tokyo"),
    ("search_path", 'a, "b c", public', 'a, "b c", public'),
    ("extra_float_digits", "-2", "-2"),
    ("options", "-c geqo=off -c work_mem=3MB", None),
    ("client_encoding", "LATIN1", "LATIN1"),
    ("application_name", "it's \\ a = test", "it's \\ a = test"),
]


@on_postgresql_only
def test_startup_parameters_reach_both_databases(env):
    """As a pair, all at once; asked of the databases, since both answers are compared."""
    with env.capture() as capture:
        with capture.wire(parameters=[(name, value) for name, value, _ in PARAMETERS]) as client:
            for name, _, shown in PARAMETERS:
                if shown:
                    got = wire.rows(client.query(f"SHOW {name}"))
                    equal(got, [[shown.encode()]], name)
            equal(wire.rows(client.query("SHOW geqo")), [[b"off"]], "geqo")
            equal(wire.rows(client.query("SHOW work_mem")), [[b"3MB"]], "work_mem")
        capture.finish().check_clean(least=len(PARAMETERS))


@on_postgresql_only
def test_psycopg2s_startup_parameters(env):
    with env.capture() as capture:
        connection = capture.connect(
            application_name="a b", client_encoding="LATIN1",
            options="-c geqo=off -c DateStyle=ISO,DMY -c search_path=a,\"b\\ c\"")
        for name, value in (("application_name", "a b"), ("client_encoding", "LATIN1"),
                            ("geqo", "off"), ("DateStyle", "ISO, DMY"), ("search_path", 'a,"b c"')):
            equal(query(connection, f"SHOW {name}"), [(value,)], name)
        connection.close()
        capture.finish().check_clean(least=5)


@on_postgresql_only
def test_the_client_is_told_the_source_of_truths_parameters(env):
    settings = [("application_name", "x"), ("TimeZone", "Asia/Tokyo"), ("DateStyle", "SQL, DMY")]
    for truth, server in (("yugabytedb", env.yugabytedb), ("postgresql", env.postgresql)):
        server.administer(f'ALTER DATABASE "{env.database}" SET IntervalStyle = iso_8601')
        with wire.Wire(server.host, server.port, server.user, env.database, True,
                       settings) as direct:
            expected = dict(direct.parameters)
        equal(expected["IntervalStyle"], "iso_8601", "the database's own")
        with env.capture({"comparison.source-of-truth": truth}) as capture:
            with capture.wire(parameters=settings) as client:
                equal(client.parameters, expected, f"parameters from {truth}")
        server.administer(f'ALTER DATABASE "{env.database}" RESET IntervalStyle')


# --- patience ----------------------------------------------------------------------------


@cases(("silent", b"", "08P01"), ("half", wire.startup("postgres", "x")[:9], "08P01"),
       ("asked", wire.startup("postgres", "x"), "57014"))
def test_the_login_timeout(env, packet, sqlstate):
    options = {"proxy.login-timeout": "400ms", "proxy.auth": "password"}
    with env.capture(options) as capture:
        client = capture.wire(start=False)
        client.send(packet)
        started = time.monotonic()
        found = wire.errors(client.read_to_end())
        true(0.3 < time.monotonic() - started < 5, "the time it took")
        equal([fields["C"] for fields in found], [sqlstate], "SQLSTATE")
        contains(found[0]["M"], "proxy.login-timeout", "message")
        client.close()


def test_a_handshake_that_stalls_ends_with_the_login_timeout(env):
    options, _ = tls_options(env, "require")
    with env.capture({**options, "proxy.login-timeout": "400ms"}) as capture:
        client = capture.wire(start=False)
        client.send(wire.SSL_REQUEST)
        equal(client.read_byte(), b"S", "answer to SSLRequest")
        client.send(b"\x16\x03\x01")
        client._socket.settimeout(15)
        equal(client._socket.recv(10), b"", "the end of the connection")
        client.close()


def test_a_ready_session_has_no_login_timeout(env):
    options = {"proxy.login-timeout": "300ms", "proxy.auth": "password"}
    with env.capture(options) as capture:
        connection = capture.connect(password="any")
        time.sleep(0.8)
        equal(query(connection, "SELECT 1"), [(1,)], "rows")
        connection.close()
        capture.finish().check_clean()
