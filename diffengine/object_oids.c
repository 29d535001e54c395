/*
 * Learned pairs of OIDs, and statements in which they are replaced.
 */
#include "diffengine/object_oids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diffengine/scan.h"
#include "diffengine/user_types.h"
#include "wire/decode.h"
#include "wire/message.h"

struct pair {
	uint32_t truth, candidate;
};

struct object_oids {
	size_t count;
	struct pair slots[2 * OBJECT_OIDS_MAX]; /* open addressing; truth 0: free */
};

void object_oids_free(struct object_oids *o)
{
	free(o);
}

static size_t slot_of(const struct object_oids *o, uint32_t truth)
{
	size_t at = truth * UINT32_C(2654435761) % (2 * OBJECT_OIDS_MAX);

	while (o->slots[at].truth && o->slots[at].truth != truth)
		at = (at + 1) % (2 * OBJECT_OIDS_MAX);
	return at;
}

void object_oids_learn(struct object_oids **slot, uint32_t truth, uint32_t candidate)
{
	struct object_oids *o = *slot;
	size_t at;

	if (truth < FIRST_USER_OID || candidate < FIRST_USER_OID || (!o && truth == candidate))
		return;
	if (!o)
		o = *slot = calloc(1, sizeof(*o));
	if (!o)
		return;
	at = slot_of(o, truth);
	if (!o->slots[at].truth && truth == candidate)
		return;
	if (!o->slots[at].truth && o->count == OBJECT_OIDS_MAX) {
		memset(o, 0, sizeof(*o));
		at = slot_of(o, truth);
	}
	o->count += !o->slots[at].truth;
	o->slots[at] = (struct pair){truth, candidate};
}

uint32_t object_oids_find(const struct object_oids *o, uint32_t truth)
{
	return o && truth ? o->slots[slot_of(o, truth)].candidate : 0;
}

/* --- statements ------------------------------------------------------------------------------- */

static bool begins_with(struct bytes word, const char *head)
{
	size_t len = strlen(head);

	return word.len >= len && strncasecmp((const char *)word.ptr, head, len) == 0;
}

bool object_oids_concern(struct bytes statement)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, statement);
	while (scan_next(&scan, &token))
		if (token.kind == SCAN_WORD &&
			(begins_with(token.text, "pg_") || begins_with(token.text, "lo_") ||
				begins_with(token.text, "reg") || scan_is(&token, "oid") ||
				scan_is(&token, "large")))
			return true;
	return false;
}

