/*
 * From the top: which databases and when, equal or not, the counts of every verdict, the
 * mismatches in groups, what else was not plainly equal, gaps, and how to see more.
 */
#include "report/terminal.h"

#include <inttypes.h>

#include "diffengine/verdict.h"
#include "report/text.h"

#define WIDTH 96

static void write_backend(FILE *out, const char *role, const struct summary_backend *b)
{
	fprintf(out, "  %-16s ", role);
	text_write_line(out, b->name, 40);
	fputc(' ', out);
	text_write_line(out, b->version, 40);
	if (b->host.len > 0) {
		fputs(" (", out);
		text_write_line(out, b->host, 40);
		fprintf(out, ":%d)", b->port);
	}
	fputc('\n', out);
}

static void write_when(FILE *out, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX], took[CLOCK_TEXT_MAX];

	if (s->began_wall_us < 0)
		return;
	fprintf(out, "  %-16s %s", "captured", clock_format_utc(s->began_wall_us, at));
	if (s->ended_wall_us >= s->began_wall_us)
		fprintf(out, ", %s",
			clock_format_duration(s->ended_wall_us - s->began_wall_us, took));
	else
		fputs(", end not recorded: still running, or killed", out);
	fputc('\n', out);
}

static void write_head(FILE *out, const struct summary *s)
{
	char why[SUMMARY_WHY_MAX];

	fputs("Twinkly report of ", out);
	text_write_line(out, bytes_str(s->path), WIDTH - 18);
	fputc('\n', out);
	write_backend(out, "source of truth", &s->truth);
	write_backend(out, "candidate", &s->candidate);
	write_when(out, s);
	summary_status(s, why);
	fprintf(out, "\n%s\n\n", why);
}

static void write_count(
	FILE *out, const char *name, int64_t commands, int64_t exchanges, const char *meaning)
{
	if (commands > 0 || exchanges > 0)
		fprintf(out, "  %-12s %9" PRId64 " %9" PRId64 "  %s\n", name, commands, exchanges,
			meaning);
}

static void write_counts(FILE *out, const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int permille = summary_compared_permille(s);

	fprintf(out, "  %-12s %9s %9s\n", "verdict", "commands", "exchanges");
	for (int v = 0; v < VERDICT_COUNT; v++)
		write_count(out, verdict_name((enum verdict)v), c->by_verdict[v],
			c->exchanges_by_verdict[v], verdict_meaning((enum verdict)v));
	write_count(out, "unknown", summary_unknown(c->by_verdict, c->commands),
		summary_unknown(c->exchanges_by_verdict, c->exchanges), "of a newer Twinkly");
	if (permille >= 0)
		fprintf(out, "  truly compared: %d.%d %% of the commands\n", permille / 10,
			permille % 10);
}

static void write_statement(FILE *out, struct bytes statement, size_t width)
{
	if (statement.len == 0)
		fputs("(no statement)", out);
	else
		text_write_statement(out, statement, width);
	fputc('\n', out);
}

static void write_example(FILE *out, const struct group_example *e)
{
	int columns = fprintf(out, "     %" PRId64 ":%" PRId64 "  ", e->session, e->exchange);

	text_write_line(out, e->text.len > 0 ? e->text : bytes_str("(no sentence recorded)"),
		WIDTH - (size_t)columns);
	fputc('\n', out);
}

/* Where both plans of a slow statement are. */
static void write_plans(FILE *out, const struct summary *s, const struct group *g)
{
	if (g->key.kind != DIFF_SLOW || g->example_count == 0)
		return;
	fputs("     plans: twinkly-trace show ", out);
	text_write_line(out, bytes_str(s->path), WIDTH - 48);
	fprintf(out, " %" PRId64 ":%" PRId64 "\n", g->examples[0].session, g->examples[0].exchange);
}

