/*
 * What goes wrong: clients and servers that break the rules, stop, or go away at any moment.
 * No such thing may hold up the proxy, and a side that did not answer is never "equal".
 */
#include "capture/session.h"
#include "capture/answer.h"

#include "tests/unit/capture/talk.h"

#define SELECT_1 "T a; D 1; C SELECT 1; Z I"

static const char *const impatient[] = {"comparison.backend-timeout=100ms", NULL};

static void expect_fatal(struct talk *t, const char *sqlstate, const char *text)
{
	hears(t, &t->client, "E");
	heard(t, &t->client, "FATAL");
	heard(t, &t->client, sqlstate);
	heard(t, &t->client, text);
	hears_end(t, &t->client);
}

static struct session *only_session(struct scene *s)
{
	assert_int_equal(s->st.proxy.session_count, 1);
	return list_entry(s->st.proxy.sessions.next, struct session, node);
}

/* The proxy has asked for a cancel of what takes too long: takes it, and says nothing. */
static void drop_cancel(struct stage *st, const struct peer *server)
{
	int fd = talk_accept(st, server);
	unsigned char packet[17];

	while (recv(fd, packet, sizeof(packet), 0) < 0)
		stage_turn(st, fd);
	assert_int_equal(close(fd), 0);
}

/* --- servers --- */

static void test_a_server_dies_in_its_answer(void **state)
{
	struct scene s;

	(void)state;
	for (int is_candidate = 0; is_candidate < 2; is_candidate++) {
		struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
		struct end *dies = is_candidate ? &t->candidate : &t->truth;

		asks(t, "Q select 1");
		both_hear(t, "Q");
		both_answer(t, "T a; D 1");
		hears_nothing(t, &t->client);
		end_close(dies);
		expect_fatal(t, "08006", is_candidate ? "YugabyteDB" : "PostgreSQL");
		assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 1);
		scene_close(&s);
	}
}

static void test_an_idle_server_dies(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	end_close(&t->candidate);
	expect_fatal(t, "08006", "YugabyteDB");
	hears_end(t, &t->truth);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 0);
	scene_close(&s);
}

static void test_a_server_that_breaks_the_protocol(void **state)
{
	static const char *const odd[] = {"D 1", "Z I", "1; 2"};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

		answers(t, &t->candidate, odd[i]);
		expect_fatal(t, "08P01", "protocol violation");
		scene_close(&s);
	}
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	asks(t, "Q select 1");
	hears(t, &t->truth, "Q");
	end_send(&s.st, &t->truth, bytes_of("T\0\0\0\1", 5));
	expect_fatal(t, "08P01", "RowDescription");
	scene_close(&s);
}

static void test_no_answer_in_time(void **state)
{
	struct scene s;

	(void)state;
	for (int is_candidate = 0; is_candidate < 2; is_candidate++) {
		struct talk *t = scene_open(&s, EXECUTION_SERIAL, impatient);

		asks(t, "Q update t set a = 1");
		hears(t, &t->truth, "Q");
		if (is_candidate)
			answers(t, &t->truth, "C UPDATE 1; Z I");
		expect_fatal(t, "57014", "no answer within 100.0 ms");
		drop_cancel(&s.st, is_candidate ? &s.st.candidate : &s.st.truth);
		assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 1);
		scene_close(&s);
	}
}

/* A client that takes its time is no fault of a server's. */
static void test_an_idle_client_is_not_timed(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, impatient);

	(void)state;
	asks(t, "P - select 1; H");
	both_hear(t, "PH");
	both_answer(t, "1");
	hears(t, &t->client, "1");
	usleep(150000);
	hears_nothing(t, &t->client);
	asks(t, "Q copy t from stdin");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "G");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "G");
	hears(t, &t->client, "G");
	usleep(150000);
	hears_nothing(t, &t->client);
	scene_close(&s);
}

