/*
 * ORDER BY keys against select lists: which output column shows each key.
 */
#include "tests/unit/diffengine/analysed.h"

#include "base/attr.h"

static void test_keys(void **state)
{
	static const struct expected rows[] = {
		{"select a from t", "none"},
		{"select a from t order by a", "1"},
		{"select a, b from t order by b, a", "2 1"},
		{"select a, b from t order by 2 desc, 1 nulls first", "2 1"},
		{"select a from t order by a using >", "1"},
		{"select a from t order by a collate \"C\"", "1"},
		{"select a collate \"C\" as b from t order by a collate \"C\", a", "1 1"},
		{"(select a from t order by a)", "1"},
		{"select a from t order by b", "-"},
		{"select a from t order by 3", "-"},
		{"select a from t order by 0", "-"},
		{"select a from t order by random()", "-"},
		{"select a from t order by null", "-"},
		/* An output name goes before an input name, in a bare name only. */
		{"select b as a, a as b from t order by a", "1"},
		{"select b as a, a as b from t order by a, b", "1 2"},
		{"select b as a, a as b from t order by t.a", "2"},
		{"select b as a, a as b from t order by a + 0", "-"},
		{"select a as x from t order by a", "1"},
		{"select t.a as x from t order by a", "1"},
		{"select a as x from t order by t.a", "1"},
		{"select t.a as x, u.a as y from t, u order by u.a", "2"},
		{"select t.a as x from t full join u using (a) order by a", "-"},
		{"select t.a as x from t natural join u order by t.a", "1"},
		{"select -a as a from t order by a collate \"C\"", "-"},
		/* Expressions are the same wherever they stand. */
		{"select lower(a) from t order by lower(a)", "1"},
		{"select lower(a) from t order by   LOWER( a )", "1"},
		{"select lower(a) from t order by upper(a)", "-"},
		{"select a + 1 from t order by a + 1", "1"},
		{"select a + 1 from t order by a + 2", "-"},
		/* libpg-query prints both numbers as 0. */
		{"select a + -1 from t order by a + -2", "-"},
		{"select a::text from t order by a::text", "1"},
		{"select a::text from t order by a::varchar", "-"},
		{"select case when a then 1 end from t order by case when a then 1 end", "1"},
		{"select count(*), a from t group by a order by count(*) desc", "1"},
		{"select count(distinct b), a from t group by a order by count(b)", "-"},
		{"select a->>'x' from t order by a->>'x', a->>'y'", "1 -"},
		/* Names that the server makes up. */
		{"select lower(a) from t order by lower", "1"},
		{"select a::int from t order by a", "1"},
		{"select '1'::int from t order by int4", "1"},
		{"select coalesce(a, b) from t order by coalesce", "1"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_order);
}

static void test_stars(void **state)
{
	static const struct expected rows[] = {
		{"select * from t order by a", "a"},
		{"select * from t order by t.a desc, b", "a b"},
		{"select * from t order by 2", "=2"},
		{"select a, * from t order by 1, 2", "1 =2"},
		{"select *, a from t order by 1, a", "=1 2"},
		{"select * from t order by lower(a)", "-"},
		{"select t.* from t, u order by t.a, u.b, c", "a - c"},
		{"select *, count(*) over () n from t order by n, a", "2 a"},
		{"table t order by a", "a"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_order);
}

static void test_statements(void **state)
{
	static const struct expected rows[] = {
		/* Set operations: names and ordinals of the whole. */
		{"select a from t union select b from u order by a", "1"},
		{"select a, b from t union all select c, d from u order by 2, a", "2 1"},
		{"select * from t union select * from u order by 1, x", "=1 x"},
		{"(select a from t order by a) union all (select b from u order by b)", "none"},
		{"values (1, 2), (3, 4) order by column2, 1", "2 1"},
		/* Not the statement's own. */
		{"select * from (select a from t order by a) s", "none"},
		{"with x as (select a from t order by a) select * from x", "none"},
		{"select array_agg(a order by a) from t", "none"},
		{"select row_number() over (order by a) from t", "none"},
		{"select a from t where b in (select c from u order by c limit 1)", "none"},
		{"with x as (select 1 as a) select a from x order by a", "1"},
		{"select * from (select b, a from t) s order by a, 1", "2 1"},
		{"with x(p, q) as (select b, a from t) select * from x order by q", "2"},
		{"select s.*, 1 as z from (select b, a from t) s order by z, 2", "3 2"},
		{"select * from (select * from t) s order by 1", "=1"},
		{"select * from (select a from t) s, u order by 2", "=2"},
		/* Statements around a query. */
		{"declare c cursor for select a from t order by a", "1"},
		{"prepare p as select a, b from t order by b", "2"},
		{"copy (select a from t order by a) to stdout", "1"},
		{"explain select a from t order by a", "none"},
		{"create table x as select a from t order by a", "none"},
		{"insert into t select a from u order by a returning a", "none"},
		{"select a from t order by a for update", "1"},
		{"select distinct on (a) a, b from t order by a, b desc", "1 2"},
		{"select a from t group by rollup (a) order by grouping(a), a", "- 1"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_order);
}

/* More keys than are kept: those that are kept are right. */
static void test_many_keys(void **state)
{
	struct buf sql;

	(void)state;
	buf_init(&sql, 65536);
	assert_true(buf_printf(&sql, "select a from t order by a"));
	for (int i = 0; i < ANALYSIS_KEYS_MAX; i++)
		assert_true(buf_printf(&sql, ", b%d", i));
	struct analysis *a = analysis_new(bytes_str(buf_cstr(&sql)));

	assert_non_null(a);
	assert_int_equal(a->key_count, ANALYSIS_KEYS_MAX);
	assert_int_equal(a->keys[0].target, 1);
	assert_int_equal(a->keys[ANALYSIS_KEYS_MAX - 1].target, 0);
	assert_int_equal(a->sorted_count, ANALYSIS_KEYS_MAX);
	analysis_free(a);
	buf_fini(&sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_stars),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
