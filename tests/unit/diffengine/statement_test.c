/*
 * Statement traits: splitting, whether it may write, whether its rows come in order. Wrong
 * answers on the cautious side are tolerated by the product, so tables name what must be
 * recognised; the other tables name what must never be taken for harmless.
 */
#include "diffengine/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"

static struct statement_traits traits_of(const char *sql)
{
	struct bytes rest = bytes_str(sql);
	struct statement_traits traits;

	assert_true(statement_next(&rest, &traits));
	return traits;
}

/* The statements' texts, each in brackets; "-" marks an empty one. */
static void assert_split(const char *sql, const char *expected)
{
	struct bytes rest = bytes_str(sql);
	struct statement_traits t;
	struct buf line;

	buf_init(&line, 4096);
	while (statement_next(&rest, &t))
		assert_true(buf_printf(&line, "[%.*s]%s", (int)t.text.len, (const char *)t.text.ptr,
			t.is_empty ? "-" : ""));
	assert_string_equal(buf_cstr(&line), expected);
	assert_null(rest.ptr);
	assert_false(statement_next(&rest, &t));
	buf_fini(&line);
}

static void test_split(void **state)
{
	(void)state;
	assert_split("select 1", "[select 1]");
	assert_split("select 1;", "[select 1]");
	assert_split("select 1; select 2", "[select 1][ select 2]");
	assert_split("select 1; select 2; ", "[select 1][ select 2]");
	assert_split("a;b;c", "[a][b][c]");
	assert_split("select ';' ; select \";\"", "[select ';' ][ select \";\"]");
	assert_split("select $$;$$; x", "[select $$;$$][ x]");
	assert_split("a -- ;\n; b", "[a -- ;\n][ b]");
	assert_split("a /* ; */; b", "[a /* ; */][ b]");
}

/* The server answers an empty statement only where the text has no other. */
static void test_split_empty(void **state)
{
	(void)state;
	assert_split("", "[]-");
	assert_split("  ", "[  ]-");
	assert_split("-- nothing", "[-- nothing]-");
	assert_split(";", "[]-");
	assert_split(";;  ;", "[]-");
	assert_split("; ; a", "[ a]");
	assert_split("a;;;b", "[a][b]");
	assert_split("a; ;\n-- end\n;", "[a]");
	assert_split("a; -- end", "[a]");
	assert_split("a; /* hint */ b", "[a][ /* hint */ b]");
	assert_split("a; -- one\n; -- two\n b", "[a][ -- two\n b]");
}

static void test_split_inside(void **state)
{
	(void)state;
	assert_split("create rule r as on insert to t do (delete from a; delete from b); c",
		"[create rule r as on insert to t do (delete from a; delete from b)][ c]");
	assert_split("create function f() returns int begin atomic select 1; select 2; end; x",
		"[create function f() returns int begin atomic select 1; select 2; end][ x]");
	assert_split("create procedure p() BEGIN /* c */ ATOMIC select case when a then 1 end; "
		     "select 2; END; x",
		"[create procedure p() BEGIN /* c */ ATOMIC select case when a then 1 end; "
		"select 2; END][ x]");
	assert_split("begin; select atomic; end; x", "[begin][ select atomic][ end][ x]");
	assert_split("select case when a then 1 end; x", "[select case when a then 1 end][ x]");
	/* Never closed: the server refuses all of it as one. */
	assert_split("select (1; select 2", "[select (1; select 2]");
	assert_split("select 1); select 2", "[select 1)][ select 2]");
	assert_split("f() begin atomic select 1; x", "[f() begin atomic select 1; x]");
	assert_split("select 'a; b", "[select 'a; b]");
}

static void test_no_text_at_all(void **state)
{
	struct bytes rest = bytes_of(NULL, 0);
	struct statement_traits t;

	(void)state;
	assert_false(statement_next(&rest, &t));
	assert_false(statement_may_write(rest));
	assert_false(statement_at(rest, 0, &t));
	t = traits_of(" /* a */ ");
	assert_true(t.is_empty);
	assert_false(t.is_writing);
	assert_true(t.is_ordered);
	assert_false(traits_of("x").is_empty);
}

static void test_at(void **state)
{
	struct bytes text = bytes_str("; begin; ; update t set a = 1; select 2 order by 1;");
	struct statement_traits t;

	(void)state;
	assert_true(statement_at(text, 0, &t));
	assert_true(bytes_equal_str(t.text, " begin"));
	assert_true(statement_at(text, 1, &t));
	assert_true(t.is_writing);
	assert_true(statement_at(text, 2, &t));
	assert_true(t.is_ordered && !t.is_writing);
	assert_false(statement_at(text, 3, &t));
	assert_false(statement_at(bytes_str(" ; "), 0, &t));
}

