/*
 * Reading characters of a configuration with their places (private to base/conf*.c): blanks,
 * comments, words, quoted strings, and how to name what was found in a message. A lexer
 * borrows its text.
 */
#ifndef BASE_CONF_LEX_H
#define BASE_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/conf_tree.h"
#include "base/err.h"

#define CONF_END (-1)

struct conf_lexer {
	struct bytes text;
	size_t pos;
	struct conf_place place; /* of text[pos]; columns count characters, not bytes */
};

/* A leading byte order mark is skipped. */
void conf_lex_init(struct conf_lexer *lex, const char *name, struct bytes text);

/* The byte at the cursor, or `ahead` bytes after it; CONF_END after the last. */
int conf_lex_peek(const struct conf_lexer *lex, size_t ahead);
void conf_lex_next(struct conf_lexer *lex);
/* Steps over `c` if it comes next. */
bool conf_lex_take(struct conf_lexer *lex, char c);

bool conf_lex_is_blank(int c);
/* At the end of a line, a comment, or the end of the text? */
bool conf_lex_at_line_end(const struct conf_lexer *lex);
void conf_lex_skip_blanks(struct conf_lexer *lex);
/* Also over ends of lines and comments; says whether a line ended. */
bool conf_lex_skip_space(struct conf_lexer *lex);

/* A key's name as far as it goes: letters, digits, _ and -, any character beyond ASCII.
 * Empty if there is none; borrowed from the text. */
struct bytes conf_lex_word(struct conf_lexer *lex);

/* Appends the quoted string that begins at the cursor to `out`. */
bool conf_lex_quoted(struct conf_lexer *lex, struct buf *out, struct err *err) ATTR_USE_RESULT;

/* Fails at the cursor with "expected <what>, found <what is there>"; always false. */
bool conf_lex_expected(const struct conf_lexer *lex, const char *what, struct err *err);

/* Writes `text` quoted, as conf_lex_quoted reads it; beyond `most` bytes it is cut. */
void conf_quote(FILE *out, const char *text, size_t most);

#endif
