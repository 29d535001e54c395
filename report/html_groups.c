/*
 * A group of mismatches is one <details>: statement, meaning and advice, the first example whole,
 * further ones in short, and what to copy. Each is written into memory first, so that the page
 * stays below its size whatever the trace holds.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "diffengine/analysis.h"
#include "diffengine/shape.h"
#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"
#include "report/html_sql.h"
#include "report/suggest.h"
#include "report/text.h"

#define TITLE_MAX       160 /* bytes of a statement in a heading */
#define SHORT_STATEMENT 300 /* of the statement of a group that is shown in short */
#define TABLES_MAX      8   /* that a filter knows of a group */

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

static void write_example(FILE *out, const struct group *g, const struct group_example *e)
{
	fprintf(out, "<tr><td>%" PRId64 ":%" PRId64 "</td>", e->session, e->exchange);
	write_position(out, e);
	write_value(out, e, true);
	write_value(out, e, false);
	fputs("</tr>\n<tr class=\"said\"><td colspan=\"5\">", out);
	html_escape(out, e->text);
	if (e->parameters.len > 0) {
		fputs("<br><b>Parameters</b> <code>", out);
		html_escape(out, e->parameters);
		fputs("</code>", out);
	}
	if (e != g->examples && e->statement.ptr != g->key.statement.ptr) {
		fputs("<br><code class=\"sql\">", out);
		html_sql(out, text_cut(e->statement, SHORT_STATEMENT));
		fputs("</code>", out);
	}
	fputs("</td></tr>\n", out);
}

static void write_examples(const struct html_page *p, const struct group *g)
{
	FILE *out = p->out;

	fputs("<h4>What was recorded</h4>\n<div class=\"wide\" tabindex=\"0\"><table><thead><tr>"
	      "<th scope=\"col\">At</th><th scope=\"col\">Row</th><th scope=\"col\">Column</th>"
	      "<th scope=\"col\">",
		out);
	html_escape(out, p->summary->truth.name);
	fputs("</th><th scope=\"col\">", out);
	html_escape(out, p->summary->candidate.name);
	fputs("</th></tr></thead><tbody>\n", out);
	for (int i = 0; i < g->example_count; i++)
		write_example(out, g, &g->examples[i]);
	fputs("</tbody></table></div>\n", out);
	if (g->count > g->example_count)
		fprintf(out, "<p class=\"more\">and %" PRId64 " more like these</p>\n",
			g->count - g->example_count);
}

/* The heading: the statement's shape. */
static void write_title(struct html_page *p, struct bytes statement)
{
	struct bytes shape, head;

	fputs("<code class=\"sql\">", p->out);
	if (statement.len == 0 || !shape_write(&p->text, statement)) {
		fputs(statement.len == 0 ? "(no statement)" : "(no memory)", p->out);
	} else {
		shape = buf_bytes(&p->text);
		head = text_cut(shape, TITLE_MAX);
		html_sql(p->out, head);
		if (head.len < shape.len)
			fputs(" ...", p->out);
	}
	fputs("</code>", p->out);
}

/* Names for the filter, "a|b". */
static void write_tables(FILE *out, struct bytes statement)
{
	struct analysis *a = statement.len > 0 ? analysis_new(statement) : NULL;

	for (size_t i = 0; a && i < a->table_count && i < TABLES_MAX; i++) {
		fputs(i > 0 ? "|" : "", out);
		html_escape(out, bytes_str(a->tables[i].name));
	}
	analysis_free(a);
}

static const char *plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static bool write_group_head(
	struct html_page *p, const struct group *g, size_t number, bool is_open)
{
	const struct diff_kind_info *info = kind_info(g);
	const char *side;

	if (!html_find_side(p, &g->examples[0], &side))
		return false;
	fprintf(p->out,
		"<details class=\"group item\" id=\"g%zu\" data-kind=\"%s\" "
		"data-verdict=\"mismatch\" data-side=\"%s\" data-sessions=\"",
		number, info->name, side);
	html_write_session_list(p, g);
	fputs("\" data-tables=\"", p->out);
	write_tables(p->out, g->key.statement);
	fprintf(p->out, "\"%s>\n<summary><span class=\"kind %s\">%s</span> ",
		is_open ? " open" : "", severity_name(info->severity), info->name);
	write_title(p, g->key.statement);
	if (g->key.test.len > 0) {
		fputs(" <span class=\"count\">test ", p->out);
		html_escape(p->out, g->key.test);
		fputs(",</span>", p->out);
	}
	fprintf(p->out,
		" <span class=\"count\">%" PRId64 " difference%s in %" PRId64
		" exchange%s</span></summary>\n",
		g->count, plural(g->count), g->exchanges, plural(g->exchanges));
	return true;
}

