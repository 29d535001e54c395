/*
 * Sessions that go well: in which order the databases get what, units of the extended
 * protocol, asynchronous messages, long answers.
 */
#include "capture/session.h"
#include "capture/answer.h"

#include "tests/unit/capture/talk.h"

#define SELECT_1 "T a; D 1; C SELECT 1; Z I"

/* --- order of execution --- */

static void test_reading_goes_to_both(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q select 1");
	both_hear(t, "Q");
	answers(t, &t->truth, SELECT_1);
	hears_nothing(t, &t->client);
	answers(t, &t->candidate, SELECT_1);
	hears(t, &t->client, "TDCZ");
	asks(t, "X");
	hears_end(t, &t->client);
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

static void test_writing_goes_to_the_truth_first(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q insert into t values (1)");
	hears(t, &t->truth, "Q");
	hears_nothing(t, &t->candidate);
	answers(t, &t->truth, "C INSERT 0 1; Z I");
	hears(t, &t->candidate, "Q");
	hears_nothing(t, &t->client);
	answers(t, &t->candidate, "C INSERT 0 1; Z I");
	hears(t, &t->client, "CZ");
	scene_close(&s);
}

static void test_parallel_waits_for_nobody(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks(t, "Q insert into t values (1)");
	both_hear(t, "Q");
	answers(t, &t->candidate, "C INSERT 0 1; Z I");
	hears_nothing(t, &t->client);
	answers(t, &t->truth, "C INSERT 0 1; Z I");
	hears(t, &t->client, "CZ");
	scene_close(&s);
}

static void test_serial_writers_take_turns(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_SERIAL, NULL), b;

	(void)state;
	talk_open(&b, &s.st);
	asks(a, "Q update t set a = 1");
	hears(a, &a->truth, "Q");
	asks(&b, "Q select 1");
	hears_nothing(&b, &b.truth);
	answers(a, &a->truth, "C UPDATE 1; Z I");
	hears(a, &a->candidate, "Q");
	hears_nothing(&b, &b.truth);
	answers(a, &a->candidate, "C UPDATE 1; Z I");
	hears(a, &a->client, "CZ");
	both_hear(&b, "Q");
	both_answer(&b, SELECT_1);
	hears(&b, &b.client, "TDCZ");
	talk_close(&b);
	scene_close(&s);
}

/* A writer's answer that does not fit the window: the truth is not read to its end before the
 * candidate has something to compare it with. */
static void test_a_long_answer_of_a_writing_statement(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, ANSWER_CEILING);
	answer_write(&out, "T a");
	for (int i = 0; i < 3000; i++)
		answer_write(&out, "D a row of some thirty bytes or so");
	answer_write(&out, "C INSERT 0 3000; Z I");
	asks(t, "Q insert into t select * from u returning a");
	hears(t, &t->truth, "Q");
	end_send(&s.st, &t->truth, buf_bytes(&out));
	hears(t, &t->candidate, "Q");
	end_send(&s.st, &t->candidate, buf_bytes(&out));
	hears(t, &t->client, "T");
	for (int i = 0; i < 3000; i++)
		hears(t, &t->client, "D");
	hears(t, &t->client, "CZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	buf_fini(&out);
	scene_close(&s);
}

/* Queued behind a writer, and then nothing answers it. */
static void test_a_late_turn_that_needs_no_answer(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_SERIAL, NULL), b;

	(void)state;
	talk_open(&b, &s.st);
	asks(a, "Q update t set a = 1");
	hears(a, &a->truth, "Q");
	asks(&b, "H; Q select 1");
	hears_nothing(&b, &b.truth);
	answers(a, &a->truth, "C UPDATE 1; Z I");
	hears(a, &a->candidate, "Q");
	answers(a, &a->candidate, "C UPDATE 1; Z I");
	hears(a, &a->client, "CZ");
	both_hear(&b, "HQ");
	both_answer(&b, SELECT_1);
	hears(&b, &b.client, "TDCZ");
	talk_close(&b);
	scene_close(&s);
}

