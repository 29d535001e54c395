/*
 * A backend on a loop of its own against a scripted server (peer.h). Every test ends with a
 * loop that has nothing left in it, which uv_loop_close proves.
 */
#ifndef TESTS_UNIT_WIRE_BACKEND_FIXTURE_H
#define TESTS_UNIT_WIRE_BACKEND_FIXTURE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/wire/peer.h"
#include "wire/backend.h"

#define HIGH_WATER 65536

struct fixture {
	uv_loop_t loop;
	struct peer peer;
	struct backend_target target;
	struct backend *b;
	int connected, readable, drained; /* calls */
	bool closes_in_connected, closes_in_readable, takes_nothing;
	struct buf got; /* what on_readable took from link.in */
};

static inline void close_backend(struct fixture *f)
{
	backend_close(f->b);
	f->b = NULL;
}

static inline void on_connected(struct backend *b, void *context)
{
	struct fixture *f = context;

	assert_true(b->state == BACKEND_READY || b->state == BACKEND_REFUSED);
	f->connected++;
	if (f->closes_in_connected)
		close_backend(f);
}

static inline void on_readable(struct backend *b, void *context)
{
	struct fixture *f = context;

	assert_true(b->state == BACKEND_READY || b->state == BACKEND_ENDED);
	assert_true(buf_len(&b->link.in) <= HIGH_WATER);
	f->readable++;
	if (f->takes_nothing)
		return;
	assert_true(buf_append_bytes(&f->got, buf_bytes(&b->link.in)));
	buf_consume(&b->link.in, buf_len(&b->link.in));
	backend_update(b);
	if (f->closes_in_readable)
		close_backend(f);
}

static inline void on_drained(struct backend *b, void *context)
{
	struct fixture *f = context;

	assert_false(link_is_clogged(&b->link));
	f->drained++;
}

static const struct backend_events events = {
	.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};

static inline void set_up(struct fixture *f, peer_script *script, int connections)
{
	*f = (struct fixture){.b = NULL};
	alarm(30); /* a test that hangs fails */
	assert_int_equal(uv_loop_init(&f->loop), 0);
	buf_init(&f->got, 64 << 20);
	peer_start(&f->peer, script, connections);
	f->target = (struct backend_target){.name = "YugabyteDB",
		.host = "127.0.0.1",
		.port = f->peer.port,
		.password = "s3cr3t",
		.sslmode = "disable",
		.connect_timeout_us = 10 * 1000000};
}

static inline void start(struct fixture *f, const struct backend_wishes *wishes)
{
	static const struct backend_wishes plain = {.user = "bob", .database = "shop"};

	f->b = backend_connect(
		&f->loop, &f->target, wishes ? wishes : &plain, HIGH_WATER, &events, f);
	assert_non_null(f->b);
	assert_int_equal(f->b->state, BACKEND_CONNECTING);
	assert_int_equal(f->connected, 0);
}

/* Turns the loop until the backend has left this state. */
static inline void leave(struct fixture *f, enum backend_state state)
{
	while (f->b->state == state && uv_run(&f->loop, UV_RUN_ONCE))
		;
	assert_int_not_equal(f->b->state, state);
}

static inline void connect_ready(struct fixture *f)
{
	start(f, NULL);
	leave(f, BACKEND_CONNECTING);
	if (f->b->state != BACKEND_READY)
		fail_msg("%s", f->b->refusal.why.text);
	assert_int_equal(f->connected, 1);
}

static inline void tear_down(struct fixture *f)
{
	int connected = f->connected, readable = f->readable, drained = f->drained;

	close_backend(f);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	/* no callback after the close */
	assert_int_equal(f->connected, connected);
	assert_int_equal(f->readable, readable);
	assert_int_equal(f->drained, drained);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	peer_stop(&f->peer);
	buf_fini(&f->got);
	alarm(0);
}

/* Fails unless the backend was refused with these; gives nothing away of the password. */
static inline void expect_refusal(struct fixture *f, const char *sqlstate, const char *why)
{
	leave(f, BACKEND_CONNECTING);
	assert_int_equal(f->b->state, BACKEND_REFUSED);
	assert_int_equal(f->connected, 1);
	assert_string_equal(f->b->refusal.sqlstate, sqlstate);
	if (!strstr(f->b->refusal.why.text, why))
		fail_msg("says: %s", f->b->refusal.why.text);
	assert_memory_equal(f->b->refusal.why.text, "YugabyteDB at ", 14);
	assert_null(strchr(f->b->refusal.why.text, '\n'));
	assert_null(strstr(f->b->refusal.why.text, "s3cr3t"));
	assert_false(backend_send(f->b, bytes_str("x")));
	backend_cancel(f->b);
	backend_update(f->b);
}

static inline void greet_and_read(struct peer *peer, int fd)
{
	peer_greet(peer, fd);
	peer_read_to_end(peer, fd);
}

static inline void refuse_database(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	buf_init(&out, 100);
	PEER_REQUIRE(encode_authentication(&out, 0, bytes_of(NULL, 0)));
	peer_send(fd, &out);
	buf_fini(&out);
	peer_send_error(fd, "3D000", "database \"shop\" does not exist");
}

#endif
