/*
 * Characters of a configuration. Every step forward goes through conf_lex_next, which keeps
 * line and column; nothing reads beyond the text, which may hold any bytes.
 */
#include "base/conf_lex.h"

#include <stdint.h>
#include <string.h>

void conf_lex_init(struct conf_lexer *lex, const char *name, struct bytes text)
{
	if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0)
		text = bytes_skip(text, 3);
	*lex = (struct conf_lexer){.text = text, .place = {.file = name, .line = 1, .column = 1}};
}

int conf_lex_peek(const struct conf_lexer *lex, size_t ahead)
{
	return ahead < lex->text.len - lex->pos ? lex->text.ptr[lex->pos + ahead] : CONF_END;
}

static bool is_further_byte(int c)
{
	return c != CONF_END && (c & 0xC0) == 0x80;
}

void conf_lex_next(struct conf_lexer *lex)
{
	int c = conf_lex_peek(lex, 0);

	lex->pos++;
	lex->place.column++;
	if (c == '\n' && lex->place.line > 0) {
		lex->place.line++;
		lex->place.column = 1;
	}
	/* A character of UTF-8 is one column: its further bytes go along. */
	while (c >= 0xC0 && is_further_byte(conf_lex_peek(lex, 0)))
		lex->pos++;
}

bool conf_lex_take(struct conf_lexer *lex, char c)
{
	if (conf_lex_peek(lex, 0) != c)
		return false;
	conf_lex_next(lex);
	return true;
}

bool conf_lex_is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool at_comment(const struct conf_lexer *lex)
{
	int c = conf_lex_peek(lex, 0);

	return c == '#' || (c == '/' && conf_lex_peek(lex, 1) == '/');
}

bool conf_lex_at_line_end(const struct conf_lexer *lex)
{
	int c = conf_lex_peek(lex, 0);

	return c == '\n' || c == CONF_END || at_comment(lex);
}

void conf_lex_skip_blanks(struct conf_lexer *lex)
{
	while (conf_lex_is_blank(conf_lex_peek(lex, 0)))
		conf_lex_next(lex);
}

bool conf_lex_skip_space(struct conf_lexer *lex)
{
	bool line_ended = false;

	for (;;) {
		conf_lex_skip_blanks(lex);
		if (at_comment(lex))
			while (conf_lex_peek(lex, 0) != '\n' && conf_lex_peek(lex, 0) != CONF_END)
				conf_lex_next(lex);
		if (!conf_lex_take(lex, '\n'))
			return line_ended;
		line_ended = true;
	}
}

static bool is_word_byte(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c >= 0x80;
}

struct bytes conf_lex_word(struct conf_lexer *lex)
{
	size_t start = lex->pos;

	while (is_word_byte(conf_lex_peek(lex, 0)))
		conf_lex_next(lex);
	return bytes_of(lex->text.ptr + start, lex->pos - start);
}

/* Four hexadecimal digits after \u, or -1; the cursor stands behind those that were good. */
static int hex4(struct conf_lexer *lex)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int c = conf_lex_peek(lex, 0);

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
		conf_lex_next(lex);
	}
	return value;
}

static bool append_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80)
		return buf_append_byte(out, (unsigned char)c);
	if (c < 0x800)
		return buf_append_byte(out, (unsigned char)(0xC0 | c >> 6)) &&
		       buf_append_byte(out, (unsigned char)(0x80 | (c & 0x3F)));
	if (c < 0x10000)
		return buf_append_byte(out, (unsigned char)(0xE0 | c >> 12)) &&
		       buf_append_byte(out, (unsigned char)(0x80 | (c >> 6 & 0x3F))) &&
		       buf_append_byte(out, (unsigned char)(0x80 | (c & 0x3F)));
	return buf_append_byte(out, (unsigned char)(0xF0 | c >> 18)) &&
	       buf_append_byte(out, (unsigned char)(0x80 | (c >> 12 & 0x3F))) &&
	       buf_append_byte(out, (unsigned char)(0x80 | (c >> 6 & 0x3F))) &&
	       buf_append_byte(out, (unsigned char)(0x80 | (c & 0x3F)));
}

static bool too_long(struct conf_place place, struct err *err)
{
	return conf_fail(place, err, "a value longer than %zu bytes", CONF_FILE_MAX);
}

