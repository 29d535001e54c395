/*
 * The statements that look types and functions up, and their answers.
 */
#ifndef CAPTURE_TYPES_QUERY_H
#define CAPTURE_TYPES_QUERY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/user_types.h"

/* Appends the messages of a look-up: of the OIDs asked about, on the truth, or of the names
 * that have no counterpart yet, on the candidate. `is_final` ends them with Sync, else
 * Flush. */
struct types_query {
	bool is_function, is_candidate, is_final;
};
bool types_query_write(struct buf *out, const struct user_types *t,
	const struct types_query *query) ATTR_USE_RESULT;

/* Takes what the answer says into the table. False: it holds an error, whose text is put into
 * `why`. */
bool types_query_read(struct user_types *t, const struct types_query *query, struct bytes answer,
	struct err *why) ATTR_USE_RESULT;

#endif
