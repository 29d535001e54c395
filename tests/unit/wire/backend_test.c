/*
 * A connected backend: conversation, back-pressure, the end, cancelling, closing at any time.
 */
#include "wire/backend.h"

#include "tests/unit/wire/backend_fixture.h"

/* --- scripts of the peer --- */

/* Answers each Query; they are all of 10 bytes. */
static void greet_and_answer(struct peer *peer, int fd)
{
	size_t answered = 0;
	struct buf out;

	peer_greet(peer, fd);
	buf_init(&out, 100);
	while (peer_read_until(peer, fd, answered + 10)) {
		answered += 10;
		buf_reset(&out);
		PEER_REQUIRE(encode_command_complete(&out, "SELECT 1"));
		PEER_REQUIRE(encode_ready(&out, 'I'));
		peer_send(fd, &out);
	}
	buf_fini(&out);
}

static void last_words(struct peer *peer, int fd)
{
	peer_greet(peer, fd);
	peer_read(peer, fd, 1000);
	peer_send_error(fd, "57P01", "terminating connection due to administrator command");
}

static void send_megabyte(struct peer *peer, int fd)
{
	struct buf out;

	peer_greet(peer, fd);
	buf_init(&out, 4 << 20);
	for (size_t i = 0; i < 1 << 20; i++)
		PEER_REQUIRE(buf_append_byte(&out, (unsigned char)(i * 7 + i / 251)));
	peer_send(fd, &out);
	buf_fini(&out);
	peer_read_to_end(peer, fd);
}

static void read_late(struct peer *peer, int fd)
{
	peer_greet(peer, fd);
	usleep(200000);
	peer_read_to_end(peer, fd);
}

/* --- conversation --- */

static void send_query(struct fixture *f, bool expected)
{
	struct buf out;

	buf_init(&out, 100);
	assert_true(encode_query(&out, "abcd"));
	assert_int_equal(buf_len(&out), 10);
	assert_int_equal(backend_send(f->b, buf_bytes(&out)), expected);
	buf_fini(&out);
}

static void test_conversation(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_answer, 1);
	connect_ready(&f);
	for (size_t i = 1; i <= 100; i++) {
		send_query(&f, true);
		assert_int_equal(buf_len(&f.b->link.in), 0); /* nothing happens in the call */
		while (buf_len(&f.got) < i * 20)
			assert_true(uv_run(&f.loop, UV_RUN_ONCE));
	}
	assert_int_equal(buf_len(&f.got), 2000);
	assert_true(f.readable >= 100);
	tear_down(&f);
}

/* The FATAL before the end is there to be read when the owner hears of the end. */
static void test_last_words(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, last_words, 1);
	connect_ready(&f);
	send_query(&f, true);
	leave(&f, BACKEND_READY);
	assert_int_equal(f.b->state, BACKEND_ENDED);
	assert_true(buf_len(&f.got) > 60);
	assert_int_equal(buf_bytes(&f.got).ptr[0], 'E');
	assert_non_null(strstr(f.b->refusal.why.text, "YugabyteDB at 127.0.0.1:"));
	send_query(&f, false);
	tear_down(&f);
}

/* A send that fails is not the end yet: first what the server said is read. */
static void test_send_fails(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_read, 1);
	connect_ready(&f);
	assert_int_equal(shutdown(f.b->link.fd, SHUT_WR), 0);
	send_query(&f, false);
	assert_int_equal(f.b->state, BACKEND_READY);
	assert_int_equal(f.readable, 0);
	send_query(&f, false);
	leave(&f, BACKEND_READY);
	assert_int_equal(f.b->state, BACKEND_ENDED);
	assert_int_equal(f.readable, 1);
	assert_non_null(strstr(f.b->refusal.why.text, "cannot send: Broken pipe"));
	tear_down(&f);
}

/* While the owner takes nothing, no more than the mark is read; then all comes, in order. */
static void test_back_pressure(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, send_megabyte, 1);
	f.takes_nothing = true;
	connect_ready(&f);
	while (buf_len(&f.b->link.in) < HIGH_WATER && uv_run(&f.loop, UV_RUN_ONCE))
		;
	for (int i = 0; i < 5; i++) {
		uv_run(&f.loop, UV_RUN_NOWAIT);
		assert_int_equal(buf_len(&f.b->link.in), HIGH_WATER);
		usleep(10000);
	}
	/* paused, there is room, but nothing is read */
	backend_pause(f.b, true);
	assert_true(buf_append_bytes(&f.got, buf_bytes(&f.b->link.in)));
	buf_consume(&f.b->link.in, HIGH_WATER);
	backend_update(f.b);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	assert_int_equal(buf_len(&f.b->link.in), 0);
	f.takes_nothing = false;
	backend_pause(f.b, false);
	while (buf_len(&f.got) < 1 << 20)
		assert_true(uv_run(&f.loop, UV_RUN_ONCE));
	for (size_t i = 0; i < 1 << 20; i++)
		if (buf_bytes(&f.got).ptr[i] != (unsigned char)(i * 7 + i / 251))
			fail_msg("byte %zu", i);
	tear_down(&f);
}

