/*
 * What is neither equal nor a mismatch, with its reasons; rules; sessions; gaps.
 */
#include <inttypes.h>

#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"
#include "report/html_sql.h"
#include "report/text.h"

#define STATEMENT_MAX 160 /* bytes of a statement in a list */
#define MUCH_PERMILLE 50  /* of all exchanges that a rule changes: it may hide something */
#define NAMED_MAX     64  /* ranges of sessions that a group's list has */

static void write_cell(FILE *out, struct bytes text)
{
	fputs("<td>", out);
	html_escape(out, text);
	fputs("</td>", out);
}

static void begin_table(FILE *out, const char *const *headings, size_t count)
{
	fputs("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			headings[i][0] == '#' ? " class=\"n\"" : "",
			headings[i] + (headings[i][0] == '#'));
	fputs("</tr></thead><tbody>\n", out);
}

static void end_table(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

/* --- sessions of a group --- */

static bool has_session(const struct group *g, const struct summary_session *s)
{
	return s->slot < GROUP_SESSIONS && (g->sessions[s->slot / 64] >> s->slot % 64 & 1);
}

void html_write_session_list(struct html_page *p, const struct group *g)
{
	const struct summary *s = p->summary;
	size_t ranges = 0, i = 0;
	bool has_more = g->has_more_sessions;

	while (i < s->session_count) {
		size_t last = i;

		if (!has_session(g, &s->sessions[i])) {
			i++;
			continue;
		}
		while (last + 1 < s->session_count && has_session(g, &s->sessions[last + 1]) &&
			s->sessions[last + 1].id == s->sessions[last].id + 1)
			last++;
		if (ranges++ == NAMED_MAX) {
			has_more = true;
			break;
		}
		fprintf(p->out, "%s%" PRId64, ranges > 1 ? " " : "", s->sessions[i].id);
		if (last > i)
			fprintf(p->out, "-%" PRId64, s->sessions[last].id);
		i = last + 1;
	}
	if (has_more)
		fputs(" +", p->out);
}

/* --- what else was not plainly equal --- */

static void write_statement(FILE *out, struct bytes statement)
{
	struct bytes head = text_cut(statement, STATEMENT_MAX);

	fputs("<td><code class=\"sql\">", out);
	if (statement.len == 0)
		fputs("(no statement)", out);
	html_sql(out, head);
	fprintf(out, "%s</code></td>", head.len < statement.len ? " ..." : "");
}

static void write_other(struct html_page *p, const struct group *g)
{
	const char *verdict = verdict_name((enum verdict)g->key.verdict), *kind = "";
	FILE *out = p->out;

	if (g->key.kind != DIFF_KIND_COUNT)
		kind = diff_kind_info((enum diff_kind)g->key.kind)->name;
	fprintf(out,
		"<tr class=\"item\" data-kind=\"%s\" data-verdict=\"%s\" data-side=\"both\" "
		"data-tables=\"\" data-sessions=\"",
		kind, verdict);
	html_write_session_list(p, g);
	fprintf(out, "\"><td><span class=\"v v-%s\">%s</span></td><td class=\"n\">%" PRId64 "</td>",
		verdict, verdict, g->count);
	write_statement(out, g->key.statement);
	fprintf(out, "<td>%s%s", kind, *kind && g->key.reason.len > 0 ? ": " : "");
	html_escape(out, g->key.reason);
	fprintf(out, "</td><td>%" PRId64 ":%" PRId64 "</td></tr>\n", g->examples[0].session,
		g->examples[0].exchange);
}

void html_write_others(struct html_page *p)
{
	static const char *const headings[] = {"Verdict", "#Times", "Statement", "Why", "First at"};
	const struct groups *g = &p->summary->others;
	size_t shown = 0;

	if (g->count == 0)
		return;
	fputs("<section id=\"others\">\n<h2>Allowed, retried or not compared</h2>\n", p->out);
	begin_table(p->out, headings, ARRAY_LEN(headings));
	for (; shown < g->count && shown < p->limit; shown++)
		write_other(p, &g->items[shown]);
	end_table(p->out);
	if (g->count > shown)
		fprintf(p->out, "<p class=\"more\">%zu more groups are not shown (--limit)</p>\n",
			g->count - shown);
	if (g->dropped > 0)
		fprintf(p->out,
			"<p class=\"more\">%" PRId64 " findings beyond the first %zu groups are "
			"not shown</p>\n",
			g->dropped, g->count);
	fputs("</section>\n", p->out);
}

/* --- reasons and rules --- */

void html_write_reasons(struct html_page *p)
{
	static const char *const headings[] = {
		"Verdict", "#Commands", "#Exchanges", "Why", "First exchange"};
	const struct tally *t = &p->summary->reasons;
	FILE *out = p->out;

	if (t->count == 0)
		return;
	fputs("<section id=\"reasons\">\n<h2>What was not compared, and why</h2>\n", out);
	begin_table(out, headings, ARRAY_LEN(headings));
	for (size_t i = 0; i < t->count; i++) {
		const struct tally_row *row = &t->rows[i];
		const char *verdict = verdict_name((enum verdict)row->verdict);

		fprintf(out,
			"<tr><td><span class=\"v v-%s\">%s</span></td><td class=\"n\">%" PRId64
			"</td><td class=\"n\">%" PRId64 "</td>",
			verdict, verdict, row->count, row->exchanges);
		write_cell(out, row->text.len > 0
					? row->text
					: bytes_str(verdict_meaning((enum verdict)row->verdict)));
		fprintf(out, "<td>%" PRId64 "</td></tr>\n", row->first_exchange);
	}
	end_table(out);
	if (t->dropped > 0)
		fprintf(out, "<p class=\"more\">%" PRId64 " more have other reasons</p>\n",
			t->dropped);
	fputs("</section>\n", out);
}

static bool hides_much(const struct summary *s, const struct tally_row *row)
{
	return row->exchanges > s->counts.exchanges / 1000 * MUCH_PERMILLE && row->exchanges > 10;
}

void html_write_rules(struct html_page *p)
{
	static const char *const headings[] = {
		"Rule", "#Differences", "#Exchanges", "First exchange", ""};
	const struct tally *t = &p->summary->rules;
	FILE *out = p->out;

	if (t->count == 0)
		return;
	fputs("<section id=\"rules\">\n<h2>Rules that allowed differences</h2>\n", out);
	begin_table(out, headings, ARRAY_LEN(headings));
	for (size_t i = 0; i < t->count; i++) {
		const struct tally_row *row = &t->rows[i];

		fputs("<tr>", out);
		write_cell(out, row->text);
		fprintf(out,
			"<td class=\"n\">%" PRId64 "</td><td class=\"n\">%" PRId64
			"</td><td>%" PRId64 "</td><td>%s</td></tr>\n",
			row->count, row->exchanges, row->first_exchange,
			hides_much(p->summary, row)
				? "<span class=\"much\">hides much: one exchange in twenty "
				  "or more</span>"
				: "");
	}
	end_table(out);
	if (t->dropped > 0)
		fprintf(out,
			"<p class=\"more\">%" PRId64
			" differences were allowed by more rules</p>\n",
			t->dropped);
	fputs("</section>\n", out);
}

/* --- sessions and gaps --- */

static void write_session(FILE *out, const struct summary *s, const struct summary_session *row)
{
	char at[CLOCK_TEXT_MAX];

	fprintf(out, "<tr><td class=\"n\">%" PRId64 "</td><td class=\"n\">%" PRId64 "</td>",
		row->id, row->mismatches);
	write_cell(out, row->user);
	write_cell(out, row->database);
	write_cell(out, row->application_name);
	write_cell(out, row->client);
	fprintf(out, "<td>%s</td></tr>\n",
		row->is_known ? summary_time(s, row->started_us, at) : "not recorded");
}

void html_write_sessions(struct html_page *p)
{
	static const char *const headings[] = {"#Session", "#Mismatches", "User", "Database",
		"Application", "Client", "Connected"};
	const struct summary *s = p->summary;

	if (s->session_count == 0)
		return;
	fputs("<section id=\"sessions\">\n<h2>Sessions</h2>\n", p->out);
	begin_table(p->out, headings, ARRAY_LEN(headings));
	for (size_t i = 0; i < s->session_count; i++)
		write_session(p->out, s, &s->sessions[i]);
	end_table(p->out);
	if (s->counts.sessions > (int64_t)s->session_count)
		fprintf(p->out,
			"<p class=\"more\">%zu of %" PRId64 " sessions are shown, those with "
			"mismatches first.</p>\n",
			s->session_count, s->counts.sessions);
	fputs("</section>\n", p->out);
}

void html_write_gaps(struct html_page *p)
{
	static const char *const headings[] = {"#Exchanges", "When", "Why"};
	const struct summary *s = p->summary;
	char at[CLOCK_TEXT_MAX];

	if (s->counts.gaps == 0)
		return;
	fputs("<section id=\"gaps\">\n<h2>Gaps</h2>\n<p>Exchanges that could not be recorded, and "
	      "so were not compared for this report.</p>\n",
		p->out);
	begin_table(p->out, headings, ARRAY_LEN(headings));
	for (size_t i = 0; i < s->gap_count; i++) {
		fprintf(p->out, "<tr><td class=\"n\">%" PRId64 "</td><td>%s</td>",
			s->gaps[i].exchanges, summary_time(s, s->gaps[i].at_us, at));
		write_cell(p->out, s->gaps[i].reason);
		fputs("</tr>\n", p->out);
	}
	end_table(p->out);
	if (s->counts.gaps > (int64_t)s->gap_count)
		fprintf(p->out, "<p class=\"more\">and %" PRId64 " more gaps</p>\n",
			s->counts.gaps - (int64_t)s->gap_count);
	fputs("</section>\n", p->out);
}
