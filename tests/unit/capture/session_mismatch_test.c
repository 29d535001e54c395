/*
 * Mismatches: what the client is told and when, what becomes of its session, and what is let
 * pass: excluded statements, fail-on-differences = false.
 */
#include "capture/session.h"
#include "capture/mismatch.h"
#include "capture/answer.h"

#include "tests/unit/capture/talk.h"

static const char *const lenient[] = {"comparison.fail-on-differences=false", NULL};
static const char *const excluding[] = {
	"comparison.exclude-patterns=[\"odd\", \"^rollback to\"]", NULL};

static void finish(struct scene *s, enum verdict verdict)
{
	assert_int_equal(stage_exchanges(&s->st, verdict), 1);
	scene_close(s);
}

/* A writing statement, answered by the truth and then by the candidate. */
static void run(struct talk *t, const char *sql, const char *truth, const char *candidate)
{
	asks_query(t, sql);
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, truth);
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, candidate);
}

/* The backends are gone; the next message gets a FATAL, and that is the end. */
static void expect_doom(struct talk *t)
{
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	hears_nothing(t, &t->client);
	asks(t, "Q select 1");
	hears(t, &t->client, "E");
	heard(t, &t->client, "FATAL");
	heard(t, &t->client, "XX000");
	hears_end(t, &t->client);
}

/* --- the error --- */

static void test_mismatch(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q select a from t");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a; D 1; D 2; C SELECT 2; Z I");
	answers(t, &t->candidate, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "Query results differ between PostgreSQL and YugabyteDB:");
	heard(t, &t->client, "PostgreSQL returned 2 rows, YugabyteDB returned 1 rows");
	heard(t, &t->client, "session 1, exchange 1");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

/* The status of a failed transaction, as after any error. */
static void test_mismatch_inside_a_transaction(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	run(t, "begin", "C BEGIN; Z T", "C BEGIN; Z T");
	hears(t, &t->client, "CZ");
	run(t, "update t set a = 1", "C UPDATE 2; Z T", "C UPDATE 3; Z T");
	hears(t, &t->client, "EZ");
	assert_int_equal(buf_bytes(&t->client.heard).ptr[buf_len(&t->client.heard) - 1], 'E');
	asks(t, "X");
	hears_end(t, &t->client);
	finish(&s, VERDICT_MISMATCH);
}

static void test_one_side_fails(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	run(t, "create index i on t (a)", "C CREATE INDEX; Z I", "E 0A000 not here; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "0A000");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

/* In a batch what agrees is delivered, then the error comes in place of the rest. */
static void test_mismatch_in_a_batch(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "P - select a from t; B - -; E - 0; B - -; E - 0; S");
	both_hear(t, "PBEBES");
	answers(t, &t->truth, "1; 2; D 1; C SELECT 1; 2; D 2; C SELECT 1; Z I");
	answers(t, &t->candidate, "1; 2; D 1; C SELECT 1; 2; D 3; C SELECT 1; Z I");
	hears(t, &t->client, "12DC2EZ");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

static void test_mismatch_before_a_sync(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "P - select a from t; B - -; E - 0; H");
	both_hear(t, "PBEH");
	answers(t, &t->truth, "1; 2; D 1; C SELECT 1");
	answers(t, &t->candidate, "1; 2; D 2; C SELECT 1");
	hears(t, &t->client, "12E");
	asks(t, "B - -; E - 0; H");
	hears_nothing(t, &t->client);
	asks(t, "S");
	hears(t, &t->client, "Z");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

/* What was sent ahead is the next message. */
static void test_mismatch_with_a_pipelined_rest(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q select 1; Q select 2; Q insert into t values (1)");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a; D 1; C SELECT 1; Z I");
	answers(t, &t->candidate, "T a; D 2; C SELECT 1; Z I");
	hears(t, &t->client, "EZE");
	hears_end(t, &t->client);
	hears_end(t, &t->truth);
	hears_end(t, &t->candidate);
	finish(&s, VERDICT_MISMATCH);
}

static void write_rows(struct buf *out, int from, int to)
{
	char row[64];

	for (int i = from; i < to; i++) {
		snprintf(row, sizeof(row), "D %d|a row of some bytes", i);
		answer_write(out, row);
	}
}

/* The window is long past when the two differ: row numbers count from the first. */
static void late_mismatch(const char *last_truth, const char *last_candidate, const char *text)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	answer_write(&out, "T a:23 b");
	write_rows(&out, 0, 2000);
	asks(t, "Q select a, b from t order by a");
	both_hear(t, "Q");
	end_send(&s.st, &t->truth, buf_bytes(&out));
	end_send(&s.st, &t->candidate, buf_bytes(&out));
	answers(t, &t->truth, last_truth);
	answers(t, &t->candidate, last_candidate);
	buf_reset(&out);
	write_rows(&out, 0, 10); /* still inside of the window */
	answer_write(&out, "C SELECT 2011; Z I");
	end_send(&s.st, &t->truth, buf_bytes(&out));
	end_send(&s.st, &t->candidate, buf_bytes(&out));
	hears(t, &t->client, "TD");
	while (end_next(t, &t->client, STAGE_PATIENCE) == BACKEND_DATA_ROW)
		buf_reset(&t->client.heard);
	heard(t, &t->client, text);
	hears(t, &t->client, "Z");
	expect_doom(t);
	buf_fini(&out);
	finish(&s, VERDICT_MISMATCH);
}