/* COPY data that a server does not read. */
static void test_a_server_does_not_read(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, impatient);
	char line[10003] = "d ";
	struct buf out;

	(void)state;
	asks(t, "Q copy t from stdin");
	both_hear(t, "Q");
	both_answer(t, "G");
	hears(t, &t->client, "G");
	memset(line + 2, 'x', 10000);
	buf_init(&out, ANSWER_CEILING);
	for (int i = 0; i < 1600; i++)
		asks_write(&out, line);
	while (buf_len(&t->client.in) == 0) {
		ssize_t n = send(t->client.fd, buf_bytes(&out).ptr, buf_len(&out), MSG_NOSIGNAL);

		buf_consume(&out, n > 0 ? (size_t)n : 0);
		stage_turn(&s.st, -1);
		assert_true(end_read(&t->truth) && end_read(&t->client));
	}
	hears(t, &t->client, "E");
	heard(t, &t->client, "57014");
	heard(t, &t->client, "YugabyteDB");
	drop_cancel(&s.st, &s.st.candidate);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 1);
	buf_fini(&out);
	scene_close(&s);
}

/* --- clients --- */

static void test_malformed_messages(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"!\0\0\0\4", 5},                   /* no such message */
		{"Q\0\0\0\3", 5},                   /* shorter than its length */
		{"Q\177\377\377\377", 5},           /* longer than anything */
		{"Q\0\1\0\0", 5},                   /* longer than proxy.max-message */
		{"Q\0\0\0\6ab", 7},                 /* a string without its end */
		{"B\0\0\0\14\0\0\0\1\0\0\0\0", 13}, /* counts that do not fit */
		{"E\0\0\0\11\0\0\0\0", 9},          /* too short, and at the end of it */
		{"D\0\0\0\6X\0", 7},                /* neither a statement nor a portal */
		{"p\0\0\0\5\0", 6},                 /* a password that nobody asked for */
	};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

		end_send(&s.st, &t->client, bytes_of(rows[i].bytes, rows[i].len));
		asks(t, "S");
		if (i == 6) { /* the Sync is part of it */
			scene_close(&s);
			continue;
		}
		expect_fatal(t, "08P01", "protocol violation by the client");
		hears_end(t, &t->truth);
		scene_close(&s);
	}
}

static void test_malformed_copy(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks(t, "Q copy t from stdin");
	both_hear(t, "Q");
	both_answer(t, "G");
	hears(t, &t->client, "G");
	asks(t, "d 1; Q select 1");
	expect_fatal(t, "08P01", "during COPY");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 0);
	scene_close(&s);
}

/* Whatever moment the client goes away: what it has sent whole is run on both sides. */
static void test_a_client_that_goes_away(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "Q insert into t values (1)");
	hears(t, &t->truth, "Q");
	close(t->client.fd);
	t->client.fd = -1;
	answers(t, &t->truth, "C INSERT 0 1; Z I");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "C INSERT 0 1; Z I");
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

/* It goes in the middle of an answer that is longer than all buffers. */
static void test_a_client_that_goes_away_clogged(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);
	char row[10003] = "D ";
	struct buf out;
	int small = 65536;

	(void)state;
	memset(row + 2, 'x', 10000);
	assert_int_equal(setsockopt(t->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	buf_init(&out, 64 << 20);
	for (int i = 0; i < 1500; i++)
		answer_write(&out, row);
	asks(t, "Q select 1");
	both_hear(t, "Q");
	both_answer(t, "T a");
	for (struct bytes rest = buf_bytes(&out), some; rest.len > 0;) {
		some = bytes_of(rest.ptr, rest.len < 16384 ? rest.len : 16384);
		if (link_is_clogged(&only_session(&s)->client) && t->client.fd >= 0) {
			close(t->client.fd);
			t->client.fd = -1;
		}
		end_send(&s.st, &t->truth, some);
		end_send(&s.st, &t->candidate, some);
		rest = bytes_skip(rest, some.len);
		stage_turn(&s.st, -1);
	}
	assert_int_equal(t->client.fd, -1);
	both_answer(t, "C SELECT 1; Z I");
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	buf_fini(&out);
	scene_close(&s);
}

/* Prepared, never run: not an exchange. */
static void test_nothing_was_sent(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "P - select 1; B - -; X");
	hears_end(t, &t->client);
	hears_end(t, &t->truth);
	for (int i = 0; i < VERDICT_COUNT; i++)
		assert_int_equal(stage_exchanges(&s.st, (enum verdict)i), 0);
	assert_int_equal(s.st.proxy.active, 0);
	scene_close(&s);
}

/* In the middle of COPY nothing is known to be equal. */
static void test_terminate_during_copy(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks(t, "Q copy t from stdin");
	both_hear(t, "Q");
	both_answer(t, "G");
	hears(t, &t->client, "G");
	asks(t, "d 1; X");
	hears_end(t, &t->client);
	hears(t, &t->truth, "d");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 1);
	scene_close(&s);
}

