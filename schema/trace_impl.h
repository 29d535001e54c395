/*
 * Private to schema/: the open trace, its file, its prepared statements, and helpers to read
 * columns. A statement is prepared once and kept; it is taken out while it is used, so that
 * a visitor may start the same reading again (and then gets a statement of its own).
 */
#ifndef SCHEMA_TRACE_IMPL_H
#define SCHEMA_TRACE_IMPL_H

#include <sqlite3.h>

#include "schema/trace.h"

enum trace_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_WRITE_VERDICT,
	SQL_WRITE_KIND,
	SQL_WRITE_META,
	SQL_WRITE_BACKEND,
	SQL_WRITE_SESSION,
	SQL_WRITE_EVENT,
	SQL_WRITE_STATEMENT,
	SQL_WRITE_EXCHANGE,
	SQL_WRITE_PART,
	SQL_WRITE_COMMAND,
	SQL_WRITE_DIFFERENCE,
	SQL_WRITE_CONSEQUENCE,
	SQL_WRITE_GAP,
	SQL_READ_META,
	SQL_READ_BACKENDS,
	SQL_READ_SESSIONS,
	SQL_READ_EVENTS,
	SQL_READ_EXCHANGES,
	SQL_READ_PARTS,
	SQL_READ_PART,
	SQL_READ_COMMANDS,
	SQL_READ_DIFFERENCES,
	SQL_READ_DIFFERENCES_OF,
	SQL_READ_GAPS,
	SQL_COUNT_ROWS,
	SQL_COUNT_COMMANDS,
	SQL_COUNT_EXCHANGES,
	SQL_SESSION_COUNTS,
	SQL_TOTAL
};

struct trace {
	char *path; /* as the caller named it, for messages */
	sqlite3 *db;
	int lock;   /* descriptor that holds the writer's flock; -1: opened for reading */
	char *meta; /* what trace_read_meta returned last */
	sqlite3_stmt *statements[SQL_TOTAL]; /* NULL: not prepared yet, or taken */
};

/* trace_open.c */

/* "PATH: `doing`: SQLite's reason", and for a damaged file what may help. Returns false. */
bool trace_fail(const struct trace *t, const char *doing, struct err *err);

/* A statement ready to be bound; NULL with err. Goes back with trace_give_back. */
sqlite3_stmt *trace_take(
	struct trace *t, enum trace_sql which, const char *sql, struct err *err) ATTR_USE_RESULT;
/* Ends its reading and forgets what was bound. */
void trace_give_back(struct trace *t, enum trace_sql which, sqlite3_stmt *statement);

/* Opens the file with everything switched off that a hostile file could use. `query` is "" or
 * a URI's "?name=value". An SQLite code; *db has the message and is to be closed either way
 * (NULL: no memory). */
int trace_db_open(const char *path, int flags, const char *query, sqlite3 **db);
/* Takes the write-ahead log into the file and, unless somebody reads it just now, leaves one
 * plain file behind. An SQLite code; a reader in the way is no failure. */
int trace_db_fold(sqlite3 *db);

/* trace_file.c */

/* Makes sure that `path` is an empty file which this process has locked; what was there moved
 * to PATH.old if it was a trace. Returns the descriptor that holds the lock, or -1. It has to
 * stay open until SQLite has closed the file: closing any descriptor of a file drops the
 * process's POSIX locks on it, SQLite's among them. */
int trace_file_claim(const char *path, bool *moved, struct err *err) ATTR_USE_RESULT;

/* trace_read.c. Columns of a file that may be hostile: any type, NULL, any number. */

int64_t trace_column_int(sqlite3_stmt *s, int column, int64_t least); /* below or NULL: least */
int trace_column_small(sqlite3_stmt *s, int column, int least);       /* also if no int: least */
const char *trace_column_text(sqlite3_stmt *s, int column);           /* NULL if NULL */
const char *trace_column_str(sqlite3_stmt *s, int column);            /* "" if NULL */
struct bytes trace_column_bytes(sqlite3_stmt *s, int column);         /* empty if NULL */

/* After the columns were read: false if memory ran out over one of them; *rc says so too. */
bool trace_row_is_whole(sqlite3_stmt *s, int *rc);
/* Gives the statement back; false with err unless `rc` is that of a row or the end. */
bool trace_read_end(struct trace *t, enum trace_sql which, sqlite3_stmt *s, int rc,
	struct err *err) ATTR_USE_RESULT;

#endif
