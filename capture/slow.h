/*
 * Slow queries. Both sides have answered an exchange of one statement, and one of them took
 * comparison.slow-query-min or more and comparison.slow-query-ratio times as long as the other,
 * each measured from the moment it was asked. Then, while the answer is held,
 *
 *   AWAITING, all answered --> EXPLAINING --> judged
 *
 * both databases are asked for the plan on connections of their own; a statement that only reads
 * is run there with EXPLAIN ANALYZE, in a READ ONLY transaction, and must be slow again. Else it
 * was noise, and the exchange is equal with a note. What is left is a difference of kind slow: a
 * mismatch if it was confirmed and comparison.fail-on-slow-queries says so, else allowed.
 *
 * One statement at a time is looked into, SLOW_LOOKS_MAX times a text, of SLOW_TEXTS_MAX texts;
 * for SLOW_PATIENCE_US at most. What is not looked into is counted, and noted.
 */
#ifndef CAPTURE_SLOW_H
#define CAPTURE_SLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"

struct comparison;
struct proxy;
struct session;
struct slow_case; /* what is known of a slow exchange */
struct slow_run;  /* of the proxy: what is looked into now, and was before */

#define SLOW_LOOKS_MAX   10
#define SLOW_TEXTS_MAX   1024
#define SLOW_PATIENCE_US (8 * CLOCK_SECOND)
#define SLOW_TIMEOUT_US  (6 * CLOCK_SECOND) /* statement_timeout of EXPLAIN ANALYZE */
#define SLOW_LOCK_US     (1 * CLOCK_SECOND) /* lock_timeout */
#define SLOW_SHOWN_MAX   1500               /* bytes of a plan that the client is shown */

/* Before the answers are judged: true if plans are asked for first; then judge_answers is
 * called. */
bool slow_begin(struct session *s) ATTR_USE_RESULT;
/* Adds the difference to a result that is no mismatch. Returns how much of the truth's answer
 * agrees: `agreed`, or what stands before the slow command. */
size_t slow_conclude(struct session *s, struct comparison *result, size_t agreed);
/* For the DETAIL of a mismatch: both plans, shortened. False: does not fit. */
bool slow_describe(struct buf *out, const struct session *s) ATTR_USE_RESULT;

void slow_case_free(struct slow_case *c); /* takes NULL */
/* The session ends. */
void slow_forget(struct session *s);
/* No session is left. */
void slow_fini(struct proxy *p);

#endif
