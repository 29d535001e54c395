/*
 * Private to schema/: the open trace, its file, its prepared statements, and helpers to read
 * columns. A statement is prepared once and kept, but taken while it is used.
 */
#ifndef SCHEMA_TRACE_IMPL_H
#define SCHEMA_TRACE_IMPL_H

#include <sqlite3.h>

#include "schema/trace.h"
#include "schema/trace_prepared.h"

#define TALLY_SLOTS 512

struct tally { /* exchanges of a session with a verdict that session_count has not got yet */
	int64_t session, exchanges; /* 0 exchanges: free */
	int verdict;
};

/* Tables that were added to the version: a file of an older Twinkly lacks them. */
enum trace_extra {
	EXTRA_PACKED,
	EXTRA_REDACTION,
	EXTRA_SESSION_COUNT,
	EXTRA_PLAN,
	EXTRA_END_STATE,
	EXTRA_COUNT
};

struct trace {
	char *path; /* as the caller named it, for messages */
	sqlite3 *db;
	int lock;   /* descriptor that holds the writer's flock; -1: opened for reading */
	char *meta; /* what trace_read_meta returned last */
	sqlite3_stmt *statements[SQL_TOTAL]; /* NULL: not prepared yet, or taken */
	bool has[EXTRA_COUNT];
	struct pack *pack; /* the compressor of answers; NULL: not needed yet */
	struct tally tallies[TALLY_SLOTS];
	size_t tally_count;
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

/* trace_pack.c. Long answers: the head stays in the exchange's row, the rest is compressed. */

#define PACK_LEAST 4096 /* bytes of an answer; shorter ones are left as they are */
#define PACK_HEAD  1024 /* bytes that stay in the row, so that the shell shows how it begins */

struct packed_side {
	struct bytes head; /* for the row */
	struct bytes rest; /* a zstd frame, or ptr NULL: the head is all */
	size_t rest_len;   /* unpacked */
};

struct unpacked {
	unsigned char *truth, *candidate; /* malloc'ed, whole answers; NULL: not packed */
};

void pack_free(struct pack *pack); /* takes NULL */
/* Compresses where that makes it smaller. Borrowed until the next call for that side. */
struct packed_side trace_pack_side(struct trace *t, enum trace_role side, struct bytes answer);
/* Puts the rest of packed answers behind their heads. The row borrows from *u until
 * trace_unpacked_fini. False: no memory, or damage. */
bool trace_unpack(struct trace *t, struct trace_exchange *row, struct unpacked *u,
	struct err *err) ATTR_USE_RESULT;
void trace_unpacked_fini(struct unpacked *u);

/* trace_tally.c. Counts by session and verdict, written with the batch that they count. */

bool trace_tally_add(
	struct trace *t, int64_t session, int verdict, struct err *err) ATTR_USE_RESULT;
bool trace_tally_write(struct trace *t, struct err *err) ATTR_USE_RESULT;
void trace_tally_drop(struct trace *t);

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
