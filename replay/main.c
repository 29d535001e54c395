/*
 * twinkly-replay: runs a recorded trace again. Options and configuration; the rest is
 * replay/run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/options.h"
#include "replay/fixture_run.h"
#include "replay/run.h"
#include "replay/summary.h"
#include "wire/backend.h"

enum { OPTION_CONFIG = 1, OPTION_TRACE, OPTION_SET, OPTION_VERBOSE, OPTION_QUIET, OPTION_UPDATE };

static const struct option_row rows[] = {
	{OPTION_CONFIG, 'c', "config", "FILE",
		"configuration file; ./twinkly.conf is read if it exists"},
	{OPTION_TRACE, 't', "trace", "OUT",
		"trace to write; by default TRACE with \".replay\" appended"},
	{OPTION_SET, 's', "set", "KEY=VALUE", "set a configuration key, overrides the file"},
	{OPTION_VERBOSE, 'v', "verbose", NULL, "log more; twice: everything"},
	{OPTION_UPDATE, 0, "update", NULL,
		"write what the databases answer now into the fixtures, and show what changed"},
	{OPTION_QUIET, 'q', "quiet", NULL, "no summary, only errors are logged"},
};

static const struct option_table table = {.program = "twinkly-replay",
	.usage = "[OPTION]... TRACE|FIXTURE|FOLDER",
	.summary =
		"Runs the statements of a trace again, on PostgreSQL and on YugabyteDB, compares "
		"the\nanswers and writes a trace of its own. Exit status: 0 no mismatch, 1 "
		"mismatches, 2 usage\nor configuration, 3 could not do the job.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

#define OVERRIDES_MAX 256
#define PATH_LEN_MAX  16384

struct arguments {
	const char *config, *source, *trace;
	const char *overrides[OVERRIDES_MAX];
	size_t override_count;
	int verbosity;
	bool is_quiet, updates;
};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct arguments *a = context;

	switch (id) {
	case OPTION_CONFIG:
		a->config = value;
		return true;
	case OPTION_TRACE:
		a->trace = value;
		return true;
	case OPTION_SET:
		if (a->override_count == OVERRIDES_MAX)
			return err_set(
				err, "more than %d settings on the command line", OVERRIDES_MAX);
		a->overrides[a->override_count++] = value;
		return true;
	case OPTION_VERBOSE:
		a->verbosity++;
		return true;
	case OPTION_UPDATE:
		a->updates = true;
		return true;
	default:
		a->is_quiet = true;
		return true;
	}
}

/* The trace may stand before or behind the options. */
static enum options_result parse_all(int argc, char **argv, struct arguments *a, struct err *err)
{
	enum options_result result = OPTIONS_OK;
	int rest = 1;

	while (result == OPTIONS_OK && argc > 1) {
		result = options_parse(&table, argc, argv, on_option, a, &rest, err);
		if (result != OPTIONS_OK || rest >= argc)
			break;
		if (a->source) {
			err_set(err, "one trace at a time: \"%s\" is one too many", argv[rest]);
			return OPTIONS_INVALID;
		}
		a->source = argv[rest];
		argc -= rest;
		argv += rest;
	}
	if (result == OPTIONS_OK && !a->source) {
		err_set(err, "no trace to replay is given; see twinkly-replay --help");
		return OPTIONS_INVALID;
	}
	return result;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static void set_log_level(const struct settings *s, const struct arguments *a)
{
	enum log_level level = LOG_LEVEL_WARNING;

	if (!log_level_parse(s->log_level, &level))
		level = LOG_LEVEL_WARNING;
	if (a->is_quiet)
		level = LOG_LEVEL_ERROR;
	else if (a->verbosity > 0)
		level = a->verbosity == 1 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	log_set_level(level);
}

/* Words as they came, for the trace. Secrets cannot be among the options. */
static bool join(struct buf *text, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!buf_append_str(text, i ? " " : "") || !buf_append_str(text, argv[i]))
			return false;
	return true;
}

static int replay(const struct arguments *a, const struct settings *settings,
	const char *command_line, const char *trace)
{
	struct run_options options = {.settings = settings,
		.source = a->source,
		.trace = trace,
		.command_line = command_line,
		.is_quiet = a->is_quiet};

	if (is_same_file(a->source, trace)) {
		fprintf(stderr,
			"twinkly-replay: the replay would take the place of the trace "
			"\"%s\"; name another file with -t\n",
			a->source);
		return EXIT_USAGE;
	}
	backend_isolate();
	if (fixture_run_is_for(a->source)) {
		struct fixture_run run = {.replay = options, .updates = a->updates};

		run.replay.trace = a->trace;
		return fixture_run(&run);
	}
	if (a->updates) {
		fprintf(stderr, "twinkly-replay: --update is for fixtures, and \"%s\" is none\n",
			a->source);
		return EXIT_USAGE;
	}
	return run_replay(&options);
}

static int configure_and_replay(struct arguments *a, int argc, char **argv)
{
	struct settings settings;
	struct buf line, trace;
	int status = EXIT_USAGE;

	if (!a->config && access("twinkly.conf", R_OK) == 0)
		a->config = "twinkly.conf";
	if (!settings_load(&settings, a->config, a->overrides, a->override_count, stderr))
		return EXIT_USAGE;
	set_log_level(&settings, a);
	buf_init(&line, 65536);
	buf_init(&trace, PATH_LEN_MAX);
	/* A command line that does not fit is cut in the trace. */
	if (!join(&line, argc, argv))
		log_info("the command line is not whole in the trace");
	if (a->trace ? buf_append_str(&trace, a->trace)
		     : buf_printf(&trace, "%s.replay", a->source))
		status = replay(a, &settings, buf_cstr(&line), buf_cstr(&trace));
	else
		fprintf(stderr, "twinkly-replay: the trace's path is too long\n");
	buf_fini(&line);
	buf_fini(&trace);
	settings_fini(&settings);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a = {0};
	struct err err;

	switch (parse_all(argc, argv, &a, &err)) {
	case OPTIONS_DONE:
		return EXIT_SAME;
	case OPTIONS_INVALID:
		fprintf(stderr, "twinkly-replay: %s\n", err.text);
		return EXIT_USAGE;
	case OPTIONS_OK:
		break;
	}
	return configure_and_replay(&a, argc, argv);
}
