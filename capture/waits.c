/*
 * Breadth first from every session that waits on the candidate, over pairs of a session and
 * whether the truth was passed already. At most WAITS_MAX searches of 2 * WAITS_MAX places.
 */
#include "capture/waits.h"

#define PLACES  (2 * WAITS_MAX) /* a session, and the same with the truth passed */
#define NOWHERE SIZE_MAX

struct search {
	size_t from[PLACES]; /* the place before; NOWHERE: not reached */
	size_t queue[PLACES];
	size_t head, tail;
};

void waits_add(struct waits *w, enum waits_side side, size_t from, size_t to)
{
	w->edges[side][from][to / 64] |= UINT64_C(1) << (to % 64);
}

bool waits_has(const struct waits *w, enum waits_side side, size_t from, size_t to)
{
	return w->edges[side][from][to / 64] >> (to % 64) & 1;
}

static void reach(struct search *search, size_t place, size_t from)
{
	if (search->from[place] != NOWHERE)
		return;
	search->from[place] = from;
	search->queue[search->tail++] = place;
}

static void reach_next(const struct waits *w, struct search *search, size_t place)
{
	size_t session = place % WAITS_MAX, passed = place - session;

	for (size_t to = 0; to < w->count; to++) {
		if (waits_has(w, WAITS_TRUTH, session, to))
			reach(search, to + WAITS_MAX, place);
		if (waits_has(w, WAITS_CANDIDATE, session, to))
			reach(search, to + passed, place);
	}
}

/* Back from the goal, so that the members come out in order. */
static size_t collect(const struct search *search, size_t start, size_t goal, size_t *members)
{
	size_t count = 0;

	for (size_t at = goal;; at = search->from[at]) {
		count++;
		if (search->from[at] == start)
			break;
	}
	for (size_t at = goal, i = count; i-- > 0; at = search->from[at])
		members[i] = at % WAITS_MAX;
	return count;
}

/* From `start` over one of its edges on the candidate, and on until it is met again with an
 * edge of the truth on the way. */
static size_t find_from(const struct waits *w, struct search *search, size_t start, size_t *members)
{
	search->head = search->tail = 0;
	for (size_t i = 0; i < PLACES; i++)
		search->from[i] = NOWHERE;
	for (size_t to = 0; to < w->count; to++)
		if (waits_has(w, WAITS_CANDIDATE, start, to))
			reach(search, to, PLACES);
	while (search->head < search->tail) {
		size_t place = search->queue[search->head++];

		if (place == start + WAITS_MAX)
			return collect(search, PLACES, place, members);
		reach_next(w, search, place);
	}
	return 0;
}

size_t waits_find_cycle(const struct waits *w, size_t *members)
{
	struct search search;

	for (size_t start = 0; start < w->count; start++) {
		size_t count = find_from(w, &search, start, members);

		if (count > 0)
			return count;
	}
	return 0;
}
