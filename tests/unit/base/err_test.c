/*
 * Texts of failures: setting, prefixing, cutting.
 */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void sets_the_text(void **state)
{
	struct err err;

	(void)state;
	assert_false(err_set(&err, "%s:%d: broken", "x.conf", 7));
	assert_string_equal(err.text, "x.conf:7: broken");
}

static void takes_null(void **state)
{
	(void)state;
	assert_false(err_set(NULL, "nobody reads this"));
	assert_false(err_prefix(NULL, "nor this"));
}

static void text_may_be_its_own_argument(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, "inner");
	err_set(&err, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void prefixes(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, "no such file");
	assert_false(err_prefix(&err, "%s: ", "run.trace"));
	assert_string_equal(err.text, "run.trace: no such file");
}

static void long_texts_end_in_dots(void **state)
{
	char big[3 * ERR_TEXT_MAX];
	struct err err;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, "%s", big);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	assert_string_equal(err.text + ERR_TEXT_MAX - 5, "x...");
	err_prefix(&err, "in front: ");
	assert_int_equal(strncmp(err.text, "in front: xxx", 13), 0);
	assert_string_equal(err.text + ERR_TEXT_MAX - 5, "x...");
	err_prefix(&err, "%s", big);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	assert_string_equal(err.text + ERR_TEXT_MAX - 5, "x...");
}

static void longest_text_that_fits_is_whole(void **state)
{
	char big[ERR_TEXT_MAX];
	struct err err;

	(void)state;
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, "%s", big);
	assert_string_equal(err.text, big);
}

static void cut_spares_utf8_characters(void **state)
{
	char big[2 * ERR_TEXT_MAX + 1];
	struct err err;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(big); i += 2)
		memcpy(big + i, "\xc3\xa9", 2);
	big[sizeof(big) - 1] = '\0';
	/* One of the two has the cut inside a character. */
	err_set(&err, "%s", big);
	assert_string_equal(err.text + strlen(err.text) - 5, "\xc3\xa9...");
	err_set(&err, "x%s", big);
	assert_string_equal(err.text + strlen(err.text) - 5, "\xc3\xa9...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_the_text),
		cmocka_unit_test(takes_null),
		cmocka_unit_test(text_may_be_its_own_argument),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(long_texts_end_in_dots),
		cmocka_unit_test(longest_text_that_fits_is_whole),
		cmocka_unit_test(cut_spares_utf8_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