static void write_mismatch(FILE *out, const struct summary *s, size_t number, const struct group *g)
{
	int columns = fprintf(
		out, "%3zu. %s: ", number, diff_kind_info((enum diff_kind)g->key.kind)->name);

	write_statement(out, g->key.statement, WIDTH - (size_t)columns);
	if (g->count > 1)
		fprintf(out, "     %" PRId64 " differences in %" PRId64 " exchange%s\n", g->count,
			g->exchanges, g->exchanges == 1 ? "" : "s");
	if (g->cause > 0)
		fprintf(out, "     %sfollows from what exchange %" PRId64 " did, possibly\n",
			group_is_consequence(g) ? "" : "in part ", g->cause);
	for (int i = 0; i < g->example_count; i++)
		write_example(out, &g->examples[i]);
	write_plans(out, s, g);
}

/* What a list leaves out, so that nothing is skipped in silence. */
static void write_rest(FILE *out, const struct groups *groups, size_t limit)
{
	if (groups->count > limit)
		fprintf(out, "  ... and %zu more groups (--limit 0 shows all)\n",
			groups->count - limit);
	if (groups->dropped > 0)
		fprintf(out,
			"  ... and %" PRId64 " findings beyond the first %zu groups (--csv has "
			"the differences)\n",
			groups->dropped, groups->count);
}

static void write_mismatches(FILE *out, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->mismatches;

	if (s->counts.by_verdict[VERDICT_MISMATCH] +
			s->counts.exchanges_by_verdict[VERDICT_MISMATCH] ==
		0)
		return;
	fputs("\nMismatches, in order of first occurrence (session:exchange  what was seen)\n\n",
		out);
	if (g->count == 0)
		fputs(s->only == SUMMARY_ANY_KIND ? "  the trace has no details of them\n"
						  : "  none of the kind asked for\n",
			out);
	for (size_t i = 0; i < g->count && i < limit; i++) {
		if (group_is_consequence(&g->items[i]) &&
			(i == 0 || !group_is_consequence(&g->items[i - 1])))
			fputs("\nPossibly consequences of earlier exchanges\n\n", out);
		write_mismatch(out, s, i + 1, &g->items[i]);
	}
	write_rest(out, g, limit);
}

static void write_other(FILE *out, const struct summary *s, const struct group *g)
{
	int columns = fprintf(out, "  %-13s %6" PRId64 " x  ",
		verdict_name((enum verdict)g->key.verdict), g->count);

	write_statement(out, g->key.statement, WIDTH - (size_t)columns);
	if (g->key.reason.len > 0) {
		fputs("                  why: ", out);
		text_write_line(out, g->key.reason, WIDTH - 23);
		fputc('\n', out);
	}
	write_plans(out, s, g);
}

static void write_others(FILE *out, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->others;

	if (g->count == 0)
		return;
	fputs("\nAllowed, retried or not compared\n\n", out);
	for (size_t i = 0; i < g->count && i < limit; i++)
		write_other(out, s, &g->items[i]);
	write_rest(out, g, limit);
}

static void write_gaps(FILE *out, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX];

	if (s->counts.gaps == 0)
		return;
	fputs("\nGaps: exchanges that could not be recorded\n\n", out);
	for (size_t i = 0; i < s->gap_count; i++) {
		fprintf(out, "  %6" PRId64 " x  %s ", s->gaps[i].exchanges,
			summary_time(s, s->gaps[i].at_us, at));
		text_write_line(out, s->gaps[i].reason, 60);
		fputc('\n', out);
	}
	if (s->counts.gaps > (int64_t)s->gap_count)
		fprintf(out, "  ... and %" PRId64 " more gaps\n",
			s->counts.gaps - (int64_t)s->gap_count);
}

/* "New": commands that still mismatch. */
static void write_known(FILE *out, const struct summary *s)
{
	int64_t fresh = s->counts.by_verdict[VERDICT_MISMATCH];

	if (!s->known)
		return;
	if (fresh == 0) /* an exchange may have no commands */
		fresh = s->counts.exchanges_by_verdict[VERDICT_MISMATCH];
	fputc('\n', out);
	known_print(s->known, fresh, "  ", out);
}

void terminal_write(FILE *out, const struct summary *s, size_t limit)
{
	if (limit == 0)
		limit = SIZE_MAX;
	write_head(out, s);
	write_counts(out, s);
	write_known(out, s);
	write_mismatches(out, s, limit);
	write_others(out, s, limit);
	write_gaps(out, s);
}
