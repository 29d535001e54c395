/*
 * What a request's messages say: statements by command, reading or writing units, columns
 * learned from descriptions.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/steps.h"
#include "wire/message.h"

struct fixture {
	struct steps steps;
	struct prepared prepared;
	struct buf out;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){0};
	prepared_init(&f->prepared);
	buf_init(&f->out, 65536);
}

static void end(struct fixture *f)
{
	steps_fini(&f->steps);
	prepared_fini(&f->prepared);
	buf_fini(&f->out);
}

/* Notes the message that was just encoded into f->out. */
static void note(struct fixture *f, bool is_encoded)
{
	struct frame frame;

	assert_true(is_encoded);
	assert_int_equal(
		frame_next(buf_bytes(&f->out), WIRE_FRONTEND, 65536, &frame, NULL), FRAME_OK);
	steps_note(&f->steps, &f->prepared, &frame);
	buf_reset(&f->out);
}

static void note_query(struct fixture *f, const char *sql)
{
	note(f, encode_query(&f->out, sql));
}

static void note_bind(struct fixture *f, const char *portal, const char *statement)
{
	struct encode_bind bind = {.portal = portal, .statement = statement};

	note(f, encode_bind(&f->out, &bind));
}

static void expect_command(const struct fixture *f, size_t at, const char *text)
{
	const struct statement *statement;

	assert_true(at < f->steps.commands.count);
	statement = f->steps.commands.items[at];
	if (!text)
		assert_null(statement);
	else
		assert_true(bytes_equal_str(statement_text(statement), text));
}

static void test_simple_queries(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	note_query(&f, "select 1;update t set a = 1;;select 2");
	assert_int_equal(f.steps.commands.count, 3);
	expect_command(&f, 0, "select 1");
	expect_command(&f, 2, "select 2");
	assert_true(f.steps.is_simple);
	assert_true(f.steps.unit_writes);
	steps_reset(&f.steps);
	note_query(&f, "select 1");
	assert_false(f.steps.unit_writes);
	assert_int_equal(f.steps.commands.count, 1);
	steps_reset(&f.steps);
	note_query(&f, "");
	assert_int_equal(f.steps.commands.count, 0);
	assert_false(f.steps.unit_writes);
	end(&f);
}

/* Named in one exchange, executed in another. */
static void test_prepared_before(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	note(&f, encode_parse(&f.out, "r", "select 1", NULL, 0));
	note(&f, encode_parse(&f.out, "w", "delete from t", NULL, 0));
	note(&f, encode_sync(&f.out));
	assert_false(f.steps.unit_writes);
	steps_reset(&f.steps);
	note_bind(&f, "", "r");
	note(&f, encode_execute(&f.out, "", 0));
	assert_false(f.steps.unit_writes);
	expect_command(&f, 0, "select 1");
	note_bind(&f, "p", "w");
	note(&f, encode_execute(&f.out, "p", 0));
	assert_true(f.steps.unit_writes);
	expect_command(&f, 1, "delete from t");
	assert_false(f.steps.is_simple);
	steps_reset(&f.steps);
	note(&f, encode_close(&f.out, 'P', "p"));
	note(&f, encode_execute(&f.out, "p", 0));
	expect_command(&f, 0, NULL);
	assert_true(f.steps.unit_writes);
	end(&f);
}

/* The Sync commits what an earlier unit of the exchange wrote. */
static void test_sync_after_flush(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	note(&f, encode_parse(&f.out, "", "insert into t values (1)", NULL, 0));
	note_bind(&f, "", "");
	note(&f, encode_execute(&f.out, "", 0));
	assert_true(f.steps.unit_writes);
	steps_end_unit(&f.steps);
	assert_false(f.steps.unit_writes);
	note(&f, encode_sync(&f.out));
	assert_true(f.steps.unit_writes);
	steps_reset(&f.steps);
	note(&f, encode_sync(&f.out));
	assert_false(f.steps.unit_writes);
	end(&f);
}

static void test_function_call_and_copy(void **state)
{
	struct encode_function_call call = {.oid = 1};
	struct fixture f;

	(void)state;
	begin(&f);
	note(&f, encode_function_call(&f.out, &call));
	assert_true(f.steps.is_simple);
	assert_true(f.steps.unit_writes);
	expect_command(&f, 0, NULL);
	steps_reset(&f.steps);
	note(&f, encode_copy_data(&f.out, bytes_str("1\n")));
	assert_false(f.steps.unit_writes);
	note(&f, encode_copy_done(&f.out));
	assert_true(f.steps.unit_writes);
	assert_int_equal(f.steps.commands.count, 0);
	end(&f);
}

/* Bodies that cannot be decoded are for the servers to refuse. */
static void test_malformed_bodies(void **state)
{
	static const char types[] = "QPBDCEF";
	struct fixture f;

	(void)state;
	begin(&f);
	for (const char *type = types; *type; type++) {
		struct frame frame = {.type = (unsigned char)*type, .body = LITERAL("x")};

		steps_note(&f.steps, &f.prepared, &frame);
	}
	assert_true(f.steps.unit_writes);
	for (size_t i = 0; i < f.steps.commands.count; i++)
		expect_command(&f, i, NULL);
	assert_int_equal(f.steps.described.count, 0);
	end(&f);
}

static void put_answer(struct buf *out, const char *column)
{
	struct wire_column c = {.name = bytes_str(column), .type_oid = 25};

	assert_true(encode_parameter_description(out, NULL, 0));
	if (column)
		assert_true(encode_row_description(out, &c, 1));
	else
		assert_true(encode_empty(out, BACKEND_NO_DATA));
}

static bool has_columns(const struct fixture *f, const char *name)
{
	const struct statement *s = prepared_get(&f->prepared, 'S', bytes_str(name));

	return s && s->columns != NULL;
}

static void test_learning_columns(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (const char *name = "a\0b\0c\0"; *name; name += 2) {
		note(&f, encode_parse(&f.out, name, "select 1", NULL, 0));
		note(&f, encode_describe(&f.out, 'S', name));
	}
	note(&f, encode_describe(&f.out, 'S', "unknown"));
	assert_int_equal(f.steps.described.count, 4);
	/* the answers come in two pieces, the second begins within b's */
	assert_true(encode_empty(&f.out, BACKEND_PARSE_COMPLETE));
	put_answer(&f.out, "x");
	assert_true(encode_parameter_description(&f.out, NULL, 0));
	steps_learn(&f.steps, buf_bytes(&f.out));
	assert_true(has_columns(&f, "a"));
	assert_false(has_columns(&f, "b"));
	buf_reset(&f.out);
	assert_true(encode_empty(&f.out, BACKEND_NO_DATA));
	put_answer(&f.out, "z");
	put_answer(&f.out, "nobody's");
	steps_learn(&f.steps, buf_bytes(&f.out));
	assert_false(has_columns(&f, "b"));
	assert_true(has_columns(&f, "c"));
	assert_int_equal(f.steps.learned, 4);
	buf_reset(&f.out);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_queries),
		cmocka_unit_test(test_prepared_before),
		cmocka_unit_test(test_sync_after_flush),
		cmocka_unit_test(test_function_call_and_copy),
		cmocka_unit_test(test_malformed_bodies),
		cmocka_unit_test(test_learning_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
