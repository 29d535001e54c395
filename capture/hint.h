/*
 * What a client is told to do about a mismatch: where it is in the trace, and the rule that would
 * allow just this difference (docs/RULES.md).
 */
#ifndef CAPTURE_HINT_H
#define CAPTURE_HINT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"

struct comparison;
struct session;

/* False: it does not fit `out`. */
bool hint_build(
	struct buf *out, const struct session *s, const struct comparison *result) ATTR_USE_RESULT;

#endif