/* After "\u": one code unit of UTF-16, or a pair of them for characters beyond U+FFFF. */
static bool unicode_escape(struct conf_lexer *lex, struct buf *out, struct err *err)
{
	struct conf_place place = lex->place;
	int high = hex4(lex), low = 0;

	if (high < 0)
		return conf_lex_expected(lex, "four hexadecimal digits after \\u", err);
	if (high == 0)
		return conf_fail(place, err, "\\u0000 cannot be part of a string");
	if (high >= 0xD800 && high <= 0xDBFF && conf_lex_take(lex, '\\') &&
		conf_lex_take(lex, 'u')) {
		low = hex4(lex);
		if (low >= 0xDC00 && low <= 0xDFFF)
			return append_utf8(out, 0x10000 + ((uint32_t)(high - 0xD800) << 10) +
							(uint32_t)(low - 0xDC00)) ||
			       too_long(place, err);
	}
	if (high >= 0xD800 && high <= 0xDFFF)
		return conf_fail(place, err, "half of a surrogate pair (\\ud800 to \\udfff)");
	return append_utf8(out, (uint32_t)high) || too_long(place, err);
}

/* After the backslash. */
static bool escape(struct conf_lexer *lex, struct buf *out, struct err *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	struct conf_place place = lex->place;
	int c = conf_lex_peek(lex, 0);
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (!known && c != 'u')
		return conf_lex_expected(lex,
			"one of \" \\ / b f n r t u after a backslash "
			"(write \\\\ for one backslash)",
			err);
	conf_lex_next(lex);
	if (!known)
		return unicode_escape(lex, out, err);
	return buf_append_byte(out, (unsigned char)to[known - from]) || too_long(place, err);
}

bool conf_lex_quoted(struct conf_lexer *lex, struct buf *out, struct err *err)
{
	struct conf_place opened = lex->place;

	if (conf_lex_peek(lex, 1) == '"' && conf_lex_peek(lex, 2) == '"')
		return conf_fail(opened, err,
			"strings in three quotes are not supported; use one and \\n, \\\\");
	conf_lex_next(lex);
	while (!conf_lex_take(lex, '"')) {
		int c = conf_lex_peek(lex, 0);

		if (c == '\n' || c == CONF_END)
			return conf_fail(opened, err, "the string that begins here has no end");
		if (c < 0x20 && c != '\t')
			return conf_lex_expected(lex, "a character or an escape", err);
		if (conf_lex_take(lex, '\\')) {
			if (!escape(lex, out, err))
				return false;
			continue;
		}
		size_t start = lex->pos;
		conf_lex_next(lex);
		if (!buf_append(out, lex->text.ptr + start, lex->pos - start))
			return too_long(opened, err);
	}
	return true;
}

/* Names what is at the cursor in `out`: a word, a character, or the end of something. */
static void describe(struct conf_lexer lex, char *out, size_t size)
{
	int c = conf_lex_peek(&lex, 0);

	if (c == CONF_END) {
		snprintf(out, size, "end of file");
	} else if (conf_lex_at_line_end(&lex) || c == '\r') {
		snprintf(out, size, "end of line");
	} else if (conf_lex_is_blank(c)) {
		snprintf(out, size, "a blank");
	} else if (c < 0x20 || c == 0x7F) {
		snprintf(out, size, "the control character 0x%02x", (unsigned)c);
	} else {
		size_t start = lex.pos;
		struct bytes word = conf_lex_word(&lex);

		if (word.len == 0) {
			conf_lex_next(&lex);
			word = bytes_of(lex.text.ptr + start, lex.pos - start);
		}
		snprintf(out, size, "\"%.*s\"%s", bytes_width(word, 20), (const char *)word.ptr,
			word.len > 20 ? "..." : "");
	}
}

bool conf_lex_expected(const struct conf_lexer *lex, const char *what, struct err *err)
{
	char found[64];

	describe(*lex, found, sizeof(found));
	return conf_fail(lex->place, err, "expected %s, found %s", what, found);
}

void conf_quote(FILE *out, const char *text, size_t most)
{
	const char *start = text;

	fputc('"', out);
	for (; *text && (size_t)(text - start) < most; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20 || c == 0x7F)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputs(*text ? "...\"" : "\"", out);
}
