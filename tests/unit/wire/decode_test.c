/*
 * The decoders: the fields of every message, bodies cut at each byte, bytes left over, wrong
 * counts and lengths. Bodies lie in blocks of exactly their size, for AddressSanitizer.
 */
#include "wire/decode.h"

#include <stdlib.h>

#include "tests/unit/wire/samples.h"
#include "tests/unit/wire/walk.h"

#define assert_bytes(b, s) assert_true(bytes_equal((b), TEXT_BYTES(s)))

/* The body of a sample in a block of its own; free with free((void *)...). */
static struct bytes body_of(const struct sample *s)
{
	struct buf out = sample_bytes(s);
	struct bytes body = bytes_skip(buf_bytes(&out), s->type ? 5 : 4);
	struct bytes copy = bytes_of(exact_copy(body), body.len);

	buf_fini(&out);
	return copy;
}

/* The one message that `build` appends, in `out`, which the caller ends with buf_fini. */
static struct bytes built(struct buf *out, bool (*build)(struct buf *out), unsigned char type)
{
	buf_init(out, SAMPLE_CEILING);
	assert_true(build(out));
	return bytes_skip(buf_bytes(out), type ? 5 : 4);
}

static bool decodes(const struct sample *s, const void *body, size_t len)
{
	unsigned char *copy = exact_copy(bytes_of(body, len));
	bool ok = decode_any(s->from, s->type, bytes_of(copy, len));

	free(copy);
	return ok;
}

/* --- fields --- */

static void startup_fields(void **state)
{
	struct buf out;
	struct msg_startup msg;
	struct bytes name, value;

	(void)state;
	assert_true(decode_startup(built(&out, sample_startup, 0), &msg));
	assert_int_equal(msg.code, WIRE_PROTOCOL_3_0);
	assert_true(startup_parameter_next(&msg.parameters, &name, &value));
	assert_bytes(name, "user");
	assert_bytes(value, "app");
	assert_true(startup_parameter_next(&msg.parameters, &name, &value));
	assert_bytes(name, "database");
	assert_bytes(value, "");
	assert_false(startup_parameter_next(&msg.parameters, &name, &value));
	buf_fini(&out);

	assert_true(decode_startup(built(&out, sample_startup_bare, 0), &msg));
	assert_false(startup_parameter_next(&msg.parameters, &name, &value));
	buf_fini(&out);

	assert_true(decode_startup(built(&out, sample_cancel, 0), &msg));
	assert_int_equal(msg.code, WIRE_CODE_CANCEL);
	assert_int_equal(msg.cancel_pid, 4711);
	assert_true(msg.cancel_key == 0xdeadbeef);
	buf_fini(&out);

	assert_true(decode_startup(built(&out, sample_ssl, 0), &msg));
	assert_int_equal(msg.code, WIRE_CODE_SSL);
	buf_fini(&out);
	assert_true(decode_startup(built(&out, sample_gssenc, 0), &msg));
	assert_int_equal(msg.code, WIRE_CODE_GSSENC);
	buf_fini(&out);
}

static void startup_of_other_protocols(void **state)
{
	struct msg_startup msg;

	(void)state;
	/* 2.0 has fields of fixed width; an unknown code may have anything. */
	assert_true(decode_startup(TEXT_BYTES("\0\2\0\0database......"), &msg));
	assert_int_equal(msg.code, 0x00020000);
	assert_int_equal(msg.parameters.len, 0);
	assert_true(decode_startup(TEXT_BYTES("\4\322\026\377"), &msg));
	assert_int_equal(msg.code, 80877311);
	/* A later minor version has 3.0's form. */
	assert_true(decode_startup(TEXT_BYTES("\0\3\0\2user\0app\0\0"), &msg));
	assert_int_equal(msg.code, 0x00030002);
	assert_bytes(msg.parameters, "user\0app\0");
}

