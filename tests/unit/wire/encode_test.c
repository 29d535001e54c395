/*
 * The encoders against bytes written by hand from the protocol document, and what they do
 * when the buffer, a count or a string does not allow a message.
 */
#include "wire/encode.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/wire/samples.h"

struct golden {
	bool (*build)(struct buf *out);
	struct bytes bytes;
};

#define GOLDEN(build, bytes)                                              \
	{                                                                 \
		build,                                                    \
		{                                                         \
			(const unsigned char *)(bytes), sizeof(bytes) - 1 \
		}                                                         \
	}

/* Octal escapes for lengths and counts: they end after three digits. */
static const struct golden frontend[] = {
	GOLDEN(sample_startup, "\000\000\000\034\000\003\000\000user\000app\000database\000\000"
			       "\000"),
	GOLDEN(sample_startup_bare, "\000\000\000\011\000\003\000\000\000"),
	GOLDEN(sample_ssl, "\000\000\000\010\004\322\026\057"),
	GOLDEN(sample_gssenc, "\000\000\000\010\004\322\026\060"),
	GOLDEN(sample_cancel, "\000\000\000\020\004\322\026\056\000\000\022\147\336\255\276\357"),
	GOLDEN(sample_query, "Q\000\000\000\015select 1\000"),
	GOLDEN(sample_parse, "P\000\000\000\037s1\000select $1, $2\000\000\002\000\000\000\027"
			     "\000\000\000\000"),
	GOLDEN(sample_bind, "B\000\000\000\047\000s1\000\000\003\000\000\000\000\000\001"
			    "\000\003\000\000\000\003abc\377\377\377\377\000\000\000\002\000\001"
			    "\000\001\000\001"),
	GOLDEN(sample_bind_bare, "B\000\000\000\014\000\000\000\000\000\000\000\000"),
	GOLDEN(sample_describe, "D\000\000\000\006P\000"),
	GOLDEN(sample_close, "C\000\000\000\010Ss1\000"),
	GOLDEN(sample_execute, "E\000\000\000\011\000\000\000\000\144"),
	GOLDEN(sample_function_call, "F\000\000\000\032\000\000\006\076\000\001\000\001\000\002"
				     "\000\000\000\002\001\002\377\377\377\377\000\001"),
	GOLDEN(encode_flush, "H\000\000\000\004"),
	GOLDEN(encode_sync, "S\000\000\000\004"),
	GOLDEN(encode_terminate, "X\000\000\000\004"),
	GOLDEN(sample_password, "p\000\000\000\020open sesame\000"),
	GOLDEN(sample_sasl_initial, "p\000\000\000\041SCRAM-SHA-256\000\000\000\000\013"
				    "n,,n=,r=abc"),
	GOLDEN(sample_sasl_response, "p\000\000\000\031c=biws,r=abcdef,p=xyz"),
	GOLDEN(sample_copy_data, "d\000\000\000\0121\tone\n"),
	GOLDEN(encode_copy_done, "c\000\000\000\004"),
	GOLDEN(sample_copy_fail, "f\000\000\000\014no more\000"),
};

static const struct golden backend[] = {
	GOLDEN(sample_authentication_ok, "R\000\000\000\010\000\000\000\000"),
	GOLDEN(sample_authentication_md5, "R\000\000\000\014\000\000\000\005salt"),
	GOLDEN(sample_parameter_status, "S\000\000\000\021TimeZone\000UTC\000"),
	GOLDEN(sample_key_data, "K\000\000\000\014\000\000\022\147\336\255\276\357"),
	GOLDEN(sample_ready, "Z\000\000\000\005I"),
	GOLDEN(sample_negotiate, "v\000\000\000\036\000\000\000\000\000\000\000\002_pq_.one\000"
				 "_pq_.two\000"),
	GOLDEN(sample_row_description,
		"T\000\000\000\122\000\003"
		"id\000\000\000\100\000\000\001\000\000\000\027\000\004\377\377\377\377\000\001"
		"?column?\000\000\000\000\000\000\000\000\000\002\275\000\010\377\377\377\377"
		"\000\000"
		"two words\000\000\000\100\000\000\003\000\000\004\023\377\377\000\000\000\030"
		"\000\000"),
	GOLDEN(sample_data_row, "D\000\000\000\023\000\003\000\000\000\0011\377\377\377\377"
				"\000\000\000\000"),
	GOLDEN(sample_command_complete, "C\000\000\000\015SELECT 1\000"),
	GOLDEN(sample_parameter_description, "t\000\000\000\016\000\002\000\000\000\027"
					     "\000\000\000\031"),
	GOLDEN(sample_copy_in, "G\000\000\000\013\000\000\002\000\000\000\000"),
	GOLDEN(sample_copy_out, "H\000\000\000\013\001\000\002\000\001\000\001"),
	GOLDEN(sample_copy_both, "W\000\000\000\007\000\000\000"),
	GOLDEN(sample_function_result, "V\000\000\000\012\000\000\000\00242"),
	GOLDEN(sample_function_null, "V\000\000\000\010\377\377\377\377"),
	GOLDEN(sample_notification, "A\000\000\000\023\000\000\022\147news\000hello\000"),
	GOLDEN(sample_error, "E\000\000\000\131SERROR\000VERROR\000C23505\000Mduplicate key\000"
			     "DKey (id)=(1) already exists.\000R_bt_check_unique\000\000"),
	GOLDEN(sample_notice, "N\000\000\000\053SNOTICE\000VNOTICE\000C00000\000Mhi\000"
			      "Hwave back\000\000"),
	GOLDEN(sample_error_empty, "E\000\000\000\005\000"),
};

