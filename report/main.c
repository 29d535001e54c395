/*
 * twinkly-report: reads a trace and says what differed, on the terminal and in files. Exit
 * status as diff(1): 0 no mismatch, 1 mismatches, 2 usage, 3 could not do the job, which is
 * also a trace that proves nothing (docs/REPORTS.md).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/known_file.h"
#include "report/markdown.h"
#include "report/options.h"
#include "report/output.h"
#include "report/terminal.h"

#define EXIT_USAGE  2
#define EXIT_FAILED 3

#define TERMINAL_GROUPS 20
#define HTML_GROUPS     500

static size_t limit_of(const struct report_options *o, size_t fallback)
{
	return o->limit < 0 ? fallback : (size_t)o->limit;
}

typedef bool report_fn(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err);

static bool write_html(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err)
{
	struct html_report report = {
		.out = out, .trace = t, .summary = s, .limit = limit_of(o, HTML_GROUPS)};

	return html_write(&report, err);
}

static bool write_csv(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err)
{
	(void)o;
	return csv_report(out, t, s, err);
}

static bool write_json(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err)
{
	return json_report(out, t, s, limit_of(o, 0), err);
}

static bool write_junit(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err)
{
	(void)t;
	(void)err;
	junit_write(out, s, limit_of(o, 0));
	return true;
}

static bool write_markdown(FILE *out, const struct report_options *o, struct trace *t,
	const struct summary *s, struct err *err)
{
	(void)t;
	return markdown_write(out, s, limit_of(o, TERMINAL_GROUPS), err);
}

/* The reports that go to files, in the order in which they are written. */
#define FILES_COUNT 5
struct file_report {
	const char *name, *path; /* path NULL: not wanted */
	report_fn *write;
};

static void list_files(const struct report_options *o, struct file_report files[FILES_COUNT])
{
	files[0] = (struct file_report){"HTML", o->html, write_html};
	files[1] = (struct file_report){"CSV", o->csv, write_csv};
	files[2] = (struct file_report){"JSON", o->json, write_json};
	files[3] = (struct file_report){"JUnit", o->junit, write_junit};
	files[4] = (struct file_report){"Markdown", o->markdown, write_markdown};
}

static bool write_terminal(const struct report_options *o, const struct summary *s, struct err *err)
{
	struct terminal_look look = terminal_look_at(STDOUT_FILENO, limit_of(o, TERMINAL_GROUPS));
	struct file_report files[FILES_COUNT];

	terminal_write(stdout, s, &look);
	fputc('\n', stdout);
	list_files(o, files);
	for (size_t i = 0; i < FILES_COUNT; i++)
		if (files[i].path)
			printf("%s report: %s\n", files[i].name, files[i].path);
	if (!o->html && !o->csv && s->mismatches.count > 0)
		puts("Values side by side: --html FILE; every difference: --csv FILE");
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, "cannot write the summary: %s", strerror(errno));
	return true;
}

static bool write_known(
	const struct report_options *o, struct trace *t, const struct summary *s, struct err *err)
{
	struct known_file_counts c;

	if (!known_file_write(o->write_known, t, s, &c, err))
		return false;
	if (o->is_quiet)
		return true;
	printf("Known differences: %s: %zu entries, %zu of them new", o->write_known, c.entries,
		c.added);
	if (c.before.unasked > 0)
		printf(", %zu not executed and kept", c.before.unasked);
	if (c.before.gone > 0)
		printf("; %zu gone and left out", c.before.gone);
	if (c.before.omitted > 0)
		printf("; no room for %lld differences", (long long)c.before.omitted);
	putchar('\n');
	return true;
}

static bool write_file(const struct file_report *report, const struct report_options *o,
	struct trace *t, const struct summary *s, struct err *err)
{
	struct output file;

	if (!output_open(&file, report->path, err))
		return false;
	if (!report->write(file.file, o, t, s, err)) {
		output_abandon(&file);
		return false;
	}
	return output_close(&file, err);
}

static bool write_all(
	const struct report_options *o, struct trace *t, const struct summary *s, struct err *err)
{
	struct file_report files[FILES_COUNT];

	list_files(o, files);
	for (size_t i = 0; i < FILES_COUNT; i++)
		if (files[i].path && !write_file(&files[i], o, t, s, err))
			return false;
	if (!o->is_quiet && !write_terminal(o, s, err))
		return false;
	return !o->write_known || write_known(o, t, s, err);
}

static int report(
	const struct report_options *o, struct trace *t, struct known *known, struct err *err)
{
	struct summary_wish wish = {.path = o->trace,
		.only = o->only,
		.known = known,
		.has_by_test = o->has_by_test,
		.has_comments_by_test = o->junit != NULL};
	struct summary s;
	char why[SUMMARY_WHY_MAX];
	int status = EXIT_FAILED;

	if (summary_collect(&s, t, &wish, err) && write_all(o, t, &s, err)) {
		status = (int)summary_status(&s, why);
		if (status == SUMMARY_INCOMPLETE)
			err_set(err, "%s", why);
	}
	summary_fini(&s);
	return status;
}

static int fail(const struct err *err, int status)
{
	fprintf(stderr, "twinkly-report: %s\n", err->text);
	return status;
}

/* NULL and true: none was asked for. */
static bool load_known(const struct report_options *o, struct known **known, struct err *err)
{
	char today[CLOCK_TEXT_MAX];

	*known = NULL;
	if (!o->known)
		return true;
	*known = known_load(o->known, err);
	if (!*known)
		return false;
	clock_format_utc(clock_wall_us(), today);
	today[10] = '\0'; /* the date of an ISO 8601 text */
	known_set_today(*known, today);
	return true;
}

int main(int argc, char **argv)
{
	struct report_options o;
	struct err err = {.text = ""}, close_err;
	struct known *known;
	struct trace *t;
	int status;
	enum options_result result = report_options_parse(argc, argv, &o, &err);

	if (result == OPTIONS_DONE)
		return EXIT_SUCCESS;
	if (result == OPTIONS_INVALID)
		return fail(&err, EXIT_USAGE);
	if (!load_known(&o, &known, &err))
		return fail(&err, EXIT_USAGE);
	t = trace_open(o.trace, &err);
	if (!t) {
		known_free(known);
		return fail(&err, EXIT_FAILED);
	}
	status = report(&o, t, known, &err);
	known_free(known);
	(void)trace_close(t, &close_err); /* it was only read */
	return status == EXIT_FAILED ? fail(&err, status) : status;
}
