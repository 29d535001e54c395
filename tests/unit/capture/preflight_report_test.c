/* Tests for capture/preflight_report.c and capture/preflight_settings.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "capture/preflight_report.h"

#define ROWS_MAX 2000

struct pair {
	struct ask_row rows[2][ROWS_MAX];
	struct preflight_sides sides;
	struct preflight_report report;
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->sides.rows[0].rows = p->rows[0];
	p->sides.rows[1].rows = p->rows[1];
	preflight_report_init(&p->report);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;

	preflight_report_fini(&p->report);
	free(p);
	return 0;
}

static void has(struct pair *p, int side, struct ask_row row)
{
	struct preflight_rows *rows = &p->sides.rows[side];

	assert_true(rows->count < ROWS_MAX);
	rows->rows[rows->count++] = row;
}

static void both_have(struct pair *p, struct ask_row row)
{
	has(p, 0, row);
	has(p, 1, row);
}

static void setting(struct pair *p, int side, const char *name, const char *value)
{
	has(p, side, (struct ask_row){"setting", "", name, value});
}

static const struct preflight_finding *find(const struct preflight_report *r, const char *name)
{
	const struct preflight_finding *found = NULL;

	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->findings[i].name, name) != 0)
			continue;
		assert_null(found);
		found = &r->findings[i];
	}
	return found;
}

static void expect(
	struct pair *p, const char *name, enum preflight_weight weight, const char *const values[2])
{
	const struct preflight_finding *f = find(&p->report, name);

	assert_non_null(f);
	assert_int_equal(f->weight, weight);
	assert_string_equal(f->values[0], values[0]);
	assert_string_equal(f->values[1], values[1]);
}

#define EXPECT(p, name, weight, first, second) \
	expect(p, name, weight, (const char *const[2]){first, second})

static void test_major(void **state)
{
	(void)state;
	assert_int_equal(preflight_major("15.18 (Debian 15.18-1)"), 15);
	assert_int_equal(preflight_major("11.2-YB-2024.2.1.0-b0"), 11);
	assert_int_equal(preflight_major("15.12-YB-2025.1.4.0-b0"), 15);
	assert_int_equal(preflight_major("18beta1"), 18);
	assert_int_equal(preflight_major("9.6.24"), 9);
	assert_int_equal(preflight_major("YB"), 0);
	assert_int_equal(preflight_major(""), 0);
	assert_int_equal(preflight_major(NULL), 0);
}

/* What PostgreSQL 15 with C says of itself. */
static void say_postgresql(struct pair *p, int side)
{
	static const char *const said[][2] = {{"server_version", "15.18 (Debian 15.18-1)"},
		{"server_encoding", "UTF8"}, {"datcollate", "C"}, {"datctype", "C"},
		{"TimeZone", "UTC"}, {"DateStyle", "ISO, MDY"}, {"IntervalStyle", "postgres"},
		{"extra_float_digits", "1"}, {"bytea_output", "hex"},
		{"search_path", "\"$user\", public"}, {"standard_conforming_strings", "on"},
		{"default_transaction_isolation", "read committed"}, {"lc_messages", "C"},
		{"lc_monetary", "C"}, {"synchronize_seqscans", "off"},
		{"max_parallel_workers_per_gather", "0"}, {"sequences that cache values", "0"},
		{"random defaults", "0"}, {"unseeded functions", "1"}};

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		setting(p, side, said[i][0], said[i][1]);
}

static void test_two_alike(void **state)
{
	struct pair *p = *state;

	say_postgresql(p, 0);
	say_postgresql(p, 1);
	preflight_compare_settings(&p->report, &p->sides, false);
	assert_false(preflight_matters(&p->report));
	assert_true(p->report.count > 15);
	for (size_t i = 0; i < p->report.count; i++)
		assert_int_equal(p->report.findings[i].weight, PREFLIGHT_SAME);
}

static void change(struct pair *p, int side, const char *name, const char *value)
{
	for (size_t i = 0; i < p->sides.rows[side].count; i++)
		if (strcmp(p->rows[side][i].name, name) == 0)
			p->rows[side][i].value = value;
}

