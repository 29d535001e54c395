/*
 * Highlighted SQL: what is marked, that nothing gets lost, and what is not shown.
 */
#include "report/html_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static void expect(struct bytes statement, const char *html)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	html_sql(out, statement);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, html);
	free(text);
}

static void test_words_literals_and_comments(void **state)
{
	(void)state;
	expect(bytes_str("SELECT a, 'x' -- why\nFROM selected WHERE b < 1"),
		"<b>SELECT</b> a, <em>&#39;x&#39;</em><i> -- why\n</i><b>FROM</b> selected "
		"<b>WHERE</b> b &lt; <em>1</em>");
	expect(bytes_str("/* a */ select \"from\""),
		"<i>/* a */ </i><b>select</b> &quot;from&quot;");
	expect(bytes_str(""), "");
	expect(bytes_of("a\0\xff<", 4), "a\xe2\x90\x80\xef\xbf\xbd&lt;");
}

static void test_passwords_are_not_shown(void **state)
{
	(void)state;
	expect(bytes_str("alter user a Password 'geheim' valid until 'x'"),
		"<b>alter</b> user a Password <em>&#39;[not shown]&#39;</em> valid until "
		"<em>&#39;x&#39;</em>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_literals_and_comments),
		cmocka_unit_test(test_passwords_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
