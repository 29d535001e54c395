/*
 * Sessions that go well: in which order the databases get what, units of the extended
 * protocol, asynchronous messages, long answers.
 */
#include "capture/session.h"

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
	asks(t, "S");
	both_hear(t, "S");
	both_answer(t, "Z I");
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

/* The candidate is far behind in a unit of very many messages: the client waits, no error. */
static void test_a_unit_of_very_many_messages(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf asked, some;
	const int count = 70000;
	int sent = 0;

	(void)state;
	buf_init(&asked, ANSWER_CEILING);
	buf_init(&some, ANSWER_CEILING);
	asks_write(&asked, "C S x");
	for (int i = 0; i < 1000; i++)
		answer_write(&some, "3");
	while (sent < count) {
		ssize_t n = send(t->client.fd, buf_bytes(&asked).ptr, buf_len(&asked), MSG_NOSIGNAL);

		assert_true(n == (ssize_t)buf_len(&asked) || (n < 0 && errno == EAGAIN));
		if (n < 0)
			break; /* held back */
		if (++sent % 1000 == 0) {
			end_send(&s.st, &t->truth, buf_bytes(&some));
			for (int i = 0; i < 10; i++) {
				stage_turn(&s.st, -1);
				assert_true(end_read(&t->truth) && end_read(&t->candidate));
				assert_true(end_read(&t->client));
			}
		}
	}
	assert_int_equal(buf_len(&t->client.in), 0);
	buf_fini(&asked);
	buf_fini(&some);
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

static void test_a_client_that_does_not_read(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf row;
	int small = 4096, answered = 0;

	(void)state;
	assert_int_equal(setsockopt(t->client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	buf_init(&row, ANSWER_CEILING);
	answer_write(&row, "T a");
	for (int i = 0; i < 200; i++)
		answer_write(&row, "D a row of some thirty bytes or so");
	answer_write(&row, "C SELECT 200; Z I");
	for (int i = 0; i < 2000; i++)
		asks(t, "Q select 1");
	for (; answered < 2000; answered++) {
		unsigned char type = end_next(t, &t->truth, CLOCK_SECOND / 5);

		if (!type)
			break;
		hears(t, &t->candidate, "Q");
		end_send(&s.st, &t->truth, buf_bytes(&row));
		end_send(&s.st, &t->candidate, buf_bytes(&row));
	}
	assert_true(answered > 2 && answered < 1000);
	/* It reads on, and all goes on. */
	for (int i = 0; i < answered; i++) {
		hears(t, &t->client, "T");
		for (int j = 0; j < 200; j++)
			hears(t, &t->client, "D");
		hears(t, &t->client, "CZ");
	}
	both_hear(t, "Q");
	buf_fini(&row);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_goes_to_both),
		cmocka_unit_test(test_writing_goes_to_the_truth_first),
		cmocka_unit_test(test_parallel_waits_for_nobody),
		cmocka_unit_test(test_serial_writers_take_turns),
		cmocka_unit_test(test_a_long_answer_of_a_writing_statement),
		cmocka_unit_test(test_flush_ends_a_unit),
		cmocka_unit_test(test_flush_that_nothing_answers),
		cmocka_unit_test(test_pipelined_syncs),
		cmocka_unit_test(test_a_long_unit),
		cmocka_unit_test(test_a_unit_of_very_many_messages),
		cmocka_unit_test(test_asynchronous_messages),
		cmocka_unit_test(test_a_flood_of_notices),
		cmocka_unit_test(test_a_client_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
