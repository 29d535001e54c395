/*
 * One line on a terminal that is written over: how far, how fast, how long yet.
 */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

#define PROGRESS_EVERY_US 500000

struct progress {  /* zero but for out before use */
	FILE *out; /* NULL: nothing is shown */
	int64_t began_us, shown_us, shown_done;
	int width; /* of the line that stands there */
};

/* `now`: monotonic. Writes every PROGRESS_EVERY_US at most. */
void progress_show(struct progress *p, int64_t done, int64_t all, int64_t now);
/* Takes the line away. */
void progress_end(struct progress *p);

#endif
