/*
 * The page's frame: head with style and policy, the first screen (equal or not, counts, the
 * databases, when), findings, sessions, gaps, and where the trace came from. The style and the
 * script are report.css and report.js, embedded by the Makefile.
 */
#include "report/html.h"

#include <inttypes.h>

#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/html_groups.h"
#include "report_assets.h"

/* Scripts and styles of this page only; nothing is loaded and nothing is sent. */
#define POLICY                                                                        \
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " \
	"base-uri 'none'; form-action 'none'"

static void write_head(FILE *out, const struct summary *s, const char *why)
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

static void write_count(FILE *out, int verdict, const struct trace_counts *c)
{
	const char *name = verdict_name((enum verdict)verdict);

	fprintf(out,
		"<tr%s><td><span class=\"verdict-%s\">%s</span></td><td class=\"n\">%" PRId64
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
	int permille = summary_compared_permille(s);
	int64_t unknown = summary_unknown(c->exchanges_by_verdict, c->exchanges);

	fputs("<div class=\"wide\"><table id=\"counts\"><thead><tr><th>Verdict</th>"
	      "<th class=\"n\">Commands</th><th class=\"n\">Exchanges</th><th>Meaning</th></tr>"
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
	if (permille >= 0)
		fprintf(out, "<p>Truly compared: %d.%d %% of %" PRId64 " commands.</p>\n",
			permille / 10, permille % 10, c->commands);
}

static void write_first_screen(FILE *out, const struct summary *s)
{
	static const char *const classes[] = {[SUMMARY_EQUAL] = "good",
		[SUMMARY_MISMATCH] = "bad",
		[SUMMARY_INCOMPLETE] = "unsure"};
	char why[SUMMARY_WHY_MAX];
	enum summary_status status = summary_status(s, why);
	const char *detail = strchr(why, ':');

	write_head(out, s, why);
	fprintf(out, "<header class=\"%s\">\n<h1>%.*s</h1>\n<p>%s</p>\n</header>\n<main>\n<dl>\n",
		classes[status], (int)(detail - why), why, detail + 2);
	write_backend(out, "Source of truth", &s->truth);
	write_backend(out, "Candidate", &s->candidate);
	write_when(out, s);
	fputs("</dl>\n", out);
	write_counts(out, s);
}

static void write_cell(FILE *out, struct bytes text)
{
	fputs("<td>", out);
	html_escape(out, text);
	fputs("</td>", out);
}

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

static void write_sessions(FILE *out, const struct summary *s)
{
	if (s->session_count == 0)
		return;
	fputs("<section id=\"sessions\">\n<h2>Sessions</h2>\n<div class=\"wide\"><table><thead>"
	      "<tr><th class=\"n\">Session</th><th class=\"n\">Mismatches</th><th>User</th>"
	      "<th>Database</th><th>Application</th><th>Client</th><th>Connected</th></tr>"
	      "</thead><tbody>\n",
		out);
	for (size_t i = 0; i < s->session_count; i++)
		write_session(out, s, &s->sessions[i]);
	fputs("</tbody></table></div>\n", out);
	if (s->counts.sessions > (int64_t)s->session_count)
		fprintf(out,
			"<p class=\"more\">%zu of %" PRId64 " sessions are shown, those with "
			"mismatches first.</p>\n",
			s->session_count, s->counts.sessions);
	fputs("</section>\n", out);
}

static void write_gaps(FILE *out, const struct summary *s)
{
	char at[CLOCK_TEXT_MAX];

	if (s->counts.gaps == 0)
		return;
	fputs("<section id=\"gaps\">\n<h2>Gaps</h2>\n<p>Exchanges that could not be recorded, and "
	      "so were not compared for this report.</p>\n<div class=\"wide\"><table><thead><tr>"
	      "<th class=\"n\">Exchanges</th><th>When</th><th>Why</th></tr></thead><tbody>\n",
		out);
	for (size_t i = 0; i < s->gap_count; i++) {
		fprintf(out, "<tr><td class=\"n\">%" PRId64 "</td><td>%s</td>",
			s->gaps[i].exchanges, summary_time(s, s->gaps[i].at_us, at));
		write_cell(out, s->gaps[i].reason);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
	if (s->counts.gaps > (int64_t)s->gap_count)
		fprintf(out, "<p class=\"more\">and %" PRId64 " more gaps</p>\n",
			s->counts.gaps - (int64_t)s->gap_count);
	fputs("</section>\n", out);
}

static void write_origin(FILE *out, const struct summary *s)
{
	fputs("<footer>\n<p>Trace <code>", out);
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
		fputs("<details><summary>Configuration</summary><pre>", out);
		html_escape(out, s->configuration);
		fputs("</pre></details>\n", out);
	}
	fputs("</footer>\n", out);
}

void html_write(FILE *out, const struct summary *s, size_t limit)
{
	if (limit == 0)
		limit = SIZE_MAX;
	write_first_screen(out, s);
	html_write_mismatches(out, s, limit);
	html_write_others(out, s, limit);
	write_sessions(out, s);
	write_gaps(out, s);
	write_origin(out, s);
	fprintf(out, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", report_js);
}
