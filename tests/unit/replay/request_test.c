/*
 * Recorded requests: the walk at every split point and cut at every byte, then reading them
 * message by message from a trace, in one piece and in parts.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/request.h"
#include "wire/message.h"

#define MAX 1000000

static enum request_state check_split(struct bytes data, size_t at)
{
	struct request_check check;

	request_check_init(&check, MAX);
	request_check_feed(&check, bytes_of(data.ptr, at));
	request_check_feed(&check, bytes_skip(data, at));
	return request_check_end(&check);
}

static enum request_state check(struct bytes data)
{
	return check_split(data, 0);
}

/* Parse, Bind, Execute, Sync: whole only with the Sync. */
static void put_batch(struct buf *out)
{
	struct encode_bind bind = {.portal = "", .statement = "s"};

	assert_true(encode_parse(out, "s", "select 1", NULL, 0));
	assert_true(encode_bind(out, &bind));
	assert_true(encode_execute(out, "", 0));
	assert_true(encode_sync(out));
}

static void test_whole_at_every_split(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, MAX);
	put_batch(&out);
	assert_true(encode_query(&out, "select 'x'"));
	for (size_t at = 0; at <= buf_len(&out); at++)
		assert_int_equal(check_split(buf_bytes(&out), at), REQUEST_WHOLE);
	buf_fini(&out);
}

static void test_cut_at_every_byte(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, MAX);
	put_batch(&out);
	assert_int_equal(check(buf_bytes(&out)), REQUEST_WHOLE);
	for (size_t len = 1; len < buf_len(&out); len++)
		assert_int_equal(check(bytes_of(buf_bytes(&out).ptr, len)), REQUEST_CUT);
	assert_int_equal(check(bytes_of(NULL, 0)), REQUEST_EMPTY);
	buf_fini(&out);
}

static enum request_state state_after(bool (*encode)(struct buf *out))
{
	enum request_state state;
	struct buf out;

	buf_init(&out, MAX);
	assert_true(encode_query(&out, "copy t from stdin"));
	assert_true(encode(&out));
	state = check(buf_bytes(&out));
	buf_fini(&out);
	return state;
}

static bool put_data(struct buf *out)
{
	return encode_copy_data(out, bytes_str("1\n"));
}

static bool put_fail(struct buf *out)
{
	return encode_copy_fail(out, "no");
}

static bool put_describe(struct buf *out)
{
	return encode_describe(out, 'S', "s");
}

static bool put_password(struct buf *out)
{
	return encode_password(out, "secret");
}

static void test_what_may_end_a_request(void **state)
{
	(void)state;
	assert_int_equal(state_after(encode_copy_done), REQUEST_WHOLE);
	assert_int_equal(state_after(put_fail), REQUEST_WHOLE);
	assert_int_equal(state_after(encode_flush), REQUEST_WHOLE);
	assert_int_equal(state_after(encode_sync), REQUEST_WHOLE);
	assert_int_equal(state_after(put_data), REQUEST_CUT);
	assert_int_equal(state_after(put_describe), REQUEST_CUT);
	assert_int_equal(state_after(encode_terminate), REQUEST_MALFORMED);
	assert_int_equal(state_after(put_password), REQUEST_MALFORMED);
}

static void test_malformed(void **state)
{
	(void)state;
	assert_int_equal(check(LITERAL("Z\0\0\0\5I")), REQUEST_MALFORMED);
	assert_int_equal(check(LITERAL("S\0\0\0\3")), REQUEST_MALFORMED);
	assert_int_equal(check(LITERAL("S\0\0\0\5x")), REQUEST_MALFORMED);
	assert_int_equal(check(LITERAL("Q\xff\xff\xff\xff")), REQUEST_MALFORMED);
	/* longer than what was asked for */
	assert_int_equal(check(LITERAL("Q\0\x0f\x42\x40")), REQUEST_MALFORMED);
	/* the same, one byte shorter: not whole yet */
	assert_int_equal(check(LITERAL("Q\0\x0f\x42\x3f")), REQUEST_CUT);
	/* nothing after it makes it good again */
	assert_int_equal(check(LITERAL("?\0\0\0\4S\0\0\0\4")), REQUEST_MALFORMED);
}

struct fixture {
	struct recorded recorded;
	struct request request;
};

static void begin(struct fixture *f)
{
	recorded_begin(&f->recorded);
	recorded_session(&f->recorded, 1, RECORDED_STARTUP);
}

static enum request_state open_exchange(struct fixture *f, int64_t exchange)
{
	enum request_state state = REQUEST_EMPTY;

	RECORDED_MUST(&f->recorded, request_open(&f->request, exchange, &state, &f->recorded.err));
	return state;
}

static void expect(struct fixture *f, unsigned char type)
{
	struct frame frame;

	assert_int_equal(request_next(&f->request, &frame, &f->recorded.err), REQUEST_MESSAGE);
	assert_int_equal(frame.type, type);
}

static enum request_result last(struct fixture *f)
{
	struct frame frame;

	return request_next(&f->request, &frame, &f->recorded.err);
}

