/*
 * COPY: in step, failing on both sides or on one, at any moment, in both protocols.
 */
#include "capture/session.h"
#include "capture/answer.h"

#include "tests/unit/capture/talk.h"

static const char *const lenient[] = {"comparison.fail-on-differences=false", NULL};

/* COPY FROM of a simple Query has begun on both sides. */
static struct talk *copy_open(
	struct scene *s, enum settings_execution execution, const char *const *more)
{
	struct talk *t = scene_open(s, execution, more);

	asks(t, "Q copy t from stdin");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "G");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "G");
	hears(t, &t->client, "G");
	return t;
}

/* The session still works. */
static void select_one(struct talk *t)
{
	asks(t, "Q select 1");
	both_hear(t, "Q");
	both_answer(t, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ");
}

static void test_copy_in(void **state)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "d 1; d 2");
	both_hear(t, "dd");
	asks(t, "d 3; c");
	hears(t, &t->truth, "dc");
	hears(t, &t->candidate, "d");
	answers(t, &t->truth, "C COPY 3; Z I");
	hears(t, &t->candidate, "c");
	answers(t, &t->candidate, "C COPY 3; Z I");
	hears(t, &t->client, "CZ");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	scene_close(&s);
}

static void test_copy_in_of_the_extended_protocol(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "P - copy t from stdin; B - -; E - 0; S");
	hears(t, &t->truth, "PBES");
	answers(t, &t->truth, "1; 2; G");
	hears(t, &t->candidate, "PBES");
	answers(t, &t->candidate, "1; 2; G");
	hears(t, &t->client, "12G");
	asks(t, "d 1; c; S");
	hears(t, &t->truth, "dcS");
	answers(t, &t->truth, "C COPY 1; Z I");
	hears(t, &t->candidate, "dcS");
	answers(t, &t->candidate, "C COPY 1; Z I");
	hears(t, &t->client, "CZ");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	scene_close(&s);
}

/* Bad data: each side says so at once; either may be first, before or after CopyDone. */
static void copy_fails(bool is_candidate_first, bool is_before_done)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_SERIAL, NULL);
	struct end *first = is_candidate_first ? &t->candidate : &t->truth;
	struct end *second = is_candidate_first ? &t->truth : &t->candidate;

	asks(t, "d x");
	both_hear(t, "d");
	if (is_before_done) {
		answers(t, first, "E 22P02 bad; Z I");
		hears_nothing(t, &t->client);
	}
	asks(t, "c");
	hears(t, &t->truth, "c");
	if (!is_before_done)
		answers(t, first, "E 22P02 bad; Z I");
	hears_nothing(t, &t->client);
	answers(t, second, "E 22P02 bad; Z I");
	hears(t, &t->candidate, "c");
	hears(t, &t->client, "EZ");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	scene_close(&s);
}

static void test_copy_fails_on_both(void **state)
{
	(void)state;
	copy_fails(false, false);
	copy_fails(false, true);
	copy_fails(true, false);
	copy_fails(true, true);
}

/* The client hears of it while it sends, as from a server; what it has sent too much is
 * ignored, and no exchange of its own. */
static void test_copy_fails_while_the_client_sends(void **state)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "d x");
	both_hear(t, "d");
	both_answer(t, "E 22P02 bad; Z I");
	hears(t, &t->client, "EZ");
	asks(t, "d y; d z; c");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	asks(t, "d y; X");
	hears_end(t, &t->client);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	scene_close(&s);
}

static void test_copy_fails_on_one_side_at_its_end(void **state)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "d 1; c");
	hears(t, &t->truth, "dc");
	answers(t, &t->truth, "C COPY 1; Z I");
	hears(t, &t->candidate, "dc");
	answers(t, &t->candidate, "E 23505 there already; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "XX000");
	heard(t, &t->client, "23505");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

/* In the midst of the data: the client learns of it when it is done. */
static void copy_fails_on_one_side(bool is_truth)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_SERIAL, NULL);

	asks(t, "d 1");
	both_hear(t, "d");
	answers(t, is_truth ? &t->truth : &t->candidate, "E 23505 there already; Z I");
	hears_nothing(t, &t->client);
	asks(t, "d 2; c");
	hears(t, &t->truth, "dc");
	if (!is_truth)
		answers(t, &t->truth, "C COPY 2; Z I");
	hears(t, &t->candidate, "dc");
	if (is_truth)
		answers(t, &t->candidate, "C COPY 2; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "XX000");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

static void test_copy_fails_on_one_side(void **state)
{
	(void)state;
	copy_fails_on_one_side(true);
	copy_fails_on_one_side(false);
}

/* In the extended protocol the ReadyForQuery answers the Sync that ends the data: the one that
 * was sent before it was swallowed by the COPY. */
static void copy_of_the_extended_protocol_fails_apart(const char *const *more, bool goes_on)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, more);

	asks(t, "P - copy t from stdin; B - -; E - 0; S");
	both_hear(t, "PBES");
	both_answer(t, "1; 2; G");
	hears(t, &t->client, "12G");
	asks(t, "d 1");
	both_hear(t, "d");
	answers(t, &t->truth, "E 23505 there already");
	answers(t, &t->candidate, "E 23502 a null");
	hears(t, &t->client, "E");
	heard(t, &t->client, "XX000");
	if (goes_on) { /* broken off on both sides */
		hears(t, &t->truth, "PS");
		answers(t, &t->truth, "Z I");
		hears(t, &t->candidate, "PS");
		answers(t, &t->candidate, "Z I");
	}
	hears_nothing(t, &t->client);
	asks(t, "d 2; c; S");
	hears(t, &t->client, "Z");
	if (goes_on) {
		select_one(t);
	} else {
		asks(t, "Q select 1");
		hears(t, &t->client, "E");
		hears_end(t, &t->client);
	}
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

