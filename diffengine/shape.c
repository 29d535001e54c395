/*
 * Tokens are written one after the other; a list is folded when its next item is there, by
 * looking at the end of what was written.
 */
#include "diffengine/shape.h"

#include <ctype.h>
#include <string.h>

#include "diffengine/scan.h"

struct shape {
	struct buf *out;
	size_t open;  /* where the last "(" stands + 1; 0: none since the last ")" */
	bool is_full; /* more would not fit */
};

static bool ends_with(const struct buf *b, const char *tail)
{
	struct bytes text = buf_bytes(b);
	size_t len = strlen(tail);

	return text.len >= len && memcmp(text.ptr + text.len - len, tail, len) == 0;
}

static bool is_one_of(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool is_operator(unsigned char c)
{
	return is_one_of(c, "<>=!~+-*/%^&|#@:");
}

/* Whether a space stands between what was written and a token that begins with `next`. */
static bool is_spaced(const struct buf *out, unsigned char next)
{
	struct bytes text = buf_bytes(out);
	unsigned char last;

	if (text.len == 0)
		return false;
	last = text.ptr[text.len - 1];
	if (is_one_of(last, "(.[:") || is_one_of(next, ",).];:"))
		return false;
	if (next == '(' || next == '[')
		return !isalnum(last) && last != '_' && last != '"';
	return !(is_operator(last) && is_operator(next));
}

static void put(struct shape *s, struct bytes token, bool is_folded)
{
	size_t most = token.len + 1;

	if (s->is_full || buf_len(s->out) + most > SHAPE_MAX || !buf_reserve(s->out, most)) {
		s->is_full = true;
		return;
	}
	if (is_spaced(s->out, token.ptr[0]))
		(void)!buf_append_byte(s->out, ' ');
	for (size_t i = 0; i < token.len; i++) {
		unsigned char c = token.ptr[i];

		if (is_folded && c >= 'A' && c <= 'Z')
			c = (unsigned char)(c | 0x20);
		(void)!buf_append_byte(s->out, c);
	}
}

static void put_raw(struct shape *s, const char *text)
{
	if (buf_len(s->out) + strlen(text) > SHAPE_MAX || !buf_append_str(s->out, text))
		s->is_full = true;
}

/* "?," and another literal become "?...". */
static void put_literal(struct shape *s)
{
	size_t len = buf_len(s->out);

	if (ends_with(s->out, "?...,")) {
		buf_truncate(s->out, len - 1);
	} else if (ends_with(s->out, "?,")) {
		buf_truncate(s->out, len - 1);
		put_raw(s, "...");
	} else {
		put(s, bytes_str("?"), false);
	}
}

/* The row in parentheses that ends here is like the one before it: one of them is enough. */
static void fold_row(struct shape *s)
{
	struct bytes text = buf_bytes(s->out), row;
	size_t at = s->open - 1, before;

	row = bytes_skip(text, at);
	before = at; /* ", (" or "...," precede */
	while (before > 0 && (text.ptr[before - 1] == ' ' || text.ptr[before - 1] == ','))
		before--;
	if (before == at)
		return;
	if (before >= 3 && memcmp(text.ptr + before - 3, "...", 3) == 0)
		before -= 3;
	if (before < row.len || memcmp(text.ptr + before - row.len, row.ptr, row.len) != 0)
		return;
	buf_truncate(s->out, before);
	put_raw(s, "...");
}

static void put_mark(struct shape *s, struct bytes token)
{
	put(s, token, false);
	if (token.ptr[0] == '(')
		s->open = buf_len(s->out);
	if (token.ptr[0] != ')' || s->is_full)
		return;
	if (s->open > 0)
		fold_row(s);
	s->open = 0;
}

/* What is left of the text where the shape was full; empty otherwise. */
static struct bytes write_shape(struct buf *out, struct bytes statement)
{
	struct shape s = {.out = out};
	struct scan scan;
	struct scan_token token;

	buf_reset(out);
	scan_init(&scan, statement);
	while (!s.is_full && scan_next(&scan, &token)) {
		if (token.kind == SCAN_STRING || token.kind == SCAN_NUMBER)
			put_literal(&s);
		else if (token.kind == SCAN_MARK)
			put_mark(&s, token.text);
		else
			put(&s, token.text, token.kind == SCAN_WORD);
	}
	return s.is_full ? bytes_skip(statement, scan.at) : bytes_of(NULL, 0);
}

bool shape_write(struct buf *out, struct bytes statement)
{
	struct bytes rest = write_shape(out, statement);

	return rest.len == 0 || buf_len(out) > 0;
}

struct hash128 shape_hash(struct bytes statement, struct buf *scratch)
{
	struct bytes rest = write_shape(scratch, statement);
	struct hash128 hash = hash_bytes128(buf_bytes(scratch)), tail;

	if (rest.len == 0)
		return hash;
	tail = hash_bytes128(rest);
	return (struct hash128){hash.low ^ tail.low, hash.high ^ tail.high};
}
