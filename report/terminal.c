/*
 * From the top: which databases and when, equal or not, the counts of every verdict, the
 * mismatches in groups, what else was not plainly equal, gaps, and how to see more.
 */
#include "report/terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "diffengine/verdict.h"
#include "report/text.h"

#define CUT_MARK    4 /* columns of what is put behind a line that was cut */
#define COLOUR_GOOD "\033[32m"
#define COLOUR_BAD  "\033[1;31m"
#define COLOUR_OFF  "\033[0m"

struct sheet { /* what is written on */
	FILE *out;
	size_t width;
	bool has_colour;
};

/* Nothing where there is no colour. */
static void colour(const struct sheet *p, const char *sequence)
{
	if (p->has_colour)
		fputs(sequence, p->out);
}

static size_t room(const struct sheet *p, int used)
{
	return p->width > (size_t)used + 20 ? p->width - (size_t)used : 20;
}

static void write_backend(const struct sheet *p, const char *role, const struct summary_backend *b)
{
	fprintf(p->out, "  %-16s ", role);
	text_write_line(p->out, b->name, 40);
	fputc(' ', p->out);
	text_write_line(p->out, b->version, 40);
	if (b->host.len > 0) {
		fputs(" (", p->out);
		text_write_line(p->out, b->host, 40);
		fprintf(p->out, ":%d)", b->port);
	}
	fputc('\n', p->out);
}

static void write_when(const struct sheet *p, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX], took[CLOCK_TEXT_MAX];

	if (s->began_wall_us < 0)
		return;
	fprintf(p->out, "  %-16s %s", "captured", clock_format_utc(s->began_wall_us, at));
	if (s->ended_wall_us >= s->began_wall_us)
		fprintf(p->out, ", %s",
			clock_format_duration(s->ended_wall_us - s->began_wall_us, took));
	else
		fputs(", end not recorded: still running, or killed", p->out);
	fputc('\n', p->out);
}

static void write_head(const struct sheet *p, const struct summary *s)
{
	char why[SUMMARY_WHY_MAX];

	fputs("Twinkly report of ", p->out);
	text_write_line(p->out, bytes_str(s->path), room(p, 18));
	fputc('\n', p->out);
	write_backend(p, "source of truth", &s->truth);
	write_backend(p, "candidate", &s->candidate);
	write_when(p, s);
	fputc('\n', p->out);
	colour(p, summary_status(s, why) == SUMMARY_EQUAL ? COLOUR_GOOD : COLOUR_BAD);
	fputs(why, p->out);
	colour(p, COLOUR_OFF);
	fputs("\n\n", p->out);
}

static void write_count(const struct sheet *p, const char *name, int64_t commands,
	int64_t exchanges, const char *meaning)
{
	if (commands > 0 || exchanges > 0)
		fprintf(p->out, "  %-12s %9" PRId64 " %9" PRId64 "  %s\n", name, commands,
			exchanges, meaning);
}

static void write_counts(const struct sheet *p, const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int permille = summary_compared_permille(s);

	fprintf(p->out, "  %-12s %9s %9s\n", "verdict", "commands", "exchanges");
	for (int v = 0; v < VERDICT_COUNT; v++)
		write_count(p, verdict_name((enum verdict)v), c->by_verdict[v],
			c->exchanges_by_verdict[v], verdict_meaning((enum verdict)v));
	write_count(p, "unknown", summary_unknown(c->by_verdict, c->commands),
		summary_unknown(c->exchanges_by_verdict, c->exchanges), "of a newer Twinkly");
	if (permille >= 0)
		fprintf(p->out, "  truly compared: %d.%d %% of the commands\n", permille / 10,
			permille % 10);
}

static void write_statement(const struct sheet *p, struct bytes statement, size_t width)
{
	if (statement.len == 0)
		fputs("(no statement)", p->out);
	else
		text_write_statement(p->out, statement, width);
	fputc('\n', p->out);
}

static void write_example(const struct sheet *p, const struct group_example *e)
{
	int columns = fprintf(p->out, "     %" PRId64 ":%" PRId64 "  ", e->session, e->exchange);

	text_write_line(p->out, e->text.len > 0 ? e->text : bytes_str("(no sentence recorded)"),
		room(p, columns));
	fputc('\n', p->out);
}