static void write_statement(struct html_page *p, const struct group *g, size_t most)
{
	struct bytes head = text_cut(g->key.statement, most);

	if (head.len == 0)
		return;
	fputs("<pre class=\"sql\">", p->out);
	html_sql(p->out, head);
	fprintf(p->out, "%s</pre>\n", head.len < g->key.statement.len ? " ..." : "");
}

static void write_parameters(FILE *out, const struct group_example *e)
{
	if (e->parameters.len == 0)
		return;
	fputs("<p><b>Parameters</b> <code>", out);
	html_escape(out, e->parameters);
	fputs("</code></p>\n", out);
}

static void write_copied(FILE *out, const char *heading, const struct buf *text)
{
	fprintf(out, "<h4>%s</h4>\n<pre class=\"copy\">", heading);
	html_escape(out, buf_bytes(text));
	fputs("</pre>\n", out);
}

static void write_where(struct html_page *p, const struct group *g)
{
	fputs("<p class=\"more\">Sessions: ", p->out);
	html_write_session_list(p, g);
	fprintf(p->out, ". First at %" PRId64 ":%" PRId64 ".</p>\n", g->examples[0].session,
		g->examples[0].exchange);
}

static void write_replay(struct html_page *p, const struct group *g)
{
	if (suggest_replay(&p->text, p->summary->path, g->examples[0].session))
		write_copied(p->out, "Replay this session alone", &p->text);
}

static void write_rule(struct html_page *p, const struct group *g)
{
	if (suggest_rule(&p->text, g))
		write_copied(p->out, "The rule that would allow it", &p->text);
}

static void write_cause(FILE *out, const struct group *g)
{
	if (g->cause > 0)
		fprintf(out,
			"<p class=\"consequence\">%s a consequence of exchange %" PRId64 ".</p>\n",
			group_is_consequence(g) ? "Possibly" : "In part possibly", g->cause);
}

static bool write_whole(struct html_page *p, const struct group *g)
{
	const struct diff_kind_info *info = kind_info(g);
	const struct group_example *first = &g->examples[0];

	fputs("<p class=\"sentence\">", p->out);
	html_escape(p->out, first->text);
	fputs("</p>\n", p->out);
	write_cause(p->out, g);
	fprintf(p->out,
		"<p><b>What it means</b> %s.<br><b>What to do</b> %s.</p>\n<h4>Statement</h4>\n",
		info->meaning, info->advice);
	write_statement(p, g, GROUP_STATEMENT_MAX + 64);
	write_parameters(p->out, first);
	write_replay(p, g);
	if (!html_write_evidence(p, first, g->key.kind))
		return false;
	write_examples(p, g);
	write_where(p, g);
	write_rule(p, g);
	return true;
}

static void write_short(struct html_page *p, const struct group *g)
{
	const struct group_example *first = &g->examples[0];

	write_statement(p, g, SHORT_STATEMENT);
	fputs("<p class=\"sentence\">", p->out);
	html_escape(p->out, text_cut(first->text, SHORT_STATEMENT));
	fprintf(p->out,
		"</p>\n<p class=\"more\">At %" PRId64 ":%" PRId64
		". Shown in short: the page would "
		"grow too large.</p>\n",
		first->session, first->exchange);
}

size_t html_write_group(struct html_page *p, const struct group *g, const struct html_place *at)
{
	FILE *page = p->out;
	char *text = NULL;
	size_t len = 0;
	bool ok;

	p->out = open_memstream(&text, &len);
	if (!p->out) {
		p->out = page;
		err_set(p->err, "out of memory for a group of mismatches");
		return 0;
	}
	arena_reset(&p->arena);
	ok = write_group_head(p, g, at->number, at->is_open);
	if (ok && at->done < HTML_GROUPS_MAX)
		ok = write_whole(p, g);
	else if (ok)
		write_short(p, g);
	fputs("</details>\n", p->out);
	if (fclose(p->out) != 0)
		ok = err_set(p->err, "out of memory for a group of mismatches");
	p->out = page;
	if (ok)
		fwrite(text, 1, len, page);
	free(text);
	return ok ? len : 0;
}
