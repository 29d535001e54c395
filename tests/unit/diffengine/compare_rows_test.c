/*
 * Rows against rows: multisets and sequences, which row and column is named, COPY data, limits;
 * and a random test that changes one thing at a time.
 */
#include "diffengine/compare_impl.h"

#include <stdio.h>

#include "base/attr.h"
#include "tests/unit/diffengine/compared.h"

static void ordered_once(
	const char *truth, const char *candidate, enum diff_kind kind, const char *text)
{
	struct compared c;

	compared_init(&c, truth, candidate);
	c.commands[0].is_ordered = true;
	compared_run(&c);
	compared_expect(&c, 0, kind, text);
	assert_int_equal(c.result.count, 1);
	compared_fini(&c);
}

static void test_multisets(void **state)
{
	(void)state;
	compared_equal("T a; D 1; D 2; D 1; C SELECT 3", "T a; D 1; D 1; D 2; C SELECT 3");
	compared_equal("T a b; D 1|\\N; D \\N|1; C X", "T a b; D \\N|1; D 1|\\N; C X");
	compared_equal("T; D; D; C SELECT 2", "T; D; D; C SELECT 2");
	/* The same values, the same number of rows, other multiplicities. */
	compared_once("T a; D 1; D 1; D 2; C SELECT 3", "T a; D 1; D 2; D 2; C SELECT 3",
		DIFF_VALUE, "Value mismatch: row 2, column 1 (a): PostgreSQL 2, YugabyteDB 1");
	/* A row that is the beginning of another, and NULL against empty. */
	compared_once("T a; D 1; D \\N; C X", "T a; D ; D 1; C X", DIFF_GRAMMAR, "");
	compared_once("T a b; D 1|\\N; C X", "T a b; D 1|; C X", DIFF_VALUE,
		"Value mismatch: row 1, column 2 (b): PostgreSQL , YugabyteDB NULL");
}

static void test_one_value_among_many(void **state)
{
	struct compared c;
	char row[64];

	(void)state;
	compared_init(&c, "T id name price", "T id name price");
	for (int i = 0; i < 150; i++) {
		snprintf(row, sizeof(row), "D %d|axe|%d", i, i % 7);
		answer_write(&c.truth, row);
		snprintf(row, sizeof(row), "D %d|axe|%d", 149 - i,
			149 - i == 56 ? 99 : (149 - i) % 7);
		answer_write(&c.candidate, row);
	}
	compared_run(&c);
	compared_expect(&c, 0, DIFF_VALUE,
		"Value mismatch: row 57, column 3 (price): PostgreSQL 99, YugabyteDB 0");
	assert_int_equal(c.result.count, 1);
	assert_int_equal(c.result.differences[0].row, 57);
	assert_int_equal(c.result.differences[0].column, 3);
	assert_string_equal(c.result.differences[0].column_name, "price");
	assert_string_equal(c.result.differences[0].truth, "0");
	assert_string_equal(c.result.differences[0].candidate, "99");
	compared_fini(&c);
}

static void test_rows_are_paired_by_likeness(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "T id a b; D 1|x|y; D 2|x|y; D 3|x|y; C X",
		"T id a b; D 3|x|z; D 1|w|y; D 2|x|y; C X");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_VALUE,
		"Value mismatch: row 1, column 2 (a): PostgreSQL w, YugabyteDB x");
	compared_expect(&c, 1, DIFF_VALUE,
		"Value mismatch: row 3, column 3 (b): PostgreSQL z, YugabyteDB y");
	assert_int_equal(c.result.count, 2);
	compared_fini(&c);
}

static void test_order(void **state)
{
	(void)state;
	ordered_once("T a b; D 1|x; D 2|y; D 3|z; C X", "T a b; D 1|x; D 3|z; D 2|y; C X",
		DIFF_ORDER,
		"Row order mismatch: row 2: PostgreSQL (3, z), YugabyteDB (2, y) (the same rows in "
		"another order)");
	ordered_once("T a; D 1; D 2; C X", "T a; D 1; D 3; C X", DIFF_VALUE,
		"Value mismatch: row 2, column 1 (a): PostgreSQL 3, YugabyteDB 2");
	ordered_once("T a b; D \\N|; D |\\N; C X", "T a b; D |\\N; D \\N|; C X", DIFF_ORDER,
		"Row order mismatch: row 1: PostgreSQL (, NULL), YugabyteDB "
		"(NULL, ) (the same rows in "
		"another order)");
}

