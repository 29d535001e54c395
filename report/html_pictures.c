/*
 * Verdicts over time and latency of side against side, as SVG. Colours are classes of report.css,
 * so that they follow the light or dark setting; every picture has a title and its numbers as
 * text of each mark.
 */
#include <inttypes.h>
#include <math.h>

#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"

#define PANEL_WIDTH   640
#define PANEL_HEIGHT  90
#define SLICE_WIDTH   (PANEL_WIDTH / FIGURES_TIMES)
#define CELL          12 /* of the scatter */
#define DECADES_LEAST 3  /* of its axes */

static const char *name_of(int verdict)
{
	return verdict < VERDICT_COUNT ? verdict_name((enum verdict)verdict) : "unknown";
}

static int64_t slice_sum(const struct figures *f, size_t slice, bool with_equal)
{
	int64_t sum = 0;

	for (int v = 0; v < FIGURES_VERDICTS; v++)
		sum += with_equal || v != VERDICT_EQUAL ? f->times[slice][v] : 0;
	return sum;
}

static void write_slice(
	struct html_page *p, const struct figures *f, size_t slice, int64_t most, bool with_equal)
{
	char at[CLOCK_TEXT_MAX];
	double y = PANEL_HEIGHT;

	for (int v = 0; v < FIGURES_VERDICTS; v++) {
		int64_t count = f->times[slice][v];
		double height = PANEL_HEIGHT * (double)count / (double)most;

		if (count == 0 || (v == VERDICT_EQUAL && !with_equal))
			continue;
		y -= height;
		fprintf(p->out,
			"<rect class=\"f-%s\" x=\"%zu\" y=\"%.2f\" width=\"%d\" height=\"%.2f\">"
			"<title>%" PRId64 " %s, from %s</title></rect>",
			name_of(v), slice * SLICE_WIDTH, y, SLICE_WIDTH - 1, height, count,
			name_of(v), clock_format_duration((int64_t)slice * f->slice_us, at));
	}
}

static void write_panel(
	struct html_page *p, const struct figures *f, const char *title, bool with_equal)
{
	int64_t most = 0;

	for (size_t i = 0; i < f->slices; i++) {
		int64_t sum = slice_sum(f, i, with_equal);

		most = sum > most ? sum : most;
	}
	if (most == 0)
		return;
	fprintf(p->out,
		"<figure><figcaption>%s, at most %" PRId64 " in a slice</figcaption>\n"
		"<svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" class=\"over-time\" "
		"role=\"img\" aria-label=\"%s\">",
		title, most, f->slices * SLICE_WIDTH, PANEL_HEIGHT, title);
	for (size_t i = 0; i < f->slices; i++)
		write_slice(p, f, i, most, with_equal);
	fputs("</svg></figure>\n", p->out);
}

static void write_legend(FILE *out, const struct summary *s)
{
	fputs("<p class=\"legend\">", out);
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (s->counts.exchanges_by_verdict[v] > 0)
			fprintf(out, "<span class=\"v v-%s\">%s</span> ", name_of(v), name_of(v));
	fputs("</p>\n", out);
}

static void write_over_time(struct html_page *p, const struct figures *f)
{
	char slice[CLOCK_TEXT_MAX];

	if (f->slices == 0)
		return;
	fputs("<section id=\"over-time\">\n<h2>Verdicts over time</h2>\n", p->out);
	fprintf(p->out,
		"<p>Exchanges by when they began, in slices of %s from the start of the "
		"trace.</p>\n",
		clock_format_duration(f->slice_us, slice));
	write_legend(p->out, p->summary);
	write_panel(p, f, "All exchanges", true);
	write_panel(p, f, "Those that are not equal", false);
	fputs("</section>\n", p->out);
}

static uint32_t densest(const struct figures *f)
{
	uint32_t most = 1;

	for (int i = 0; i < FIGURES_BINS; i++)
		for (int j = 0; j < FIGURES_BINS; j++)
			most = f->scatter[i][j] > most ? f->scatter[i][j] : most;
	return most;
}

