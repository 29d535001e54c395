/*
 * The last words of a run: counts of every verdict, gaps, the path of the trace, and the
 * exit status that follows from them.
 */
#ifndef CAPTURE_SUMMARY_H
#define CAPTURE_SUMMARY_H

#include <stdio.h>

#include "capture/preflight_run.h"
#include "capture/proxy.h"

struct summary {
	const struct settings *settings;
	const struct proxy_counts *counts;
	const struct trace_queue_stats *stats;
	struct rules_seen *rules;              /* NULL: unknown */
	const struct preflight_run *preflight; /* NULL: nobody connected */
	const struct known *known;             /* NULL: no list was given */
	const struct end_state_counts *end_state;
	bool has_command;
	int command_status;
};

void summary_print(const struct summary *s, FILE *out);

/* 1: mismatches, or known differences that are
 * gone; else the command's own status; 3 where that is 0 but nothing was captured,
 * or the run has gaps or inconclusive exchanges: then `out` gets the reason. */
int summary_exit_status(const struct summary *s, FILE *out);

#endif
