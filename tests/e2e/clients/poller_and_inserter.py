"""Two sessions for some seconds: one inserts every 10 ms, the other polls what is there.
Prints how many polls and inserts there were."""

import sys
import threading
import time

import psycopg2

SECONDS = 3
EVERY_S = 0.01


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection.cursor()


def insert(counts, until):
    cursor = connect()
    while time.monotonic() < until:
        cursor.execute("INSERT INTO job (state) VALUES (%s)", (f"new {counts['inserts']}",))
        counts["inserts"] += 1
        time.sleep(EVERY_S)


def poll(counts, until):
    cursor = connect()
    while time.monotonic() < until:
        cursor.execute("SELECT id, state FROM job ORDER BY id DESC LIMIT 10")
        cursor.fetchall()
        cursor.execute("SELECT count(*), max(id) FROM job")
        cursor.fetchall()
        counts["polls"] += 1
        time.sleep(EVERY_S / 4)


def main():
    counts, failures = {"inserts": 0, "polls": 0}, []
    until = time.monotonic() + SECONDS

    def guarded(work):
        try:
            work(counts, until)
        except Exception as error:
            failures.append(error)
    threads = [threading.Thread(target=guarded, args=(work,)) for work in (insert, poll)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{counts['inserts']} inserts, {counts['polls']} polls")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


sys.exit(main())
