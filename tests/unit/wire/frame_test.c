/*
 * The framer: every sample at every split point, the bounds of every type, and what is
 * malformed, with the text that says so.
 */
#include "wire/frame.h"

#include <stdlib.h>

#include "tests/unit/wire/samples.h"
#include "tests/unit/wire/walk.h"

/* A head alone: type and length. */
static enum frame_result frame_head(enum wire_side from, unsigned char type, uint32_t length,
	struct frame *frame, struct err *err)
{
	const unsigned char head[] = {type, (unsigned char)(length >> 24),
		(unsigned char)(length >> 16), (unsigned char)(length >> 8), (unsigned char)length};

	return frame_next(bytes_of(head, sizeof(head)), from, SIZE_MAX, frame, err);
}

static void check_split(const struct sample *s, struct bytes whole, size_t at)
{
	/* A block of just these bytes, so that looking beyond them is seen. */
	unsigned char *part = exact_copy(bytes_of(whole.ptr, at));
	size_t head = s->type ? 5 : 4;
	struct frame frame;
	struct err err = {.text = "untouched"};

	assert_int_equal(sample_frame(s, bytes_of(part, at), &frame, &err), FRAME_NEED_MORE);
	assert_int_equal(frame.whole.len, at < head ? 0 : whole.len);
	assert_string_equal(err.text, "untouched");
	free(part);
}

static void samples_frame_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		struct buf out = sample_bytes(s);
		struct bytes whole = buf_bytes(&out);
		size_t head = s->type ? 5 : 4;
		struct frame frame;
		struct err err;

		for (size_t at = 0; at < whole.len; at++)
			check_split(s, whole, at);
		assert_int_equal(sample_frame(s, whole, &frame, &err), FRAME_OK);
		assert_int_equal(frame.type, s->type);
		assert_ptr_equal(frame.whole.ptr, whole.ptr);
		assert_int_equal(frame.whole.len, whole.len);
		assert_ptr_equal(frame.body.ptr, whole.ptr + head);
		assert_int_equal(frame.body.len, whole.len - head);
		buf_fini(&out);
	}
}

static void every_type_has_a_sample(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		bool found[] = {[WIRE_FRONTEND] = false, [WIRE_BACKEND] = false};

		for (size_t i = 0; i < ARRAY_LEN(samples); i++)
			found[samples[i].from] |= type != 0 && samples[i].type == type;
		assert_int_equal(found[WIRE_FRONTEND],
			message_info(WIRE_FRONTEND, (unsigned char)type)->name != NULL);
		assert_int_equal(found[WIRE_BACKEND],
			message_info(WIRE_BACKEND, (unsigned char)type)->name != NULL);
	}
}

static void messages_are_taken_one_by_one(void **state)
{
	struct buf out;
	struct frame frame;
	struct err err;

	(void)state;
	buf_init(&out, 1000);
	assert_true(encode_sync(&out));
	assert_true(encode_query(&out, "x"));
	struct bytes in = buf_bytes(&out);

	assert_int_equal(frame_next(in, WIRE_FRONTEND, 100, &frame, &err), FRAME_OK);
	assert_int_equal(frame.type, 'S');
	assert_int_equal(frame.body.len, 0);
	in = bytes_skip(in, frame.whole.len);
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 100, &frame, &err), FRAME_OK);
	assert_int_equal(frame.type, 'Q');
	assert_memory_equal(frame.body.ptr, "x\0", 2);
	in = bytes_skip(in, frame.whole.len);
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 100, &frame, &err), FRAME_NEED_MORE);
	assert_int_equal(frame.whole.len, 0);
	buf_fini(&out);
}

