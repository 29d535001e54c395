/*
 * Writing one message: see writer.h. Places in the buffer are kept as distances from its
 * content's start, since appending may move the content.
 */
#include "wire/writer.h"

#include "wire/message.h"

#define LENGTH_SIZE 4 /* the length field, which counts itself */

struct writer writer_begin(struct buf *out, unsigned char type)
{
	struct writer w = {.out = out, .before = buf_len(out)};

	if (type != 0)
		writer_byte(&w, type);
	w.length_at = buf_len(out);
	writer_u32(&w, 0);
	return w;
}

static void store32(unsigned char *p, uint32_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

bool writer_end(struct writer *w)
{
	size_t length = buf_len(w->out) - w->length_at;

	if (w->is_bad || length > WIRE_MESSAGE_MAX + LENGTH_SIZE) {
		buf_truncate(w->out, w->before);
		return false;
	}
	store32(w->out->ptr + w->out->start + w->length_at, (uint32_t)length);
	return true;
}

void writer_bytes(struct writer *w, struct bytes data)
{
	if (!w->is_bad && !buf_append_bytes(w->out, data))
		w->is_bad = true;
}

void writer_byte(struct writer *w, unsigned char c)
{
	writer_bytes(w, bytes_of(&c, 1));
}

void writer_u16(struct writer *w, uint16_t n)
{
	unsigned char b[2] = {(unsigned char)(n >> 8), (unsigned char)n};

	writer_bytes(w, bytes_of(b, sizeof(b)));
}

void writer_u32(struct writer *w, uint32_t n)
{
	unsigned char b[4];

	store32(b, n);
	writer_bytes(w, bytes_of(b, sizeof(b)));
}

void writer_string(struct writer *w, const char *s)
{
	writer_bytes(w, bytes_str(s));
	writer_byte(w, '\0');
}

void writer_value(struct writer *w, const struct wire_value *value)
{
	if (value->is_null) {
		writer_u32(w, UINT32_MAX);
		return;
	}
	if (value->data.len > WIRE_MESSAGE_MAX)
		w->is_bad = true;
	writer_u32(w, (uint32_t)value->data.len);
	writer_bytes(w, value->data);
}

void writer_count(struct writer *w, size_t count)
{
	if (count > UINT16_MAX)
		w->is_bad = true;
	writer_u16(w, (uint16_t)count);
}

void writer_int16s(struct writer *w, const int16_t *items, size_t count)
{
	writer_count(w, count);
	for (size_t i = 0; i < count && !w->is_bad; i++)
		writer_u16(w, (uint16_t)items[i]);
}

void writer_oids(struct writer *w, const uint32_t *items, size_t count)
{
	writer_count(w, count);
	for (size_t i = 0; i < count && !w->is_bad; i++)
		writer_u32(w, items[i]);
}

void writer_values(struct writer *w, const struct wire_value *items, size_t count)
{
	writer_count(w, count);
	for (size_t i = 0; i < count && !w->is_bad; i++)
		writer_value(w, &items[i]);
}
