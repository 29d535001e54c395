/*
 * From the proxy to the trace: what happened goes as items into the writer thread's queue.
 * The loop's thread only copies bytes; splitting them into commands with tags, counts and
 * readable parameters is done in the writer thread.
 *
 * Statement texts are stored once and named by number. RECORD_TEXTS_MAX distinct texts are
 * remembered (by hash); further ones are stored again with every use.
 */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "diffengine/compare.h"
#include "diffengine/redact.h"
#include "schema/trace_queue.h"

#define RECORD_TEXTS_MAX 262144

struct record { /* the proxy's way into the trace */
	struct trace_queue *queue;
	struct redact *redact; /* what must not get there; NULL: everything may */
	int64_t began_mono_us, last_us;
	int64_t next_statement;
	struct record_text *texts; /* hash to number */
	size_t text_count, text_cap;
};

void record_init(struct record *r, struct trace_queue *queue, int64_t began_mono_us);
void record_fini(struct record *r);

/* Microseconds since the trace began; strictly increasing, so that it orders everything. */
int64_t record_now(struct record *r);

/* The number of a statement's text, 0 if memory is out. */
int64_t record_statement(struct record *r, struct bytes text);

void record_session(struct record *r, const struct trace_session *session);
void record_event(struct record *r, int64_t session, const char *what, const char *detail);
void record_consequence(struct record *r, const struct trace_consequence *row);
void record_backend(struct record *r, const struct trace_backend *backend);

/* Request bytes beyond what is kept in the exchange's row (COPY data). */
struct record_part {
	int64_t exchange;
	int ordinal;
	struct bytes body;
	struct bytes head; /* the request as far as it is in the row */
};
void record_part(struct record *r, const struct record_part *part);

/* A database's plan of the exchange's slow command; `role`: "truth" or "candidate". */
void record_plan(struct record *r, int64_t exchange, const char *role, const char *text);

/* Everything is copied. `statements` holds the number of each command's text. */
struct record_exchange {
	struct trace_exchange row; /* its bytes included */
	const int64_t *statements;
	size_t statement_count;
	const struct comparison *result; /* NULL: equal, or see row.verdict */
	unsigned first_ordinal;          /* of result->commands */
	/* Of the truth's last complete command, where its answer is longer than what is kept. */
	int64_t last_rows;
	const char *last_tag;
};
void record_exchange(struct record *r, const struct record_exchange *exchange);
/* Differences of a part of an exchange that goes on; its row follows later. Copied. */
void record_differences(struct record *r, int64_t exchange, const struct comparison *result);

#endif
