/*
 * Known differences applied to a stored trace, exchange by exchange: nothing is compared again;
 * a command whose recorded differences are all known is allowed in place of a mismatch.
 */
#ifndef REPORT_KNOWN_WALK_H
#define REPORT_KNOWN_WALK_H

#include "base/buf.h"
#include "diffengine/known.h"
#include "schema/trace_read.h"

struct known_walk {
	struct known *known;
	int64_t commands;                 /* that are allowed in place of a mismatch */
	int64_t exchanges[VERDICT_COUNT]; /* that are no mismatch any more, by what they are */
	struct buf verdicts;              /* of the exchange under way: by ordinal */
	struct buf fresh;                 /* by ordinal: 1 all known so far, 2 not */
};

void known_walk_init(struct known_walk *k, struct known *known);
void known_walk_fini(struct known_walk *k);

/* What a difference row is known by; borrows from it. */
struct known_difference known_walk_difference(const struct trace_difference_context *row);

/* Reads the exchange's commands and differences, and changes its verdict if all that
 * mismatched is known. */
bool known_walk_exchange(struct known_walk *k, struct trace *t, struct trace_exchange *exchange,
	struct err *err) ATTR_USE_RESULT;
/* What a command of that exchange is now, and the rule of one of its differences (NULL: as
 * recorded). */
int known_walk_verdict(const struct known_walk *k, int ordinal, int recorded);
const char *known_walk_rule(
	struct known_walk *k, const struct trace_difference_context *row, int verdict);

/* After the walk: which statements were compared in this trace. */
bool known_walk_statements(struct known *known, struct trace *t, struct err *err) ATTR_USE_RESULT;

#endif
