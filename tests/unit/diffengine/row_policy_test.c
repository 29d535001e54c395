/*
 * What the statement determines and what it does not: order, ties, limits, volatile columns,
 * unordered aggregates, portions of cursors. Each case is a statement, both answers, and the
 * verdict.
 */
#include "diffengine/row_policy.h"

#include "base/attr.h"
#include "diffengine/analysis.h"
#include "diffengine/ledger.h"
#include "tests/unit/diffengine/compared.h"

struct policy_case {
	const char *statement, *truth, *candidate;
	enum verdict verdict;
	enum diff_kind kind; /* of the first difference; DIFF_KIND_COUNT: there is none */
};

#define NONE DIFF_KIND_COUNT
#define ROWS "T id:23 name; "

static void run(struct compared *c, const char *statement)
{
	c->input.policy.analyses = analysis_cache_new();
	assert_non_null(c->input.policy.analyses);
	c->commands[0].text = bytes_str(statement);
	compared_run(c);
	analysis_cache_free(c->input.policy.analyses);
}

static void check(const struct policy_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_case *k = &cases[i];
		struct compared c;

		compared_init(&c, k->truth, k->candidate);
		run(&c, k->statement);
		if (c.result.verdict != k->verdict)
			fail_msg("%s: %s, expected %s: %s", k->statement,
				verdict_name(c.result.verdict), verdict_name(k->verdict),
				c.result.count ? c.result.differences[0].text : "no difference");
		if (k->kind == NONE ? c.result.count > 0 : c.result.differences[0].kind != k->kind)
			fail_msg("%s: %s", k->statement,
				c.result.count ? c.result.differences[0].text : "no difference");
		compared_fini(&c);
	}
}

