/*
 * What the command line asks of a replay. Zero is the default of each. Plain data; strings are
 * borrowed from the command line.
 */
#ifndef REPLAY_WISHES_H
#define REPLAY_WISHES_H

#include <stdbool.h>
#include <stdint.h>

enum replay_order {
	ORDER_DEPENDENCY, /* after all that had finished before it began in the capture */
	ORDER_SERIAL,     /* one after the other, as they began in the capture */
	ORDER_FREE        /* in order within a session only */
};

enum replay_against { AGAINST_BOTH, AGAINST_TRUTH, AGAINST_CANDIDATE };

struct replay_wishes {
	enum replay_order order;
	enum replay_against against;
	double speed;           /* 1: think times as captured, 2: half of them; 0: none */
	int64_t deadline_us;    /* of a silent exchange; 0: comparison.backend-timeout */
	const char *sessions;   /* "1,3,7-9"; NULL: all */
	const char *statements; /* a pattern; NULL: all */
	bool is_read_only;
	bool is_dry_run;
	const char *end_state; /* "counts" or "hash"; NULL: comparison.end-state */
};

#endif
