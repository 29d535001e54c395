/*
 * Tainted tables: what is tainted, by which exchange, and when it is no more.
 */
#include "diffengine/taint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "diffengine/analysis.h"

static void add(struct taint *taint, const char *database, const char *sql, int64_t cause)
{
	struct analysis *analysis = analysis_new(bytes_str(sql));

	taint_add(taint, database, analysis, cause);
	analysis_free(analysis);
}

static void clear(struct taint *taint, const char *database, const char *sql)
{
	struct analysis *analysis = analysis_new(bytes_str(sql));

	taint_clear(taint, database, analysis);
	analysis_free(analysis);
}

/* `table` NULL: there is no cause. */
static void assert_cause(const struct taint *taint, const char *database, const char *sql,
	int64_t cause, const char *table)
{
	struct analysis *analysis = analysis_new(bytes_str(sql));
	struct taint_cause found = taint_find(taint, database, analysis);

	assert_int_equal(found.exchange, cause);
	if (table)
		assert_string_equal(found.table, table);
	analysis_free(analysis);
}

static void test_written_tables_alone(void **state)
{
	struct taint *taint = taint_new();

	(void)state;
	assert_true(taint_is_empty(taint));
	add(taint, "app", "SELECT * FROM a", 1);
	assert_true(taint_is_empty(taint));
	add(taint, "app", "INSERT INTO a SELECT * FROM b", 2);
	assert_false(taint_is_empty(taint));
	assert_cause(taint, "app", "SELECT * FROM a", 2, "a");
	assert_cause(taint, "app", "SELECT * FROM public.A JOIN b USING (x)", 2, "a");
	assert_cause(taint, "app", "UPDATE a SET x = 1", 2, "a");
	assert_cause(taint, "app", "SELECT * FROM b", 0, NULL);
	assert_cause(taint, "other", "SELECT * FROM a", 0, NULL);
	assert_cause(taint, "app", "SELECT 1", 0, NULL);
	taint_free(taint);
	taint_free(NULL);
}

static void test_the_first_cause_stays(void **state)
{
	struct taint *taint = taint_new();

	(void)state;
	add(taint, "app", "DELETE FROM b", 5);
	add(taint, "app", "DELETE FROM a", 7);
	add(taint, "app", "UPDATE a SET x = 1", 9);
	assert_cause(taint, "app", "SELECT * FROM a", 7, "a");
	assert_cause(taint, "app", "SELECT * FROM a, b", 5, "b");
	taint_free(taint);
}

static void test_cleared(void **state)
{
	struct taint *taint = taint_new();

	(void)state;
	add(taint, "app", "DELETE FROM a", 1);
	add(taint, "app", "DELETE FROM b", 2);
	add(taint, "app", "DELETE FROM c", 3);
	add(taint, "other", "DELETE FROM a", 4);
	clear(taint, "app", "TRUNCATE a, c");
	assert_cause(taint, "app", "SELECT * FROM a, c", 0, NULL);
	assert_cause(taint, "app", "SELECT * FROM b", 2, "b");
	assert_cause(taint, "other", "SELECT * FROM a", 4, "a");
	clear(taint, "app", "DROP TABLE b");
	clear(taint, "app", "DROP TABLE b");
	taint_forget(taint, "app");
	assert_false(taint_is_empty(taint));
	taint_forget(taint, "other");
	assert_true(taint_is_empty(taint));
	taint_free(taint);
}

static void test_moved_and_subtracted(void **state)
{
	struct taint *taint = taint_new(), *pending = taint_new(), *cleared = taint_new();

	(void)state;
	add(taint, "app", "DELETE FROM a", 1);
	add(pending, "app", "DELETE FROM a", 3);
	add(pending, "app", "DELETE FROM b", 4);
	taint_move(taint, pending);
	assert_true(taint_is_empty(pending));
	assert_cause(taint, "app", "SELECT * FROM a", 1, "a");
	assert_cause(taint, "app", "SELECT * FROM b", 4, "b");
	add(cleared, "app", "TRUNCATE a, z", 5);
	taint_subtract(taint, cleared);
	assert_cause(taint, "app", "SELECT * FROM a", 0, NULL);
	assert_cause(taint, "app", "SELECT * FROM b", 4, "b");
	taint_free(taint);
	taint_free(pending);
	taint_free(cleared);
}

static void test_bounded(void **state)
{
	struct taint *taint = taint_new();
	char sql[64];

	(void)state;
	for (int i = 0; i < TAINT_TABLES_MAX + 3; i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM t%d", i);
		add(taint, "app", sql, i + 1);
	}
	assert_int_equal(taint_omitted(taint), 3);
	add(taint, "app", "DELETE FROM t0", 9999);
	assert_int_equal(taint_omitted(taint), 3);
	assert_cause(taint, "app", "SELECT * FROM t4095", 4096, "t4095");
	assert_cause(taint, "app", "SELECT * FROM t4096", 0, NULL);
	taint_free(taint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_tables_alone),
		cmocka_unit_test(test_the_first_cause_stays),
		cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_moved_and_subtracted),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
