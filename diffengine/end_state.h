/*
 * What both databases hold in the end: tables compared by their number of rows and by an
 * order-free sum of the rows' hashes, which each database computes itself. It finds what no answer
 * on the wire showed. This builds the questions and judges the answers; the caller asks and
 * records.
 */
#ifndef DIFFENGINE_END_STATE_H
#define DIFFENGINE_END_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/verdict.h"
#include "wire/decode.h"

#define END_STATE_TABLES_MAX    4096 /* of a database, and names of touched ones */
#define END_STATE_DATABASES_MAX 64
#define END_STATE_KEYS_SHOWN    3
#define END_STATE_BYTES_MAX     ((size_t)64 << 20) /* of the rows of one answer */

enum end_state_mode { END_STATE_OFF, END_STATE_COUNTS, END_STATE_HASH };

struct end_state_answer { /* rows of three texts, "" for NULL; end_state_take_row fills it */
	struct arena arena;
	const char *(*rows)[3];
	size_t count, cap;
	bool is_cut; /* rows are missing */
};

struct end_state_table { /* borrowed for the call */
	const char *database, *schema, *name;
	int64_t rows[2];      /* of truth and candidate; -1: no such table, or unknown */
	enum verdict verdict; /* EQUAL, MISMATCH, or NOT_COMPARED: skipped */
	const char *text;     /* what differs, or why it was skipped; "" else */
};

struct end_state_events {
	/* Side 0 is the truth. False with err: no answer. */
	bool (*ask)(void *context, int side, const char *database, const char *sql,
		struct end_state_answer *answer);
	void (*found)(void *context, const struct end_state_table *table);
	const char *names[2]; /* of the databases, for sentences */
	bool hides_keys;      /* values of the tables are not to be told (trace.redact) */
	void *context;
	struct err why; /* ask's */
};

struct end_state_counts {
	int64_t equal, different, skipped;
	int64_t omitted; /* databases and names of tables beyond the limits */
};

struct end_state;

/* `all`: every table, not those alone that statements wrote. NULL: no memory. */
struct end_state *end_state_new(enum end_state_mode mode, bool all) ATTR_USE_RESULT;
void end_state_free(struct end_state *state); /* takes NULL */
void end_state_add_database(struct end_state *state, const char *name);
/* The tables that the statements in the text write are touched. */
void end_state_add_text(struct end_state *state, struct bytes text);
/* Compares what there is; `found` hears of each table. */
struct end_state_counts end_state_compare(struct end_state *state, struct end_state_events *events);

void end_state_take_row(struct end_state_answer *answer, struct wire_items *values);

#endif