static void test_drained(void **unused)
{
	enum { PIECE = 100000 };
	unsigned char *data = calloc(1, PIECE);
	size_t sent = 0;
	struct fixture f;

	(void)unused;
	assert_non_null(data);
	set_up(&f, read_late, 1);
	connect_ready(&f);
	while (!link_is_clogged(&f.b->link)) {
		assert_true(backend_send(f.b, bytes_of(data, PIECE)));
		sent += PIECE;
	}
	assert_int_equal(f.drained, 0);
	while (buf_len(&f.b->link.out) > 0)
		assert_true(uv_run(&f.loop, UV_RUN_ONCE));
	assert_int_equal(f.drained, 1);
	close_backend(&f);
	peer_join(&f.peer);
	assert_int_equal(buf_len(&f.peer.received), sent + 5); /* and Terminate */
	free(data);
	tear_down(&f);
}

/* Terminate must not get into the middle of a message. */
static void test_close_with_unsent_output(void **unused)
{
	enum { PIECE = 100000 };
	unsigned char *data = calloc(1, PIECE);
	struct fixture f;

	(void)unused;
	assert_non_null(data);
	set_up(&f, read_late, 1);
	connect_ready(&f);
	while (!link_is_clogged(&f.b->link))
		assert_true(backend_send(f.b, bytes_of(data, PIECE)));
	close_backend(&f);
	peer_join(&f.peer);
	assert_true(buf_len(&f.peer.received) > 0);
	assert_null(memchr(buf_bytes(&f.peer.received).ptr, 'X', buf_len(&f.peer.received)));
	free(data);
	tear_down(&f);
}

/* --- closing at any time --- */

static void test_close_while_connecting(void **unused)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "no such host", "/none"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		for (int turns = 0; turns < 3; turns++) {
			struct fixture f;

			set_up(&f, greet_and_read, 0);
			f.target.host = hosts[i];
			f.closes_in_connected = true; /* a refusal may come in those turns */
			start(&f, NULL);
			for (int k = 0; k < turns; k++)
				uv_run(&f.loop, UV_RUN_NOWAIT);
			tear_down(&f);
		}
	}
}

static void run_until_closed(struct fixture *f)
{
	while (f->b && uv_run(&f->loop, UV_RUN_ONCE))
		;
	assert_null(f->b);
}

static void test_close_in_callbacks(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_read, 1);
	f.closes_in_connected = true;
	start(&f, NULL);
	run_until_closed(&f);
	tear_down(&f);

	set_up(&f, refuse_database, 1);
	f.closes_in_connected = true;
	start(&f, NULL);
	run_until_closed(&f);
	tear_down(&f);

	set_up(&f, greet_and_answer, 1);
	f.closes_in_readable = true;
	connect_ready(&f);
	send_query(&f, true);
	run_until_closed(&f);
	assert_int_equal(f.readable, 1);
	tear_down(&f);

	set_up(&f, last_words, 1);
	f.closes_in_readable = true;
	connect_ready(&f);
	send_query(&f, true);
	run_until_closed(&f);
	tear_down(&f);
	backend_close(NULL);
}

/* --- cancelling: each request is a connection of its own --- */

/* Serves a session and, while it is open, the connections that cancel it. */
static void greet_and_be_cancelled(struct peer *peer, int fd)
{
	peer_greet(peer, fd);
	for (int i = 0; i < 2; i++) {
		int cancel = accept(peer->listener, NULL, NULL);

		PEER_REQUIRE(cancel >= 0);
		PEER_REQUIRE(peer_read_until(peer, cancel, (size_t)(i + 1) * 16));
		usleep(50000);
		close(cancel);
	}
	while (peer_read(peer, fd, 5))
		;
}

static void expect_cancels(struct fixture *f)
{
	struct buf wanted;

	buf_init(&wanted, 100);
	assert_true(encode_cancel_request(&wanted, 4711, 12345));
	assert_true(encode_cancel_request(&wanted, 4711, 12345));
	assert_true(encode_terminate(&wanted));
	peer_join(&f->peer);
	assert_true(bytes_equal(buf_bytes(&f->peer.received), buf_bytes(&wanted)));
	buf_fini(&wanted);
}

static void test_cancel(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_be_cancelled, 1);
	connect_ready(&f);
	/* many in a row are two */
	for (int i = 0; i < 10; i++)
		backend_cancel(f.b);
	for (int i = 0; i < 40; i++) {
		uv_run(&f.loop, UV_RUN_NOWAIT);
		usleep(10000);
	}
	close_backend(&f);
	assert_int_equal(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
	expect_cancels(&f);
	tear_down(&f);
}

static void greet_then_cancel_outlives(struct peer *peer, int fd)
{
	int cancel;

	peer_greet(peer, fd);
	cancel = accept(peer->listener, NULL, NULL);
	PEER_REQUIRE(cancel >= 0);
	while (peer_read(peer, fd, 5)) /* until the session is closed */
		;
	PEER_REQUIRE(peer_read_until(peer, cancel, 16 + 5));
	close(cancel);
}

static void test_cancel_outlives_its_backend(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_then_cancel_outlives, 1);
	connect_ready(&f);
	backend_cancel(f.b);
	backend_cancel(f.b);
	tear_down(&f); /* runs the loop until the worker is done */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_send_fails),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_close_with_unsent_output),
		cmocka_unit_test(test_close_while_connecting),
		cmocka_unit_test(test_close_in_callbacks),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_outlives_its_backend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