static const char *const reading[] = {
	"select 1",
	"SELECT * FROM t WHERE a IN (1, 2) AND b = $1",
	"select count(*), max(a), coalesce(b, 0) from t group by b having count(*) > 1",
	"select now(), random(), gen_random_uuid(), version()",
	"select pg_catalog.pg_get_userbyid(a.x), pg_catalog.count(*) from a",
	"select x::pg_catalog.numeric(10,2), y::varchar(5), cast(z as char(3)) from t",
	"select t.a in (1), t.b from s.t",
	"select row_number() over (partition by a order by b) from t",
	"select a from t union (select b from u)",
	"(select 1) union all (select 2)",
	"values (1), (2)",
	"table t",
	"with a as (select 1) select * from a",
	"with recursive a as (select 1 union all select x from a) select x from a",
	"with a as materialized (select 1) select * from a",
	"select '; delete from t', \"insert\" from t",
	"select 1 -- delete from t",
	"/* update t */ select 1",
	"-- update t\nselect 1",
	"/* a /* nested; delete */ */ select 1",
	"select for_update from t",
	"select substring(a from 1 for 2) from t",
	"select exists (select 1 from t), a = any (array[1, 2]) from t",
	"select * from generate_series(1, 10)",
	"select * from t join u using (a)",
	"select array_agg(x order by y) filter (where x > 1) from t",
	"select percentile_cont(0.5) within group (order by x) from t",
	"select interval '1 day', extract(year from d) from t",
	"explain select * from t",
	"explain (costs off) select 1",
	"copy t to stdout",
	"copy (select * from t) to stdout with (format csv)",
	"COPY s.t TO STDOUT",
	"show search_path",
	"begin",
	"BEGIN ISOLATION LEVEL SERIALIZABLE",
	"start transaction read only",
	"set search_path = a, b",
	"set local timezone to 'UTC'",
	"reset all",
	"discard all",
	"deallocate s",
	"savepoint a",
	"close c",
	"declare c cursor for select * from t",
	"",
	"  ; ",
};

static const char *const writing[] = {
	"insert into t values (1)",
	"INSERT INTO t SELECT 1 RETURNING a",
	"update t set a = 1",
	"delete from t",
	"merge into t using u on (a = b) when matched then delete",
	"/* c */ -- d\n delete from t",
	"-- c\rdelete from t",
	"truncate t",
	"create table t (a int)",
	"create table t as select 1",
	"drop table t",
	"alter table t add b int",
	"create function f() returns int begin atomic select 1; end",
	"select * from t for update",
	"select * from t for /* c */ no key update of t nowait",
	"select * from t FOR SHARE",
	"select * from t for key share skip locked",
	"(select * from t for update)",
	"select 1 as a into b",
	"select * into temp x from t",
	"with a as (insert into t values (1) returning a) select * from a",
	"with a as (select 1) update t set a = 1",
	"with a as (delete from t returning *) select 1",
	"select nextval('s')",
	"select setval('s', 1)",
	"select pg_advisory_lock(1)",
	"select pg_notify('a', 'b')",
	"select set_config('a', 'b', false)",
	"select txid_current()",
	"select f(1)",
	"select \"count\"(1)",
	"select \"F\" (1)",
	"select app.lower('A')",
	"select app . count (1)",
	"select app.time(1)",
	"select \"app\".lower('A')",
	"select pg_catalog.nextval('s')",
	"select 1 where f ( 1 )",
	"select * from f(1) as x",
	"call p(1)",
	"do $$ begin end $$",
	"explain analyze select 1",
	"explain (analyze, buffers) select 1",
	"explain analyse delete from t",
	"explain select nextval('s')",
	"copy t from stdin",
	"copy t (a) from '/tmp/x' with (format csv)",
	"copy (delete from t returning a) to stdout",
	"execute s",
	"prepare s as select 1",
	"commit",
	"rollback",
	"end",
	"abort",
	"release a",
	"rollback to a",
	"lock table t",
	"listen a",
	"notify a",
	"vacuum t",
	"analyze t",
	"refresh materialized view v",
	"fetch 10 from c",
	"move 10 in c",
	"declare c cursor for select * from t for update",
	"set constraints all immediate",
	"grant select on t to a",
	"comment on table t is 'x'",
	"import foreign schema a from server b into c",
	"nonsense",
	"1",
	"'a'",
	"\"select\"",
};

static void test_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reading); i++)
		if (traits_of(reading[i]).is_writing)
			fail_msg("taken for writing: %s", reading[i]);
}

static void test_writing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writing); i++)
		if (!traits_of(writing[i]).is_writing)
			fail_msg("taken for reading: %s", writing[i]);
}

static void test_any_statement_writes(void **state)
{
	(void)state;
	assert_false(statement_may_write(bytes_str("select 1; ; select 2;")));
	assert_true(statement_may_write(bytes_str("select 1; delete from t; select 2")));
	assert_true(statement_may_write(bytes_str(";; delete from t")));
	assert_false(statement_may_write(bytes_str("select 'a; delete from t'")));
	assert_false(statement_may_write(bytes_str("")));
}