static void startup_malformed(void **state)
{
	static const struct bytes bodies[] = {
		{(const unsigned char *)"\0\3\0\0user\0app\0", 13},     /* no final NUL */
		{(const unsigned char *)"\0\3\0\0user\0\0", 10},        /* nor here */
		{(const unsigned char *)"\0\3\0\0\0user\0app\0\0", 15}, /* ends too early */
		{(const unsigned char *)"\0\3\0\0user\0app\0\0\0", 15}, /* ends twice */
		{(const unsigned char *)"\0\3\0\0user", 8}, {(const unsigned char *)"\0\3\0\0", 4},
		{(const unsigned char *)"\0\3\0", 3},
		{(const unsigned char *)"\4\322\026\056\0\0\0\1\0\0\0", 11},     /* cancel, short */
		{(const unsigned char *)"\4\322\026\056\0\0\0\1\0\0\0\2\0", 13}, /* and long */
		{(const unsigned char *)"\4\322\026\057\0", 5},                  /* SSLRequest */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		unsigned char *copy = exact_copy(bodies[i]);
		struct msg_startup msg;

		assert_false(decode_startup(bytes_of(copy, bodies[i].len), &msg));
		free(copy);
	}
}

static void bind_fields(void **state)
{
	struct buf out;
	struct msg_bind msg;
	struct wire_value value;
	int16_t format;

	(void)state;
	assert_true(decode_bind(built(&out, sample_bind, 'B'), &msg));
	assert_bytes(msg.portal, "");
	assert_bytes(msg.statement, "s1");
	assert_int_equal(msg.formats.count, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(wire_int16_next(&msg.formats, &format));
		assert_int_equal(format, i == 2);
	}
	assert_false(wire_int16_next(&msg.formats, &format));
	assert_int_equal(msg.parameters.count, 3);
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_false(value.is_null);
	assert_bytes(value.data, "abc");
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_true(value.is_null);
	assert_true(wire_value_next(&msg.parameters, &value));
	assert_bytes(value.data, "\0\1");
	assert_false(wire_value_next(&msg.parameters, &value));
	assert_true(wire_int16_next(&msg.result_formats, &format));
	assert_int_equal(format, 1);
	assert_false(wire_int16_next(&msg.result_formats, &format));
	buf_fini(&out);
}

static void statement_fields(void **state)
{
	struct buf out;
	struct msg_parse parse;
	struct msg_named named;
	struct msg_execute execute;
	uint32_t oid;

	(void)state;
	assert_true(decode_parse(built(&out, sample_parse, 'P'), &parse));
	assert_bytes(parse.name, "s1");
	assert_bytes(parse.query, "select $1, $2");
	assert_true(wire_oid_next(&parse.types, &oid));
	assert_int_equal(oid, 23);
	assert_true(wire_oid_next(&parse.types, &oid));
	assert_int_equal(oid, 0);
	assert_false(wire_oid_next(&parse.types, &oid));
	buf_fini(&out);

	assert_true(decode_named(built(&out, sample_close, 'C'), &named));
	assert_int_equal(named.kind, 'S');
	assert_bytes(named.name, "s1");
	buf_fini(&out);
	assert_false(decode_named(TEXT_BYTES("Xs1\0"), &named));

	assert_true(decode_execute(built(&out, sample_execute, 'E'), &execute));
	assert_bytes(execute.portal, "");
	assert_int_equal(execute.max_rows, 100);
	buf_fini(&out);
	assert_true(decode_execute(TEXT_BYTES("c\0\377\377\377\377"), &execute));
	assert_int_equal(execute.max_rows, -1);
}