static void check_golden(const struct golden *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf out;

		buf_init(&out, SAMPLE_CEILING);
		assert_true(rows[i].build(&out));
		assert_int_equal(buf_len(&out), rows[i].bytes.len);
		assert_memory_equal(buf_bytes(&out).ptr, rows[i].bytes.ptr, rows[i].bytes.len);
		buf_fini(&out);
	}
}

static void bytes_are_the_documents(void **state)
{
	(void)state;
	check_golden(frontend, ARRAY_LEN(frontend));
	check_golden(backend, ARRAY_LEN(backend));
}

static void messages_without_a_body(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(encode_empty(&out, BACKEND_PARSE_COMPLETE));
	assert_true(encode_empty(&out, BACKEND_NO_DATA));
	assert_int_equal(buf_len(&out), 10);
	assert_memory_equal(buf_bytes(&out).ptr, "1\0\0\0\4n\0\0\0\4", 10);
	buf_fini(&out);
}

static void raw_keeps_the_body(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(encode_raw(&out, 'x', TEXT_BYTES("a\0b")));
	assert_true(encode_raw(&out, 0, TEXT_BYTES("cd")));
	assert_int_equal(buf_len(&out), 14);
	assert_memory_equal(buf_bytes(&out).ptr, "x\0\0\0\7a\0b\0\0\0\6cd", 14);
	buf_fini(&out);
}

/* One ceiling below what is needed: false, and what was there is still all that is there. */
static void a_full_buffer_stays_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct buf whole = sample_bytes(&samples[i]);
		size_t need = buf_len(&whole);

		for (size_t room = 0; room <= need; room++) {
			struct buf out;

			buf_init(&out, 3 + room);
			assert_true(buf_append_str(&out, "old"));
			assert_int_equal(sample_append(&samples[i], &out), room == need);
			assert_int_equal(buf_len(&out), room == need ? 3 + need : 3);
			assert_memory_equal(buf_bytes(&out).ptr, "old", 3);
			buf_fini(&out);
		}
		buf_fini(&whole);
	}
}

/* The length lands in the right place although the buffer moved its content meanwhile. */
static void a_moving_buffer_gets_the_right_length(void **state)
{
	unsigned char big[3000];
	struct buf out;

	(void)state;
	memset(big, 'x', sizeof(big));
	buf_init(&out, 4000);
	assert_true(buf_append(&out, big, 900));
	buf_consume(&out, 899);
	assert_true(encode_copy_data(&out, bytes_of(big, sizeof(big))));
	assert_int_equal(buf_len(&out), 1 + 5 + sizeof(big));
	assert_memory_equal(buf_bytes(&out).ptr, "xd\0\0\013\274xxx", 9); /* 3004 */
	buf_fini(&out);

	/* Nor does it land elsewhere where consumed bytes stay before the content. */
	buf_init(&out, 4000);
	assert_true(buf_append_str(&out, "abc"));
	buf_consume(&out, 2);
	assert_true(encode_sync(&out));
	assert_int_equal(out.start, 2);
	assert_memory_equal(buf_bytes(&out).ptr, "cS\0\0\0\4", 6);
	buf_fini(&out);
}

static void counts_must_fit_their_field(void **state)
{
	enum { MOST = 65535 };
	int16_t *formats = calloc(MOST + 1, sizeof(*formats));
	struct wire_value *values = calloc(MOST + 1, sizeof(*values));
	struct buf out;

	(void)state;
	assert_non_null(formats);
	assert_non_null(values);
	buf_init(&out, 10000000);
	assert_true(encode_data_row(&out, values, MOST));
	assert_int_equal(buf_len(&out), 1 + 4 + 2 + 4 * MOST);
	buf_reset(&out);
	assert_false(encode_data_row(&out, values, MOST + 1));
	assert_false(encode_copy_response(&out, BACKEND_COPY_IN_RESPONSE, 0, formats, MOST + 1));
	assert_false(encode_bind(
		&out, &(struct encode_bind){.parameters = values, .nparameters = MOST + 1}));
	assert_false(
		encode_bind(&out, &(struct encode_bind){.formats = formats, .nformats = 1 << 20}));
	assert_int_equal(buf_len(&out), 0);
	/* So is a value longer than any message; its bytes are not even looked at. */
	values[0].data = bytes_of(values, (size_t)WIRE_MESSAGE_MAX + 1);
	assert_false(encode_data_row(&out, values, 1));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
	free(values);
	free(formats);
}

static void strings_end_at_their_nul(void **state)
{
	const struct wire_column column = {.name = TEXT_BYTES("a\0b")};
	struct wire_items columns;
	struct wire_column found;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(encode_row_description(&out, &column, 1));
	assert_true(decode_row_description(bytes_skip(buf_bytes(&out), 5), &columns));
	assert_true(wire_column_next(&columns, &found));
	assert_true(bytes_equal_str(found.name, "a"));
	buf_reset(&out);
	assert_true(encode_parameter_status(&out, NULL, NULL));
	assert_memory_equal(buf_bytes(&out).ptr, "S\0\0\0\6\0\0", 7);
	buf_fini(&out);
}

static void sasl_without_response(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(encode_sasl_initial(&out, "X", bytes_of(NULL, 0)));
	assert_int_equal(buf_len(&out), 11);
	assert_memory_equal(buf_bytes(&out).ptr, "p\0\0\0\012X\0\377\377\377\377", 11);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_the_documents),
		cmocka_unit_test(messages_without_a_body),
		cmocka_unit_test(raw_keeps_the_body),
		cmocka_unit_test(a_full_buffer_stays_as_it_was),
		cmocka_unit_test(a_moving_buffer_gets_the_right_length),
		cmocka_unit_test(counts_must_fit_their_field),
		cmocka_unit_test(strings_end_at_their_nul),
		cmocka_unit_test(sasl_without_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
