/*
 * One line of a conversation, split into words. Words are separated by blanks; "..." holds
 * blanks, with \" \\ \n \t \r and \xNN inside, and may begin in the middle of a word
 * (detail="a b"). A # at the beginning of a word starts a comment. A lone / separates items.
 * tests/e2e/conversation.py reads the same language.
 */
#ifndef TESTS_PEER_WORDS_H
#define TESTS_PEER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

#define WORDS_MAX 4096 /* in one line */

struct word {
	const char *text; /* without quotes, escapes resolved, NUL-terminated */
	size_t len;       /* it may hold NULs */
	bool is_quoted;   /* it began with a quote: never a keyword, NULL or a separator */
};

struct words {
	struct word *items;
	size_t count;
};

/* The words live in the arena. */
bool words_split(
	struct arena *arena, struct bytes line, struct words *out, struct err *err) ATTR_USE_RESULT;

bool word_is(const struct word *word, const char *keyword);
/* The text behind "NAME=" if the word is that option; else NULL. `len` may be NULL. */
const char *word_option(const struct word *word, const char *name, size_t *len);
/* A whole decimal number in range. */
bool word_number(const char *text, long min, long max, long *out) ATTR_USE_RESULT;

#endif