static void function_fields(void **state)
{
	struct buf out;
	struct msg_function_call call;
	struct wire_value value;

	(void)state;
	assert_true(decode_function_call(built(&out, sample_function_call, 'F'), &call));
	assert_int_equal(call.oid, 1598);
	assert_int_equal(call.formats.count, 1);
	assert_int_equal(call.arguments.count, 2);
	assert_true(wire_value_next(&call.arguments, &value));
	assert_bytes(value.data, "\1\2");
	assert_int_equal(call.result_format, 1);
	buf_fini(&out);

	assert_true(decode_function_result(built(&out, sample_function_result, 'V'), &value));
	assert_false(value.is_null);
	assert_bytes(value.data, "42");
	buf_fini(&out);
	assert_true(decode_function_result(built(&out, sample_function_null, 'V'), &value));
	assert_true(value.is_null);
	buf_fini(&out);
}

static void sasl_fields(void **state)
{
	struct buf out;
	struct msg_sasl_initial msg;
	struct bytes body = built(&out, sample_sasl_initial, 'p');

	(void)state;
	assert_true(decode_sasl_initial(body, &msg));
	assert_bytes(msg.mechanism, "SCRAM-SHA-256");
	assert_true(msg.has_response);
	assert_bytes(msg.response, "n,,n=,r=abc");
	for (size_t len = 0; len < body.len; len++)
		assert_false(decode_sasl_initial(bytes_of(body.ptr, len), &msg));
	buf_fini(&out);
	assert_true(decode_sasl_initial(TEXT_BYTES("X\0\377\377\377\377"), &msg));
	assert_false(msg.has_response);
	assert_true(decode_sasl_initial(TEXT_BYTES("X\0\0\0\0\0"), &msg));
	assert_true(msg.has_response);
	assert_false(decode_sasl_initial(TEXT_BYTES("X\0\377\377\377\376"), &msg));
	assert_false(decode_sasl_initial(TEXT_BYTES("X\0\377\377\377\377a"), &msg));
}

static void row_fields(void **state)
{
	struct buf out;
	struct wire_items items;
	struct wire_column column;
	struct wire_value value;

	(void)state;
	assert_true(decode_row_description(built(&out, sample_row_description, 'T'), &items));
	assert_int_equal(items.count, 3);
	assert_true(wire_column_next(&items, &column));
	assert_bytes(column.name, "id");
	assert_int_equal(column.table_oid, 16384);
	assert_int_equal(column.attnum, 1);
	assert_int_equal(column.type_oid, 23);
	assert_int_equal(column.typlen, 4);
	assert_int_equal(column.typmod, -1);
	assert_int_equal(column.format, 1);
	assert_true(wire_column_next(&items, &column));
	assert_bytes(column.name, "?column?");
	assert_true(wire_column_next(&items, &column));
	assert_bytes(column.name, "two words");
	assert_int_equal(column.typlen, -1);
	assert_int_equal(column.typmod, 24);
	assert_false(wire_column_next(&items, &column));
	buf_fini(&out);

	assert_true(decode_data_row(built(&out, sample_data_row, 'D'), &items));
	assert_true(wire_value_next(&items, &value));
	assert_bytes(value.data, "1");
	assert_true(wire_value_next(&items, &value));
	assert_true(value.is_null);
	assert_true(wire_value_next(&items, &value));
	assert_false(value.is_null);
	assert_int_equal(value.data.len, 0);
	assert_false(wire_value_next(&items, &value));
	buf_fini(&out);
}

static void error_fields(void **state)
{
	struct buf out;
	struct bytes body = built(&out, sample_error, 'E'), text;
	const char *codes = "SVCMDR";
	char code;

	(void)state;
	assert_true(decode_error(body));
	assert_bytes(error_field(body, 'C'), "23505");
	assert_bytes(error_field(body, 'M'), "duplicate key");
	assert_bytes(error_field(body, 'V'), "ERROR");
	assert_int_equal(error_field(body, 'H').len, 0);
	for (; *codes; codes++) {
		assert_true(error_field_next(&body, &code, &text));
		assert_int_equal(code, *codes);
	}
	assert_bytes(text, "_bt_check_unique");
	assert_false(error_field_next(&body, &code, &text));
	buf_fini(&out);

	assert_true(decode_error(TEXT_BYTES("\0")));
	assert_false(decode_error(TEXT_BYTES("")));
	assert_false(decode_error(TEXT_BYTES("Mx\0")));
	assert_false(decode_error(TEXT_BYTES("Mx\0\0\0")));
	assert_false(decode_error(TEXT_BYTES("Mx")));
}