static void check_bounds(enum wire_side from, unsigned char type)
{
	const struct message_info *info = message_info(from, type);
	uint32_t least = (uint32_t)info->min_body + 4, most = (uint32_t)info->max_body + 4;
	struct frame frame;
	struct err err;

	assert_int_equal(frame_head(from, type, least - 1, &frame, &err), FRAME_MALFORMED);
	assert_non_null(strstr(err.text, "at least"));
	assert_int_equal(frame_head(from, type, least, &frame, &err),
		info->min_body ? FRAME_NEED_MORE : FRAME_OK);
	assert_int_equal(
		frame_head(from, type, most, &frame, &err), most > 4 ? FRAME_NEED_MORE : FRAME_OK);
	assert_int_equal(frame.whole.len, (size_t)most + 1);
	assert_int_equal(frame_head(from, type, most + 1, &frame, &err), FRAME_MALFORMED);
	assert_non_null(strstr(err.text, "at most"));
	assert_int_equal(frame_head(from, type, 0, &frame, &err), FRAME_MALFORMED);
	assert_int_equal(frame_head(from, type, 0x7fffffff, &frame, &err), FRAME_MALFORMED);
	assert_int_equal(frame_head(from, type, 0x80000000, &frame, &err), FRAME_MALFORMED);
	assert_int_equal(frame_head(from, type, 0xffffffff, &frame, &err), FRAME_MALFORMED);
}

static void lengths_keep_to_the_table(void **state)
{
	struct frame frame;
	struct err err;

	(void)state;
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		for (int from = WIRE_FRONTEND; from <= WIRE_BACKEND; from++) {
			if (message_info(from, (unsigned char)type)->name) {
				check_bounds(from, (unsigned char)type);
				continue;
			}
			assert_int_equal(frame_head(from, (unsigned char)type, 4, &frame, &err),
				FRAME_MALFORMED);
		}
	}
}

static void malformed_says_why(void **state)
{
	struct frame frame;
	struct err err;

	(void)state;
	assert_int_equal(frame_head(WIRE_FRONTEND, 'B', 3, &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "Bind message has length 3, at least 12 is needed");
	assert_int_equal(frame_head(WIRE_BACKEND, 'Z', 6, &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "ReadyForQuery message has length 6, at most 5 is allowed");
	assert_int_equal(frame_head(WIRE_BACKEND, 'D', 0xfffffffe, &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "DataRow message has length -2, at least 6 is needed");
	/* A wrong type is seen before its length has come. */
	assert_int_equal(
		frame_next(TEXT_BYTES("z"), WIRE_FRONTEND, 100, &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "message type 0x7a is unknown");
}

static void longer_than_max_is_malformed(void **state)
{
	struct bytes in = TEXT_BYTES("Q\0\0\0\rselect 1\0"); /* \r is 13 */
	struct frame frame;
	struct err err;

	(void)state;
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 14, &frame, &err), FRAME_OK);
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 13, &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "Query message takes 14 bytes, at most 13 are allowed");
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 0, &frame, &err), FRAME_MALFORMED);
	/* Known from the head alone: nobody need wait for the rest. */
	in.len = 5;
	assert_int_equal(frame_next(in, WIRE_FRONTEND, 13, &frame, &err), FRAME_MALFORMED);
}

static enum frame_result startup_of(uint32_t length, struct frame *frame, struct err *err)
{
	const unsigned char head[] = {(unsigned char)(length >> 24), (unsigned char)(length >> 16),
		(unsigned char)(length >> 8), (unsigned char)length};

	return frame_startup(bytes_of(head, sizeof(head)), frame, err);
}

static void startup_lengths_are_bounded(void **state)
{
	static const uint32_t wrong[] = {
		0, 4, 7, WIRE_STARTUP_MAX + 1, 0x16030102, 0x7fffffff, 0x80000000, 0xfffffffe};
	struct frame frame;
	struct err err;

	(void)state;
	assert_int_equal(startup_of(8, &frame, &err), FRAME_NEED_MORE);
	assert_int_equal(frame.whole.len, 8);
	assert_int_equal(startup_of(WIRE_STARTUP_MAX, &frame, &err), FRAME_NEED_MORE);
	assert_int_equal(frame.whole.len, WIRE_STARTUP_MAX);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(startup_of(wrong[i], &frame, &err), FRAME_MALFORMED);
	assert_string_equal(err.text, "startup packet has length -2, 8 to 10000 is allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_frame_at_every_split),
		cmocka_unit_test(every_type_has_a_sample),
		cmocka_unit_test(messages_are_taken_one_by_one),
		cmocka_unit_test(lengths_keep_to_the_table),
		cmocka_unit_test(malformed_says_why),
		cmocka_unit_test(longer_than_max_is_malformed),
		cmocka_unit_test(startup_lengths_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