/* The holder of the turn waits for a lock that the next in line would give back. */
static void test_a_blocked_writer_hands_its_turn_on(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_SERIAL, NULL), b;
	struct end probe = {.fd = -1};

	(void)state;
	talk_open(&b, &s.st);
	asks(a, "Q update t set a = 1");
	hears(a, &a->truth, "Q");
	asks(&b, "Q commit");
	while (!talk_probe(&s.st, &probe, &s.st.truth, "T p; C SELECT 0; Z I"))
		assert_int_equal(s.st.proxy.counts.handed_on, 0);
	hears_nothing(&b, &b.truth);
	while (!talk_probe(&s.st, &probe, &s.st.truth, "T p; D 4711; C SELECT 1; Z I"))
		assert_int_equal(s.st.proxy.counts.handed_on, 0);
	hears(&b, &b.truth, "Q");
	assert_int_equal(s.st.proxy.counts.handed_on, 1);
	/* Its second half goes before others' first. */
	answers(a, &a->truth, "C UPDATE 1; Z I");
	hears_nothing(a, &a->candidate);
	answers(&b, &b.truth, "C COMMIT; Z I");
	hears(&b, &b.candidate, "Q");
	answers(&b, &b.candidate, "C COMMIT; Z I");
	hears(&b, &b.client, "CZ");
	hears(a, &a->candidate, "Q");
	answers(a, &a->candidate, "C UPDATE 1; Z I");
	hears(a, &a->client, "CZ");
	end_close(&probe);
	talk_close(&b);
	scene_close(&s);
}

/* --- units --- */

static void test_flush_ends_a_unit(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "P s select 1; D S s; H");
	both_hear(t, "PDH");
	both_answer(t, "1; t; T a:23");
	hears(t, &t->client, "1tT");
	asks(t, "B - s; E - 0; S");
	both_hear(t, "BES");
	both_answer(t, "2; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "2DCZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

static void test_flush_that_nothing_answers(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "H; H; Q select 1");
	both_hear(t, "HHQ");
	both_answer(t, SELECT_1);
	hears(t, &t->client, "TDCZ");
	/* After an error all is silence until Sync. */
	asks(t, "P - selec 1; H");
	both_hear(t, "PH");
	both_answer(t, "E 42601 syntax");
	hears(t, &t->client, "E");
	asks(t, "B - -; E - 0; H; Q select 1; P - select 2; H");
	both_hear(t, "BEHQPH");
	hears_nothing(t, &t->client);
	/* It commits what the first part may have written: the truth goes first. */
	asks(t, "S");
	hears(t, &t->truth, "S");
	hears_nothing(t, &t->candidate);
	answers(t, &t->truth, "Z I");
	hears(t, &t->candidate, "S");
	answers(t, &t->candidate, "Z I");
	hears(t, &t->client, "Z");
	scene_close(&s);
}

static void test_pipelined_syncs(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "S; P - select 1; B - -; E - 0; S; S; Q select 2");
	both_hear(t, "S");
	hears_nothing(t, &t->truth);
	both_answer(t, "Z I");
	both_hear(t, "PBES");
	both_answer(t, "1; 2; D 1; C SELECT 1; Z I");
	both_hear(t, "S");
	both_answer(t, "Z I");
	both_hear(t, "Q");
	both_answer(t, SELECT_1);
	hears(t, &t->client, "Z12DCZZTDCZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 4);
	scene_close(&s);
}

/* Longer than half of the window: its head is sent before it is whole. */
static void test_a_long_unit(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "P s insert into t values (1)");
	for (int i = 0; i < 3000; i++)
		asks(t, "B - s; E - 0");
	hears(t, &t->candidate, "PBEBEBE");
	asks(t, "S");
	hears(t, &t->truth, "P");
	for (int i = 0; i < 3000; i++)
		hears(t, &t->truth, "BE");
	hears(t, &t->truth, "S");
	both_answer(t, "1");
	for (int i = 0; i < 3000; i++)
		both_answer(t, "2; C INSERT 0 1");
	both_answer(t, "Z I");
	hears(t, &t->client, "1");
	for (int i = 0; i < 3000; i++)
		hears(t, &t->client, "2C");
	hears(t, &t->client, "Z");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