static const char *const ordered[] = {
	"select a from t order by a",
	"SELECT a FROM t ORDER /* c */ BY a LIMIT 1",
	"select a from t union select b from u order by 1",
	"(select a from t) union (select b from u) order by 1",
	"(select a from t order by a)",
	"((select a from t order by a))",
	"((select a from t order by a) limit 2)",
	"((select a from t union select b from u) order by 1)",
	"(select a from t order by a) limit 2",
	"(select a from t union select b from u order by 1)",
	"with a as (select 1) select * from a order by 1",
	"with a as (select 1 order by 1) select * from a order by 1",
	"values (2), (1) order by 1",
	"table t order by a",
	"select a from t order by a for update",
	"insert into t select a from u order by a returning a",
	"copy (select a from t order by a) to stdout",
	"show all",
	"explain select a from t",
	"create table t (a int)",
	"begin",
	"fetch 10 from c",
};

static const char *const unordered[] = {
	"select a from t",
	"select order_by from t",
	"select \"order\" by from t",
	"select 'order by a' from t",
	"select a from t -- order by a",
	"select a from (select a from t order by a) s",
	"select array(select a from t order by a)",
	"select a, rank() over (order by b) from t",
	"select string_agg(a, ',' order by a) from t",
	"select percentile_cont(0.5) within group (order by a) from t",
	"select sum(a) over w from t window w as (order by a)",
	"with a as (select b from t order by b) select b from a",
	"(select a from t order by a) union all (select b from u)",
	"(select a from t) union all (select b from u order by b)",
	"((select a from t order by a) union (select b from u))",
	"(select a, rank() over (order by b) from t)",
	"((select a from t))",
	"values (2), (1)",
	"table t",
	"insert into t values (1), (2) returning a",
	"update t set a = 1 returning a",
	"delete from t returning a",
	"copy t to stdout",
	"copy (select a from t) to stdout",
	"copy (select string_agg(a, ',' order by a) from t) to stdout",
	"copy ((select a from t order by a) union (select b from u)) to stdout",
	"execute s",
};

static void test_ordered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ordered); i++)
		if (!traits_of(ordered[i]).is_ordered)
			fail_msg("taken for unordered: %s", ordered[i]);
}

static void test_unordered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unordered); i++)
		if (traits_of(unordered[i]).is_ordered)
			fail_msg("taken for ordered: %s", unordered[i]);
}

static void test_control(void **state)
{
	static const char *const control[] = {"begin", "/* x */ BEGIN ISOLATION LEVEL SERIALIZABLE",
		"start transaction", "commit", "COMMIT PREPARED 'x'", "end", "rollback to a",
		"abort", "savepoint a", "release a", "prepare transaction 'x'",
		"set transaction read only"};
	static const char *const others[] = {"", "select 1", "prepare a as select 1",
		"set search_path = transaction", "select begin", "set local a = b", "\"begin\"",
		"(begin)"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(control); i++)
		if (!traits_of(control[i]).is_control)
			fail_msg("not taken for transaction control: %s", control[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (traits_of(others[i]).is_control)
			fail_msg("taken for transaction control: %s", others[i]);
}

static void test_ddl(void **state)
{
	static const char *const ddl[] = {"CREATE TABLE t (a int)",
		"/* x */ alter table t add b int", "DROP INDEX i", "TRUNCATE t",
		"REFRESH MATERIALIZED VIEW v", "reindex table t"};
	static const char *const others[] = {"SELECT 1", "INSERT INTO t VALUES ('create table')",
		"EXPLAIN CREATE TABLE t AS SELECT 1", "BEGIN", "", "\"create\" x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		if (!traits_of(ddl[i]).is_ddl)
			fail_msg("not taken for DDL: %s", ddl[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (traits_of(others[i]).is_ddl)
			fail_msg("taken for DDL: %s", others[i]);
}

/* Every prefix of every statement: no crash, and all of it is consumed. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
		size_t len = strlen(writing[i]);
		char *copy = malloc(len + 1);

		assert_non_null(copy);
		for (size_t n = 0; n <= len; n++) {
			struct bytes rest = bytes_of(copy + len - n, n);
			struct statement_traits t;
			unsigned count = 0;

			memcpy(copy + len - n, writing[i], n);
			while (statement_next(&rest, &t)) {
				assert_true(t.text.ptr + t.text.len <= (unsigned char *)copy + len);
				count++;
			}
			assert_true(count >= 1 && count <= 2);
		}
		free(copy);
	}
}

/* Linear: a text of a megabyte of whatever kind takes no noticeable time. */
static void test_long_text(void **state)
{
	static const char *const units[] = {";", "(", ")", "a;", "$a ", "/*", "E'", "begin atomic ",
		"x.y(", "; ; a", "'", "$a$", "case "};
	const size_t size = (size_t)1 << 20;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		struct bytes rest = bytes_of(text, size);
		struct statement_traits t;
		size_t bytes = 0;

		for (size_t i = 0; i < size; i++)
			text[i] = units[u][i % strlen(units[u])];
		while (statement_next(&rest, &t))
			bytes += t.text.len;
		assert_true(bytes <= size);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_split_empty),
		cmocka_unit_test(test_split_inside),
		cmocka_unit_test(test_no_text_at_all),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_any_statement_writes),
		cmocka_unit_test(test_ordered),
		cmocka_unit_test(test_unordered),
		cmocka_unit_test(test_ddl),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
