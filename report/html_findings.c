/*
 * The list of mismatches: root causes in order, each with the groups that possibly follow from it
 * folded below; the first root cause stands on the first screen. What does not fit is counted.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "diffengine/verdict.h"
#include "report/html_page.h"

/* Which groups are written where. */
struct findings {
	struct html_page *page;
	const struct groups *groups;
	size_t *roots; /* by index of a group: the index of its root cause, itself if it is one */
	size_t shown;  /* groups that are on the page */
	size_t done;   /* bytes of them */
};

/* A consequence whose cause is no group of the page. */
#define ROOT_UNKNOWN SIZE_MAX

/* Up from consequence to cause; numbers only fall, so that it ends. */
static size_t find_root(const struct groups *g, const size_t *by_number, size_t at)
{
	while (at != ROOT_UNKNOWN && group_is_consequence(&g->items[at])) {
		uint16_t cause = g->items[at].cause_number;

		at = cause > 0 && cause < g->items[at].number ? by_number[cause] : ROOT_UNKNOWN;
	}
	return at;
}

static bool find_roots(struct findings *f)
{
	const struct groups *g = f->groups;
	size_t *by_number = calloc(g->count + 1, sizeof(*by_number));

	f->roots = calloc(g->count + 1, sizeof(*f->roots));
	if (!by_number || !f->roots) {
		free(by_number);
		return err_set(f->page->err, "out of memory for the order of the mismatches");
	}
	for (size_t i = 0; i < g->count; i++)
		by_number[g->items[i].number] = i;
	for (size_t i = 0; i < g->count; i++)
		f->roots[i] = find_root(g, by_number, i);
	if (g->count > 0 && f->roots[0] == ROOT_UNKNOWN)
		f->roots[0] = 0; /* there is no better one to begin with */
	free(by_number);
	return true;
}

static bool write_one(struct findings *f, size_t index)
{
	struct html_place at = {.number = index + 1, .done = f->done, .is_open = index == 0};
	size_t len;

	if (f->shown >= f->page->limit || f->done >= HTML_SHORTS_MAX)
		return true;
	len = html_write_group(f->page, &f->groups->items[index], &at);
	f->shown++;
	f->done += len;
	return len > 0;
}

static size_t count_followers(const struct findings *f, size_t root)
{
	size_t count = 0;

	for (size_t i = 0; i < f->groups->count; i++)
		count += i != root && f->roots[i] == root;
	return count;
}

/* The consequences of a root, folded. */
static bool write_followers(struct findings *f, size_t root)
{
	size_t count = count_followers(f, root);
	FILE *out = f->page->out;

	if (count == 0 || f->shown >= f->page->limit)
		return true;
	fprintf(out,
		"<details class=\"follow\">\n<summary>%zu group%s possibly follow%s from "
		"%s</summary>\n",
		count, count == 1 ? "" : "s", count == 1 ? "s" : "",
		root == ROOT_UNKNOWN ? "exchanges that are not in this list" : "this");
	for (size_t i = 0; i < f->groups->count; i++)
		if (i != root && f->roots[i] == root && !write_one(f, i))
			return false;
	fputs("</details>\n", out);
	return true;
}

static bool write_root(struct findings *f, size_t root)
{
	return write_one(f, root) && write_followers(f, root);
}

/* Controls of report.js, which shows them: without a script they would do nothing. */
static void write_filter(FILE *out)
{
	static const struct {
		const char *name, *label;
	} lists[] = {
		{"kind", "Kind"}, {"verdict", "Verdict"}, {"side", "Side"}, {"table", "Table"}};

	fputs("<form id=\"filter\" hidden role=\"search\" aria-label=\"Filter the findings\">\n",
		out);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		fprintf(out,
			"<label>%s <select id=\"filter-%s\"><option value=\"\">all</option>"
			"</select></label>\n",
			lists[i].label, lists[i].name);
	fputs("<label>Session <input id=\"filter-session\" inputmode=\"numeric\" "
	      "size=\"6\"></label>\n"
	      "<label>Text <input id=\"filter-text\" type=\"search\"></label>\n"
	      "<button type=\"reset\">Show all</button>\n"
	      "<span id=\"filter-count\" role=\"status\"></span></form>\n",
		out);
}

static void write_rest(FILE *out, const struct groups *g, size_t shown)
{
	if (g->count > shown)
		fprintf(out,
			"<p class=\"more\">%zu more groups are not shown (--limit, or the page "
			"would be larger than 10 MB)</p>\n",
			g->count - shown);
	if (g->dropped > 0)
		fprintf(out,
			"<p class=\"more\">%" PRId64 " findings beyond the first %zu groups are "
			"not shown; the CSV report has every difference</p>\n",
			g->dropped, g->count);
}

static bool write_first(struct findings *f)
{
	if (f->groups->count == 0)
		return true;
	fputs("<section id=\"first\">\n<h2>The first root cause</h2>\n", f->page->out);
	if (!write_root(f, 0))
		return false;
	fputs("</section>\n", f->page->out);
	return true;
}

static bool write_list(struct findings *f)
{
	for (size_t i = 1; i < f->groups->count; i++)
		if (f->roots[i] == i && !write_root(f, i))
			return false;
	if (!write_followers(f, ROOT_UNKNOWN))
		return false;
	write_rest(f->page->out, f->groups, f->shown);
	return true;
}

static bool has_mismatches(const struct summary *s)
{
	return s->counts.by_verdict[VERDICT_MISMATCH] > 0 ||
	       s->counts.exchanges_by_verdict[VERDICT_MISMATCH] > 0;
}

static bool write_mismatches(struct findings *f)
{
	const struct summary *s = f->page->summary;
	FILE *out = f->page->out;

	if (f->groups->count + s->others.count > 0)
		write_filter(out);
	if (!has_mismatches(s))
		return true;
	fputs("<section id=\"mismatches\">\n<h2>Mismatches</h2>\n<p>Grouped by statement "
	      "without its values (<code>?</code>) and kind, in order of first occurrence, root "
	      "causes first. 3:17 is session 3, exchange 17.</p>\n",
		out);
	if (f->groups->count == 0)
		fputs(s->only == SUMMARY_ANY_KIND ? "<p>The trace has no details of them.</p>\n"
						  : "<p>None of the kind asked for.</p>\n",
			out);
	else
		fputs("<p>The first group is <a href=\"#g1\">shown above</a>.</p>\n", out);
	if (!write_list(f))
		return false;
	fputs("</section>\n", out);
	return true;
}

bool html_write_findings(struct html_page *p)
{
	struct findings f = {.page = p, .groups = &p->summary->mismatches};
	bool ok = find_roots(&f) && write_first(&f) && write_mismatches(&f);

	free(f.roots);
	return ok;
}