/* As a server does it: answers to Close go out when there are 8 kB of them, or at Sync. */
static void serve_closes(struct talk *t, struct end *server, int *held)
{
	struct buf out;
	unsigned char type = 0;

	assert_true(end_read(server));
	buf_init(&out, ANSWER_CEILING);
	buf_reset(&server->heard);
	for (unsigned char next; (next = end_take(server)) != 0; type = next)
		*held += next == FRONTEND_CLOSE;
	for (; *held >= 1600 || (*held > 0 && type == FRONTEND_SYNC); --*held)
		answer_write(&out, "3");
	if (type == FRONTEND_SYNC)
		answer_write(&out, "Z I");
	end_send(t->st, server, buf_bytes(&out));
	buf_fini(&out);
}

static void send_some(struct talk *t, struct buf *asked)
{
	struct bytes rest = buf_bytes(asked);
	ssize_t n = send(t->client.fd, rest.ptr, rest.len, MSG_NOSIGNAL);

	buf_consume(asked, n > 0 ? (size_t)n : 0);
	stage_turn(t->st, -1);
	assert_true(end_read(&t->client));
}

/* One side is far behind in a unit of very many messages: the client waits, and is not told
 * that they are too many. */
static void test_a_unit_of_very_many_messages(void **state)
{
	static const char *const wide[] = {"proxy.window=4MB", NULL};
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, wide);
	int64_t until = clock_mono_us() + 4 * STAGE_PATIENCE;
	int count = 100000, by_truth = 0, by_candidate = 0;
	struct buf asked;

	(void)state;
	buf_init(&asked, ANSWER_CEILING);
	for (int i = 0; i < count; i++)
		asks_write(&asked, "C S x");
	asks_write(&asked, "S");
	for (int i = 0; i < 200; i++) { /* the candidate says nothing */
		send_some(t, &asked);
		serve_closes(t, &t->truth, &by_truth);
	}
	assert_int_equal(buf_len(&t->client.in), 0);
	while (s.st.proxy.counts.exchanges[VERDICT_EQUAL] == 0) {
		send_some(t, &asked);
		serve_closes(t, &t->truth, &by_truth);
		serve_closes(t, &t->candidate, &by_candidate);
		assert_true(clock_mono_us() < until);
	}
	while (count-- > 0)
		hears(t, &t->client, "3");
	hears(t, &t->client, "Z");
	buf_fini(&asked);
	scene_close(&s);
}

/* --- asynchronous messages --- */

