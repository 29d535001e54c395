/*
 * The walk over both traces. Accepted differences are events: they are read up to the end of each
 * exchange, in the order of time.
 */
#include "replay/fixture_judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "replay/drift.h"
#include "replay/fixture_accepts.h"
#include "replay/fixture_write.h"
#include "replay/pairs.h"
#include "schema/trace_read.h"

#define JUDGE_ARENA ((size_t)512 << 20)

struct judging {
	struct judge *judge;
	struct pairs pairs;
	struct arena arena; /* of one exchange */
	bool is_swapped;    /* what is the truth here was the candidate there */
	struct fixture_names names;
	struct err *err;
	bool has_failed;
	/* of the exchange under way */
	const struct trace_exchange *expected;
	struct fixture_accepts accepts;
	bool is_covered;
	int64_t drifted;
};

static void say(struct judging *j, const char *format, ...) ATTR_PRINTF(2, 3);

static void say(struct judging *j, const char *format, ...)
{
	va_list args;

	if (j->judge->lines++ >= JUDGE_LINES_MAX || !j->judge->out)
		return;
	fprintf(j->judge->out, "  exchange %" PRId64 ", session %" PRId64 ": ", j->expected->id,
		j->expected->session);
	va_start(args, format);
	vfprintf(j->judge->out, format, args);
	va_end(args);
	fputs("\n", j->judge->out);
}

/* --- each side against what is expected --- */

static void judge_side(struct judging *j, const char *name, const struct drift_input *input)
{
	struct comparison result;
	bool drifted;

	if (!drift_compare(input, &j->arena, &result, &drifted)) {
		j->has_failed = true;
		err_set(j->err, "exchange %" PRId64 ": its answer is too long", j->expected->id);
		return;
	}
	if (!drifted)
		return;
	j->drifted++;
	if (result.count == 0)
		say(j, "%s: another answer than expected%s%s", name, result.note ? ": " : "",
			result.note ? result.note : "");
	for (size_t i = 0; i < result.count; i++)
		say(j, "%s: %s", name, result.differences[i].text);
}

static void judge_sides(struct judging *j, const struct trace_exchange *actual)
{
	const struct trace_exchange *expected = j->expected;
	struct drift_input input = {.before = drift_truth(expected)};

	if (!drift_commands(j->judge->expected, expected->id, &j->arena, &input, j->err)) {
		j->has_failed = true;
		return;
	}
	input.now = j->is_swapped ? drift_candidate(actual) : drift_truth(actual);
	judge_side(j, j->names.truth, &input);
	input.before = drift_candidate(expected);
	input.now = j->is_swapped ? drift_truth(actual) : drift_candidate(actual);
	judge_side(j, j->names.candidate, &input);
}

/* --- side against side --- */

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct judging *j = context;

	if (fixture_accepts_cover_one(&j->accepts, j->expected->session, row->kind ? row->kind : "",
		    row->difference->column))
		return true;
	j->is_covered = false;
	say(j, "%s", row->difference->text);
	return true;
}

static void judge_pair(struct judging *j, const struct trace_exchange *actual)
{
	int64_t session = j->expected->session;
	const char *until = fixture_accepts_expired(&j->accepts, session);
	bool has_accepts = fixture_accepts_count(&j->accepts, session) > 0;

	if (until) {
		j->judge->stale++;
		say(j, "a difference was accepted until %s", until);
	}
	if (actual->verdict != VERDICT_MISMATCH) {
		if (has_accepts && !until) {
			j->judge->stale++;
			say(j, "the accepted difference is gone");
		}
		return;
	}
	j->is_covered = true;
	if (!trace_read_differences(j->judge->actual, actual->id, on_difference, j, j->err)) {
		j->has_failed = true;
		return;
	}
	j->judge->accepted += j->is_covered;
	j->judge->mismatches += !j->is_covered;
}

/* --- the walk --- */

struct fetch {
	struct judging *j;
	int64_t id;
};

