/*
 * What is shown while the proxy runs. A mismatch whose statement (diffengine/normalise.h) and kind
 * are new in this run is logged as a warning when it is noted; the same again is not. On a
 * terminal, and without a COMMAND that uses it, a line with the counts is rewritten
 * LIVE_STATUS_MS apart at the soonest, and erased at the end.
 *
 * Limits: LIVE_KINDS_MAX kinds are remembered; mismatches of further ones are counted in the
 * summary only, and a warning says so once.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define LIVE_KINDS_MAX 4096
#define LIVE_SLOTS     (2 * LIVE_KINDS_MAX)
#define LIVE_STATUS_MS 250

struct comparison;
struct proxy;
struct session;

struct live {                      /* part of a zeroed struct proxy */
	uint64_t seen[LIVE_SLOTS]; /* hashes of statement and kind; 0: free */
	size_t seen_count;
	bool has_said_full;
	bool has_line; /* the status line is in use */
	uv_timer_t timer;
};

/* Logs what is new among the differences of an exchange. */
void live_note(struct session *s, const struct comparison *result);

/* Begins the status line if standard error is a terminal. */
void live_start(struct proxy *p);
/* Erases it for a moment, for text that does not go through the log. */
void live_clear(const struct proxy *p);
/* Erases it for good; harmless if it was never begun. */
void live_stop(struct proxy *p);

#endif
