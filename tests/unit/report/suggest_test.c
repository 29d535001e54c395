/*
 * What is suggested is taken by the rules themselves, allows the difference it was made for and
 * others of its shape, and nothing of another statement.
 */
#include "report/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "diffengine/rules.h"
#include "diffengine/verdict.h"

static const struct conf_key keys[] = {
	{.name = "comparison.rules", .type = CONF_LIST, .fallback = "[ \"default\" ]"},
};

static struct rules *load(const struct buf *rule)
{
	struct buf text;
	struct err err = {""};
	struct conf *conf;
	struct rules *rules;

	buf_init(&text, 65536);
	assert_true(buf_append_str(&text, "comparison.rules = [ ") &&
		    buf_append_bytes(&text, buf_bytes(rule)) && buf_append_str(&text, " ]"));
	conf = conf_parse("t.conf", buf_cstr(&text), buf_len(&text), &err);
	if (!conf)
		fail_msg("%s in %s", err.text, buf_cstr(&text));
	assert_int_equal(conf_check(conf, keys, ARRAY_LEN(keys), stderr), 0);
	rules = rules_load(conf, &err);
	if (!rules)
		fail_msg("%s in %s", err.text, buf_cstr(&text));
	rules_set_versions(rules, &(struct rules_versions){"15.1", "15.1", true, "2026-06-30"});
	conf_free(conf);
	buf_fini(&text);
	return rules;
}

static struct group group_of(const char *statement, int kind)
{
	struct group g = {.key = {.verdict = VERDICT_MISMATCH,
				  .kind = kind,
				  .statement = bytes_str(statement)},
		.example_count = 1,
		.hash = {.low = 0x1234abcd}};

	return g;
}

/* Whether the rule that is suggested for `g` allows such a difference of `statement`. */
static bool is_allowed(
	const struct group *g, const char *statement, const char *column, bool is_null)
{
	struct buf rule;
	struct rules *rules;
	struct rules_subject subject = {bytes_str(statement), NULL};
	struct rules_difference d = {.kind = (enum diff_kind)g->key.kind,
		.column_name = column,
		.truth = is_null ? NULL : "1",
		.candidate = "2"};
	bool ok;

	buf_init(&rule, SUGGEST_MAX);
	assert_true(suggest_rule(&rule, g));
	rules = load(&rule);
	ok = rules_allow(rules_select(rules, &subject), &d) != NULL;
	rules_free(rules);
	buf_fini(&rule);
	return ok;
}

static void test_the_rule_allows_its_shape_alone(void **state)
{
	struct group g = group_of(
		"SELECT price, \"Odd\"\n FROM shop.item -- c\n WHERE id IN (1, 2) AND n = 'a''b'",
		DIFF_VALUE);

	(void)state;
	g.examples[0].column_name = bytes_str("price");
	assert_true(is_allowed(&g,
		"select price, \"Odd\" from shop.item where id in (7,8,9) and n = $2", "price",
		false));
	assert_true(is_allowed(
		&g, g.key.statement.ptr ? (const char *)g.key.statement.ptr : "", "price", false));
	assert_false(is_allowed(&g,
		"select price, \"Odd\" from shop.item where id in (7) and n = $2", "other", false));
	assert_false(
		is_allowed(&g, "select price, \"Odd\" from shop.items where id in (7) and n = $2",
			"price", false));
	assert_false(is_allowed(&g,
		"select price, \"Odd\" from shop.item where id in (7) and n = $2", "price", true));
}

static void test_null_against_a_value(void **state)
{
	struct group g = group_of("select a from t", DIFF_VALUE);

	(void)state;
	g.examples[0].column_name = bytes_str("a");
	g.examples[0].truth_null = true;
	assert_true(is_allowed(&g, "select a from t", "a", true));
}

static void test_rows_of_an_insert(void **state)
{
	struct group g = group_of(
		"insert into t (a, b) values (1, 'x'), (2, 'y') returning *", DIFF_ROW_COUNT);

	(void)state;
	assert_true(is_allowed(&g,
		"INSERT INTO t(a,b) VALUES (1,'z'), (3,'y'), (4,'q') RETURNING *", NULL, false));
	assert_false(is_allowed(&g, "delete from t returning *", NULL, false));
}

/* Every statement gives a rule that can be loaded, whatever it consists of. */
static void test_any_statement_gives_a_rule_that_loads(void **state)
{
	static const char *const statements[] = {"select '\\' || e'\\'' || \"q\"\"q\" from t",
		"select a ? b, c::text[], $1 ~ '^x$' from t where d @> '{}'",
		"select \xff\xfe from t", "select '\xc3\xa9', \xc3\xa9 from t", "call f(\\x)",
		"select 1; ;", "(((((", "select \"a\nb\" from \"t\x01\""};
	struct buf rule;

	(void)state;
	buf_init(&rule, SUGGEST_MAX);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		for (int kind = 0; kind < DIFF_KIND_COUNT; kind++) {
			struct group g = group_of(statements[i], kind);

			g.examples[0].column_name = bytes_str("a \"\\ \x02 \xff");
			assert_true(suggest_rule(&rule, &g));
			rules_free(load(&rule));
		}
	buf_fini(&rule);
}

static void test_a_long_statement_gives_an_open_pattern(void **state)
{
	char text[20000];
	struct group g;
	struct buf rule;

	(void)state;
	memset(text, '(', sizeof(text));
	memcpy(text, "select ", 7);
	text[sizeof(text) - 1] = '\0';
	g = group_of(text, DIFF_TAG);
	buf_init(&rule, SUGGEST_MAX);
	assert_true(suggest_rule(&rule, &g));
	assert_true(buf_len(&rule) < SUGGEST_MAX);
	assert_null(strstr(buf_cstr(&rule), "$\""));
	rules_free(load(&rule));
	buf_fini(&rule);
}

static void test_nothing_to_suggest(void **state)
{
	struct group without = group_of("", DIFF_VALUE), unknown = group_of("select 1", 99);
	struct buf rule;

	(void)state;
	buf_init(&rule, SUGGEST_MAX);
	assert_false(suggest_rule(&rule, &without));
	assert_false(suggest_rule(&rule, &unknown));
	buf_fini(&rule);
}

static void test_paths_are_quoted_for_a_shell(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, SUGGEST_MAX);
	assert_true(suggest_replay(&out, "/tmp/run.trace", 3));
	assert_string_equal(buf_cstr(&out), "twinkly-replay --sessions 3 /tmp/run.trace");
	assert_true(suggest_replay(&out, "my run's $(x).trace", 3));
	assert_string_equal(
		buf_cstr(&out), "twinkly-replay --sessions 3 'my run'\\''s $(x).trace'");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rule_allows_its_shape_alone),
		cmocka_unit_test(test_null_against_a_value),
		cmocka_unit_test(test_rows_of_an_insert),
		cmocka_unit_test(test_any_statement_gives_a_rule_that_loads),
		cmocka_unit_test(test_a_long_statement_gives_an_open_pattern),
		cmocka_unit_test(test_nothing_to_suggest),
		cmocka_unit_test(test_paths_are_quoted_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
