/*
 * The comparison of items: each kind of difference with its sentence, several commands in one
 * exchange, excluded ones, where the answers still agreed, and what cannot be compared.
 */
#include "diffengine/compare.h"

#include <stdio.h>

#include "base/attr.h"
#include "diffengine/lockstep.h"
#include "tests/unit/diffengine/compared.h"

static void test_equal(void **state)
{
	(void)state;
	compared_equal("", "");
	compared_equal("T a; D 1; C SELECT 1; Z I", "T a; D 1; C SELECT 1; Z I");
	compared_equal("1; 2; n; C INSERT 0 1; 3; Z T", "1; 2; n; C INSERT 0 1; 3; Z T");
	compared_equal("E 23505 dup; Z E", "E 23505 other words; Z E");
	compared_equal("N a; C BEGIN; Z T", "C BEGIN; S x y; Z T; A z");
	compared_equal("T a:16390; D 1; C SELECT 1", "T a:20000; D 1; C SELECT 1");
	compared_equal("t 16390; n; Z I", "t 20000; n; Z I");
	compared_equal("V x; Z I", "V x; Z I");
	compared_equal("T a; D 2; D 1; C SELECT 2", "T a; D 1; D 2; C SELECT 2");
}

static void test_names_with_either_truth(void **state)
{
	struct compared c;

	(void)state;
	compared_init(
		&c, "T a; D 1; D 2; D 3; C SELECT 3", "T a; D 1; D 2; D 3; D 4; D 5; C SELECT 5");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 5 rows, YugabyteDB returned 3 rows");
	assert_string_equal(c.result.differences[0].truth, "3 rows");
	assert_string_equal(
		c.result.differences[0].candidate, "5 rows; only here: row 4: (4), row 5: (5)");
	compared_fini(&c);

	compared_init(
		&c, "T a; D 1; D 2; D 3; D 4; D 5; C SELECT 5", "T a; D 1; D 2; D 3; C SELECT 3");
	c.input.truth_name = "PostgreSQL";
	c.input.candidate_name = "YugabyteDB";
	c.input.truth_is_first = true;
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 5 rows, YugabyteDB returned 3 rows");
	assert_string_equal(
		c.result.differences[0].truth, "5 rows; only here: row 4: (4), row 5: (5)");
	assert_string_equal(c.result.differences[0].candidate, "3 rows");
	compared_fini(&c);
}

static void test_columns(void **state)
{
	(void)state;
	compared_once("T a b; D 1|2; C SELECT 1", "T a; D 1; C SELECT 1", DIFF_COLUMNS,
		"Column count mismatch: PostgreSQL returned 1 columns, "
		"YugabyteDB returned 2 columns");
	compared_once("T a b; D 1|2; C SELECT 1", "T a c; D 1|3; C SELECT 1", DIFF_COLUMNS,
		"Column name mismatch: column 2 (b): PostgreSQL c, YugabyteDB b");
	compared_once("T a:23", "T a:20", DIFF_TYPE,
		"Column type OID, length and modifier mismatch: column 1 (a): "
		"PostgreSQL 20, -1, -1, "
		"YugabyteDB 23, -1, -1");
	compared_once("T a:23", "T a:16384", DIFF_TYPE, "");
	/* Told before the same error on both sides. */
	compared_once("T a; E 22012 no", "T b; D 1; E 22012 no", DIFF_COLUMNS, "");
	compared_equal("T a; E 22012 no", "E 22012 no");
	compared_once("T x a:23", "T x a:23:b", DIFF_FORMAT,
		"Column format mismatch: column 2 (a): PostgreSQL binary, YugabyteDB text");
	compared_once("T a", "n", DIFF_GRAMMAR,
		"Description mismatch: PostgreSQL returned NoData, YugabyteDB returned columns");
	compared_once("t; n; Z I", "t; T a; Z I", DIFF_GRAMMAR,
		"Description mismatch: PostgreSQL returned columns, YugabyteDB returned NoData");
	compared_once("n; C X", "C X", DIFF_GRAMMAR,
		"Description mismatch: PostgreSQL returned no columns, YugabyteDB returned NoData");
}