static void test_order(void **state)
{
	static const char one[] = ROWS "D 1|a; D 2|b; D 3|c; C SELECT 3";
	static const char other[] = ROWS "D 2|b; D 1|a; D 3|c; C SELECT 3";
	static const struct policy_case cases[] = {
		{"select * from t", one, other, VERDICT_EQUAL, NONE},
		{"select * from t order by id", one, other, VERDICT_MISMATCH, DIFF_ORDER},
		{"select id, name from t order by 1", one, other, VERDICT_MISMATCH, DIFF_ORDER},
		{"select id, name as x from t order by x desc", one, other, VERDICT_MISMATCH,
			DIFF_ORDER},
		/* The key is not shown: nothing can be said of the sequence. */
		{"select id, name from t order by price", one, other, VERDICT_EQUAL, NONE},
		{"select id, name from (select * from t order by id) s", one, other, VERDICT_EQUAL,
			NONE},
		{"with s as (select * from t order by id) select id, name from s", one, other,
			VERDICT_EQUAL, NONE},
		{"insert into t values (1, 'a') returning id, name", one, other, VERDICT_EQUAL,
			NONE},
		{"select id, name from t union select id, name from u order by id", one, other,
			VERDICT_MISMATCH, DIFF_ORDER},
		/* YugabyteDB's own syntax: what is not understood is not held against anybody. */
		{"select yb_thing ?? from t order by id", one, other, VERDICT_UNDECIDABLE,
			DIFF_VALUE},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void test_ties(void **state)
{
	static const char one[] = ROWS "D 1|a; D 1|b; D 2|c; C SELECT 3";
	static const char swapped[] = ROWS "D 1|b; D 1|a; D 2|c; C SELECT 3";
	static const char wrong[] = ROWS "D 1|a; D 2|c; D 1|b; C SELECT 3";
	static const char other[] = ROWS "D 1|a; D 1|x; D 2|c; C SELECT 3";
	static const struct policy_case cases[] = {
		{"select id, name from t order by id", one, swapped, VERDICT_EQUAL, NONE},
		{"select * from t order by id", one, swapped, VERDICT_EQUAL, NONE},
		{"select id, name from t order by id", one, wrong, VERDICT_MISMATCH, DIFF_ORDER},
		{"select id, name from t order by id", one, other, VERDICT_MISMATCH, DIFF_VALUE},
		{"select id, name from t order by id, name", one, swapped, VERDICT_MISMATCH,
			DIFF_ORDER},
		/* The second key is hidden: ties of the first are a multiset. */
		{"select id, name from t order by id, price", one, swapped, VERDICT_EQUAL, NONE},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void test_limits(void **state)
{
	static const char one[] = ROWS "D 1|a; D 2|b; C SELECT 2";
	static const char other[] = ROWS "D 1|a; D 4|d; C SELECT 2";
	static const char tied[] = ROWS "D 1|a; D 2|x; C SELECT 2";
	static const char early[] = ROWS "D 1|x; D 2|b; C SELECT 2";
	static const char fewer[] = ROWS "D 1|a; C SELECT 1";
	static const struct policy_case cases[] = {
		{"select * from t limit 2", one, other, VERDICT_UNDECIDABLE, DIFF_VALUE},
		{"select * from t limit 2", one, fewer, VERDICT_MISMATCH, DIFF_ROW_COUNT},
		/* Fewer than the limit on both sides: complete. */
		{"select * from t limit 5", one, other, VERDICT_MISMATCH, DIFF_VALUE},
		{"select * from t offset 1", one, other, VERDICT_UNDECIDABLE, DIFF_VALUE},
		{"select id, name from t order by id limit 2", one, other, VERDICT_MISMATCH,
			DIFF_VALUE},
		{"select id, name from t order by id limit 2", one, tied, VERDICT_UNDECIDABLE,
			DIFF_VALUE},
		{"select id, name from t order by id limit 2", one, early, VERDICT_MISMATCH,
			DIFF_VALUE},
		{"select id, name from t order by id offset 1", one, early, VERDICT_UNDECIDABLE,
			DIFF_VALUE},
		{"select id, name from t order by id fetch first 2 rows with ties", one, tied,
			VERDICT_MISMATCH, DIFF_VALUE},
		{"select id, name from t order by price limit 2", one, other, VERDICT_UNDECIDABLE,
			DIFF_VALUE},
		{"select count(*) as id, max(name) as name from t limit 1",
			ROWS "D 1|a; C SELECT 1", ROWS "D 2|a; C SELECT 1", VERDICT_MISMATCH,
			DIFF_VALUE},
		{"select distinct on (name) id, name from t", one, other, VERDICT_UNDECIDABLE,
			DIFF_VALUE},
		{"select id, name from (select * from t limit 2) s", one, other,
			VERDICT_UNDECIDABLE, DIFF_VALUE},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void test_a_unique_key_makes_it_total(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, ROWS "D 1|a; C SELECT 1", ROWS "D 1|b; C SELECT 1");
	c.commands[0].is_total = true;
	run(&c, "select * from t where id = $1 limit 1");
	compared_expect(&c, 0, DIFF_VALUE, "");
	compared_fini(&c);
}

static void test_columns(void **state)
{
	static const struct policy_case cases[] = {
		{"select 1 as id, random() as name", ROWS "D 1|0.5; C SELECT 1",
			ROWS "D 1|0.25; C SELECT 1", VERDICT_ALLOWED, DIFF_VALUE},
		{"select 1 as id, random() as name", ROWS "D 1|0.5; C SELECT 1",
			ROWS "D 2|0.25; C SELECT 1", VERDICT_MISMATCH, DIFF_VALUE},
		{"select 1 as id, random() as name", ROWS "D 1|0.5; C SELECT 1",
			ROWS "D 1|\\N; C SELECT 1", VERDICT_MISMATCH, DIFF_VALUE},
		{"select id, string_agg(name, ',') as name from t group by id",
			ROWS "D 1|x,y; D 2|u,v; C SELECT 2", ROWS "D 2|v,u; D 1|y,x; C SELECT 2",
			VERDICT_ALLOWED, DIFF_VALUE},
		{"select id, string_agg(name, ',') as name from t group by id",
			ROWS "D 1|x,y; D 2|u,v; C SELECT 2", ROWS "D 2|v,v; D 1|y,x; C SELECT 2",
			VERDICT_MISMATCH, DIFF_VALUE},
		{"select id, string_agg(name, ',' order by name) as name from t group by id",
			ROWS "D 1|x,y; C SELECT 1", ROWS "D 1|y,x; C SELECT 1", VERDICT_MISMATCH,
			DIFF_VALUE},
		{"select sum(price) as p from t", "T p:701; D 0.30000000000000004; C SELECT 1",
			"T p:701; D 0.3; C SELECT 1", VERDICT_ALLOWED, DIFF_VALUE},
		{"select price as p from t", "T p:701; D 0.30000000000000004; C SELECT 1",
			"T p:701; D 0.3; C SELECT 1", VERDICT_MISMATCH, DIFF_VALUE},
		{"select count(*) as p from t", "T p:20; D 3; C SELECT 1",
			"T p:20; D 4; C SELECT 1", VERDICT_MISMATCH, DIFF_VALUE},
		{"explain select * from t", "T QUERY; D Seq Scan; C EXPLAIN",
			"T QUERY; D Index Scan; D x; C EXPLAIN", VERDICT_ALLOWED, DIFF_VALUE},
		{"explain select * from t", "T QUERY; D Seq Scan; C EXPLAIN", "E 42601 no",
			VERDICT_MISMATCH, DIFF_ERROR_SUCCESS},
		{"select id, name, row_number() over () as n from t",
			"T id:23 name n:20; D 1|a|1; D 2|b|2; C SELECT 2",
			"T id:23 name n:20; D 2|b|1; D 1|a|2; C SELECT 2", VERDICT_UNDECIDABLE,
			DIFF_VALUE},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void test_clocks(void **state)
{
	static const char a[] = "T at:1184; D 2026-11-23 10:00:01+00; C SELECT 1";
	static const char b[] = "T at:1184; D 2026-11-23 10:00:02+00; C SELECT 1";
	const int64_t now = INT64_C(1795428000) * 1000000; /* 2026-11-23 10:00:00 */
	static const struct {
		int64_t tolerance, from, until;
		enum verdict verdict;
	} cases[] = {
		{0, 0, 0, VERDICT_MISMATCH}, {5000000, -1000000, 9000000, VERDICT_ALLOWED},
		{500000, -1000000, 9000000, VERDICT_MISMATCH},
		{5000000, -9000000, -1000000, VERDICT_MISMATCH}, /* before the run's time */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compared c;

		compared_init(&c, a, b);
		c.input.policy.clock_us = cases[i].tolerance;
		c.input.policy.clock_from_us = now + cases[i].from;
		c.input.policy.clock_until_us = now + cases[i].until;
		run(&c, "select at from t");
		assert_int_equal(c.result.verdict, cases[i].verdict);
		compared_fini(&c);
	}
}

/* Two portions of a cursor, the second being the last. */
static enum verdict portions(const char *const scripts[4])
{
	struct ledger ledger = {0};
	enum verdict last = VERDICT_EQUAL;

	for (int i = 0; i < 2; i++) {
		struct compared c;

		compared_init(&c, scripts[2 * i], scripts[2 * i + 1]);
		c.commands[0].is_partial = true;
		c.commands[0].portion =
			(struct compare_portion){.ledger = &ledger, .key = 7, .rows = 2};
		run(&c, "declare c cursor for select * from t");
		last = c.result.verdict;
		if (i == 0)
			assert_int_equal(last, VERDICT_UNDECIDABLE);
		compared_fini(&c);
	}
	assert_int_equal(ledger.count, 0);
	return last;
}

static void test_cursors(void **state)
{
	static const char *const same[] = {ROWS "D 1|a; D 2|b; C FETCH 2",
		ROWS "D 3|c; D 2|b; C FETCH 2", ROWS "D 3|c; C FETCH 1", ROWS "D 1|a; C FETCH 1"};
	static const char *const other[] = {ROWS "D 1|a; D 2|b; C FETCH 2",
		ROWS "D 3|c; D 2|b; C FETCH 2", ROWS "D 3|c; C FETCH 1", ROWS "D 1|x; C FETCH 1"};
	static const char *const empty[] = {ROWS "D 1|a; D 2|b; C FETCH 2",
		ROWS "D 3|c; D 2|b; C FETCH 2", ROWS "C FETCH 0", ROWS "C FETCH 0"};

	(void)state;
	assert_int_equal(portions(same), VERDICT_EQUAL);
	assert_int_equal(portions(other), VERDICT_MISMATCH);
	assert_int_equal(portions(empty), VERDICT_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_unique_key_makes_it_total),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_cursors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
