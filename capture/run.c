/*
 * The order of things: the port, then the trace (nothing is served that could not be
 * recorded), then the command; at the end sessions, queue, trace, summary.
 */
#include "capture/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "capture/end_state.h"
#include "capture/metrics.h"
#include "capture/notify.h"
#include "capture/proxy.h"
#include "capture/status.h"
#include "capture/summary.h"
#include "diffengine/known.h"
#include "schema/trace_read.h"

/* Descriptors beside those of the sessions (a client, two backends): clients that are refused, the
 * trace, listeners, questions about locks, cancel requests. */
#define OTHER_FILES (PROXY_STARTUPS_MAX + 64)

struct run {
	const struct run_options *options;
	struct settings settings; /* a copy: execution depends on the form */
	uv_loop_t loop;
	struct proxy proxy;
	struct trace *trace;
	struct redact *redact; /* what must not get into it */
	struct end_state_run end_state;
	struct metrics *metrics; /* NULL: none */
	int metrics_fd;          /* listens until metrics_start; -1: none */
	uv_signal_t sigint, sigterm, sighup, sigusr1;
	uv_async_t trace_failed;
	uv_timer_t grace;
	bool is_stopping, has_trace_failed;
	char why[256]; /* of the trace's failure */
};

static void print_error(const char *text)
{
	fprintf(stderr, "twinkly-capture: %s\n", text);
}

static bool write_words(struct trace *t, struct err *err)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (!trace_write_word(t, "verdict", i, verdict_name((enum verdict)i), NULL,
			    verdict_meaning((enum verdict)i), err))
			return false;
	for (int i = 0; i < DIFF_KIND_COUNT; i++) {
		const struct diff_kind_info *info = diff_kind_info((enum diff_kind)i);

		if (!trace_write_word(t, "difference_kind", i, info->name,
			    severity_name(info->severity), info->meaning, err))
			return false;
	}
	return true;
}

static bool write_backend(
	struct trace *t, enum trace_role role, const struct backend_target *b, struct err *err)
{
	struct trace_backend row = {.role = role,
		.name = b->name,
		.host = b->host,
		.port = b->port,
		.server_version = ""};

	return trace_write_backend(t, &row, err);
}

static bool write_wall(struct trace *t, const char *key, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)clock_wall_us());
	return trace_write_meta(t, key, text, err);
}

static bool write_configuration(struct trace *t, const struct settings *s, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool ok;

	if (!out)
		return err_set(err, "out of memory");
	conf_print(s->conf, out); /* secrets are starred */
	fclose(out);
	ok = trace_write_meta(t, "configuration", text, err);
	free(text);
	return ok;
}

static bool write_head(const struct run *run, struct err *err)
{
	const struct settings *s = &run->settings;
	struct trace *t = run->trace;

	return trace_begin(t, err) && trace_write_meta(t, "program", "twinkly-capture", err) &&
	       trace_write_meta(t, "twinkly_version", TWINKLY_VERSION, err) &&
	       write_wall(t, "began_wall_us", err) &&
	       trace_write_meta(t, "source_of_truth", s->truth.name, err) &&
	       trace_write_meta(t, "candidate", s->candidate.name, err) &&
	       trace_write_meta(t, "command_line",
		       redact_str(run->redact, run->options->command_line), err) &&
	       write_configuration(t, s, err) && write_words(t, err) &&
	       write_backend(t, TRACE_TRUTH, &s->truth, err) &&
	       write_backend(t, TRACE_CANDIDATE, &s->candidate, err) && trace_commit(t, err);
}

static bool open_trace(struct run *run)
{
	struct err err;
	bool moved = false;

	run->trace = trace_create(run->settings.trace_file, &moved, &err);
	if (!run->trace) {
		print_error(err.text);
		return false;
	}
	if (moved)
		log_warning("the trace that was there is now %s.old", run->settings.trace_file);
	if (!write_head(run, &err)) {
		print_error(err.text);
		trace_close(run->trace, NULL);
		return false;
	}
	return true;
}

static void on_grace(uv_timer_t *timer)
{
	struct run *run = timer->data;

	proxy_stop(&run->proxy, "terminating connection: twinkly-capture ends", true);
}

