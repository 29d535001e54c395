/*
 * The order of things: the recorded trace is read once to its end, so that a damaged one is
 * found before anything is changed; then the new trace is made (nothing is replayed that could
 * not be recorded); then the databases.
 */
#include "replay/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "diffengine/known.h"
#include "replay/dry_run.h"
#include "replay/end_state.h"
#include "replay/junit.h"
#include "replay/progress.h"
#include "replay/replay.h"
#include "replay/summary.h"
#include "schema/trace_read.h"

struct run {
	const struct run_options *options;
	uv_loop_t loop;
	struct replay replay;
	struct ground ground;
	struct end_state_run end_state;
	struct progress progress;
	uv_signal_t sigint, sigterm;
};

static void print_error(const char *text)
{
	fprintf(stderr, "twinkly-replay: %s\n", text);
}

static int failed(const struct err *err)
{
	print_error(err->text);
	return EXIT_FAILED;
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct run *run = handle->data;

	(void)signum;
	replay_stop(&run->replay, "interrupted");
}

static void on_stopped(struct replay *replay)
{
	struct run *run = replay->context;

	uv_close((uv_handle_t *)&run->sigint, NULL);
	uv_close((uv_handle_t *)&run->sigterm, NULL);
}

static void on_tick(struct replay *replay, int64_t now)
{
	struct run *run = replay->context;

	progress_show(&run->progress, replay_done(replay), replay->roster.exchanges, now);
}

static void watch_signals(struct run *run)
{
	uv_signal_init(&run->loop, &run->sigint);
	uv_signal_init(&run->loop, &run->sigterm);
	run->sigint.data = run->sigterm.data = run;
	uv_signal_start(&run->sigint, on_signal, SIGINT);
	uv_signal_start(&run->sigterm, on_signal, SIGTERM);
}

static bool on_backend(void *context, const struct trace_backend *row)
{
	struct replay *r = context;
	const struct settings *s = r->settings;

	if (row->role == TRACE_TRUTH)
		r->is_swapped = strcmp(row->name, s->candidate.name) == 0 &&
				strcmp(row->name, s->truth.name) != 0;
	return row->role != TRACE_TRUTH;
}

static void record_counts(struct replay *r)
{
	int64_t skipped = 0;

	r->counts.skipped[SKIP_LEFT_OUT] += r->plan.left_out;
	for (int i = 0; i < SKIP_COUNT; i++)
		skipped += r->counts.skipped[i];
	writer_meta_number(&r->writer, "exchanges_skipped", skipped);
	writer_meta_number(&r->writer, "exchanges_relaxed", r->counts.relaxed);
	writer_meta_number(&r->writer, "truth_drifted", r->recall.drifted[0]);
	writer_meta_number(&r->writer, "candidate_drifted", r->recall.drifted[1]);
	writer_meta_number(&r->writer, "regressions", r->recall.regressions);
	writer_meta_number(&r->writer, "mended", r->recall.mended);
}

static int tell(
	const struct replay *r, const struct end_state_counts *end_state, struct run_result *result)
{
	const char *why = r->is_stopping ? r->why.text : r->counts.refused ? r->refusal.text : "";

	*result = (struct run_result){
		.was_stopped = r->is_stopping, .has_end_state = end_state->different > 0};
	snprintf(result->why, sizeof(result->why), "%s", why);
	return EXIT_SAME;
}

static bool on_statement(void *context, struct bytes text, int verdict)
{
	known_note_statement(context, text, verdict);
	return true;
}

/* Which statements of known differences were run, says the new trace. */
static bool find_gone(const struct run *run)
{
	struct trace *trace;
	struct err err;
	bool ok;

	if (!run->options->known)
		return true;
	trace = trace_open(run->options->trace, &err);
	ok = trace && trace_read_statements(trace, on_statement, run->options->known, &err);
	if (!ok)
		print_error(err.text);
	if (trace)
		(void)trace_close(trace, &err); /* it was only read */
	return ok;
}

