"""What two databases must agree in before the first statement, and values that both generate."""

import io

from harness import cases, contains, env_table, equal, lacks, on_postgresql_only, true

CHECK = ("--check", "--user", "postgres")


def check(env, *more, servers=None):
    path, _ = env.configuration(servers)
    return env.run("twinkly-capture", "-c", path, *CHECK, "--database", env.database, *more)


def row_of(result, name):
    """The line of the table about that."""
    lines = [line for line in result.stdout.splitlines() if f" {name} " in line]
    equal(len(lines), 1, f"lines about {name} in {result.stdout}")
    return lines[0]


@on_postgresql_only
def test_two_that_agree(env):
    env.on_both("CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL DEFAULT ''); "
                "INSERT INTO t SELECT i, i FROM generate_series(1, 50) i; "
                "CREATE SEQUENCE s; SELECT nextval('s'); CREATE VIEW v AS SELECT a FROM t; "
                "CREATE TABLE \"Odd \"\"name\" (\"A b\" int)")
    result = check(env)
    equal((result.status, result.stderr), (0, ""), f"status, errors ({result.stdout})")
    lacks(result.stdout, "DIFFERS", "table")
    contains(row_of(result, "PostgreSQL major"), "same", "line")
    lacks(result.stdout, "\033", "colours where there is no terminal")


# name of the row, what one side alone does, its two values
DIFFERENCES = (
    ("timezone", "TimeZone", "ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", "Asia/Tokyo"),
    ("datestyle", "DateStyle", "ALTER DATABASE {} SET datestyle = 'German'", "German"),
    ("search_path", "search_path", "ALTER DATABASE {} SET search_path = elsewhere", "elsewhere"),
    ("isolation", "default_transaction_isolation",
     "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", "serializable"),
    ("bytea", "bytea_output", "ALTER DATABASE {} SET bytea_output = 'escape'", "escape"),
    ("sequence", "public.s", "SELECT setval('s', 7)", "7"),
    ("cache", "sequences that cache values", "ALTER SEQUENCE s CACHE 100", "1"),
    ("rows", "public.t", "INSERT INTO t VALUES (3)", "3"),
    ("column", "public.t.a", "ALTER TABLE t ALTER a TYPE bigint", "bigint"),
    ("missing_column", "public.t.c", "ALTER TABLE t ADD c text", "(none)"),
    ("table", "public.u", "CREATE TABLE u (a int PRIMARY KEY)", "(none)"),
    ("index", "public.t.i", "CREATE UNIQUE INDEX i ON t (a)", "unique"),
    ("constraint", "public.t.positive", "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)",
     "check"),
    ("default", "public.t.a", "ALTER TABLE t ALTER a SET DEFAULT 1", "default"),
)


@on_postgresql_only
@cases(*DIFFERENCES)
def test_one_difference(env, name, sql, value):
    env.on_both("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); CREATE SEQUENCE s")
    equal(check(env).status, 0, "status before")
    env.on_yugabytedb(sql.format(env.database))
    result = check(env)
    equal(result.status, 1, f"status ({result.stdout})")
    line = row_of(result, name)
    true(line.startswith("DIFFERS"), line)
    contains(line, value, "line")
    named = [line for line in result.stdout.splitlines() if line.startswith("DIFFERS")]
    allowed = 2 if name == "default_transaction_isolation" else 1
    equal(len(named), allowed, f"lines that differ in {result.stdout}")


