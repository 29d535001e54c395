/*
 * The first packets of a client, and connecting to both servers for it.
 */
#include "capture/session.h"

#include "tests/unit/capture/talk.h"

struct entry { /* a client that has not said anything yet */
	struct stage st;
	struct talk talk;
};

static struct talk *enter(struct entry *e, const char *const *more)
{
	stage_open(&e->st, EXECUTION_ORDERED, more);
	e->talk = (struct talk){.st = &e->st};
	end_init(&e->talk.client, talk_connect(&e->st), WIRE_BACKEND);
	return &e->talk;
}

static void leave(struct entry *e)
{
	talk_close(&e->talk);
	stage_close(&e->st);
	stage_remove(&e->st);
}

static void expect_fatal(struct talk *t, const char *sqlstate, const char *text)
{
	hears(t, &t->client, "E");
	heard(t, &t->client, "FATAL");
	heard(t, &t->client, sqlstate);
	heard(t, &t->client, text);
	hears_end(t, &t->client);
}

/* The servers of a client that has sent its startup packet. */
static void meet_servers(struct talk *t)
{
	end_init(&t->truth, talk_accept(t->st, &t->st->truth), WIRE_FRONTEND);
	end_init(&t->candidate, talk_accept(t->st, &t->st->candidate), WIRE_FRONTEND);
	talk_startup(t, &t->truth);
	talk_startup(t, &t->candidate);
}

static void refuse(struct talk *t, struct end *server, const char *sqlstate)
{
	struct buf out;

	buf_init(&out, 1000);
	assert_true(encode_error(&out, BACKEND_ERROR_RESPONSE,
		&(struct encode_error){.severity = "FATAL",
			.sqlstate = sqlstate,
			.message = "there is no such thing"}));
	end_send(t->st, server, buf_bytes(&out));
	buf_fini(&out);
}

static void test_malformed_packets(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *sqlstate;
	} rows[] = {
		{"\0\0\0\7", 4, "08P01"},                       /* shorter than it can be */
		{"\177\0\0\0", 4, "08P01"},                     /* longer than it may be */
		{"GET / HTTP/1.0\r\n\r\n", 18, "08P01"},        /* another protocol */
		{"\0\0\0\10\0\2\0\0", 8, "0A000"},              /* protocol 2 */
		{"\0\0\0\10\0\4\0\0", 8, "0A000"},              /* protocol 4 */
		{"\0\0\0\14\0\3\0\0user", 12, "08P01"},         /* a name without its end */
		{"\0\0\0\11\0\3\0\0\0", 9, "28000"},            /* no user */
		{"\0\0\0\20\0\3\0\0user\0\0\0", 15, NULL},      /* not whole */
		{"\0\0\0\17\0\3\0\0user\0\0\0", 15, "28000"},   /* an empty one */
		{"\0\0\0\20\0\3\0\0user\0\0\0\0", 16, "08P01"}, /* and more after the end */
		{"\0\0\0\40\0\3\0\0user\0a\0replication\0"
		 "1\0\0",
			30, NULL}, /* not whole */
		{"\0\0\0\36\0\3\0\0user\0a\0replication\0"
		 "1\0\0",
			30, "0A000"},
	};
	struct entry e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk *t = enter(&e, NULL);

		end_send(&e.st, &t->client, bytes_of(rows[i].bytes, rows[i].len));
		if (rows[i].sqlstate)
			expect_fatal(t, rows[i].sqlstate, "");
		else
			hears_nothing(t, &t->client);
		assert_int_equal(e.st.proxy.counts.sessions, 0);
		leave(&e);
	}
}

static void test_encryption_is_declined(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(encode_gssenc_request(&out) && encode_ssl_request(&out));
	end_send(&e.st, &t->client, buf_bytes(&out));
	while (buf_len(&t->client.in) < 2) {
		stage_turn(&e.st, t->client.fd);
		assert_true(end_read(&t->client));
	}
	assert_memory_equal(buf_bytes(&t->client.in).ptr, "NN", 2);
	buf_consume(&t->client.in, 2);
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	hears_nothing(t, &t->client);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
	buf_fini(&out);
	leave(&e);
}

