/*
 * Words, strings and numbers of one line.
 */
#include "replay/fixture_cursor.h"

#include <stdlib.h>
#include <string.h>

#define FOUND_MAX 24 /* bytes of the line that a message shows */

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.+-/", c));
}

char cursor_peek(const struct fixture_cursor *c)
{
	return c->at < c->text.len ? (char)c->text.ptr[c->at] : '\0';
}

static struct bytes rest(const struct fixture_cursor *c)
{
	return bytes_skip(c->text, c->at);
}

bool cursor_refuse(struct fixture_cursor *c, const char *what)
{
	return err_set(c->err, "%s:%lld:%zu: %s", c->file, (long long)c->line, c->at + 1, what);
}

/* What stands there, in printable characters; "" at the line's end. */
static void describe(struct bytes s, char *out)
{
	size_t n = 0;

	while (n < FOUND_MAX && n < s.len && s.ptr[n] >= 0x20 && s.ptr[n] < 0x7f)
		n++;
	if (n > 0)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

bool cursor_fail(struct fixture_cursor *c, const char *expected)
{
	char found[FOUND_MAX + 1];

	cursor_skip(c);
	describe(rest(c), found);
	if (c->at >= c->text.len)
		return err_set(c->err, "%s:%lld:%zu: expected %s, found the end of the line",
			c->file, (long long)c->line, c->at + 1, expected);
	return err_set(c->err, "%s:%lld:%zu: expected %s, found \"%s\"", c->file,
		(long long)c->line, c->at + 1, expected, found);
}

void cursor_skip(struct fixture_cursor *c)
{
	while (cursor_peek(c) == ' ' || cursor_peek(c) == '\t')
		c->at++;
}

bool cursor_is_at_end(struct fixture_cursor *c)
{
	cursor_skip(c);
	return c->at >= c->text.len || cursor_peek(c) == '#';
}

bool cursor_take(struct fixture_cursor *c, char ch)
{
	cursor_skip(c);
	if (c->at >= c->text.len || cursor_peek(c) != ch)
		return false;
	c->at++;
	return true;
}

bool cursor_need(struct fixture_cursor *c, char ch)
{
	char expected[] = {'"', ch, '"', '\0'};

	return cursor_take(c, ch) || cursor_fail(c, expected);
}

struct bytes cursor_word(struct fixture_cursor *c)
{
	size_t from;

	cursor_skip(c);
	from = c->at;
	while (is_word_byte(cursor_peek(c)))
		c->at++;
	return bytes_of(c->text.ptr + from, c->at - from);
}

struct bytes cursor_token(struct fixture_cursor *c)
{
	size_t from = c->at;

	while (c->at < c->text.len && !memchr(" \t[]();,#\"", cursor_peek(c), 10))
		c->at++;
	return bytes_of(c->text.ptr + from, c->at - from);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Two hex digits at the cursor; -1: there are none. */
static int take_byte(struct fixture_cursor *c)
{
	int high = digit(cursor_peek(c)), low;

	if (high < 0)
		return -1;
	c->at++;
	low = digit(cursor_peek(c));
	if (low < 0)
		return -1;
	c->at++;
	return high << 4 | low;
}

/* The byte that a \-escape stands for, the backslash being taken; -1: none does. */
static int take_escape(struct fixture_cursor *c)
{
	char letter = cursor_peek(c);

	if (c->at < c->text.len)
		c->at++;
	switch (letter) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
		return letter;
	case 'x':
		return take_byte(c);
	default:
		return -1;
	}
}

/* Bytes up to the closing quote, or to the line's end. */
static size_t quoted_len(const struct fixture_cursor *c)
{
	size_t at = c->at;

	while (at < c->text.len && c->text.ptr[at] != '"')
		at += c->text.ptr[at] == '\\' ? 2 : 1;
	return at - c->at;
}

bool cursor_quoted(struct fixture_cursor *c, struct bytes *s)
{
	unsigned char *out;
	size_t n = 0;

	if (!cursor_take(c, '"'))
		return cursor_fail(c, "a string in double quotes");
	out = arena_alloc(c->arena, quoted_len(c) + 1);
	if (!out)
		return cursor_refuse(c, "out of memory for the line");
	while (c->at < c->text.len && cursor_peek(c) != '"') {
		int byte = (unsigned char)cursor_peek(c);

		c->at++;
		if (byte == '\\')
			byte = take_escape(c);
		if (byte < 0)
			return cursor_fail(c, "one of the escapes \\n \\r \\t \\\" \\\\ and \\xNN");
		out[n++] = (unsigned char)byte;
	}
	*s = bytes_of(out, n);
	return cursor_take(c, '"') || cursor_fail(c, "the string's closing quote");
}

bool cursor_string(struct fixture_cursor *c, const char **s)
{
	struct bytes text;

	if (!cursor_quoted(c, &text))
		return false;
	if (text.len > 0 && memchr(text.ptr, 0, text.len))
		return cursor_refuse(c, "a NUL byte cannot be sent here");
	*s = (const char *)text.ptr;
	return true;
}

bool cursor_name(struct fixture_cursor *c, const char **s)
{
	struct bytes word;

	cursor_skip(c);
	if (cursor_peek(c) == '"')
		return cursor_string(c, s);
	word = cursor_word(c);
	if (word.len == 0)
		return cursor_fail(c, "a word or a string in double quotes");
	*s = arena_copy_str(c->arena, word);
	return *s || cursor_refuse(c, "out of memory for the line");
}

bool cursor_number(struct fixture_cursor *c, int64_t least, int64_t most, int64_t *n)
{
	size_t from;
	int64_t value = 0;
	bool is_negative = cursor_take(c, '-');

	from = c->at;
	while (digit(cursor_peek(c)) >= 0 && digit(cursor_peek(c)) < 10 && c->at - from < 12)
		value = 10 * value + digit((char)c->text.ptr[c->at++]);
	if (is_negative)
		value = -value;
	if (c->at == from || value < least || value > most)
		return cursor_fail(c, c->at == from ? "a number" : "a number within its limits");
	*n = value;
	return true;
}

bool cursor_hex(struct fixture_cursor *c, struct bytes *data)
{
	size_t n = 0, end = c->at;
	unsigned char *out;

	while (end < c->text.len && digit((char)c->text.ptr[end]) >= 0)
		end++;
	out = arena_alloc(c->arena, (end - c->at) / 2 + 1);

	if (!out)
		return cursor_refuse(c, "out of memory for the line");
	while (digit(cursor_peek(c)) >= 0) {
		int byte = take_byte(c);

		if (byte < 0)
			return cursor_fail(c, "a second hex digit");
		out[n++] = (unsigned char)byte;
	}
	*data = bytes_of(out, n);
	return true;
}

bool cursor_key(struct fixture_cursor *c, const char *key)
{
	size_t len = strlen(key);
	struct bytes left;

	cursor_skip(c);
	left = rest(c);
	if (left.len <= len || memcmp(left.ptr, key, len) != 0 || left.ptr[len] != '=')
		return false;
	c->at += len + 1;
	return true;
}
