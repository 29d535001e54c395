/*
 * Who waits for whom, on which of the two databases: a graph over a few waiting sessions, each
 * known by its place from 0. Pure. A cycle that lies on one database alone is that database's
 * to find; one that needs edges of both is seen by nobody but us.
 */
#ifndef CAPTURE_WAITS_H
#define CAPTURE_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAITS_MAX 256 /* sessions; those beyond are left out by the caller */

enum waits_side { WAITS_TRUTH, WAITS_CANDIDATE, WAITS_SIDES };

struct waits { /* zero before use */
	size_t count;
	uint64_t edges[WAITS_SIDES][WAITS_MAX][WAITS_MAX / 64];
};

/* `from` waits for `to`; both below count. */
void waits_add(struct waits *w, enum waits_side side, size_t from, size_t to);
bool waits_has(const struct waits *w, enum waits_side side, size_t from, size_t to);
/* A cycle that uses edges of both sides: its members in the order of waiting, the last one waits
 * for the first. Returns how many; 0: there is none. `members` has room for 2 * WAITS_MAX: a
 * member may be passed twice. */
size_t waits_find_cycle(const struct waits *w, size_t *members);

#endif
