/*
 * Rows of both sides as two tables of the same height beside each other; on a narrow screen one
 * below the other. Cells that differ are marked, those of columns where a difference counts more
 * strongly than those where it does not (a rule allows it, or the statement leaves it open).
 */
#include <inttypes.h>

#include "diffengine/statement.h"
#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"
#include "report/row_diff.h"
#include "report/text.h"

#define COLUMNS_SHOWN 12
#define CELL_MAX      120 /* bytes */

struct rows_writer {
	struct html_page *page;
	struct row_sides sides;
	struct row_diff diff;
	size_t columns[COLUMNS_SHOWN]; /* that are shown */
	size_t column_count, hidden;
	const char **truth[ROW_DIFF_SHOWN], **candidate[ROW_DIFF_SHOWN]; /* cells of the pairs */
};

struct counting {
	const struct group_example *example;
	struct row_sides *sides;
};

/* Columns that the comparison found to differ. */
static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct counting *c = context;
	const struct trace_difference *d = row->difference;

	if (d->ordinal == c->example->ordinal && d->kind == DIFF_VALUE && !d->rule &&
		d->column > 0 && d->column <= ROW_DIFF_COLUMNS) {
		c->sides->counts[d->column - 1] = true;
		c->sides->has_counts = true;
	}
	return true;
}

static bool is_ordered(const struct html_answers *a)
{
	struct statement_traits traits;
	struct bytes rest = a->example->statement;

	if (a->kind == DIFF_ORDER || a->truth->is_copy)
		return true;
	return !statement_next(&rest, &traits) || traits.is_ordered;
}

static const char *cell(const char **cells, size_t column, const struct answer_rows *rows)
{
	return cells && column < rows->column_count ? cells[column] : NULL;
}

static bool is_different(const struct rows_writer *w, size_t pair, size_t column)
{
	if (!w->truth[pair] || !w->candidate[pair])
		return false;
	return !row_cell_is_equal(cell(w->truth[pair], column, w->sides.truth),
		cell(w->candidate[pair], column, w->sides.candidate));
}

static bool counts(const struct rows_writer *w, size_t column)
{
	return !w->sides.has_counts || (column < ROW_DIFF_COLUMNS && w->sides.counts[column]);
}

static bool is_column_different(const struct rows_writer *w, size_t column)
{
	for (size_t i = 0; i < w->diff.count; i++)
		if (is_different(w, i, column))
			return true;
	return false;
}

static void take_cells(struct rows_writer *w)
{
	for (size_t i = 0; i < w->diff.count; i++) {
		const struct row_pair *pair = &w->diff.pairs[i];
		struct arena *arena = &w->page->arena;

		if (pair->truth >= 0)
			w->truth[i] = answer_cells(w->sides.truth, (size_t)pair->truth, arena);
		if (pair->candidate >= 0)
			w->candidate[i] =
				answer_cells(w->sides.candidate, (size_t)pair->candidate, arena);
	}
}

/* The first columns, and those that differ in place of the last of them. */
static void choose_columns(struct rows_writer *w)
{
	size_t truth = w->sides.truth->column_count, candidate = w->sides.candidate->column_count;
	size_t total = truth > candidate ? truth : candidate, room = COLUMNS_SHOWN, differing = 0;

	for (size_t i = 0; i < total; i++)
		differing += is_column_different(w, i);
	for (size_t i = 0; i < total && room > 0; i++) {
		bool differs = is_column_different(w, i);

		if (!differs && room <= differing)
			continue;
		differing -= differs;
		room--;
		w->columns[w->column_count++] = i;
	}
	w->hidden = total - w->column_count;
}

static void write_heading(FILE *out, const struct answer_rows *rows, size_t column)
{
	fputs("<th scope=\"col\">", out);
	if (rows->is_copy)
		fputs("line", out);
	else if (rows->names && column < rows->column_count)
		html_escape(out, text_cut(rows->names[column], 64));
	else
		fprintf(out, "column %zu", column + 1);
	fputs("</th>", out);
}

