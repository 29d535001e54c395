/*
 * Every row is made in memory and written only if it still fits; what does not is counted.
 */
#include "report/markdown.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "report/text.h"

#define STATEMENT_MAX  160 /* characters; an escaped one takes up to 6 bytes */
#define SENTENCE_MAX   240
#define NAME_MAX_SHOWN 80
#define CLOSING_ROOM   600 /* kept for what is said about rows that were left out */

struct page {
	FILE *out;
	size_t used, limit;
	char *row; /* what is being made */
	size_t row_len;
	FILE *row_out;
	bool has_failed; /* no memory */
};

static FILE *begin_row(struct page *p)
{
	free(p->row);
	p->row = NULL;
	p->row_out = open_memstream(&p->row, &p->row_len);
	if (!p->row_out)
		p->has_failed = true;
	return p->row_out;
}

/* False: it does not fit any more, and nothing was written. */
static bool end_row(struct page *p, size_t room)
{
	if (fclose(p->row_out) != 0) {
		p->has_failed = true;
		return false;
	}
	if (p->used + p->row_len + room > MARKDOWN_MAX)
		return false;
	fwrite(p->row, 1, p->row_len, p->out);
	p->used += p->row_len;
	return true;
}

static void put_char(FILE *out, uint32_t cp)
{
	if (cp == TEXT_INVALID || text_is_bidi(cp))
		text_put(out, 0xfffd);
	else if (text_is_control(cp))
		fputc(' ', out);
	else if (cp < 0x80 && strchr("&<>|`*_[]()#@~\\!:\"'$", (int)cp))
		fprintf(out, "&#%" PRIu32 ";", cp);
	else
		text_put(out, cp);
}

static void write_code(FILE *out, struct bytes text, int most)
{
	fputs("<code>", out);
	for (; text.len > 0 && most > 0; most--)
		put_char(out, text_next(&text));
	fputs(text.len > 0 ? " ...</code>" : "</code>", out);
}

static void write_backend(FILE *out, const char *role, const struct summary_backend *b)
{
	fprintf(out, "| %s | ", role);
	write_code(out, b->name, NAME_MAX_SHOWN);
	fputs(" | ", out);
	if (b->version.len > 0)
		write_code(out, b->version, NAME_MAX_SHOWN);
	else
		fputs("unknown", out);
	fputs(" |\n", out);
}

static void write_counts(FILE *out, const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int64_t unknown = summary_unknown(c->exchanges_by_verdict, c->exchanges);
	int permille = summary_compared_permille(s);

	fputs("\n| verdict | commands | exchanges |\n|---|---:|---:|\n", out);
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (c->by_verdict[v] > 0 || c->exchanges_by_verdict[v] > 0)
			fprintf(out, "| %s | %" PRId64 " | %" PRId64 " |\n",
				verdict_name((enum verdict)v), c->by_verdict[v],
				c->exchanges_by_verdict[v]);
	if (unknown > 0)
		fprintf(out, "| unknown | %" PRId64 " | %" PRId64 " |\n",
			summary_unknown(c->by_verdict, c->commands), unknown);
	if (permille >= 0)
		fprintf(out, "\nTruly compared: %d.%d %% of the commands.\n", permille / 10,
			permille % 10);
}

static void write_head(struct page *p, const struct summary *s)
{
	char why[SUMMARY_WHY_MAX];
	FILE *out = begin_row(p);

	if (!out)
		return;
	summary_status(s, why);
	fprintf(out, "## Twinkly: %s\n\n| | database | version |\n|---|---|---|\n", why);
	write_backend(out, "source of truth", &s->truth);
	write_backend(out, "candidate", &s->candidate);
	write_counts(out, s);
	(void)end_row(p, 0); /* a few kilobytes at most */
}

static bool write_mismatch(struct page *p, const struct group *g)
{
	const struct group_example *e = &g->examples[0];
	FILE *out = begin_row(p);

	if (!out)
		return false;
	fprintf(out, "| %s | ", diff_kind_info((enum diff_kind)g->key.kind)->name);
	write_code(out, g->key.statement, STATEMENT_MAX);
	if (g->key.test.len > 0) {
		fputs("<br>test ", out);
		write_code(out, g->key.test, NAME_MAX_SHOWN);
	}
	fprintf(out, " | %" PRId64 " | %" PRId64 ":%" PRId64 " | ", g->count, e->session,
		e->exchange);
	write_code(out, e->text, SENTENCE_MAX);
	if (g->cause > 0)
		fprintf(out, "<br>possibly %sa consequence of exchange %" PRId64,
			group_is_consequence(g) ? "" : "in part ", g->cause);
	fputs(" |\n", out);
	return end_row(p, CLOSING_ROOM);
}

static bool write_test(struct page *p, const struct label *test)
{
	FILE *out = begin_row(p);

	if (!out)
		return false;
	fputs("| ", out);
	write_code(out, test->name, NAME_MAX_SHOWN);
	fprintf(out, " | %" PRId64 " | %" PRId64 " | %" PRId64 " |\n", test->exchanges,
		test->mismatches, test->inconclusive);
	return end_row(p, CLOSING_ROOM);
}

static bool write_plain(struct page *p, const char *text, size_t room)
{
	FILE *out = begin_row(p);

	if (!out)
		return false;
	fputs(text, out);
	return end_row(p, room);
}

static void write_rest(struct page *p, size_t left_out, int64_t dropped, const char *what)
{
	char text[256];

	if (left_out == 0 && dropped == 0)
		return;
	snprintf(text, sizeof(text),
		"\n%zu more %s and %" PRId64 " findings without a group are not "
		"shown; `twinkly-report --json` has them.\n",
		left_out, what, dropped);
	(void)write_plain(p, text, 0);
}

static void write_mismatches(struct page *p, const struct summary *s)
{
	const struct groups *g = &s->mismatches;
	size_t shown = 0;

	if (g->count == 0 || !write_plain(p,
				     "\n### Mismatches, root causes first\n\n| kind | statement | "
				     "times | first at | what was seen |\n|---|---|---:|---|---|\n",
				     CLOSING_ROOM))
		return;
	while (shown < g->count && shown < p->limit && write_mismatch(p, &g->items[shown]))
		shown++;
	write_rest(p, g->count - shown, g->dropped, "groups");
	(void)write_plain(p, "\n3:17 is session 3, exchange 17 of the trace.\n", 0);
}

/* Those that failed. */
static void write_tests(struct page *p, const struct summary *s)
{
	const struct labels *l = &s->labels;
	size_t shown = 0, failed = 0;
	bool is_full = false;

	if (!l->items || !write_plain(p,
				 "\n### Tests with mismatches\n\n| test | exchanges | mismatches | "
				 "inconclusive |\n|---|---:|---:|---:|\n",
				 CLOSING_ROOM))
		return;
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].mismatches == 0)
			continue;
		failed++;
		is_full = is_full || shown == p->limit || !write_test(p, &l->items[i]);
		shown += !is_full;
	}
	write_rest(p, failed - shown, 0, "tests");
}

bool markdown_write(FILE *out, const struct summary *s, size_t limit, struct err *err)
{
	struct page p = {.out = out, .limit = limit > 0 ? limit : SIZE_MAX};

	write_head(&p, s);
	write_mismatches(&p, s);
	write_tests(&p, s);
	free(p.row);
	return !p.has_failed || err_set(err, "out of memory for the summary");
}
