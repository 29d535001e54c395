"""OIDs of tables and large objects, which the client was told and gives back: psql's \\d."""

from harness import cases, contains, equal, lacks, on_postgresql_only


def drift(env):
    """Objects of the same names under other OIDs."""
    env.on_yugabytedb("; ".join(f"CREATE TABLE drift{n} (a int)" for n in range(300)))
    env.on_yugabytedb("; ".join(f"DROP TABLE drift{n}" for n in range(300)))
    env.on_both("CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''));"
                "CREATE INDEX item_name ON item (name);"
                "CREATE TABLE part (id int, item int REFERENCES item) PARTITION BY RANGE (id);"
                "CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (1) TO (10);"
                "CREATE VIEW expensive AS SELECT name FROM item WHERE id > 100")
    there, here = (rows[0][0] for rows in env.on_both("SELECT 'item'::regclass::oid::int8"))
    lacks([there], here, "OIDs of both")


@on_postgresql_only
@cases(("table", "\\d item", "item_name"), ("partitioned", "\\d+ part", "part1"),
       ("view", "\\d+ expensive", "WHERE item.id > 100"), ("schema", "\\d", "expensive"))
def test_psql_describes(env, command, part):
    drift(env)
    result = env.run_under_capture([env.tool("psql"), "-X", "-c", command])
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stdout, part, "output")


@on_postgresql_only
def test_a_large_object(env):
    drift(env)
    with env.capture() as capture:
        with capture.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT lo_from_bytea(0, 'abc')")
            (oid,) = cursor.fetchone()
            cursor.execute(f"SELECT lo_put({oid}, 3, 'def')")
            cursor.execute("SELECT lo_get(%s)", (oid,))
            equal(bytes(cursor.fetchone()[0]), b"abcdef", "content")
            cursor.execute(f"COMMENT ON LARGE OBJECT {oid} IS 'letters'")
            cursor.execute("SELECT lo_unlink(%s)", (oid,))
            connection.commit()
        capture.finish(status=0)


@on_postgresql_only
def test_a_large_object_by_function_calls(env):
    """libpq's own functions, as psql's \\lo_import has them."""
    drift(env)
    source, copy = env.path("letters"), env.path("copy")
    with open(source, "w", encoding="ascii") as file:
        file.write("letters")
    result = env.run_under_capture([
        env.tool("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-c", f"\\lo_import {source}",
        "-c", f"\\lo_export :LASTOID {copy}", "-c", "\\lo_unlink :LASTOID"])
    equal(result.status, 0, f"status ({result.stderr})")
    with open(copy, encoding="ascii") as file:
        equal(file.read(), "letters", "content")


@on_postgresql_only
def test_ordinary_numbers_stay(env):
    """A number that happens to be an OID which was learned is data like any other."""
    drift(env)
    env.on_both("CREATE TABLE t (n int)")
    with env.capture() as capture:
        with capture.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT oid FROM pg_class WHERE relname = 'item'")
            (oid,) = cursor.fetchone()
            cursor.execute(f"INSERT INTO t VALUES ({oid}) RETURNING n")
            equal(cursor.fetchone()[0], oid, "value")
            connection.commit()
        capture.finish(status=0)
    equal(*env.on_both("SELECT n FROM t"), "both sides' data")
