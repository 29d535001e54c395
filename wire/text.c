/*
 * Bytes, values and lists as text for people. A value is quoted if all of it is printable
 * UTF-8 (newline, tab and carriage return count, and are escaped), else shown as hex digits,
 * so that one look tells text from binary.
 */
#include "wire/text.h"

#include <inttypes.h>

#include "wire/reader.h"

static const char digits[] = "0123456789abcdef";

void text_str(struct text *t, const char *s)
{
	if (!t->is_full && !buf_append_str(t->out, s))
		t->is_full = true;
}

static void append(struct text *t, struct bytes s)
{
	if (!t->is_full && !buf_append_bytes(t->out, s))
		t->is_full = true;
}

void text_int(struct text *t, int64_t n)
{
	if (!t->is_full && !buf_printf(t->out, "%" PRId64, n))
		t->is_full = true;
}

void text_pid(struct text *t, uint32_t pid)
{
	text_str(t, " pid=");
	if (t->is_stable)
		text_str(t, "*");
	else
		text_int(t, pid);
}

/* Length of the printable UTF-8 character at the front of `s`, which is not empty; 0 where
 * there is none: control characters (C1 too), overlong forms, surrogates, stray bytes. */
static size_t printable(struct bytes s)
{
	static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
	unsigned char lead = s.ptr[0];

	if (lead < 0x80)
		return lead >= 0x20 && lead != 0x7f;
	size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0xc2 || lead > 0xf4 || s.len < n)
		return 0;
	uint32_t code = lead & (0x7fU >> n);

	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s.ptr[i] & 0x3fU);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

/* The letter of a character that has a \-escape of its own, else NUL. */
static char escape_of(unsigned char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '"':
	case '\\':
		return (char)c;
	default:
		return '\0';
	}
}

static void escaped_byte(struct text *t, unsigned char c)
{
	char letter = escape_of(c);
	char code[] = {'\\', letter, '\0', '\0', '\0'};

	if (!letter) {
		code[1] = 'x';
		code[2] = digits[c >> 4];
		code[3] = digits[c & 15];
	}
	text_str(t, code);
}

void text_quoted(struct text *t, struct bytes s)
{
	text_str(t, "\"");
	while (s.len > 0 && !t->is_full) {
		size_t n = escape_of(s.ptr[0]) ? 0 : printable(s);

		if (n > 0)
			append(t, bytes_of(s.ptr, n));
		else
			escaped_byte(t, s.ptr[0]);
		s = bytes_skip(s, n ? n : 1);
	}
	text_str(t, "\"");
}

static bool is_word_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '?';
}

void text_word(struct text *t, struct bytes s)
{
	bool is_plain = s.len > 0;

	for (size_t i = 0; i < s.len && is_plain; i++)
		is_plain = is_word_char(s.ptr[i]);
	if (is_plain)
		append(t, s);
	else
		text_quoted(t, s);
}

/* Says that only `shown` bytes of `s` were shown. */
static void rest_note(struct text *t, struct bytes s, size_t shown)
{
	if (shown == s.len)
		return;
	text_str(t, "...(");
	text_int(t, (int64_t)(s.len - shown));
	text_str(t, " more)");
}

void text_hex(struct text *t, struct bytes s)
{
	size_t shown = s.len < t->value_max ? s.len : t->value_max;

	text_str(t, "hex:");
	for (size_t i = 0; i < shown && !t->is_full; i++)
		text_str(t, (char[]){digits[s.ptr[i] >> 4], digits[s.ptr[i] & 15], '\0'});
	rest_note(t, s, shown);
}

static bool is_text(struct bytes s)
{
	while (s.len > 0) {
		size_t n = escape_of(s.ptr[0]) ? 1 : printable(s);

		if (n == 0)
			return false;
		s = bytes_skip(s, n);
	}
	return true;
}

void text_value(struct text *t, const struct wire_value *value)
{
	struct bytes s = value->data;
	size_t shown = s.len < t->value_max ? s.len : t->value_max;

	if (value->is_null) {
		text_str(t, "NULL");
		return;
	}
	if (!is_text(s)) {
		text_hex(t, s);
		return;
	}
	/* Never cut inside a character: go back to the byte that begins it. */
	while (shown > 0 && shown < s.len && (s.ptr[shown] & 0xc0) == 0x80)
		shown--;
	text_quoted(t, bytes_of(s.ptr, shown));
	rest_note(t, s, shown);
}

void text_int16s(struct text *t, struct wire_items items)
{
	int16_t n;

	text_str(t, "[");
	for (const char *gap = ""; !t->is_full && wire_int16_next(&items, &n); gap = " ") {
		text_str(t, gap);
		text_int(t, n);
	}
	text_str(t, "]");
}

void text_oids(struct text *t, struct wire_items items)
{
	uint32_t oid;

	text_str(t, "[");
	for (const char *gap = ""; !t->is_full && wire_oid_next(&items, &oid); gap = " ") {
		text_str(t, gap);
		text_int(t, oid);
	}
	text_str(t, "]");
}

void text_values(struct text *t, struct wire_items items)
{
	struct wire_value value;

	text_str(t, "[");
	for (const char *gap = ""; !t->is_full && wire_value_next(&items, &value); gap = " ") {
		text_str(t, gap);
		text_value(t, &value);
	}
	text_str(t, "]");
}

void text_strings(struct text *t, struct bytes strings)
{
	struct reader r = reader_of(strings);

	text_str(t, "[");
	for (const char *gap = ""; !t->is_full && reader_left(&r) > 0; gap = " ") {
		text_str(t, gap);
		text_quoted(t, reader_string(&r));
	}
	text_str(t, "]");
}

bool text_one_string(struct text *t, struct bytes body)
{
	struct bytes s;

	if (!decode_string(body, &s))
		return false;
	text_str(t, " ");
	text_quoted(t, s);
	return true;
}

bool text_copy_data(struct text *t, struct bytes body)
{
	text_str(t, " ");
	text_value(t, &(struct wire_value){.data = body});
	return true;
}
