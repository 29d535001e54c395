/*
 * OIDs that are put into a client's messages for the candidate: each message comes out as one
 * message of its type that decodes as it did. First byte: length of the statement, which
 * follows; the rest is the client's stream.
 */
#include "diffengine/object_oids.h"

#include "diffengine/ledger.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/wire/walk.h"

#define MESSAGE_MAX ((size_t)1 << 22)

static void translate(const struct object_oids *o, const struct frame *f, struct bytes statement)
{
	struct buf out;
	struct frame made;
	struct err err;
	size_t count = 0;

	buf_init(&out, MESSAGE_MAX);
	fuzz_check(object_oids_translate(o, f, statement, &out, &count));
	fuzz_check(
		frame_next(buf_bytes(&out), WIRE_FRONTEND, MESSAGE_MAX, &made, &err) == FRAME_OK);
	fuzz_check(made.whole.len == buf_len(&out));
	fuzz_check(made.type == f->type);
	fuzz_check(
		decode_any_frontend(f->type, f->body) == decode_any_frontend(made.type, made.body));
	if (count == 0)
		fuzz_check(bytes_equal(f->whole, made.whole));
	buf_fini(&out);
}

static void add_portions(struct bytes in)
{
	struct ledger ledger = {0};

	while (in.len > 0) {
		uint64_t key = ledger_key(fuzz_take(&in, 1));
		unsigned what = fuzz_byte(&in);

		if (what & 1)
			(void)ledger_add(&ledger, key, fuzz_take(&in, what >> 4), what & 2);
		else
			ledger_close(&ledger, key);
		fuzz_check(ledger.count <= LEDGER_ENTRIES_MAX);
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned length = fuzz_byte(&in);
	struct bytes statement = fuzz_take(&in, length & 0x7f);
	unsigned char *stream = fuzz_copy(in, 0);
	struct object_oids *o = NULL;
	struct frame f;
	struct err err;

	object_oids_learn(&o, 40463, 40455);
	object_oids_learn(&o, 99999, 100001);
	object_oids_learn(&o, 20000, 4000000000u);
	fuzz_mend(stream, in.len);
	add_portions(in);
	in.ptr = stream;
	while (frame_next(in, WIRE_FRONTEND, 1 << 20, &f, &err) == FRAME_OK) {
		translate(o, &f, length & 0x80 ? statement : bytes_of(NULL, 0));
		in = bytes_skip(in, f.whole.len);
	}
	object_oids_free(o);
	free(stream);
	return 0;
}