@on_postgresql_only
@cases(("encoding", "server_encoding", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", "LATIN1"),
       ("collation", "datcollate", "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C'", "C.UTF-8"),
       ("ctype", "datctype", "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'", "C.UTF-8"))
def test_encoding_and_collation(env, name, how, value):
    """Made anew, since a database keeps them for life."""
    env.yugabytedb.drop_database(env.database)
    env.yugabytedb.administer(f'CREATE DATABASE "{env.database}" {how} TEMPLATE template0')
    result = check(env)
    equal(result.status, 1, f"status ({result.stdout})")
    line = row_of(result, name)
    true(line.startswith("DIFFERS"), line)
    contains(line, value, "line")
    contains(line, "CREATE DATABASE", "what removes it")


@on_postgresql_only
def test_a_table_that_cannot_be_counted(env):
    env.on_both("CREATE TABLE t (a int); CREATE TABLE u (a int)")
    env.on_yugabytedb("INSERT INTO u VALUES (1)")
    holder = env.yugabytedb.connect(env.database)
    holder.autocommit = False
    holder.cursor().execute("LOCK TABLE t")
    result = check(env)
    holder.close()
    equal(result.status, 3, f"status ({result.stdout})")
    contains(row_of(result, "rows of public.t"), "lock timeout", "line")
    contains(row_of(result, "public.u"), "DIFFERS", "the tables after it")


def test_a_database_that_is_not_there(env):
    path, _ = env.configuration()
    result = env.run("twinkly-capture", "-c", path, *CHECK, "--database", "nobody_made_it")
    equal(result.status, 3, f"status ({result.stdout})")
    contains(result.stderr, "nobody_made_it", "message")
    result = env.run("twinkly-capture", "-c", path, "--check")
    equal(result.status, 2, "status without a name")
    contains(result.stderr, "--database", "message")


# --- in a run ---

@on_postgresql_only
def test_a_run_warns_once(env):
    env.on_both("CREATE TABLE t (a int)")
    env.on_yugabytedb("ALTER TABLE t ADD b int")
    with env.capture() as capture:
        for _ in range(2):
            capture.connect().close()
        with capture.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
        with capture.finish() as trace:
            details = [row[0] for row in trace.rows(
                "SELECT detail FROM event WHERE what = 'preflight'")]
            equal(len(details), 1, "events")
            contains(details[0], "column public.t.b: PostgreSQL has (none)", "event")
        log = capture.log()
    equal(log.count("before the first statement"), 2, f"one warning, one line of summary: {log}")


@on_postgresql_only
@cases(("off", "off", False), ("settings", "settings", False), ("full", "full", True))
def test_rows_only_with_full(env, level, warns):
    env.on_both("CREATE TABLE t (a int)")
    env.on_yugabytedb("INSERT INTO t VALUES (1)")
    result = env.run_under_capture([env.tool("psql"), "-Atc", "SELECT 1"],
                                   {"comparison.preflight": level})
    equal((result.status, result.stdout), (0, "1\n"), "status, output")
    equal("rows public.t: PostgreSQL has 0, YugabyteDB has 1" in result.stderr, warns,
          f"warning in {result.stderr}")


@on_postgresql_only
def test_writing_clients_raise_no_alarm(env):
    """DDL and inserts reach one database before the other while it is looked at."""
    with env.capture({"comparison.preflight": "full"}) as capture:
        with capture.connect() as connection, connection.cursor() as cursor:
            for number in range(60):
                cursor.execute(f"CREATE TABLE t{number} (id serial PRIMARY KEY, a int)")
                cursor.execute(f"INSERT INTO t{number} (a) VALUES (1), (2)")
        connection.close()
        result = capture.stop()
    equal(result.status, 0, "status")
    lacks(result.stderr, "before the first statement", "log")


# --- the same generated values ---

def install(env, option="--install-shim", status=0):
    path, _ = env.configuration()
    result = env.run("twinkly-capture", "-c", path, option, "--user", "postgres",
                     "--database", env.database)
    equal(result.status, status, f"status ({result.stdout} {result.stderr})")
    return result


BOTH = {"comparison.deterministic": ["uuid", "random"]}


@on_postgresql_only
def test_the_same_values_on_both(env):
    env.on_both('CREATE EXTENSION "uuid-ossp"; '
                "CREATE TABLE t (n int, id uuid DEFAULT gen_random_uuid() PRIMARY KEY, "
                "v uuid DEFAULT uuid_generate_v4(), r float8 DEFAULT random())")
    contains(install(env).stdout, "YugabyteDB: pg_catalog.gen_random_uuid() is seeded", "output")
    with env.capture(BOTH) as capture:
        sessions = [capture.connect() for _ in range(3)]
        cursors = [session.cursor() for session in sessions]
        for number in range(5):
            for cursor in cursors:
                cursor.execute("INSERT INTO t (n) VALUES (%s), (%s) RETURNING id",
                               (number, number))
                cursor.execute("SELECT id FROM t WHERE id = %s", (cursor.fetchall()[0][0],))
                equal(cursor.rowcount, 1, "rows found by the id that was generated")
        cursors[0].execute("BEGIN; INSERT INTO t (n) VALUES (9); ROLLBACK")
        cursors[0].execute("DISCARD ALL")
        cursors[0].execute("SET search_path = pg_catalog")
        cursors[0].execute("INSERT INTO public.t (n, r) SELECT i, random() "
                           "FROM generate_series(1, 100) i")
        cursors[0].copy_expert("COPY public.t (n) FROM STDIN", io.StringIO("7\n8\n"))
        cursors[0].execute("DO $$ DECLARE u uuid := gen_random_uuid(); BEGIN "
                           "INSERT INTO public.t VALUES (0, u, gen_random_uuid()); END $$")
        for session in sessions:
            session.close()
        with capture.finish() as trace:
            equal(set(trace.verdicts()), {"equal"}, "verdicts")
            equal(trace.events().count("seed"), 3, "events")
    env_table(env, "t", 133)
    ids = env.on_postgresql("SELECT count(DISTINCT id), count(DISTINCT v), "
                            "bool_and(id::text ~ '^.{14}4.{4}[89ab]') FROM t")
    equal(ids, [(133, 133, True)], "distinct, and of version 4")


@on_postgresql_only
def test_the_shim_comes_and_goes(env):
    definition = "SELECT prosrc, provolatile, proparallel, prolang FROM pg_proc " \
                 "WHERE oid = 'pg_catalog.gen_random_uuid()'::regprocedure"
    before = env.on_both(definition)
    contains(row_of(check(env, "-s", 'comparison.deterministic=["uuid"]'),
                    "functions not seeded"), "DIFFERS", "line without it")
    install(env)
    install(env)
    true(env.on_both(definition) != before, "nothing was replaced")
    contains(row_of(check(env, "-s", 'comparison.deterministic=["uuid"]'),
                    "functions not seeded"), "same", "line with it")
    install(env, "--remove-shim")
    equal(env.on_both(definition), before, "after it was removed")
    contains(install(env, "--remove-shim", 3).stderr, "twinkly.replaced", "removed twice")


@on_postgresql_only
def test_who_may_not_install(env):
    for server in env.servers:
        server.administer("DROP ROLE IF EXISTS nobody_special")
        server.administer("CREATE ROLE nobody_special LOGIN")
        server.execute(env.database, f"GRANT CREATE ON DATABASE {env.database} TO nobody_special")
    path, _ = env.configuration()
    result = env.run("twinkly-capture", "-c", path, "--install-shim", "--database", env.database,
                     "--user", "nobody_special")
    equal(result.status, 3, f"status ({result.stdout})")
    contains(result.stderr, "permission denied", "message")
    equal(env.on_postgresql("SELECT count(*) FROM pg_namespace WHERE nspname = 'twinkly'"),
          [(0,)], "what is left of it")
    for server in env.servers:
        server.execute(env.database, "DROP OWNED BY nobody_special")
        server.administer("DROP ROLE nobody_special")


def test_a_word_that_is_none(env):
    path, _ = env.configuration()
    result = env.run("twinkly-capture", "-c", path, "-s", 'comparison.deterministic=["serial"]')
    equal(result.status, 2, "status")
    contains(result.stderr, '"serial" is neither', "message")
