/*
 * The window over the trace's exchanges.
 */
#include "replay/plan.h"

#include <string.h>

#include "schema/trace_read.h"

void plan_init(struct plan *plan, struct trace *trace)
{
	*plan = (struct plan){.trace = trace, .next_id = INT64_MIN};
}

static int64_t finish_of(const struct trace_exchange *row)
{
	int64_t took = row->truth_us > row->candidate_us ? row->truth_us : row->candidate_us;

	if (row->truth_us < 0 || row->candidate_us < 0 || took > INT64_MAX - row->started_us)
		return INT64_MAX;
	return row->started_us + took;
}

/* Mostly at the end: exchanges nearly always start in order of their ids. */
static void insert(struct plan *plan, const struct plan_entry *entry)
{
	size_t at = plan->count;

	while (at > 0 && plan->entries[at - 1].started_us > entry->started_us)
		at--;
	memmove(plan->entries + at + 1, plan->entries + at,
		(plan->count - at) * sizeof(*plan->entries));
	plan->entries[at] = *entry;
	plan->count++;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct plan *plan = context;
	struct plan_entry entry = {.id = row->id,
		.session = row->session,
		.started_us = row->started_us,
		.finished_us = finish_of(row)};

	if (plan->count == PLAN_MAX)
		return false;
	if (plan->roster)
		entry.of = roster_find(plan->roster, row->session);
	if (entry.of && entry.of->is_left_out) {
		plan->left_out++;
	} else {
		entry.is_reading = entry.of && plan->reading &&
				   reading_is(plan->reading, entry.of, row->request);
		insert(plan, &entry);
	}
	plan->next_id = row->id + 1;
	plan->is_at_end = row->id == INT64_MAX;
	return !plan->is_at_end;
}

bool plan_fill(struct plan *plan, struct err *err)
{
	if (plan->is_at_end || plan->count >= PLAN_MIN)
		return true;
	memmove(plan->entries, plan->entries + plan->first, plan->count * sizeof(*plan->entries));
	plan->first = 0;
	if (!trace_read_exchanges(plan->trace, 0, plan->next_id, on_exchange, plan, err))
		return false;
	plan->is_at_end |= plan->count < PLAN_MAX;
	return true;
}

const struct plan_entry *plan_at(const struct plan *plan, size_t i)
{
	return i < plan->count ? &plan->entries[plan->first + i] : NULL;
}

/* Those before it move up: they are few. */
void plan_take(struct plan *plan, size_t i)
{
	struct plan_entry *entries = plan->entries + plan->first;

	memmove(entries + 1, entries, i * sizeof(*entries));
	plan->first++;
	plan->count--;
}