static void test_yugabytedb_as_installed(void **state)
{
	struct pair *p = *state;

	say_postgresql(p, 0);
	say_postgresql(p, 1);
	change(p, 1, "server_version", "11.2-YB-2024.2.1.0-b0");
	change(p, 1, "sequences that cache values", "4");
	setting(p, 1, "yb_effective_transaction_isolation_level", "repeatable read");
	p->sides.is_pooled[1] = true;
	preflight_compare_settings(&p->report, &p->sides, true);
	EXPECT(p, "PostgreSQL major", PREFLIGHT_MATTERS, "15.18 (Debian 15.18-1)",
		"11.2-YB-2024.2.1.0-b0");
	EXPECT(p, "effective isolation", PREFLIGHT_MATTERS, "read committed", "repeatable read");
	EXPECT(p, "DDL in transactions", PREFLIGHT_MATTERS, "yes", "no");
	EXPECT(p, "COPY rows a transaction", PREFLIGHT_MATTERS, "all", "20000");
	EXPECT(p, "sequences that cache values", PREFLIGHT_MATTERS, "0", "4");
	EXPECT(p, "cache of new sequences", PREFLIGHT_NOTE, "1", "100 unless set");
	EXPECT(p, "connection pooler", PREFLIGHT_MATTERS, "no", "yes");
	EXPECT(p, "functions not seeded", PREFLIGHT_MATTERS, "1", "1");
	EXPECT(p, "default_transaction_isolation", PREFLIGHT_SAME, "read committed",
		"read committed");
}

static void test_an_upgrade(void **state)
{
	struct pair *p = *state;

	say_postgresql(p, 0);
	say_postgresql(p, 1);
	change(p, 1, "server_version", "17.10");
	preflight_compare_settings(&p->report, &p->sides, false);
	EXPECT(p, "PostgreSQL major", PREFLIGHT_NOTE, "15.18 (Debian 15.18-1)", "17.10");
}

static void test_yugabytedb_set_up_for_tests(void **state)
{
	struct pair *p = *state;

	say_postgresql(p, 0);
	say_postgresql(p, 1);
	change(p, 1, "server_version", "15.12-YB-2025.1.4.0-b0");
	setting(p, 1, "yb_effective_transaction_isolation_level", "read committed");
	setting(p, 1, "yb_ddl_transaction_block_enabled", "on");
	setting(p, 1, "yb_default_copy_from_rows_per_transaction", "0");
	setting(p, 1, "ysql_sequence_cache_minval", "1");
	preflight_compare_settings(&p->report, &p->sides, false);
	assert_false(preflight_matters(&p->report));
	EXPECT(p, "cache of new sequences", PREFLIGHT_SAME, "1", "1");
}

static void test_notes(void **state)
{
	struct pair *p = *state;

	say_postgresql(p, 0);
	say_postgresql(p, 1);
	for (int side = 0; side < 2; side++) {
		change(p, side, "datcollate", "de_DE.UTF-8");
		change(p, side, "synchronize_seqscans", "on");
	}
	change(p, 1, "lc_messages", "de_DE.UTF-8");
	preflight_compare_settings(&p->report, &p->sides, false);
	EXPECT(p, "collation other than C", PREFLIGHT_NOTE, "de_DE.UTF-8", "de_DE.UTF-8");
	EXPECT(p, "synchronize_seqscans", PREFLIGHT_NOTE, "on", "on");
	EXPECT(p, "lc_messages", PREFLIGHT_NOTE, "C", "de_DE.UTF-8");
	assert_false(preflight_matters(&p->report));
}

/* A side that says nothing agrees with nobody, not even with its like. */
static void test_unknown(void **state)
{
	struct pair *p = *state;

	preflight_compare_settings(&p->report, &p->sides, false);
	assert_true(preflight_matters(&p->report));
	EXPECT(p, "TimeZone", PREFLIGHT_MATTERS, "(unknown)", "(unknown)");
	EXPECT(p, "PostgreSQL major", PREFLIGHT_MATTERS, "(unknown)", "(unknown)");
}

/* --- schema and data --- */