static void session_fields(void **state)
{
	struct buf out;
	struct msg_parameter_status status;
	struct msg_notification notification;
	struct msg_key_data key;
	struct msg_negotiate negotiate;
	struct bytes tag;
	char ready;

	(void)state;
	assert_true(decode_parameter_status(built(&out, sample_parameter_status, 'S'), &status));
	assert_bytes(status.name, "TimeZone");
	assert_bytes(status.value, "UTC");
	buf_fini(&out);
	assert_true(decode_notification(built(&out, sample_notification, 'A'), &notification));
	assert_int_equal(notification.pid, 4711);
	assert_bytes(notification.channel, "news");
	assert_bytes(notification.payload, "hello");
	buf_fini(&out);
	assert_true(decode_key_data(built(&out, sample_key_data, 'K'), &key));
	assert_int_equal(key.pid, 4711);
	assert_true(key.key == 0xdeadbeef);
	buf_fini(&out);
	assert_true(decode_negotiate(built(&out, sample_negotiate, 'v'), &negotiate));
	assert_int_equal(negotiate.newest_minor, 0);
	assert_int_equal(negotiate.option_count, 2);
	assert_bytes(negotiate.options, "_pq_.one\0_pq_.two\0");
	buf_fini(&out);
	assert_true(decode_string(built(&out, sample_command_complete, 'C'), &tag));
	assert_bytes(tag, "SELECT 1");
	buf_fini(&out);
	assert_false(decode_string(TEXT_BYTES("a\0b\0"), &tag));

	for (unsigned c = 0; c <= UINT8_MAX; c++) {
		unsigned char byte = (unsigned char)c;
		bool known = c == 'I' || c == 'T' || c == 'E';

		assert_int_equal(decode_ready(bytes_of(&byte, 1), &ready), known);
		assert_true(!known || ready == (char)c);
	}
}

static void copy_fields(void **state)
{
	struct buf out;
	struct msg_copy msg;
	struct wire_items oids;
	uint32_t oid;
	int16_t format;

	(void)state;
	assert_true(decode_copy(built(&out, sample_copy_out, 'H'), &msg));
	assert_int_equal(msg.format, 1);
	assert_int_equal(msg.column_formats.count, 2);
	assert_true(wire_int16_next(&msg.column_formats, &format));
	assert_int_equal(format, 1);
	buf_fini(&out);

	assert_true(decode_parameter_description(
		built(&out, sample_parameter_description, 't'), &oids));
	assert_true(wire_oid_next(&oids, &oid));
	assert_int_equal(oid, 23);
	assert_true(wire_oid_next(&oids, &oid));
	assert_int_equal(oid, 25);
	assert_false(wire_oid_next(&oids, &oid));
	buf_fini(&out);
}

static void authentication_fields(void **state)
{
	struct buf out;
	struct msg_authentication msg;

	(void)state;
	assert_true(decode_authentication(built(&out, sample_authentication_md5, 'R'), &msg));
	assert_int_equal(msg.code, 5);
	assert_bytes(msg.data, "salt");
	buf_fini(&out);
	assert_true(decode_authentication(built(&out, sample_authentication_continue, 'R'), &msg));
	assert_int_equal(msg.code, 11);
	assert_bytes(msg.data, "r=abcdef,s=c2FsdA==,i=4096");
	buf_fini(&out);
	assert_true(decode_authentication(TEXT_BYTES("\0\0\0\3"), &msg));
	assert_false(decode_authentication(TEXT_BYTES("\0\0\0\3x"), &msg));
	assert_false(decode_authentication(TEXT_BYTES("\0\0\0\0x"), &msg));
	assert_false(decode_authentication(TEXT_BYTES("\0\0\0\5salty"), &msg));
	assert_false(decode_authentication(TEXT_BYTES("\0\0\0\012SCRAM\0"), &msg));
	assert_false(decode_authentication(TEXT_BYTES("\0\0\0\012SCRAM\0\0x"), &msg));
	assert_true(decode_authentication(TEXT_BYTES("\0\0\0\012\0"), &msg));
}