static bool on_actual(void *context, const struct trace_exchange *row)
{
	struct fetch *f = context;
	struct judging *j = f->j;
	struct judge *judge = j->judge;

	if (row->id != f->id)
		return false;
	j->drifted = 0;
	if (row->verdict != VERDICT_EXCLUDED)
		judge_sides(j, row);
	if (!j->has_failed && !judge->only_answers)
		judge_pair(j, row);
	judge->changed += j->drifted > 0;
	if (j->drifted > 0 && judge->on_changed && !j->has_failed &&
		!judge->on_changed(
			judge->context, j->expected->id, row->id, row->verdict != VERDICT_MISMATCH))
		j->has_failed = !err_set(j->err, "out of memory");
	return false;
}

struct accepting {
	struct judging *j;
	int64_t from_us, to_us;
};

static bool on_event(void *context, const struct trace_event *row)
{
	struct accepting *a = context;
	struct judging *j = a->j;

	if (row->at_us > a->to_us)
		return false;
	if (row->at_us >= a->from_us && row->session == j->expected->session && row->detail &&
		strcmp(row->what, "accept") == 0 &&
		!fixture_accepts_add(&j->accepts, row->session, row->detail, j->err))
		j->has_failed = true;
	return !j->has_failed;
}

/* Those that stand between the request and the answer. */
static bool read_accepts(struct judging *j)
{
	const struct trace_exchange *row = j->expected;
	int64_t took = row->truth_us > row->candidate_us ? row->truth_us : row->candidate_us;
	struct accepting a = {.j = j, .from_us = row->started_us, .to_us = INT64_MAX};

	if (took >= 0 && took < INT64_MAX - row->started_us)
		a.to_us = row->started_us + took;
	fixture_accepts_drop(&j->accepts, row->session);
	return trace_read_events(j->judge->expected, on_event, &a, j->err) && !j->has_failed;
}

static bool on_expected(void *context, const struct trace_exchange *row)
{
	struct judging *j = context;
	struct judge *judge = j->judge;
	struct fetch f = {.j = j};

	arena_reset(&j->arena);
	j->expected = row;
	judge->exchanges++;
	f.id = pairs_take(&j->pairs, row);
	if (f.id == 0) {
		judge->missing++;
		say(j, judge->only_answers ? "is in the first trace only" : "was not replayed");
		return true;
	}
	if (!read_accepts(j) ||
		!trace_read_exchanges(judge->actual, 0, f.id, on_actual, &f, j->err))
		j->has_failed = true;
	return !j->has_failed;
}

static bool judge_all(struct judging *j)
{
	struct judge *judge = j->judge;
	struct fixture_names now;

	if (!fixture_names_read(&j->names, judge->expected, j->err) ||
		!fixture_names_read(&now, judge->actual, j->err) ||
		!pairs_load(&j->pairs, judge->expected, judge->actual, j->err))
		return false;
	j->is_swapped = strcmp(j->names.truth, now.candidate) == 0 ||
			strcmp(j->names.candidate, now.truth) == 0;
	if (!trace_read_exchanges(judge->expected, 0, INT64_MIN, on_expected, j, j->err))
		return false;
	judge->extra = pairs_left(&j->pairs);
	return !j->has_failed;
}

bool fixture_judge(struct judge *judge, struct err *err)
{
	struct judging j = {.judge = judge, .err = err};
	bool ok;

	arena_init(&j.arena, JUDGE_ARENA);
	ok = judge_all(&j);
	if (judge->out && judge->lines > JUDGE_LINES_MAX)
		fprintf(judge->out, "  and %" PRId64 " lines more\n",
			judge->lines - JUDGE_LINES_MAX);
	pairs_fini(&j.pairs);
	fixture_accepts_fini(&j.accepts);
	arena_fini(&j.arena);
	return ok;
}

bool judge_is_content(const struct judge *judge)
{
	return judge->mismatches == 0 && judge->changed == 0 && judge->missing == 0 &&
	       judge->stale == 0;
}
