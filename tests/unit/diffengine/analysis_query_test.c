/*
 * Where rows are cut, how many there can be, whether their sequence is that of the input.
 */
#include "tests/unit/diffengine/analysed.h"

#include "base/attr.h"

static void test_limit(void **state)
{
	static const struct expected rows[] = {
		{"select a from t", ""},
		{"select a from t limit 5", "limit 5"},
		{"select a from t limit 0", "limit 0"},
		{"select a from t limit 5::bigint offset 2", "limit 5 offset"},
		{"select a from t limit 3000000000", "limit 3000000000"},
		{"select a from t limit 99999999999999999999", "limit ?"},
		{"select a from t limit 1.5", "limit ?"},
		{"select a from t limit 2 + 3", "limit ?"},
		{"select a from t limit $3", "limit $3"},
		{"select a from t limit $2::int", "limit $2"},
		{"select a from t limit all", ""},
		{"select a from t limit null offset null", ""},
		{"select a from t offset 0", ""},
		{"select a from t offset 3", "offset"},
		{"select a from t offset $1 rows", "offset"},
		{"select a from t fetch first row only", "limit 1"},
		{"select a from t fetch next 7 rows only", "limit 7"},
		{"select a from t order by a fetch first 3 rows with ties", "limit 3 ties"},
		{"select distinct on (a) a, b from t", "distinct-on"},
		{"select distinct a from t", ""},
		{"select a from t union select b from u limit 3", "limit 3"},
		{"values (1), (2) limit 1", "limit 1 input"},
		{"declare c cursor for select a from t limit 2", "limit 2"},
		{"prepare p as select a from t limit $1", "limit $1"},
		{"copy (select a from t limit 4) to stdout", "limit 4"},
		{"explain select a from t limit 4", ""},
		{"fetch 5 from c", "limit 5"},
		{"fetch c", "limit 1"},
		{"fetch backward 4 from c", "limit 4"},
		{"fetch absolute -3 from c", "limit 1"},
		{"fetch all from c", ""},
		{"fetch backward all from c", ""},
		{"move 5 in c", ""},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_limit);
}

static void test_inner_limit(void **state)
{
	static const struct expected rows[] = {
		{"select * from (select a from t limit 1) s", "inner"},
		{"select * from (select a from t offset 2) s", "inner"},
		{"select * from (select a from t offset 0) s", ""},
		{"select * from (select a from t limit all) s", ""},
		{"select * from (select a from t limit 0) s", ""},
		{"select * from (select distinct on (a) * from t) s", "inner"},
		{"with x as (select a from t limit 1) select * from x", "inner"},
		{"select (select a from t limit 1)", "inner single"},
		{"select b from t where a in (select a from u order by b limit 1)", "inner"},
		{"(select a from t limit 1) union all select 2", "inner"},
		{"insert into t select a from u limit 3", "inner"},
		{"delete from t where a = (select b from u limit 1)", "inner"},
		{"select * from t tablesample bernoulli (5)", "inner"},
		/* What is cut is determined after all. */
		{"select * from (select a from t order by a limit 1) s", ""},
		{"select * from (select a, b from t order by b, 1 desc limit 1) s", ""},
		{"select * from (select a, b from t order by b limit 1) s", "inner"},
		{"select * from (select * from t order by a limit 1) s", "inner"},
		{"select * from (select b from t order by a fetch first 2 rows with ties) s", ""},
		{"select * from (select max(a) from t limit 1) s", ""},
		{"select * from (select 1 limit 1) s", ""},
		{"select b from t where exists (select 1 from u limit 1)", ""},
		{"select b from t where exists (select 1 from (select c from u limit 2) v)",
			"inner"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct analysis *a = analysis_new(bytes_str(rows[i].sql));

		assert_non_null(a);
		if (a->has_inner_limit != (strncmp(rows[i].text, "inner", 5) == 0))
			fail_msg("%s: %d", rows[i].sql, a->has_inner_limit);
		analysis_free(a);
	}
}

static void test_rows(void **state)
{
	static const struct expected rows[] = {
		{"select 1, 'a'", "single"},
		{"select now(), lower('A'), nextval('s')", "single"},
		{"select f(1)", ""},
		{"select app.lower('A')", ""},
		{"select generate_series(1, 3)", "input"},
		{"select (select count(*) from generate_series(1, 3))", "single aggregating"},
		{"select count(*) from t", "single aggregating"},
		{"select max(a) + 1 from t where b", "single aggregating"},
		{"select 1 from t having true", "single"},
		{"select count(*) from t group by a", "aggregating"},
		{"select count(*) from t group by ()", "aggregating"},
		{"select count(*) over () from t", "aggregating"},
		{"select count(*), unnest(array[1, 2]) from t", "aggregating"},
		{"select (select max(a) from u) from t", "aggregating"},
		{"select a from t where b = (select avg(c) from u)", "aggregating"},
		{"select f(distinct a) from t group by b", "aggregating"},
		{"select 1 union all select 2", ""},
		{"values (1)", "single input"},
		{"values (2), (1)", "input"},
		{"values (2), (1) order by 1", ""},
		{"select * from (values (2), (1)) v", ""},
		{"select * from generate_series(1, 3)", "input"},
		{"select n * 2 from unnest(array[3, 1]) with ordinality u(n)", "input"},
		{"select * from rows from (generate_series(1, 2), unnest(array[1])) r", "input"},
		{"select * from json_array_elements('[2, 1]') where value is not null", "input"},
		{"select * from generate_series(1, 3) a, generate_series(1, 3) b", ""},
		{"select * from generate_series(1, 3) a join t on true", ""},
		{"select distinct * from generate_series(1, 3)", ""},
		{"select g, count(*) from generate_series(1, 3) g group by g", "aggregating"},
		{"select g, rank() over (partition by g) from generate_series(1, 3) g",
			"aggregating"},
		{"select unnest((select array_agg(a) from t))", "aggregating"},
		{"select * from f(3)", ""},
		{"insert into t values (1), (2) returning a", "input"},
		{"insert into t values (1) returning a", "single input"},
		{"insert into t values (f(1)) on conflict do nothing", "single input"},
		{"insert into t values (generate_series(1, 3)) returning a", "input"},
		{"insert into t default values returning a", "single"},
		{"insert into t select a from u returning a", ""},
		{"insert into t values (2), (1) order by 1 returning a", ""},
		{"update t set a = 1 returning a", ""},
		{"prepare p as insert into t values (2), (1) returning a", "input"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_inner_limit),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