/* --- all samples --- */

static void samples_decode_whole_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		struct bytes body = body_of(s);
		unsigned char longer[512] = {0};

		assert_true(decodes(s, body.ptr, body.len));
		for (size_t len = 0; len < body.len; len++) {
			bool ok = decodes(s, body.ptr, len);

			assert_true(s->is_loose || !ok);
		}
		assert_true(body.len < sizeof(longer));
		memcpy(longer, body.ptr, body.len);
		assert_int_equal(decodes(s, longer, body.len + 1), s->is_loose);
		free((void *)(uintptr_t)body.ptr);
	}
}

struct mutation {
	bool (*build)(struct buf *out);
	enum wire_side from;
	unsigned char type;
	size_t at;    /* offset of the field in the body */
	size_t width; /* 2: a count; 4: a length or count */
	uint32_t is;  /* what the encoder wrote there */
};

static const struct mutation mutations[] = {
	{sample_parse, WIRE_FRONTEND, FRONTEND_PARSE, 17, 2, 2},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 4, 2, 3},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 12, 2, 3},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 14, 4, 3},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 21, 4, UINT32_MAX},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 25, 4, 2},
	{sample_bind, WIRE_FRONTEND, FRONTEND_BIND, 31, 2, 1},
	{sample_bind_bare, WIRE_FRONTEND, FRONTEND_BIND, 2, 2, 0},
	{sample_bind_bare, WIRE_FRONTEND, FRONTEND_BIND, 4, 2, 0},
	{sample_bind_bare, WIRE_FRONTEND, FRONTEND_BIND, 6, 2, 0},
	{sample_function_call, WIRE_FRONTEND, FRONTEND_FUNCTION_CALL, 4, 2, 1},
	{sample_function_call, WIRE_FRONTEND, FRONTEND_FUNCTION_CALL, 8, 2, 2},
	{sample_function_call, WIRE_FRONTEND, FRONTEND_FUNCTION_CALL, 10, 4, 2},
	{sample_function_call, WIRE_FRONTEND, FRONTEND_FUNCTION_CALL, 16, 4, UINT32_MAX},
	{sample_row_description, WIRE_BACKEND, BACKEND_ROW_DESCRIPTION, 0, 2, 3},
	{sample_row_description_bare, WIRE_BACKEND, BACKEND_ROW_DESCRIPTION, 0, 2, 0},
	{sample_data_row, WIRE_BACKEND, BACKEND_DATA_ROW, 0, 2, 3},
	{sample_data_row, WIRE_BACKEND, BACKEND_DATA_ROW, 2, 4, 1},
	{sample_data_row, WIRE_BACKEND, BACKEND_DATA_ROW, 7, 4, UINT32_MAX},
	{sample_data_row, WIRE_BACKEND, BACKEND_DATA_ROW, 11, 4, 0},
	{sample_parameter_description, WIRE_BACKEND, BACKEND_PARAMETER_DESCRIPTION, 0, 2, 2},
	{sample_copy_in, WIRE_BACKEND, BACKEND_COPY_IN_RESPONSE, 1, 2, 2},
	{sample_copy_both, WIRE_BACKEND, BACKEND_COPY_BOTH_RESPONSE, 1, 2, 0},
	{sample_function_result, WIRE_BACKEND, BACKEND_FUNCTION_CALL_RESPONSE, 0, 4, 2},
	{sample_negotiate, WIRE_BACKEND, BACKEND_NEGOTIATE_PROTOCOL_VERSION, 4, 4, 2},
};

