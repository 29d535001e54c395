/*
 * Sums over the portions of a cursor, and how FETCH is read.
 */
#include "diffengine/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/attr.h"

static void test_sums(void **state)
{
	struct ledger ledger = {0};
	uint64_t key = ledger_key(bytes_str("c"));

	(void)state;
	assert_true(ledger_add(&ledger, key, bytes_str("a"), true));
	assert_true(ledger_add(&ledger, key, bytes_str("b"), false));
	assert_true(ledger_is_open(&ledger, key));
	assert_false(ledger_is_open(&ledger, ledger_key(bytes_str("d"))));
	/* In another portion each side brings what the other had. */
	assert_true(ledger_add(&ledger, key, bytes_str("a"), false));
	assert_true(ledger_is_open(&ledger, key));
	assert_true(ledger_add(&ledger, key, bytes_str("b"), true));
	assert_false(ledger_is_open(&ledger, key));
	assert_int_equal(ledger.count, 0);
}

static void test_repeated_rows_count(void **state)
{
	struct ledger ledger = {0};

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_true(ledger_add(&ledger, 7, bytes_str("a"), true));
	assert_true(ledger_add(&ledger, 7, bytes_str("a"), false));
	assert_true(ledger_is_open(&ledger, 7));
	ledger_close(&ledger, 7);
	assert_false(ledger_is_open(&ledger, 7));
	ledger_close(&ledger, 7); /* again: nothing */
	assert_int_equal(ledger.count, 0);
}

static void test_full(void **state)
{
	struct ledger ledger = {0};

	(void)state;
	for (uint64_t key = 1; key <= LEDGER_ENTRIES_MAX; key++)
		assert_true(ledger_add(&ledger, key, bytes_str("a"), true));
	assert_false(ledger_add(&ledger, LEDGER_ENTRIES_MAX + 1, bytes_str("a"), true));
	assert_true(ledger_add(&ledger, 1, bytes_str("b"), true));
	ledger_close(&ledger, 2);
	assert_true(ledger_add(&ledger, LEDGER_ENTRIES_MAX + 1, bytes_str("a"), true));
}

static void test_fetch(void **state)
{
	static const struct {
		const char *statement, *name;
		int64_t count;
		bool is_forward;
	} cases[] = {
		{"FETCH c", "c", 1, true},
		{"fetch next from c", "c", 1, true},
		{"FETCH 100 FROM \"My C\"", "\"My C\"", 100, true},
		{"FETCH FORWARD 5 IN c", "c", 5, true},
		{"FETCH ALL FROM c", "c", -1, true},
		{"FETCH FORWARD ALL FROM c", "c", -1, true},
		{"FETCH BACKWARD 2 FROM c", "c", 2, false},
		{"FETCH PRIOR c", "c", 1, false},
		{"FETCH ABSOLUTE 3 c", "c", 3, false},
		{"FETCH RELATIVE -1 FROM c", "c", 1, false},
		{"FETCH -3 FROM c", "c", 3, false},
	};
	struct fetch fetch;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(fetch_parse(bytes_str(cases[i].statement), &fetch));
		if (!bytes_equal_str(fetch.name, cases[i].name) || fetch.count != cases[i].count ||
			fetch.is_forward != cases[i].is_forward)
			fail_msg("%s", cases[i].statement);
	}
	assert_false(fetch_parse(bytes_str("MOVE 3 FROM c"), &fetch));
	assert_false(fetch_parse(bytes_str("FETCH 3 FROM"), &fetch));
	assert_false(fetch_parse(bytes_str(""), &fetch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_repeated_rows_count),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
