/*
 * EXPLAIN of a command that was run before, with its parameters: the messages that ask one
 * database for its plan, and the time that a plan tells. Pure.
 */
#ifndef DIFFENGINE_EXPLAIN_H
#define DIFFENGINE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

struct explain {
	struct bytes request;   /* of the whole exchange, as the client sent it */
	unsigned ordinal;       /* of the command in it, from 0 */
	struct bytes statement; /* the command's */
	const uint32_t *types;  /* of its parameters, where an earlier exchange prepared it */
	size_t type_count;
	bool is_run;        /* EXPLAIN ANALYZE, too */
	int64_t timeout_us; /* statement_timeout */
	int64_t lock_us;    /* lock_timeout */
};

/* Appends to `out` what begins a READ ONLY transaction and asks for the plan, and with is_run
 * for the plan with its time. The transaction is left open: the connection ends with it. Each
 * step ends in a ReadyForQuery; returns their number, 0: not possible. That is so where the
 * request is not one unit, has COPY data, was bound in another exchange, or where the Execute
 * asks for a part of the rows; or memory was out. */
unsigned explain_messages(const struct explain *explain, struct buf *out) ATTR_USE_RESULT;

/* A line of a plan. True: it tells how long the statement ran. */
bool explain_time(struct bytes line, int64_t *us);

#endif