static void test_sets(void **state)
{
	struct pair *p = *state;

	both_have(p, (struct ask_row){"column", "public.t", "a", "1. integer"});
	has(p, 0, (struct ask_row){"column", "public.t", "b", "2. text"});
	has(p, 1, (struct ask_row){"column", "public.t", "b", "2. text not null"});
	both_have(p, (struct ask_row){"table", "public.t", "", "table"});
	has(p, 0, (struct ask_row){"index", "public.t", "i", "unique"});
	has(p, 1, (struct ask_row){"constraint", "public.t", "i", "unique"});
	has(p, 1, (struct ask_row){"column", "public.u", "a", "1. integer"});
	has(p, 1, (struct ask_row){"table", "public.u", "", "table"});
	has(p, 1, (struct ask_row){"index", "public.u", "u_pkey", "unique"});
	both_have(p, (struct ask_row){"table", "public.z", "", "view"});
	preflight_compare_rows(&p->report, &p->sides);
	assert_int_equal(p->report.count, 4);
	EXPECT(p, "public.t.b", PREFLIGHT_MATTERS, "2. text", "2. text not null");
	EXPECT(p, "public.u", PREFLIGHT_MATTERS, "(none)", "table");
	assert_string_equal(p->report.findings[1].kind, "constraint");
	assert_string_equal(p->report.findings[2].kind, "index");
	assert_string_equal(p->report.findings[2].name, "public.t.i");
	assert_string_equal(p->report.findings[2].values[1], "(none)");
}

static void test_sequences_of_one_side(void **state)
{
	struct pair *p = *state;

	has(p, 0, (struct ask_row){"sequence", "public.only", "", "5"});
	has(p, 0, (struct ask_row){"sequence", "public.s", "", "not used"});
	has(p, 1, (struct ask_row){"sequence", "public.s", "", "5"});
	preflight_compare_rows(&p->report, &p->sides);
	assert_int_equal(p->report.count, 1);
	EXPECT(p, "public.s", PREFLIGHT_MATTERS, "not used", "5");
}

static void test_more_than_are_kept(void **state)
{
	static char names[PREFLIGHT_FINDINGS_MAX + 7][16];
	struct preflight_print how = {.names = {"PostgreSQL", "YugabyteDB"}};
	struct pair *p = *state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(names[i], sizeof(names[i]), "t%zu", i);
		has(p, 1, (struct ask_row){"table", names[i], "", "table"});
	}
	preflight_compare_rows(&p->report, &p->sides);
	assert_int_equal(p->report.count, PREFLIGHT_FINDINGS_MAX);
	assert_int_equal(p->report.omitted, 7);
	preflight_report_print(&p->report, &how, out);
	fclose(out);
	assert_non_null(strstr(text, "and 997 more differences of these kinds\n"));
	free(text);
}

static void test_confirm(void **state)
{
	struct pair *p = *state;
	struct preflight_report later;

	has(p, 0, (struct ask_row){"table", "stays", "", "table"});
	has(p, 0, (struct ask_row){"table", "goes", "", "table"});
	has(p, 0, (struct ask_row){"rows", "grows", "", "1"});
	has(p, 1, (struct ask_row){"rows", "grows", "", "0"});
	preflight_compare_rows(&p->report, &p->sides);
	assert_int_equal(p->report.count, 3);
	p->sides.rows[0].count = p->sides.rows[1].count = 0;
	has(p, 0, (struct ask_row){"table", "stays", "", "table"});
	has(p, 0, (struct ask_row){"table", "comes", "", "table"});
	has(p, 0, (struct ask_row){"rows", "grows", "", "2"});
	has(p, 1, (struct ask_row){"rows", "grows", "", "1"});
	preflight_report_init(&later);
	preflight_compare_rows(&later, &p->sides);
	preflight_report_confirm(&later, &p->report);
	assert_int_equal(later.count, 1);
	assert_string_equal(later.findings[0].name, "stays");
	preflight_report_fini(&later);
}

/* What servers say cannot move the cursor or fill the screen. */
static void test_print(void **state)
{
	struct preflight_print how = {
		.names = {"PostgreSQL", "YugabyteDB"}, .is_whole = true, .has_colour = true};
	struct pair *p = *state;
	static char wide[5000];
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	memset(wide, 'x', sizeof(wide) - 1);
	has(p, 0, (struct ask_row){"table", "t\033[2J\n", "", "table"});
	has(p, 0, (struct ask_row){"rows", "u", "", wide});
	has(p, 1, (struct ask_row){"rows", "u", "", "1"});
	preflight_compare_rows(&p->report, &p->sides);
	preflight_report_print(&p->report, &how, out);
	fclose(out);
	assert_non_null(strstr(text, "\033[31mDIFFERS\033[0m  table       t?[2J?"));
	assert_non_null(strstr(text, "load the same data into both\n"));
	assert_true(len < 3000);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_major),
		cmocka_unit_test_setup_teardown(test_two_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_yugabytedb_as_installed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_upgrade, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_yugabytedb_set_up_for_tests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sequences_of_one_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_more_than_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_confirm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_print, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