static void test_typlen_and_typmod(void **state)
{
	struct wire_column a = {
		.name = bytes_str("p"), .type_oid = 1043, .typlen = -1, .typmod = 14};
	struct wire_column b = a;
	struct compared c;

	(void)state;
	b.typmod = 24;
	b.table_oid = 1;
	compared_init(&c, "", "");
	assert_true(encode_row_description(&c.truth, &a, 1));
	assert_true(encode_row_description(&c.candidate, &b, 1));
	compared_run(&c);
	compared_expect(&c, 0, DIFF_TYPE,
		"Column type OID, length and modifier mismatch: column 1 (p): "
		"PostgreSQL 1043, -1, 24, "
		"YugabyteDB 1043, -1, 14");
	assert_int_equal(c.result.count, 1);
	assert_int_equal(c.result.differences[0].column, 1);
	assert_string_equal(c.result.differences[0].column_name, "p");
	compared_fini(&c);
}

static void test_parameters(void **state)
{
	(void)state;
	compared_once("1; t 23 25; n; Z I", "1; t 23 20; n; Z I", DIFF_TYPE,
		"Parameter 2: type OID mismatch: PostgreSQL returned 20, YugabyteDB returned 25");
	compared_once("t 23; n", "t 23 23; n", DIFF_TYPE,
		"Parameter count mismatch: PostgreSQL returned 2, YugabyteDB returned 1");
	compared_once("t 23; n", "n", DIFF_GRAMMAR, "");
	compared_once("t 16384; n", "t 25; n", DIFF_TYPE, "");
}

