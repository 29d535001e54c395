/*
 * A stage for tests of whole sessions: the proxy with a real trace on a loop, and two
 * listeners that stand for the databases. One thread: a test plays client and both servers in
 * turn (talk.h), so that it decides in which order things arrive. What takes longer than
 * STAGE_PATIENCE fails the test.
 */
#ifndef TESTS_UNIT_CAPTURE_STAGE_H
#define TESTS_UNIT_CAPTURE_STAGE_H

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "schema/trace_read.h"
#include "tests/unit/diffengine/answers.h"
#include "tests/unit/wire/peer.h"

#define STAGE_PATIENCE (5 * CLOCK_SECOND)
#define STAGE_KEYS_MAX 32

struct stage {
	uv_loop_t loop;
	struct proxy proxy;
	struct settings settings;
	struct trace *trace;
	struct trace_queue *queue;
	struct trace_queue_stats stats;
	char dir[64], path[128];
	struct peer truth, candidate; /* listeners only */
	bool is_stopped;
};

static inline void stage_stopped(struct proxy *proxy)
{
	struct stage *st = proxy->context;

	st->is_stopped = true;
}

/* A port that was free a moment ago. */
static inline int stage_free_port(void)
{
	struct peer peer;
	int port;

	peer_start(&peer, NULL, 0);
	port = peer.port;
	peer_stop(&peer);
	return port;
}

static inline int stage_listen(struct peer *peer)
{
	peer_start(peer, NULL, 0);
	assert_int_equal(fcntl(peer->listener, F_SETFL, O_NONBLOCK), 0);
	return peer->port;
}

/* `more`: further KEY=VALUE, up to NULL; may be NULL. */
static inline void stage_settings(struct stage *st, const char *const *more)
{
	static char ports[3][64];
	const char *keys[STAGE_KEYS_MAX] = {ports[0], ports[1], ports[2],
		"proxy.postgresql.host=127.0.0.1", "proxy.postgresql.sslmode=disable",
		"proxy.yugabytedb.host=127.0.0.1", "proxy.yugabytedb.sslmode=disable",
		"proxy.window=16KB", "proxy.max-message=64KB",
		"comparison.source-of-truth=postgresql", "comparison.preflight=off"};
	size_t count = 11;

	snprintf(ports[0], sizeof(ports[0]), "proxy.listen-port=%d", stage_free_port());
	snprintf(ports[1], sizeof(ports[1]), "proxy.postgresql.port=%d", stage_listen(&st->truth));
	snprintf(ports[2], sizeof(ports[2]), "proxy.yugabytedb.port=%d",
		stage_listen(&st->candidate));
	while (more && *more) {
		assert_true(count < STAGE_KEYS_MAX);
		keys[count++] = *more++;
	}
	assert_true(settings_load(&st->settings, NULL, keys, count, stderr));
}

static inline void stage_record(struct stage *st)
{
	struct err err = {.text = ""};
	struct trace_queue_options options = {.limit = 64 << 20, .began_mono_us = clock_mono_us()};

	snprintf(st->dir, sizeof(st->dir), "/tmp/twinkly-capture-XXXXXX");
	assert_non_null(mkdtemp(st->dir));
	snprintf(st->path, sizeof(st->path), "%s/run.trace", st->dir);
	st->trace = trace_create(st->path, NULL, &err);
	if (!st->trace)
		fail_msg("%s", err.text);
	st->queue = trace_queue_start(st->trace, &options, &err);
	assert_non_null(st->queue);
	record_init(&st->proxy.record, st->queue, options.began_mono_us);
}

static inline void stage_open(
	struct stage *st, enum settings_execution execution, const char *const *more)
{
	struct err err = {.text = ""};

	*st = (struct stage){.trace = NULL};
	alarm(60);
	log_set_level(getenv("STAGE_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	backend_isolate();
	stage_settings(st, more);
	stage_record(st);
	assert_int_equal(uv_loop_init(&st->loop), 0);
	st->proxy.execution = execution;
	st->proxy.on_stopped = stage_stopped;
	st->proxy.context = st;
	st->proxy.listen_fd = proxy_listen(&st->settings, &err);
	if (st->proxy.listen_fd < 0 || !proxy_start(&st->proxy, &st->loop, &st->settings, &err))
		fail_msg("%s", err.text);
}

/* Lets the proxy do what it can, and waits a moment for something on `fd`. */
static inline void stage_turn(struct stage *st, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	uv_run(&st->loop, UV_RUN_NOWAIT);
	poll(&wait, 1, 1);
}

static inline int64_t stage_exchanges(const struct stage *st, enum verdict verdict)
{
	return st->proxy.counts.exchanges[verdict];
}

/* A connection that nobody has accepted: a cancel request waits for its end. */
static inline void stage_drop(const struct peer *server)
{
	int fd = accept(server->listener, NULL, NULL);

	if (fd >= 0)
		close(fd);
}

/* The end: nothing may be left on the loop, and the trace must be whole. */
static inline void stage_close(struct stage *st)
{
	int64_t until = clock_mono_us() + STAGE_PATIENCE;
	struct err err = {.text = ""};

	proxy_stop(&st->proxy, "the test is over", true);
	while (uv_run(&st->loop, UV_RUN_NOWAIT) != 0) {
		stage_drop(&st->truth);
		stage_drop(&st->candidate);
		assert_true(clock_mono_us() < until);
	}
	assert_true(st->is_stopped);
	assert_int_equal(st->proxy.active, 0);
	assert_int_equal(st->proxy.turn.sharers + st->proxy.turn.owners, 0);
	assert_int_equal(uv_loop_close(&st->loop), 0);
	proxy_fini(&st->proxy);
	proxy_close(&st->proxy);
	record_fini(&st->proxy.record);
	trace_queue_finish(st->queue, &st->stats);
	assert_false(st->stats.has_failed);
	if (!trace_close(st->trace, &err))
		fail_msg("%s", err.text);
	peer_stop(&st->truth);
	peer_stop(&st->candidate);
	settings_fini(&st->settings);
	alarm(0);
}

/* After stage_close and what was to be read in the trace. */
static inline void stage_remove(struct stage *st)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
	char name[160];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", st->path, suffixes[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(st->dir), 0);
}

#endif
