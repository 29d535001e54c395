/*
 * The CSV report, read back with libcsv's parser.
 */
#include "report/csv.h"

#include <csv.h>

#include "tests/unit/report/trace_sample.h"

#define COLUMNS  22
#define ROWS_MAX 20

enum column {
	EXCHANGE,
	SESSION,
	USER,
	DATABASE,
	APPLICATION_NAME,
	STARTED_UTC,
	COMMAND,
	VERDICT,
	KIND,
	SEVERITY,
	ROW,
	COLUMN,
	COLUMN_NAME,
	TRUTH_NAME,
	CANDIDATE_NAME,
	TRUTH_VALUE,
	CANDIDATE_VALUE,
	RULE,
	STATEMENT,
	PARAMETERS,
	TEXT,
	CONSEQUENCE_OF
};

struct table {
	char *cells[ROWS_MAX][COLUMNS]; /* NULL: empty and unquoted */
	size_t lens[ROWS_MAX][COLUMNS];
	size_t rows, columns; /* of the row being read */
};

static void on_cell(void *text, size_t len, void *context)
{
	struct table *t = context;

	assert_true(t->rows < ROWS_MAX && t->columns < COLUMNS);
	if (text) {
		t->cells[t->rows][t->columns] = malloc(len + 1);
		assert_non_null(t->cells[t->rows][t->columns]);
		memcpy(t->cells[t->rows][t->columns], text, len);
		t->cells[t->rows][t->columns][len] = '\0';
	}
	t->lens[t->rows][t->columns++] = len;
}

static void on_row(int terminator, void *context)
{
	struct table *t = context;

	(void)terminator;
	assert_int_equal(t->columns, COLUMNS);
	t->rows++;
	t->columns = 0;
}

/* Reopens, writes the report into s->text and parses it strictly. */
static void write_and_parse(struct sample *s, struct table *t, int only)
{
	struct summary summary;
	struct csv_parser parser;
	FILE *out;

	*t = (struct table){.rows = 0};
	sample_summary(s, &summary, only);
	out = sample_catch(s);
	sample_check(s, csv_report(out, s->trace, &summary, &s->err));
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
	assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL), 0);
	assert_int_equal(csv_parse(&parser, s->text, s->text_len, on_cell, on_row, t), s->text_len);
	assert_int_equal(csv_fini(&parser, on_cell, on_row, t), 0);
	csv_free(&parser);
}

static void table_free(struct table *t)
{
	for (size_t r = 0; r < t->rows; r++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(t->cells[r][c]);
}

static void expect_cell(const struct table *t, size_t row, enum column column, const char *want)
{
	const char *have = t->cells[row][column];

	assert_true(row < t->rows);
	if (!want)
		assert_null(have);
	else if (!have || strcmp(have, want) != 0)
		fail_msg("column %d is %s, not %s", (int)column, have ? have : "NULL", want);
}

static void test_the_header_names_the_columns(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	assert_int_equal(t.rows, 1);
	expect_cell(&t, 0, EXCHANGE, "exchange");
	expect_cell(&t, 0, STARTED_UTC, "started_utc");
	expect_cell(&t, 0, TRUTH_VALUE, "truth_value");
	expect_cell(&t, 0, TEXT, "text");
	expect_cell(&t, 0, CONSEQUENCE_OF, "consequence_of");
	table_free(&t);
	sample_end(&s);
}

static void test_a_consequence_names_its_cause(void **state)
{
	struct trace_consequence row = {.exchange = 2, .cause = 1, .table = NULL};
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select 2", LITERAL("1"), LITERAL("2"));
	sample_check(&s, trace_write_consequence(s.trace, &row, &s.err));
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	expect_cell(&t, 1, CONSEQUENCE_OF, NULL);
	expect_cell(&t, 2, CONSEQUENCE_OF, "1");
	table_free(&t);
	sample_end(&s);
}

static void test_a_difference_is_a_row(void **state)
{
	static const struct {
		enum column column;
		const char *want;
	} cells[] = {{EXCHANGE, "2"}, {SESSION, "1"}, {USER, "app"}, {DATABASE, "shop"},
		{APPLICATION_NAME, "suite"}, {STARTED_UTC, "2025-11-23 14:05:08.000000Z"},
		{COMMAND, "0"}, {VERDICT, "mismatch"}, {KIND, "value"}, {SEVERITY, "data"},
		{ROW, "2"}, {COLUMN, "3"}, {COLUMN_NAME, "price"}, {TRUTH_NAME, "YugabyteDB"},
		{CANDIDATE_NAME, "PostgreSQL"}, {TRUTH_VALUE, "1.25"}, {CANDIDATE_VALUE, "-1.35"},
		{RULE, NULL}, {STATEMENT, "select \"price\",\r\n1 from item"},
		{PARAMETERS, "$1 = '7'"}, {TEXT, "row 2, column \"price\" differs"},
		{CONSEQUENCE_OF, NULL}};
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_value_mismatch(
		&s, "select \"price\",\r\n1 from item", LITERAL("1.25"), LITERAL("-1.35"));
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	assert_int_equal(t.rows, 2);
	assert_int_equal(ARRAY_LEN(cells), COLUMNS);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		expect_cell(&t, 1, cells[i].column, cells[i].want);
	table_free(&t);
	sample_end(&s);
}

static void test_null_empty_and_absent_are_told_apart(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin_bare(&s);
	sample_session(&s, 1, "app");
	sample_bare_exchange(&s, 1, VERDICT_MISMATCH, NULL);
	sample_difference(
		&s, (struct trace_difference){
			    .kind = DIFF_ROW_COUNT, .truth_null = true, .candidate = LITERAL("")});
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	assert_int_equal(t.rows, 2);
	expect_cell(&t, 1, TRUTH_VALUE, NULL);
	expect_cell(&t, 1, CANDIDATE_VALUE, "");
	expect_cell(&t, 1, ROW, NULL);
	expect_cell(&t, 1, COLUMN, NULL);
	expect_cell(&t, 1, COLUMN_NAME, NULL);
	expect_cell(&t, 1, STARTED_UTC, NULL);
	expect_cell(&t, 1, STATEMENT, NULL);
	expect_cell(&t, 1, PARAMETERS, NULL);
	table_free(&t);
	sample_end(&s);
}

static void test_all_differences_of_all_verdicts_are_there(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG});
	sample_exchange(&s, VERDICT_ALLOWED, "select 2");
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .rule = "tolerance"});
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	assert_int_equal(t.rows, 4);
	expect_cell(&t, 2, KIND, "tag");
	expect_cell(&t, 3, VERDICT, "allowed");
	expect_cell(&t, 3, RULE, "tolerance");
	table_free(&t);
	sample_end(&s);
}

