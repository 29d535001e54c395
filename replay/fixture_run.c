/*
 * One fixture after the other, in the order of their names.
 */
#include "replay/fixture_run.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/fixture_import.h"
#include "replay/fixture_judge.h"
#include "replay/fixture_update.h"
#include "replay/fixture_write.h"
#include "replay/junit.h"
#include "replay/summary.h"
#include "schema/trace_read.h"

#define PATH_SIZE  4096
#define SETUPS_MAX 256 /* of one fixture, with the command line's; more are refused */

struct one { /* a fixture under way */
	const struct fixture_run *run;
	const char *path;
	char directory[PATH_SIZE];
	char source[PATH_SIZE + 32], trace[PATH_SIZE + 32]; /* what is expected, what comes */
	bool was_stopped;
	char why[ERR_TEXT_MAX]; /* it could not be run; "" else */
	/* The command line's setup files, then the fixture's, whose paths are its own. */
	struct ground_setup setups[SETUPS_MAX];
	size_t setup_count;
	char *paths[SETUPS_MAX];
	size_t path_count;
};

struct totals {
	int passed, failed, broken; /* broken: could not be done */
};

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fixture_run_is_for(const char *path)
{
	return is_folder(path) || fixture_is_one(path);
}

static int failed(struct one *one, const char *why)
{
	snprintf(one->why, sizeof(one->why), "%s", why);
	fprintf(stderr, "twinkly-replay: %s: %s\n", one->path, why);
	return EXIT_FAILED;
}

/* --- setup --- */

struct preparing {
	struct one *one;
	struct fixture_names names;
};

/* A file's name is relative to the fixture's folder. */
static bool place(const struct one *one, const char *file, char *out, struct err *err)
{
	const char *slash = strrchr(one->path, '/');
	int len = slash && file[0] != '/' ? (int)(slash + 1 - one->path) : 0;

	if (snprintf(out, PATH_SIZE, "%.*s%s", len, one->path, file) < PATH_SIZE)
		return true;
	return err_set(err, "the path of \"%s\" is too long", file);
}

/* The fixture's names of the sides are the configuration's, in lower case; else truth and
 * candidate in that order. */
static bool is_truth(const struct preparing *p, const char *side)
{
	struct fixture_names now;

	fixture_names_of(&now, p->one->run->replay.settings->truth.name,
		p->one->run->replay.settings->candidate.name);
	if (strcmp(side, now.truth) == 0 || strcmp(side, now.candidate) == 0)
		return strcmp(side, now.truth) == 0;
	return strcmp(side, p->names.truth) == 0;
}

static bool add_file(struct preparing *p, const char *side, const char *file, struct err *err)
{
	struct one *one = p->one;
	char path[PATH_SIZE];

	if (one->setup_count == SETUPS_MAX)
		return err_set(err, "more than %d setup files", SETUPS_MAX);
	if (!place(one, file, path, err))
		return false;
	one->paths[one->path_count] = strdup(path);
	if (!one->paths[one->path_count])
		return err_set(err, "out of memory");
	one->setups[one->setup_count++] =
		(struct ground_setup){.path = one->paths[one->path_count++],
			.side = !*side              ? AGAINST_BOTH
				: is_truth(p, side) ? AGAINST_TRUTH
						    : AGAINST_CANDIDATE};
	return true;
}

/* "SIDE TAB FILE NEWLINE" ... */
static bool add_files(struct preparing *p, const char *list, struct err *err)
{
	char *copy = strdup(list ? list : ""), *rest = copy, *line;
	bool ok = copy || err_set(err, "out of memory");

	while (ok && (line = strsep(&rest, "\n")) && *line) {
		char *file = strchr(line, '\t');

		if (!file)
			break;
		*file++ = '\0';
		ok = add_file(p, line, file, err);
	}
	free(copy);
	return ok;
}

static bool prepare(struct one *one, struct err *err)
{
	const struct ground_wishes *given = &one->run->replay.ground;
	struct preparing p = {.one = one};
	struct trace *trace = trace_open(one->source, err);
	bool ok;

	if (!trace)
		return false;
	for (size_t i = 0; i < given->setup_count && i < SETUPS_MAX; i++)
		one->setups[one->setup_count++] = given->setups[i];
	ok = fixture_names_read(&p.names, trace, err) &&
	     add_files(&p, trace_read_meta(trace, FIXTURE_META_SETUP), err);
	(void)trace_close(trace, NULL);
	return ok;
}

/* --- replay and judgement --- */

static void print_counts(const struct one *one, const struct judge *j)
{
	if (one->run->replay.is_quiet)
		return;
	fprintf(stderr, "%s %s: %" PRId64 " exchanges", judge_is_content(j) ? "ok  " : "FAIL",
		one->path, j->exchanges);
	if (j->accepted > 0)
		fprintf(stderr, ", %" PRId64 " with accepted differences", j->accepted);
	if (j->mismatches > 0)
		fprintf(stderr, ", %" PRId64 " in which the sides differ", j->mismatches);
	if (j->changed > 0)
		fprintf(stderr, ", %" PRId64 " not as expected", j->changed);
	if (j->missing > 0)
		fprintf(stderr, ", %" PRId64 " not replayed", j->missing);
	if (j->stale > 0)
		fprintf(stderr, ", %" PRId64 " accepted differences gone or out of date", j->stale);
	fputs("\n", stderr);
}

static int judge(struct one *one, struct trace *expected, struct trace *actual)
{
	struct judge j = {.expected = expected, .actual = actual};
	struct err err;
	bool ok;

	j.out = one->run->replay.is_quiet ? NULL : stderr;
	ok = one->run->updates ? fixture_update(&j, one->path, &err) : fixture_judge(&j, &err);
	if (!ok)
		return failed(one, err.text);
	print_counts(one, &j);
	return judge_is_content(&j) ? EXIT_SAME : EXIT_MISMATCH;
}

