/*
 * For the tests of replay/: a directory of its own for each test with a trace in it that the
 * test writes row by row as a capture would, and requests built from messages.
 */
#ifndef TESTS_UNIT_REPLAY_RECORDED_H
#define TESTS_UNIT_REPLAY_RECORDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "diffengine/verdict.h"
#include "schema/trace_read.h"
#include "schema/trace_write.h"
#include "wire/encode.h"

/* Literal bytes, which may hold NULs. */
#define LITERAL(s) bytes_of("" s, sizeof(s) - 1)

#define RECORDED_STARTUP LITERAL("user\0app\0database\0shop\0application_name\0suite\0")

struct recorded {
	char dir[64], path[96], out[96];
	struct trace *trace;
	int64_t last_exchange;
	struct buf request; /* of the exchange that is written next */
	struct err err;
};

#define RECORDED_MUST(r, call)                         \
	do {                                           \
		if (!(call))                           \
			fail_msg("%s", (r)->err.text); \
	} while (0)

static inline void recorded_begin(struct recorded *r)
{
	*r = (struct recorded){.dir = "/tmp/twinkly-replay-XXXXXX"};
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/run.trace", r->dir);
	snprintf(r->out, sizeof(r->out), "%s/out.trace", r->dir);
	buf_init(&r->request, 1 << 24);
	r->trace = trace_create(r->path, NULL, &r->err);
	RECORDED_MUST(r, r->trace);
	RECORDED_MUST(r, trace_begin(r->trace, &r->err));
}

static inline void recorded_session(struct recorded *r, int64_t id, struct bytes startup)
{
	struct trace_session row = {.id = id,
		.user = "app",
		.database = "shop",
		.application_name = "suite",
		.client = "127.0.0.1:40000",
		.startup = startup};

	RECORDED_MUST(r, trace_write_session(r->trace, &row, &r->err));
}

static inline void recorded_event(
	struct recorded *r, int64_t session, int64_t at_us, const char *what)
{
	struct trace_event row = {.session = session, .at_us = at_us, .what = what};

	RECORDED_MUST(r, trace_write_event(r->trace, &row, &r->err));
}

/* The next exchange, with what is in r->request; took_us < 0: it was never answered. */
static inline void recorded_exchange(
	struct recorded *r, int64_t session, int64_t started_us, int64_t took_us)
{
	struct trace_exchange row = {.id = ++r->last_exchange,
		.session = session,
		.started_us = started_us,
		.truth_us = took_us < 0 ? -1 : took_us / 2,
		.candidate_us = took_us,
		.verdict = took_us < 0 ? VERDICT_INCONCLUSIVE : VERDICT_EQUAL,
		.truth_status = 'I',
		.candidate_status = 'I',
		.request = buf_bytes(&r->request)};

	RECORDED_MUST(r, trace_write_exchange(r->trace, &row, &r->err));
	buf_reset(&r->request);
}

/* A simple query that was answered alone: 100 us from 1000 times its number. */
static inline void recorded_query(struct recorded *r, int64_t session, const char *sql)
{
	assert_true(encode_query(&r->request, sql));
	recorded_exchange(r, session, 1000 * (r->last_exchange + 1), 100);
}

static inline void recorded_part(
	struct recorded *r, int64_t exchange, int ordinal, struct bytes body)
{
	RECORDED_MUST(r, trace_write_request_part(r->trace, exchange, ordinal, body, &r->err));
}

static inline void recorded_gap(struct recorded *r)
{
	struct trace_gap row = {.at_us = 1, .exchanges = 2, .reason = "disk full"};

	RECORDED_MUST(r, trace_write_gap(r->trace, &row, &r->err));
}

/* Ends the writing; the trace is open for reading. */
static inline void recorded_read(struct recorded *r)
{
	RECORDED_MUST(r, trace_commit(r->trace, &r->err));
	RECORDED_MUST(r, trace_close(r->trace, &r->err));
	r->trace = trace_open(r->path, &r->err);
	RECORDED_MUST(r, r->trace);
}

static inline void recorded_end(struct recorded *r)
{
	char old[128];

	RECORDED_MUST(r, trace_close(r->trace, &r->err));
	buf_fini(&r->request);
	snprintf(old, sizeof(old), "%s.old", r->out);
	unlink(old);
	unlink(r->out);
	assert_int_equal(unlink(r->path), 0);
	assert_int_equal(rmdir(r->dir), 0);
}

#endif