static void test_tags(void **state)
{
	(void)state;
	compared_once("C UPDATE 1; Z I", "C UPDATE 2; Z I", DIFF_TAG,
		"Command tag mismatch: PostgreSQL returned UPDATE 2, YugabyteDB returned UPDATE 1");
	compared_once("C BEGIN", "C START TRANSACTION", DIFF_TAG, "");
	/* The number of rows says it already. */
	compared_once("T a; C SELECT 0", "T a; D 1; C SELECT 1", DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 1 rows, YugabyteDB returned 0 rows");
}

static void test_errors(void **state)
{
	(void)state;
	compared_once("E 23505 dup; Z I", "C INSERT 0 1; Z I", DIFF_ERROR_SUCCESS,
		"Error mismatch: PostgreSQL returned INSERT 0 1, YugabyteDB "
		"returned ERROR 23505: dup");
	compared_once("T a; D 1; C SELECT 1", "T a; D 1; E 22012 division by zero",
		DIFF_ERROR_SUCCESS,
		"Error mismatch: PostgreSQL returned ERROR 22012: division by zero, YugabyteDB "
		"returned SELECT 1");
	compared_once("E 0A000 not supported; Z I", "C VACUUM; Z I", DIFF_UNSUPPORTED,
		"Error mismatch: PostgreSQL returned VACUUM, YugabyteDB returned ERROR 0A000: "
		"not supported");
	compared_once("E 23505 dup; Z I", "E 23503 no key; Z I", DIFF_SQLSTATE,
		"SQLSTATE mismatch: PostgreSQL returned ERROR 23503: no key, YugabyteDB returned "
		"ERROR 23505: dup");
	/* In the extended protocol the failure takes the place of another step's answer. */
	compared_once("E 42601 syntax; Z I", "1; 2; C X; Z I", DIFF_ERROR_SUCCESS,
		"Error mismatch: PostgreSQL returned ParseComplete, YugabyteDB returned "
		"ERROR 42601: syntax");
	compared_once("1; 2; C X; Z I", "1; E 0A000 no; Z I", DIFF_UNSUPPORTED,
		"Error mismatch: PostgreSQL returned ERROR 0A000: no, "
		"YugabyteDB returned BindComplete");
	compared_once("1", "1; E 42601 x", DIFF_ERROR_SUCCESS,
		"Error mismatch: PostgreSQL returned ERROR 42601: x, YugabyteDB "
		"returned nothing more");
}

static void test_grammar(void **state)
{
	(void)state;
	compared_once("1; 2", "1; 3", DIFF_GRAMMAR,
		"Answer mismatch: PostgreSQL returned CloseComplete, YugabyteDB "
		"returned BindComplete");
	compared_once("C A; Z I", "C A; C B; Z I", DIFF_GRAMMAR,
		"Answer mismatch: PostgreSQL returned B, YugabyteDB returned ReadyForQuery");
	compared_once("I; Z I", "C SELECT 0; Z I", DIFF_GRAMMAR,
		"Result mismatch: PostgreSQL returned SELECT 0, YugabyteDB "
		"returned an empty query");
	compared_once("T a; D 1; s", "T a; D 1; C SELECT 1", DIFF_PORTAL,
		"Result mismatch: PostgreSQL returned SELECT 1, YugabyteDB "
		"returned PortalSuspended");
	compared_once("", "C A; Z I", DIFF_GRAMMAR,
		"Answer mismatch: PostgreSQL returned A, YugabyteDB returned nothing more");
	compared_once("G", "C COPY 0", DIFF_GRAMMAR,
		"Result mismatch: PostgreSQL returned COPY 0, YugabyteDB "
		"returned COPY in progress");
}

static void test_functions(void **state)
{
	(void)state;
	compared_once("V 1; Z I", "V 2; Z I", DIFF_FUNCTION_RESULT,
		"Function result mismatch: PostgreSQL 2, YugabyteDB 1");
	compared_once("V \\N", "V ", DIFF_FUNCTION_RESULT,
		"Function result mismatch: PostgreSQL , YugabyteDB NULL");
	compared_once("V \x01\x02", "V \x01\xff", DIFF_FUNCTION_RESULT,
		"Function result mismatch: PostgreSQL hex:01ff, YugabyteDB hex:0102");
}

static void test_transaction_status(void **state)
{
	struct compared c;

	(void)state;
	compared_once("C COMMIT; Z I", "C COMMIT; Z T", DIFF_TRANSACTION_STATUS,
		"Transaction status mismatch: PostgreSQL is in state T, "
		"YugabyteDB in state I (I idle, "
		"T in a transaction, E in a failed one)");
	/* A consequence of what was noted before it. */
	compared_once("C ROLLBACK; Z E", "C COMMIT; Z I", DIFF_TAG, "");
	compared_init(&c, "C A; Z T", "C A; Z T");
	compared_run(&c);
	assert_int_equal(c.result.truth_status, 'T');
	assert_int_equal(c.result.candidate_status, 'T');
	compared_fini(&c);
	compared_init(&c, "E 1 x; Z E", "C A");
	compared_run(&c);
	assert_int_equal(c.result.truth_status, 'E');
	assert_int_equal(c.result.candidate_status, 0);
	compared_fini(&c);
}

static void test_several_commands(void **state)
{
	static const char same[] = "1; 2; n; C INSERT 0 1; 2; ";
	struct compared c;

	(void)state;
	compared_init(&c, same, same);
	answer_write(&c.truth, "C UPDATE 1; 2; C UPDATE 5; 2; C DELETE 2; Z I");
	answer_write(&c.candidate, "C UPDATE 2; 2; C UPDATE 5; 2; C DELETE 3; Z I");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_TAG, "");
	compared_expect(&c, 1, DIFF_TAG, "");
	assert_int_equal(c.result.count, 2);
	assert_int_equal(c.result.differences[0].ordinal, 1);
	assert_int_equal(c.result.differences[1].ordinal, 3);
	assert_int_equal(c.result.command_count, 4);
	assert_int_equal(c.result.commands[0], VERDICT_EQUAL);
	assert_int_equal(c.result.commands[1], VERDICT_MISMATCH);
	assert_int_equal(c.result.commands[2], VERDICT_EQUAL);
	assert_int_equal(c.result.commands[3], VERDICT_MISMATCH);
	c.truth.end = c.truth.start;
	answer_write(&c.truth, same);
	assert_int_equal(c.result.agreed, buf_len(&c.truth));
	compared_fini(&c);
}

/* What one command differs in must not hide what the next one differs in. */
static void test_commands_are_judged_on_their_own(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "T a; D 1; C SELECT 1; C UPDATE 1; Z I",
		"T a; D 1; D 2; C SELECT 2; C UPDATE 2; Z I");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT, "");
	compared_expect(&c, 1, DIFF_TAG, "");
	assert_int_equal(c.result.commands[1], VERDICT_MISMATCH);
	compared_fini(&c);
	compared_init(&c, "T a; D 1; C SELECT 1; T x; D 1; C SELECT 1",
		"T b; D 1; C SELECT 1; T x; D 2; C SELECT 1");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_COLUMNS, "");
	compared_expect(&c, 1, DIFF_VALUE, "");
	assert_int_equal(c.result.count, 2);
	compared_fini(&c);
}

static void test_nothing_after_another_shape(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "C A; E 1 x; Z I", "C A; C B; C C; Z T");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ERROR_SUCCESS, "");
	assert_int_equal(c.result.count, 1);
	assert_int_equal(c.result.command_count, 3);
	assert_int_equal(c.result.commands[1], VERDICT_MISMATCH);
	assert_int_equal(c.result.commands[2], VERDICT_NOT_COMPARED);
	compared_fini(&c);
}

