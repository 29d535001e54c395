"""Two sessions insert as fast as they can and read back their generated ids: in autocommit,
and every fifth time in a transaction of two statements. Prints how many rows there are."""

import sys
import threading
import time

import psycopg2

SECONDS = 3


def insert(name, until, failures):
    try:
        connection = psycopg2.connect("")
        cursor = connection.cursor()
        turn = 0
        while time.monotonic() < until:
            connection.autocommit = turn % 5 != 0
            cursor.execute("INSERT INTO job (state) VALUES (%s) RETURNING id", (name,))
            made = cursor.fetchone()[0]
            cursor.execute("UPDATE job SET state = state || '!' WHERE id = %s", (made,))
            if not connection.autocommit:
                connection.commit()
            turn += 1
    except Exception as error:
        failures.append(error)


def main():
    failures = []
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=insert, args=(name, until, failures))
               for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        return 1
    cursor = psycopg2.connect("").cursor()
    cursor.execute("SELECT count(*) FROM job")
    print(f"{cursor.fetchone()[0]} rows")
    return 0


sys.exit(main())
