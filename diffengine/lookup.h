/*
 * Statements of our own that read a catalog in a client's session: their messages, which
 * leave nothing behind, and their answers.
 */
#ifndef DIFFENGINE_LOOKUP_H
#define DIFFENGINE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/decode.h"

struct lookup {
	const char *name; /* of our statement and our portal */
	const char *sql;
	const struct wire_value *parameters; /* as text */
	size_t nparameters;
};

/* Appends Close, Parse, Bind, Execute and two Closes; neither Sync nor Flush. False: no room. */
bool lookup_write(struct buf *out, const struct lookup *lookup) ATTR_USE_RESULT;
/* An element of an array written as text, in quotes. */
bool lookup_append_quoted(struct buf *out, const char *text) ATTR_USE_RESULT;

enum lookup_step { LOOKUP_ROW, LOOKUP_END, LOOKUP_ERROR };
/* The next row of an answer, which is walked over: `row` is a DataRow's body. An error's text is
 * put into `why`. */
enum lookup_step lookup_next(
	struct bytes *answer, struct bytes *row, struct err *why) ATTR_USE_RESULT;

#endif