static void test_command_count(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "C A; Z I", "C A; Z I");
	compared_run(&c);
	assert_int_equal(c.result.command_count, 1);
	compared_fini(&c);
	compared_init(&c, "3; Z I", "3; Z I");
	compared_run(&c);
	assert_int_equal(c.result.command_count, 1);
	compared_fini(&c);
	compared_init(&c, "Z I", "Z I");
	compared_run(&c);
	assert_int_equal(c.result.command_count, 0);
	compared_fini(&c);
}

static void test_excluded(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "C A; T a; D 1; C SELECT 1; C B; Z I",
		"C A; T b; D 2; D 3; C SELECT 2; C B; Z I");
	c.commands[1].is_excluded = true;
	compared_run(&c);
	assert_int_equal(c.result.verdict, VERDICT_EXCLUDED);
	assert_int_equal(c.result.count, 0);
	assert_int_equal(c.result.commands[0], VERDICT_EQUAL);
	assert_int_equal(c.result.commands[1], VERDICT_EXCLUDED);
	assert_int_equal(c.result.commands[2], VERDICT_EQUAL);
	assert_int_equal(c.result.agreed, buf_len(&c.truth));
	compared_fini(&c);

	/* Others are compared all the same. */
	compared_init(&c, "C A; C B; Z I", "C X; C C; Z I");
	c.commands[0].is_excluded = true;
	compared_run(&c);
	compared_expect(&c, 0, DIFF_TAG, "");
	assert_int_equal(c.result.commands[0], VERDICT_EXCLUDED);
	assert_int_equal(c.result.commands[1], VERDICT_MISMATCH);
	compared_fini(&c);
}

static void test_excluded_failure(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "E 0A000 x; Z E", "C VACUUM; Z T");
	c.commands[0].is_excluded = true;
	compared_run(&c);
	assert_int_equal(c.result.verdict, VERDICT_EXCLUDED);
	assert_int_equal(c.result.count, 0);
	assert_int_equal(c.result.truth_status, 'E');
	assert_int_equal(c.result.candidate_status, 'T');
	compared_fini(&c);
}

/* Beyond what is known of the commands: compared, and in order. */
static void test_unknown_commands(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "T a; D 1; D 2; C SELECT 2", "T a; D 2; D 1; C SELECT 2");
	c.input.commands = NULL;
	c.input.command_count = 0;
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ORDER, "");
	compared_fini(&c);
}

static void test_rest_of_an_answer(void **state)
{
	struct compared c;
	struct buf columns;

	(void)state;
	buf_init(&columns, 1024);
	answer_write(&columns, "T id name");
	compared_init(&c, "D 1|a; C SELECT 9; T x; D 1; C SELECT 1; Z I",
		"D 1|b; C SELECT 9; T x; D 2; C SELECT 1; Z I");
	c.input.start = (struct outcome_start){
		.columns = bytes_skip(buf_bytes(&columns), 5), .is_in_result = true, .ordinal = 2};
	c.input.rows_before = 8;
	compared_run(&c);
	compared_expect(&c, 0, DIFF_VALUE,
		"Value mismatch: row 9, column 2 (name): PostgreSQL b, YugabyteDB a");
	/* The next result begins at its own first row. */
	compared_expect(&c, 1, DIFF_VALUE,
		"Value mismatch: row 1, column 1 (x): PostgreSQL 2, YugabyteDB 1");
	assert_int_equal(c.result.differences[0].ordinal, 2);
	assert_int_equal(c.result.differences[0].row, 9);
	assert_int_equal(c.result.differences[1].ordinal, 3);
	assert_int_equal(c.result.command_count, 2);
	assert_int_equal(c.result.commands[0], VERDICT_MISMATCH);
	assert_int_equal(c.result.agreed, 0);
	compared_fini(&c);

	compared_init(&c, "D 1|a; C SELECT 9", "C SELECT 8");
	c.input.start = (struct outcome_start){.is_in_result = true};
	c.input.rows_before = 8;
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 8 rows, YugabyteDB returned 9 rows");
	compared_fini(&c);
	buf_fini(&columns);
}

