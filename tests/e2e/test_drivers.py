"""Real client libraries and psql, with the features that application code uses."""

import datetime
import decimal
import subprocess
import uuid

import psycopg
import psycopg2
import psycopg2.extras

from harness import contains, env_table, equal, fails


def modern(capture, **parameters):
    return psycopg.connect(host=capture.host, port=capture.port, user=capture.user,
                           dbname=capture.database, **parameters)


def test_psycopg2_transactions_and_types(env):
    with env.capture() as capture:
        connection = capture.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (id serial PRIMARY KEY, name text UNIQUE, price numeric,"
                       " at timestamptz, tags text[], doc jsonb)")
        connection.commit()
        row = ("axe", decimal.Decimal("9.90"), datetime.datetime(2024, 2, 29, 12,
               tzinfo=datetime.timezone.utc), ["a", "b,c"], '{"k": [1, 2]}')
        cursor.execute("INSERT INTO t (name, price, at, tags, doc) VALUES (%s, %s, %s, %s, %s)"
                       " RETURNING id", row)
        equal(cursor.fetchone(), (1,), "id")
        connection.commit()
        cursor.execute("SELECT name, price, at, tags, doc->>'k' FROM t")
        equal(cursor.fetchall(), [row[:4] + ("[1, 2]",)], "row")
        error = fails(psycopg2.errors.UniqueViolation,
                      lambda: cursor.execute("INSERT INTO t (name) VALUES ('axe')"))
        equal(error.diag.constraint_name, "t_name_key", "constraint in the error")
        connection.rollback()
        cursor.execute("DELETE FROM t")
        equal(cursor.rowcount, 1, "rows deleted")
        connection.rollback()
        connection.close()
        capture.finish().check_clean(least=8)
    env_table(env, "t", 1)


def test_psycopg2_bulk_cursors_and_copy(env):
    with env.capture() as capture:
        connection = capture.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")
        psycopg2.extras.execute_values(cursor, "INSERT INTO t VALUES %s",
                                       [(n, f"n{n}") for n in range(1000)])
        cursor.executemany("UPDATE t SET name = %s WHERE id = %s", [("x", 1), ("y", 2)])
        server_side = connection.cursor("many")
        server_side.itersize = 100
        server_side.execute("SELECT id FROM t ORDER BY id")
        equal([row[0] for row in server_side], list(range(1000)), "rows of a named cursor")
        server_side.close()
        with open(env.path("out.csv"), "w+", encoding="utf-8") as file:
            cursor.copy_expert("COPY t TO STDOUT CSV", file)
            cursor.execute("TRUNCATE t")
            file.seek(0)
            cursor.copy_expert("COPY t FROM STDIN CSV", file)
        equal(cursor.rowcount, 1000, "rows copied in")
        connection.commit()
        connection.close()
        capture.finish().check_clean(least=17)
    env_table(env, "t", 1000)


def test_psycopg2_notices_and_notifications(env):
    with env.capture() as capture:
        connection = capture.connect()
        cursor = connection.cursor()
        cursor.execute("DO $$ BEGIN RAISE NOTICE 'hear this'; END $$")
        contains("".join(connection.notices), "hear this", "notices")
        cursor.execute("LISTEN news")
        cursor.execute("NOTIFY news, 'extra'")
        cursor.execute("SELECT 1")
        connection.poll()
        equal([(n.channel, n.payload) for n in connection.notifies], [("news", "extra")],
              "notifications")
        connection.close()
        capture.finish().check_clean(least=4)


def test_psycopg3_prepared_and_binary(env):
    with env.capture() as capture:
        with modern(capture, autocommit=True) as connection:
            for number in range(10):
                row = connection.execute("SELECT %s::int4 + 1, %s::text", (number, "x"),
                                         prepare=True).fetchone()
                equal(row, (number + 1, "x"), "row of a prepared statement")
            values = (2**40, 0.1, decimal.Decimal("12.340"), True, b"\0\xff", "é",
                      datetime.date(2024, 2, 29), uuid.UUID(int=7), [1, None, 3])
            cursor = connection.cursor(binary=True)
            cursor.execute("SELECT %b::int8, %b::float8, %b::numeric, %b::bool, %b::bytea, "
                           "%b::text, %b::date, %b::uuid, %b::int4[]", values)
            equal(cursor.fetchone(), values, "binary values, there and back")
        capture.finish().check_clean(least=11)


