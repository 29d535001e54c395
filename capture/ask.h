/*
 * A side connection to one database that is asked one Query at a time, from the loop. Its answers
 * are rows of four texts (kind, owner, name, value), of however many statements the Query has.
 *
 * The owner opens it, hears of the end of connecting and of each answer through on_asked, and
 * closes it, also in the middle of anything; nothing is called after that. Time limits are the
 * owner's. An answer holds up to `rows_max` rows and ASK_BYTES_MAX bytes; what is beyond is left
 * out (is_cut).
 */
#ifndef CAPTURE_ASK_H
#define CAPTURE_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "wire/backend.h"

#define ASK_BYTES_MAX (64u << 20) /* of one answer, in memory */

struct ask_row { /* in the arena of the answer; "" where a value is NULL or not there */
	const char *kind, *owner, *name, *value;
};

struct ask;
typedef void on_asked_fn(void *context, struct ask *ask);

struct ask {
	struct backend *backend; /* NULL: closed, or never opened */
	on_asked_fn *on_asked;
	void *context;
	size_t rows_max;
	bool is_busy;
	bool is_lost; /* no connection: error says why; nothing can be asked */
	/* The last answer, until the next ask_send. */
	struct arena memory;
	struct ask_row *rows;
	size_t count, room;
	bool is_cut;
	struct err error; /* text "": none */
};

/* `ask` is zeroed but for on_asked, context and rows_max. `target` outlives it. False: no
 * memory. */
bool ask_open(struct ask *ask, uv_loop_t *loop, const struct backend_target *target,
	const struct backend_wishes *wishes) ATTR_USE_RESULT;
/* Not while it is busy or lost. False: no memory, nothing is asked. */
bool ask_send(struct ask *ask, const char *sql) ATTR_USE_RESULT;
/* Undoes ask_open, takes one that was never opened. */
void ask_close(struct ask *ask);

#endif
