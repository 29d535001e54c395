/*
 * The replay's own trace, written directly in batches of WRITER_BATCH_EXCHANGES exchanges or
 * WRITER_BATCH_US, whichever is first. The first failure is kept and ends the writing: check
 * has_failed; functions that write return nothing.
 */
#ifndef REPLAY_WRITER_H
#define REPLAY_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "diffengine/compare.h"
#include "diffengine/settings.h"
#include "replay/texts.h"
#include "schema/trace_write.h"

#define WRITER_BATCH_EXCHANGES 1000
#define WRITER_BATCH_US        100000

struct writer {
	struct trace *trace;
	struct redact *redact; /* what must not get there */
	struct texts statements;
	int64_t began_mono_us, last_us;
	bool is_in_batch;
	int64_t batch_exchanges, batch_began_us;
	bool has_failed;
	struct err why; /* of the first failure */
};

struct writer_head { /* facts about the whole run, for `meta` */
	const struct settings *settings;
	const char *source_trace, *command_line;
};

/* Creates the trace and writes its head. False with err: nothing to undo. */
bool writer_open(struct writer *w, const char *path, const struct writer_head *head,
	struct err *err) ATTR_USE_RESULT;
/* Commits, closes, frees. False: has_failed, also from before. */
bool writer_close(struct writer *w) ATTR_USE_RESULT;

/* Microseconds since the trace began; strictly increasing, so that it orders everything. */
int64_t writer_now(struct writer *w);
/* Commits a batch that is old enough; call every now and then. */
void writer_tick(struct writer *w);

/* For rows that somebody else writes, in a batch. NULL: has_failed. */
struct trace *writer_open_batch(struct writer *w);
void writer_meta_number(struct writer *w, const char *key, int64_t number);
void writer_backend(struct writer *w, const struct trace_backend *row);
void writer_session(struct writer *w, const struct trace_session *row);
void writer_event(struct writer *w, int64_t session, const char *what, const char *detail);
/* The number of the statement's text. */
int64_t writer_statement(struct writer *w, struct bytes text);
void writer_part(struct writer *w, int64_t exchange, int ordinal, struct bytes body);
void writer_differences(struct writer *w, int64_t exchange, const struct comparison *result);

struct writer_exchange {
	struct trace_exchange row;
	const int64_t *statements; /* number of each command's text, by ordinal */
	size_t statement_count;
	const unsigned char *verdicts; /* of commands by ordinal; beyond them: see `rest` */
	size_t verdict_count;
	enum verdict rest;
	/* Of the truth's last complete command, where its answer is longer than what is kept. */
	int64_t last_rows;
	const char *last_tag;
};
void writer_exchange(struct writer *w, const struct writer_exchange *exchange);

/* The look-up tables of a new trace. */
bool writer_words(struct trace *trace, struct err *err) ATTR_USE_RESULT;
bool writer_difference(struct trace *trace, int64_t exchange, const struct difference *d,
	struct err *err) ATTR_USE_RESULT;
/* writer_commands.c: the command rows of an exchange, from its bytes. */
bool writer_commands(struct trace *trace, const struct writer_exchange *exchange,
	struct err *err) ATTR_USE_RESULT;

#endif