/* Where both plans of a slow statement are. */
static void write_plans(const struct sheet *p, const struct summary *s, const struct group *g)
{
	if (g->key.kind != DIFF_SLOW || g->example_count == 0)
		return;
	fputs("     plans: twinkly-trace show ", p->out);
	text_write_line(p->out, bytes_str(s->path), room(p, 48));
	fprintf(p->out, " %" PRId64 ":%" PRId64 "\n", g->examples[0].session,
		g->examples[0].exchange);
}

static void write_mismatch(
	const struct sheet *p, const struct summary *s, size_t number, const struct group *g)
{
	int columns = fprintf(
		p->out, "%3zu. %s: ", number, diff_kind_info((enum diff_kind)g->key.kind)->name);

	write_statement(p, g->key.statement, room(p, columns));
	if (g->count > 1)
		fprintf(p->out, "     %" PRId64 " differences in %" PRId64 " exchange%s\n",
			g->count, g->exchanges, g->exchanges == 1 ? "" : "s");
	if (g->cause > 0)
		fprintf(p->out, "     %sfollows from what exchange %" PRId64 " did, possibly\n",
			group_is_consequence(g) ? "" : "in part ", g->cause);
	for (int i = 0; i < g->example_count; i++)
		write_example(p, &g->examples[i]);
	write_plans(p, s, g);
}

/* What a list leaves out, so that nothing is skipped in silence. */
static void write_rest(const struct sheet *p, const struct groups *groups, size_t limit)
{
	if (groups->count > limit)
		fprintf(p->out, "  ... and %zu more groups (--limit 0 shows all)\n",
			groups->count - limit);
	if (groups->dropped > 0)
		fprintf(p->out,
			"  ... and %" PRId64 " findings beyond the first %zu groups (--csv has "
			"the differences)\n",
			groups->dropped, groups->count);
}

static void write_mismatches(const struct sheet *p, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->mismatches;

	if (s->counts.by_verdict[VERDICT_MISMATCH] +
			s->counts.exchanges_by_verdict[VERDICT_MISMATCH] ==
		0)
		return;
	fputs("\nMismatches, in order of first occurrence (session:exchange  what was seen)\n\n",
		p->out);
	if (g->count == 0)
		fputs(s->only == SUMMARY_ANY_KIND ? "  the trace has no details of them\n"
						  : "  none of the kind asked for\n",
			p->out);
	for (size_t i = 0; i < g->count && i < limit; i++) {
		if (group_is_consequence(&g->items[i]) &&
			(i == 0 || !group_is_consequence(&g->items[i - 1])))
			fputs("\nPossibly consequences of earlier exchanges\n\n", p->out);
		write_mismatch(p, s, i + 1, &g->items[i]);
	}
	write_rest(p, g, limit);
}

static void write_other(const struct sheet *p, const struct summary *s, const struct group *g)
{
	int columns = fprintf(p->out, "  %-13s %6" PRId64 " x  ",
		verdict_name((enum verdict)g->key.verdict), g->count);

	write_statement(p, g->key.statement, room(p, columns));
	if (g->key.reason.len > 0) {
		fputs("                  why: ", p->out);
		text_write_line(p->out, g->key.reason, room(p, 23));
		fputc('\n', p->out);
	}
	write_plans(p, s, g);
}

static void write_others(const struct sheet *p, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->others;

	if (g->count == 0)
		return;
	fputs("\nAllowed, retried or not compared\n\n", p->out);
	for (size_t i = 0; i < g->count && i < limit; i++)
		write_other(p, s, &g->items[i]);
	write_rest(p, g, limit);
}

