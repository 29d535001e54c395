/*
 * The walk of a replay without databases.
 */
#include "replay/dry_run.h"

#include <inttypes.h>

#include "schema/trace_read.h"

#define TEXT_SHOWN 60

struct listing {
	struct replay *r;
	FILE *out;
	struct request request;
	int64_t lines, played;
	char text[TEXT_SHOWN + 1]; /* of the exchange's first statement */
};

/* On one line, without control characters. Returns out. */
static const char *plain(struct bytes text, char out[TEXT_SHOWN + 1])
{
	size_t len = text.len < TEXT_SHOWN ? text.len : TEXT_SHOWN;

	for (size_t i = 0; i < len; i++)
		out[i] = text.ptr[i] < ' ' || text.ptr[i] == 0x7f ? ' ' : (char)text.ptr[i];
	out[len] = '\0';
	return out;
}

static bool on_session(void *context, const struct trace_session *row)
{
	struct listing *l = context;
	const struct roster_session *of = roster_find(&l->r->roster, row->id);
	char user[TEXT_SHOWN + 1], database[TEXT_SHOWN + 1];

	if (of && of->is_left_out)
		fprintf(l->out, "session %" PRId64 ": left out\n", row->id);
	else if (of)
		fprintf(l->out,
			"session %" PRId64 ": %" PRId64 " exchanges, user %s, database %s\n",
			row->id, of->left, plain(bytes_str(row->user), user),
			plain(bytes_str(row->database), database));
	return true;
}

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct listing *l = context;

	(void)row;
	(void)plain(statement, l->text);
	return false;
}

/* Exchanges of other sessions that were under way when this one began. */
static int beside(const struct listing *l, const struct plan_entry *entry)
{
	const struct roster *roster = &l->r->roster;
	int count = 0;

	for (size_t i = 0; i < roster->count; i++)
		count += roster->sessions[i].id != entry->session &&
			 roster->sessions[i].finished_us > entry->started_us;
	return count;
}

static bool state_of(struct listing *l, const struct plan_entry *entry,
	const struct roster_session *of, enum skip *skip, struct err *err)
{
	static const enum skip skips[] = {[REQUEST_WHOLE] = SKIP_COUNT,
		[REQUEST_EMPTY] = SKIP_UNSENT,
		[REQUEST_CUT] = SKIP_CUT,
		[REQUEST_MALFORMED] = SKIP_MALFORMED};
	enum request_state state;
	enum select_result result = SELECT_PLAY;

	*skip = SKIP_NO_SESSION;
	if (!of)
		return true;
	if (!request_open(&l->request, entry->id, &state, err))
		return false;
	if (state == REQUEST_WHOLE && l->r->select)
		result = select_exchange(l->r->select, of, &l->request, err);
	request_close(&l->request);
	*skip = result == SELECT_OTHER    ? SKIP_LEFT_OUT
		: result == SELECT_WRITES ? SKIP_WRITES
					  : skips[state];
	return result != SELECT_FAILED;
}

static bool list_one(struct listing *l, const struct plan_entry *entry, struct err *err)
{
	struct roster_session *of = roster_find(&l->r->roster, entry->session);
	enum skip skip;
	int others = beside(l, entry);

	if (!state_of(l, entry, of, &skip, err))
		return false;
	if (skip < SKIP_COUNT)
		l->r->counts.skipped[skip]++;
	else
		l->played++;
	if (of)
		of->finished_us = entry->finished_us;
	if (l->lines++ >= DRY_RUN_LINES_MAX)
		return true;
	l->text[0] = '\0';
	if (!trace_read_commands(l->r->source, entry->id, on_command, l, err))
		return false;
	fprintf(l->out, "exchange %" PRId64 ", session %" PRId64 ", beside %d: %s%s%s\n", entry->id,
		entry->session, others, l->text, skip < SKIP_COUNT ? "  -- " : "",
		skip < SKIP_COUNT ? skip_text(skip) : "");
	return true;
}

static bool list_all(struct listing *l, struct err *err)
{
	struct plan *plan = &l->r->plan;

	for (;;) {
		struct plan_entry entry;

		if (!plan_fill(plan, err))
			return false;
		if (!plan_at(plan, 0))
			return true;
		entry = *plan_at(plan, 0);
		plan_take(plan, 0);
		if (!list_one(l, &entry, err))
			return false;
	}
}

static void print_totals(const struct listing *l)
{
	struct replay *r = l->r;

	if (l->lines > DRY_RUN_LINES_MAX)
		fprintf(l->out, "and %" PRId64 " exchanges more\n", l->lines - DRY_RUN_LINES_MAX);
	fprintf(l->out, "%" PRId64 " exchanges would be replayed\n", l->played);
	r->counts.skipped[SKIP_LEFT_OUT] += r->plan.left_out;
	for (int i = 0; i < SKIP_COUNT; i++)
		if (r->counts.skipped[i] > 0)
			fprintf(l->out, "%" PRId64 " %s\n", r->counts.skipped[i],
				skip_text((enum skip)i));
}

bool dry_run(struct replay *r, const char *source, FILE *out, struct err *err)
{
	static const char *const orders[] = {"dependency", "serial", "free"};
	static const char *const sides[] = {
		"both databases", "the source of truth alone", "the candidate alone"};
	struct listing l = {.r = r, .out = out};
	bool ok;

	fprintf(out, "plan of %s: on %s, order %s, speed ", source, sides[r->wishes.against],
		orders[r->wishes.order]);
	if (r->wishes.speed > 0)
		fprintf(out, "%g\n", r->wishes.speed);
	else
		fputs("max\n", out);
	request_init(&l.request, r->source, (size_t)r->settings->max_message);
	ok = trace_read_sessions(r->source, on_session, &l, err) && list_all(&l, err);
	request_fini(&l.request);
	if (ok)
		print_totals(&l);
	return ok;
}
