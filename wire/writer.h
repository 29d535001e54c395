/*
 * The encoders' pen, private to wire/. It writes one message at the end of a buffer and fills
 * its length in afterwards. A write that fails, or a count or length that does not fit its
 * field, marks the writer bad; writer_end then takes back all that was written, so an encoder
 * writes its fields in order and returns writer_end.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "wire/decode.h"

struct writer {
	struct buf *out;
	size_t before;    /* buf_len before this message */
	size_t length_at; /* where the length field is, counted from the content's start */
	bool is_bad;
};

/* Type 0: a startup packet, which has no type byte. */
struct writer writer_begin(struct buf *out, unsigned char type);
bool writer_end(struct writer *w) ATTR_USE_RESULT;

void writer_byte(struct writer *w, unsigned char c);
void writer_u16(struct writer *w, uint16_t n);
void writer_u32(struct writer *w, uint32_t n);
void writer_bytes(struct writer *w, struct bytes data);
/* The string and its NUL; NULL stands for "". */
void writer_string(struct writer *w, const char *s);
/* A length and the bytes; -1 for NULL. */
void writer_value(struct writer *w, const struct wire_value *value);

/* An int16 count, read as unsigned: more than 65,535 is bad. The others write it and their
 * items. */
void writer_count(struct writer *w, size_t count);
void writer_int16s(struct writer *w, const int16_t *items, size_t count);
void writer_oids(struct writer *w, const uint32_t *items, size_t count);
void writer_values(struct writer *w, const struct wire_value *items, size_t count);

#endif