static void test_asynchronous_messages(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	answers(t, &t->candidate, "A candidates");
	answers(t, &t->truth, "A truths; S TimeZone UTC");
	hears(t, &t->client, "AS");
	heard(t, &t->client, "truths");
	asks(t, "Q select 1");
	both_hear(t, "Q");
	answers(t, &t->truth, "N one; T a; D 1; A two; C SELECT 1; Z I");
	answers(t, &t->candidate, "T a; N other; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "NTDACZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

/* More notices than the window holds, from one side only. */
static void test_a_flood_of_notices(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q select chatty()");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "T a; D 1");
	for (int i = 0; i < 1000; i++)
		answers(t, &t->truth, "N a notice of some size, as functions raise them");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "T a");
	for (int i = 0; i < 3000; i++)
		answers(t, &t->candidate, "N a notice of some size, as functions raise them");
	answers(t, &t->candidate, "D 1; C SELECT 1; Z I");
	answers(t, &t->truth, "C SELECT 1; Z I");
	hears(t, &t->client, "TD");
	for (int i = 0; i < 1000; i++)
		hears(t, &t->client, "N");
	hears(t, &t->client, "CZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

/* --- a client that does not read --- */

/* Rows of 10,000 bytes. */
static void write_rows(struct buf *out, int count)
{
	char row[10003] = "D ";

	memset(row + 2, 'x', 10000);
	answer_write(out, "T a");
	for (int i = 0; i < count; i++)
		answer_write(out, row);
	answer_write(out, "C SELECT 1; Z I");
}

static void test_a_client_that_does_not_read(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf rows;
	int small = 65536, answered = 0;

	(void)state;
	assert_int_equal(setsockopt(t->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	buf_init(&rows, ANSWER_CEILING);
	write_rows(&rows, 1);
	for (int i = 0; i < 2000; i++)
		asks(t, "Q select 1");
	while (answered < 2000 && end_next(t, &t->truth, CLOCK_SECOND / 5) == FRONTEND_QUERY) {
		hears(t, &t->candidate, "Q");
		end_send(&s.st, &t->truth, buf_bytes(&rows));
		end_send(&s.st, &t->candidate, buf_bytes(&rows));
		answered++;
	}
	assert_in_range(answered, 2, 1000);
	/* It reads on, and all goes on. */
	for (int i = 0; i < answered; i++)
		hears(t, &t->client, "TDCZ");
	both_hear(t, "Q");
	buf_fini(&rows);
	scene_close(&s);
}

/* It is in the middle of a long answer, and in its serial turn somebody else would write: a
 * client that writes in one connection for each row that it reads in another is no deadlock. */
static void test_a_slow_reader_hands_its_turn_on(void **state)
{
	struct scene s;
	struct talk *a = scene_open(&s, EXECUTION_SERIAL, NULL), b;
	struct end truth = {.fd = -1}, candidate = {.fd = -1};
	int small = 65536;
	struct buf rows;

	(void)state;
	talk_open(&b, &s.st);
	assert_int_equal(setsockopt(a->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	buf_init(&rows, ANSWER_CEILING);
	write_rows(&rows, 1500);
	asks(a, "Q select 1");
	both_hear(a, "Q");
	for (struct bytes rest = buf_bytes(&rows); rest.len > 0;) {
		struct bytes some = bytes_of(rest.ptr, rest.len < 16384 ? rest.len : 16384);
		ssize_t n = send(a->truth.fd, some.ptr, some.len, MSG_NOSIGNAL);

		if (n < 0)
			break;
		end_send(&s.st, &a->candidate, bytes_of(some.ptr, (size_t)n));
		rest = bytes_skip(rest, (size_t)n);
		stage_turn(&s.st, -1);
	}
	asks(&b, "Q update t set a = 1");
	for (int i = 0; i < 1500 && s.st.proxy.counts.handed_on == 0; i++) {
		talk_probe(&s.st, &truth, &s.st.truth, "T p; C SELECT 0; Z I");
		talk_probe(&s.st, &candidate, &s.st.candidate, "T p; C SELECT 0; Z I");
	}
	assert_int_equal(s.st.proxy.counts.handed_on, 1);
	hears(&b, &b.truth, "Q");
	buf_fini(&rows);
	end_close(&truth);
	end_close(&candidate);
	talk_close(&b);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_goes_to_both),
		cmocka_unit_test(test_writing_goes_to_the_truth_first),
		cmocka_unit_test(test_parallel_waits_for_nobody),
		cmocka_unit_test(test_serial_writers_take_turns),
		cmocka_unit_test(test_a_late_turn_that_needs_no_answer),
		cmocka_unit_test(test_a_blocked_writer_hands_its_turn_on),
		cmocka_unit_test(test_a_long_answer_of_a_writing_statement),
		cmocka_unit_test(test_flush_ends_a_unit),
		cmocka_unit_test(test_flush_that_nothing_answers),
		cmocka_unit_test(test_pipelined_syncs),
		cmocka_unit_test(test_a_long_unit),
		cmocka_unit_test(test_a_unit_of_very_many_messages),
		cmocka_unit_test(test_asynchronous_messages),
		cmocka_unit_test(test_a_flood_of_notices),
		cmocka_unit_test(test_a_client_that_does_not_read),
		cmocka_unit_test(test_a_slow_reader_hands_its_turn_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