static void test_malformed_is_inconclusive(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "T a; D 1; C SELECT 1; Z I", "T a; D 2");
	assert_true(buf_append(&c.candidate, "C\0\0", 3));
	compared_run(&c);
	assert_int_equal(c.result.verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(c.result.note, "the answer ends inside a message");
	assert_int_equal(c.result.count, 0);
	assert_int_equal(c.result.agreed, 0);
	compared_fini(&c);
	compared_init(&c, "", "C A");
	assert_true(buf_append_str(&c.truth, "????????"));
	compared_run(&c);
	assert_int_equal(c.result.verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(c.result.note, "the answer is malformed: message type 0x3f is unknown");
	compared_fini(&c);
}

/* Under every ceiling: no crash, a verdict that is not a lie, texts that can be printed. */
static void test_any_arena(void **state)
{
	static const char *const pairs[][2] = {
		{"1; t 23; T a b; D 1|x; D 2|y; C SELECT 2; V 1; Z I",
			"1; t 25; T a:23 b; D 1|z; D 3|y; C SELECT 2; V 2; Z T"},
		{"T a; D 1; C SELECT 1; E 23505 x; Z I", "T a; D 1; D 2; C SELECT 2; C A; Z I"},
		{"T a; D 2; D 1; C SELECT 2; Z I", "T a; D 1; D 2; C SELECT 2; Z I"},
	};
	bool has_worked = false;

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(pairs); p++) {
		for (size_t ceiling = 0; ceiling < 20000; ceiling += 61) {
			struct compared c;

			compared_init(&c, pairs[p][0], pairs[p][1]);
			arena_init(&c.arena, ceiling);
			compared_run(&c);
			if (c.result.verdict == VERDICT_INCONCLUSIVE)
				assert_true(strlen(c.result.note) > 10);
			else
				assert_int_equal(c.result.verdict,
					p == 2 ? VERDICT_EQUAL : VERDICT_MISMATCH);
			for (size_t i = 0; i < c.result.count; i++)
				assert_null(strstr(c.result.differences[i].text, "(null)"));
			has_worked |= c.result.verdict != VERDICT_INCONCLUSIVE;
			compared_fini(&c);
		}
	}
	assert_true(has_worked);
}

/* Data of the databases is never a format. */
static void test_formats_in_data(void **state)
{
	(void)state;
	compared_once("T %s%n; D %n%s%d; C SELECT 1", "T %s%n; D %100000s; C SELECT 1", DIFF_VALUE,
		"Value mismatch: row 1, column 1 (%s%n): PostgreSQL %100000s, YugabyteDB %n%s%d");
	compared_once("E 1%s%n %s%n", "E 2%s%n %n", DIFF_SQLSTATE,
		"SQLSTATE mismatch: PostgreSQL returned ERROR 2%s%n: %n, YugabyteDB returned "
		"ERROR 1%s%n: %s%n");
	compared_once("C %n", "C %s", DIFF_TAG,
		"Command tag mismatch: PostgreSQL returned %s, YugabyteDB returned %n");
}

static bool is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;

		for (p++; more > 0; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* Whatever is cut, a sentence stays UTF-8: clients refuse others. */
static void test_sentences_stay_utf8(void **state)
{
	static const char *const unit[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	char name[6000];
	struct compared c;

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit); u++) {
		for (size_t shift = 0; shift < 4; shift++) {
			size_t len = shift;

			memset(name, 'a', shift);
			while (len + 8 < sizeof(name)) {
				memcpy(name + len, unit[u], strlen(unit[u]));
				len += strlen(unit[u]);
			}
			name[len] = '\0';
			compared_init(&c, "T a", "T b");
			c.input.candidate_name = name;
			compared_run(&c);
			assert_true(is_utf8(c.result.differences[0].text));
			assert_true(strlen(c.result.differences[0].text) > 4000);
			compared_fini(&c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_names_with_either_truth),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_typlen_and_typmod),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_transaction_status),
		cmocka_unit_test(test_several_commands),
		cmocka_unit_test(test_commands_are_judged_on_their_own),
		cmocka_unit_test(test_nothing_after_another_shape),
		cmocka_unit_test(test_command_count),
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_excluded_failure),
		cmocka_unit_test(test_unknown_commands),
		cmocka_unit_test(test_rest_of_an_answer),
		cmocka_unit_test(test_malformed_is_inconclusive),
		cmocka_unit_test(test_any_arena),
		cmocka_unit_test(test_formats_in_data),
		cmocka_unit_test(test_sentences_stay_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
