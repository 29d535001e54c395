/*
 * The messages that ask for a plan, from requests as clients send them, and the time in a plan.
 */
#include "diffengine/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/frame.h"

#define INT4 23
#define USER 20001

struct asked {
	struct buf request, messages;
	struct explain explain;
	unsigned rounds;
};

static void begin(struct asked *a, const char *statement, unsigned ordinal)
{
	*a = (struct asked){.explain = {.ordinal = ordinal,
				    .statement = bytes_str(statement),
				    .is_run = true,
				    .timeout_us = 6000000,
				    .lock_us = 1000000}};
	buf_init(&a->request, 1 << 20);
	buf_init(&a->messages, 1 << 20);
}

static void ask(struct asked *a)
{
	a->explain.request = buf_bytes(&a->request);
	buf_reset(&a->messages);
	a->rounds = explain_messages(&a->explain, &a->messages);
}

static void end(struct asked *a)
{
	buf_fini(&a->request);
	buf_fini(&a->messages);
}

/* The types of the messages, as "QPBESPBES". */
static void assert_types(const struct asked *a, const char *types)
{
	struct bytes rest = buf_bytes(&a->messages);
	struct frame f;

	for (; *types; types++) {
		assert_int_equal(frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL), FRAME_OK);
		assert_int_equal(f.type, *types);
		rest = bytes_skip(rest, f.whole.len);
	}
	assert_int_equal(rest.len, 0);
}

/* The body of the n-th message (from 0) of that type. */
static struct bytes message(const struct asked *a, unsigned char type, int n)
{
	struct bytes rest = buf_bytes(&a->messages);
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL) == FRAME_OK) {
		if (f.type == type && n-- == 0)
			return f.body;
		rest = bytes_skip(rest, f.whole.len);
	}
	fail_msg("no such message");
	return rest;
}

static void assert_parse(const struct asked *a, int n, const char *sql, const uint32_t *types)
{
	struct msg_parse parse;
	uint32_t oid;

	assert_true(decode_parse(message(a, FRONTEND_PARSE, n), &parse));
	assert_int_equal(parse.name.len, 0);
	assert_int_equal(parse.query.len, strlen(sql));
	assert_memory_equal(parse.query.ptr, sql, strlen(sql));
	for (; types && *types != UINT32_MAX; types++) {
		assert_true(wire_oid_next(&parse.types, &oid));
		assert_int_equal(oid, *types);
	}
	assert_int_equal(parse.types.count, 0);
}

static bool add_bind(struct asked *a, const char *portal, const char *statement, const char *value)
{
	static const int16_t formats[] = {0, 1}, results[] = {1, 0, 1};
	struct wire_value values[] = {{.data = bytes_str(value)}, {.is_null = true}};

	return encode_bind(&a->request, &(struct encode_bind){.portal = portal,
						.statement = statement,
						.formats = formats,
						.nformats = 2,
						.parameters = values,
						.nparameters = 2,
						.result_formats = results,
						.nresult_formats = 3});
}

/* The client's values in the client's formats, and results as text. */
static void assert_bind(const struct asked *a, int n, const char *first)
{
	struct msg_bind bind;
	struct wire_value value;
	int16_t format;

	assert_true(decode_bind(message(a, FRONTEND_BIND, n), &bind));
	assert_int_equal(bind.portal.len, 0);
	assert_int_equal(bind.statement.len, 0);
	assert_true(wire_int16_next(&bind.formats, &format) && format == 0);
	assert_true(wire_int16_next(&bind.formats, &format) && format == 1);
	assert_true(wire_value_next(&bind.parameters, &value));
	assert_int_equal(value.data.len, strlen(first));
	assert_memory_equal(value.data.ptr, first, strlen(first));
	assert_true(wire_value_next(&bind.parameters, &value) && value.is_null);
	assert_int_equal(bind.parameters.count, 0);
	assert_int_equal(bind.result_formats.count, 0);
}

static void test_a_simple_query(void **state)
{
	struct asked a;
	struct bytes text;

	(void)state;
	begin(&a, "SELECT 1", 1);
	assert_true(encode_query(&a.request, "BEGIN; SELECT 1"));
	ask(&a);
	assert_int_equal(a.rounds, 3);
	assert_types(&a, "QPBESPBES");
	assert_true(decode_string(message(&a, FRONTEND_QUERY, 0), &text));
	assert_string_equal((const char *)text.ptr,
		"BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = 6000; "
		"SET LOCAL lock_timeout = 1000");
	assert_parse(&a, 0, "EXPLAIN SELECT 1", NULL);
	assert_parse(&a, 1, "EXPLAIN (ANALYZE, TIMING OFF) SELECT 1", NULL);
	a.explain.is_run = false;
	ask(&a);
	assert_int_equal(a.rounds, 2);
	assert_types(&a, "QPBES");
	end(&a);
}

