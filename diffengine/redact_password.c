/*
 * Passwords in statements: the literal behind the word PASSWORD (roles, user mappings), and the
 * connection string behind CONNECTION (subscriptions). Found by tokens, also inside of dollar
 * quotes. In a quoted literal that is itself SQL with such words, all behind the word goes.
 */
#include <strings.h>

#include "diffengine/redact_impl.h"
#include "diffengine/scan.h"

#define NESTING_MAX 8 /* dollar quotes in dollar quotes; deeper ones go whole */

static const char word[] = "password";
#define WORD_LEN (sizeof(word) - 1)

/* The first place of the word, without regard to case; text.len: none. */
static size_t find_word(struct bytes text)
{
	const char *const rare = "wW";

	for (size_t best = text.len, i = 0; i < 2; i++) {
		const unsigned char *at = text.ptr, *end = text.ptr + text.len;

		while (at && at < end && (at = memchr(at, rare[i], (size_t)(end - at)))) {
			/* "passw": the fourth before it. */
			size_t place = (size_t)(at - text.ptr);

			if (place >= 4 && text.len - (place - 4) >= WORD_LEN &&
				strncasecmp((const char *)at - 4, word, WORD_LEN) == 0) {
				best = place - 4 < best ? place - 4 : best;
				break;
			}
			at++;
		}
		if (i == 1)
			return best;
	}
	return text.len;
}

bool redact_may_hold_password(struct bytes text)
{
	return text.len >= WORD_LEN && find_word(text) < text.len;
}

struct passwords {
	struct buf *out;
	size_t count;
	bool *ok;
};

static void put(struct passwords *p, struct bytes text)
{
	*p->ok = *p->ok && buf_append_bytes(p->out, text);
}

static void put_stars(struct passwords *p)
{
	put(p, bytes_str("'***'"));
	p->count++;
}

/* Does a quote that is doubled or escaped, as in SQL inside of a literal, follow behind blanks? */
static bool is_before_quote(struct bytes text, size_t at)
{
	while (at < text.len && strchr(" \t\r\n", text.ptr[at]))
		at++;
	return at + 1 < text.len && (text.ptr[at] == '\'' || text.ptr[at] == '\\');
}

/* A literal as it is, but up to the word before a password in it. */
static void put_literal(struct passwords *p, struct bytes literal)
{
	size_t end = find_word(literal);

	while (end < literal.len && !is_before_quote(literal, end + WORD_LEN))
		end += WORD_LEN + find_word(bytes_skip(literal, end + WORD_LEN));
	if (end >= literal.len) {
		put(p, literal);
		return;
	}
	put(p, bytes_of(literal.ptr, end + WORD_LEN));
	put(p, bytes_str(" ***'"));
	p->count++;
}

static void scan_text(struct passwords *p, struct bytes text, unsigned nesting);

static void put_dollar(struct passwords *p, struct bytes literal, unsigned nesting)
{
	const unsigned char *tag_end = memchr(literal.ptr + 1, '$', literal.len - 1);
	size_t tag = tag_end ? (size_t)(tag_end - literal.ptr) + 1 : 0;

	if (nesting == NESTING_MAX || tag == 0 || literal.len < 2 * tag) {
		put_stars(p);
		return;
	}
	put(p, bytes_of(literal.ptr, tag));
	scan_text(p, bytes_of(literal.ptr + tag, literal.len - 2 * tag), nesting + 1);
	put(p, bytes_of(literal.ptr + literal.len - tag, tag));
}

static void put_string(struct passwords *p, const struct scan_token *before, struct bytes literal,
	unsigned nesting)
{
	bool is_secret = before->text.ptr &&
			 (scan_is(before, word) || (scan_is(before, "connection") &&
							   redact_may_hold_password(literal)));

	if (is_secret)
		put_stars(p);
	else if (!redact_may_hold_password(literal))
		put(p, literal);
	else if (literal.ptr[0] == '$')
		put_dollar(p, literal, nesting);
	else
		put_literal(p, literal);
}

static void scan_text(struct passwords *p, struct bytes text, unsigned nesting)
{
	struct scan_token token, before = {.kind = SCAN_MARK, .text = {NULL, 0}};
	const unsigned char *done = text.ptr;
	struct scan scan;

	scan_init(&scan, text);
	while (scan_next(&scan, &token)) {
		if (token.kind == SCAN_STRING) {
			put(p, bytes_of(done, (size_t)(token.text.ptr - done)));
			put_string(p, &before, token.text, nesting);
			done = token.text.ptr + token.text.len;
		}
		before = token;
	}
	put(p, bytes_of(done, (size_t)(text.ptr + text.len - done)));
}

size_t redact_passwords(struct bytes text, struct buf *out, bool *ok)
{
	struct passwords p = {.out = out, .ok = ok};

	*ok = true;
	scan_text(&p, text, 0);
	return p.count;
}
