/*
 * Statements by time: those that took the most on either side, with the ratio of the medians as
 * bars on a logarithmic scale.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "diffengine/shape.h"
#include "report/html_escape.h"
#include "report/html_page.h"
#include "report/html_sql.h"
#include "report/text.h"

#define SHOWN     20
#define TITLE_MAX 200 /* bytes of a statement */
#define BAR       60  /* half the width of the ratio's picture: a factor of 1,000 */

static int64_t longer(const struct figures_shape *s)
{
	return s->truth_us > s->candidate_us ? s->truth_us : s->candidate_us;
}

static int compare_shapes(const void *left, const void *right)
{
	int64_t a = longer(*(const struct figures_shape *const *)left);
	int64_t b = longer(*(const struct figures_shape *const *)right);

	return (a < b) - (a > b);
}

static void write_times(FILE *out, const uint32_t *bins, int64_t count, int64_t max)
{
	char text[CLOCK_TEXT_MAX];
	int64_t median = figures_quantile(bins, count, 0.5);

	fprintf(out, "<td class=\"n\">%s</td>",
		clock_format_duration(median < max ? median : max, text));
	fprintf(out, "<td class=\"n\">%s</td>", clock_format_duration(max, text));
}

/* To the right: the candidate is slower. */
static void write_bar(FILE *out, double ratio)
{
	double width = BAR / 3.0 * log10(ratio > 0 ? ratio : 1);

	if (width > BAR)
		width = BAR;
	if (width < -BAR)
		width = -BAR;
	fprintf(out,
		"<td class=\"n\">%.2f</td><td><svg class=\"bar\" viewBox=\"%d 0 %d 12\" "
		"role=\"img\" aria-label=\"ratio %.2f\"><rect class=\"%s\" x=\"%.1f\" y=\"1\" "
		"width=\"%.1f\" height=\"10\"/><line class=\"grid\" x1=\"0\" y1=\"0\" x2=\"0\" "
		"y2=\"12\"/></svg></td>",
		ratio, -BAR, 2 * BAR, ratio, width > 0 ? "slower" : "faster", width > 0 ? 0 : width,
		fabs(width));
}

static bool write_shape(struct html_page *p, const struct figures_shape *s)
{
	double truth = (double)s->truth_us, candidate = (double)s->candidate_us;
	struct bytes text = s->text;

	fputs("<tr><td><code class=\"sql\">", p->out);
	if (shape_write(&p->text, s->text))
		text = buf_bytes(&p->text);
	html_sql(p->out, text_cut(text, TITLE_MAX));
	fprintf(p->out, "%s</code>", text.len > TITLE_MAX ? " ..." : "");
	if (!html_write_plans(p, s->slowest))
		return false;
	fprintf(p->out, "</td><td class=\"n\">%" PRId64 "</td>", s->count);
	write_times(p->out, s->truth_bins, s->count, s->truth_max);
	write_times(p->out, s->candidate_bins, s->count, s->candidate_max);
	write_bar(p->out, candidate / (truth > 0 ? truth : 1));
	fputs("</tr>\n", p->out);
	return true;
}

static void write_head(FILE *out, const struct summary *s)
{
	fputs("<section id=\"slowest\">\n<h2>Statements that took the most time</h2>\n"
	      "<p>Of exchanges with one command that both databases answered. The ratio is "
	      "that of the sums of times; a bar to the right: ",
		out);
	html_escape(out, s->candidate.name);
	fputs(" took longer. Medians are exact to half of their size.</p>\n<div class=\"wide\" "
	      "tabindex=\"0\"><table><thead><tr><th scope=\"col\">Statement</th>"
	      "<th scope=\"col\" class=\"n\">Times</th><th scope=\"col\" class=\"n\" "
	      "colspan=\"2\">",
		out);
	html_escape(out, s->truth.name);
	fputs(", median and longest</th><th scope=\"col\" class=\"n\" colspan=\"2\">", out);
	html_escape(out, s->candidate.name);
	fputs(", median and longest</th><th scope=\"col\" colspan=\"2\">Ratio</th></tr></thead>"
	      "<tbody>\n",
		out);
}

static bool write_rows(struct html_page *p, const struct figures_shape *const *sorted, size_t count)
{
	for (size_t i = 0; i < count && i < SHOWN; i++)
		if (!write_shape(p, sorted[i]))
			return false;
	fputs("</tbody></table></div>\n", p->out);
	if (count > SHOWN)
		fprintf(p->out, "<p class=\"more\">%zu more statements took less time</p>\n",
			count - SHOWN);
	return true;
}

bool html_write_latency(struct html_page *p, const struct figures *f)
{
	const struct figures_shape **sorted = calloc(f->shape_count + 1, sizeof(*sorted));
	size_t count = 0;
	bool ok;

	if (!sorted)
		return err_set(p->err, "out of memory for the times of statements");
	for (size_t i = 0; i < f->shape_count; i++)
		if (f->shapes[i].count > 0)
			sorted[count++] = &f->shapes[i];
	if (count == 0) {
		free(sorted);
		return true;
	}
	qsort(sorted, count, sizeof(const struct figures_shape *), compare_shapes);
	write_head(p->out, p->summary);
	ok = write_rows(p, sorted, count);
	if (f->unshaped > 0)
		fprintf(p->out,
			"<p class=\"more\">%" PRId64
			" exchanges with several commands, or of further "
			"statements, are not in this table</p>\n",
			f->unshaped);
	fputs("</section>\n", p->out);
	free(sorted);
	return ok;
}