static void test_counts(void **state)
{
	struct compared c;

	(void)state;
	compared_init(
		&c, "T a b; D 1|x; D 2|y; D 3|z; C SELECT 3", "T a b; D 2|y; D 4|\\N; C SELECT 2");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 2 rows, YugabyteDB returned 3 rows");
	assert_int_equal(c.result.count, 1);
	assert_string_equal(
		c.result.differences[0].truth, "3 rows; only here: row 1: (1, x), row 3: (3, z)");
	assert_string_equal(
		c.result.differences[0].candidate, "2 rows; only here: row 2: (4, NULL)");
	compared_fini(&c);

	compared_init(&c, "T; D; C SELECT 1", "T; C SELECT 0");
	compared_run(&c);
	assert_string_equal(c.result.differences[0].truth, "1 rows; only here: row 1: ()");
	assert_string_equal(c.result.differences[0].candidate, "0 rows");
	compared_fini(&c);
}

/* Of rows that only one side has a few are shown. */
static void test_many_extra_rows(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "T a", "T a; C X");
	for (int i = 0; i < 50; i++)
		answer_write(&c.truth, i % 2 ? "D 1" : "D 2");
	answer_write(&c.truth, "C X");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT,
		"Row count mismatch: PostgreSQL returned 0 rows, YugabyteDB returned 50 rows");
	assert_string_equal(c.result.differences[0].truth,
		"50 rows; only here: row 1: (2), row 2: (1), row 3: (2) and 47 more");
	assert_int_equal(c.result.count, 1);
	compared_fini(&c);
}

static void compare_numbers(struct compared *c, int count)
{
	char row[32];

	compared_init(c, "T a", "T a");
	for (int i = 0; i < count; i++) {
		snprintf(row, sizeof(row), "D t%d", i);
		answer_write(&c->truth, row);
		snprintf(row, sizeof(row), "D c%d", i);
		answer_write(&c->candidate, row);
	}
	compared_run(c);
}

static void test_more_than_are_kept(void **state)
{
	struct compared c;

	(void)state;
	compare_numbers(&c, 100);
	assert_int_equal(c.result.count, COMPARE_DIFFERENCES_MAX);
	assert_int_equal(c.result.omitted, 0);
	compared_fini(&c);
	compare_numbers(&c, 101);
	assert_int_equal(c.result.count, COMPARE_DIFFERENCES_MAX);
	assert_int_equal(c.result.omitted, 1);
	compared_expect(&c, 99, DIFF_VALUE,
		"Value mismatch: row 100, column 1 (a): PostgreSQL c99, YugabyteDB t99");
	compared_fini(&c);
	compare_numbers(&c, 5000);
	assert_int_equal(c.result.omitted, 4900);
	assert_int_equal(c.result.verdict, VERDICT_MISMATCH);
	compared_fini(&c);
}

static void test_columns_from_an_earlier_describe(void **state)
{
	struct compared c;
	struct buf columns;

	(void)state;
	buf_init(&columns, 1024);
	answer_write(&columns, "T id");
	compared_init(&c, "2; D 1|x; C X", "2; D 2|y; C X");
	c.commands[0].columns = bytes_skip(buf_bytes(&columns), 5);
	compared_run(&c);
	compared_expect(&c, 0, DIFF_VALUE,
		"Value mismatch: row 1, column 1 (id): PostgreSQL 2, YugabyteDB 1");
	compared_expect(&c, 1, DIFF_VALUE,
		"Value mismatch: row 1, column 2 (?): PostgreSQL y, YugabyteDB x");
	compared_fini(&c);
	buf_fini(&columns);
	compared_once("2; D 1; C X", "2; D 2; C X", DIFF_VALUE,
		"Value mismatch: row 1, column 1 (?): PostgreSQL 2, YugabyteDB 1");
}

