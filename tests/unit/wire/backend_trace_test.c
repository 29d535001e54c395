/*
 * Texts as libpq 15 wrote them, and as a server could make it write them.
 */
#include "wire/backend_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/encode.h"

static const char recorded[] =
	"F\t8\tUnknown message: length is 8\n"
	"F\t39\tUnknown message: length is 39\n"
	"F\t80\tUnknown message: 70\n"
	"mismatched message length: consumed 4, expected 80\n"
	"F\t180\tUnknown message: 70\n"
	"mismatched message length: consumed 4, expected 180\n"
	"B\t22\tParameterStatus\t \"application_name\" \"\"\n"
	"B\t25\tParameterStatus\t \"client_encoding\" \"UTF8\"\n"
	"B\t23\tParameterStatus\t \"DateStyle\" \"ISO, MDY\"\n"
	"B\t50\tParameterStatus\t \"server_version\" \"15.20 (Debian 15.20-0+deb12u1)\"\n"
	"B\t12\tBackendKeyData\t 7515 -1908567458\n"
	"B\t5\tReadyForQuery\t I\n";

/* A trace with a line per parameter, made as fe-trace.c makes it. */
static void add_traced(struct buf *trace, const char *name, const char *value)
{
	assert_true(buf_printf(trace, "B\t%zu\tParameterStatus\t \"%s\" \"%s\"\n",
		4 + strlen(name) + 1 + strlen(value) + 1, name, value));
}

/* Parses a copy in memory of exactly its size, so that reading beyond it is seen. */
static void parse(const char *text, size_t len, struct buf *parameters)
{
	char *copy = malloc(len + 1);
	struct err err;

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	assert_true(backend_trace_parse(copy, len, parameters, &err));
	free(copy);
}

static void expect_parameters(struct bytes found, const struct wire_pair *pairs, size_t count)
{
	struct buf wanted;

	buf_init(&wanted, 65536);
	for (size_t i = 0; i < count; i++)
		assert_true(encode_parameter_status(&wanted, pairs[i].name, pairs[i].value));
	assert_int_equal(found.len, buf_len(&wanted));
	assert_true(bytes_equal(found, buf_bytes(&wanted)));
	buf_fini(&wanted);
}

static void test_recorded(void **unused)
{
	static const struct wire_pair pairs[] = {{"application_name", ""},
		{"client_encoding", "UTF8"}, {"DateStyle", "ISO, MDY"},
		{"server_version", "15.20 (Debian 15.20-0+deb12u1)"}};
	struct buf parameters;

	(void)unused;
	buf_init(&parameters, 65536);
	parse(recorded, strlen(recorded), &parameters);
	expect_parameters(buf_bytes(&parameters), pairs, ARRAY_LEN(pairs));
	buf_fini(&parameters);
}

/* What a value can hold: the marks of the format itself, and a forged line. */
static void test_hostile_values(void **unused)
{
	static const struct wire_pair pairs[] = {
		{"search_path", "\"a b\", public"},
		{"application_name", "it's = \\weird \"app\" \"x\" "},
		{"a.b", "two\nlines\n"},
		{"a.c", "x\"\nB\t25\tParameterStatus\t \"client_encoding\" \"EVIL\"\n"},
		{"a.d", "\nF\t8\tUnknown message: length is 8\n"},
		{"a.e", "\""},
		{"a.f", "\n"},
		{"TimeZone", "Europe/Z\xc3\xbcrich\t\x01"},
	};
	struct buf trace, parameters;

	(void)unused;
	buf_init(&trace, 65536);
	buf_init(&parameters, 65536);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		add_traced(&trace, pairs[i].name, pairs[i].value);
	parse(buf_cstr(&trace), buf_len(&trace), &parameters);
	expect_parameters(buf_bytes(&parameters), pairs, ARRAY_LEN(pairs));
	buf_fini(&trace);
	buf_fini(&parameters);
}

static void test_notice_between(void **unused)
{
	static const struct wire_pair pairs[] = {{"one", "1"}, {"two", "2"}};
	struct buf trace, parameters;

	(void)unused;
	buf_init(&trace, 65536);
	buf_init(&parameters, 65536);
	add_traced(&trace, "one", "1");
	assert_true(buf_append_str(&trace,
		"B\t99\tNoticeResponse\t S \"WARNING\" V \"WARNING\" C \"01000\" M \"two\nlines "
		"\"q\"\" \\x00\n"));
	add_traced(&trace, "two", "2");
	parse(buf_cstr(&trace), buf_len(&trace), &parameters);
	expect_parameters(buf_bytes(&parameters), pairs, ARRAY_LEN(pairs));
	buf_fini(&trace);
	buf_fini(&parameters);
}

