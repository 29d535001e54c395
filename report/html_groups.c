/*
 * A group of mismatches is one <details> with the statement, what its kind means and what to
 * do, and a table of examples with both databases' values side by side. report.js filters
 * them by data-kind and text.
 */
#include "report/html_groups.h"

#include <inttypes.h>

#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/text.h"

#define TITLE_MAX 160 /* bytes of a statement in a heading */

static const struct diff_kind_info *kind_info(const struct group *g)
{
	return diff_kind_info((enum diff_kind)g->key.kind);
}

/* In place of a value that is no text. */
static void write_none(FILE *out, const char *what)
{
	fprintf(out, "<td class=\"value\"><span class=\"none\">%s</span></td>", what);
}

/* A value with what differs from the other side's marked; NULL and "" are told apart. */
static void write_value(FILE *out, const struct group_example *e, bool of_truth)
{
	struct bytes value = of_truth ? e->truth : e->candidate;
	struct bytes other = of_truth ? e->candidate : e->truth;

	if (of_truth ? e->truth_null : e->candidate_null) {
		write_none(out, e->column > 0 ? "NULL" : "nothing");
		return;
	}
	if (value.len == 0) {
		write_none(out, "empty");
		return;
	}
	fputs("<td class=\"value\">", out);
	html_escape_marked(out, value, other);
	fputs("</td>", out);
}

static void write_position(FILE *out, const struct group_example *e)
{
	fputs("<td>", out);
	if (e->row > 0)
		fprintf(out, "%" PRId64, e->row);
	fputs("</td><td>", out);
	if (e->column > 0)
		fprintf(out, "%d ", e->column);
	html_escape(out, e->column_name);
	fputs("</td>", out);
}

static void write_example(FILE *out, const struct group_example *e)
{
	fprintf(out, "<tr><td>%" PRId64 ":%" PRId64 "</td>", e->session, e->exchange);
	write_position(out, e);
	write_value(out, e, true);
	write_value(out, e, false);
	fputs("</tr>\n", out);
	if (e->text.len == 0 && e->parameters.len == 0)
		return;
	fputs("<tr class=\"said\"><td colspan=\"5\">", out);
	html_escape(out, e->text);
	if (e->parameters.len > 0) {
		fputs("<br><b>Parameters</b> <code>", out);
		html_escape(out, e->parameters);
		fputs("</code>", out);
	}
	fputs("</td></tr>\n", out);
}

static void write_examples(FILE *out, const struct summary *s, const struct group *g)
{
	fputs("<div class=\"wide\"><table><thead><tr><th>At</th><th>Row</th>"
	      "<th>Column</th><th>",
		out);
	html_escape(out, s->truth.name);
	fputs("</th><th>", out);
	html_escape(out, s->candidate.name);
	fputs("</th></tr></thead><tbody>\n", out);
	for (int i = 0; i < g->example_count; i++)
		write_example(out, &g->examples[i]);
	fputs("</tbody></table></div>\n", out);
	if (g->count > g->example_count)
		fprintf(out, "<p class=\"more\">and %" PRId64 " more like these</p>\n",
			g->count - g->example_count);
}

/* The heading's short form; the whole statement follows below it. */
static void write_title(FILE *out, struct bytes statement)
{
	struct bytes head = text_cut(statement, TITLE_MAX);

	fputs("<code>", out);
	if (statement.len == 0)
		fputs("(no statement)", out);
	html_escape(out, head);
	if (head.len < statement.len)
		fputs(" ...", out);
	fputs("</code>", out);
}

static void write_mismatch(FILE *out, const struct summary *s, const struct group *g)
{
	const struct diff_kind_info *info = kind_info(g);

	fprintf(out,
		"<details class=\"group\" data-kind=\"%s\" open>\n<summary>"
		"<span class=\"kind %s\">%s</span> ",
		info->name, severity_name(info->severity), info->name);
	write_title(out, g->key.statement);
	fprintf(out,
		" <span class=\"count\">%" PRId64 " difference%s in %" PRId64
		" exchange%s</span></summary>\n",
		g->count, g->count == 1 ? "" : "s", g->exchanges, g->exchanges == 1 ? "" : "s");
	fprintf(out, "<p><b>What it means</b> %s.<br><b>What to do</b> %s.</p>\n", info->meaning,
		info->advice);
	if (g->cause > 0)
		fprintf(out,
			"<p class=\"consequence\">%s a consequence of exchange %" PRId64 ".</p>\n",
			group_is_consequence(g) ? "Possibly" : "In part possibly", g->cause);
	if (g->key.statement.len > 0) {
		fputs("<pre>", out);
		html_escape(out, g->key.statement);
		fputs("</pre>\n", out);
	}
	write_examples(out, s, g);
	fputs("</details>\n", out);
}

