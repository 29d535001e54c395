/*
 * Reading a fixture's line: a cursor over it, whose failures name file, line, column and what
 * was expected. Blanks separate; a # outside of quotes begins a comment up to the line's end.
 * Strings that are read live in the cursor's arena.
 */
#ifndef REPLAY_FIXTURE_CURSOR_H
#define REPLAY_FIXTURE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

struct fixture_cursor {
	const char *file;
	int64_t line; /* from 1 */
	struct bytes text;
	size_t at;
	struct arena *arena;
	struct err *err;
};

/* "FILE:LINE:COLUMN: expected ..., found ...". Always returns false. */
bool cursor_fail(struct fixture_cursor *c, const char *expected);
/* "FILE:LINE:COLUMN: `what`", for what is no matter of expectation. Always returns false. */
bool cursor_refuse(struct fixture_cursor *c, const char *what);

void cursor_skip(struct fixture_cursor *c);
/* After blanks: the end of the line or a comment. */
bool cursor_is_at_end(struct fixture_cursor *c);
/* The next byte as it is; NUL at the line's end. */
char cursor_peek(const struct fixture_cursor *c);
/* Takes `ch` if it comes next, after blanks. */
bool cursor_take(struct fixture_cursor *c, char ch);
bool cursor_need(struct fixture_cursor *c, char ch) ATTR_USE_RESULT;
/* Takes letters, digits and _.+-/ after blanks; may be empty. */
struct bytes cursor_word(struct fixture_cursor *c);
/* Takes everything up to a blank or one of []();,#" at once; may be empty. */
struct bytes cursor_token(struct fixture_cursor *c);
/* A string in quotes, decoded, with a NUL behind it. */
bool cursor_quoted(struct fixture_cursor *c, struct bytes *s) ATTR_USE_RESULT;
/* The same without a NUL inside, as C has it. */
bool cursor_string(struct fixture_cursor *c, const char **s) ATTR_USE_RESULT;
/* A word or a string in quotes, with a NUL behind it and none inside. */
bool cursor_name(struct fixture_cursor *c, const char **s) ATTR_USE_RESULT;
bool cursor_number(
	struct fixture_cursor *c, int64_t least, int64_t most, int64_t *n) ATTR_USE_RESULT;
/* Hex digits in pairs, decoded. */
bool cursor_hex(struct fixture_cursor *c, struct bytes *data) ATTR_USE_RESULT;
/* The keyword and its '=' if they come next. */
bool cursor_key(struct fixture_cursor *c, const char *key);

#endif