static void test_malformed_rows(void **state)
{
	struct compared c;

	(void)state;
	compared_once("T a; D 1; C X", "T a; D 1|2; C X", DIFF_GRAMMAR,
		"Row mismatch: row 1 is malformed or has another number of values");
	compared_init(&c, "T a; D 1", "T a; D 1");
	assert_true(encode_raw(&c.truth, 'D', bytes_of("\0\1\0\0\0\5x", 7)));
	assert_true(encode_raw(&c.candidate, 'D', bytes_of("\0\1\0\0\0\6x", 7)));
	compared_run(&c);
	compared_expect(&c, 0, DIFF_GRAMMAR,
		"Row mismatch: row 2 is malformed or has another number of values");
	compared_fini(&c);
	compared_init(&c, "T a", "T a");
	assert_true(encode_raw(&c.truth, 'D', bytes_of("\0\7", 2)));
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT, "");
	assert_string_equal(c.result.differences[0].truth, "1 rows; only here: row 1: hex:0007");
	compared_fini(&c);
}

static void test_copy(void **state)
{
	struct compared c;

	(void)state;
	compared_equal("H; d a; d b; c; C COPY 2", "H; d b; d a; c; C COPY 2");
	compared_once("H; d a\t1; c; C COPY 1", "H; d a\t2; c; C COPY 1", DIFF_COPY_DATA,
		"COPY data mismatch: line 1: PostgreSQL a\\x092, YugabyteDB a\\x091");
	ordered_once("H; d a; d b; c; C COPY 2", "H; d b; d a; c; C COPY 2", DIFF_ORDER,
		"Row order mismatch: row 1: PostgreSQL b, YugabyteDB a (the same rows in another "
		"order)");
	compared_init(&c, "H; d a; c; C COPY 1", "H; c; C COPY 0");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT, "");
	assert_string_equal(c.result.differences[0].truth, "1 rows; only here: row 1: a");
	compared_fini(&c);
	compared_init(&c, "H; d x; C X", "H; D x; C X");
	compared_run(&c);
	compared_expect(&c, 0, DIFF_GRAMMAR,
		"COPY format mismatch: PostgreSQL returned X, YugabyteDB returned X");
	compared_expect(&c, 1, DIFF_COPY_DATA, "");
	compared_fini(&c);
}

/* In the middle of COPY data, where CopyOutResponse was handed on before. */
static void test_copy_that_continues(void **state)
{
	struct compared c;

	(void)state;
	compared_init(&c, "d a; d b; c; C COPY 7; Z I", "d a; d x; c; C COPY 7; Z I");
	c.input.start.is_in_result = true;
	c.input.rows_before = 5;
	compared_run(&c);
	compared_expect(
		&c, 0, DIFF_COPY_DATA, "COPY data mismatch: line 7: PostgreSQL x, YugabyteDB b");
	assert_int_equal(c.result.count, 1);
	compared_fini(&c);
}

static void test_arena_is_too_small_for_rows(void **state)
{
	struct compared c;
	bool was_inconclusive = false;

	(void)state;
	for (size_t ceiling = 10000; ceiling < 400000; ceiling += 10000) {
		compared_init(&c, "T a; D 1; D 2; D 3", "T a; D 3; D 2; D 1");
		for (int i = 0; i < 2000; i++) {
			answer_write(&c.truth, "D x");
			answer_write(&c.candidate, "D x");
		}
		arena_init(&c.arena, ceiling);
		compared_run(&c);
		if (c.result.verdict == VERDICT_INCONCLUSIVE &&
			!strcmp(c.result.note, "the rows are too many to be compared")) {
			was_inconclusive = true;
			assert_int_equal(c.result.commands[0], VERDICT_INCONCLUSIVE);
			assert_int_equal(c.result.agreed, 0);
			assert_int_equal(c.result.count, 0);
		}
		if (c.result.verdict != VERDICT_INCONCLUSIVE)
			assert_int_equal(c.result.verdict, VERDICT_EQUAL);
		compared_fini(&c);
	}
	assert_true(was_inconclusive);
	assert_int_equal(c.result.verdict, VERDICT_EQUAL);
}

