/*
 * One mismatch, whole: read again from the trace when its group is written, so that the summary
 * need not hold answers.
 */
#include <inttypes.h>

#include "diffengine/answer_rows.h"
#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"
#include "report/html_sql.h"
#include "report/text.h"
#include "schema/trace_read_times.h"

#define TIMELINE_MAX  12  /* exchanges before the mismatch */
#define TIMELINE_TEXT 160 /* bytes of a statement in it */
#define FIELD_MAX     2048
#define PLAN_MAX      16384 /* bytes of a plan */

struct evidence {
	struct html_page *page;
	const struct group_example *example;
	int kind;
	bool ok;
	const struct trace_exchange *exchange;
	struct answer_rows truth, candidate;
};

static const char *status_words(char status)
{
	switch (status) {
	case 'I':
		return "outside a transaction";
	case 'T':
		return "in a transaction";
	case 'E':
		return "in a failed transaction";
	default:
		return "no answer";
	}
}

/* --- ends and errors --- */

static struct bytes field_of(const struct answer_rows *rows, char code)
{
	for (size_t i = 0; i < rows->error_count; i++)
		if (rows->error[i].code == code)
			return rows->error[i].text;
	return bytes_of(NULL, 0);
}

static void write_two(FILE *out, const char *label, struct bytes truth, struct bytes candidate)
{
	if (truth.len == 0 && candidate.len == 0)
		return;
	fprintf(out, "<tr%s><th scope=\"row\">%s</th><td>",
		bytes_equal(truth, candidate) ? "" : " class=\"differs\"", label);
	html_escape_marked(out, text_cut(truth, FIELD_MAX), text_cut(candidate, FIELD_MAX));
	fputs("</td><td>", out);
	html_escape_marked(out, text_cut(candidate, FIELD_MAX), text_cut(truth, FIELD_MAX));
	fputs("</td></tr>\n", out);
}

static void write_fields(const struct evidence *e)
{
	static const struct {
		char code;
		const char *label;
	} fields[] = {{'V', "Severity"}, {'C', "SQLSTATE"}, {'M', "Message"}, {'D', "Detail"},
		{'H', "Hint"}, {'P', "Position"}, {'p', "Internal position"},
		{'q', "Internal query"}, {'W', "Where"}, {'s', "Schema"}, {'t', "Table"},
		{'c', "Column"}, {'d', "Data type"}, {'n', "Constraint"}, {'F', "File"},
		{'L', "Line"}, {'R', "Routine"}};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		write_two(e->page->out, fields[i].label, field_of(&e->truth, fields[i].code),
			field_of(&e->candidate, fields[i].code));
}

static struct bytes end_of(const struct answer_rows *rows)
{
	if (rows->error_count > 0)
		return bytes_str("error");
	if (rows->tag.len > 0)
		return rows->tag;
	if (!rows->is_found)
		return bytes_str(rows->is_cut ? "not in the part that was kept" : "nothing");
	return bytes_str("not complete");
}

static struct bytes count_of(struct html_page *p, const struct answer_rows *rows)
{
	const char *text = NULL;

	if (rows->has_rows)
		text = arena_printf(&p->arena, "%zu%s", rows->row_count,
			rows->is_cut ? " or more (the answer was cut in the trace)" : "");
	return bytes_str(text);
}

static struct bytes time_of(struct html_page *p, int64_t us)
{
	char text[CLOCK_TEXT_MAX];

	if (us < 0)
		return bytes_str("never answered");
	return bytes_str(arena_printf(&p->arena, "%s", clock_format_duration(us, text)));
}

static void write_plain(FILE *out, const char *label, struct bytes truth, struct bytes candidate)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", label);
	html_escape(out, truth);
	fputs("</td><td>", out);
	html_escape(out, candidate);
	fputs("</td></tr>\n", out);
}

static void write_ends(const struct evidence *e)
{
	struct html_page *p = e->page;
	const struct trace_exchange *x = e->exchange;

	fputs("<div class=\"wide\"><table class=\"two\"><thead><tr><td></td><th scope=\"col\">",
		p->out);
	html_escape(p->out, p->summary->truth.name);
	fputs("</th><th scope=\"col\">", p->out);
	html_escape(p->out, p->summary->candidate.name);
	fputs("</th></tr></thead><tbody>\n", p->out);
	write_two(p->out, "Answer", end_of(&e->truth), end_of(&e->candidate));
	write_two(p->out, "Rows", count_of(p, &e->truth), count_of(p, &e->candidate));
	write_fields(e);
	write_two(p->out, "Afterwards", bytes_str(status_words(x->truth_status)),
		bytes_str(status_words(x->candidate_status)));
	write_plain(p->out, "Took", time_of(p, x->truth_us), time_of(p, x->candidate_us));
	fputs("</tbody></table></div>\n", p->out);
	if (x->note) {
		fputs("<p>Note: ", p->out);
		html_escape(p->out, text_cut(bytes_str(x->note), FIELD_MAX));
		fputs("</p>\n", p->out);
	}
}

/* --- the transaction up to there --- */