static void test_late_mismatch(void **state)
{
	(void)state;
	late_mismatch("D 1|x", "D 2|x", "row 2001");
	late_mismatch("D 1|x", "", "PostgreSQL returned 2011 rows, YugabyteDB returned 2010 rows");
	late_mismatch("D 1|x", "E 22012 division", "22012");
}

/* Each side's answer that differs is held, up to the longest message that is allowed. */
static void test_answers_that_differ_and_are_too_long(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, ANSWER_CEILING);
	write_rows(&out, 0, 10000);
	asks(t, "Q select a, b from t");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a b; D 1|1");
	answers(t, &t->candidate, "T a b; D 2|2");
	end_send(&s.st, &t->truth, bytes_of(buf_bytes(&out).ptr, 200000));
	hears(t, &t->client, "E");
	heard(t, &t->client, "54000");
	heard(t, &t->client, "proxy.max-message");
	hears_end(t, &t->client);
	buf_fini(&out);
	finish(&s, VERDICT_INCONCLUSIVE);
}

static void test_another_order(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);
	struct buf out;

	(void)state;
	buf_init(&out, ANSWER_CEILING);
	write_rows(&out, 0, 1500);
	asks(t, "Q select a, b from t");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a b; D x|y");
	answers(t, &t->candidate, "T a b");
	end_send(&s.st, &t->truth, buf_bytes(&out));
	end_send(&s.st, &t->candidate, buf_bytes(&out));
	answers(t, &t->candidate, "D x|y");
	both_answer(t, "C SELECT 1501; Z I");
	hears(t, &t->client, "T");
	for (int i = 0; i < 1501; i++)
		hears(t, &t->client, "D");
	hears(t, &t->client, "CZ");
	buf_fini(&out);
	finish(&s, VERDICT_EQUAL);
}

/* --- excluded statements --- */

static void test_excluded(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, excluding);

	(void)state;
	run(t, "select odd()", "T a; D 1; C SELECT 1; Z I", "T a; D 2; D 3; C SELECT 2; Z I");
	hears(t, &t->client, "TDCZ");
	heard(t, &t->client, "SELECT 1");
	finish(&s, VERDICT_EXCLUDED);
}

/* An excluded statement that differs must not shift the patterns of those after it. */
static void test_excluded_before_another_unit(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, excluding);

	(void)state;
	asks(t, "P a select odd(); B - a; E - 0; P b select a from t order by a; B - b; H");
	hears(t, &t->truth, "PBEPBH");
	answers(t, &t->truth, "1; 2; D 1; C SELECT 1; 1; 2");
	hears(t, &t->candidate, "PBEPBH");
	answers(t, &t->candidate, "1; 2; D 2; C SELECT 1; 1; 2");
	hears(t, &t->client, "12DC12");
	asks(t, "E - 0; S");
	hears(t, &t->truth, "ES");
	answers(t, &t->truth, "D 1; C SELECT 1; Z I");
	hears(t, &t->candidate, "ES");
	answers(t, &t->candidate, "D 2; C SELECT 1; Z I");
	hears(t, &t->client, "EZ");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

/* The other way round: equal after all, then an excluded one. */
static void test_another_order_before_an_excluded_one(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, excluding);

	(void)state;
	asks(t, "P a select a from t; B - a; E - 0; H");
	both_hear(t, "PBEH");
	answers(t, &t->truth, "1; 2; D 1; D 2; C SELECT 2");
	answers(t, &t->candidate, "1; 2; D 2; D 1; C SELECT 2");
	hears(t, &t->client, "12DDC");
	asks(t, "P b select odd(); B - b; E - 0; S");
	hears(t, &t->truth, "PBES");
	answers(t, &t->truth, "1; 2; D 1; C SELECT 1; Z I");
	hears(t, &t->candidate, "PBES");
	answers(t, &t->candidate, "1; 2; D 2; C SELECT 1; Z I");
	hears(t, &t->client, "12DCZ");
	finish(&s, VERDICT_EXCLUDED);
}

static void begin(struct talk *t)
{
	run(t, "begin", "C BEGIN; Z T", "C BEGIN; Z T");
	hears(t, &t->client, "CZ");
}

static void test_excluded_fails_on_the_truth_only(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, excluding);

	(void)state;
	begin(t);
	run(t, "select odd()", "E 42883 none; Z E", "T a; D 1; C SELECT 1; Z T");
	hears_nothing(t, &t->client);
	hears(t, &t->candidate, "Q");
	heard(t, &t->candidate, "twinkly");
	answers(t, &t->candidate, "E 42601 syntax; Z E");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "42883");
	run(t, "rollback", "C ROLLBACK; Z I", "C ROLLBACK; Z I");
	hears(t, &t->client, "CZ");
	finish(&s, VERDICT_EXCLUDED);
}