static void test_long_rows_are_cut(void **state)
{
	struct compared c;
	struct wire_value values[20];
	char text[300];
	const char *row;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		values[i] = (struct wire_value){.data = bytes_of(text, sizeof(text))};
	compared_init(&c, "T a", "T a");
	assert_true(encode_data_row(&c.truth, values, ARRAY_LEN(values)));
	compared_run(&c);
	compared_expect(&c, 0, DIFF_ROW_COUNT, "");
	row = strchr(c.result.differences[0].truth, '(');
	assert_non_null(row);
	/* Two values of 33 characters, and a sign that there is more. */
	assert_int_equal(strlen(row), 1 + 2 * 99 + 2 + 6);
	assert_string_equal(row + 1 + 2 * 99 + 2, ", ...)");
	assert_memory_equal(row, "(\xe2\x82\xac", 4);
	compared_fini(&c);
}

/* --- random --- */

#define ROWS_MAX    12
#define COLUMNS_MAX 4

struct table {
	uint32_t rows, columns;
	char cells[ROWS_MAX][COLUMNS_MAX][16]; /* "\\N": NULL */
};

static void fill_table(struct table *t, uint32_t *seed)
{
	static const char *const words[] = {"\\N", "", "a", "b", "aa", "1", "%s", "\xc3\xa4"};

	t->rows = 1 + answer_random(seed, ROWS_MAX);
	t->columns = 1 + answer_random(seed, COLUMNS_MAX);
	for (uint32_t r = 0; r < t->rows; r++)
		for (uint32_t c = 0; c < t->columns; c++)
			snprintf(t->cells[r][c], sizeof(t->cells[r][c]), "%s",
				words[answer_random(seed, ARRAY_LEN(words))]);
}

static void shuffle(struct table *t, uint32_t *seed)
{
	char row[COLUMNS_MAX][16];

	for (uint32_t i = t->rows; i > 1; i--) {
		uint32_t j = answer_random(seed, i);

		memcpy(row, t->cells[i - 1], sizeof(row));
		memcpy(t->cells[i - 1], t->cells[j], sizeof(row));
		memcpy(t->cells[j], row, sizeof(row));
	}
}

static void write_table(struct buf *out, const struct table *t, const char *end)
{
	struct wire_value values[COLUMNS_MAX];

	answer_write(out, "2");
	for (uint32_t r = 0; r < t->rows; r++) {
		for (uint32_t c = 0; c < t->columns; c++)
			values[c] = answer_value(bytes_str(t->cells[r][c]));
		assert_true(encode_data_row(out, values, t->columns));
	}
	answer_write(out, end);
}

enum mutation {
	MUTATE_NOTHING,
	MUTATE_VALUE,
	MUTATE_LESS,
	MUTATE_MORE,
	MUTATE_TAG,
	MUTATE_END,
	MUTATION_COUNT
};

static void mutate(struct table *t, enum mutation mutation, uint32_t *seed)
{
	uint32_t row = answer_random(seed, t->rows);

	if (mutation == MUTATE_VALUE) {
		memcpy(t->cells[row][answer_random(seed, t->columns)], "other", 6);
	} else if (mutation == MUTATE_LESS) {
		t->rows--;
		memcpy(t->cells[row], t->cells[t->rows], sizeof(t->cells[row]));
	} else if (mutation == MUTATE_MORE && t->rows < ROWS_MAX) {
		memcpy(t->cells[t->rows], t->cells[row], sizeof(t->cells[row]));
		t->rows++;
	}
}

static const char *end_of(enum mutation mutation)
{
	if (mutation == MUTATE_TAG)
		return "C SELECT 8; Z I";
	return mutation == MUTATE_END ? "s; Z I" : "C SELECT 9; Z I";
}

