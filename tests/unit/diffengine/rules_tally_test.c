/*
 * The tally of rules: shares, the worst statement, bounds, and the judgement.
 */
#include "diffengine/rules_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void run(struct rules_tally *tally, uint64_t statement, int executions, int hidden)
{
	for (int i = 0; i < executions; i++)
		rules_tally_ran(tally, statement);
	for (int i = 0; i < hidden; i++)
		rules_tally_hid(tally, 3, statement);
}

static void test_worst(void **state)
{
	struct rules_tally *tally = rules_tally_new();

	(void)state;
	run(tally, 1, 100, 10);
	run(tally, 2, 20, 5);
	run(tally, 3, 9, 9);
	run(tally, 0, 10, 1);
	struct rules_share worst = rules_tally_worst(tally, 3);
	assert_int_equal(worst.statement, 2);
	assert_int_equal(worst.executions, 20);
	assert_int_equal(worst.hidden, 5);
	worst = rules_tally_worst(tally, 2);
	assert_int_equal(worst.executions, 0);
	assert_int_equal(rules_tally_omitted(tally), 0);
	rules_tally_free(tally);
	rules_tally_free(NULL);
}

static void test_bounded(void **state)
{
	struct rules_tally *tally = rules_tally_new();

	(void)state;
	for (uint64_t i = 0; i < RULES_TALLY_STATEMENTS + 500; i++)
		run(tally, i, 10, 3);
	assert_int_equal(rules_tally_omitted(tally), 500 * 13);
	assert_int_equal(rules_tally_worst(tally, 3).hidden, 3);
	/* Those that are known are counted on. */
	run(tally, 77, 0, 7);
	assert_int_equal(rules_tally_worst(tally, 3).statement, 77);
	rules_tally_free(tally);
}

static void test_judgement(void **state)
{
	struct rule rule = {.name = "a"};
	struct rules_share none = {.executions = 0}, fifth = {.executions = 100, .hidden = 20};
	struct rules_share more = {.executions = 100, .hidden = 21};
	struct rules_share few = {.executions = 9, .hidden = 9};

	(void)state;
	assert_int_equal(rules_judge(&rule, &none), RULES_NEVER_FIRED);
	rule.pack = "yugabytedb";
	assert_int_equal(rules_judge(&rule, &none), RULES_FINE);
	rule.use.fired = 1;
	rule.pack = NULL;
	assert_int_equal(rules_judge(&rule, &none), RULES_FINE);
	assert_int_equal(rules_judge(&rule, &fifth), RULES_FINE);
	assert_int_equal(rules_judge(&rule, &more), RULES_HIDES_MUCH);
	assert_int_equal(rules_judge(&rule, &few), RULES_FINE);
	rule.use.fired = 0;
	rule.use.commands = 1; /* a tolerance made it equal */
	assert_int_equal(rules_judge(&rule, &none), RULES_FINE);
	rule.is_expired = true;
	assert_int_equal(rules_judge(&rule, &more), RULES_EXPIRED);
	assert_string_equal(rules_finding_text(RULES_NEVER_FIRED), "never fired");
	assert_string_equal(rules_finding_text(RULES_FINE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_judgement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
