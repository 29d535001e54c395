/*
 * One Query on a connection of its own, in a loop of its own: the caller waits for the answer. For
 * what is done before and after a run (setup files, databases made and dropped, tables compared),
 * never while a loop serves others.
 */
#ifndef WIRE_QUERY_H
#define WIRE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/backend.h"
#include "wire/decode.h"

#define QUERY_MESSAGE_MAX \
	((size_t)256 << 20) /* of the question, and of one message of its answer */

struct query {
	const struct backend_target *target;
	const struct backend_wishes *wishes;
	const char *what;   /* begins the sentence of a failure: a file's name, "CREATE DATABASE" */
	int64_t timeout_us; /* of all of it */
	bool is_deaf;       /* SIGINT and SIGTERM do not end it */
	/* A row of any statement; the values are borrowed for the call. NULL: rows are dropped. */
	void (*on_row)(void *context, struct wire_items *values);
	void *context;
	/* How it failed: */
	bool was_interrupted, was_sent;
	char sqlstate[6]; /* "": the database has refused nothing */
};

/* False with err: no connection, a refused statement, no answer in time, or interrupted. COPY FROM
 * STDIN is refused. */
bool query_run(struct query *query, const char *sql, struct err *err) ATTR_USE_RESULT;

#endif
