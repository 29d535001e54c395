"""Session A holds a row lock, B waits for it, A commits: nobody may hang, and B comes second.
Ten times over, with an idle third session that reads meanwhile."""

import sys
import threading

import psycopg2

TURNS = 10


def connect():
    return psycopg2.connect("", options="-c statement_timeout=15s")


def main():
    holder, waiter, reader = connect(), connect(), connect()
    reader.autocommit = True
    failures = []

    def wait_for_the_lock():
        try:
            with waiter, waiter.cursor() as cursor:
                cursor.execute("UPDATE job SET state = state || 'B' WHERE id = 1")
        except Exception as error:
            failures.append(error)

    for _ in range(TURNS):
        with holder.cursor() as cursor:
            cursor.execute("UPDATE job SET state = state || 'A' WHERE id = 1")
            thread = threading.Thread(target=wait_for_the_lock)
            thread.start()
            thread.join(0.1)
            with reader.cursor() as other:
                other.execute("SELECT count(*) FROM job WHERE id = 1")
            cursor.execute("SELECT state FROM job WHERE id = 1")
            holder.commit()
        thread.join()
        if failures:
            print(failures[0], file=sys.stderr)
            return 1
    with reader.cursor() as cursor:
        cursor.execute("SELECT state FROM job WHERE id = 1")
        print(cursor.fetchone()[0])
    return 0


sys.exit(main())