static uint32_t load(const unsigned char *p, size_t width)
{
	uint32_t n = 0;

	for (size_t i = 0; i < width; i++)
		n = n << 8 | p[i];
	return n;
}

static void store(unsigned char *p, size_t width, uint32_t n)
{
	for (size_t i = width; i-- > 0; n >>= 8)
		p[i] = (unsigned char)n;
}

static void check_mutation(const struct mutation *m, uint32_t value)
{
	const struct sample s = {.from = m->from, .type = m->type, .build = m->build};
	struct bytes body = body_of(&s);
	unsigned char *p = exact_copy(body);
	uint32_t mask = m->width == 2 ? UINT16_MAX : UINT32_MAX;

	/* First the healthy case, and that the field is where the table says. */
	assert_true(decodes(&s, p, body.len));
	assert_int_equal(load(p + m->at, m->width), m->is);
	store(p + m->at, m->width, value);
	/* NULL and the empty string have the same room. */
	bool stays_legal = (value & mask) == m->is || (m->is == UINT32_MAX && value == 0);

	assert_int_equal(decodes(&s, p, body.len), stays_legal);
	free(p);
	free((void *)(uintptr_t)body.ptr);
}

static void wrong_counts_and_lengths_are_malformed(void **state)
{
	static const uint32_t values[] = {
		0, 0xfffffffe, 0x7fffffff, 0xffff, 0x80000000, 0x7fff, 0x00010000, 5, 0x10000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mutations); i++) {
		for (size_t k = 0; k < ARRAY_LEN(values); k++)
			check_mutation(&mutations[i], values[k]);
	}
}

/* Every window of every body, whatever it means: nothing is read beyond the block, and lists
 * of what is accepted are whole (decode_any asserts it). */
static void any_field_overwritten_is_survived(void **state)
{
	static const uint32_t values[] = {0, 0xfffffffe, 0x7fffffff, 0xffff};
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct bytes body = body_of(&samples[i]);

		for (size_t n = 0; n < 2 * ARRAY_LEN(values) * body.len; n++) {
			size_t at = n % body.len, k = n / body.len;
			size_t width = k < ARRAY_LEN(values) ? 2 : 4;
			unsigned char *p = exact_copy(body);

			if (at + width <= body.len)
				store(p + at, width, values[k % ARRAY_LEN(values)]);
			refused += !decode_any(
				samples[i].from, samples[i].type, bytes_of(p, body.len));
			free(p);
		}
		free((void *)(uintptr_t)body.ptr);
	}
	assert_true(refused > 1000);
}

static void counts_are_unsigned(void **state)
{
	enum { MOST = 65535 };
	struct wire_value *values = calloc(MOST, sizeof(*values));
	struct msg_bind msg;
	struct buf out;

	(void)state;
	assert_non_null(values);
	buf_init(&out, 1000000);
	assert_true(encode_bind(
		&out, &(struct encode_bind){.parameters = values, .nparameters = MOST}));
	assert_true(decode_bind(bytes_skip(buf_bytes(&out), 5), &msg));
	assert_int_equal(msg.parameters.count, MOST);
	walk_values(msg.parameters);
	buf_fini(&out);
	free(values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(startup_fields),
		cmocka_unit_test(startup_of_other_protocols),
		cmocka_unit_test(startup_malformed),
		cmocka_unit_test(bind_fields),
		cmocka_unit_test(statement_fields),
		cmocka_unit_test(function_fields),
		cmocka_unit_test(sasl_fields),
		cmocka_unit_test(row_fields),
		cmocka_unit_test(error_fields),
		cmocka_unit_test(session_fields),
		cmocka_unit_test(copy_fields),
		cmocka_unit_test(authentication_fields),
		cmocka_unit_test(samples_decode_whole_only),
		cmocka_unit_test(wrong_counts_and_lengths_are_malformed),
		cmocka_unit_test(any_field_overwritten_is_survived),
		cmocka_unit_test(counts_are_unsigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
