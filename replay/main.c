/*
 * twinkly-replay: runs a recorded trace again. Configuration; options are in replay/arguments.c,
 * the rest in replay/run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "diffengine/known.h"
#include "base/process.h"
#include "replay/arguments.h"
#include "replay/fixture_run.h"
#include "replay/junit.h"
#include "replay/repeat.h"
#include "replay/run.h"
#include "replay/summary.h"
#include "wire/backend.h"

#define PATH_LEN_MAX 16384

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

static bool wants_a_part(const struct replay_wishes *w)
{
	return w->against != AGAINST_BOTH || w->sessions || w->statements || w->is_read_only ||
	       w->is_dry_run;
}

static struct ground_wishes ground_of(const struct arguments *a)
{
	struct ground_wishes g = {
		.is_fresh = a->is_fresh, .setups = a->setups, .setup_count = a->setup_count};

	for (int side = 0; side < 2; side++)
		g.names[side] = a->fresh_names[side][0] ? a->fresh_names[side] : NULL;
	return g;
}

static int replay(const struct arguments *a, const struct settings *settings,
	const char *command_line, const char *trace, struct junit *junit)
{
	struct run_options options = {.settings = settings,
		.source = a->source,
		.trace = trace,
		.command_line = command_line,
		.known = a->known,
		.junit = junit,
		.is_quiet = a->is_quiet,
		.wishes = a->wishes,
		.ground = ground_of(a)};

	if (is_same_file(a->source, trace)) {
		fprintf(stderr,
			"twinkly-replay: the replay would take the place of the trace "
			"\"%s\"; name another file with -t\n",
			a->source);
		return EXIT_USAGE;
	}
	backend_isolate();
	if (fixture_run_is_for(a->source) && wants_a_part(&a->wishes)) {
		fprintf(stderr,
			"twinkly-replay: --against, --sessions, --statements, --read-only and "
			"--dry-run are for traces; a fixture is replayed whole\n");
		return EXIT_USAGE;
	}
	if (fixture_run_is_for(a->source) && a->repeat > 1) {
		fprintf(stderr, "twinkly-replay: --repeat is for traces\n");
		return EXIT_USAGE;
	}
	if (fixture_run_is_for(a->source)) {
		struct fixture_run run = {.replay = options, .updates = a->updates};

		run.replay.trace = a->trace;
		return fixture_run(&run);
	}
	if (a->wishes.end_state && a->wishes.against != AGAINST_BOTH) {
		fprintf(stderr, "twinkly-replay: --end-state is about two databases, --against "
				"asks one\n");
		return EXIT_USAGE;
	}
	if (a->repeat > 1 && (a->wishes.is_dry_run || a->known || junit)) {
		fprintf(stderr, "twinkly-replay: --repeat does not go with --dry-run, --known or "
				"--junit\n");
		return EXIT_USAGE;
	}
	if (a->updates) {
		fprintf(stderr, "twinkly-replay: --update is for fixtures, and \"%s\" is none\n",
			a->source);
		return EXIT_USAGE;
	}
	return a->repeat > 1 ? repeat_run(&options, a->repeat) : run_replay(&options);
}

static int replay_for_junit(const struct arguments *a, const struct settings *settings,
	const char *command_line, const char *trace)
{
	struct junit *junit = NULL;
	struct err err;
	int status = EXIT_USAGE;

	if (a->junit)
		junit = junit_open(a->junit, &err);
	if (!a->junit || junit)
		status = replay(a, settings, command_line, trace, junit);
	if ((!a->junit || junit) && junit_close(junit, &err))
		return status;
	fprintf(stderr, "twinkly-replay: %s\n", err.text);
	return status == EXIT_SAME ? EXIT_FAILED : status;
}

static bool load_known(struct arguments *a)
{
	struct err err;

	if (!a->known_path)
		return true;
	if (fixture_run_is_for(a->source))
		err_set(&err, "--known is for traces: a fixture says itself what is accepted");
	else if (a->wishes.against != AGAINST_BOTH)
		err_set(&err, "--known is about two databases, --against %s asks one",
			a->wishes.against == AGAINST_TRUTH ? "truth" : "candidate");
	else
		a->known = known_load(a->known_path, &err);
	if (!a->known)
		fprintf(stderr, "twinkly-replay: %s\n", err.text);
	return a->known != NULL;
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
	if (!load_known(a)) {
		settings_fini(&settings);
		return EXIT_USAGE;
	}
	buf_init(&line, 65536);
	buf_init(&trace, PATH_LEN_MAX);
	/* A command line that does not fit is cut in the trace. */
	if (!join(&line, argc, argv))
		log_info("the command line is not whole in the trace");
	if (a->trace ? buf_append_str(&trace, a->trace)
		     : buf_printf(&trace, "%s.replay", a->source))
		status = replay_for_junit(a, &settings, buf_cstr(&line), buf_cstr(&trace));
	else
		fprintf(stderr, "twinkly-replay: the trace's path is too long\n");
	known_free(a->known);
	buf_fini(&line);
	buf_fini(&trace);
	settings_fini(&settings);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct err err;

	process_hide_memory();
	switch (arguments_parse(&a, argc, argv, &err)) {
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