static void test_copy_of_the_extended_protocol_fails_apart(void **state)
{
	static const char *const on_error[] = {"comparison.on-mismatch=error", NULL};

	(void)state;
	copy_of_the_extended_protocol_fails_apart(NULL, false);
	copy_of_the_extended_protocol_fails_apart(on_error, true);
}

static void test_copy_refused_by_one_side(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks(t, "Q copy t from stdin");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "G");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "E 42P01 no table; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "42P01");
	asks(t, "d 1");
	hears(t, &t->client, "E");
	hears_end(t, &t->client);
	scene_close(&s);
}

/* fail-on-differences = false: the client is served by the truth alone. */
static void test_lenient_copy_refused_by_the_candidate(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, lenient);

	(void)state;
	asks(t, "Q copy t from stdin");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "G");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "E 42P01 no table; Z I");
	hears(t, &t->client, "G");
	asks(t, "d 1; c");
	hears(t, &t->truth, "dc");
	answers(t, &t->truth, "C COPY 1; Z I");
	hears(t, &t->client, "CZ");
	hears(t, &t->candidate, "dc");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

static void test_lenient_copy_refused_by_the_truth(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, lenient);

	(void)state;
	asks(t, "Q copy t from stdin");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "E 42P01 no table; Z I");
	hears(t, &t->client, "EZ");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "G");
	/* It waits for data that will not come. */
	hears(t, &t->candidate, "f");
	answers(t, &t->candidate, "E 57014 failed; Z I");
	select_one(t);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

static void test_lenient_copy_of_the_extended_protocol_refused_by_the_truth(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, lenient);

	(void)state;
	asks(t, "P - copy t from stdin; B - -; E - 0; S");
	hears(t, &t->truth, "PBES");
	answers(t, &t->truth, "E 42P01 no table; Z I");
	hears(t, &t->client, "EZ");
	hears(t, &t->candidate, "PBES");
	answers(t, &t->candidate, "1; 2; G");
	hears(t, &t->candidate, "fS");
	answers(t, &t->candidate, "E 57014 failed; Z I");
	select_one(t);
	scene_close(&s);
}

static void test_copy_out(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, ANSWER_CEILING);
	answer_write(&out, "H");
	for (int i = 0; i < 3000; i++)
		answer_write(&out, "d a line of some thirty bytes or so");
	answer_write(&out, "c; C COPY 3000; Z I");
	asks(t, "Q copy t to stdout");
	hears(t, &t->truth, "Q");
	end_send(&s.st, &t->truth, buf_bytes(&out));
	hears(t, &t->candidate, "Q");
	end_send(&s.st, &t->candidate, buf_bytes(&out));
	hears(t, &t->client, "H");
	for (int i = 0; i < 3000; i++)
		hears(t, &t->client, "d");
	hears(t, &t->client, "cCZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	buf_fini(&out);
	scene_close(&s);
}

/* More data than the window, while one side does not read: the client is held back. */
static void test_copy_in_faster_than_a_database(void **state)
{
	struct scene s;
	struct talk *t = copy_open(&s, EXECUTION_PARALLEL, NULL);
	struct buf out;
	char line[10003] = "d ";
	ssize_t n = 0;
	size_t sent = 0, got = 0;

	(void)state;
	memset(line + 2, 'x', 10000);
	buf_init(&out, ANSWER_CEILING);
	for (int i = 0; i < 1600; i++)
		asks_write(&out, line);
	for (int still = 0; still < 50 && sent<buf_len(&out); still = n> 0 ? 0 : still + 1) {
		n = send(t->client.fd, buf_bytes(&out).ptr + sent, buf_len(&out) - sent,
			MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		stage_turn(&s.st, -1);
		assert_true(end_read(&t->truth)); /* it reads, the candidate does not */
	}
	assert_true(sent < buf_len(&out));
	while (got < buf_len(&out)) {
		n = send(t->client.fd, buf_bytes(&out).ptr + sent, buf_len(&out) - sent,
			MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		stage_turn(&s.st, -1);
		assert_true(end_read(&t->truth) && end_read(&t->candidate));
		got = buf_len(&t->candidate.in);
	}
	assert_int_equal(buf_len(&t->truth.in), buf_len(&out));
	buf_fini(&out);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_in),
		cmocka_unit_test(test_copy_in_of_the_extended_protocol),
		cmocka_unit_test(test_copy_fails_on_both),
		cmocka_unit_test(test_copy_fails_while_the_client_sends),
		cmocka_unit_test(test_copy_fails_on_one_side_at_its_end),
		cmocka_unit_test(test_copy_fails_on_one_side),
		cmocka_unit_test(test_copy_of_the_extended_protocol_fails_apart),
		cmocka_unit_test(test_copy_refused_by_one_side),
		cmocka_unit_test(test_lenient_copy_refused_by_the_candidate),
		cmocka_unit_test(test_lenient_copy_refused_by_the_truth),
		cmocka_unit_test(test_lenient_copy_of_the_extended_protocol_refused_by_the_truth),
		cmocka_unit_test(test_copy_out),
		cmocka_unit_test(test_copy_in_faster_than_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
