/*
 * The list of known differences: what is known, what is gone, what the file may say and where
 * it is wrong, and that it comes back as it was written.
 */
#include "diffengine/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct known *parse(const char *text)
{
	struct err err = {.text = ""};
	struct known *known = known_parse("k", bytes_str(text), &err);

	if (!known)
		fail_msg("%s", err.text);
	return known;
}

static struct known_difference value(const char *statement, const char *column)
{
	return (struct known_difference){
		.statement = bytes_str(statement), .kind = DIFF_VALUE, .column = bytes_str(column)};
}

/* Caller frees. */
static char *write_out(const struct known *known)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	known_write(known, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static const char example[] = "# Our own words.\n"
			      "\n"
			      "# Seen: row 1\n"
			      "# More.\n"
			      "statement insert into t values(?)\n"
			      "  kind      error-success\n"
			      "  truth     23505\n"
			      "  candidate success\n"
			      "  count     2\n"
			      "  name      late-check\n"
			      "  reason    see #17\n"
			      "  until     2027-06-30\n"
			      "\n"
			      "statement select \"a\\x0a\\\\\"\n"
			      "  kind      value\n"
			      "  column    \\x20a\\xff\n"
			      "  count     1\n"
			      "\n"
			      "# the last word\n";

static void test_round_trip(void **state)
{
	struct known *known = parse(example);
	char *text = write_out(known);

	(void)state;
	assert_string_equal(text, example);
	free(text);
	known_free(known);
}

static void test_what_is_known(void **state)
{
	struct known *known = parse("statement select a from t where b = ?\nkind value\ncolumn a\n"
				    "statement insert into t values(?)\nkind sqlstate\n"
				    "truth 23505\ncandidate 40001\nname mine\n");
	struct known_difference d = value("SELECT a FROM t WHERE b = 7 -- x", "a");
	struct known_counts counts;

	(void)state;
	assert_string_equal(known_allow(known, &d), "known:1");
	d.column = bytes_str("b");
	assert_null(known_allow(known, &d));
	d = value("select a from t where b in (1, 2)", "a");
	assert_null(known_allow(known, &d));
	d = value("select a from t where b = 1", "a");
	d.kind = DIFF_TYPE;
	assert_null(known_allow(known, &d));
	d = (struct known_difference){.statement = bytes_str("insert into t values ('x')"),
		.kind = DIFF_SQLSTATE,
		.truth = bytes_str("23505"),
		.candidate = bytes_str("40001")};
	assert_string_equal(known_allow(known, &d), "known:mine");
	d.candidate = bytes_str("40P01");
	assert_null(known_allow(known, &d));
	d.candidate = bytes_str("");
	assert_null(known_allow(known, &d));
	known_count(known, &counts);
	assert_int_equal(counts.seen, 2);
	assert_false(known_has_gone(known));
	known_free(known);
}

static void test_columns_without_a_name(void **state)
{
	struct known *known = known_new();
	struct known_difference d = value("select 1", NULL);

	(void)state;
	d.number = 2;
	known_add(known, &d, bytes_str("x"));
	assert_non_null(known_find(known, &d));
	d.number = 3;
	assert_null(known_find(known, &d));
	known_free(known);
}

static void test_gone_not_executed_expired(void **state)
{
	struct known *known = parse("statement select ?\nkind value\ncolumn a\n"
				    "statement select b\nkind order\n"
				    "statement select c\nkind value\nuntil 2026-01-31\n");
	struct known_difference d = value("select c", NULL);
	struct known_counts counts;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	known_set_today(known, "2026-01-31");
	assert_non_null(known_allow(known, &d));
	known_set_today(known, "2026-02-01");
	assert_null(known_allow(known, &d));
	assert_non_null(known_find(known, &d));
	known_note_statement(known, bytes_str("SELECT 5"), VERDICT_NOT_COMPARED);
	known_note_statement(known, bytes_str("SELECT 5"), VERDICT_INCONCLUSIVE);
	assert_false(known_has_gone(known));
	known_note_statement(known, bytes_str("SELECT 5"), VERDICT_EQUAL);
	assert_true(known_has_gone(known));
	known_count(known, &counts);
	assert_int_equal(counts.gone, 1);
	assert_int_equal(counts.unasked, 1);
	assert_int_equal(counts.expired, 1);
	known_print(known, 3, "> ", out);
	fclose(out);
	assert_string_equal(text,
		"> known differences: 3 new, 0 known, 1 gone, 1 not executed, 1 expired\n"
		">   gone: known:1, value of a: select ?\n"
		">   not executed: known:2, order: select b\n");
	free(text);
	known_free(known);
}

static void test_update_in_place(void **state)
{
	struct known *known = parse("# mine\n\nstatement select ?\nkind value\ncolumn a\ncount 9\n"
				    "reason why\nstatement select gone\nkind order\n"
				    "statement select never\nkind order\ncount 4\n");
	struct known_difference d = value("select 2", "a");
	char *text;

	(void)state;
	known_add(known, &d, bytes_str("not taken"));
	known_add(known, &d, bytes_str("not taken"));
	d = value("select new", "a");
	known_add(known, &d, bytes_str("row 1\nof it"));
	known_note_statement(known, bytes_str("select gone"), VERDICT_EQUAL);
	text = write_out(known);
	assert_string_equal(text, "# mine\n"
				  "\nstatement select ?\n  kind      value\n  column    a\n"
				  "  count     2\n  reason    why\n"
				  "\nstatement select never\n  kind      order\n  count     4\n"
				  "\n# row 1\\x0aof it\nstatement select new\n  kind      value\n"
				  "  column    a\n  count     1\n");
	free(text);
	known_free(known);
}

static void test_faults_have_a_place(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"kind value\n", "k:1:1: an entry begins with"},
		{"statement a\n  knid value\n", "k:2:1: unknown word"},
		{"statement a\n  kind   valeu\n", "k:2:10: there is no such kind"},
		{"statement a\n  kind\n", "k:2:7: there is no such kind"},
		{"statement a\nkind value\nkind value\n", "k:3:1: the entry has a kind"},
		{"\nstatement a\n# x\n", "k:2:1: this entry has no \"kind\""},
		{"statement a\nkind value\ntruth 23505\n", "k:1:1: \"truth\" and \"candidate\""},
		{"statement a\nkind sqlstate\n", "k:1:1: \"truth\" and \"candidate\""},
		{"statement a\nkind sqlstate\ntruth 23505\n", "k:1:1: \"truth\" and"},
		{"statement a\nkind sqlstate\ntruth 2350x\n", "k:3:7: an SQLSTATE"},
		{"statement a\nkind value\n count 1x\n", "k:3:9: a number"},
		{"statement a\nkind value\ncount 9999999999999999999\n", "k:3:25: a number"},
		{"statement a\nkind value\nuntil 2026-02-30\n", "k:3:7: a date"},
		{"statement a\nkind value\nname 12\n", "k:3:6: a name must not"},
		{"statement a\nkind value\nreason\n", "k:3:7: something is missing"},
		{"statement a\\q\n", "k:1:12: a backslash"},
		{"statement a\\x0g\n", "k:1:12: a backslash"},
		{"statement a\\", "k:1:12: a backslash"},
		{"statement a\nkind value\nstatement a\nkind value\n", "k:3:1: another entry"},
		{"statement a\nkind value\nname x\nstatement b\nkind value\nname x\n",
			"k:6:6: another entry has this name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {.text = ""};

		assert_null(known_parse("k", bytes_str(rows[i].text), &err));
		if (strncmp(err.text, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("\"%s\" gave: %s", rows[i].text, err.text);
	}
}

static void test_nul_and_every_prefix(void **state)
{
	struct err err;

	(void)state;
	assert_null(known_parse("k", bytes_of("statement \0\n", 12), &err));
	assert_non_null(strstr(err.text, "k:1:1: this is no text"));
	for (size_t len = 0; len < sizeof(example); len++) {
		err.text[0] = '\0';
		struct known *known = known_parse("k", bytes_of(example, len), &err);

		assert_true(known || strncmp(err.text, "k:", 2) == 0);
		known_free(known);
	}
}

static void test_limits(void **state)
{
	struct known *known = known_new();
	struct known_counts counts;
	char statement[32], *text;
	struct err err;

	(void)state;
	for (int i = 0; i < KNOWN_ENTRIES_MAX + 5; i++) {
		struct known_difference d;

		snprintf(statement, sizeof(statement), "select c%d", i);
		d = value(statement, "a");
		known_add(known, &d, bytes_str("x"));
	}
	known_count(known, &counts);
	assert_int_equal(counts.entries, KNOWN_ENTRIES_MAX);
	assert_int_equal(counts.omitted, 5);
	text = write_out(known);
	known_free(known);
	known = parse(text);
	known_free(known);
	text = realloc(text, strlen(text) + 64);
	assert_non_null(text);
	memcpy(text + strlen(text), "statement one\nkind value\n", 26);
	assert_null(known_parse("k", bytes_str(text), &err));
	assert_non_null(strstr(err.text, "more than 10000 entries"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_what_is_known),
		cmocka_unit_test(test_columns_without_a_name),
		cmocka_unit_test(test_gone_not_executed_expired),
		cmocka_unit_test(test_update_in_place),
		cmocka_unit_test(test_faults_have_a_place),
		cmocka_unit_test(test_nul_and_every_prefix),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
