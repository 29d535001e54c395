/*
 * Unique keys: which statements they decide, what is asked and how long it is remembered.
 */
#include "diffengine/unique_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/bytes.h"

/* Keys as words: "id" one key, "a+b?" one of two columns of which b may be NULL. */
static void learn(struct unique_keys *keys, const char *words)
{
	struct unique_table *table = &keys->tables[keys->count - 1];
	char text[256], *more;
	uint32_t number = 20000;

	snprintf(text, sizeof(text), "%s", words);
	for (char *word = strtok_r(text, " ", &more); word; word = strtok_r(NULL, " ", &more)) {
		struct unique_column column = {.key = number++, .size = 1};
		char *inside;

		for (const char *p = word; *p; p++)
			column.size += *p == '+';
		for (char *name = strtok_r(word, "+", &inside); name;
			name = strtok_r(NULL, "+", &inside)) {
			size_t len = strcspn(name, "?");

			column.is_nullable = name[len] == '?';
			snprintf(column.name, sizeof(column.name), "%.*s", (int)len, name);
			unique_keys_add(table, &column);
		}
	}
	unique_keys_settle(keys);
}

static bool decides(const char *sql, const char *words, bool is_partial)
{
	struct analysis *a = analysis_new(bytes_str(sql));
	struct unique_keys keys = {0};
	bool is_total;

	assert_non_null(a);
	is_total = unique_keys_matter(a, is_partial);
	if (is_total) {
		assert_false(unique_keys_decide(&keys, a));
		assert_int_equal(keys.asked_count, 1);
		learn(&keys, words);
		is_total = unique_keys_decide(&keys, a);
	}
	unique_keys_fini(&keys);
	analysis_free(a);
	return is_total;
}

static void test_decided(void **state)
{
	static const struct {
		const char *sql, *keys;
		bool is_total;
	} cases[] = {
		{"select * from t where id = 1 limit 1", "id", true},
		{"select * from t where id = $1 limit $2", "id", true},
		{"select * from t where id = 1 limit 1", "", false},
		{"select * from t where id = 1 limit 1", "other", false},
		{"select * from t where id = 1 limit 1", "other id", true},
		{"select * from t where id = 1 limit 1", "id+other", false},
		{"select * from t where id = 1 and b = 'x' limit 1", "b+id", true},
		{"select * from t where id = 1 order by b limit 1", "b+id", true},
		{"select * from t where id = 1 order by b limit 1", "b?+id", false},
		{"select * from t where id = 1 limit 1", "id?", true},
		{"select a from t order by id", "id", true},
		{"select a from t order by id", "id?", false},
		{"select a from t order by id desc offset 3", "id", true},
		{"select a, id from t order by id", "id", false}, /* the keys are shown */
		{"select * from t order by id", "id", false},
		{"select a, id from t order by id, b", "id", true},
		{"select * from t order by id limit 3", "id", true},
		{"select a from t order by lower(id)", "id", false},
		{"select a from t where id > 1 limit 1", "id", false},
		{"select a from t where id = 1 or b = 1 limit 1", "id", false},
		{"select a from t where id = b limit 1", "id", false},
		{"select distinct on (a) a, b from t order by a, id", "id", true},
		{"select distinct on (a) a, b from t order by a, b", "id", false},
		{"select a from t where id = 1", "id", false}, /* needs nothing */
		{"select a from t join u using (a) where id = 1 limit 1", "id", false},
		{"select a from t where id = 1 and a in (select a from u limit 1) limit 1", "id",
			false},
		{"select a from t order by id limit 1 for update", "id", true},
		{"select a from t order by id limit 1 for update skip locked", "id", false},
		{"select id, a from t group by grouping sets ((id), (a)) order by id", "id", false},
		{"select id, a from t group by id, a order by id limit 1", "id", true},
		{"insert into t values (1)", "id", false},
		{"not sql", "id", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (decides(cases[i].sql, cases[i].keys, false) != cases[i].is_total)
			fail_msg("%s, keys %s", cases[i].sql, cases[i].keys);
	/* A part of a cursor's rows is cut like a LIMIT's. */
	assert_true(decides("select a from t where id = 1", "id", true));
}

static struct analysis *of_table(const char *schema, int number)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "select a from %s%st%d where id = 1 limit 1", schema,
		schema[0] ? "." : "", number);
	return analysis_new(bytes_str(sql));
}

static bool decide(struct unique_keys *keys, const char *schema, int number)
{
	struct analysis *a = of_table(schema, number);
	bool is_total = unique_keys_decide(keys, a);

	analysis_free(a);
	return is_total;
}

static void test_tables_are_told_apart(void **state)
{
	struct unique_keys keys = {0};

	(void)state;
	assert_false(decide(&keys, "", 1));
	learn(&keys, "id");
	assert_true(decide(&keys, "", 1));
	assert_int_equal(keys.asked_count, 0);
	assert_false(decide(&keys, "s", 1));
	assert_int_equal(keys.asked_count, 1);
	/* Asked about once. */
	assert_false(decide(&keys, "s", 1));
	assert_int_equal(keys.asked_count, 1);
	unique_keys_drop_asked(&keys);
	assert_int_equal(keys.count, 1);
	assert_true(decide(&keys, "", 1));
	unique_keys_clear(&keys);
	assert_false(decide(&keys, "", 1));
	unique_keys_fini(&keys);
}

static void test_limits(void **state)
{
	struct unique_keys keys = {0};
	struct unique_column column = {.key = 1, .size = 1, .name = "id"};

	(void)state;
	/* Questions. */
	for (int i = 0; i <= UNIQUE_ASKED_MAX; i++)
		assert_false(decide(&keys, "", i));
	assert_int_equal(keys.asked_count, UNIQUE_ASKED_MAX);
	unique_keys_settle(&keys);
	assert_int_equal(keys.count, UNIQUE_ASKED_MAX);
	/* Tables: all are forgotten, but never one that is asked about. */
	for (int i = 0; i < UNIQUE_TABLES_MAX; i++) {
		(void)decide(&keys, "s", i);
		learn(&keys, "id");
		assert_true(decide(&keys, "s", i));
		assert_true(keys.count <= UNIQUE_TABLES_MAX);
	}
	assert_int_equal(keys.count, UNIQUE_ASKED_MAX);
	/* Columns: keys that were cut decide nothing. */
	unique_keys_clear(&keys);
	(void)decide(&keys, "", 0);
	for (int i = 0; i < 2 * UNIQUE_COLUMNS_MAX; i++, column.key++)
		unique_keys_add(&keys.tables[0], &column);
	unique_keys_settle(&keys);
	assert_false(decide(&keys, "", 0));
	unique_keys_fini(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decided),
		cmocka_unit_test(test_tables_are_told_apart),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