static int summarise(const struct run *run)
{
	const struct replay *r = &run->replay;
	struct summary summary = {.settings = run->options->settings,
		.counts = &r->counts,
		.recall = &r->recall,
		.wishes = &r->wishes,
		.end_state = &run->end_state.counts,
		.known = run->options->known,
		.source = run->options->source,
		.trace = run->options->trace,
		.recorded_gaps = r->roster.gaps,
		.has_no_end = trace_read_meta(r->source, "ended_wall_us") == NULL,
		.stopped = r->is_stopping ? r->why.text : NULL,
		.refusal = r->counts.refused > 0 ? r->refusal.text : NULL};

	if (run->options->result)
		return tell(r, &run->end_state.counts, run->options->result);
	if (!run->options->is_quiet)
		summary_print(&summary, stderr);
	return summary_exit_status(&summary, stderr);
}

/* --- the replay itself, into a trace that is open --- */

static void play(struct run *run)
{
	struct replay *r = &run->replay;

	if (!run->options->is_quiet && !run->options->result && isatty(STDERR_FILENO)) {
		run->progress.out = stderr;
		r->on_tick = on_tick;
	}
	if (!replay_start(r, &run->loop))
		replay_stop(r, "out of memory");
	uv_run(&run->loop, UV_RUN_DEFAULT);
	progress_end(&run->progress);
}

static void set_ground(struct run *run)
{
	struct replay *r = &run->replay;
	struct ground *g = &run->ground;

	g->wishes = &run->options->ground;
	g->timeout_us = run->options->settings->backend_timeout_us;
	g->startup = r->roster.count > 0 ? r->roster.sessions[0].startup : bytes_str("");
	if (r->wishes.against == AGAINST_CANDIDATE) {
		g->targets[1] = &r->truth; /* the only one is in the truth's place */
		return;
	}
	g->targets[0] = &r->truth;
	g->targets[1] = r->wishes.against == AGAINST_BOTH ? &r->candidate : NULL;
}

/* Signals are watched from before anything is made. False with err: nothing was replayed. */
static bool play_on_ground(struct run *run, struct err *err)
{
	bool ok;

	uv_loop_init(&run->loop);
	watch_signals(run);
	set_ground(run);
	ok = ground_prepare(&run->ground, err);
	if (ok) {
		play(run);
	} else {
		on_stopped(&run->replay);
		uv_run(&run->loop, UV_RUN_DEFAULT);
	}
	uv_loop_close(&run->loop);
	return ok;
}

/* What is no session's fault is a case of its own. */
static bool write_junit(const struct run *run, int status)
{
	const struct run_options *o = run->options;
	enum junit_result result = status == EXIT_SAME       ? JUNIT_PASSED
				   : status == EXIT_MISMATCH ? JUNIT_FAILED
							     : JUNIT_BROKEN;
	struct err err;

	if (!o->junit || o->result)
		return true;
	junit_case(o->junit, "the replay as a whole", result,
		result == JUNIT_FAILED ? "there are mismatches"
				       : "it could not be done, or proves nothing");
	if (junit_sessions(o->junit, o->trace, &err))
		return true;
	print_error(err.text);
	return false;
}

static int could_not(struct run *run, const char *why)
{
	struct run_result *result = run->options->result;

	if (!result) {
		print_error(why);
		return EXIT_FAILED;
	}
	*result = (struct run_result){.was_stopped = run->ground.was_interrupted};
	snprintf(result->why, sizeof(result->why), "%s", why);
	return EXIT_SAME;
}

static int judge(struct run *run, bool is_left)
{
	int status = find_gone(run) ? summarise(run) : EXIT_FAILED;

	if (is_left && run->options->result && !run->options->result->why[0])
		return could_not(run, "a fresh database could not be dropped");
	return is_left && status == EXIT_SAME ? EXIT_FAILED : status;
}

static enum end_state_mode end_state_mode(const struct run *run)
{
	const char *wish = run->options->wishes.end_state;

	if (!wish)
		return run->options->settings->end_state;
	return strcmp(wish, "counts") == 0 ? END_STATE_COUNTS : END_STATE_HASH;
}

