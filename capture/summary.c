/*
 * Counting up at the end.
 */
#include "capture/summary.h"

#include <inttypes.h>

#include "capture/end_state.h"
#include "capture/run.h"
#include "diffengine/known.h"
#include "diffengine/rules_seen.h"

#define RULES_SHOWN 10

static int64_t total(const struct proxy_counts *counts)
{
	int64_t sum = 0;

	for (int i = 0; i < VERDICT_COUNT; i++)
		sum += counts->exchanges[i];
	return sum;
}

/* What was allowed by which rule, and the user's own rules that did nothing. */
static void print_rules(struct rules_seen *rules, FILE *out)
{
	const struct rules_seen_row *rows;
	size_t count = 0, used = 0;

	rows = rules ? rules_seen_sorted(rules, &count) : NULL;
	for (size_t i = 0; i < count; i++) {
		used += rows[i].comparisons > 0;
		if (rows[i].comparisons > 0 && used <= RULES_SHOWN)
			fprintf(out, "twinkly: %10" PRId64 " allowed by %s\n", rows[i].comparisons,
				rows[i].name);
	}
	if (used > RULES_SHOWN)
		fprintf(out, "twinkly: ... and by %zu more rules (twinkly-report)\n",
			used - RULES_SHOWN);
	for (size_t i = 0; i < count; i++)
		if (rows[i].is_idle)
			fprintf(out, "twinkly: the rule \"%s\" never did anything\n", rows[i].name);
}

static void print_consequences(const struct proxy_counts *c, FILE *out)
{
	if (c->consequences > 0)
		fprintf(out,
			"twinkly: %10" PRId64 " mismatches may follow from earlier ones; "
			"twinkly-report has those that do not first\n",
			c->consequences);
	if (c->ddl_kept > 0)
		fprintf(out,
			"twinkly: %10" PRId64 " transactions with DDL rolled back on one side "
			"only\n",
			c->ddl_kept);
	if (c->taint_omitted > 0)
		fprintf(out, "twinkly: %10" PRId64 " tables that may differ were not noted\n",
			c->taint_omitted);
}

void summary_print(const struct summary *s, FILE *out)
{
	const struct proxy_counts *c = s->counts;

	fprintf(out, "twinkly: %s against %s: %" PRId64 " exchanges in %" PRId64 " sessions\n",
		s->settings->postgresql_name, s->settings->yugabytedb_name, total(c), c->sessions);
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (c->exchanges[i] > 0 || i == VERDICT_EQUAL || i == VERDICT_MISMATCH)
			fprintf(out, "twinkly: %10" PRId64 " %s\n", c->exchanges[i],
				verdict_name((enum verdict)i));
	if (s->known)
		known_print(s->known, c->exchanges[VERDICT_MISMATCH], "twinkly: ", out);
	if (c->refused > 0)
		fprintf(out, "twinkly: %10" PRId64 " sessions refused\n", c->refused);
	if (c->alone > 0)
		fprintf(out, "twinkly: %10" PRId64 " sessions without %s\n", c->alone,
			s->settings->candidate.name);
	if (c->handed_on > 0)
		fprintf(out, "twinkly: %10" PRId64 " times a blocked session handed its turn on\n",
			c->handed_on);
	if (c->routed > 0)
		fprintf(out, "twinkly: %10" PRId64 " exchanges routed to one database\n",
			c->routed);
	if (c->asked_again > 0)
		fprintf(out, "twinkly: %10" PRId64 " times a database asked for another try\n",
			c->asked_again);
	if (c->deadlocks > 0)
		fprintf(out, "twinkly: %10" PRId64 " deadlocks across the two databases ended\n",
			c->deadlocks);
	print_rules(s->rules, out);
	print_consequences(c, out);
	if (c->slow > 0)
		fprintf(out, "twinkly: %10" PRId64 " exchanges slow on one database\n", c->slow);
	if (c->slow_unconfirmed > 0)
		fprintf(out, "twinkly: %10" PRId64 " exchanges slow once, not confirmed\n",
			c->slow_unconfirmed);
	if (c->slow_skipped > 0)
		fprintf(out, "twinkly: %10" PRId64 " exchanges slow, not looked into\n",
			c->slow_skipped);
	if (s->stats->lost_exchanges > 0)
		fprintf(out, "twinkly: %10" PRId64 " exchanges are not in the trace: %s\n",
			s->stats->lost_exchanges, s->stats->why);
	preflight_run_print(s->preflight, out);
	if (s->end_state)
		end_state_print(s->end_state, out);
	fprintf(out, "twinkly: trace: %s\n", s->settings->trace_file);
}

static const char *doubt(const struct summary *s)
{
	if (s->stats->has_failed || s->stats->lost_exchanges > 0)
		return "the trace is not complete";
	if (s->end_state && s->end_state->skipped + s->end_state->omitted > 0)
		return "some tables of the end state were not compared";
	if (s->counts->exchanges[VERDICT_INCONCLUSIVE] > 0)
		return "some exchanges are inconclusive: twinkly-report names them";
	return NULL;
}

static void print_nothing(const struct summary *s, FILE *out)
{
	const char *who = s->has_command ? "the command" : "a client";

	fputs("twinkly: nothing was captured: ", out);
	if (s->counts->refused > 0)
		fprintf(out, "%" PRId64 " sessions were refused\n", s->counts->refused);
	else if (s->counts->sessions > 0)
		fprintf(out, "%s connected and asked nothing\n", who);
	else
		fprintf(out, "%s never connected to %s:%d\n", who,
			*s->settings->listen_address ? s->settings->listen_address
						     : s->settings->unix_directory,
			s->settings->listen_port);
}

int summary_exit_status(const struct summary *s, FILE *out)
{
	const char *why = doubt(s);

	if (s->end_state && s->end_state->different > 0)
		return EXIT_MISMATCH;
	if (s->counts->exchanges[VERDICT_MISMATCH] > 0 || known_has_gone(s->known))
		return EXIT_MISMATCH;
	if (s->has_command && s->command_status != 0)
		return s->command_status;
	if (total(s->counts) == 0) {
		print_nothing(s, out);
		return EXIT_FAILED;
	}
	if (why) {
		fprintf(out, "twinkly: no mismatch, but %s\n", why);
		return EXIT_FAILED;
	}
	return EXIT_SAME;
}