/* What a list leaves out, so that nothing is skipped in silence. */
static void write_rest(FILE *out, const struct groups *g, size_t limit)
{
	if (g->count > limit)
		fprintf(out, "<p class=\"more\">%zu more groups are not shown (--limit)</p>\n",
			g->count - limit);
	if (g->dropped > 0)
		fprintf(out,
			"<p class=\"more\">%" PRId64 " findings beyond the first %zu groups are "
			"not shown; the CSV report has every difference</p>\n",
			g->dropped, g->count);
}

/* Controls of report.js, which shows them: without a script they would do nothing. */
static void write_filter(FILE *out, const struct groups *g)
{
	bool is_seen[DIFF_KIND_COUNT] = {false};

	fputs("<div id=\"filter\" hidden><label>Kind <select id=\"filter-kind\">"
	      "<option value=\"\">all</option>",
		out);
	for (size_t i = 0; i < g->count; i++)
		if ((unsigned)g->items[i].key.kind < DIFF_KIND_COUNT)
			is_seen[g->items[i].key.kind] = true;
	for (int kind = 0; kind < DIFF_KIND_COUNT; kind++)
		if (is_seen[kind])
			fprintf(out, "<option>%s</option>",
				diff_kind_info((enum diff_kind)kind)->name);
	fputs("</select></label> <label>Text <input id=\"filter-text\" type=\"search\"></label> "
	      "<span id=\"filter-count\" role=\"status\"></span></div>\n",
		out);
}

void html_write_mismatches(FILE *out, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->mismatches;

	if (s->counts.by_verdict[VERDICT_MISMATCH] +
			s->counts.exchanges_by_verdict[VERDICT_MISMATCH] ==
		0)
		return;
	fputs("<section id=\"mismatches\">\n<h2>Mismatches</h2>\n<p>In order of first occurrence: "
	      "what comes first is often the cause of what follows. 3:17 is session 3, exchange "
	      "17.</p>\n",
		out);
	if (g->count == 0)
		fputs(s->only == SUMMARY_ANY_KIND ? "<p>The trace has no details of them.</p>\n"
						  : "<p>None of the kind asked for.</p>\n",
			out);
	else
		write_filter(out, g);
	for (size_t i = 0; i < g->count && i < limit; i++)
		write_mismatch(out, s, &g->items[i]);
	write_rest(out, g, limit);
	fputs("</section>\n", out);
}

static void write_other(FILE *out, const struct group *g)
{
	const char *verdict = verdict_name((enum verdict)g->key.verdict);

	fprintf(out, "<tr><td><span class=\"verdict-%s\">%s</span></td><td>%" PRId64 "</td><td>",
		verdict, verdict, g->count);
	write_title(out, g->key.statement);
	fputs("</td><td>", out);
	if (g->key.kind != DIFF_KIND_COUNT)
		fprintf(out, "%s%s", kind_info(g)->name, g->key.reason.len > 0 ? ": " : "");
	html_escape(out, g->key.reason);
	fprintf(out, "</td><td>%" PRId64 ":%" PRId64 "</td></tr>\n", g->examples[0].session,
		g->examples[0].exchange);
}

void html_write_others(FILE *out, const struct summary *s, size_t limit)
{
	const struct groups *g = &s->others;

	if (g->count == 0)
		return;
	fputs("<section id=\"others\">\n<h2>Allowed, retried or not compared</h2>\n"
	      "<div class=\"wide\"><table><thead><tr><th>Verdict</th><th>Times</th>"
	      "<th>Statement</th><th>Why</th><th>First at</th></tr></thead><tbody>\n",
		out);
	for (size_t i = 0; i < g->count && i < limit; i++)
		write_other(out, &g->items[i]);
	fputs("</tbody></table></div>\n", out);
	write_rest(out, g, limit);
	fputs("</section>\n", out);
}