struct timeline {
	struct html_page *page;
	struct trace_before rows[TIMELINE_MAX]; /* the latest first; texts in the arena */
	size_t count;
	bool has_more;
};

static bool on_before(void *context, const struct trace_before *row)
{
	struct timeline *t = context;

	if (row->truth_status == 'I')
		return false; /* the transaction began behind it */
	if (t->count == TIMELINE_MAX) {
		t->has_more = true;
		return false;
	}
	t->rows[t->count] = *row;
	t->rows[t->count++].statement = text_keep(&t->page->arena, row->statement, TIMELINE_TEXT);
	return true;
}

static void write_step(struct html_page *p, const struct trace_before *row)
{
	char truth[CLOCK_TEXT_MAX], candidate[CLOCK_TEXT_MAX];
	const char *verdict = verdict_name((enum verdict)row->verdict);

	fprintf(p->out, "<li><span class=\"v v-%s\">%s</span> <code class=\"sql\">", verdict,
		verdict);
	if (row->statement.len == 0)
		fputs("(no statement)", p->out);
	html_sql(p->out, row->statement);
	fprintf(p->out, "</code> <small>%s and %s%s</small></li>\n",
		row->truth_us < 0 ? "no answer" : clock_format_duration(row->truth_us, truth),
		row->candidate_us < 0 ? "no answer"
				      : clock_format_duration(row->candidate_us, candidate),
		row->truth_status == 'E' ? ", transaction failed" : "");
}

static bool write_timeline(const struct evidence *e)
{
	struct timeline t = {.page = e->page};
	struct trace_before_key key = {
		.exchange = e->example->exchange, .session = e->example->session};
	FILE *out = e->page->out;

	if (!trace_read_before(e->page->trace, &key, on_before, &t, e->page->err))
		return false;
	if (t.count == 0)
		return true;
	fprintf(out,
		"<h4>The transaction up to there</h4>\n<ol class=\"timeline\" start=\"-%zu\">\n",
		t.count);
	if (t.has_more)
		fputs("<li class=\"more\">earlier exchanges are not shown</li>\n", out);
	for (size_t i = t.count; i-- > 0;)
		write_step(e->page, &t.rows[i]);
	fputs("<li><span class=\"v v-mismatch\">mismatch</span> this statement</li>\n</ol>\n", out);
	return true;
}

/* --- plans --- */

static bool on_plan(void *context, const struct trace_plan *row)
{
	struct html_page *p = context;
	const struct summary *s = p->summary;

	fputs("<details class=\"plan\"><summary>Plan of ", p->out);
	html_escape(p->out, strcmp(row->role, "truth") == 0 ? s->truth.name : s->candidate.name);
	fputs("</summary><pre>", p->out);
	html_escape(p->out, text_cut(bytes_str(row->text), PLAN_MAX));
	fprintf(p->out, "%s</pre></details>\n", strlen(row->text) > PLAN_MAX ? " ..." : "");
	return true;
}

bool html_write_plans(struct html_page *p, int64_t exchange)
{
	return trace_read_plans(p->trace, exchange, on_plan, p, p->err);
}

/* --- all of it --- */

static bool read_answers(struct evidence *e)
{
	const struct trace_exchange *x = e->exchange;
	struct bytes candidate = x->has_candidate ? x->candidate : x->truth;
	unsigned ordinal = (unsigned)e->example->ordinal;

	return answer_rows_read(&e->truth, x->truth, ordinal, &e->page->arena) &&
	       answer_rows_read(&e->candidate, candidate, ordinal, &e->page->arena);
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct evidence *e = context;
	struct html_answers answers = {.truth = &e->truth,
		.candidate = &e->candidate,
		.example = e->example,
		.kind = e->kind};

	e->exchange = row;
	if (!read_answers(e)) {
		fputs("<p class=\"more\">The answers are too large to be taken apart here.</p>\n",
			e->page->out);
	} else {
		write_ends(e);
		e->ok = html_write_rows(e->page, &answers);
	}
	e->ok = e->ok && html_write_plans(e->page, row->id) && write_timeline(e);
	return false;
}

bool html_write_evidence(struct html_page *p, const struct group_example *example, int kind)
{
	struct evidence e = {.page = p, .example = example, .kind = kind, .ok = true};

	return trace_read_exchange(p->trace, example->exchange, on_exchange, &e, p->err) && e.ok;
}

struct finding_side {
	int ordinal;
	const char *side;
};

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct finding_side *f = context;
	bool truth_failed = row->truth_sqlstate != NULL;
	bool candidate_failed = row->candidate_sqlstate != NULL;

	(void)statement;
	if (row->ordinal != f->ordinal)
		return true;
	if (truth_failed != candidate_failed)
		f->side = truth_failed ? "truth" : "candidate";
	else if (row->truth_rows != row->candidate_rows)
		f->side = row->truth_rows < row->candidate_rows ? "truth" : "candidate";
	return false;
}

bool html_find_side(struct html_page *p, const struct group_example *example, const char **side)
{
	struct finding_side f = {.ordinal = example->ordinal, .side = "both"};
	bool ok = trace_read_commands(p->trace, example->exchange, on_command, &f, p->err);

	*side = f.side;
	return ok;
}
