/*
 * What rules did in a run, in the eyes of a person: which of them did nothing, and which hide a
 * large share of one statement's executions, so that they may hide more than they were meant to.
 *
 * Statements are told apart by a 64-bit hash of their text. At most RULES_TALLY_STATEMENTS
 * statements, and as many pairs of a rule and a statement, are counted; what comes later is not
 * judged, and `omitted` says how much that was. One thread.
 */
#ifndef DIFFENGINE_RULES_TALLY_H
#define DIFFENGINE_RULES_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "diffengine/rules.h"

#define RULES_TALLY_STATEMENTS 16384
#define RULES_SHARE_MOST       0.2 /* of a statement's executions; above it, it is told */
#define RULES_SHARE_LEAST      10  /* executions; below it a share says nothing */

struct rules_share { /* of the executions of one statement */
	uint64_t statement;
	int64_t executions, hidden;
};

enum rules_finding {
	RULES_FINE,
	RULES_EXPIRED,     /* `until` has passed: it selected nothing */
	RULES_NEVER_FIRED, /* and it is the user's own: packs are for more than one run */
	RULES_HIDES_MUCH
};

struct rules_tally;
struct rules_tally *rules_tally_new(void) ATTR_USE_RESULT; /* NULL: out of memory */
void rules_tally_free(struct rules_tally *tally);          /* takes NULL */

/* A statement was executed; every time. */
void rules_tally_ran(struct rules_tally *tally, uint64_t statement);
/* Rule number `rule` (as in rules_at) made that execution allowed or equal. */
void rules_tally_hid(struct rules_tally *tally, size_t rule, uint64_t statement);

/* The statement of which the rule hid the largest share, of those that ran often enough; all 0:
 * there is none. */
struct rules_share rules_tally_worst(const struct rules_tally *tally, size_t rule);
int64_t rules_tally_omitted(const struct rules_tally *tally);

/* Pure: also for figures that were read from a trace. */
enum rules_finding rules_judge(const struct rule *rule, const struct rules_share *worst);
const char *rules_finding_text(enum rules_finding finding); /* "" for RULES_FINE */

#endif
