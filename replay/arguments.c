/*
 * Options of twinkly-replay, each with what takes it.
 */
#include "replay/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "replay/repeat.h"

typedef bool take_fn(struct arguments *a, const char *value, struct err *err);

/* --- what takes a value --- */

static bool take_config(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->config = value;
	return true;
}

static bool take_trace(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->trace = value;
	return true;
}

static bool take_junit(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->junit = value;
	return true;
}

static bool take_repeat(struct arguments *a, const char *value, struct err *err)
{
	char *end;
	long times = strtol(value, &end, 10);

	a->repeat = (int)times;
	return (*value && !*end && times >= 1 && times <= REPEAT_MAX) ||
	       err_set(err, "--repeat \"%s\": expected a number from 1 to %d", value, REPEAT_MAX);
}

static bool take_known(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->known_path = value;
	return true;
}

static bool take_set(struct arguments *a, const char *value, struct err *err)
{
	if (a->override_count == ARGUMENTS_OVERRIDES_MAX)
		return err_set(
			err, "more than %d settings on the command line", ARGUMENTS_OVERRIDES_MAX);
	a->overrides[a->override_count++] = value;
	return true;
}

/* The place of the value among the words; -1 with err. */
static int word_of(
	const char *option, const char *value, const char *const words[3], struct err *err)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	err_set(err, "--%s \"%s\": expected %s, %s or %s", option, value, words[0], words[1],
		words[2]);
	return -1;
}

static bool take_order(struct arguments *a, const char *value, struct err *err)
{
	static const char *const words[] = {"dependency", "serial", "free"};
	int i = word_of("order", value, words, err);

	a->wishes.order = i < 0 ? ORDER_DEPENDENCY : (enum replay_order)i;
	return i >= 0;
}

static bool take_against(struct arguments *a, const char *value, struct err *err)
{
	static const char *const words[] = {"both", "truth", "candidate"};
	int i = word_of("against", value, words, err);

	a->wishes.against = i < 0 ? AGAINST_BOTH : (enum replay_against)i;
	return i >= 0;
}

static bool take_speed(struct arguments *a, const char *value, struct err *err)
{
	char *end;

	a->wishes.speed = 0;
	if (strcmp(value, "max") == 0)
		return true;
	a->wishes.speed = strtod(value, &end);
	return (*value && !*end && a->wishes.speed >= 0.001 && a->wishes.speed <= 1e6) ||
	       err_set(err, "--speed \"%s\": expected max, or a factor from 0.001 to 1000000",
		       value);
}

static bool take_deadline(struct arguments *a, const char *value, struct err *err)
{
	char *end;
	double number = strtod(value, &end);
	double unit = strcmp(end, "ms") == 0 ? 1e3 : strcmp(end, "m") == 0 ? 60e6 : 1e6;

	if (end == value || !(number > 0) || number * unit > 86400e6 ||
		(strcmp(end, "ms") != 0 && strcmp(end, "s") != 0 && strcmp(end, "m") != 0))
		return err_set(
			err, "--deadline \"%s\": expected a time such as 500ms, 30s or 2m", value);
	a->wishes.deadline_us = (int64_t)(number * unit) + 1;
	return true;
}

static bool take_sessions(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->wishes.sessions = value;
	return true;
}

static bool take_statements(struct arguments *a, const char *value, struct err *err)
{
	(void)err;
	a->wishes.statements = value;
	return true;
}

static bool add_setup(
	struct arguments *a, enum replay_against side, const char *path, struct err *err)
{
	if (a->setup_count == ARGUMENTS_SETUPS_MAX)
		return err_set(err, "more than %d setup files", ARGUMENTS_SETUPS_MAX);
	a->setups[a->setup_count++] = (struct ground_setup){.side = side, .path = path};
	return true;
}

static bool take_setup(struct arguments *a, const char *value, struct err *err)
{
	return add_setup(a, AGAINST_BOTH, value, err);
}

static bool take_setup_truth(struct arguments *a, const char *value, struct err *err)
{
	return add_setup(a, AGAINST_TRUTH, value, err);
}

static bool take_setup_candidate(struct arguments *a, const char *value, struct err *err)
{
	return add_setup(a, AGAINST_CANDIDATE, value, err);
}

/* "NAME" for both sides, or "TRUTH,CANDIDATE"; NULL: names are made. */
static bool take_fresh_database(struct arguments *a, const char *value, struct err *err)
{
	size_t len = value ? strcspn(value, ",") : 0;
	const char *second = value && value[len] == ',' ? value + len + 1 : value;

	a->is_fresh = true;
	if (!value)
		return true;
	if (len == 0 || len >= GROUND_NAME_MAX || !*second || strlen(second) >= GROUND_NAME_MAX)
		return err_set(err,
			"--fresh-database=\"%s\": expected a name of up to %d bytes, or two with a "
			"comma between them",
			value, GROUND_NAME_MAX - 1);
	snprintf(a->fresh_names[0], sizeof(a->fresh_names[0]), "%.*s", (int)len, value);
	snprintf(a->fresh_names[1], sizeof(a->fresh_names[1]), "%s", second);
	return true;
}

