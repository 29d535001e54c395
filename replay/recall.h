/*
 * An exchange that is over against what was recorded of it: has a side drifted, that is, does it
 * answer otherwise than in the capture? And does the verdict tell something new?
 *
 * Equal bytes are the rule and cost one walk (diffengine/lockstep.h); the rest is compared as a
 * fixture's answer would be (replay/drift.h). With --against one side, its drift is the verdict.
 */
#ifndef REPLAY_RECALL_H
#define REPLAY_RECALL_H

#include <stdbool.h>
#include <stdint.h>

struct session;

struct recall_counts {
	int64_t drifted[2];  /* exchanges in which the truth, the candidate drifted */
	int64_t regressions; /* equal in the capture, and now a mismatch */
	int64_t mended;      /* the other way round */
	int64_t unknown;     /* that the capture has no whole answer of */
};

/* Before its row is written. What it finds goes into exchange.recalled. */
void recall_exchange(struct session *s);

#endif
