/*
 * The decoders' cursor, private to wire/. It never leaves its body: a read beyond the end or
 * an impossible length gives zeros or an empty view and marks the reader bad for good. So a
 * decoder reads all fields in order and asks reader_is_done once. Views borrow from the body.
 */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "wire/decode.h"

struct reader {
	const unsigned char *at, *end;
	bool is_bad;
};

static inline uint32_t reader_load32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline struct reader reader_of(struct bytes body)
{
	return (struct reader){.at = body.ptr, .end = body.len ? body.ptr + body.len : body.ptr};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* What has not been read; all of it is then read. */
static inline struct bytes reader_rest(struct reader *r)
{
	struct bytes rest = bytes_of(r->at, reader_left(r));

	r->at = r->end;
	return rest;
}

/* Nothing was missing and nothing is left over. */
static inline bool reader_is_done(const struct reader *r)
{
	return !r->is_bad && r->at == r->end;
}

/* Jumps to the end, so that nothing can be read after a failure. */
static inline void reader_fail(struct reader *r)
{
	r->is_bad = true;
	r->at = r->end;
}

static inline struct bytes reader_bytes(struct reader *r, size_t n)
{
	if (n > reader_left(r)) {
		reader_fail(r);
		n = 0;
	}
	struct bytes taken = bytes_of(r->at, n);

	if (n > 0)
		r->at += n;
	return taken;
}

static inline uint8_t reader_byte(struct reader *r)
{
	struct bytes b = reader_bytes(r, 1);

	return b.len ? b.ptr[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	struct bytes b = reader_bytes(r, 2);

	return b.len ? (uint16_t)(b.ptr[0] << 8 | b.ptr[1]) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
	struct bytes b = reader_bytes(r, 4);

	return b.len ? reader_load32(b.ptr) : 0;
}

/* A string that ends in NUL; the view is without it. */
static inline struct bytes reader_string(struct reader *r)
{
	size_t left = reader_left(r);
	const unsigned char *nul = left ? memchr(r->at, 0, left) : NULL;

	if (!nul) {
		reader_fail(r);
		return bytes_of(r->at, 0);
	}
	struct bytes text = bytes_of(r->at, (size_t)(nul - r->at));

	r->at = nul + 1;
	return text;
}

/* An int32 length and as many bytes; -1 is NULL. Any other negative length is bad, since
 * read as unsigned it is beyond the end of every body (WIRE_MESSAGE_MAX). */
static inline struct wire_value reader_value(struct reader *r)
{
	uint32_t len = reader_u32(r);

	if (len == UINT32_MAX)
		return (struct wire_value){.is_null = true};
	return (struct wire_value){.data = reader_bytes(r, len)};
}

struct wire_column reader_column(struct reader *r);

/* A count (int16, read as unsigned) and its items, all of which are checked. */
struct wire_items reader_values(struct reader *r);
struct wire_items reader_columns(struct reader *r);
struct wire_items reader_int16s(struct reader *r);
struct wire_items reader_oids(struct reader *r);

#endif
