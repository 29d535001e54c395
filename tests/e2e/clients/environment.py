"""Prints what twinkly-capture exported, connects by it in two ways, and exits with the status
given as the argument."""

import os
import sys

import psycopg2

for name in ("PGHOST", "PGPORT", "TWINKLY_URL"):
    print(f"{name}={os.environ.get(name)}")
connection = psycopg2.connect("")
connection.cursor().execute("SELECT 'by PGHOST and PGPORT'")
connection.close()
connection = psycopg2.connect(os.environ["TWINKLY_URL"])
connection.cursor().execute("SELECT 'by TWINKLY_URL'")
connection.close()
sys.exit(int(sys.argv[1]))