/* The number that the digits write; 0: no OID of a user's object. */
static uint32_t read_digits(struct bytes digits)
{
	uint64_t value = 0;

	if (digits.len < 5 || digits.len > 10 || digits.ptr[0] == '0')
		return 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return 0;
		value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

/* The digits of a number, or of a string that holds nothing else. */
static struct bytes digits_of(const struct scan_token *token)
{
	if (token->kind == SCAN_NUMBER)
		return token->text;
	if (token->kind == SCAN_STRING && token->text.len > 2 && token->text.ptr[0] == '\'')
		return bytes_of(token->text.ptr + 1, token->text.len - 2);
	return bytes_of(NULL, 0);
}

static bool append_text(
	const struct object_oids *o, struct bytes text, struct buf *out, size_t *count)
{
	struct scan scan;
	struct scan_token token;
	size_t done = 0;

	scan_init(&scan, text);
	while (scan_next(&scan, &token)) {
		struct bytes digits = digits_of(&token);
		uint32_t other = object_oids_find(o, read_digits(digits));
		size_t at;

		if (!other)
			continue;
		at = (size_t)(digits.ptr - text.ptr);
		if (!buf_append(out, text.ptr + done, at - done) || !buf_printf(out, "%u", other))
			return false;
		done = at + digits.len;
		++*count;
	}
	return buf_append(out, text.ptr + done, text.len - done);
}

/* --- messages --------------------------------------------------------------------------------- */

static void store_u32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool append_u32(struct buf *out, uint32_t value)
{
	unsigned char bytes[4];

	store_u32(bytes, value);
	return buf_append(out, bytes, sizeof(bytes));
}

/* The type and room for the length, which end_message fills in. */
static bool begin_message(struct buf *out, unsigned char type, size_t *start)
{
	*start = buf_len(out);
	return buf_append_byte(out, type) && append_u32(out, 0);
}

static void end_message(struct buf *out, size_t start)
{
	store_u32(out->ptr + out->start + start + 1, (uint32_t)(buf_len(out) - start - 1));
}

/* `text` stands in `f`'s body; what is around it stays. */
static bool translate_text(const struct object_oids *o, const struct frame *f, struct bytes text,
	struct buf *out, size_t *count)
{
	size_t start, before = (size_t)(text.ptr - f->body.ptr);

	if (!begin_message(out, f->type, &start) || !buf_append(out, f->body.ptr, before) ||
		!append_text(o, text, out, count) ||
		!buf_append_bytes(out, bytes_skip(f->body, before + text.len)))
		return false;
	end_message(out, start);
	return true;
}

static uint32_t read_binary(struct bytes data)
{
	if (data.len != 4)
		return 0;
	return (uint32_t)data.ptr[0] << 24 | (uint32_t)data.ptr[1] << 16 |
	       (uint32_t)data.ptr[2] << 8 | data.ptr[3];
}

uint32_t object_oid_read(const struct wire_value *value, const struct wire_column *column)
{
	if (value->is_null)
		return 0;
	return column->format ? read_binary(value->data) : read_digits(value->data);
}

/* One parameter with its length in front. */
static bool append_parameter(
	const struct object_oids *o, const struct wire_value *value, struct buf *out, size_t *count)
{
	uint32_t binary, text;
	char digits[16];

	if (value->is_null)
		return append_u32(out, UINT32_MAX);
	text = object_oids_find(o, read_digits(value->data));
	binary = object_oids_find(o, read_binary(value->data));
	*count += text || binary;
	if (text) {
		int len = snprintf(digits, sizeof(digits), "%u", text);

		return append_u32(out, (uint32_t)len) && buf_append(out, digits, (size_t)len);
	}
	if (binary)
		return append_u32(out, 4) && append_u32(out, binary);
	return append_u32(out, (uint32_t)value->data.len) && buf_append_bytes(out, value->data);
}

/* `values` stand in `f`'s body; what is around them stays. */
static bool translate_values(const struct object_oids *o, const struct frame *f,
	struct wire_items values, struct buf *out, size_t *count)
{
	struct wire_value value;
	size_t start, head = (size_t)(values.rest.ptr - f->body.ptr), tail;

	if (!begin_message(out, f->type, &start) || !buf_append(out, f->body.ptr, head))
		return false;
	while (wire_value_next(&values, &value))
		if (!append_parameter(o, &value, out, count))
			return false;
	tail = (size_t)(values.rest.ptr - f->body.ptr);
	if (!buf_append_bytes(out, bytes_skip(f->body, tail)))
		return false;
	end_message(out, start);
	return true;
}

/* By OID, from pg_proc.dat: libpq's large objects. Their other arguments are small numbers. */
static bool takes_object(uint32_t function)
{
	enum { LO_OPEN = 952, LO_UNLINK = 964, LO_EXPORT = 765 };

	return function == LO_OPEN || function == LO_UNLINK || function == LO_EXPORT;
}

bool object_oids_translate(const struct object_oids *o, const struct frame *f,
	struct bytes statement, struct buf *out, size_t *count)
{
	struct msg_function_call call;
	struct msg_parse parse;
	struct msg_bind bind;
	struct bytes text;

	if (f->type == FRONTEND_QUERY && decode_string(f->body, &text) && object_oids_concern(text))
		return translate_text(o, f, text, out, count);
	if (f->type == FRONTEND_PARSE && decode_parse(f->body, &parse) &&
		object_oids_concern(parse.query))
		return translate_text(o, f, parse.query, out, count);
	if (f->type == FRONTEND_BIND && statement.ptr && object_oids_concern(statement) &&
		decode_bind(f->body, &bind))
		return translate_values(o, f, bind.parameters, out, count);
	if (f->type == FRONTEND_FUNCTION_CALL && decode_function_call(f->body, &call) &&
		takes_object(call.oid))
		return translate_values(o, f, call.arguments, out, count);
	return buf_append_bytes(out, f->whole);
}
