/*
 * The statements that look types and functions up, and their answers.
 */
#ifndef DIFFENGINE_USER_QUERY_H
#define DIFFENGINE_USER_QUERY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/user_types.h"

/* Appends the messages of a look-up: of the OIDs asked about, on the truth, or of the names
 * that have no counterpart yet, on the candidate. `is_final` ends them with Sync, else
 * Flush. */
struct user_query {
	bool is_function, is_candidate, is_final;
};
bool user_query_write(struct buf *out, const struct user_types *t,
	const struct user_query *query) ATTR_USE_RESULT;

/* Takes what the answer says into the table, functions or types alone: the answers of several
 * look-ups may be given as one. False: it holds an error, whose text is put into
 * `why`. */
bool user_query_read(struct user_types *t, const struct user_query *query, struct bytes answer,
	struct err *why) ATTR_USE_RESULT;

#endif
