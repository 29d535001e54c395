/*
 * Pairs of OIDs, and where they are replaced in messages.
 */
#include "diffengine/object_oids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "wire/encode.h"

static struct object_oids *learned(void)
{
	struct object_oids *o = NULL;

	object_oids_learn(&o, 40463, 40455);
	object_oids_learn(&o, 99999, 100001);
	object_oids_learn(&o, 20000, 20000);
	return o;
}

static void test_pairs(void **state)
{
	struct object_oids *o = NULL;

	(void)state;
	assert_int_equal(object_oids_find(o, 40463), 0);
	object_oids_learn(&o, 1259, 40000);  /* a catalog of the system's own */
	object_oids_learn(&o, 30000, 30000); /* the same: nothing to keep */
	assert_null(o);
	object_oids_free(learned());
	o = learned();
	assert_int_equal(object_oids_find(o, 40463), 40455);
	assert_int_equal(object_oids_find(o, 40455), 0);
	assert_int_equal(object_oids_find(o, 20000), 0);
	object_oids_learn(&o, 40463, 50000);
	assert_int_equal(object_oids_find(o, 40463), 50000);
	object_oids_learn(&o, 40463, 40463); /* created anew, equal by now */
	assert_int_equal(object_oids_find(o, 40463), 40463);
	object_oids_free(o);
}

static void test_full(void **state)
{
	struct object_oids *o = NULL;

	(void)state;
	for (uint32_t i = 0; i < OBJECT_OIDS_MAX; i++)
		object_oids_learn(&o, 20000 + i, 50000 + i);
	assert_int_equal(object_oids_find(o, 20000), 50000);
	assert_int_equal(
		object_oids_find(o, 20000 + OBJECT_OIDS_MAX - 1), 50000 + OBJECT_OIDS_MAX - 1);
	object_oids_learn(&o, 70000, 80000);
	assert_int_equal(object_oids_find(o, 70000), 80000);
	assert_int_equal(object_oids_find(o, 20000), 0);
	object_oids_free(o);
}