static void end(struct fixture *f)
{
	request_fini(&f->request);
	recorded_end(&f->recorded);
}

static void test_read_in_one_piece(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	put_batch(&f.recorded.request);
	recorded_exchange(&f.recorded, 1, 10, 5);
	recorded_query(&f.recorded, 1, "select 2");
	recorded_exchange(&f.recorded, 1, 30, 5);
	recorded_read(&f.recorded);
	request_init(&f.request, f.recorded.trace, MAX);
	assert_int_equal(open_exchange(&f, 1), REQUEST_WHOLE);
	expect(&f, FRONTEND_PARSE);
	expect(&f, FRONTEND_BIND);
	expect(&f, FRONTEND_EXECUTE);
	expect(&f, FRONTEND_SYNC);
	assert_int_equal(last(&f), REQUEST_END);
	assert_int_equal(last(&f), REQUEST_END);
	assert_int_equal(open_exchange(&f, 2), REQUEST_WHOLE);
	expect(&f, FRONTEND_QUERY);
	assert_int_equal(last(&f), REQUEST_END);
	assert_int_equal(open_exchange(&f, 3), REQUEST_EMPTY);
	assert_int_equal(open_exchange(&f, 4), REQUEST_EMPTY);
	request_close(&f.request);
	end(&f);
}

/* A request of 300 messages of CopyData, 20 bytes each, in parts of 100 bytes; `shift` bytes
 * of the first of them are in the exchange's row. */
static void write_copy(struct fixture *f, size_t shift, int without_part)
{
	struct buf *out = &f->recorded.request;
	struct buf all;
	struct bytes rest;

	buf_init(&all, MAX);
	for (int i = 0; i < 300; i++)
		assert_true(buf_printf(&all, "d%c%c%c%c%014d\n", 0, 0, 0, 19, i));
	assert_true(encode_copy_done(&all));
	rest = buf_bytes(&all);
	assert_true(encode_query(out, "copy t from stdin"));
	assert_true(buf_append(out, rest.ptr, shift));
	recorded_exchange(&f->recorded, 1, 10, 5);
	rest = bytes_skip(rest, shift);
	for (int ordinal = 1; rest.len > 0; ordinal++) {
		size_t len = rest.len < 100 ? rest.len : 100;

		if (ordinal != without_part)
			recorded_part(&f->recorded, 1, ordinal, bytes_of(rest.ptr, len));
		rest = bytes_skip(rest, len);
	}
	buf_fini(&all);
	recorded_read(&f->recorded);
	request_init(&f->request, f->recorded.trace, MAX);
}

static void test_read_in_parts(void **state)
{
	struct fixture f;
	struct frame frame;
	char line[32];

	(void)state;
	for (size_t shift = 0; shift < 20; shift += 3) {
		begin(&f);
		write_copy(&f, shift, 0);
		assert_int_equal(open_exchange(&f, 1), REQUEST_WHOLE);
		expect(&f, FRONTEND_QUERY);
		for (int i = 0; i < 300; i++) {
			snprintf(line, sizeof(line), "%014d\n", i);
			assert_int_equal(
				request_next(&f.request, &frame, &f.recorded.err), REQUEST_MESSAGE);
			assert_int_equal(frame.type, FRONTEND_COPY_DATA);
			assert_true(bytes_equal_str(frame.body, line));
			/* read as it goes: never more than a message and a part */
			assert_true(buf_len(&f.request.in) <= 120);
		}
		expect(&f, FRONTEND_COPY_DONE);
		assert_int_equal(last(&f), REQUEST_END);
		end(&f);
	}
}

/* A part that was lost, with whole messages or in the middle of them: never passed over. */
static void test_missing_part(void **state)
{
	struct fixture f;
	struct frame frame;
	enum request_result result;

	(void)state;
	for (size_t shift = 0; shift < 20; shift += 3) {
		begin(&f);
		write_copy(&f, shift, 14);
		assert_int_equal(open_exchange(&f, 1), REQUEST_WHOLE);
		do
			result = request_next(&f.request, &frame, &f.recorded.err);
		while (result == REQUEST_MESSAGE);
		assert_int_equal(result, REQUEST_FAILED);
		assert_non_null(strstr(f.recorded.err.text, "not in the trace"));
		end(&f);
	}
}

static void test_cut_in_the_trace(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_true(encode_query(&f.recorded.request, "copy t from stdin"));
	assert_true(encode_copy_data(&f.recorded.request, bytes_str("1\n")));
	recorded_exchange(&f.recorded, 1, 10, -1);
	recorded_part(&f.recorded, 1, 1, LITERAL("d\0\0\0\6"));
	recorded_read(&f.recorded);
	request_init(&f.request, f.recorded.trace, MAX);
	assert_int_equal(open_exchange(&f, 1), REQUEST_CUT);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_at_every_split),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_what_may_end_a_request),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_read_in_one_piece),
		cmocka_unit_test(test_read_in_parts),
		cmocka_unit_test(test_missing_part),
		cmocka_unit_test(test_cut_in_the_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
