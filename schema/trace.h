/*
 * The rows of a trace as plain structs, and opening and closing of the file. The trace is
 * one SQLite file (schema/trace.sql, docs/TRACE.md). This folder stores bytes and numbers; it
 * knows neither the wire protocol nor what a verdict means.
 *
 * Times: `started_us` is microseconds since the trace began, strictly increasing over all
 * exchanges and events of a trace, so that it is also their one global order; `truth_us` and
 * `candidate_us` are microseconds from there to that side's ReadyForQuery, -1: never came.
 * Views (struct bytes, strings) of rows that were read are borrowed until the next row.
 */
#ifndef SCHEMA_TRACE_H
#define SCHEMA_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

#define TRACE_APPLICATION_ID 0x54774b6c /* "TwKl" */
#define TRACE_VERSION        1

enum trace_role { TRACE_TRUTH, TRACE_CANDIDATE };

struct trace_backend {
	enum trace_role role;
	const char *name; /* "PostgreSQL" */
	const char *host;
	int port;
	const char *server_version; /* "" while unknown */
};

struct trace_session {
	int64_t id; /* from 1, in order of connecting */
	const char *user, *database, *application_name, *client; /* client: its address */
	int64_t started_us;
	struct bytes startup; /* parameters of the startup packet: name NUL value NUL ... */
};

struct trace_event { /* connect, disconnect, cancel, refused, ... */
	int64_t session;
	int64_t at_us;
	const char *what;
	const char *detail; /* may be NULL */
};

struct trace_statement {
	int64_t id; /* from 1 */
	struct bytes text;
};

struct trace_exchange {
	int64_t id; /* from 1, in order of starting */
	int64_t session;
	int64_t started_us, truth_us, candidate_us;
	int verdict;
	char truth_status, candidate_status; /* of ReadyForQuery; 0: none came */
	struct bytes request;                /* frontend messages, the first part */
	struct bytes truth; /* the source of truth's answer, its first trace.max-response bytes */
	bool has_candidate; /* false: the candidate's bytes were the same */
	struct bytes candidate;
	int64_t truth_len, candidate_len; /* whole length of the answers in bytes */
	const char *note; /* NULL, or why the verdict is what it is, or what the client got */
};

struct trace_command { /* one result of an exchange */
	int64_t exchange;
	int ordinal;                                     /* from 0 */
	int64_t statement;                               /* 0: none */
	const char *parameters;                          /* readable; NULL: none */
	const char *tag;                                 /* of the source of truth; NULL: none */
	int64_t truth_rows, candidate_rows;              /* -1: no result set */
	const char *truth_sqlstate, *candidate_sqlstate; /* NULL: no error */
	int verdict;
};

struct trace_difference {
	int64_t exchange;
	int ordinal; /* of the command */
	int kind;
	int64_t row;                     /* from 1; 0: not about a row */
	int column;                      /* from 1; 0: not about a column */
	const char *column_name;         /* NULL: none */
	struct bytes truth, candidate;   /* readable values, cut where long */
	bool truth_null, candidate_null; /* SQL NULL, or nothing on that side */
	const char *rule;                /* that allowed it; NULL: none */
	const char *text;                /* the sentence that the client saw */
};

struct trace_consequence { /* of a mismatch that may follow from an earlier exchange */
	int64_t exchange, cause;
	const char *table; /* that both touch; NULL: whatever the cause's transaction wrote */
};

struct trace_plan { /* what a database said it does for an exchange's slow command */
	int64_t exchange;
	const char *role; /* "truth" or "candidate" */
	const char *text; /* lines of EXPLAIN */
};

struct trace_end_state { /* a table after the run */
	const char *database, *table_schema, *table_name;
	int verdict;
	int64_t truth_rows, candidate_rows; /* -1: no such table, or unknown */
	const char *text;                   /* "": equal */
};

struct trace_gap { /* what could not be recorded */
	int64_t at_us;
	int64_t exchanges; /* how many are missing */
	const char *reason;
};

struct trace_redaction { /* an exchange in which something was replaced: how many places */
	int64_t exchange, request, answers;
};

struct trace; /* an open file: schema/trace_write.h, schema/trace_read.h */

/* Makes a new trace, mode 0600, for writing, and holds its lock until trace_close. A trace
 * that is already there moves to PATH.old (replacing that), as perf-record does; *moved says
 * so and may be NULL. A file that is no trace is left alone: an error, as is one that another
 * process writes. */
struct trace *trace_create(const char *path, bool *moved, struct err *err) ATTR_USE_RESULT;

/* Opens for reading; also while a proxy writes it. An error for what is no trace, is damaged
 * at its head, or is of a newer version (err names both versions). */
struct trace *trace_open(const char *path, struct err *err) ATTR_USE_RESULT;

/* Commits what is open (writer), checkpoints, closes, frees. False: err, freed all the same. */
bool trace_close(struct trace *trace, struct err *err);

#endif
