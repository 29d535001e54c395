/*
 * The option table and what its values must be. The trace may stand before, between or after
 * the options.
 */
#include "report/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diffengine/verdict.h"

enum {
	OPT_HTML = 1,
	OPT_CSV,
	OPT_JSON,
	OPT_JUNIT,
	OPT_MARKDOWN,
	OPT_LIMIT,
	OPT_ONLY,
	OPT_BY_TEST,
	OPT_KNOWN,
	OPT_WRITE_KNOWN,
	OPT_QUIET
};

static const struct option_row option_rows[] = {
	{OPT_HTML, 0, "html", "FILE", "write one self-contained HTML page"},
	{OPT_CSV, 0, "csv", "FILE", "write one row per difference"},
	{OPT_JSON, 0, "json", "FILE", "write everything for programs"},
	{OPT_JUNIT, 0, "junit", "FILE", "write JUnit XML for a CI system"},
	{OPT_MARKDOWN, 0, "markdown", "FILE", "write a summary for a pull request"},
	{OPT_LIMIT, 0, "limit", "N",
		"show at most N groups, 0 for all (terminal, Markdown 20; HTML 500; else all)"},
	{OPT_ONLY, 0, "only", "KIND", "show differences of this kind alone, such as row-count"},
	{OPT_BY_TEST, 0, "by-test", NULL,
		"group by test: a leading comment /* test: NAME */, or application_name"},
	{OPT_KNOWN, 0, "known", "FILE",
		"what this list names is allowed; status 1 means new or vanished"},
	{OPT_WRITE_KNOWN, 0, "write-known", "FILE",
		"write the mismatches as such a list, or bring the one that is there up to date"},
	{OPT_QUIET, 'q', "quiet", NULL, "no summary on the terminal"},
};

static const struct option_table options = {.program = "twinkly-report",
	.usage = "TRACE [OPTION]...",
	.summary = "Shows what differed in a trace that twinkly-capture or twinkly-replay wrote.\n"
		   "Exit status: 0 no mismatch, 1 mismatches, 2 usage, 3 could not do the job.",
	.rows = option_rows,
	.count = ARRAY_LEN(option_rows)};

static bool parse_limit(const char *value, long *limit, struct err *err)
{
	char *end;

	errno = 0;
	*limit = strtol(value, &end, 10);
	if (errno || end == value || *end || *limit < 0)
		return err_set(
			err, "option \"--limit\" needs a number from 0 on, not \"%s\"", value);
	return true;
}

static bool parse_kind(const char *value, int *kind, struct err *err)
{
	char known[512] = "";
	size_t len = 0;

	for (int k = 0; k < DIFF_KIND_COUNT; k++) {
		const char *name = diff_kind_info((enum diff_kind)k)->name;

		if (strcmp(value, name) == 0) {
			*kind = k;
			return true;
		}
		if (len < sizeof(known))
			len += (size_t)snprintf(
				known + len, sizeof(known) - len, "%s%s", k ? ", " : "", name);
	}
	return err_set(
		err, "there is no kind of difference \"%s\"; the kinds are %s", value, known);
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct report_options *o = context;

	switch (id) {
	case OPT_HTML:
		o->html = value;
		return true;
	case OPT_CSV:
		o->csv = value;
		return true;
	case OPT_JSON:
		o->json = value;
		return true;
	case OPT_JUNIT:
		o->junit = value;
		return true;
	case OPT_MARKDOWN:
		o->markdown = value;
		return true;
	case OPT_BY_TEST:
		o->has_by_test = true;
		return true;
	case OPT_LIMIT:
		return parse_limit(value, &o->limit, err);
	case OPT_ONLY:
		return parse_kind(value, &o->only, err);
	case OPT_KNOWN:
		o->known = value;
		return true;
	case OPT_WRITE_KNOWN:
		o->write_known = value;
		return true;
	default:
		o->is_quiet = true;
		return true;
	}
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	if (!a || !b)
		return false;
	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* A report must not take the place of the trace or of another report. */
static bool check_files(const struct report_options *o, struct err *err)
{
	const char *files[] = {o->html, o->csv, o->json, o->junit, o->markdown, o->write_known};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (is_same_file(o->trace, files[i]))
			return err_set(
				err, "the report would overwrite the trace \"%s\"", o->trace);
		if (files[i] != o->write_known && is_same_file(files[i], o->known))
			return err_set(err, "the report would overwrite the list \"%s\"", o->known);
		for (size_t k = 0; k < i; k++)
			if (is_same_file(files[k], files[i]))
				return err_set(err, "both reports would go to \"%s\"", files[i]);
	}
	return true;
}

/* options_parse stops at an operand; it goes on behind each. */
static enum options_result parse_all(
	int argc, char **argv, struct report_options *o, struct err *err)
{
	enum options_result result = OPTIONS_OK;
	int rest = 1;

	while (argc > 1) {
		result = options_parse(&options, argc, argv, on_option, o, &rest, err);
		if (result != OPTIONS_OK || rest >= argc)
			return result;
		if (o->trace) {
			err_set(err, "one trace at a time: \"%s\" is one too many", argv[rest]);
			return OPTIONS_INVALID;
		}
		o->trace = argv[rest];
		argv += rest;
		argc -= rest;
	}
	return result;
}

enum options_result report_options_parse(
	int argc, char **argv, struct report_options *o, struct err *err)
{
	enum options_result result;

	*o = (struct report_options){.limit = -1, .only = SUMMARY_ANY_KIND};
	result = parse_all(argc, argv, o, err);
	if (result != OPTIONS_OK)
		return result;
	if (!o->trace) {
		err_set(err, "name the trace; see twinkly-report --help");
		return OPTIONS_INVALID;
	}
	return check_files(o, err) ? OPTIONS_OK : OPTIONS_INVALID;
}
