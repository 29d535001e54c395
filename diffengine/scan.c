/*
 * The SQL token scan. One function per kind of token; each gets the text at its start and
 * returns where the token ends.
 */
#include "diffengine/scan.h"

#include <ctype.h>

static bool is_word_start(unsigned char c)
{
	return isalpha(c) || c == '_' || c >= 0x80;
}

static bool is_word_part(unsigned char c)
{
	return is_word_start(c) || isdigit(c) || c == '$';
}

static bool is_newline(unsigned char c)
{
	return c == '\n' || c == '\r';
}

static unsigned char peek(const struct scan *s, size_t at)
{
	return at < s->text.len ? s->text.ptr[at] : 0;
}

void scan_init(struct scan *scan, struct bytes text)
{
	*scan = (struct scan){.text = text};
}

/* Past a block comment that begins at `at`; comments nest. */
static size_t skip_comment(const struct scan *s, size_t at)
{
	unsigned depth = 0;

	while (at < s->text.len) {
		if (peek(s, at) == '/' && peek(s, at + 1) == '*') {
			depth++;
			at += 2;
		} else if (peek(s, at) == '*' && peek(s, at + 1) == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else {
			at++;
		}
	}
	return s->text.len;
}

static size_t skip_blanks(const struct scan *s, size_t at)
{
	for (;;) {
		while (at < s->text.len && isspace(s->text.ptr[at]))
			at++;
		if (peek(s, at) == '-' && peek(s, at + 1) == '-') {
			while (at < s->text.len && !is_newline(s->text.ptr[at]))
				at++;
		} else if (peek(s, at) == '/' && peek(s, at + 1) == '*') {
			at = skip_comment(s, at);
		} else {
			return at;
		}
	}
}

/* `at` is at the opening quote; a doubled quote stands for itself, a backslash escapes only
 * in E'' strings. */
static size_t quoted_end(const struct scan *s, size_t at, bool has_escapes)
{
	unsigned char quote = s->text.ptr[at++];

	while (at < s->text.len) {
		if (has_escapes && s->text.ptr[at] == '\\') {
			at += 2;
		} else if (s->text.ptr[at] != quote) {
			at++;
		} else if (peek(s, at + 1) == quote) {
			at += 2;
		} else {
			return at + 1;
		}
	}
	return s->text.len;
}

/* An E'' string goes on where only blanks with a newline stand before the next quote, and its
 * backslashes keep their meaning there. */
static size_t escaped_end(const struct scan *s, size_t at)
{
	bool has_newline;

	do {
		at = quoted_end(s, at, true);
		has_newline = false;
		size_t end = at;

		for (; at < s->text.len && isspace(s->text.ptr[at]); at++)
			has_newline |= is_newline(s->text.ptr[at]);
		if (!has_newline || peek(s, at) != '\'')
			return end;
	} while (true);
}

/* Length of a $tag$ at `at`, 0 if there is none. */
static size_t dollar_tag(const struct scan *s, size_t at)
{
	size_t end = at + 1;

	if (is_word_start(peek(s, end)))
		while (is_word_part(peek(s, end)) && peek(s, end) != '$')
			end++;
	return peek(s, end) == '$' ? end + 1 - at : 0;
}

static size_t dollar_end(const struct scan *s, size_t at, size_t tag)
{
	const unsigned char *opening = s->text.ptr + at;

	for (size_t end = at + tag; end + tag <= s->text.len; end++)
		if (memcmp(s->text.ptr + end, opening, tag) == 0)
			return end + tag;
	return s->text.len;
}

static size_t word_end(const struct scan *s, size_t at)
{
	while (at < s->text.len && is_word_part(s->text.ptr[at]))
		at++;
	return at;
}

static size_t number_end(const struct scan *s, size_t at)
{
	at++;
	while (isalnum(peek(s, at)) || peek(s, at) == '.' || peek(s, at) == '_' ||
		((peek(s, at) == '+' || peek(s, at) == '-') && tolower(peek(s, at - 1)) == 'e'))
		at++;
	return at;
}

/* A string with a prefix letter: E'..', B'..', X'..', N'..', U&'..'. 0 if it is a plain word. */
static size_t prefixed_end(const struct scan *s, size_t at, enum scan_kind *kind)
{
	unsigned char c = (unsigned char)tolower(s->text.ptr[at]);

	if (c == 'u' && peek(s, at + 1) == '&' &&
		(peek(s, at + 2) == '\'' || peek(s, at + 2) == '"')) {
		*kind = peek(s, at + 2) == '"' ? SCAN_QUOTED : SCAN_STRING;
		return quoted_end(s, at + 2, false);
	}
	if (strchr("ebxn", c) && peek(s, at + 1) == '\'') {
		*kind = SCAN_STRING;
		return c == 'e' ? escaped_end(s, at + 1) : quoted_end(s, at + 1, false);
	}
	return 0;
}

static size_t token_end(const struct scan *s, size_t at, enum scan_kind *kind)
{
	unsigned char c = s->text.ptr[at];
	size_t end;

	if (is_word_start(c)) {
		end = prefixed_end(s, at, kind);
		if (end)
			return end;
		*kind = SCAN_WORD;
		return word_end(s, at);
	}
	if (c == '\'') {
		*kind = SCAN_STRING;
		return quoted_end(s, at, false);
	}
	if (c == '"') {
		*kind = SCAN_QUOTED;
		return quoted_end(s, at, false);
	}
	if (isdigit(c) || (c == '.' && isdigit(peek(s, at + 1))) ||
		(c == '$' && isdigit(peek(s, at + 1)))) {
		*kind = SCAN_NUMBER;
		return number_end(s, at);
	}
	if (c == '$' && (end = dollar_tag(s, at)) > 0) {
		*kind = SCAN_STRING;
		return dollar_end(s, at, end);
	}
	*kind = SCAN_MARK;
	return at + 1;
}

bool scan_next(struct scan *scan, struct scan_token *token)
{
	size_t at = skip_blanks(scan, scan->at);
	size_t end;

	if (at >= scan->text.len) {
		scan->at = scan->text.len;
		return false;
	}
	end = token_end(scan, at, &token->kind);
	if (end > scan->text.len)
		end = scan->text.len;
	token->text = bytes_of(scan->text.ptr + at, end - at);
	token->depth = scan->depth;
	if (scan_is_mark(token, '(') || scan_is_mark(token, '[')) {
		scan->depth++;
	} else if ((scan_is_mark(token, ')') || scan_is_mark(token, ']')) && scan->depth > 0) {
		token->depth = --scan->depth;
	}
	scan->at = end;
	return true;
}

bool scan_is(const struct scan_token *token, const char *word)
{
	size_t i = 0;

	if (token->kind != SCAN_WORD)
		return false;
	for (; i < token->text.len && word[i]; i++)
		if (tolower(token->text.ptr[i]) != word[i])
			return false;
	return i == token->text.len && word[i] == '\0';
}

bool scan_is_mark(const struct scan_token *token, char mark)
{
	return token->kind == SCAN_MARK && token->text.ptr[0] == (unsigned char)mark;
}