static void test_parameters(void **state)
{
	static const uint32_t types[] = {INT4, USER}, sent[] = {INT4, 0, UINT32_MAX};
	struct asked a;

	(void)state;
	begin(&a, "SELECT $1, $2", 1);
	assert_true(encode_parse(&a.request, "", "BEGIN", NULL, 0) && add_bind(&a, "", "", "x") &&
		    encode_execute(&a.request, "", 0) &&
		    encode_parse(&a.request, "", "SELECT $1, $2", types, 2) &&
		    add_bind(&a, "", "", "17") && encode_describe(&a.request, 'P', "") &&
		    encode_execute(&a.request, "", 0) && encode_sync(&a.request));
	ask(&a);
	assert_int_equal(a.rounds, 3);
	assert_types(&a, "QPBESPBES");
	assert_parse(&a, 0, "EXPLAIN SELECT $1, $2", sent);
	assert_parse(&a, 1, "EXPLAIN (ANALYZE, TIMING OFF) SELECT $1, $2", sent);
	assert_bind(&a, 0, "17");
	assert_bind(&a, 1, "17");
	end(&a);
}

/* The statement's types are known from an earlier exchange, and the portals have names. */
static void test_prepared_before(void **state)
{
	static const uint32_t types[] = {INT4, INT4}, sent[] = {INT4, INT4, UINT32_MAX};
	struct asked a;

	(void)state;
	begin(&a, "SELECT $1, $2", 0);
	a.explain.types = types;
	a.explain.type_count = 2;
	assert_true(add_bind(&a, "p", "s", "1") && add_bind(&a, "q", "s", "2") &&
		    encode_execute(&a.request, "p", 0) && add_bind(&a, "p2", "s", "3") &&
		    encode_sync(&a.request));
	ask(&a);
	assert_parse(&a, 0, "EXPLAIN SELECT $1, $2", sent);
	assert_bind(&a, 1, "1");
	end(&a);
}

static bool sync_twice(struct asked *a)
{
	return add_bind(a, "", "", "1") && encode_execute(&a->request, "", 0) &&
	       encode_sync(&a->request) && encode_sync(&a->request);
}

static bool flush_between(struct asked *a)
{
	return add_bind(a, "", "", "1") && encode_flush(&a->request) &&
	       encode_execute(&a->request, "", 0) && encode_sync(&a->request);
}

static bool limited(struct asked *a)
{
	return add_bind(a, "", "", "1") && encode_execute(&a->request, "", 10) &&
	       encode_sync(&a->request);
}

static bool unbound(struct asked *a)
{
	return encode_execute(&a->request, "", 0) && add_bind(a, "", "", "1") &&
	       encode_sync(&a->request);
}

static bool too_few(struct asked *a)
{
	return add_bind(a, "", "", "1") && encode_sync(&a->request);
}

static bool with_copy(struct asked *a)
{
	return encode_query(&a->request, "COPY t FROM STDIN") &&
	       encode_copy_data(&a->request, bytes_str("1\n")) && encode_copy_done(&a->request);
}

static bool without_end(struct asked *a)
{
	return add_bind(a, "", "", "1") && encode_execute(&a->request, "", 0);
}

static bool empty(struct asked *a)
{
	return buf_len(&a->request) == 0;
}

static void test_what_cannot_be_explained(void **state)
{
	static bool (*const requests[])(struct asked *) = {sync_twice, flush_between, limited,
		unbound, too_few, with_copy, without_end, empty};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		begin(&a, "SELECT $1, $2", 0);
		assert_true(requests[i](&a));
		ask(&a);
		assert_int_equal(a.rounds, 0);
		end(&a);
	}
}

static void test_no_room(void **state)
{
	struct asked a;

	(void)state;
	begin(&a, "SELECT 1", 0);
	assert_true(encode_query(&a.request, "SELECT 1"));
	a.messages.ceiling = 100;
	ask(&a);
	assert_int_equal(a.rounds, 0);
	end(&a);
}

static void test_the_time_in_a_plan(void **state)
{
	static const struct {
		const char *line;
		int64_t us; /* -1: none */
	} cases[] = {
		{"Execution Time: 12.345 ms", 12345},
		{"Execution time: 0.005 ms", 5},
		{"Execution Time: 1234567.000 ms", 1234567000},
		{"Planning Time: 12.345 ms", -1},
		{"  Execution Time: 12.345 ms", -1},
		{"Execution Time: ", -1},
		{"Execution Time: ms", -1},
		{"Execution Time: 1.0 s", -1},
		{"Execution Time: -1.0 ms", -1},
		{"Execution Time: nan ms", -1},
		{"Execution Time: inf ms", -1},
		{"Execution Time: 1e300 ms", -1},
		{"Execution Time: 0000000000000000000000000000000000000000000000001 ms", -1},
		{"", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t us = -1;

		assert_int_equal(explain_time(bytes_str(cases[i].line), &us), cases[i].us >= 0);
		assert_int_equal(us, cases[i].us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_simple_query),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_prepared_before),
		cmocka_unit_test(test_what_cannot_be_explained),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_the_time_in_a_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
