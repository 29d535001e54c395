/*
 * Hostile texts: as deep, as long and as wide as ANALYSIS_TEXT_MAX permits, and beyond. None
 * may crash, leak or stall; what cannot be parsed is scanned.
 */
#include "tests/unit/diffengine/analysed.h"

#include <pthread.h>
#include <time.h>

#include "base/attr.h"
#include "diffengine/analysis_impl.h"

#define SECONDS_MOST 2.0 /* of the processor, for one text; 0.1 is usual without sanitizers */

struct hostile {
	const char *head, *part, *tail;
	size_t count; /* 0: as many parts as fit into ANALYSIS_TEXT_MAX */
};

static const struct hostile texts[] = {
	{"select 1", "+1", "", 0},
	{"select 1", "+1", "", 30000},
	{"select 1", "+1", "", 200},
	{"select ", "-+", "1", 0},
	{"select ", "+", "1", 0},
	{"select ", "- - ", "1", 0},
	{"select ", "*/", "", 0},
	{"select 1 ", "@/*x*/", "", 0},
	{"select 1", "-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-1", "", 0},
	{"/* ", "/*/*/*/*/*/*/*/*/*/*/*/*/*/*/* */*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/ ", "", 0},
	{"/* ", "*", "", 0},
	{"/* ", "//*", "", 0},
	{"select '", "-+", "'", 0},
	{"select '' ", "\n", "'", 0},
	{"select ''", " ''", "", 0},
	{"select ''", "\n''", "", 0},
	{"select ''", " -", "", 0},
	{"select 1", "$a", "", 0},
	{"select $a", "$b", "", 0},
	{"select $abc$", "$abcd", "", 0},
	{"select 1", ".", "", 0},
	{"select a", ".a", "", 0},
	{"select 1", "e", "", 0},
	{"select u&'", "\\0041", "'", 0},
	{"select u&", "'a'u&", "", 0},
	{"create table t (a int", ", a int", ")", 0},
	{"grant all on t to a", ", a", "", 0},
	{"select f(a => 1", ", a => 1", ")", 0},
	{"select array_to_string(", "array_to_string(", "", 150},
	{"select ", "(", "", 10000},
	{"select ", "(", "1", 0},
	{"select 1 where ", "not ", "true", 0},
	{"select 1", "::int", "", 0},
	{"select 1 where a", " is null", "", 0},
	{"select 1 where a", " or a", "", 0},
	{"select 1 where a", " and a=1", "", 0},
	{"select ", "case when 1 then ", "1", 0},
	{"select case 1", " when 1 then 2", " end", 0},
	{"select ", "array[", "", 0},
	{"select a", "[1]", "", 0},
	{"select ", "f(", "", 0},
	{"select 1", " union select 1", "", 0},
	{"select 1", " union select*from x", "", 0},
	{"values(1)", "union values(1)", "", 0},
	{"select ", "(select ", "1", 0},
	{"select * from ", "(select * from ", "t", 0},
	{"select * from t", " join t on a", "", 0},
	{"select * from t", ",t", "", 0},
	{"select 1", ",1", "", 0},
	{"select 1", ",now()", "", 0},
	{"select 1 order by a", ",a", "", 0},
	{"select a from t where b in (1", ",1", ")", 0},
	{"insert into t values (1)", ",(1)", "", 0},
	{"with a as (select now())", ",b as (select now())", "select 1 from a,b", 0},
	{"with a as (select 1", ",now()", ") select * from a,a,a,a,a,a,a,a,a,a,a,a,a,a", 5000},
	{"explain ", "explain ", "select 1", 0},
	{"select a from t where b = 'x", "''", "'", 0},
	{"select e'", "\\n", "'", 0},
	{"select '", "\x80\xff", "'", 0},
	{"select $a$", "$", "$a$", 0},
	{"/*", "/*", "", 0},
	{"select ", "\"", "", 0},
	{"select 1;", "select 1;", "", 0},
	{"select 1", " over", "", 0},
	{"select count(*) over w from t window w as()", ",w as()", "", 0},
	{"create function f() returns int begin atomic ", "select 1;", "end", 0},
	{"", "select a from t order by a limit 5 ", "", 10000},
};

