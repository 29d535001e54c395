/*
 * A token scan of SQL: words, numbers, strings, punctuation, with the depth of parentheses.
 * It allocates nothing, recurses nowhere and never fails: what it does not understand is
 * punctuation, an unterminated string or comment ends with the text. Rules are PostgreSQL's
 * lexer's (nested comments, dollar quotes, E'' strings) with standard_conforming_strings on.
 */
#ifndef DIFFENGINE_SCAN_H
#define DIFFENGINE_SCAN_H

#include <stdbool.h>

#include "base/bytes.h"

enum scan_kind {
	SCAN_WORD,   /* key word or unquoted name; compare with scan_is */
	SCAN_QUOTED, /* "name", quotes included */
	SCAN_STRING, /* any string literal, quotes included */
	SCAN_NUMBER, /* also $1 */
	SCAN_MARK    /* one character of punctuation */
};

struct scan_token {
	enum scan_kind kind;
	struct bytes text;
	unsigned depth; /* of parentheses and brackets around it; "(" has the outer depth */
};

struct scan {
	struct bytes text;
	size_t at;
	unsigned depth;
};

void scan_init(struct scan *scan, struct bytes text);
bool scan_next(struct scan *scan, struct scan_token *token);
/* The token is this word, without regard to case; `word` in lower case. */
bool scan_is(const struct scan_token *token, const char *word);
bool scan_is_mark(const struct scan_token *token, char mark);

#endif
