/*
 * Which test a statement belongs to, and what is counted for each.
 */
#include "report/labels.h"

#include "tests/unit/report/trace_sample.h"

static void expect_label(const char *statement, const char *want)
{
	struct bytes got = label_of_statement(bytes_str(statement));

	if (!bytes_equal_str(got, want))
		fail_msg("\"%s\" gives \"%.*s\"", statement, (int)got.len, (const char *)got.ptr);
}

static void test_the_comment_at_the_head_names_the_test(void **state)
{
	(void)state;
	expect_label("/* test: TestCart::add */ select 1", "TestCart::add");
	expect_label(" \n/*test:x*/select 1", "x");
	expect_label("/*  test:\ta b \n*/", "a b");
	expect_label("select 1 /* test: x */", "");
	expect_label("/* a test: x */ select 1", "");
	expect_label("/* test: */ select 1", "");
	expect_label("/* test: never ends", "");
	expect_label("/*", "");
	expect_label("", "");
}

static void test_a_long_name_is_cut(void **state)
{
	char text[1024];

	(void)state;
	memset(text, 'n', sizeof(text));
	memcpy(text, "/* test: ", 9);
	memcpy(text + 600, "*/", 3);
	assert_int_equal(label_of_statement(bytes_str(text)).len, LABEL_MAX);
}

static void test_else_the_session_names_it(void **state)
{
	struct bytes none = bytes_of(NULL, 0);

	(void)state;
	assert_memory_equal(label_of(none, "suite").ptr, "suite", 5);
	assert_memory_equal(label_of(bytes_str("/* test: x */"), "suite").ptr, "x", 1);
	assert_string_equal((const char *)label_of(none, "").ptr, LABELS_NAME_NONE);
}

static void test_exchanges_are_counted_by_test(void **state)
{
	struct labels l;
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "/* test: a */ select 1");
	sample_value_mismatch(&s, "/* test: b */ select 2", LITERAL("1"), LITERAL("2"));
	sample_exchange(&s, VERDICT_INCONCLUSIVE, "/* test: a */ select 3");
	sample_exchange(&s, VERDICT_EQUAL, "select 4");
	sample_bare_exchange(&s, 99, VERDICT_EQUAL, NULL);
	sample_reopen(&s);
	sample_check(&s, labels_collect(&l, s.trace, NULL, &s.err));
	assert_int_equal(l.count, 4);
	assert_true(l.has_comments);
	assert_int_equal(l.items[0].exchanges, 2);
	assert_int_equal(l.items[0].inconclusive, 1);
	assert_int_equal(l.items[0].truth_us, 20);
	assert_int_equal(l.items[1].mismatches, 1);
	assert_memory_equal(l.items[2].name.ptr, "suite", 5);
	assert_memory_equal(l.items[3].name.ptr, LABELS_NAME_NONE, 9);
	labels_fini(&l);
	sample_end(&s);
}

static void test_what_is_known_is_no_mismatch_of_its_test(void **state)
{
	struct known *known;
	struct labels l;
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	sample_reopen(&s);
	known = known_parse(
		"known", bytes_str("statement select ?\nkind value\ncolumn price\n"), &s.err);
	sample_check(&s, known);
	sample_check(&s, labels_collect(&l, s.trace, known, &s.err));
	assert_int_equal(l.count, 1);
	assert_int_equal(l.items[0].exchanges, 2);
	assert_int_equal(l.items[0].mismatches, 1);
	labels_fini(&l);
	known_free(known);
	sample_end(&s);
}

static void test_tests_beyond_the_limit_are_counted_together(void **state)
{
	struct labels l;
	struct sample s;
	char text[64];

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < LABELS_MAX + 3; i++) {
		snprintf(text, sizeof(text), "/* test: %d */ select 1", i);
		sample_exchange(&s, VERDICT_EQUAL, text);
	}
	sample_reopen(&s);
	sample_check(&s, labels_collect(&l, s.trace, NULL, &s.err));
	assert_int_equal(l.count, LABELS_MAX);
	assert_int_equal(l.others.exchanges, 3);
	labels_fini(&l);
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_comment_at_the_head_names_the_test),
		cmocka_unit_test(test_a_long_name_is_cut),
		cmocka_unit_test(test_else_the_session_names_it),
		cmocka_unit_test(test_exchanges_are_counted_by_test),
		cmocka_unit_test(test_what_is_known_is_no_mismatch_of_its_test),
		cmocka_unit_test(test_tests_beyond_the_limit_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