static int judge_files(struct one *one)
{
	struct err err;
	struct trace *expected = trace_open(one->source, &err), *actual = NULL;
	int status;

	if (expected)
		actual = trace_open(one->trace, &err);
	status = actual ? judge(one, expected, actual) : failed(one, err.text);
	if (actual)
		(void)trace_close(actual, NULL);
	if (expected)
		(void)trace_close(expected, NULL);
	return status;
}

static int replay(struct one *one)
{
	struct run_result result;
	struct run_options options = one->run->replay;
	int status;

	options.source = one->source;
	options.trace = one->trace;
	options.result = &result;
	options.ground.setups = one->setups;
	options.ground.setup_count = one->setup_count;
	status = run_replay(&options);
	if (status != EXIT_SAME)
		return status;
	one->was_stopped = result.was_stopped;
	if (result.why[0])
		return failed(one, result.why);
	status = judge_files(one);
	if (!result.has_end_state || status != EXIT_SAME)
		return status;
	fprintf(stderr, "FAIL %s: the end state differs\n", one->path);
	return EXIT_MISMATCH;
}

static int play(struct one *one)
{
	struct err err;

	if (!fixture_import(one->path, one->source, &err)) {
		snprintf(one->why, sizeof(one->why), "%s", err.text);
		fprintf(stderr, "twinkly-replay: %s\n", err.text);
		return EXIT_FAILED;
	}
	return prepare(one, &err) ? replay(one) : failed(one, err.text);
}

/* --- the directory --- */

static void remove_files(struct one *one)
{
	static const char *const names[] = {"source", "replay"};
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char path[PATH_SIZE + 64];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			snprintf(path, sizeof(path), "%s/%s.trace%s", one->directory, names[i],
				ends[k]);
			unlink(path);
		}
	rmdir(one->directory);
}

static void note_case(const struct one *one, int status)
{
	struct junit *junit = one->run->replay.junit;

	if (status == EXIT_SAME)
		junit_case(junit, one->path, JUNIT_PASSED, "");
	else if (status == EXIT_MISMATCH)
		junit_case(junit, one->path, JUNIT_FAILED, "not as expected");
	else
		junit_case(junit, one->path, JUNIT_BROKEN,
			one->why[0] ? one->why : "it could not be run");
}

static int run_one(const struct fixture_run *run, const char *path, bool *was_stopped)
{
	struct one one = {.run = run, .path = path};
	const char *where = getenv("TMPDIR");
	int status;

	snprintf(one.directory, sizeof(one.directory), "%s/twinkly-XXXXXX",
		where && *where ? where : "/tmp");
	if (!mkdtemp(one.directory))
		return failed(&one, "no temporary directory can be made");
	snprintf(one.source, sizeof(one.source), "%s/source.trace", one.directory);
	if (run->replay.trace)
		snprintf(one.trace, sizeof(one.trace), "%s", run->replay.trace);
	else
		snprintf(one.trace, sizeof(one.trace), "%s/replay.trace", one.directory);
	status = play(&one);
	for (size_t i = 0; i < one.path_count; i++)
		free(one.paths[i]);
	remove_files(&one);
	note_case(&one, status);
	*was_stopped = one.was_stopped;
	return status;
}

/* --- folders --- */

static int is_fixture_name(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), end = strlen(".twinkly");

	return entry->d_name[0] != '.' && len > end &&
	       strcmp(entry->d_name + len - end, ".twinkly") == 0;
}

static void count(struct totals *totals, int status)
{
	totals->passed += status == EXIT_SAME;
	totals->failed += status == EXIT_MISMATCH;
	totals->broken += status != EXIT_SAME && status != EXIT_MISMATCH;
}

static int run_list(const struct fixture_run *run, struct dirent **list, int n)
{
	struct totals totals = {0};
	bool was_stopped = false;

	for (int i = 0; i < n && !was_stopped; i++) {
		char path[PATH_SIZE];

		if (snprintf(path, sizeof(path), "%s/%s", run->replay.source, list[i]->d_name) <
			(int)sizeof(path))
			count(&totals, run_one(run, path, &was_stopped));
		else
			totals.broken++;
	}
	if (!run->replay.is_quiet)
		fprintf(stderr, "twinkly: %d fixtures as expected, %d not, %d could not be run\n",
			totals.passed, totals.failed, totals.broken);
	if (totals.failed > 0)
		return EXIT_MISMATCH;
	return totals.broken > 0 || was_stopped ? EXIT_FAILED : EXIT_SAME;
}

static int run_folder(const struct fixture_run *run)
{
	struct dirent **list = NULL;
	int n = scandir(run->replay.source, &list, is_fixture_name, alphasort);
	int status = EXIT_FAILED;

	if (n < 0)
		fprintf(stderr, "twinkly-replay: %s: cannot be read: %s\n", run->replay.source,
			strerror(errno));
	else if (n == 0)
		fprintf(stderr, "twinkly-replay: %s: no fixture is in it (*.twinkly)\n",
			run->replay.source);
	else
		status = run_list(run, list, n);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return status;
}

int fixture_run(const struct fixture_run *run)
{
	bool was_stopped;

	if (!is_folder(run->replay.source))
		return run_one(run, run->replay.source, &was_stopped);
	if (run->replay.trace) {
		fprintf(stderr, "twinkly-replay: -t needs a single fixture, and %s is a folder\n",
			run->replay.source);
		return EXIT_USAGE;
	}
	return run_folder(run);
}
