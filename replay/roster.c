/*
 * One pass each over the trace's sessions, events, exchanges and gaps.
 */
#include "replay/roster.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "schema/trace_read.h"

#define STARTUPS_MEMORY ((size_t)256 * 1024 * 1024)

struct loading {
	struct roster *roster;
	bool is_out_of_memory;
};

/* Room for one more element; NULL: no memory, `array` is untouched. */
static void *grow(void *array, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap ? 2 * *cap : 16;
	void *more;

	if (count < *cap)
		return array;
	more = realloc(array, wanted * size);
	if (more)
		*cap = wanted;
	return more;
}

/* A packet that many sessions share is kept once. */
static bool keep_startup(struct roster *r, struct bytes startup, struct bytes *kept)
{
	bool is_new;
	size_t number = (size_t)texts_number(&r->texts, startup, &is_new);
	struct bytes *more;

	if (!is_new) {
		*kept = r->startups[number - 1];
		return true;
	}
	more = grow(r->startups, r->startup_count, &r->startup_cap, sizeof(*more));
	if (!more)
		return false;
	r->startups = more;
	*kept = arena_copy(&r->arena, startup);
	r->startups[r->startup_count++] = *kept;
	return kept->ptr != NULL;
}

static bool on_session(void *context, const struct trace_session *row)
{
	struct loading *l = context;
	struct roster *r = l->roster;
	struct roster_session *more = grow(r->sessions, r->count, &r->cap, sizeof(*more));
	struct roster_session session = {.id = row->id, .started_us = row->started_us};

	if (more)
		r->sessions = more;
	l->is_out_of_memory = !more || !keep_startup(r, row->startup, &session.startup);
	if (l->is_out_of_memory)
		return false;
	r->sessions[r->count++] = session;
	return true;
}

static bool add_cancel(struct roster *r, const struct trace_event *row)
{
	struct roster_cancel *more =
		grow(r->cancels, r->cancel_count, &r->cancel_cap, sizeof(*more));

	if (!more)
		return false;
	r->cancels = more;
	r->cancels[r->cancel_count++] =
		(struct roster_cancel){.session = row->session, .at_us = row->at_us};
	return true;
}

static bool add_type(struct roster *r, const struct trace_event *row, bool is_function)
{
	struct roster_type *more = grow(r->types, r->type_count, &r->type_cap, sizeof(*more));
	struct roster_type type = {
		.session = row->session, .at_us = row->at_us, .is_function = is_function};
	char *text;

	if (!more)
		return false;
	r->types = more;
	text = arena_copy_str(&r->arena, bytes_str(row->detail));
	if (!text)
		return false;
	if (user_type_parse(&type.type, text)) /* another tool's event is none of ours */
		r->types[r->type_count++] = type;
	return true;
}

static bool on_event(void *context, const struct trace_event *row)
{
	struct loading *l = context;
	struct roster_session *session = roster_find(l->roster, row->session);

	if (session && strcmp(row->what, "disconnect") == 0)
		session->ends_us = row->at_us;
	else if (session && strcmp(row->what, "cancel") == 0)
		l->is_out_of_memory = !add_cancel(l->roster, row);
	else if (session && strcmp(row->what, "type") == 0)
		l->is_out_of_memory = !add_type(l->roster, row, false);
	else if (session && strcmp(row->what, "function") == 0)
		l->is_out_of_memory = !add_type(l->roster, row, true);
	return !l->is_out_of_memory;
}

/* Where an exchange ended the captured session's connections (a mismatch, a lost backend)
 * the client may have gone long after; what counts is when the databases saw the end. */
static bool was_ended_by(const struct trace_exchange *row)
{
	return row->verdict == VERDICT_MISMATCH || row->verdict == VERDICT_INCONCLUSIVE;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct loading *l = context;
	struct roster_session *session = roster_find(l->roster, row->session);

	l->roster->exchanges++;
	if (!session)
		return true;
	session->left++;
	if (was_ended_by(row) && row->started_us < session->ends_us)
		session->ends_us = row->started_us;
	return true;
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	struct loading *l = context;

	(void)row;
	l->roster->gaps++;
	return true;
}

bool roster_load(struct roster *roster, struct trace *trace, struct err *err)
{
	struct loading l = {.roster = roster};

	*roster = (struct roster){0};
	arena_init(&roster->arena, STARTUPS_MEMORY);
	if (!trace_read_sessions(trace, on_session, &l, err) || l.is_out_of_memory ||
		!trace_read_events(trace, on_event, &l, err) || l.is_out_of_memory)
		return l.is_out_of_memory ? err_set(err, "out of memory for the trace's sessions")
					  : false;
	return trace_read_exchanges(trace, 0, INT64_MIN, on_exchange, &l, err) &&
	       trace_read_gaps(trace, on_gap, &l, err);
}

void roster_fini(struct roster *roster)
{
	free(roster->sessions);
	free(roster->cancels);
	free(roster->types);
	free(roster->startups);
	texts_fini(&roster->texts);
	arena_fini(&roster->arena);
	*roster = (struct roster){0};
}

struct roster_session *roster_find(const struct roster *roster, int64_t id)
{
	size_t low = 0, high = roster->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (roster->sessions[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < roster->count && roster->sessions[low].id == id ? &roster->sessions[low]
								     : NULL;
}

int64_t roster_cancel_after(
	const struct roster *roster, int64_t session, int64_t from_us, int64_t to_us)
{
	size_t low = 0, high = roster->cancel_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (roster->cancels[middle].at_us < from_us)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < roster->cancel_count && roster->cancels[low].at_us <= to_us; low++)
		if (roster->cancels[low].session == session)
			return roster->cancels[low].at_us - from_us;
	return -1;
}
