/*
 * The page's frame: head with style and policy, the first screen (equal or not, counts, the
 * databases, when, the first root cause), the other parts in order, and where the trace came
 * from. The style and the script are report.css and report.js, embedded by the Makefile.
 */
#include "report/html.h"

#include <inttypes.h>

#include "diffengine/shape.h"
#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_page.h"

/* ISO C promises only 4,095 characters to a string literal; every compiler takes more. */
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "report_assets.h"

/* Scripts and styles of this page only; nothing is loaded and nothing is sent. */
#define POLICY                                                                        \
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " \
	"base-uri 'none'; form-action 'none'"

static void write_page_head(FILE *out, const struct summary *s, const char *why)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		out);
	fprintf(out, "%s - ", why);
	html_escape(out, s->truth.name);
	fputs(" and ", out);
	html_escape(out, s->candidate.name);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", report_css);
}

static void write_backend(FILE *out, const char *role, const struct summary_backend *b)
{
	fprintf(out, "<div><dt>%s</dt><dd><b>", role);
	html_escape(out, b->name);
	fputs("</b> ", out);
	html_escape(out, b->version);
	if (b->host.len > 0) {
		fputs("<br><small>", out);
		html_escape(out, b->host);
		fprintf(out, ":%d</small>", b->port);
	}
	fputs("</dd></div>\n", out);
}

static void write_when(FILE *out, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX], took[CLOCK_TEXT_MAX];

	if (s->began_wall_us < 0)
		return;
	fprintf(out, "<div><dt>Captured</dt><dd>%s<br><small>",
		clock_format_utc(s->began_wall_us, at));
	if (s->ended_wall_us >= s->began_wall_us)
		fprintf(out, "for %s",
			clock_format_duration(s->ended_wall_us - s->began_wall_us, took));
	else
		fputs("end not recorded: still running, or killed", out);
	fputs("</small></dd></div>\n", out);
}

/* With what the trace was made. */
static void write_made(FILE *out, const struct summary *s)
{
	if (s->program.len == 0 && s->configuration.len == 0)
		return;
	fputs("<div><dt>Written by</dt><dd>", out);
	html_escape(out, s->program.len > 0 ? s->program : bytes_str("Twinkly"));
	fputc(' ', out);
	html_escape(out, s->twinkly_version);
	fputs("<br><small><a href=\"#origin\">configuration and rules</a></small></dd></div>\n",
		out);
}

static void write_count(FILE *out, int verdict, const struct trace_counts *c)
{
	const char *name = verdict_name((enum verdict)verdict);

	fprintf(out,
		"<tr%s><td><span class=\"v v-%s\">%s</span></td><td class=\"n\">%" PRId64
		"</td><td class=\"n\">%" PRId64 "</td><td>%s</td></tr>\n",
		c->exchanges_by_verdict[verdict] == 0 && c->by_verdict[verdict] == 0
			? " class=\"zero\""
			: "",
		name, name, c->by_verdict[verdict], c->exchanges_by_verdict[verdict],
		verdict_meaning((enum verdict)verdict));
}

static void write_counts(FILE *out, const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int64_t unknown = summary_unknown(c->exchanges_by_verdict, c->exchanges);

	fputs("<div class=\"wide\" tabindex=\"0\"><table id=\"counts\"><thead><tr>"
	      "<th scope=\"col\">Verdict</th><th scope=\"col\" class=\"n\">Commands</th>"
	      "<th scope=\"col\" class=\"n\">Exchanges</th><th scope=\"col\">Meaning</th></tr>"
	      "</thead><tbody>\n",
		out);
	for (int v = 0; v < VERDICT_COUNT; v++)
		write_count(out, v, c);
	if (unknown > 0)
		fprintf(out,
			"<tr><td>unknown</td><td class=\"n\">%" PRId64 "</td><td class=\"n\">"
			"%" PRId64 "</td><td>of a newer Twinkly</td></tr>\n",
			summary_unknown(c->by_verdict, c->commands), unknown);
	fputs("</tbody></table></div>\n", out);
}

/* "97.2 % of the 1000 commands were truly compared" */
static void write_share(FILE *out, const struct summary *s)
{
	int permille = summary_compared_permille(s);

	if (permille >= 0)
		fprintf(out, "<p>Truly compared: %d.%d %% of %" PRId64 " commands.</p>\n",
			permille / 10, permille % 10, s->counts.commands);
}