/* Exchanges under way have proxy.drain-timeout to end; with `why` idle sessions end at once. */
static void stop(struct run *run, const char *why)
{
	run->is_stopping = true;
	proxy_stop(&run->proxy, why, false);
	if (!run->proxy.is_stopped)
		uv_timer_start(
			&run->grace, on_grace, (uint64_t)run->settings.drain_timeout_us / 1000, 0);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct run *run = handle->data;

	/* With a command its end is ours: it gets the signal and may clean up. */
	if (run->options->command && run->options->child->is_running && !run->is_stopping) {
		run->is_stopping = true;
		command_signal(run->options->child, signum == SIGINT ? SIGINT : SIGTERM);
		return;
	}
	command_signal(run->options->child, SIGKILL);
	if (run->proxy.is_stopping)
		proxy_stop(&run->proxy, "terminating connection: twinkly-capture ends", true);
	else
		stop(run, "terminating connection due to administrator command");
}

static void on_sighup(uv_signal_t *handle, int signum)
{
	struct run *run = handle->data;

	(void)signum;
	reload_run(run->options->reload, &run->proxy);
}

static void on_sigusr1(uv_signal_t *handle, int signum)
{
	struct run *run = handle->data;

	(void)signum;
	live_clear(&run->proxy);
	status_print(&run->proxy, STDERR_FILENO);
}

static void on_command_exit(struct command_run *child)
{
	struct run *run = child->context;

	/* Its last sessions may still be saying goodbye. */
	stop(run, NULL);
}

/* In the writer thread. */
static void on_trace_failure(void *context, const char *why)
{
	struct run *run = context;

	snprintf(run->why, sizeof(run->why), "%s", why);
	uv_async_send(&run->trace_failed);
}

static void on_trace_failed(uv_async_t *async)
{
	struct run *run = async->data;

	run->has_trace_failed = true;
	log_error("%s", run->why);
	if (run->settings.trace_continues)
		return;
	command_signal(run->options->child, SIGTERM);
	stop(run, "terminating connection: the trace cannot be written");
}

/* Held back but while the loop watches them: one that comes when the trace is being made or
 * finished must not cost it. */