static void expect_mutation(const struct compared *c, enum mutation mutation)
{
	const struct difference *d = c->result.differences;

	if (mutation == MUTATE_NOTHING) {
		assert_int_equal(c->result.verdict, VERDICT_EQUAL);
		assert_int_equal(c->result.count, 0);
		return;
	}
	assert_int_equal(c->result.verdict, VERDICT_MISMATCH);
	assert_int_equal(c->result.commands[0], VERDICT_MISMATCH);
	if (mutation == MUTATE_VALUE) {
		assert_int_equal(c->result.count, 1);
		assert_int_equal(d->kind, DIFF_VALUE);
		assert_string_equal(d->candidate, "other");
		assert_true(d->row >= 1 && d->column >= 1);
	} else if (mutation == MUTATE_TAG || mutation == MUTATE_END) {
		assert_int_equal(c->result.count, 1);
		assert_int_equal(d->kind, mutation == MUTATE_TAG ? DIFF_TAG : DIFF_PORTAL);
	} else {
		assert_int_equal(c->result.count, 1);
		assert_int_equal(d->kind, DIFF_ROW_COUNT);
	}
}

static void test_random_mutations(void **state)
{
	uint32_t seed = 20260101;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		enum mutation mutation = (enum mutation)(round % MUTATION_COUNT);
		struct table truth, candidate;
		struct compared c;

		fill_table(&truth, &seed);
		candidate = truth;
		mutate(&candidate, mutation, &seed);
		if (mutation == MUTATE_MORE && candidate.rows == truth.rows)
			mutation = MUTATE_NOTHING;
		shuffle(&candidate, &seed);
		compared_init(&c, "", "");
		write_table(&c.truth, &truth, end_of(MUTATE_NOTHING));
		write_table(&c.candidate, &candidate, end_of(mutation));
		compared_run(&c);
		expect_mutation(&c, mutation);
		compared_fini(&c);
	}
}

/* In order a permutation is a difference exactly where it is visible. */
static void test_random_orders(void **state)
{
	uint32_t seed = 4711;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct table truth, candidate;
		struct compared c;
		bool is_same;

		fill_table(&truth, &seed);
		candidate = truth;
		shuffle(&candidate, &seed);
		compared_init(&c, "", "");
		write_table(&c.truth, &truth, "C X");
		write_table(&c.candidate, &candidate, "C X");
		c.commands[0].is_ordered = true;
		compared_run(&c);
		is_same = bytes_equal(buf_bytes(&c.truth), buf_bytes(&c.candidate));
		assert_int_equal(c.result.verdict, is_same ? VERDICT_EQUAL : VERDICT_MISMATCH);
		assert_int_equal(c.result.count, !is_same);
		if (!is_same)
			assert_int_equal(c.result.differences[0].kind, DIFF_ORDER);
		compared_fini(&c);
	}
}

/* Answers of bytes that went bad: never a crash, never equal unless they are. */
static void test_random_damage(void **state)
{
	uint32_t seed = 99;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct table table;
		struct compared c;

		fill_table(&table, &seed);
		compared_init(&c, "1; t 23; T a b", "1; t 23; T a b");
		write_table(&c.truth, &table, "C X; E 1 x; V y; H; d a; Z I");
		write_table(&c.candidate, &table, "C X; E 1 x; V y; H; d a; Z I");
		for (uint32_t n = 1 + answer_random(&seed, 3); n > 0; n--)
			c.candidate.ptr[answer_random(&seed, (uint32_t)buf_len(&c.candidate))] ^=
				(unsigned char)(1u << answer_random(&seed, 8));
		compared_run(&c);
		assert_true(c.result.verdict != VERDICT_INCONCLUSIVE || c.result.note);
		for (size_t i = 0; i < c.result.count; i++)
			assert_non_null(c.result.differences[i].text);
		compared_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multisets),
		cmocka_unit_test(test_one_value_among_many),
		cmocka_unit_test(test_rows_are_paired_by_likeness),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_many_extra_rows),
		cmocka_unit_test(test_more_than_are_kept),
		cmocka_unit_test(test_columns_from_an_earlier_describe),
		cmocka_unit_test(test_malformed_rows),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_that_continues),
		cmocka_unit_test(test_arena_is_too_small_for_rows),
		cmocka_unit_test(test_long_rows_are_cut),
		cmocka_unit_test(test_random_mutations),
		cmocka_unit_test(test_random_orders),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
