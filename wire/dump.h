/*
 * Messages as text, one line each: `Bind "" "s1" params=["12" NULL hex:0001] results=[1]`.
 * Used by twinkly-trace show, by tests and from the debugger. Passwords and SASL data are
 * never shown. The stable form blanks what changes from server to server: table OIDs, pids,
 * keys, file, line and routine of errors.
 */
#ifndef WIRE_DUMP_H
#define WIRE_DUMP_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "wire/decode.h"
#include "wire/frame.h"

struct dump_style {
	bool is_stable;   /* blank what is volatile */
	size_t value_max; /* bytes shown of one value, the rest counted; 0: 64 */
};

/* Appends one line with its newline; false when `out` is at its ceiling. A body that cannot
 * be decoded is shown as `Name malformed hex:...`. */
bool dump_frame(struct buf *out, enum wire_side from, const struct frame *frame,
	const struct dump_style *style) ATTR_USE_RESULT;

/* All messages of `in`; what is left over at the end is shown as `(n bytes incomplete)`. */
bool dump_stream(struct buf *out, enum wire_side from, struct bytes in,
	const struct dump_style *style) ATTR_USE_RESULT;

/* A value for people: printable UTF-8 quoted with \-escapes, else hex:...; NULL as NULL. */
bool dump_value(struct buf *out, const struct wire_value *value, size_t max) ATTR_USE_RESULT;

#endif
