/*
 * Tokens in, one canonical spelling out. What goes beyond the room is hashed only.
 */
#include "diffengine/normalise.h"

#include <stdint.h>
#include <stdio.h>

#include "base/hash.h"
#include "diffengine/scan.h"

#define HASH_TEXT 24 /* " ...#" and 16 digits, and NUL */
#define KEPT_MAX  (NORMALISE_MAX - HASH_TEXT)

struct spelling {
	char *out;
	size_t len, total; /* kept; in all */
	uint64_t hash;     /* of all */
};

static void put(struct spelling *s, const void *data, size_t n)
{
	size_t room = NORMALISE_MAX - s->len;
	uint64_t parts[2] = {s->hash, hash_bytes64(bytes_of(data, n))};

	memcpy(s->out + s->len, data, n < room ? n : room);
	s->len += n < room ? n : room;
	s->total += n;
	s->hash = hash_bytes64(bytes_of(parts, sizeof(parts)));
}

static void put_lower(struct spelling *s, struct bytes word)
{
	char part[256];

	while (word.len > 0) {
		size_t n = word.len < sizeof(part) ? word.len : sizeof(part);

		for (size_t i = 0; i < n; i++) {
			unsigned char c = word.ptr[i];

			part[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		}
		put(s, part, n);
		word = bytes_skip(word, n);
	}
}

static void put_token(struct spelling *s, const struct scan_token *token)
{
	char code[HASH_TEXT];
	int n;

	switch (token->kind) {
	case SCAN_WORD:
		put_lower(s, token->text);
		return;
	case SCAN_STRING:
		if (token->text.ptr[0] == '$') {
			n = snprintf(code, sizeof(code), "$%016llx$",
				(unsigned long long)hash_bytes64(token->text));
			put(s, code, (size_t)n);
			return;
		}
		put(s, "?", 1);
		return;
	case SCAN_NUMBER:
		if (token->text.ptr[0] != '$') {
			put(s, "?", 1);
			return;
		}
		break;
	case SCAN_QUOTED:
	case SCAN_MARK:
		break;
	}
	put(s, token->text.ptr, token->text.len);
}

static bool is_one_of(const struct scan_token *token, const char *marks)
{
	return token->kind == SCAN_MARK && token->text.ptr[0] && strchr(marks, token->text.ptr[0]);
}

static bool are_adjacent(const struct scan_token *a, const struct scan_token *b)
{
	return a->text.ptr + a->text.len == b->text.ptr;
}

/* Blanks are where a person would put them, not where the text has them: but two operators
 * in a row are two because of the blank between them. */
static bool has_blank(const struct scan_token *before, const struct scan_token *token)
{
	bool is_operator = token->kind == SCAN_MARK && !is_one_of(token, "()[],;");

	if (is_one_of(token, ",)];.:") || is_one_of(before, "([.:"))
		return false;
	if (is_one_of(token, "(["))
		return before->kind == SCAN_MARK;
	if (is_operator && before->kind == SCAN_MARK && !is_one_of(before, ")],;"))
		return !are_adjacent(before, token);
	return true;
}

/* The sign of a number that cannot be an operator between two operands. */
static bool is_sign(
	const struct scan *scan, const struct scan_token *before, const struct scan_token *token)
{
	struct scan ahead = *scan;
	struct scan_token next;

	return is_one_of(token, "+-") && before->kind == SCAN_MARK && !is_one_of(before, ")]") &&
	       scan_next(&ahead, &next) && next.kind == SCAN_NUMBER && next.text.ptr[0] != '$' &&
	       are_adjacent(token, &next);
}

size_t normalise_statement(struct bytes text, char out[NORMALISE_MAX])
{
	struct spelling s = {.out = out};
	struct scan_token before = {.kind = SCAN_WORD}, token;
	struct scan scan;
	size_t ends = 0; /* semicolons that only count if something follows */

	scan_init(&scan, text);
	while (scan_next(&scan, &token)) {
		if (is_one_of(&token, ";")) {
			ends++;
			continue;
		}
		if (is_sign(&scan, &before, &token))
			continue;
		if (ends > 0 && s.total > 0)
			put(&s, "; ", 2);
		else if (s.total > 0 && has_blank(&before, &token))
			put(&s, " ", 1);
		ends = 0;
		put_token(&s, &token);
		before = token;
	}
	if (s.total > NORMALISE_MAX)
		s.len = KEPT_MAX + (size_t)snprintf(out + KEPT_MAX, HASH_TEXT, " ...#%016llx",
					   (unsigned long long)s.hash);
	return s.len;
}
