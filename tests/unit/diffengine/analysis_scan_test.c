/*
 * Texts that libpg-query cannot parse: what the tokens still tell, and that it is never more
 * than they do. "NEW" is made to fail in the grammar by 1_000 and the like.
 */
#include "tests/unit/diffengine/analysed.h"

#include "base/attr.h"

static void test_class(void **state)
{
	static const struct expected rows[] = {
		{"select 1_000", "query unparsed"},
		{"(select 0x1F)", "query unparsed"},
		{"((select 1_000) union (select 2))", "query unparsed"},
		{"with x as (delete from t where a = 1_0 returning *) select * from x",
			"query unparsed"},
		{"with x as (select 1_000) insert into t select * from x", "change unparsed"},
		{"insert into t values (1_000) returning a", "change unparsed"},
		{"update t set a = 1_000", "change unparsed"},
		{"select 1_000 into t", "ddl unparsed"},
		{"create table t (a int, primary key (a hash)) split into 4 tablets",
			"ddl unparsed"},
		{"create index nonconcurrently i on t (a) split at values ((1))", "ddl unparsed"},
		{"explain (dist) select 1_000", "explain unparsed"},
		{"declare \"C \"\"x\" cursor for select 1_000", "declare unparsed C \"x"},
		{"prepare P1 as select 1_000", "prepare unparsed p1"},
		{"execute p(1_000)", "execute unparsed p"},
		{"fetch 1_000 from C", "fetch unparsed c"},
		{"copy (select 1_000) to stdout", "copy unparsed"},
		{"begin now", "transaction unparsed"},
		{"prepare transaction x", "transaction unparsed"},
		{"show a b c", "show unparsed metadata"},
		{"frobnicate", "other unparsed"},
		{"-- nothing but a comment", "other"},
		{"'", "other unparsed"},
		{"((((", "other unparsed"},
		{")", "other unparsed"},
		{"select $$", "query unparsed"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_class);
}

static void test_order(void **state)
{
	static const struct expected rows[] = {
		{"select 1_0 from t", "none"},
		{"select 1_0 from t order by 1", "unknown"},
		{"(select 1_0 from t order by 1)", "unknown"},
		{"select * from (select 1_0 from t order by 1) s", "none"},
		{"(select 1_0 order by 1) union select 2", "none"},
		{"(select 1_0) union select 2 order by 1", "unknown"},
		{"declare c cursor for select 1_0 order by 1", "unknown"},
		{"copy (select 1_0 order by 1) to stdout", "unknown"},
		{"insert into t select 1_0 order by 1 returning a", "none"},
		{"explain select 1_0 order by 1", "none"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_order);
}

static void test_limit(void **state)
{
	static const struct expected rows[] = {
		{"select 1_0 from t", ""},
		{"select 1_0 from t limit 5", "limit 5"},
		{"select 1_0 from t limit 5 offset 3", "limit 5 offset"},
		{"select 1_0 from t limit $2", "limit $2"},
		{"select 1_0 from t limit all", ""},
		{"select 1_0 from t limit null", ""},
		{"select 1_0 from t limit 2+3", "limit 2"},
		{"select 1_0 from t limit (5)", "limit ?"},
		{"select a from t limit 0x10", "limit ?"},
		{"select 1_0 from t fetch first 3 rows with ties", "limit 3 ties"},
		{"select 1_0 from t fetch next row only", "limit 1"},
		{"select distinct on (1_0) a from t", "distinct-on"},
		{"select 1_0 from (select a from t limit 2) s", "inner"},
		{"select 1_0 from (select a from t limit 2) s limit 3", "limit 3 inner"},
		{"(select 1_0 limit 2) union select 3", "inner"},
		{"insert into t select 1_0 from u limit 2", "inner"},
		{"select 1_0, t.limit from t", ""},
		{"select Sum(a), 1_0 from t", "aggregating"},
		{"select \"sum\"(a), 1_0 from t", ""},
		{"select a, 1_0 from t group by a", "aggregating"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