static void test_statements(void **state)
{
	static const char *const concerned[] = {"SELECT pg_get_viewdef('40463'::pg_catalog.oid)",
		"select lo_get(40463)", "COMMENT ON LARGE OBJECT 40463 IS 'x'",
		"SELECT '40463'::regclass", "SELECT 1 FROM c WHERE c.oid = '40463'"};
	static const char *const others[] = {"INSERT INTO t VALUES (40463)",
		"UPDATE t SET price = 40463", "SELECT 'pg_class oid'", "", "SELECT \"oid\" FROM t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(concerned); i++)
		assert_true(object_oids_concern(bytes_str(concerned[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(object_oids_concern(bytes_str(others[i])));
}

/* The one message in `in` as the candidate gets it. */
static struct frame translated(struct buf *in, const char *statement, struct buf *out, size_t count)
{
	struct object_oids *o = learned();
	struct frame f;
	size_t found = 0;

	assert_int_equal(frame_next(buf_bytes(in), WIRE_FRONTEND, 65536, &f, NULL), FRAME_OK);
	assert_true(object_oids_translate(
		o, &f, statement ? bytes_str(statement) : bytes_of(NULL, 0), out, &found));
	assert_int_equal(found, count);
	object_oids_free(o);
	assert_int_equal(frame_next(buf_bytes(out), WIRE_FRONTEND, 65536, &f, NULL), FRAME_OK);
	assert_int_equal(f.whole.len, buf_len(out));
	return f;
}

static void query_becomes(const char *query, const char *expected, size_t count)
{
	struct buf in, out;
	struct bytes text;
	struct frame f;

	buf_init(&in, 65536);
	buf_init(&out, 65536);
	assert_true(encode_query(&in, query));
	f = translated(&in, NULL, &out, count);
	assert_true(decode_string(f.body, &text));
	if (!bytes_equal_str(text, expected))
		fail_msg("%s: %.*s", query, (int)text.len, (const char *)text.ptr);
	buf_fini(&in);
	buf_fini(&out);
}

static void test_queries(void **state)
{
	(void)state;
	query_becomes("SELECT pg_get_viewdef('40463'::oid, true)",
		"SELECT pg_get_viewdef('40455'::oid, true)", 1);
	query_becomes(
		"SELECT lo_get(99999), lo_get(40463);", "SELECT lo_get(100001), lo_get(40455);", 2);
	query_becomes("SELECT lo_get(40464)", "SELECT lo_get(40464)", 0);
	query_becomes("SELECT lo_get(0040463), 140463, '40463 ', '' -- 40463",
		"SELECT lo_get(0040463), 140463, '40463 ', '' -- 40463", 0);
	query_becomes("INSERT INTO t VALUES (40463)", "INSERT INTO t VALUES (40463)", 0);
	query_becomes("", "", 0);
}

static void test_parse(void **state)
{
	struct buf in, out;
	struct msg_parse parse;
	struct frame f;
	uint32_t type = 23, got;

	(void)state;
	buf_init(&in, 65536);
	buf_init(&out, 65536);
	assert_true(encode_parse(&in, "s", "SELECT lo_get(99999), $1", &type, 1));
	f = translated(&in, NULL, &out, 1);
	assert_true(decode_parse(f.body, &parse));
	assert_true(bytes_equal_str(parse.name, "s"));
	assert_true(bytes_equal_str(parse.query, "SELECT lo_get(100001), $1"));
	assert_true(wire_oid_next(&parse.types, &got) && got == 23);
	buf_fini(&in);
	buf_fini(&out);
}

static void test_bind(void **state)
{
	static const unsigned char binary[] = {0, 0, 0x9e, 0x0f}; /* 40463 */
	const struct wire_value values[] = {{.data = {(const unsigned char *)"99999", 5}},
		{.is_null = true}, {.data = {binary, 4}},
		{.data = {(const unsigned char *)"x", 1}}};
	const int16_t formats[] = {0, 0, 1, 0}, results[] = {1};
	const struct encode_bind bind = {.portal = "p",
		.statement = "s",
		.formats = formats,
		.nformats = 4,
		.parameters = values,
		.nparameters = 4,
		.result_formats = results,
		.nresult_formats = 1};
	struct buf in, out;
	struct msg_bind msg;
	struct wire_value value;
	struct frame f;

	(void)state;
	buf_init(&in, 65536);
	buf_init(&out, 65536);
	assert_true(encode_bind(&in, &bind));
	f = translated(&in, "SELECT pg_get_viewdef($1)", &out, 2);
	assert_true(decode_bind(f.body, &msg));
	assert_true(bytes_equal_str(msg.portal, "p") && bytes_equal_str(msg.statement, "s"));
	assert_int_equal(msg.formats.count, 4);
	assert_int_equal(msg.result_formats.count, 1);
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_true(bytes_equal_str(value.data, "100001"));
	assert_true(wire_value_next(&msg.parameters, &value) && value.is_null);
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_memory_equal(value.data.ptr, "\0\0\x9e\x07", 4);
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_true(bytes_equal_str(value.data, "x"));
	buf_reset(&out);
	/* Of a statement that is not about the catalog, or not known, nothing is touched. */
	f = translated(&in, "SELECT $1", &out, 0);
	buf_reset(&out);
	f = translated(&in, NULL, &out, 0);
	assert_true(bytes_equal(f.whole, buf_bytes(&in)));
	buf_fini(&in);
	buf_fini(&out);
}

static void test_function_call(void **state)
{
	static const unsigned char object[] = {0, 0, 0x9e, 0x0f}, mode[] = {0, 4, 0, 0};
	const struct wire_value arguments[] = {{.data = {object, 4}}, {.data = {mode, 4}}};
	const int16_t formats[] = {1};
	struct encode_function_call call = {.oid = 952, /* lo_open */
		.formats = formats,
		.nformats = 1,
		.arguments = arguments,
		.narguments = 2,
		.result_format = 1};
	struct buf in, out;
	struct msg_function_call msg;
	struct wire_value value;
	struct frame f;

	(void)state;
	buf_init(&in, 65536);
	buf_init(&out, 65536);
	assert_true(encode_function_call(&in, &call));
	f = translated(&in, NULL, &out, 1);
	assert_true(decode_function_call(f.body, &msg));
	assert_int_equal(msg.oid, 952);
	assert_int_equal(msg.result_format, 1);
	assert_true(wire_value_next(&msg.arguments, &value));
	assert_memory_equal(value.data.ptr, "\0\0\x9e\x07", 4);
	assert_true(wire_value_next(&msg.arguments, &value));
	assert_memory_equal(value.data.ptr, mode, 4);
	call.oid = 953; /* lo_close: a descriptor, not an OID */
	buf_reset(&in);
	buf_reset(&out);
	assert_true(encode_function_call(&in, &call));
	f = translated(&in, NULL, &out, 0);
	assert_true(bytes_equal(f.whole, buf_bytes(&in)));
	buf_fini(&in);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_function_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
