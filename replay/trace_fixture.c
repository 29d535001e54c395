/*
 * twinkly-trace fixture: a trace as text.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/fixture_write.h"
#include "replay/trace_commands.h"

#define SETUPS_MAX 64

enum { OPTION_OUT = 1, OPTION_SESSIONS, OPTION_MISMATCHES, OPTION_ACCEPT, OPTION_SETUP };

static const struct option_row rows[] = {
	{OPTION_OUT, 'o', "output", "FILE", "the text to write; by default standard output"},
	{OPTION_SESSIONS, 0, "sessions", "LIST", "only these sessions: 1,3,7-9"},
	{OPTION_MISMATCHES, 0, "only-mismatches", NULL,
		"only sessions with a mismatch, each up to its last one"},
	{OPTION_ACCEPT, 0, "accept", "REASON", "accept the differences that were recorded"},
	{OPTION_SETUP, 0, "setup", "FILE", "SQL that a replay runs first on both databases"},
};

static const struct option_table table = {.program = "twinkly-trace fixture",
	.usage = "[OPTION]... TRACE",
	.summary = "Writes a trace as text that can be read, reviewed and replayed.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

struct options {
	const char *out;
	int64_t *sessions;
	const char *setups[SETUPS_MAX];
	struct fixture_wishes wishes;
};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct options *o = context;

	switch (id) {
	case OPTION_OUT:
		o->out = value;
		return true;
	case OPTION_SESSIONS:
		free(o->sessions);
		o->sessions = trace_numbers(value, &o->wishes.session_count, err);
		o->wishes.sessions = o->sessions;
		return o->sessions != NULL;
	case OPTION_MISMATCHES:
		o->wishes.only_mismatches = true;
		return true;
	case OPTION_ACCEPT:
		o->wishes.accept_reason = value;
		return true;
	default:
		if (o->wishes.setup_count == SETUPS_MAX)
			return err_set(err, "more than %d setup files", SETUPS_MAX);
		o->setups[o->wishes.setup_count++] = value;
		return true;
	}
}

static void print_counts(const struct fixture_counts *counts)
{
	if (counts->unsent > 0)
		fprintf(stderr,
			"twinkly-trace: %" PRId64 " exchanges are left out that never reached the "
			"databases\n",
			counts->unsent);
	if (counts->cut > 0)
		fprintf(stderr,
			"twinkly-trace: %" PRId64 " exchanges are left out since their requests "
			"are not whole: they cannot be replayed\n",
			counts->cut);
	if (counts->exchanges == 0)
		fprintf(stderr, "twinkly-trace: the fixture holds no exchange\n");
}

static bool write_text(
	struct trace *trace, const char *source, const struct options *o, struct err *err)
{
	struct fixture_counts counts;
	FILE *out;
	bool ok;

	if (o->out && trace_is_same_file(o->out, source))
		return err_set(err, "%s: the text would take the trace's place", o->out);
	out = o->out ? fopen(o->out, "we") : stdout;
	if (!out)
		return err_set(err, "%s: cannot be written: %s", o->out, strerror(errno));
	ok = fixture_write(trace, &o->wishes, out, &counts, err);
	if (o->out && fclose(out) != 0 && ok)
		ok = err_set(err, "%s: cannot be written: %s", o->out, strerror(errno));
	if (ok)
		print_counts(&counts);
	return ok;
}

int trace_fixture(int argc, char **argv)
{
	struct options o = {0};
	struct trace_arguments a = {
		.table = &table, .on_option = on_option, .context = &o, .least = 1, .most = 1};
	struct trace *trace;
	struct err err;
	int status;

	o.wishes.setups = o.setups;
	if (trace_arguments(&a, argc, argv, &status)) {
		trace = trace_open(a.operands[0], &err);
		status = trace && write_text(trace, a.operands[0], &o, &err) ? TRACE_EXIT_SAME
									     : trace_failed(&err);
		if (trace)
			(void)trace_close(trace, NULL); /* it was only read */
	}
	free(o.sessions);
	return status;
}
