/*
 * What a statement's text tells: class, tables, the lone table, columns behind stars.
 */
#include "tests/unit/diffengine/analysed.h"

#include "base/attr.h"

static void test_class(void **state)
{
	static const struct expected rows[] = {
		{"select 1", "query"},
		{"(select 1)", "query"},
		{"table t", "query"},
		{"values (1)", "query"},
		{"select 1 union select 2", "query"},
		{"with x as (select 1) select * from x", "query"},
		{"with x as (delete from t returning *) select * from x", "query"},
		{"insert into t values (1)", "change"},
		{"with x as (select 1) insert into t select * from x", "change"},
		{"update t set a = 1", "change"},
		{"delete from t", "change"},
		{"merge into t using u on t.a = u.a when matched then delete", "change"},
		{"explain select 1", "explain"},
		{"explain (analyze, costs off) execute p(1)", "explain p"},
		{"show search_path", "show metadata"},
		{"show all", "show metadata"},
		{"fetch 5 from c", "fetch c"},
		{"fetch all in \"C d\"", "fetch C d"},
		{"move backward 2 from c", "fetch c"},
		{"declare c scroll cursor with hold for select 1", "declare c"},
		{"prepare p(int) as select $1", "prepare p"},
		{"execute p(1)", "execute p"},
		{"copy t to stdout", "copy"},
		{"copy t from stdin", "copy"},
		{"copy (select 1) to stdout", "copy"},
		{"create table t (a int)", "ddl"},
		{"create table t as select 1", "ddl"},
		{"select 1 into t", "ddl"},
		{"select 1 into t union select 2", "ddl"},
		{"create index on t (a)", "ddl"},
		{"create view v as select 1", "ddl"},
		{"alter table t add b int", "ddl"},
		{"drop table t", "ddl"},
		{"truncate t", "ddl"},
		{"grant select on t to public", "ddl"},
		{"begin", "transaction"},
		{"start transaction isolation level serializable", "transaction"},
		{"rollback to savepoint a", "transaction"},
		{"savepoint a", "transaction"},
		{"prepare transaction 'x'", "transaction"},
		{"close c", "other c"},
		{"close all", "other"},
		{"deallocate p", "other p"},
		{"deallocate all", "other"},
		{"do $$ begin end $$", "other"},
		{"call p(1)", "other"},
		{"set a = b", "other"},
		{"vacuum t", "other"},
		{"", "other unparsed"},
		{"-- nothing", "other"},
		{";", "other"},
		{"select 1; delete from t", "query"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_class);
}

static void test_metadata(void **state)
{
	static const struct expected rows[] = {
		{"select * from pg_class", "query metadata"},
		{"select * from pg_catalog.pg_class c join pg_namespace n on true",
			"query metadata"},
		{"select * from information_schema.tables", "query metadata"},
		{"select relname from pg_class where pg_table_is_visible(oid)", "query metadata"},
		{"select current_setting('a'), version()", "query metadata"},
		{"select pg_get_viewdef('v'::regclass)", "query metadata"},
		{"select * from pg_get_keywords()", "query metadata"},
		{"copy (select * from pg_class) to stdout", "copy metadata"},
		{"prepare p as select version()", "prepare metadata p"},
		{"select * from pg_class, t", "query"},
		{"select * from app.pg_class", "query"},
		{"select * from information", "query"},
		{"select 1", "query"},
		{"select current_user", "query"},
		{"select version(), f()", "query"},
		{"select lower('A')", "query"},
		{"delete from pg_class", "change"},
		{"explain select * from pg_class", "explain"},
		{"with pg_x as (select * from t) select * from pg_x", "query"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_class);
}

static void test_tables(void **state)
{
	static const struct expected rows[] = {
		{"select 1", ""},
		{"select * from t", "t"},
		{"select * from s.t", "s.t"},
		{"select * from t a, t b, s.t", "t s.t"},
		{"select * from \"T\"", "T"},
		{"select * from a join b using (x) left join c on true", "a b c"},
		{"select * from (select * from t) s", "t"},
		{"select (select max(a) from u) from t where b in (select c from v)", "u t v"},
		{"select * from t union all select * from u", "t u"},
		{"with x as (select * from t) select * from x", "t"},
		{"with x as (select * from x) select * from x", "x"},
		{"with recursive x as (select 1 union select * from x) select * from x", ""},
		{"with x as (select 1), y as (select * from x, z) select * from y", "z"},
		{"with x as (select 1) select * from s.x", "s.x"},
		{"with x as (select 1) select (select count(*) from x) from t", "t"},
		{"select * from (with x as (select 1) select * from x) s, x", "x"},
		{"with x as (delete from t returning *) select * from x", "t+"},
		{"insert into t values (1)", "t+"},
		{"insert into t select * from u", "t+ u"},
		{"insert into t select * from t", "t+"},
		{"with t as (select 1) insert into t select * from t", "t+"},
		{"update t set a = (select b from u) from v", "t+ u v"},
		{"delete from s.t using u", "s.t+ u"},
		{"merge into t using u on t.a = u.a when matched then delete", "t+ u"},
		{"copy t from stdin", "t+"},
		{"copy t to stdout", "t"},
		{"copy (select * from t) to stdout", "t"},
		{"create table t as select * from u", "u t+"},
		{"select * into t from u", "t+ u"},
		{"create table t (a int references u, like v)", "t+ u v"},
		{"create index on t (a)", "t+"},
		{"alter table t add b int", "t+"},
		{"drop table a.b, c", "a.b+ c+"},
		{"drop function f", ""},
		{"truncate t, u", "t+ u+"},
		{"create view v as select * from t", "v+ t"},
		{"explain insert into t select * from u", "t u"},
		{"explain analyze delete from t", "t+"},
		{"prepare p as update t set a = 1", "t+"},
		{"select * from t a for update of a", "t"},
		{"select * from generate_series(1, 3), f(2)", ""},
		{"select * from t tablesample system (10)", "t"},
		{"do $$ begin delete from t; end $$", ""},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_tables);
}

static void test_lone_table(void **state)
{
	static const struct expected rows[] = {
		{"select * from t", "t"},
		{"select * from t, u", "none"},
		{"select * from t join u using (a)", "none"},
		{"select * from (select * from t) s", "none"},
		{"select * from f()", "none"},
		{"select 1", "none"},
		{"select * from t union select * from t", "none"},
		{"with t as (select 1) select * from t", "none"},
		{"with x as (select 1) select * from t where a = 1", "t fixed a"},
		{"select * from t as u(x, y) where x = 1", "none"},
		{"select id, unnest(a) from t order by id", "none"},
		{"select * from t where a = 1", "t fixed a"},
		{"select * from t where 1 = a", "t fixed a"},
		{"select * from t where a = $1 and t.b = 'x'::text and c > 3", "t fixed a b"},
		{"select * from t where a = $1::int and (b = 2 and c = 3)", "t fixed a b c"},
		{"select * from t where a in (1) and b in (2, 3)", "t fixed a"},
		{"select * from t where a = 1 or b = 2", "t"},
		{"select * from t where not a = 1", "t"},
		{"select * from t where a = null", "t"},
		{"select * from t where a = b", "t"},
		{"select * from t where a not in (1)", "t"},
		{"select * from t where a = any (array[1])", "t"},
		{"select * from t where lower(a) = 'x'", "t"},
		{"select * from t u where u.a = 1 and t.b = 1", "t fixed a"},
		{"select * from s.t where t.a = -1", "t fixed a"},
		{"select * from t order by a, t.b desc", "t sorted a b"},
		{"select a x, -b as y from t order by x, y, c", "t sorted a c"},
		{"select -a as a from t order by a", "t"},
		{"select a, b from t order by 2, 1", "t sorted b a"},
		{"select * from t order by 1", "t"},
		{"select * from t order by lower(a), b", "t sorted b"},
		{"select * from t order by a collate \"C\", b", "t sorted b"},
		{"select * from t where a = 1 order by b limit 1", "t fixed a sorted b"},
		{"declare c cursor for select * from t order by a", "t sorted a"},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows), put_lone_table);
}

static int column_of(const char *sql, size_t target, size_t columns)
{
	struct analysis *a = analysis_new(bytes_str(sql));

	assert_non_null(a);
	int column = analysis_column(a, target, columns);

	analysis_free(a);
	return column;
}

static void test_column(void **state)
{
	(void)state;
	assert_int_equal(column_of("select a, b from t", 1, 2), 2);
	assert_int_equal(column_of("select a, b from t", 1, 3), 0);
	assert_int_equal(column_of("select a, b from t", 2, 2), 0);
	assert_int_equal(column_of("select a, * from t", 0, 4), 1);
	assert_int_equal(column_of("select a, * from t", 1, 4), 0);
	assert_int_equal(column_of("select *, a from t", 1, 4), 4);
	assert_int_equal(column_of("select *, a, b from t", 1, 4), 3);
	assert_int_equal(column_of("select *, a, b from t", 1, 1), 0);
	assert_int_equal(column_of("select *, a from t", 1, 1), 1);
	assert_int_equal(column_of("select x.*, a, y.* from x, y", 1, 9), 0);
	assert_int_equal(column_of("select b, x.*, a, y.*, c from x, y", 0, 9), 1);
	assert_int_equal(column_of("select b, x.*, a, y.*, c from x, y", 4, 9), 9);
	assert_int_equal(column_of("select a", 0, 0), 0);
	assert_int_equal(column_of("delete from t", 0, 1), 0);
}

/* One place more than is kept: what is left out is never claimed. */
static void test_many_tables(void **state)
{
	struct buf sql;

	(void)state;
	buf_init(&sql, 65536);
	assert_true(buf_printf(&sql, "select * from pg_0"));
	for (int i = 1; i <= ANALYSIS_TABLES_MAX; i++)
		assert_true(buf_printf(&sql, ", %s%d", i < ANALYSIS_TABLES_MAX ? "pg_" : "t", i));
	struct analysis *a = analysis_new(bytes_str(buf_cstr(&sql)));

	assert_non_null(a);
	assert_int_equal(a->table_count, ANALYSIS_TABLES_MAX);
	assert_false(a->is_metadata);
	analysis_free(a);
	buf_fini(&sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_lone_table),
		cmocka_unit_test(test_column),
		cmocka_unit_test(test_many_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