/* libpq began again (without TLS, or at another address): only the last attempt counts. */
static void test_second_attempt(void **unused)
{
	static const struct wire_pair pairs[] = {{"server_version", "16"}};
	struct buf trace, parameters;

	(void)unused;
	buf_init(&trace, 65536);
	buf_init(&parameters, 65536);
	add_traced(&trace, "server_version", "15");
	add_traced(&trace, "in_hot_standby", "on");
	assert_true(buf_append_str(&trace, "F\t39\tUnknown message: length is 39\n"));
	add_traced(&trace, "server_version", "16");
	parse(buf_cstr(&trace), buf_len(&trace), &parameters);
	expect_parameters(buf_bytes(&parameters), pairs, ARRAY_LEN(pairs));
	buf_fini(&trace);
	buf_fini(&parameters);
}

static void test_not_understood(void **unused)
{
	static const char *const lines[] = {
		"B\t25\tParameterStatus\t \"client_encoding\" \"UTF-8\"\n", /* wrong length */
		"B\t24\tParameterStatus\t \"client_encoding\" \"UTF8\"\n",
		"B\t4294967296\tParameterStatus\t \"a\" \"b\"\n",
		"B\t99999999999999999999999\tParameterStatus\t \"a\" \"b\"\n",
		"B\t-5\tParameterStatus\t \"a\" \"b\"\n",
		"B\t8\tParameterStatus\t \"a\" \"b\"", /* no newline */
		"B\t8\tParameterStatus\t  a   b \n",
		"B\t8\tParameterStatus\t \"a\"\"b \"\n",
		"B\t5\tParameterStatus\t \"ab\"\n",
		"B\t0\tParameterStatus\t\n",
		"B\tParameterStatus\t \"a\" \"b\"\n",
		"B\t8\tParameterstatus\t \"a\" \"b\"\n",
		"B\t",
		"B\t8\tParameterStatus\t",
		"\n\n\n",
		"",
	};
	struct buf parameters;

	(void)unused;
	buf_init(&parameters, 65536);
	parse("B\t8\tParameterStatus\t \"a\" \"b\"\n", 29, &parameters);
	assert_int_equal(buf_len(&parameters), 1 + 4 + 4);
	buf_reset(&parameters);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		parse(lines[i], strlen(lines[i]), &parameters);
		if (buf_len(&parameters) > 0)
			fail_msg("understood: %s", lines[i]);
	}
	buf_fini(&parameters);
}

static void test_cut_anywhere(void **unused)
{
	struct buf parameters;
	size_t most = 0;

	(void)unused;
	buf_init(&parameters, 65536);
	for (size_t len = 0; len < sizeof(recorded); len++) {
		buf_reset(&parameters);
		parse(recorded, len, &parameters);
		assert_true(buf_len(&parameters) >= most);
		most = buf_len(&parameters);
	}
	assert_true(most > 100);
	buf_fini(&parameters);
}

static void test_ceiling(void **unused)
{
	char text[] = "B\t25\tParameterStatus\t \"client_encoding\" \"UTF8\"\n";
	struct buf parameters;
	struct err err;

	(void)unused;
	buf_init(&parameters, 10);
	assert_false(backend_trace_parse(text, strlen(text), &parameters, &err));
	assert_non_null(strstr(err.text, "more than 10 bytes"));
	buf_fini(&parameters);
}

static void test_stream(void **unused)
{
	struct backend_trace trace = {0};
	struct buf parameters;
	struct err err;

	(void)unused;
	buf_init(&parameters, 65536);
	assert_true(backend_trace_open(&trace));
	fputs(recorded, trace.file);
	assert_true(backend_trace_take(&trace, &parameters, &err));
	assert_true(buf_len(&parameters) > 100);
	backend_trace_close(&trace);
	assert_null(trace.text);
	backend_trace_close(&trace);
	buf_fini(&parameters);
}

