/*
 * A growable byte buffer with a ceiling that is given at birth. Bytes are added at the end
 * and consumed at the front, so it serves as a network buffer and as a text builder.
 * Invariant: start <= end <= cap <= ceiling (cap may exceed nothing). The struct belongs to
 * the caller; its storage belongs to the buffer until buf_fini. Views into it live until
 * the next call that changes it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"

struct buf {
	unsigned char *ptr;
	size_t start;   /* first byte not yet consumed */
	size_t end;     /* one past the last byte */
	size_t cap;     /* bytes allocated */
	size_t ceiling; /* never holds more than this */
};

void buf_init(struct buf *b, size_t ceiling);
void buf_fini(struct buf *b);

/* Makes room for `n` more bytes at the end. False: over the ceiling, or no memory; the
 * content is untouched either way. */
bool buf_reserve(struct buf *b, size_t n) ATTR_USE_RESULT;

bool buf_append(struct buf *b, const void *data, size_t n) ATTR_USE_RESULT;
bool buf_append_bytes(struct buf *b, struct bytes data) ATTR_USE_RESULT;
bool buf_append_byte(struct buf *b, unsigned char c) ATTR_USE_RESULT;
bool buf_append_str(struct buf *b, const char *s) ATTR_USE_RESULT;
/* False leaves the content as it was. */
bool buf_printf(struct buf *b, const char *fmt, ...) ATTR_PRINTF(2, 3) ATTR_USE_RESULT;

/* For reading into the buffer: after buf_reserve, write at buf_tail up to buf_room bytes,
 * then say with buf_added how many. */
unsigned char *buf_tail(struct buf *b);
size_t buf_room(const struct buf *b);
void buf_added(struct buf *b, size_t n);

/* Drops `n` bytes (at most what is there) at the front. */
void buf_consume(struct buf *b, size_t n);
/* Cuts the content to its first `len` bytes. */
void buf_truncate(struct buf *b, size_t len);
/* Empties it and keeps the storage. */
void buf_reset(struct buf *b);
/* Empties it and gives the storage back. */
void buf_release(struct buf *b);

static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->ptr ? b->ptr + b->start : NULL, b->end - b->start);
}

/* The content as a C string, borrowed until the next change; "" where memory is out. */
const char *buf_cstr(struct buf *b);

#endif