static void test_newer_protocol_and_options(void **state)
{
	const struct wire_pair pairs[] = {{"user", "app"}, {"_pq_.wonder", "1"}};
	struct entry e;
	struct talk *t = enter(&e, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_true(encode_startup(&out, WIRE_PROTOCOL_3_0 + 2, pairs, ARRAY_LEN(pairs)));
	end_send(&e.st, &t->client, buf_bytes(&out));
	hears(t, &t->client, "v");
	heard(t, &t->client, "_pq_.wonder");
	meet_servers(t);
	talk_greet(t, &t->truth);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
	buf_fini(&out);
	leave(&e);
}

/* What both servers refuse in the same way the client hears as from the server. */
static void test_both_refuse(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	refuse(t, &t->truth, "3D000");
	hears_nothing(t, &t->client);
	refuse(t, &t->candidate, "3D000");
	expect_fatal(t, "3D000", "there is no such thing");
	assert_null(memmem(
		buf_bytes(&t->client.heard).ptr, buf_len(&t->client.heard), "twinkly cannot", 14));
	assert_int_equal(e.st.proxy.counts.refused, 1);
	leave(&e);
}

static void test_one_refuses(void **state)
{
	struct entry e;

	(void)state;
	for (int is_candidate = 0; is_candidate < 2; is_candidate++) {
		struct talk *t = enter(&e, NULL);

		talk_ask_in(t);
		meet_servers(t);
		talk_greet(t, is_candidate ? &t->truth : &t->candidate);
		refuse(t, is_candidate ? &t->candidate : &t->truth, "28P01");
		expect_fatal(t, "28P01", is_candidate ? "YugabyteDB" : "PostgreSQL");
		hears_end(t, is_candidate ? &t->truth : &t->candidate);
		leave(&e);
	}
}

static void test_one_is_lost_while_the_other_connects(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	hears_nothing(t, &t->client);
	end_close(&t->truth);
	expect_fatal(t, "08006", "PostgreSQL");
	leave(&e);
}

static void test_a_server_is_silent(void **state)
{
	static const char *const impatient[] = {"proxy.yugabytedb.connection-timeout=100ms", NULL};
	struct entry e;
	struct talk *t = enter(&e, impatient);

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	expect_fatal(t, "08001", "connect timeout");
	leave(&e);
}

/* What comes with the greeting, before the other side is there, is not lost. */
static void test_messages_before_the_greeting(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	asks(t, "Q select 1"); /* the client does not wait either */
	talk_greet(t, &t->truth);
	hears_nothing(t, &t->client);
	answers(t, &t->truth, "S TimeZone UTC");
	hears_nothing(t, &t->client);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
	both_hear(t, "Q");
	both_answer(t, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "STDCZ");
	leave(&e);
}

static void test_a_client_goes_away_while_connecting(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	close(t->client.fd);
	t->client.fd = -1;
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	leave(&e);
}

static void test_a_client_that_says_nothing(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL);
	struct session *s;

	(void)state;
	hears_nothing(t, &t->client);
	s = list_entry(e.st.proxy.sessions.next, struct session, node);
	s->deadline_us = clock_mono_us();
	expect_fatal(t, "08P01", "no startup packet");
	leave(&e);
}

static void test_too_many_clients(void **state)
{
	static const char *const few[] = {"proxy.max-connections=1", NULL};
	struct entry e;
	struct talk *t = enter(&e, few), second = {.st = &e.st}, third = {.st = &e.st};

	(void)state;
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
	end_init(&second.client, talk_connect(&e.st), WIRE_BACKEND);
	talk_ask_in(&second);
	expect_fatal(&second, "53300", "max-connections");
	assert_int_equal(e.st.proxy.counts.refused, 1);
	asks(t, "X");
	hears_end(t, &t->client);
	end_init(&third.client, talk_connect(&e.st), WIRE_BACKEND);
	hears_nothing(&third, &third.client);
	end_close(&second.client);
	end_close(&third.client);
	leave(&e);
}

/* A cancel request reaches both servers, and only with the right key. */
static void test_cancel(void **state)
{
	struct entry e;
	struct talk *t = enter(&e, NULL), canceller = {.st = &e.st};
	struct msg_key_data key = {0};
	struct frame f;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	talk_ask_in(t);
	meet_servers(t);
	talk_greet(t, &t->truth);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
	for (struct bytes rest = buf_bytes(&t->client.heard);
		frame_next(rest, WIRE_BACKEND, 1000, &f, NULL) == FRAME_OK;
		rest = bytes_skip(rest, f.whole.len))
		if (f.type == BACKEND_BACKEND_KEY_DATA)
			assert_true(decode_key_data(f.body, &key));
	assert_int_equal(key.pid, 4711);
	asks(t, "Q update t set a = 1");
	hears(t, &t->truth, "Q");
	for (uint32_t wrong = 1; wrong < 2; wrong--) {
		end_init(&canceller.client, talk_connect(&e.st), WIRE_BACKEND);
		buf_reset(&out);
		assert_true(encode_cancel_request(&out, key.pid, key.key + wrong));
		end_send(&e.st, &canceller.client, buf_bytes(&out));
		hears_end(&canceller, &canceller.client);
		end_close(&canceller.client);
		if (wrong)
			assert_int_equal(accept(e.st.truth.listener, NULL, NULL), -1);
	}
	close(talk_accept(&e.st, &e.st.truth));
	answers(t, &t->truth, "E 57014 canceled; Z I");
	/* The candidate has the statement only now. */
	assert_int_equal(accept(e.st.candidate.listener, NULL, NULL), -1);
	hears(t, &t->candidate, "Q");
	close(talk_accept(&e.st, &e.st.candidate));
	answers(t, &t->candidate, "C UPDATE 1; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "57014");
	assert_int_equal(stage_exchanges(&e.st, VERDICT_INCONCLUSIVE), 1);
	buf_fini(&out);
	leave(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed_packets),
		cmocka_unit_test(test_encryption_is_declined),
		cmocka_unit_test(test_newer_protocol_and_options),
		cmocka_unit_test(test_both_refuse),
		cmocka_unit_test(test_one_refuses),
		cmocka_unit_test(test_one_is_lost_while_the_other_connects),
		cmocka_unit_test(test_a_server_is_silent),
		cmocka_unit_test(test_messages_before_the_greeting),
		cmocka_unit_test(test_a_client_goes_away_while_connecting),
		cmocka_unit_test(test_a_client_that_says_nothing),
		cmocka_unit_test(test_too_many_clients),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
