/*
 * Counters of the proxy: the bounds of the latency histogram, and what the links of a session
 * have carried.
 */
#include "capture/counts.h"

#include <assert.h>

#include "capture/session.h"

/* From what a local database needs for one row to what a person calls a hang. */
static const int64_t bounds_us[] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000};

static_assert(ARRAY_LEN(bounds_us) == COUNTS_BUCKETS, "one bound a bucket");

const char *counts_direction_name(enum counts_direction direction)
{
#define COUNTS_X_NAME(NAME, name) name,
	static const char *const names[] = {COUNTS_DIRECTIONS(COUNTS_X_NAME)};
#undef COUNTS_X_NAME

	return names[direction];
}

int64_t counts_bound_us(int bucket)
{
	return bounds_us[bucket];
}

void counts_observe(struct counts_histogram *h, int64_t us)
{
	int bucket = 0;

	while (bucket < COUNTS_BUCKETS && us > bounds_us[bucket])
		bucket++;
	h->buckets[bucket]++;
	h->sum_us += us;
}

static void add_side(const struct side *side, int64_t *in, int64_t *out)
{
	if (!side->backend)
		return;
	*in += side->backend->link.received;
	*out += side->backend->link.sent;
}

void counts_add_backends(struct proxy_counts *counts, const struct session *s)
{
	add_side(&s->truth, &counts->bytes[COUNTS_TRUTH_IN], &counts->bytes[COUNTS_TRUTH_OUT]);
	add_side(&s->candidate, &counts->bytes[COUNTS_CANDIDATE_IN],
		&counts->bytes[COUNTS_CANDIDATE_OUT]);
}

void counts_add_session(struct proxy_counts *counts, const struct session *s)
{
	counts->bytes[COUNTS_CLIENT_IN] += s->client.received;
	counts->bytes[COUNTS_CLIENT_OUT] += s->client.sent;
	counts_add_backends(counts, s);
}
