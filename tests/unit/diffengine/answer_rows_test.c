/*
 * Stored answers made readable, whole, cut and spoiled.
 */
#include "diffengine/answer_rows.h"

#include "tests/unit/diffengine/answers.h"

struct read {
	struct buf answer;
	struct arena arena;
	struct answer_rows rows;
};

static void start(struct read *r, const char *script, unsigned ordinal)
{
	buf_init(&r->answer, ANSWER_CEILING);
	arena_init(&r->arena, (size_t)16 << 20);
	answer_write(&r->answer, script);
	assert_true(answer_rows_read(&r->rows, buf_bytes(&r->answer), ordinal, &r->arena));
}

static void end(struct read *r)
{
	arena_fini(&r->arena);
	buf_fini(&r->answer);
}

static void test_rows_and_names(void **state)
{
	struct read r;
	const char **cells;

	(void)state;
	start(&r, "T id:23 name; D 1|axe; D 2|\\N; C SELECT 2; Z I", 0);
	assert_true(r.rows.is_found && r.rows.has_rows && !r.rows.is_cut);
	assert_int_equal(r.rows.column_count, 2);
	assert_true(bytes_equal_str(r.rows.names[1], "name"));
	assert_int_equal(r.rows.row_count, 2);
	cells = answer_cells(&r.rows, 0, &r.arena);
	assert_string_equal(cells[0], "1");
	assert_string_equal(cells[1], "axe");
	assert_null(answer_cells(&r.rows, 1, &r.arena)[1]);
	assert_true(bytes_equal_str(r.rows.tag, "SELECT 2"));
	end(&r);
}

static void test_the_command_is_found_by_its_ordinal(void **state)
{
	struct read r;

	(void)state;
	start(&r, "T a; D x; C SELECT 1; C UPDATE 3; T b; D y; D z; C SELECT 2; Z I", 2);
	assert_int_equal(r.rows.row_count, 2);
	assert_true(bytes_equal_str(r.rows.names[0], "b"));
	end(&r);
	start(&r, "T a; D x; C SELECT 1; C UPDATE 3; Z I", 1);
	assert_true(r.rows.is_found && !r.rows.has_rows);
	assert_true(bytes_equal_str(r.rows.tag, "UPDATE 3"));
	end(&r);
	start(&r, "C UPDATE 3; Z I", 1);
	assert_false(r.rows.is_found);
	end(&r);
}

static void test_a_description_before_it_gives_the_names(void **state)
{
	struct read r;

	(void)state;
	start(&r, "1; t; T a; 2; D x; C SELECT 1; Z I", 0);
	assert_true(bytes_equal_str(r.rows.names[0], "a"));
	assert_int_equal(r.rows.row_count, 1);
	end(&r);
	start(&r, "2; D x|y; C SELECT 1; Z I", 0);
	assert_null(r.rows.names);
	assert_int_equal(r.rows.column_count, 2);
	assert_string_equal(answer_cells(&r.rows, 0, &r.arena)[1], "y");
	end(&r);
}

static void test_errors_and_copy(void **state)
{
	struct read r;

	(void)state;
	start(&r, "E 23505 no; Z I", 0);
	assert_true(r.rows.is_found && r.rows.error_count >= 2);
	for (size_t i = 0; i < r.rows.error_count; i++)
		if (r.rows.error[i].code == 'C')
			assert_true(bytes_equal_str(r.rows.error[i].text, "23505"));
	end(&r);
	start(&r, "H; d one; d two; c; C COPY 2; Z I", 0);
	assert_true(r.rows.is_copy);
	assert_int_equal(r.rows.column_count, 1);
	assert_string_equal(answer_cells(&r.rows, 1, &r.arena)[0], "two");
	end(&r);
}

/* Cut at every byte, and with every byte spoiled: never a crash, and what is read is within. */
static void test_cut_and_spoiled(void **state)
{
	struct read r;
	struct bytes whole;

	(void)state;
	start(&r, "T id:23 name; D 1|axe; D 2|\\N; C SELECT 2; E 23505 no; Z I", 0);
	whole = buf_bytes(&r.answer);
	for (size_t len = 0; len < whole.len; len++) {
		struct answer_rows rows;
		unsigned char *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, whole.ptr, len);
		for (int spoil = 0; spoil < 2; spoil++) {
			if (spoil && len > 0)
				copy[len / 2] ^= 0xff;
			assert_true(answer_rows_read(&rows, bytes_of(copy, len), 0, &r.arena));
			assert_true(rows.row_count <= 2);
			for (size_t i = 0; i < rows.row_count; i++)
				(void)answer_cells(&rows, i, &r.arena);
		}
		free(copy);
	}
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_and_names),
		cmocka_unit_test(test_the_command_is_found_by_its_ordinal),
		cmocka_unit_test(test_a_description_before_it_gives_the_names),
		cmocka_unit_test(test_errors_and_copy),
		cmocka_unit_test(test_cut_and_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
