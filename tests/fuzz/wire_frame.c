/*
 * The framer, every decoder and the dump: what is accepted can be walked and printed, and what
 * is cut is not taken for whole. First byte: whose messages; the rest is the stream.
 */
#include "wire/frame.h"

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/wire/walk.h"
#include "wire/dump.h"

#define DUMP_MAX ((size_t)1 << 22)

static void one_frame(enum wire_side from, const struct frame *f)
{
	unsigned char *body = exact_copy(f->body);
	struct bytes copy = bytes_of(body, f->body.len);

	fuzz_check(f->whole.len == f->body.len + (f->type ? 5 : 4));
	if (from == WIRE_FRONTEND)
		(void)decode_any_frontend(f->type, copy);
	else
		(void)decode_any_backend(f->type, copy);
	free(body);
}

static void whole_stream(enum wire_side from, struct bytes in)
{
	struct frame f, cut;
	struct err err;

	while (frame_next(in, from, 1 << 20, &f, &err) == FRAME_OK) {
		struct bytes less = bytes_of(in.ptr, f.whole.len - 1);

		fuzz_check(frame_next(less, from, 1 << 20, &cut, &err) != FRAME_OK);
		one_frame(from, &f);
		in = bytes_skip(in, f.whole.len);
	}
}

static void dump(enum wire_side from, struct bytes in, bool is_stable)
{
	struct dump_style style = {is_stable, is_stable ? 8 : 0};
	struct buf out;

	buf_init(&out, DUMP_MAX);
	if (dump_stream(&out, from, in, &style))
		for (size_t i = 0; i < buf_len(&out); i++)
			fuzz_check(
				buf_bytes(&out).ptr[i] == '\n' || buf_bytes(&out).ptr[i] >= 0x20);
	buf_fini(&out);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned kind = fuzz_byte(&in);
	struct frame f;
	struct err err;

	if (kind % 3 == 2) {
		if (frame_startup(in, &f, &err) == FRAME_OK)
			one_frame(WIRE_FRONTEND, &f);
		return 0;
	}
	enum wire_side from = kind % 3 ? WIRE_BACKEND : WIRE_FRONTEND;
	unsigned char *stream = fuzz_copy(in, 0);

	if (kind & 0x80)
		fuzz_mend(stream, in.len);
	in.ptr = stream;
	whole_stream(from, in);
	dump(from, in, kind & 0x40);
	free(stream);
	return 0;
}