static bool take_end_state(struct arguments *a, const char *value, struct err *err)
{
	if (value && strcmp(value, "counts") != 0 && strcmp(value, "hash") != 0)
		return err_set(err, "--end-state=\"%s\": expected counts or hash", value);
	a->wishes.end_state = value ? value : "hash";
	return true;
}

/* --- what takes none --- */

static bool take_read_only(struct arguments *a, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return a->wishes.is_read_only = true;
}

static bool take_dry_run(struct arguments *a, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return a->wishes.is_dry_run = true;
}

static bool take_verbose(struct arguments *a, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return ++a->verbosity;
}

static bool take_update(struct arguments *a, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return a->updates = true;
}

static bool take_quiet(struct arguments *a, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return a->is_quiet = true;
}

/* --- the table: X(ENUM, letter, name, value, function, help) --- */

#define OPTIONS_X(X)                                                                             \
	X(CONFIG, 'c', "config", "FILE", take_config,                                            \
		"configuration file; ./twinkly.conf is read if it exists")                       \
	X(TRACE, 't', "trace", "OUT", take_trace,                                                \
		"trace to write; by default TRACE with \".replay\" appended")                    \
	X(SET, 's', "set", "KEY=VALUE", take_set, "set a configuration key, overrides the file") \
	X(AGAINST, 0, "against", "SIDE", take_against,                                           \
		"both, or truth or candidate alone: then what was recorded is the other side")   \
	X(ORDER, 0, "order", "ORDER", take_order,                                                \
		"dependency (as far as it mattered in the capture), serial or free")             \
	X(SPEED, 0, "speed", "FACTOR", take_speed,                                               \
		"max, or think times: 1 as captured, 2 twice as fast")                           \
	X(DEADLINE, 0, "deadline", "TIME", take_deadline,                                        \
		"gives a session up whose exchange is not answered for so long")                 \
	X(SESSIONS, 0, "sessions", "LIST", take_sessions,                                        \
		"replay these sessions of the trace alone: 1,3,7-9")                             \
	X(STATEMENTS, 0, "statements", "PATTERN", take_statements,                               \
		"replay what this regular expression matches alone, and transaction control")    \
	X(READ_ONLY, 0, "read-only", NULL, take_read_only, "leave out whatever could write")     \
	X(DRY_RUN, 'n', "dry-run", NULL, take_dry_run,                                           \
		"print what would be replayed, and connect to nothing")                          \
	X(SETUP, 0, "setup", "FILE", take_setup,                                                 \
		"SQL that both databases run first; may be given several times")                 \
	X(SETUP_TRUTH, 0, "setup-truth", "FILE", take_setup_truth,                               \
		"the same for the source of truth alone")                                        \
	X(SETUP_CANDIDATE, 0, "setup-candidate", "FILE", take_setup_candidate,                   \
		"the same for the other database alone")                                         \
	X(FRESH_DATABASE, 0, "fresh-database", "[=NAME[,NAME]]", take_fresh_database,            \
		"replay in databases that are made for it, and dropped afterwards")              \
	X(END_STATE, 0, "end-state", "[=KIND]", take_end_state,                                  \
		"compare the tables afterwards: counts, or hash, which is the default")          \
	X(JUNIT, 0, "junit", "FILE", take_junit,                                                 \
		"write a JUnit test case for each fixture, or session of a trace")               \
	X(REPEAT, 0, "repeat", "N", take_repeat,                                                 \
		"replay N times, and tell deterministic mismatches from flaky ones")             \
	X(KNOWN, 0, "known", "FILE", take_known,                                                 \
		"differences that this list names are allowed; twinkly-report --write-known")    \
	X(UPDATE, 0, "update", NULL, take_update,                                                \
		"write what the databases answer now into the fixtures, and show what changed")  \
	X(VERBOSE, 'v', "verbose", NULL, take_verbose, "log more; twice: everything")            \
	X(QUIET, 'q', "quiet", NULL, take_quiet, "no summary, only errors are logged")

#define OPTIONS_X_ENUM(NAME, letter, name, value, take, help) OPTION_##NAME,
enum { OPTIONS_X(OPTIONS_X_ENUM) OPTION_COUNT };
#undef OPTIONS_X_ENUM

#define OPTIONS_X_ROW(NAME, letter, name, value, take, help) \
	{OPTION_##NAME + 1, letter, name, value, help},
static const struct option_row rows[] = {OPTIONS_X(OPTIONS_X_ROW)};
#undef OPTIONS_X_ROW

#define OPTIONS_X_TAKE(NAME, letter, name, value, take, help) take,
static take_fn *const takes[] = {OPTIONS_X(OPTIONS_X_TAKE)};
#undef OPTIONS_X_TAKE

static const struct option_table table = {.program = "twinkly-replay",
	.usage = "[OPTION]... TRACE|FIXTURE|FOLDER",
	.summary =
		"Runs the statements of a trace again, on PostgreSQL and on YugabyteDB, compares "
		"the\nanswers and writes a trace of its own. Exit status: 0 no mismatch, 1 "
		"mismatches, 2 usage\nor configuration, 3 could not do the job.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	return takes[id - 1](context, value, err);
}

/* The trace may stand before or behind the options. */
enum options_result arguments_parse(struct arguments *a, int argc, char **argv, struct err *err)
{
	enum options_result result = OPTIONS_OK;
	int rest = 1;

	*a = (struct arguments){.config = NULL};
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