static void write_banner(FILE *out, const struct summary *s)
{
	static const char *const classes[] = {[SUMMARY_EQUAL] = "good",
		[SUMMARY_MISMATCH] = "bad",
		[SUMMARY_INCOMPLETE] = "unsure"};
	char why[SUMMARY_WHY_MAX];
	enum summary_status status = summary_status(s, why);
	const char *detail = strchr(why, ':');

	write_page_head(out, s, why);
	fprintf(out, "<header class=\"%s\">\n<h1>%.*s</h1>\n<p>%s</p>\n", classes[status],
		(int)(detail - why), why, detail + 2);
	write_share(out, s);
	fputs("</header>\n<main>\n", out);
}

/* Ways to the parts that the page has. */
static void write_contents(FILE *out, const struct summary *s)
{
	const struct {
		const char *id, *title;
		bool is_there;
	} parts[] = {{"first", "First root cause", s->mismatches.count > 0},
		{"mismatches", "Mismatches", s->mismatches.count > 0},
		{"others", "Allowed or not compared", s->others.count > 0},
		{"rules", "Rules", s->rules.count > 0}, {"reasons", "Why", s->reasons.count > 0},
		{"over-time", "Over time", s->counts.exchanges > 0},
		{"latency", "Latency", s->counts.exchanges > 0},
		{"sessions", "Sessions", s->session_count > 0},
		{"gaps", "Gaps", s->counts.gaps > 0}, {"origin", "Trace and configuration", true}};

	fputs("<nav aria-label=\"Contents\">", out);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].is_there)
			fprintf(out, "<a href=\"#%s\">%s</a> ", parts[i].id, parts[i].title);
	fputs("</nav>\n", out);
}

static void write_first_screen(struct html_page *p)
{
	const struct summary *s = p->summary;

	write_banner(p->out, s);
	fputs("<dl>\n", p->out);
	write_backend(p->out, "Source of truth", &s->truth);
	write_backend(p->out, "Candidate", &s->candidate);
	write_when(p->out, s);
	write_made(p->out, s);
	fputs("</dl>\n", p->out);
	write_counts(p->out, s);
	write_contents(p->out, s);
}

static void write_origin(FILE *out, const struct summary *s)
{
	fputs("<footer id=\"origin\">\n<p>Trace <code>", out);
	html_escape(out, bytes_str(s->path));
	fputs("</code>, written by ", out);
	html_escape(out, s->program.len > 0 ? s->program : bytes_str("Twinkly"));
	fputc(' ', out);
	html_escape(out, s->twinkly_version);
	if (s->command_line.len > 0) {
		fputs(": <code>", out);
		html_escape(out, s->command_line);
		fputs("</code>", out);
	}
	fputs("</p>\n", out);
	if (s->configuration.len > 0) {
		fputs("<details><summary>Configuration and rules</summary><pre>", out);
		html_escape(out, s->configuration);
		fputs("</pre></details>\n", out);
	}
	fputs("</footer>\n", out);
}

static bool write_pictures(struct html_page *p)
{
	struct figures figures;
	bool ok = figures_collect(&figures, p->trace, p->err);

	if (ok) {
		html_write_pictures(p, &figures);
		ok = html_write_latency(p, &figures);
	}
	figures_fini(&figures);
	return ok;
}

static bool write_page(struct html_page *p)
{
	write_first_screen(p);
	if (!html_write_findings(p))
		return false;
	html_write_others(p);
	html_write_rules(p);
	html_write_reasons(p);
	if (!write_pictures(p))
		return false;
	html_write_sessions(p);
	html_write_gaps(p);
	write_origin(p->out, p->summary);
	fprintf(p->out, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", report_js);
	return true;
}

bool html_write(struct html_report *r, struct err *err)
{
	struct html_page page = {.out = r->out,
		.trace = r->trace,
		.summary = r->summary,
		.limit = r->limit == 0 ? SIZE_MAX : r->limit,
		.err = err};
	bool ok;

	arena_init(&page.arena, HTML_ARENA_MAX);
	buf_init(&page.text, SHAPE_MAX);
	ok = write_page(&page);
	buf_fini(&page.text);
	arena_fini(&page.arena);
	return ok;
}