/* A server that talks without end is refused, not half understood. */
static void test_stream_overflow(void **unused)
{
	struct backend_trace trace = {0};
	struct buf parameters;
	struct err err;

	(void)unused;
	buf_init(&parameters, 1 << 20);
	assert_true(backend_trace_open(&trace));
	for (int i = 0; i < 3000; i++)
		fputs("B\t25\tParameterStatus\t \"client_encoding\" \"UTF8\"\n", trace.file);
	assert_false(backend_trace_take(&trace, &parameters, &err));
	assert_non_null(strstr(err.text, "during the startup"));
	backend_trace_close(&trace);
	buf_fini(&parameters);
}

/* --- refusals --- */

static const struct {
	const char *message, *why, *sqlstate;
} refusals[] = {
	{"connection to server at \"127.0.0.1\", port 54390 failed: FATAL:  3D000: database "
	 "\"nosuch\" does not exist\nLOCATION:  InitPostgres, postinit.c:948\n",
		"FATAL:  database \"nosuch\" does not exist", "3D000"},
	{"connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  28P01: password "
	 "authentication failed for user \"u\"\nLOCATION:  auth_failed, auth.c:328\n"
	 "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  28P01: password "
	 "authentication failed for user \"u\"\nLOCATION:  auth_failed, auth.c:328\n",
		"FATAL:  password authentication failed for user \"u\"", "28P01"},
	{"connection to server at \"h\" (::1), port 1 failed: Connection refused\n"
	 "\tIs the server running on that host and accepting TCP/IP connections?\n"
	 "connection to server at \"h\" (127.0.0.1), port 1 failed: Connection refused\n"
	 "\tIs the server running on that host and accepting TCP/IP connections?\n",
		"Connection refused; Is the server running on that host and accepting TCP/IP "
		"connections?",
		""},
	{"connection to server at \"h\", port 1 failed: FATAL:  57P03: the database system is "
	 "starting up\nDETAIL:  wait\nconnection to server at \"h\", port 1 failed: Timed out\n",
		"FATAL:  the database system is starting up; DETAIL:  wait; Timed out", "57P03"},
	/* what a client can name its database */
	{"connection to server at \"h\", port 1 failed: FATAL:  3D000: database \"x:  28P01: y\" "
	 "does not exist\n",
		"FATAL:  database \"x:  28P01: y\" does not exist", "3D000"},
	{"connection to server at \"h\", port 1 failed: FATAL:  3D000: database \"x\n"
	 "FATAL:  28P01: y\" does not exist\n",
		"FATAL:  database \"x; FATAL:  28P01: y\" does not exist", "3D000"},
	{"connection to server at \"h\", port 1 failed: FATAL:  abcde: lower\n",
		"FATAL:  abcde: lower", ""},
	{"connection to server at \"h\", port 1 failed: FATAL:  3D00: short\n",
		"FATAL:  3D00: short", ""},
	{"connection to server at \"h\", port 1 failed: FATAL:  3D000", "FATAL:  3D000", ""},
	{"invalid sslmode value: \"x\"\n", "invalid sslmode value: \"x\"", ""},
	{"", "libpq gives no reason", ""},
	{"\n\n\t\n", "libpq gives no reason", ""},
};

static void test_refusals(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct err why = {.text = ""};
		char sqlstate[6] = "?????";

		backend_trace_refusal(refusals[i].message, &why, sqlstate);
		assert_string_equal(why.text, refusals[i].why);
		assert_string_equal(sqlstate, refusals[i].sqlstate);
	}
}

static void test_long_refusal(void **unused)
{
	size_t len = 100000;
	char *message = malloc(len + 1), sqlstate[6];
	struct err why = {.text = ""};

	(void)unused;
	assert_non_null(message);
	for (size_t i = 0; i < len; i++)
		message[i] = i % 50 == 49 ? '\n' : (char)('a' + i / 50 % 26);
	message[len] = '\0';
	backend_trace_refusal(message, &why, sqlstate);
	assert_int_equal(strlen(why.text), ERR_TEXT_MAX - 1);
	assert_null(strchr(why.text, '\n'));
	memset(message, 'x', len);
	backend_trace_refusal(message, &why, sqlstate);
	assert_int_equal(strspn(why.text, "x"), ERR_TEXT_MAX - 1 - strlen("..."));
	assert_string_equal(sqlstate, "");
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_notice_between),
		cmocka_unit_test(test_second_attempt),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_overflow),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