static void write_text(struct buf *out, const struct hostile *text)
{
	size_t fixed = strlen(text->head) + strlen(text->tail);
	size_t count = text->count;

	if (count == 0)
		count = (ANALYSIS_TEXT_MAX - fixed) / strlen(text->part);
	assert_true(buf_append_bytes(out, bytes_str(text->head)));
	while (count-- > 0)
		assert_true(buf_append_bytes(out, bytes_str(text->part)));
	assert_true(buf_append_bytes(out, bytes_str(text->tail)));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void analyse_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf text;
		double start = seconds();

		buf_init(&text, 1 << 20);
		write_text(&text, &texts[i]);
		struct analysis *a = analysis_new(buf_bytes(&text));

		assert_non_null(a);
		if (seconds() - start > SECONDS_MOST)
			fail_msg("%s%s...: %f s", texts[i].head, texts[i].part, seconds() - start);
		if (getenv("ANALYSIS_TIMES"))
			print_message("%8.3f ms %zu targets, parsed %d: %s%s\n",
				(seconds() - start) * 1e3, a->target_count, a->is_parsed,
				texts[i].head, texts[i].part);
		analysis_free(a);
		buf_fini(&text);
	}
}

static void test_hostile(void **state)
{
	(void)state;
	analyse_all();
}

static void *analyse_in_thread(void *context)
{
	analyse_all();
	return context;
}

/* Beside the thread of libpg-query, whose stack is its own, nothing needs a deep stack. */
static void test_small_stack(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)2 << 20), 0);
	assert_int_equal(pthread_create(&thread, &attributes, analyse_in_thread, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
}

/* The deepest sum that is still parsed, and one that is not. */
static void test_depth(void **state)
{
	struct hostile sum = {"select a from t where 1", "+1", " = 1 order by a", 400};

	(void)state;
	for (int is_deep = 0; is_deep < 2; is_deep++) {
		struct buf text;

		buf_init(&text, 1 << 20);
		write_text(&text, &sum);
		struct analysis *a = analysis_new(buf_bytes(&text));

		assert_non_null(a);
		assert_int_equal(a->is_parsed, !is_deep);
		assert_true(a->has_order);
		assert_int_equal(a->key_count, is_deep ? 0 : 1);
		analysis_free(a);
		buf_fini(&text);
		sum.count = TREE_DEPTH;
	}
}

static void test_length(void **state)
{
	static char text[ANALYSIS_TEXT_MAX + 2];

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "select 1", 8);
	struct analysis *a = analysis_new(bytes_of(text, ANALYSIS_TEXT_MAX));

	assert_non_null(a);
	assert_true(a->is_parsed);
	analysis_free(a);
	a = analysis_new(bytes_of(text, ANALYSIS_TEXT_MAX + 1));
	assert_non_null(a);
	assert_false(a->is_parsed);
	assert_int_equal(a->class, ANALYSIS_QUERY);
	analysis_free(a);
}

/* A NUL ends a text for libpg-query, but not for us. */
static void test_nul(void **state)
{
	(void)state;
	struct analysis *a = analysis_new(bytes_of("select 1\0 limit 2", 17));

	assert_non_null(a);
	assert_false(a->is_parsed);
	assert_int_equal(a->class, ANALYSIS_QUERY);
	analysis_free(a);
	a = analysis_new(bytes_of(NULL, 0));
	assert_non_null(a);
	assert_int_equal(a->class, ANALYSIS_OTHER);
	analysis_free(a);
}

/* Every prefix of a statement, and every byte of it spoiled. */
static void test_spoiled(void **state)
{
	static const char sql[] =
		"with x as (select a, now() n from t limit 5) select x.*, array_agg(a order by b), "
		"case when n > 'now'::date then e'\\x' end from x where a in (1) and b = $1::int "
		"group by c window w as (order by d) union values (1) order by 1 limit $2";
	char copy[sizeof(sql)];

	(void)state;
	for (size_t i = 0; i < sizeof(sql); i++) {
		struct analysis *a = analysis_new(bytes_of(sql, i));

		assert_non_null(a);
		analysis_free(a);
		memcpy(copy, sql, sizeof(sql));
		copy[i] = (char)(copy[i] ^ 0x55);
		a = analysis_new(bytes_of(copy, sizeof(copy) - 1));
		assert_non_null(a);
		analysis_free(a);
	}
}

/* More targets than a result can have: none is claimed. */
static void test_many_targets(void **state)
{
	struct hostile list = {"select 1", ",now()", " order by 2", ANALYSIS_TARGETS_MAX - 1};

	(void)state;
	for (int is_over = 0; is_over < 2; is_over++) {
		struct buf text;

		buf_init(&text, 1 << 20);
		write_text(&text, &list);
		struct analysis *a = analysis_new(buf_bytes(&text));

		assert_non_null(a);
		assert_true(a->is_parsed);
		assert_int_equal(a->target_count, is_over ? 0 : ANALYSIS_TARGETS_MAX);
		assert_int_equal(a->keys[0].target, is_over ? 0 : 2);
		assert_int_equal(a->keys[0].column, is_over ? 2 : 0);
		analysis_free(a);
		buf_fini(&text);
		list.count++;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_small_stack),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_spoiled),
		cmocka_unit_test(test_many_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