static void test_excluded_fails_on_the_candidate_only(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, excluding);

	(void)state;
	begin(t);
	run(t, "select odd()", "T a; D 1; C SELECT 1; Z T", "E 42883 none; Z E");
	hears(t, &t->truth, "Q");
	heard(t, &t->truth, "twinkly");
	hears_nothing(t, &t->client);
	answers(t, &t->truth, "E 42601 syntax; Z E");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "failed on YugabyteDB only");
	assert_int_equal(buf_bytes(&t->client.heard).ptr[buf_len(&t->client.heard) - 1], 'E');
	run(t, "rollback", "C ROLLBACK; Z I", "C ROLLBACK; Z I");
	hears(t, &t->client, "CZ");
	finish(&s, VERDICT_EXCLUDED);
}

/* One side left the transaction: no statement of ours brings that back. */
static void test_excluded_ends_one_transaction(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, excluding);

	(void)state;
	begin(t);
	run(t, "call odd()", "C CALL; Z T", "E 2D000 no; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "Transaction status mismatch");
	expect_doom(t);
	finish(&s, VERDICT_MISMATCH);
}

/* --- fail-on-differences = false --- */

static void test_lenient_mismatch(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, lenient);

	(void)state;
	asks(t, "Q select 1");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ"); /* at once */
	asks(t, "Q select 2");
	hears_nothing(t, &t->truth); /* but one after the other */
	answers(t, &t->candidate, "T a; D 2; C SELECT 1; Z I");
	both_hear(t, "Q");
	both_answer(t, "T a; D 2; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ");
	finish(&s, VERDICT_MISMATCH);
}

/* The candidate's transaction failed: it is left out until the truth's has ended. */
static void test_lenient_detached(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, lenient);

	(void)state;
	begin(t);
	run(t, "insert into t values (1)", "C INSERT 0 1; Z T", "E 23505 there; Z E");
	hears(t, &t->client, "CZ");
	asks(t, "Q insert into t values (2)");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "C INSERT 0 1; Z T");
	hears(t, &t->client, "CZ");
	hears_nothing(t, &t->candidate);
	asks(t, "Q commit; Q select 1");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "C COMMIT; Z I");
	hears(t, &t->client, "CZ");
	hears(t, &t->candidate, "Q");
	heard(t, &t->candidate, "ROLLBACK");
	hears_nothing(t, &t->truth);
	answers(t, &t->candidate, "C ROLLBACK; Z I");
	both_hear(t, "Q");
	both_answer(t, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_NOT_COMPARED), 2);
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	finish(&s, VERDICT_MISMATCH);
}

/* The truth's failed and ended: the candidate is rolled back. */
static void test_lenient_rollback(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, lenient);

	(void)state;
	begin(t);
	run(t, "commit", "E 40001 again; Z I", "E 40001 again; Z E");
	hears(t, &t->client, "EZ");
	hears(t, &t->candidate, "Q");
	heard(t, &t->candidate, "ROLLBACK");
	answers(t, &t->candidate, "C ROLLBACK; Z I");
	run(t, "begin", "C BEGIN; Z T", "C BEGIN; Z T");
	hears(t, &t->client, "CZ");
	finish(&s, VERDICT_MISMATCH);
}

/* A part of the exchange differed, the rest never came: the worse of the two counts. */
static void test_lenient_mismatch_before_the_end(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, lenient);

	(void)state;
	asks(t, "P - select 1; B - -; E - 0; H");
	both_hear(t, "PBEH");
	answers(t, &t->truth, "1; 2; D 1; C SELECT 1");
	answers(t, &t->candidate, "1; 2; D 2; C SELECT 1");
	hears(t, &t->client, "12DC");
	asks(t, "B - -; E - 0; H");
	both_hear(t, "BEH");
	end_close(&t->truth);
	hears(t, &t->client, "E");
	hears_end(t, &t->client);
	finish(&s, VERDICT_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_mismatch_inside_a_transaction),
		cmocka_unit_test(test_one_side_fails),
		cmocka_unit_test(test_mismatch_in_a_batch),
		cmocka_unit_test(test_mismatch_before_a_sync),
		cmocka_unit_test(test_mismatch_with_a_pipelined_rest),
		cmocka_unit_test(test_late_mismatch),
		cmocka_unit_test(test_answers_that_differ_and_are_too_long),
		cmocka_unit_test(test_another_order),
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_excluded_before_another_unit),
		cmocka_unit_test(test_another_order_before_an_excluded_one),
		cmocka_unit_test(test_excluded_fails_on_the_truth_only),
		cmocka_unit_test(test_excluded_fails_on_the_candidate_only),
		cmocka_unit_test(test_excluded_ends_one_transaction),
		cmocka_unit_test(test_lenient_mismatch),
		cmocka_unit_test(test_lenient_detached),
		cmocka_unit_test(test_lenient_rollback),
		cmocka_unit_test(test_lenient_mismatch_before_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
