/*
 * A mismatch is known by the exchange of the recorded trace, which the note of its replay names.
 */
#include "replay/repeat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/summary.h"
#include "schema/trace_read.h"

struct seen {
	int64_t exchange; /* of the recorded trace */
	int times;
};

struct tally {
	struct seen *seen;
	size_t count;
	int64_t omitted;
};

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct tally *t = context;
	int64_t id;

	if (row->verdict != VERDICT_MISMATCH || !row->note ||
		sscanf(row->note, "replay of exchange %18" SCNd64, &id) != 1)
		return true;
	for (size_t i = 0; i < t->count; i++)
		if (t->seen[i].exchange == id) {
			t->seen[i].times++;
			return true;
		}
	if (t->count < REPEAT_MISMATCHES)
		t->seen[t->count++] = (struct seen){.exchange = id, .times = 1};
	else
		t->omitted++;
	return true;
}

static bool collect(struct tally *t, const char *path)
{
	struct err err;
	struct trace *trace = trace_open(path, &err);
	bool ok = trace && trace_read_exchanges(trace, 0, 1, on_exchange, t, &err);

	if (!ok)
		fprintf(stderr, "twinkly-replay: %s\n", err.text);
	if (trace)
		(void)trace_close(trace, NULL); /* it was only read */
	return ok;
}

static void label(const struct tally *t, int times, FILE *out)
{
	size_t flaky = 0;

	for (size_t i = 0; i < t->count; i++) {
		flaky += t->seen[i].times < times;
		if (i < REPEAT_SHOWN)
			fprintf(out,
				"twinkly: exchange %" PRId64
				" of the trace: %s, a mismatch in %d of %d replays\n",
				t->seen[i].exchange,
				t->seen[i].times < times ? "flaky" : "deterministic",
				t->seen[i].times, times);
	}
	fprintf(out, "twinkly: %d replays: %zu mismatches deterministic, %zu flaky\n", times,
		t->count - flaky, flaky);
	if (t->omitted > 0)
		fprintf(out, "twinkly: %" PRId64 " mismatches beyond the first %d not labelled\n",
			t->omitted, REPEAT_MISMATCHES);
}

static int run_all(const struct run_options *options, int times, struct tally *t)
{
	int worst = EXIT_SAME;

	for (int i = 1; i <= times; i++) {
		struct run_options one = *options;
		char path[4096];
		int status, n;

		n = i == 1 ? snprintf(path, sizeof(path), "%s", options->trace)
			   : snprintf(path, sizeof(path), "%s.%d", options->trace, i);
		if (n >= (int)sizeof(path)) {
			fprintf(stderr, "twinkly-replay: the trace's path is too long\n");
			return EXIT_USAGE;
		}
		one.trace = path;
		status = run_replay(&one);
		if (status != EXIT_SAME && status != EXIT_MISMATCH)
			return status;
		if (!collect(t, path))
			return EXIT_FAILED;
		worst = status == EXIT_MISMATCH ? status : worst;
	}
	return worst;
}

int repeat_run(const struct run_options *options, int times)
{
	struct tally t = {.seen = calloc(REPEAT_MISMATCHES, sizeof(*t.seen))};
	int status = EXIT_FAILED;

	if (t.seen)
		status = run_all(options, times, &t);
	else
		fprintf(stderr, "twinkly-replay: out of memory\n");
	if (!options->is_quiet && (status == EXIT_SAME || status == EXIT_MISMATCH))
		label(&t, times, stderr);
	free(t.seen);
	return status;
}
