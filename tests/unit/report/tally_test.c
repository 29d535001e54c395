/*
 * Counting words, up to the limit and beyond.
 */
#include "report/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

static void add(struct tally *t, struct arena *a, int verdict, const char *text, int64_t exchange)
{
	tally_add(t, a,
		&(struct tally_row){
			.verdict = verdict, .text = bytes_str(text), .first_exchange = exchange});
}

static void test_words_are_counted_with_their_exchanges(void **state)
{
	static struct tally t;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	add(&t, &a, 1, "x", 3);
	add(&t, &a, 1, "x", 3);
	add(&t, &a, 1, "x", 5);
	add(&t, &a, 2, "x", 6);
	add(&t, &a, 1, "", 7);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.rows[0].count, 3);
	assert_int_equal(t.rows[0].exchanges, 2);
	assert_int_equal(t.rows[0].first_exchange, 3);
	assert_int_equal(t.dropped, 0);
	arena_fini(&a);
}

static void test_words_beyond_the_limit_are_counted(void **state)
{
	static struct tally t;
	struct arena a;
	char text[16];

	(void)state;
	arena_init(&a, 1 << 20);
	for (int i = 0; i < TALLY_MAX + 5; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add(&t, &a, 1, text, i);
	}
	assert_int_equal(t.count, TALLY_MAX);
	assert_int_equal(t.dropped, 5);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_counted_with_their_exchanges),
		cmocka_unit_test(test_words_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
