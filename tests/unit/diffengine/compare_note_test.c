/*
 * Known differences in the comparison: allowed by name, and only what they name.
 */
#include "diffengine/known.h"
#include "tests/unit/diffengine/compared.h"

static struct known *list(const char *text)
{
	struct err err = {.text = ""};
	struct known *known = known_parse("known", bytes_str(text), &err);

	if (!known)
		fail_msg("%s", err.text);
	return known;
}

static void run(struct compared *c, struct known *known, const char *statement)
{
	c->input.policy.known = known;
	c->commands[0].asked = c->commands[0].text = bytes_str(statement);
	compared_run(c);
}

static void test_a_known_value(void **state)
{
	struct known *known = list("statement select ?\nkind value\ncolumn b\n");
	struct compared c;

	(void)state;
	compared_init(&c, "T a b; D 1|2; C SELECT 1; Z I", "T a b; D 1|3; C SELECT 1; Z I");
	run(&c, known, "SELECT 1");
	assert_int_equal(c.result.verdict, VERDICT_ALLOWED);
	assert_int_equal(c.result.commands[0], VERDICT_ALLOWED);
	assert_int_equal(c.result.agreed, buf_len(&c.truth));
	assert_int_equal(c.result.count, 1);
	assert_string_equal(c.result.differences[0].rule, "known:1");
	compared_fini(&c);
	compared_init(&c, "T a b; D 1|2; C SELECT 1; Z I", "T a b; D 2|3; C SELECT 1; Z I");
	run(&c, known, "SELECT 1");
	assert_int_equal(c.result.verdict, VERDICT_MISMATCH);
	compared_fini(&c);
	compared_init(&c, "T a b; D 1|2; C SELECT 1; Z I", "T a b; D 1|3; C SELECT 1; Z I");
	run(&c, known, "SELECT a");
	assert_int_equal(c.result.verdict, VERDICT_MISMATCH);
	compared_fini(&c);
	known_free(known);
}

static void test_a_known_error(void **state)
{
	struct known *known = list("statement insert into t values(?)\nkind error-success\n"
				   "truth success\ncandidate 23505\n");
	struct compared c;

	(void)state;
	compared_init(&c, "C INSERT 0 1; Z I", "E 23505 dup; Z I");
	run(&c, known, "INSERT INTO t VALUES (1)");
	assert_int_equal(c.result.verdict, VERDICT_ALLOWED);
	compared_fini(&c);
	compared_init(&c, "C INSERT 0 1; Z I", "E 23503 no key; Z I");
	run(&c, known, "INSERT INTO t VALUES (1)");
	assert_int_equal(c.result.verdict, VERDICT_MISMATCH);
	compared_fini(&c);
	compared_init(&c, "E 23505 dup; Z I", "C INSERT 0 1; Z I");
	run(&c, known, "INSERT INTO t VALUES (1)");
	assert_int_equal(c.result.verdict, VERDICT_MISMATCH);
	compared_fini(&c);
	known_free(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_known_value),
		cmocka_unit_test(test_a_known_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