/* It never reads its FATAL: others get the turn at once, and its session ends in time. */
static void test_a_client_that_does_not_read_its_end(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_SERIAL, NULL), b;
	char row[10003] = "D ";
	int small = 65536;
	struct session *first;

	(void)state;
	memset(row + 2, 'x', 10000);
	first = only_session(&s);
	talk_open(&b, &s.st);
	assert_int_equal(setsockopt(a->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	asks(a, "Q select 1");
	both_hear(a, "Q");
	both_answer(a, "T a");
	while (!link_is_clogged(&first->client)) {
		both_answer(a, row);
		stage_turn(&s.st, -1);
	}
	asks(&b, "Q update t set a = 1");
	hears_nothing(&b, &b.truth);
	end_close(&a->truth);
	hears(&b, &b.truth, "Q");
	assert_int_equal(first->state, SESSION_CLOSING);
	answers(&b, &b.truth, "C UPDATE 1; Z I");
	hears(&b, &b.candidate, "Q");
	answers(&b, &b.candidate, "C UPDATE 1; Z I");
	hears(&b, &b.client, "CZ");
	first->deadline_us = clock_mono_us();
	while (s.st.proxy.session_count > 1)
		stage_turn(&s.st, -1);
	talk_close(&b);
	scene_close(&s);
}

static void test_a_doomed_client_that_does_not_read(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);
	char row[10003] = "D ";
	int small = 65536;

	(void)state;
	memset(row + 2, 'x', 10000);
	assert_int_equal(setsockopt(t->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	asks(t, "Q select 1; Q select 2");
	both_hear(t, "Q");
	both_answer(t, "T a");
	while (!link_is_clogged(&only_session(&s)->client)) {
		both_answer(t, row);
		stage_turn(&s.st, -1);
	}
	answers(t, &t->truth, "D 1; C SELECT 1; Z I");
	answers(t, &t->candidate, "D 2; C SELECT 1; Z I");
	hears_end(t, &t->truth);
	for (int i = 0; i < 50; i++)
		stage_turn(&s.st, -1);
	assert_int_equal(only_session(&s)->state, SESSION_CLOSING);
	only_session(&s)->deadline_us = clock_mono_us();
	while (s.st.proxy.session_count > 0)
		stage_turn(&s.st, -1);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

/* --- the proxy's end --- */

static void test_stopping_waits_for_answers(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_PARALLEL, NULL), b;

	(void)state;
	talk_open(&b, &s.st);
	asks(a, "Q select 1");
	both_hear(a, "Q");
	proxy_stop(&s.st.proxy, "that is all", false);
	expect_fatal(&b, "57P01", "that is all");
	hears_nothing(a, &a->client);
	both_answer(a, SELECT_1);
	hears(a, &a->client, "TDCZ");
	expect_fatal(a, "57P01", "that is all");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	while (!s.st.is_stopped)
		stage_turn(&s.st, -1);
	talk_close(&b);
	scene_close(&s);
}

static void test_stopping_by_force(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks(t, "Q select 1");
	both_hear(t, "Q");
	proxy_stop(&s.st.proxy, "that is all", false);
	hears_nothing(t, &t->client);
	proxy_stop(&s.st.proxy, "that is all", true);
	expect_fatal(t, "57P01", "that is all");
	hears_end(t, &t->truth);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_INCONCLUSIVE), 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_dies_in_its_answer),
		cmocka_unit_test(test_an_idle_server_dies),
		cmocka_unit_test(test_a_server_that_breaks_the_protocol),
		cmocka_unit_test(test_no_answer_in_time),
		cmocka_unit_test(test_an_idle_client_is_not_timed),
		cmocka_unit_test(test_a_server_does_not_read),
		cmocka_unit_test(test_malformed_messages),
		cmocka_unit_test(test_malformed_copy),
		cmocka_unit_test(test_a_client_that_goes_away),
		cmocka_unit_test(test_a_client_that_goes_away_clogged),
		cmocka_unit_test(test_nothing_was_sent),
		cmocka_unit_test(test_terminate_during_copy),
		cmocka_unit_test(test_a_client_that_does_not_read_its_end),
		cmocka_unit_test(test_a_doomed_client_that_does_not_read),
		cmocka_unit_test(test_stopping_waits_for_answers),
		cmocka_unit_test(test_stopping_by_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