def test_psycopg3_pipeline(env):
    with env.capture() as capture:
        with modern(capture, autocommit=True) as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
            with connection.pipeline() as pipeline:
                cursors = [connection.execute("INSERT INTO t VALUES (%s) RETURNING id", (n,))
                           for n in range(100)]
                pipeline.sync()
                last = connection.execute("SELECT count(*) FROM t")
            equal([c.fetchone()[0] for c in cursors], list(range(100)), "rows")
            equal(last.fetchone(), (100,), "count")

            def fail_in_the_middle():
                with connection.pipeline():
                    connection.execute("INSERT INTO t VALUES (500)")
                    connection.execute("INSERT INTO t VALUES (1)")
                    connection.execute("INSERT INTO t VALUES (501)")
            fails(psycopg.errors.UniqueViolation, fail_in_the_middle, "a duplicate in a pipeline")
            equal(connection.execute("SELECT count(*) FROM t").fetchone(), (100,), "undone")
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO t VALUES (%s)", [(n,) for n in range(200, 300)])
        capture.finish().check_clean(least=4)
    env_table(env, "t", 200)


def test_psycopg3_copy(env):
    with env.capture() as capture:
        with modern(capture) as connection:
            connection.execute("CREATE TABLE t (id int, name text)")
            rows = [(n, None if n % 7 == 0 else f"tab\t{n}\\") for n in range(2000)]
            cursor = connection.cursor()
            with cursor.copy("COPY t FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            with cursor.copy("COPY t TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                equal(list(copy.rows()), rows, "rows copied out")
            cursor.execute("TRUNCATE t")
            with cursor.copy("COPY t FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                for row in rows:
                    copy.write_row(row)
            connection.commit()

            def give_up():
                with cursor.copy("COPY t FROM STDIN") as copy:
                    copy.write_row((1, "lost"))
                    raise ZeroDivisionError
            fails(psycopg.errors.QueryCanceled, give_up, "a COPY that its client gives up")
            connection.rollback()
            equal(connection.execute("SELECT count(*) FROM t").fetchone(), (2000,), "rows")
        capture.finish().check_clean(least=5)
    env_table(env, "t", 2000)


def test_psycopg3_server_cursor_and_savepoints(env):
    with env.capture() as capture:
        with modern(capture) as connection:
            connection.execute("CREATE TABLE t AS SELECT generate_series(1, 500) AS id")
            with connection.cursor("many") as cursor:
                cursor.execute("SELECT id FROM t ORDER BY id")
                equal(len(cursor.fetchmany(200)), 200, "rows of the first fetch")
                equal(len(cursor.fetchall()), 300, "rows of the rest")

            def fail_inside():
                with connection.transaction():
                    connection.execute("DELETE FROM t")
                    connection.execute("SELECT 1/0")
            fails(psycopg.errors.DivisionByZero, fail_inside, "a nested block")
            equal(connection.execute("SELECT count(*) FROM t").fetchone(), (500,), "rows")
        capture.finish().check_clean(least=9)
    env_table(env, "t", 500)


def test_psql_script(env):
    script = env.path("script.sql")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\\set ON_ERROR_STOP on\n"
                   "CREATE TABLE t (id int PRIMARY KEY, name text);\n"
                   "\\copy t from stdin csv\n1,one\n2,two\n\\.\n"
                   "SELECT * FROM t ORDER BY id \\gset first_ \n"
                   "SELECT id, name FROM t WHERE false \\gdesc\n"
                   "SELECT format('INSERT INTO t VALUES (%s, %L)', i, 'g' || i)\n"
                   "  FROM generate_series(10, 19) i \\gexec\n"
                   "\\dt\n\\l\n"  # not \d: it selects OIDs, and those differ
                   "SELECT count(*) AS total FROM t \\gset\n\\echo total is :total\n")
    with env.capture() as capture:
        # \gset of two rows is psql's own error: it proves that ON_ERROR_STOP is at work.
        done = psql(env, capture, script)
        equal(done.returncode, 3, f"status of the faulty script ({done.stderr})")
        contains(done.stderr, "more than one row", "psql's error")
        with open(script, encoding="utf-8") as file:
            fixed = file.read().replace("ORDER BY id \\gset", "WHERE id = 1 \\gset")
        with open(script, "w", encoding="utf-8") as file:
            file.write(fixed.replace("CREATE TABLE", "DROP TABLE t;\nCREATE TABLE"))
        done = psql(env, capture, script)
        equal(done.returncode, 0, f"status ({done.stderr})")
        contains(done.stdout, "total is 12", "output")
        capture.finish().check_clean(least=20)
    env_table(env, "t", 12)


def psql(env, capture, script):
    return subprocess.run(
        [env.tool("psql"), "-X", "-h", capture.host, "-p", str(capture.port), "-U", capture.user,
         "-d", capture.database, "-f", script],
        capture_output=True, text=True, timeout=50, check=False)
