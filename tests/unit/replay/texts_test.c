/*
 * Numbers of texts: the same for the same text, in order of appearance, however many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "replay/texts.h"

static int64_t number(struct texts *texts, const char *text, bool expected_new)
{
	bool is_new = !expected_new;
	int64_t n = texts_number(texts, bytes_str(text), &is_new);

	assert_int_equal(is_new, expected_new);
	return n;
}

static void test_same_text_same_number(void **state)
{
	struct texts texts = {0};

	(void)state;
	assert_int_equal(number(&texts, "select 1", true), 1);
	assert_int_equal(number(&texts, "select 2", true), 2);
	assert_int_equal(number(&texts, "", true), 3);
	assert_int_equal(number(&texts, "select 1", false), 1);
	assert_int_equal(number(&texts, "", false), 3);
	assert_int_equal(number(&texts, "select 3", true), 4);
	texts_fini(&texts);
	assert_int_equal(number(&texts, "select 3", true), 1);
	texts_fini(&texts);
}

static void test_many(void **state)
{
	struct texts texts = {0};
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 1; i <= 5000; i++) {
			snprintf(text, sizeof(text), "select %d", i);
			assert_int_equal(number(&texts, text, round == 0), i);
		}
	assert_int_equal(texts.count, 5000);
	texts_fini(&texts);
}

/* Beyond the limit a text gets a new number each time, and those before keep theirs. */
static void test_limit(void **state)
{
	struct texts texts = {0};
	char text[32];

	(void)state;
	for (int i = 1; i <= TEXTS_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(number(&texts, text, true), i);
	}
	assert_int_equal(number(&texts, "one more", true), TEXTS_MAX + 1);
	assert_int_equal(number(&texts, "one more", true), TEXTS_MAX + 2);
	assert_int_equal(number(&texts, "7", false), 7);
	assert_int_equal(texts.count, TEXTS_MAX);
	texts_fini(&texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_text_same_number),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
