/*
 * The second trace's exchanges in an array, and a cursor in it for each session of the first.
 */
#include "replay/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "schema/trace_read.h"

struct loading {
	struct pairs *pairs;
	bool is_second, is_out_of_memory;
	size_t seen; /* sessions of the second trace */
};

/* Room for one more; NULL: no memory, `array` is untouched. */
static void *grow(void *array, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap ? 2 * *cap : 64;
	void *more;

	if (count < *cap)
		return array;
	more = realloc(array, wanted * size);
	if (more)
		*cap = wanted;
	return more;
}

static bool on_first(void *context, const struct trace_session *row)
{
	struct loading *l = context;
	struct pairs *p = l->pairs;
	struct pairs_session *more =
		grow(p->sessions, p->session_count, &p->session_cap, sizeof(*more));

	l->is_out_of_memory = !more;
	if (!more)
		return false;
	p->sessions = more;
	p->sessions[p->session_count++] = (struct pairs_session){.first = row->id};
	return true;
}

static struct pairs_session *find(const struct pairs *p, int64_t first)
{
	size_t low = 0, high = p->session_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->sessions[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->session_count && p->sessions[low].first == first ? &p->sessions[low] : NULL;
}

static bool on_second(void *context, const struct trace_session *row)
{
	struct loading *l = context;
	struct pairs *p = l->pairs;
	struct pairs_session *s = NULL;
	long long of;

	if (sscanf(row->client, "replay of session %18lld", &of) == 1)
		s = find(p, of);
	else if (l->seen < p->session_count)
		s = &p->sessions[l->seen];
	l->seen++;
	if (s)
		s->second = row->id;
	return true;
}

static uint64_t request_hash(const struct trace_exchange *row)
{
	return hash_bytes64(row->request);
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct loading *l = context;
	struct pairs *p = l->pairs;
	struct pairs_entry *more = grow(p->entries, p->count, &p->cap, sizeof(*more));

	l->is_out_of_memory = !more;
	if (!more)
		return false;
	p->entries = more;
	p->entries[p->count++] = (struct pairs_entry){
		.session = row->session, .id = row->id, .request = request_hash(row)};
	return true;
}

static int by_session(const void *a, const void *b)
{
	const struct pairs_entry *x = a, *y = b;

	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static size_t first_of(const struct pairs *p, int64_t session)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->entries[middle].session < session)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool pairs_load(struct pairs *pairs, struct trace *first, struct trace *second, struct err *err)
{
	struct loading l = {.pairs = pairs};

	*pairs = (struct pairs){0};
	if (!trace_read_sessions(first, on_first, &l, err) ||
		(!l.is_out_of_memory && !trace_read_sessions(second, on_second, &l, err)) ||
		(!l.is_out_of_memory &&
			!trace_read_exchanges(second, 0, INT64_MIN, on_exchange, &l, err)))
		return false;
	if (l.is_out_of_memory)
		return err_set(err, "out of memory for the exchanges of two traces");
	if (pairs->count > 0)
		qsort(pairs->entries, pairs->count, sizeof(*pairs->entries), by_session);
	for (size_t i = 0; i < pairs->session_count; i++) {
		struct pairs_session *s = &pairs->sessions[i];

		s->at = s->end = s->second ? first_of(pairs, s->second) : 0;
		while (s->second && s->end < pairs->count &&
			pairs->entries[s->end].session == s->second)
			s->end++;
	}
	return true;
}

void pairs_fini(struct pairs *pairs)
{
	free(pairs->entries);
	free(pairs->sessions);
	*pairs = (struct pairs){0};
}

int64_t pairs_take(struct pairs *pairs, const struct trace_exchange *row)
{
	struct pairs_session *s = find(pairs, row->session);

	if (!s || s->at == s->end || pairs->entries[s->at].request != request_hash(row))
		return 0;
	return pairs->entries[s->at++].id;
}

int64_t pairs_left(const struct pairs *pairs)
{
	int64_t taken = 0;

	for (size_t i = 0; i < pairs->session_count; i++)
		if (pairs->sessions[i].second)
			taken += (int64_t)pairs->sessions[i].at -
				 (int64_t)first_of(pairs, pairs->sessions[i].second);
	return (int64_t)pairs->count - taken;
}