static void hold_signals(bool held)
{
	static const int held_ones[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(held_ones); i++)
		sigaddset(&set, held_ones[i]);
	pthread_sigmask(held ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void on_stopped(struct proxy *proxy)
{
	struct run *run = proxy->context;

	hold_signals(true);
	uv_close((uv_handle_t *)&run->sigint, NULL);
	uv_close((uv_handle_t *)&run->sigterm, NULL);
	uv_close((uv_handle_t *)&run->sighup, NULL);
	uv_close((uv_handle_t *)&run->sigusr1, NULL);
	uv_close((uv_handle_t *)&run->trace_failed, NULL);
	uv_close((uv_handle_t *)&run->grace, NULL);
	metrics_stop(run->metrics);
	run->metrics = NULL;
	live_stop(&run->proxy);
}

static void watch_signal(struct run *run, uv_signal_t *handle, uv_signal_cb on, int signum)
{
	uv_signal_init(&run->loop, handle);
	handle->data = run;
	uv_signal_start(handle, on, signum);
}

static void watch_signals(struct run *run)
{
	watch_signal(run, &run->sigint, on_signal, SIGINT);
	watch_signal(run, &run->sigterm, on_signal, SIGTERM);
	watch_signal(run, &run->sighup, on_sighup, SIGHUP);
	watch_signal(run, &run->sigusr1, on_sigusr1, SIGUSR1);
	uv_timer_init(&run->loop, &run->grace);
	run->grace.data = run;
	hold_signals(false);
}

static bool start_metrics(struct run *run, struct err *err)
{
	int fd = run->metrics_fd;

	if (fd < 0)
		return true;
	run->metrics_fd = -1;
	run->metrics = metrics_start(&run->proxy, fd, err);
	return run->metrics != NULL;
}

const char *run_host(const struct settings *s)
{
	if (!*s->listen_address)
		return s->unix_directory;
	if (strcmp(s->listen_address, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(s->listen_address, "::") == 0 ? "::1" : s->listen_address;
}

static bool start_command(struct run *run, struct err *err)
{
	if (!run->options->command)
		return true;
	run->options->child->on_exit = on_command_exit;
	run->options->child->context = run;
	return command_start(run->options->child, &run->loop, run->options->command, err);
}

/* The whole life of the proxy; false: it never began to serve. */
static bool serve(struct run *run)
{
	struct err err;
	bool ok;

	if (!proxy_start(&run->proxy, &run->loop, &run->settings, &err)) {
		uv_close((uv_handle_t *)&run->trace_failed, NULL);
		uv_run(&run->loop, UV_RUN_DEFAULT);
		print_error(err.text);
		return false;
	}
	watch_signals(run);
	ok = start_metrics(run, &err) && start_command(run, &err);
	if (!ok) {
		print_error(err.text);
		stop(run, "");
	} else {
		log_info("listening on %s port %d", run_host(&run->settings),
			run->settings.listen_port);
		if (!run->options->is_quiet && !run->options->command)
			live_start(&run->proxy); /* a command has the terminal for itself */
		notify_manager("READY=1");
	}
	uv_run(&run->loop, UV_RUN_DEFAULT);
	notify_manager("STOPPING=1");
	proxy_fini(&run->proxy);
	return ok;
}

static bool serve_recorded(struct run *run, struct trace_queue_stats *stats)
{
	struct trace_queue_options options = {.limit = (size_t)run->settings.trace_queue,
		.policy = run->settings.trace_continues ? TRACE_CONTINUE : TRACE_STOP,
		.max_size = run->settings.trace_max_size,
		.on_failure = on_trace_failure,
		.context = run,
		.began_mono_us = clock_mono_us()};
	struct trace_queue *queue;
	struct err err;
	bool ok;

	uv_async_init(&run->loop, &run->trace_failed, on_trace_failed);
	run->trace_failed.data = run;
	queue = trace_queue_start(run->trace, &options, &err);
	if (!queue) {
		print_error(err.text);
		return false;
	}
	record_init(&run->proxy.record, queue, options.began_mono_us);
	run->proxy.record.redact = run->redact;
	ok = serve(run);
	record_fini(&run->proxy.record);
	trace_queue_finish(queue, stats);
	return ok;
}

/* It ends the question under way (wire/query.h), and must not end the program. */
static void on_late_signal(uv_signal_t *handle, int signum)
{
	(void)handle;
	(void)signum;
}

/* After the last session, before the trace is closed: it says which tables were written. */
static bool compare_end_state(struct run *run, const struct trace_queue_stats *stats)
{
	const struct settings *s = &run->settings;
	FILE *out = run->options->is_quiet ? NULL : stderr;
	struct err err;
	bool ok;

	if (s->end_state == END_STATE_OFF || stats->has_failed)
		return true;
	run->end_state = (struct end_state_run){.trace = run->trace,
		.targets = {&s->truth, &s->candidate},
		.timeout_us = s->backend_timeout_us,
		.mode = s->end_state,
		.is_all = s->end_state_all,
		.hides_keys = s->is_redacted};
	watch_signal(run, &run->sigint, on_late_signal, SIGINT);
	watch_signal(run, &run->sigterm, on_late_signal, SIGTERM);
	hold_signals(false);
	ok = trace_begin(run->trace, &err) && end_state_run(&run->end_state, out, &err) &&
	     trace_commit(run->trace, &err);
	hold_signals(true);
	uv_close((uv_handle_t *)&run->sigint, NULL);
	uv_close((uv_handle_t *)&run->sigterm, NULL);
	uv_run(&run->loop, UV_RUN_DEFAULT);
	if (!ok)
		print_error(err.text);
	return ok;
}

static bool close_trace(struct run *run, struct trace_queue_stats *stats)
{
	struct err err;
	bool ok = stats->has_failed ||
		  (trace_begin(run->trace, &err) && write_wall(run->trace, "ended_wall_us", &err) &&
			  trace_commit(run->trace, &err));

	if (!ok)
		print_error(err.text);
	if (!trace_close(run->trace, &err)) {
		print_error(err.text);
		ok = false;
	}
	return ok;
}

/* Before the trace is made: a port that is taken must not cost the trace that is there. */
static bool listen_first(struct run *run)
{
	struct err err;
	bool ok = true;

	if (run->settings.metrics_enabled) {
		run->metrics_fd = metrics_listen(&run->settings, &err);
		ok = run->metrics_fd >= 0;
	}
	ok = ok && proxy_open(&run->proxy, &run->settings, &err);
	if (!ok)
		print_error(err.text);
	return ok;
}

/* Enough descriptors for proxy.max-connections, as far as the hard limit lets us. */
static void raise_file_limit(const struct settings *s)
{
	rlim_t need = (rlim_t)s->max_connections * 3 + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < need)
		log_warning(
			"proxy.max-connections = %lld needs %llu open files, the limit is %llu; "
			"raise it (ulimit -Hn, LimitNOFILE=)",
			(long long)s->max_connections, (unsigned long long)need,
			(unsigned long long)limit.rlim_cur);
}

/* Nothing here needs it, and who breaks in has it. */
static void warn_of_root(const struct settings *s)
{
	bool is_local = !*s->listen_address || strncmp(s->listen_address, "127.", 4) == 0 ||
			strcmp(s->listen_address, "::1") == 0;

	if (geteuid() == 0 && !is_local)
		log_warning("listening on %s as root: run twinkly-capture as a user without "
			    "privileges",
			s->listen_address);
}

/* What is wrong with them is wrong with the configuration. */
static bool load_files(struct run *run)
{
	struct err err;
	bool ok = proxy_load_files(&run->proxy, &run->settings, &err);

	if (!ok)
		print_error(err.text);
	return ok;
}

static enum settings_execution execution_of(const struct run_options *options)
{
	if (options->settings->has_execution)
		return options->settings->execution;
	return options->command ? EXECUTION_SERIAL : EXECUTION_ORDERED;
}

static bool on_statement(void *context, struct bytes text, int verdict)
{
	known_note_statement(context, text, verdict);
	return true;
}

/* Which statements of known differences were run, says the trace. */
static bool find_gone(const struct run *run)
{
	struct trace *trace;
	struct err err;
	bool ok;

	if (!run->options->known)
		return true;
	trace = trace_open(run->settings.trace_file, &err);
	ok = trace && trace_read_statements(trace, on_statement, run->options->known, &err);
	if (!ok)
		print_error(err.text);
	if (trace)
		(void)trace_close(trace, &err); /* it was only read */
	return ok;
}

static int run_status(const struct run *run, const struct trace_queue_stats *stats, bool ok)
{
	struct summary summary = {.settings = &run->settings,
		.counts = &run->proxy.counts,
		.stats = stats,
		.rules = run->proxy.rules_seen,
		.preflight = run->proxy.preflight,
		.known = run->options->known,
		.end_state = &run->end_state.counts,
		.has_command = run->options->command != NULL,
		.command_status = run->options->child->status};

	if (!ok || !find_gone(run))
		return EXIT_FAILED;
	if (!run->options->is_quiet)
		summary_print(&summary, stderr);
	return summary_exit_status(&summary, stderr);
}

int run_capture(const struct run_options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	struct trace_queue_stats stats = {0};
	int status = EXIT_FAILED;
	struct err err;
	bool ok;

	if (!run)
		return EXIT_FAILED;
	run->options = options;
	run->proxy.listen_fd = -1;
	run->settings = *options->settings;
	run->metrics_fd = -1;
	raise_file_limit(&run->settings);
	warn_of_root(&run->settings);
	hold_signals(true);
	run->proxy.execution = execution_of(options);
	run->proxy.policy.compare.known = options->known;
	run->proxy.on_stopped = on_stopped;
	run->proxy.context = run;
	run->redact = redact_new_configured(run->settings.conf, &err);
	if (!run->redact) {
		print_error(err.text);
	} else if (!load_files(run)) {
		status = EXIT_USAGE;
	} else if (listen_first(run) && open_trace(run)) {
		uv_loop_init(&run->loop);
		ok = serve_recorded(run, &stats);
		ok = compare_end_state(run, &stats) && ok;
		ok = close_trace(run, &stats) && ok;
		status = run_status(run, &stats, ok);
		uv_loop_close(&run->loop);
	}
	proxy_close(&run->proxy);
	redact_free(run->redact);
	if (run->metrics_fd >= 0)
		close(run->metrics_fd);
	free(run);
	return status;
}
