/*
 * Counting up at the end.
 */
#include "replay/summary.h"

#include <inttypes.h>

#include "diffengine/known.h"
#include "replay/end_state.h"

static int64_t replayed(const struct replay_counts *counts)
{
	int64_t sum = 0;

	for (int i = 0; i < VERDICT_COUNT; i++)
		sum += counts->exchanges[i];
	return sum;
}

static void print_count(FILE *out, int64_t count, const char *what)
{
	if (count > 0)
		fprintf(out, "twinkly: %10" PRId64 " %s\n", count, what);
}

static void print_drift(FILE *out, int64_t count, const char *name)
{
	if (count > 0)
		fprintf(out,
			"twinkly: %10" PRId64
			" in which %s answers otherwise than in the capture\n",
			count, name);
}

static void print_recall(const struct summary *s, FILE *out)
{
	const struct recall_counts *r = s->recall;

	if (!r)
		return;
	print_drift(out, r->drifted[0], s->settings->truth.name);
	print_drift(out, r->drifted[1], s->settings->candidate.name);
	print_count(out, r->regressions, "regressions: equal in the capture, a mismatch now");
	print_count(out, r->mended, "mended: a mismatch in the capture, equal now");
}

static void print_sides(const struct summary *s, FILE *out)
{
	enum replay_against against = s->wishes ? s->wishes->against : AGAINST_BOTH;

	if (against == AGAINST_BOTH)
		fprintf(out, "twinkly: %s against %s: ", s->settings->postgresql_name,
			s->settings->yugabytedb_name);
	else
		fprintf(out, "twinkly: %s against what was recorded: ",
			against == AGAINST_TRUTH ? s->settings->truth.name
						 : s->settings->candidate.name);
}

void summary_print(const struct summary *s, FILE *out)
{
	const struct replay_counts *c = s->counts;

	fprintf(out, "twinkly: replay of %s\n", s->source);
	print_sides(s, out);
	fprintf(out, "%" PRId64 " exchanges in %" PRId64 " sessions\n", replayed(c), c->sessions);
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (c->exchanges[i] > 0 || i == VERDICT_EQUAL || i == VERDICT_MISMATCH)
			fprintf(out, "twinkly: %10" PRId64 " %s\n", c->exchanges[i],
				verdict_name((enum verdict)i));
	if (s->known)
		known_print(s->known, c->exchanges[VERDICT_MISMATCH], "twinkly: ", out);
	print_count(out, c->waited, "times a session waited for another");
	print_count(out, c->relaxed,
		"relaxed: begun before the answer that they had followed in the capture");
	print_count(out, c->rolled_back,
		"rolled back on both databases, since their transactions were in different states");
	print_recall(s, out);
	for (int i = 0; i < SKIP_COUNT; i++)
		print_count(out, c->skipped[i], skip_text((enum skip)i));
	if (c->refused > 0)
		fprintf(out, "twinkly: %10" PRId64 " sessions could not connect: %s\n", c->refused,
			s->refusal);
	if (s->has_no_end)
		fprintf(out,
			"twinkly: %s has no end: its writer was killed or still runs, and "
			"what it had not written yet was not replayed\n",
			s->source);
	if (s->end_state)
		end_state_print(s->end_state, out);
	fprintf(out, "twinkly: trace: %s\n", s->trace);
}

static bool has_left_out(const struct replay_counts *counts)
{
	for (int i = 0; i < SKIP_COUNT; i++)
		if (!skip_is_as_asked((enum skip)i) && counts->skipped[i] > 0)
			return true;
	return false;
}

/* Why a replay without a mismatch proves nothing; NULL: it proves something. */
static const char *doubt(const struct summary *s)
{
	if (s->counts->exchanges[VERDICT_INCONCLUSIVE] > 0)
		return "some exchanges are inconclusive: twinkly-report names them";
	if (s->end_state && s->end_state->skipped + s->end_state->omitted > 0)
		return "some tables of the end state were not compared";
	if (has_left_out(s->counts))
		return "some exchanges were not replayed";
	if (s->recorded_gaps > 0)
		return "the replayed trace has gaps: exchanges that could not be recorded";
	return NULL;
}

int summary_exit_status(const struct summary *s, FILE *out)
{
	const char *why = doubt(s);

	if (s->stopped)
		fprintf(out, "twinkly: the replay ended early: %s\n", s->stopped);
	if (s->end_state && s->end_state->different > 0)
		return EXIT_MISMATCH;
	if (s->counts->exchanges[VERDICT_MISMATCH] > 0 || known_has_gone(s->known))
		return EXIT_MISMATCH;
	if (s->stopped)
		return EXIT_FAILED;
	if (replayed(s->counts) == 0) {
		fprintf(out, "twinkly: nothing was replayed: %s\n",
			s->refusal ? s->refusal : "the trace holds no exchange that could be");
		return EXIT_FAILED;
	}
	if (why) {
		fprintf(out, "twinkly: no mismatch, but %s\n", why);
		return EXIT_FAILED;
	}
	return EXIT_SAME;
}