static void write_cell(const struct rows_writer *w, size_t pair, size_t column, bool of_truth)
{
	const char *text = cell(of_truth ? w->truth[pair] : w->candidate[pair], column,
		of_truth ? w->sides.truth : w->sides.candidate);
	const char *other = cell(of_truth ? w->candidate[pair] : w->truth[pair], column,
		of_truth ? w->sides.candidate : w->sides.truth);
	FILE *out = w->page->out;
	bool differs = is_different(w, pair, column);

	fprintf(out, "<td%s>",
		!differs            ? ""
		: counts(w, column) ? " class=\"diff\""
				    : " class=\"also\"");
	if (!text)
		fputs("<span class=\"none\">NULL</span>", out);
	else if (!*text)
		fputs("<span class=\"none\">empty</span>", out);
	else if (differs && other && counts(w, column))
		html_escape_marked(out, text_cut(bytes_str(text), CELL_MAX),
			text_cut(bytes_str(other), CELL_MAX));
	else
		html_escape(out, text_cut(bytes_str(text), CELL_MAX));
	if (text && strlen(text) > CELL_MAX)
		fputs(" ...", out);
	fputs("</td>", out);
}

static void write_skipped(FILE *out, int64_t rows, size_t columns)
{
	if (rows > 0)
		fprintf(out,
			"<tr class=\"skip\"><td colspan=\"%zu\">%" PRId64
			" row%s not shown</td></tr>\n",
			columns + 1, rows, rows == 1 ? "" : "s");
}

static void write_row(const struct rows_writer *w, size_t at, bool of_truth)
{
	const struct row_pair *pair = &w->diff.pairs[at];
	int64_t index = of_truth ? pair->truth : pair->candidate;
	FILE *out = w->page->out;

	write_skipped(out, pair->skipped, w->column_count);
	if (index < 0) {
		fprintf(out, "<tr class=\"lacks\"><td colspan=\"%zu\">no such row</td></tr>\n",
			w->column_count + 1);
		return;
	}
	fprintf(out, "<tr%s><th scope=\"row\">%" PRId64 "</th>",
		pair->is_equal                           ? ""
		: pair->truth < 0 || pair->candidate < 0 ? " class=\"alone\""
							 : " class=\"changed\"",
		index + 1);
	for (size_t i = 0; i < w->column_count; i++)
		write_cell(w, at, w->columns[i], of_truth);
	fputs("</tr>\n", out);
}

static void write_side(const struct rows_writer *w, bool of_truth)
{
	const struct answer_rows *rows = of_truth ? w->sides.truth : w->sides.candidate;
	const struct summary *s = w->page->summary;
	FILE *out = w->page->out;

	fputs("<div class=\"wide\" tabindex=\"0\"><table class=\"rows\"><caption>", out);
	html_escape(out, of_truth ? s->truth.name : s->candidate.name);
	fprintf(out, ", %zu%s row%s</caption><thead><tr><th scope=\"col\">row</th>",
		rows->row_count, rows->is_cut ? " or more" : "", rows->row_count == 1 ? "" : "s");
	for (size_t i = 0; i < w->column_count; i++)
		write_heading(out, rows, w->columns[i]);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = 0; i < w->diff.count; i++)
		write_row(w, i, of_truth);
	write_skipped(out, w->diff.rest, w->column_count);
	fputs("</tbody></table></div>\n", out);
}

static void write_tables(const struct rows_writer *w)
{
	FILE *out = w->page->out;

	fputs("<h4>Rows side by side</h4>\n", out);
	if (w->diff.is_settled && w->sides.truth->row_count + w->sides.candidate->row_count > 2)
		fputs("<p class=\"more\">The statement leaves the order open: equal rows are left "
		      "out wherever they stand.</p>\n",
			out);
	if (w->hidden > 0)
		fprintf(out, "<p class=\"more\">%zu more columns are not shown.</p>\n", w->hidden);
	fputs("<div class=\"pair\">\n", out);
	write_side(w, true);
	write_side(w, false);
	fputs("</div>\n", out);
}

static bool has_difference(const struct row_diff *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (!d->pairs[i].is_equal)
			return true;
	return false;
}

bool html_write_rows(struct html_page *p, const struct html_answers *answers)
{
	struct rows_writer *w;
	struct counting counting = {.example = answers->example};

	if (answers->truth->row_count + answers->candidate->row_count == 0)
		return true;
	w = arena_alloc(&p->arena, sizeof(*w));
	if (!w)
		return true;
	w->page = p;
	w->sides.truth = answers->truth;
	w->sides.candidate = answers->candidate;
	w->sides.is_ordered = is_ordered(answers);
	counting.sides = &w->sides;
	if (!trace_read_differences(
		    p->trace, answers->example->exchange, on_difference, &counting, p->err))
		return false;
	if (!row_diff_make(&w->diff, &w->sides, &p->arena)) {
		fputs("<p class=\"more\">The rows are too many to be shown side by side.</p>\n",
			p->out);
		return true;
	}
	take_cells(w);
	choose_columns(w);
	if (has_difference(&w->diff))
		write_tables(w);
	return true;
}