/* The bins that are used, from and to, the same for both axes. */
static void find_range(const struct figures *f, int *from, int *to)
{
	*from = FIGURES_BINS;
	*to = 0;
	for (int i = 0; i < FIGURES_BINS; i++)
		for (int j = 0; j < FIGURES_BINS; j++) {
			int low = i < j ? i : j, high = i < j ? j : i;

			if (f->scatter[i][j] == 0)
				continue;
			*from = low < *from ? low : *from;
			*to = high > *to ? high : *to;
		}
	*from -= *from % FIGURES_DECADE;
	*to += FIGURES_DECADE - *to % FIGURES_DECADE;
	if (*to - *from < DECADES_LEAST * FIGURES_DECADE)
		*to = *from + DECADES_LEAST * FIGURES_DECADE;
}

static void write_axes(FILE *out, int from, int to)
{
	char at[CLOCK_TEXT_MAX];
	int size = (to - from) * CELL;

	for (int bin = from; bin <= to; bin += FIGURES_DECADE) {
		int x = (bin - from) * CELL;

		clock_format_duration((int64_t)(figures_bin_us(bin) + 0.5), at);
		fprintf(out,
			"<line class=\"grid\" x1=\"%d\" y1=\"0\" x2=\"%d\" y2=\"%d\"/>"
			"<line class=\"grid\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
			"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>"
			"<text x=\"-6\" y=\"%d\" text-anchor=\"end\">%s</text>",
			x, x, size, size - x, size, size - x, x, size + 16, at, size - x + 4, at);
	}
	fprintf(out, "<line class=\"same\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"0\"/>", size, size);
}

static void write_cells(FILE *out, const struct figures *f, int from, int to)
{
	double scale = log1p((double)densest(f));
	char truth[CLOCK_TEXT_MAX], candidate[CLOCK_TEXT_MAX];

	for (int i = from; i < to && i < FIGURES_BINS; i++)
		for (int j = from; j < to && j < FIGURES_BINS; j++) {
			uint32_t count = f->scatter[i][j];

			if (count == 0)
				continue;
			fprintf(out,
				"<rect class=\"dot\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
				"fill-opacity=\"%.2f\"><title>%" PRIu32
				": %s against %s</title></rect>",
				(j - from) * CELL, (to - i - 1) * CELL, CELL, CELL,
				0.15 + 0.85 * log1p((double)count) / scale, count,
				clock_format_duration((int64_t)figures_bin_us(j), truth),
				clock_format_duration((int64_t)figures_bin_us(i), candidate));
		}
}

static void write_scatter(struct html_page *p, const struct figures *f)
{
	const struct summary *s = p->summary;
	int from, to, size;

	if (f->timed == 0)
		return;
	find_range(f, &from, &to);
	size = (to - from) * CELL;
	fputs("<section id=\"latency\">\n<h2>Latency, side against side</h2>\n"
	      "<p>Each "
	      "exchange by the time that either database took, both axes logarithmic. Above "
	      "the line ",
		p->out);
	html_escape(p->out, s->candidate.name);
	fprintf(p->out,
		" is slower. %" PRId64 " exchanges; %" PRId64 " that a side did not answer "
		"are left out.</p>\n<figure><svg viewBox=\"-70 -10 %d %d\" width=\"%d\" "
		"height=\"%d\" class=\"scatter\" "
		"role=\"img\" aria-label=\"Latency of both databases\">",
		f->timed, f->untimed, size + 90, size + 50, size + 90, size + 50);
	write_axes(p->out, from, to);
	write_cells(p->out, f, from, to);
	fprintf(p->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", size / 2, size + 34);
	html_escape(p->out, s->truth.name);
	fputs("</text><text x=\"4\" y=\"4\">", p->out);
	html_escape(p->out, s->candidate.name);
	fputs("</text></svg></figure>\n</section>\n", p->out);
}

void html_write_pictures(struct html_page *p, const struct figures *f)
{
	write_over_time(p, f);
	write_scatter(p, f);
}
