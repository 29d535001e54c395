/*
 * The last words of a replay: counts of every verdict, what was not replayed and why, the path
 * of the trace, and the exit status that follows from them.
 */
#ifndef REPLAY_SUMMARY_H
#define REPLAY_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "replay/replay.h"

enum { EXIT_SAME = 0, EXIT_MISMATCH = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

struct summary {
	const struct settings *settings;
	const struct replay_counts *counts;
	const struct known *known;                /* NULL: no list was given */
	const struct recall_counts *recall;       /* NULL: the same as zeros */
	const struct replay_wishes *wishes;       /* NULL: the defaults */
	const struct end_state_counts *end_state; /* NULL: the same as zeros */
	const char *source, *trace;               /* paths: replayed, written */
	int64_t recorded_gaps;                    /* of the replayed trace */
	bool has_no_end;     /* the replayed trace: its writer was killed, or still runs */
	const char *stopped; /* why it ended early; NULL: it did not */
	const char *refusal; /* of the first session that could not connect; NULL: none */
};

void summary_print(const struct summary *s, FILE *out);

/* 1: mismatches, or known differences that are gone;
 * 3: none, but the replay proves nothing, and `out` gets the reason; else 0. */
int summary_exit_status(const struct summary *s, FILE *out);

#endif