static void test_only_narrows_the_rows(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG});
	write_and_parse(&s, &t, DIFF_TAG);
	assert_int_equal(t.rows, 2);
	expect_cell(&t, 1, KIND, "tag");
	table_free(&t);
	sample_end(&s);
}

static void test_kinds_of_a_newer_twinkly_keep_their_name(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_check(&s, trace_write_word(s.trace, "difference_kind", 99, "colour", "taste",
				 "meaning", &s.err));
	sample_exchange(&s, VERDICT_MISMATCH, "select 1");
	sample_difference(&s, (struct trace_difference){.kind = 99});
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	expect_cell(&t, 1, KIND, "colour");
	expect_cell(&t, 1, SEVERITY, "taste");
	table_free(&t);
	sample_end(&s);
}

static void test_formulas_are_neutralised_and_numbers_are_not(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {{"=1+1", "'=1+1"}, {"+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"},
		{"-2+3", "'-2+3"}, {"@SUM(A1)", "'@SUM(A1)"}, {"\t=1", "'\t=1"}, {"\r=1", "'\r=1"},
		{"-12.50", "-12.50"}, {"+3e-05", "+3e-05"}, {"-.5", "-.5"}, {"-5.", "-5."},
		{"-", "'-"}, {"-.", "'-."}, {"-1e", "'-1e"}, {"-1e+", "'-1e+"},
		{"-Infinity", "'-Infinity"}, {"--1", "'--1"}, {"a=1", "a=1"}, {"'=1", "'=1"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s;
		struct table t;

		sample_begin(&s);
		sample_value_mismatch(&s, cases[i].value, bytes_str(cases[i].value), LITERAL("x"));
		write_and_parse(&s, &t, SUMMARY_ANY_KIND);
		expect_cell(&t, 1, TRUTH_VALUE, cases[i].want);
		expect_cell(&t, 1, STATEMENT, cases[i].want);
		table_free(&t);
		sample_end(&s);
	}
}

static void test_what_is_not_utf8_is_replaced(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("a\xff,\"\0z"), LITERAL("\xc3\xa9"));
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	expect_cell(&t, 1, TRUTH_VALUE, "a\xef\xbf\xbd,\"\xef\xbf\xbdz");
	expect_cell(&t, 1, CANDIDATE_VALUE, "\xc3\xa9");
	table_free(&t);
	sample_end(&s);
}

static void test_huge_fields_are_cut_and_say_so(void **state)
{
	size_t size = 3 << 20;
	char *huge = malloc(size);
	struct sample s;
	struct table t;

	(void)state;
	assert_non_null(huge);
	memset(huge, '"', size);
	memset(huge, 0xff, size / 2); /* grows threefold, the quotes twofold */
	sample_begin(&s);
	sample_value_mismatch(
		&s, "select 1", bytes_of(huge, size), bytes_of(huge + size / 2, size / 2));
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	assert_int_equal(t.lens[1][TRUTH_VALUE], (3 << 20) + strlen("... (3145728 bytes)"));
	assert_non_null(strstr(t.cells[1][TRUTH_VALUE], "\xbd... (3145728 bytes)"));
	assert_non_null(strstr(t.cells[1][CANDIDATE_VALUE], "\"... (1572864 bytes)"));
	table_free(&t);
	sample_end(&s);
	free(huge);
}

static void test_rows_end_as_rfc_4180_has_it(void **state)
{
	struct sample s;
	struct table t;

	(void)state;
	sample_begin(&s);
	write_and_parse(&s, &t, SUMMARY_ANY_KIND);
	sample_has(&s, "\"text\",\"consequence_of\"\r\n");
	assert_true(strncmp(s.text, "\"exchange\",\"session\",", 21) == 0);
	table_free(&t);
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_header_names_the_columns),
		cmocka_unit_test(test_a_consequence_names_its_cause),
		cmocka_unit_test(test_a_difference_is_a_row),
		cmocka_unit_test(test_null_empty_and_absent_are_told_apart),
		cmocka_unit_test(test_all_differences_of_all_verdicts_are_there),
		cmocka_unit_test(test_only_narrows_the_rows),
		cmocka_unit_test(test_kinds_of_a_newer_twinkly_keep_their_name),
		cmocka_unit_test(test_formulas_are_neutralised_and_numbers_are_not),
		cmocka_unit_test(test_what_is_not_utf8_is_replaced),
		cmocka_unit_test(test_huge_fields_are_cut_and_say_so),
		cmocka_unit_test(test_rows_end_as_rfc_4180_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
