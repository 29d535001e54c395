/*
 * Messages of the client as items: the text of each kind, and that every one reads back to the
 * same bytes, also those that cannot be decoded.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/fixture_request.h"
#include "wire/message.h"

#define MAX 1000000

static struct fixture_known known;

static int begin(void **state)
{
	(void)state;
	fixture_known_init(&known);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_known_fini(&known);
	return 0;
}

/* The one message in `message` has that text and comes back from it. */
static void check(struct buf *message, const char *text)
{
	struct arena arena;
	struct err err = {""};
	struct frame frame;
	struct buf out, again;
	struct fixture_cursor c = {.file = "t", .line = 1, .arena = &arena, .err = &err};

	arena_init(&arena, MAX);
	buf_init(&out, MAX);
	buf_init(&again, MAX);
	assert_int_equal(
		frame_next(buf_bytes(message), WIRE_FRONTEND, MAX, &frame, &err), FRAME_OK);
	assert_true(fixture_print_message(&known, 1, &frame, &out));
	assert_string_equal(buf_cstr(&out), text);
	c.text = buf_bytes(&out);
	if (!fixture_parse_message(&c, &again))
		fail_msg("%s", err.text);
	assert_true(cursor_is_at_end(&c));
	assert_true(bytes_equal(buf_bytes(&again), buf_bytes(message)));
	buf_fini(&again);
	buf_fini(&out);
	buf_reset(message);
	arena_fini(&arena);
}

static void test_simple_messages(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, MAX);
	assert_true(encode_query(&m, "select 'a\"b\\c'\n-- \x01 \xff"));
	check(&m, "Query \"select 'a\\\"b\\\\c'\\n-- \\x01 \\xff\"");
	assert_true(encode_query(&m, ""));
	check(&m, "Query \"\"");
	assert_true(encode_sync(&m));
	check(&m, "Sync");
	assert_true(encode_flush(&m));
	check(&m, "Flush");
	assert_true(encode_describe(&m, 'P', ""));
	check(&m, "Describe portal \"\"");
	assert_true(encode_close(&m, 'S', "my name"));
	check(&m, "Close statement \"my name\"");
	assert_true(encode_execute(&m, "p1", 100));
	check(&m, "Execute p1 max=100");
	assert_true(encode_copy_data(&m, LITERAL("1\taxe\n\0")));
	check(&m, "CopyData \"1\\taxe\\n\\x00\"");
	assert_true(encode_copy_done(&m));
	check(&m, "CopyDone");
	assert_true(encode_copy_fail(&m, "no more"));
	check(&m, "CopyFail \"no more\"");
	buf_fini(&m);
}

static void test_parse_and_bind(void **state)
{
	const uint32_t types[] = {23, 0, 25, 1007, 99999};
	const int16_t formats[] = {1, 0, 1, 0, 1};
	const struct wire_value values[] = {{.data = LITERAL("\0\0\0\7")}, {.is_null = true},
		{.data = LITERAL("t;x")}, {.data = LITERAL("NULL")}, {.data = LITERAL("\1\2")}};
	const int16_t results[] = {1, 0, 7};
	struct encode_bind bind = {.portal = "",
		.statement = "s",
		.formats = formats,
		.nformats = 5,
		.parameters = values,
		.nparameters = 5,
		.result_formats = results,
		.nresult_formats = 3};
	struct buf m;

	(void)state;
	buf_init(&m, MAX);
	assert_true(encode_parse(&m, "s", "select $1", types, 5));
	check(&m, "Parse s \"select $1\" types=[int4 - text _int4 oid:99999]");
	assert_true(encode_bind(&m, &bind));
	check(&m,
		"Bind \"\" s params=[int4:7 NULL text:\"t;x\" \"NULL\" hex:0102] results=[b t 7]");
	bind.nformats = 1; /* one for all */
	bind.nresult_formats = 0;
	assert_true(encode_bind(&m, &bind));
	check(&m, "Bind \"\" s formats=[b] params=[int4:7 NULL text:\"t;x\" hex:4e554c4c "
		  "hex:0102]");
	bind.nformats = bind.nparameters = 0;
	assert_true(encode_bind(&m, &bind));
	check(&m, "Bind \"\" s");
	buf_fini(&m);
}

static void test_function_call(void **state)
{
	const int16_t format = 1;
	const struct wire_value argument = {.data = LITERAL("\0\0\0\5")};
	struct encode_function_call call = {.oid = 1395,
		.formats = &format,
		.nformats = 1,
		.arguments = &argument,
		.narguments = 1,
		.result_format = 1};
	struct buf m;

	(void)state;
	buf_init(&m, MAX);
	assert_true(encode_function_call(&m, &call));
	check(&m, "FunctionCall 1395 args=[hex:00000005] result=b");
	call.nformats = 0;
	call.result_format = 0;
	assert_true(encode_function_call(&m, &call));
	check(&m, "FunctionCall 1395 args=[\"\\x00\\x00\\x00\\x05\"] result=t");
	buf_fini(&m);
}

/* A Bind whose counts promise more than there is, and one with bytes behind its end. */
static void test_what_cannot_be_decoded(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, MAX);
	assert_true(encode_raw(&m, 'B', LITERAL("\0\0\0\5\0\0\0\0")));
	check(&m, "Raw B hex:0000000500000000");
	assert_true(encode_raw(&m, 'Q', LITERAL("a\0b\0")));
	check(&m, "Raw Q hex:61006200");
	assert_true(encode_raw(&m, 'D', LITERAL("X\0")));
	check(&m, "Raw D hex:5800");
	buf_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_simple_messages, begin, end),
		cmocka_unit_test_setup_teardown(test_parse_and_bind, begin, end),
		cmocka_unit_test_setup_teardown(test_function_call, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_decoded, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
