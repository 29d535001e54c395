"""
The shop's test suite, as an application would have it: it knows one database, by PGHOST and
PGPORT, and nothing of Twinkly. Each test has a connection of its own. Prints a line per test,
with the SQL error where one failed; exits 1 if any failed.
"""

import os
import subprocess
import sys

import psycopg2
import psycopg2.errors
import psycopg2.extras

HERE = os.path.dirname(os.path.abspath(__file__))


class Wrong(Exception):
    pass


class Client:
    """A connection that counts its statements."""

    def __init__(self):
        self.connection = psycopg2.connect("", application_name="shop tests")
        self.statements = 0

    def run(self, sql, values=None):
        self.statements += 1
        cursor = self.connection.cursor()
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount

    def commit(self):
        self.connection.commit()

    def rollback(self):
        self.connection.rollback()


def expect(actual, expected):
    if actual != expected:
        raise Wrong(f"expected {expected!r}, got {actual!r}")


# --- the tests ---------------------------------------------------------------------------


def test_place_an_order(db):
    order = db.run("INSERT INTO orders (customer, placed) VALUES (%s, %s) RETURNING id",
                   (2, "2026-03-01"))[0][0]
    for line, (item, quantity) in enumerate([(1, 5), (3, 20), (6, 2)], 1):
        db.run("UPDATE item SET stock = stock - %s WHERE id = %s", (quantity, item))
        db.run("INSERT INTO order_line VALUES (%s, %s, %s, %s)", (order, line, item, quantity))
    expect(db.run("SELECT lines, total FROM order_total WHERE id = %s", (order,))[0][0], 3)
    db.run("UPDATE orders SET state = 'paid' WHERE id = %s", (order,))
    db.commit()
    expect(db.run("SELECT state FROM orders WHERE id = %s", (order,)), [("paid",)])
    db.run("DELETE FROM orders WHERE id = %s", (order,))
    db.run("UPDATE item SET stock = stock + 5 WHERE id = 1")
    db.commit()


def test_customers(db):
    made = db.run("INSERT INTO customer (name, email, since) VALUES "
                  "('New & Co', 'new@co.example', '2026-03-01') RETURNING id, name")
    expect(made[0][1], "New & Co")
    expect(db.run("UPDATE customer SET name = 'Renamed' WHERE email = 'new@co.example'"), 1)
    expect(len(db.run("SELECT * FROM customer WHERE since >= '2022-01-01' ORDER BY name")), 3)
    expect(db.run("DELETE FROM customer WHERE name = 'Renamed'"), 1)
    db.commit()


def test_a_duplicate_email_is_refused(db):
    try:
        db.run("INSERT INTO customer (name, email, since) VALUES "
               "('Twice', 'buy@hardware.example', '2026-01-01')")
    except psycopg2.errors.UniqueViolation:
        db.rollback()
        expect(db.run("SELECT count(*) FROM customer WHERE name = 'Twice'"), [(0,)])
        return
    raise Wrong("the duplicate was taken")


def test_a_failed_order_leaves_nothing(db):
    before = db.run("SELECT count(*), sum(stock) FROM orders, item")
    db.run("UPDATE item SET stock = stock - 1 WHERE id = 2")
    db.run("SAVEPOINT line")
    try:
        db.run("INSERT INTO order_line VALUES (999, 1, 1, 1)")
    except psycopg2.errors.ForeignKeyViolation:
        db.run("ROLLBACK TO line")
    db.rollback()
    expect(db.run("SELECT count(*), sum(stock) FROM orders, item"), before)


def test_prepared_statements(db):
    db.run("PREPARE of_item (int) AS SELECT name, price FROM item WHERE id = $1")
    for item in range(1, 7):
        expect(len(db.run("EXECUTE of_item (%s)", (item,))), 1)
    db.run("DEALLOCATE of_item")


def test_notes_as_json(db):
    expect(db.run("SELECT note->>'card' FROM orders WHERE note @> '{\"gift\": true}'"),
           [("Well done",)])
    db.run("UPDATE orders SET note = %s WHERE id = 3", (psycopg2.extras.Json({"gift": 1}),))
    db.rollback()


def test_bulk_load(db):
    cursor = db.connection.cursor()
    db.run("CREATE TEMPORARY TABLE stocktake (item int, counted int)")
    psycopg2.extras.execute_values(cursor, "INSERT INTO stocktake VALUES %s",
                                   [(n % 6 + 1, n) for n in range(500)])
    db.statements += 5
    expect(db.run("SELECT count(*), sum(counted) FROM stocktake"), [(500, 124750)])
    db.rollback()


def test_catalogue_in_psql(db):
    del db
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", os.path.join(HERE, "catalogue.sql")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(done.stderr.strip())


# The next four tests are the ones that the planted divergences hit.


def test_lines_of_an_order(db):
    rows = db.run("SELECT i.name, l.quantity FROM order_line l JOIN item i ON i.id = l.item "
                  "WHERE l.orders = 3")
    expect(sorted(rows), [("gloves", 100), ("saw", 1)])


def test_discount_for_sixty(db):
    expect(str(db.run("SELECT line_total(price, 60) FROM item WHERE name = 'nails, box'")[0][0]),
           "229.50")


def test_stock_cannot_go_below_zero(db):
    try:
        db.run("UPDATE item SET stock = stock - 8 WHERE name = 'ladder'")
    except psycopg2.errors.CheckViolation:
        return
    raise Wrong("more ladders were sold than there are")


def test_weight_in_pounds(db):
    rows = db.run("SELECT name, weight_lb FROM shipping_weight WHERE name = 'ladder'")
    expect(rows, [("ladder", 12.3 / 0.45359237)])


# --- running them ------------------------------------------------------------------------


def run_test(test):
    """None, or what went wrong; and the number of statements that this client sent."""
    db = Client()
    try:
        test(db)
        return None, db.statements
    except psycopg2.Error as error:
        return f"SQLSTATE {error.pgcode}\n{error}".strip(), db.statements
    except Wrong as error:
        return str(error), db.statements
    finally:
        db.connection.close()


def main():
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items()
             if name.startswith("test_")]
    failed, statements = 0, 0
    for name, test in tests:
        problem, sent = run_test(test)
        statements += sent
        failed += problem is not None
        print(f"    {'FAILED' if problem else 'ok    '}  {name}", flush=True)
        for line in (problem or "").splitlines():
            print(f"              {line.strip()}", flush=True)
    print(f"    {len(tests) - failed} tests passed, {failed} failed; over {statements} statements")
    return 1 if failed else 0


sys.exit(main())