static void write_end_state(const struct sheet *p, const struct summary *s)
{
	int64_t rest = s->tables_different + s->tables_skipped - (int64_t)s->table_count;

	if (s->tables_equal + s->tables_different + s->tables_skipped == 0)
		return;
	fprintf(p->out,
		"\nEnd state: %" PRId64 " tables equal, %" PRId64 " different, %" PRId64
		" skipped\n",
		s->tables_equal, s->tables_different, s->tables_skipped);
	for (size_t i = 0; i < s->table_count; i++) {
		fputs("\n  ", p->out);
		text_write_line(p->out, s->tables[i].name, room(p, 2));
		fputs("\n     ", p->out);
		text_write_line(p->out, s->tables[i].text, 400);
	}
	fputs(s->table_count > 0 ? "\n" : "", p->out);
	if (rest > 0)
		fprintf(p->out, "  ... and %" PRId64 " more tables (table end_state)\n", rest);
}

static void write_gaps(const struct sheet *p, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX];

	if (s->counts.gaps == 0)
		return;
	fputs("\nGaps: exchanges that could not be recorded\n\n", p->out);
	for (size_t i = 0; i < s->gap_count; i++) {
		fprintf(p->out, "  %6" PRId64 " x  %s ", s->gaps[i].exchanges,
			summary_time(s, s->gaps[i].at_us, at));
		text_write_line(p->out, s->gaps[i].reason, 60);
		fputc('\n', p->out);
	}
	if (s->counts.gaps > (int64_t)s->gap_count)
		fprintf(p->out, "  ... and %" PRId64 " more gaps\n",
			s->counts.gaps - (int64_t)s->gap_count);
}

/* "New": commands that still mismatch. */
static void write_known(const struct sheet *p, const struct summary *s)
{
	int64_t fresh = s->counts.by_verdict[VERDICT_MISMATCH];

	if (!s->known)
		return;
	if (fresh == 0) /* an exchange may have no commands */
		fresh = s->counts.exchanges_by_verdict[VERDICT_MISMATCH];
	fputc('\n', p->out);
	known_print(s->known, fresh, "  ", p->out);
}

static void write_test(const struct sheet *p, const struct label *test)
{
	if (test->mismatches > 0)
		colour(p, COLOUR_BAD);
	fprintf(p->out, "  %9" PRId64 " %9" PRId64 " %9" PRId64 "  ", test->exchanges,
		test->mismatches, test->inconclusive);
	text_write_line(p->out, test->name, room(p, 33));
	if (test->mismatches > 0)
		colour(p, COLOUR_OFF);
	fputc('\n', p->out);
}

/* What became of each test, those that failed first. */
static void write_tests(const struct sheet *p, const struct labels *l, size_t limit)
{
	size_t shown = 0;

	if (!l->items)
		return;
	fprintf(p->out, "\nTests (exchanges, mismatches, inconclusive)\n\n");
	for (int has_failed = 1; has_failed >= 0; has_failed--)
		for (size_t i = 0; i < l->count && shown < limit; i++) {
			const struct label *test = &l->items[i];

			if ((test->mismatches > 0) != has_failed)
				continue;
			write_test(p, test);
			shown++;
		}
	if (l->count > shown)
		fprintf(p->out, "  ... and %zu more tests (--limit 0 shows all)\n",
			l->count - shown);
	if (l->others.exchanges > 0)
		write_test(p, &l->others);
}

void terminal_write(FILE *out, const struct summary *s, const struct terminal_look *look)
{
	struct sheet p = {.out = out, .width = look->width, .has_colour = look->has_colour};
	size_t limit = look->limit > 0 ? look->limit : SIZE_MAX;

	write_head(&p, s);
	write_counts(&p, s);
	write_known(&p, s);
	write_mismatches(&p, s, limit);
	write_tests(&p, &s->labels, limit);
	write_others(&p, s, limit);
	write_end_state(&p, s);
	write_gaps(&p, s);
}

struct terminal_look terminal_look_at(int fd, size_t limit)
{
	struct terminal_look look = {.limit = limit, .width = TERMINAL_WIDTH};
	const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
	struct winsize size;

	if (!isatty(fd))
		return look;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		look.width = size.ws_col < TERMINAL_LEAST ? TERMINAL_LEAST : size.ws_col - CUT_MARK;
	look.has_colour = !(no_colour && *no_colour) && kind && *kind && strcmp(kind, "dumb") != 0;
	return look;
}