/* Of both sides, while the fresh databases are still there. */
static void compare_end_state(struct run *run)
{
	struct replay *r = &run->replay;
	struct end_state_run *e = &run->end_state;
	FILE *out = run->options->is_quiet ? NULL : stderr;
	struct err err;

	e->mode = end_state_mode(run);
	if (e->mode == END_STATE_OFF || r->wishes.against != AGAINST_BOTH || r->is_stopping)
		return;
	e->targets[0] = &r->truth;
	e->targets[1] = &r->candidate;
	e->timeout_us = run->options->settings->backend_timeout_us;
	e->hides_keys = run->options->settings->is_redacted;
	e->is_all = run->options->settings->end_state_all;
	e->trace = writer_open_batch(&r->writer);
	if (e->trace && !end_state_run(e, out, &err))
		replay_stop(r, err.text);
	else if (e->was_interrupted)
		replay_stop(r, "interrupted");
}

static int replay_recorded(struct run *run)
{
	struct replay *r = &run->replay;
	struct err err;
	int status;
	bool ok = play_on_ground(run, &err), is_left;

	if (ok)
		compare_end_state(run);
	is_left = !ground_leave(&run->ground, stderr);
	record_counts(r);
	if (!writer_close(&r->writer)) {
		print_error(r->writer.why.text);
		return EXIT_FAILED;
	}
	status = ok ? judge(run, is_left) : could_not(run, err.text);
	return write_junit(run, status) ? status : EXIT_FAILED;
}

static bool on_redaction(void *context, const struct trace_redaction *row)
{
	int64_t *counts = context;

	counts[0] += row->request > 0;
	counts[1] += row->answers > 0;
	return true;
}

/* What was replaced in the trace cannot be replayed as it was. */
static void warn_of_redactions(const struct run *run)
{
	int64_t counts[2] = {0, 0};
	struct err err;

	if (!trace_read_redactions(run->replay.source, 0, on_redaction, counts, &err))
		print_error(err.text);
	if (counts[0] + counts[1] > 0)
		log_warning("%s: parts of it were redacted: the requests of %lld exchanges are not "
			    "replayed as they were, and the recorded answers of %lld cannot be "
			    "compared with what comes",
			run->options->source, (long long)counts[0], (long long)counts[1]);
}

static int replay_source(struct run *run)
{
	struct replay *r = &run->replay;
	struct writer_head head = {.settings = run->options->settings,
		.source_trace = run->options->source,
		.command_line = run->options->command_line};
	struct err err;

	r->wishes = run->options->wishes;
	r->policy.compare.known = run->options->known;
	if (!replay_init(r, run->options->settings, &err)) {
		print_error(err.text);
		return EXIT_USAGE;
	}
	if (!trace_hold(r->source, &err) || !roster_load(&r->roster, r->source, &err) ||
		!trace_read_backends(r->source, on_backend, r, &err)) {
		print_error(err.text);
		return EXIT_FAILED;
	}
	warn_of_redactions(run);
	if (!select_new(&r->select, &r->wishes, &r->roster, &err)) {
		print_error(err.text);
		return EXIT_USAGE;
	}
	if (!reading_init(&r->reading, &r->roster)) {
		print_error("out of memory");
		return EXIT_FAILED;
	}
	r->plan.reading = &r->reading;
	if (r->wishes.is_dry_run)
		return dry_run(r, run->options->source, stdout, &err) ? EXIT_SAME : failed(&err);
	if (writer_open(&r->writer, run->options->trace, &head, &err))
		return replay_recorded(run);
	print_error(err.text);
	return EXIT_FAILED;
}

int run_replay(const struct run_options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	struct err err;
	int status = EXIT_FAILED;

	if (!run) {
		print_error("out of memory");
		return EXIT_FAILED;
	}
	run->options = options;
	run->replay.on_stopped = on_stopped;
	run->replay.context = run;
	run->replay.source = trace_open(options->source, &err);
	if (!run->replay.source) {
		print_error(err.text);
	} else {
		status = replay_source(run);
		replay_fini(&run->replay);
		roster_fini(&run->replay.roster);
		(void)trace_close(run->replay.source, &err); /* it was only read */
	}
	free(run);
	return status;
}
