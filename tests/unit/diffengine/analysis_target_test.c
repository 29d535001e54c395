/*
 * Select lists: names, stars, and what in them two servers cannot answer alike.
 */
#include "tests/unit/diffengine/analysed.h"

#include "base/attr.h"

static void test_names(void **state)
{
	static const struct expected rows[] = {
		{"select", ""},
		{"select a, t.b, s.t.c, a as d, a \"E e\" from t", "a b c d E e"},
		{"select 1, 'x', a + 1, not a, null from t", "? ? ? ? ?"},
		{"select *, t.*, (a).*, (a).b from t", "* * * b"},
		{"select a[1], (a).b[2], (array[1])[1] from t", "a b array"},
		{"select lower(a), pg_catalog.upper(a), app.f(1) from t", "lower upper f"},
		{"select a::text, 1::int, '1'::app.x, (a + 1)::text from t", "a int4 x text"},
		{"select case a when 1 then 2 end, case when a then b else c end from t", "case c"},
		{"select coalesce(a), greatest(a), least(a), nullif(a, b), row(a) from t",
			"coalesce greatest least nullif row"},
		{"select exists (select 1), array(select 1), (select a from u), (select 1 z)",
			"exists array a z"},
		{"select current_date, current_user, localtime(2), current_timestamp(0)",
			"current_date@ current_user localtime@ current_timestamp@"},
		{"select a collate \"C\", 1 in (select 1) from t", "a ?"},
		{"values (1, 2), (3, 4)", "column1 column2"},
		{"select a from t union select b from u", "a"},
		{"insert into t values (1) returning *, a, b as c", "* a c"},
		{"update t set a = 1 returning t.a", "a"},
		{"delete from t", ""},
		{"declare c cursor for select a from t", "a"},
		{"copy (select a from t) to stdout", "a"},
		{"explain select a from t", ""},
		{"show a", ""},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

static void test_volatile(void **state)
{
	static const struct expected rows[] = {
		{"select random()", "random!"},
		{"select 1 + random() * 2 as r, a from t", "r! a"},
		{"select pg_catalog.random(), app.random()", "random! random"},
		{"select gen_random_uuid(), public.uuid_generate_v4()",
			"gen_random_uuid! uuid_generate_v4!"},
		{"select pg_backend_pid(), txid_current()", "pg_backend_pid! txid_current!"},
		{"select pg_relation_size('t'), version()", "pg_relation_size! version!"},
		{"select nextval('s'), currval('s'), lastval()", "nextval currval lastval"},
		{"select current_database()", "current_database"},
		{"select ctid, t.xmin, a from t", "ctid! xmin! a"},
		{"select tableoid, tableoid::regclass from t", "tableoid! tableoid"},
		{"select case when a then random() end from t", "case!"},
		{"select a from t where random() < 1", "a"},
		{"select a in (select random()) from t", "?"},
		{"select (select random()) as x", "x!"},
		{"select (select a from u where random() < 1) as x", "x"},
		{"select count(*) filter (where random() < 0.5) from t", "count!#"},
		{"values (1, 2), (3, random())", "column1 column2!"},
		{"select 1, 2 union all select 3, random()", "? ?!"},
		{"select 1 union all select * from t", "?"},
		{"insert into t values (1) returning a, xmin", "a xmin!"},
		{"prepare p as select random()", "random!"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

static void test_clock(void **state)
{
	static const struct expected rows[] = {
		{"select now(), clock_timestamp()", "now@ clock_timestamp@"},
		{"select statement_timestamp(), transaction_timestamp(), timeofday()",
			"statement_timestamp@ transaction_timestamp@ timeofday@"},
		{"select current_timestamp, current_time, localtimestamp",
			"current_timestamp@ current_time@ localtimestamp@"},
		{"select date_trunc('day', now()), now() - interval '1 day'", "date_trunc@ ?@"},
		{"select age(a), age(a, b) from t", "age@ age"},
		{"select 'now'::timestamp, timestamptz ' NOW ', date 'today'",
			"timestamp@ timestamptz@ date@"},
		{"select 'now'::text, '2020-01-01'::date, 'nowhere at all, I say'::date",
			"text date date"},
		{"select to_char(current_date, 'YYYY')", "to_char@"},
		{"select a from t where b < now()", "a"},
		{"update t set a = now() returning a", "a"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

static void test_followed(void **state)
{
	static const struct expected rows[] = {
		{"select n, a from (select now() as n, a from t) s", "n@ a"},
		{"select s.n, u.n from (select now() as n) s, u", "n@ n"},
		{"select s.now from (select now()) s", "now@"},
		{"select x + 1 from (select random()) s(x)", "?!"},
		{"select xmin, s.xmax from (select min(x) as xmin, 2 as xmax from t) s",
			"xmin# xmax"},
		{"with c as (select random() as r, a from t) select a, r from c", "a r!"},
		{"with c(x, y) as (select 1, random()) select d.y, x from c d", "y! x"},
		{"with c as (select now() n), d as (select n m from c) select m from d", "m@"},
		{"with c as (select random() r) select app.c.r, r from app.c", "r r"},
		{"select * from (select now(), a from t) s", "now@ a"},
		{"select *, 1 as z from (select now(), a from t) s", "now@ a z"},
		{"select s.* from (select now(), a from t) s, u", "*"},
		{"select * from (select *, now() from t) s", "*"},
		{"select x from (select 1 as x union all select pg_backend_pid()) s", "x!"},
		{"select n from u join (select now() as n) s on true", "n@"},
		{"with recursive c as (select 1 as n union all select n + 1 from c) "
		 "select n from c",
			"n"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

static void test_unordered(void **state)
{
	static const struct expected rows[] = {
		{"select array_agg(a) from t", "array_agg#~"},
		{"select array_agg(a order by b) from t", "array_agg#"},
		{"select string_agg(a, ', ') from t", "string_agg#~', '"},
		{"select string_agg(a, b) from t", "string_agg#~"},
		{"select string_agg(a, '') from t", "string_agg#~''"},
		{"select string_agg(a, ', ' order by a) from t", "string_agg#"},
		{"select json_agg(a), jsonb_agg(a), xmlagg(a) from t",
			"json_agg#~ jsonb_agg#~ xmlagg#~"},
		{"select json_object_agg(a, b), jsonb_object_agg(a, b) from t",
			"json_object_agg#~ jsonb_object_agg#~"},
		{"select array_agg(distinct a) from t", "array_agg#~"},
		{"select 'x' || string_agg(a, ';') as j from t", "j#~';'"},
		{"select string_agg(a, ';') || string_agg(b, ',') as j from t", "j#~"},
		{"select array_to_string(array_agg(a), ',') from t", "array_to_string#~','"},
		{"select array_to_string(array_agg(a order by a), ',') from t", "array_to_string#"},
		{"select array_to_string(a, ',') from t", "array_to_string"},
		{"select percentile_cont(0.5) within group (order by a) from t",
			"percentile_cont#"},
		{"select sum(a), count(*), max(b) from t", "sum# count# max#"},
		{"select array_agg(a) from (select a from t order by a) s", "array_agg#~"},
		{"select (select json_agg(a) from u) from t", "json_agg#~"},
		{"select j from (select json_agg(a) as j from t) s", "j#~"},
		{"select array(select a from t)", "array~"},
		{"select array(select a from t order by a)", "array"},
		{"select array_agg(a) over () from t", "array_agg#~"},
		{"select array_agg(a) over (order by a) from t", "array_agg#"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

static void test_windows(void **state)
{
	static const struct expected rows[] = {
		{"select row_number() over () from t", "row_number#^"},
		{"select row_number() over (partition by a) from t", "row_number#^"},
		{"select row_number() over (order by a) from t", "row_number#"},
		{"select row_number() over w from t window w as (order by a)", "row_number#"},
		{"select row_number() over w from t window w as (partition by a)", "row_number#^"},
		{"select lag(a) over (w order by b) from t window w as (partition by a)", "lag#"},
		{"select first_value(a) over (), ntile(2) over () from t", "first_value#^ ntile#^"},
		{"select count(*) over (), sum(a) over (partition by b) from t", "count# sum#"},
		{"select rank() over () from t", "rank#"},
		{"select sum(a) over (rows between 1 preceding and current row) from t", "sum#^"},
		{"select sum(a) over (rows between unbounded preceding and unbounded following) "
		 "from t",
			"sum#"},
		{"select n + 1 from (select row_number() over () as n from t) s", "?#^"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_targets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_volatile),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_followed),
		cmocka_unit_test(test_unordered),
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
