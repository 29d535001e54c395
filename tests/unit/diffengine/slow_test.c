/*
 * What counts as slow, by two times and the limits, and by the kind of statement.
 */
#include "diffengine/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "diffengine/statement.h"

static void test_two_times(void **state)
{
	static const struct slow_limits limits = {.ratio = 4.0, .min_us = 1000000};
	static const struct {
		struct slow_times times;
		enum slow_side side;
	} cases[] = {
		{{10, 1000000}, SLOW_CANDIDATE},
		{{1000000, 10}, SLOW_TRUTH},
		{{0, 1000000}, SLOW_CANDIDATE},
		{{0, 0}, SLOW_NEITHER},
		{{10, 999999}, SLOW_NEITHER},
		{{250000, 1000000}, SLOW_CANDIDATE},
		{{250001, 1000000}, SLOW_NEITHER},
		{{4000000, 1000000}, SLOW_TRUTH},
		{{3999999, 1000000}, SLOW_NEITHER},
		{{2000000, 2000000}, SLOW_NEITHER},
		{{-1, 2000000}, SLOW_NEITHER},
		{{2000000, -1}, SLOW_NEITHER},
		{{-1, -1}, SLOW_NEITHER},
		{{INT64_MAX, 1}, SLOW_TRUTH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(slow_side_of(&limits, cases[i].times), cases[i].side);
}

/* Equal times are never slow, not even with a ratio of 1. */
static void test_the_least_ratio(void **state)
{
	static const struct slow_limits limits = {.ratio = 1.0, .min_us = 1000};

	(void)state;
	assert_int_equal(slow_side_of(&limits, (struct slow_times){5000, 5000}), SLOW_NEITHER);
	assert_int_equal(slow_side_of(&limits, (struct slow_times){5000, 5001}), SLOW_CANDIDATE);
	assert_int_equal(slow_side_of(&limits, (struct slow_times){5001, 5000}), SLOW_TRUTH);
}

static void assert_subject(const char *sql, enum slow_subject expected)
{
	struct analysis *analysis = analysis_new(bytes_str(sql));

	assert_non_null(analysis);
	if (slow_subject_of(analysis, bytes_str(sql), statement_may_write(bytes_str(sql))) !=
		expected)
		fail_msg("%s", sql);
	analysis_free(analysis);
}

static void test_kinds_of_statement(void **state)
{
	static const struct {
		const char *sql;
		enum slow_subject subject;
	} cases[] = {
		{"SELECT * FROM t ORDER BY a", SLOW_READS},
		{"select count(*) from t join u using (a)", SLOW_READS},
		{"WITH x AS (SELECT 1) SELECT * FROM x", SLOW_READS},
		{"VALUES (1)", SLOW_READS},
		{"TABLE t", SLOW_READS},
		{"SELECT my_function(1)", SLOW_WRITES},
		{"SELECT nextval('s')", SLOW_WRITES},
		{"SELECT pg_notify('a', 'b')", SLOW_WRITES},
		{"SELECT pg_advisory_lock(1)", SLOW_WRITES},
		{"SELECT * FROM t FOR UPDATE", SLOW_WRITES},
		{"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", SLOW_WRITES},
		{"INSERT INTO t SELECT * FROM u", SLOW_WRITES},
		{"UPDATE t SET a = 1", SLOW_WRITES},
		{"DELETE FROM t", SLOW_WRITES},
		{"BEGIN", SLOW_BESIDE},
		{"start transaction", SLOW_BESIDE},
		{"SAVEPOINT a", SLOW_BESIDE},
		{"RELEASE a", SLOW_BESIDE},
		{"COMMIT", SLOW_UNTIMED},
		{"END", SLOW_UNTIMED},
		{"ROLLBACK", SLOW_UNTIMED},
		{"ROLLBACK TO a", SLOW_UNTIMED},
		{"PREPARE TRANSACTION 'x'", SLOW_UNTIMED},
		{"COMMIT PREPARED 'x'", SLOW_UNTIMED},
		{"CREATE TABLE t (a int)", SLOW_UNTIMED},
		{"CREATE TABLE t AS SELECT * FROM u", SLOW_UNTIMED},
		{"CREATE INDEX ON t (a)", SLOW_UNTIMED},
		{"REFRESH MATERIALIZED VIEW m", SLOW_UNTIMED},
		{"TRUNCATE t", SLOW_UNTIMED},
		{"VACUUM t", SLOW_UNTIMED},
		{"ANALYZE t", SLOW_UNTIMED},
		{"COPY t TO STDOUT", SLOW_UNTIMED},
		{"COPY (SELECT 1) TO STDOUT", SLOW_UNTIMED},
		{"EXPLAIN ANALYZE SELECT 1", SLOW_UNTIMED},
		{"FETCH ALL FROM c", SLOW_UNTIMED},
		{"DECLARE c CURSOR FOR SELECT 1", SLOW_UNTIMED},
		{"PREPARE p AS SELECT 1", SLOW_UNTIMED},
		{"EXECUTE p(1)", SLOW_UNTIMED},
		{"SHOW all", SLOW_UNTIMED},
		{"SET a.b = 1", SLOW_UNTIMED},
		{"LOCK TABLE t", SLOW_UNTIMED},
		{"DO $$ BEGIN END $$", SLOW_UNTIMED},
		{"CALL p()", SLOW_UNTIMED},
		{"", SLOW_UNTIMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_subject(cases[i].sql, cases[i].subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_times),
		cmocka_unit_test(test_the_least_ratio),
		cmocka_unit_test(test_kinds_of_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
