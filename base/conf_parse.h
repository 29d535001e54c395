/*
 * From text to the configuration's tree (private to base/conf*.c).
 */
#ifndef BASE_CONF_PARSE_H
#define BASE_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/conf_lex.h"
#include "base/conf_tree.h"
#include "base/err.h"

/* A file being read, and the one that includes it. */
struct conf_source {
	const struct conf_source *parent;
	bool is_file; /* else text, that no include can reach again */
	unsigned long long device, inode;
	size_t depth;
};

struct conf_parser {
	struct conf *conf;
	struct conf_lexer lex;
	struct err *err;
	const struct conf_source *source;
	bool is_unresolved; /* it failed because of a ${NAME} that means nothing */
};

/* Lays the text over `object`, whose members lie at `depth`; to the end of the text. */
bool conf_parse_text(
	struct conf_parser *parser, struct conf_value *object, size_t depth) ATTR_USE_RESULT;

/* The members of `object` and their closing brace; the cursor stands at the opening one. */
bool conf_parse_section(
	struct conf_parser *parser, struct conf_value *object, size_t depth) ATTR_USE_RESULT;

/* What ends a value: a comma, the end of its line, or that `closer` comes next. */
bool conf_parse_separator(struct conf_parser *parser, char closer) ATTR_USE_RESULT;

/* One value at the cursor that will lie at `depth`; `what` names it in a message should
 * there be none. *value is NULL when it is absent (${?NAME}), of CONF_KIND_NULL for null. */
bool conf_parse_value(struct conf_parser *parser, size_t depth, const char *what,
	struct conf_value **value) ATTR_USE_RESULT;

/* "KEY=VALUE" at the cursor, where any VALUE that is not in the syntax is plain text. */
bool conf_parse_override(struct conf_parser *parser) ATTR_USE_RESULT;

/* Reads a file and lays it over `object`; `place` is where it is included (not used for the
 * first file, which parser->source NULL tells). */
bool conf_read_file(struct conf_parser *parser, const char *path, struct conf_place place,
	struct conf_value *object, size_t depth) ATTR_USE_RESULT;

#endif
