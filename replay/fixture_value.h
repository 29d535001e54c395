/*
 * Values in a fixture. Text format: a word, or quoted. Binary format: TYPE:LITERAL where the type
 * is known, one of the common ones, and its literal means exactly the same bytes; else hex:DIGITS.
 * NULL is NULL, and the text of these four letters is quoted.
 */
#ifndef REPLAY_FIXTURE_VALUE_H
#define REPLAY_FIXTURE_VALUE_H

#include "replay/fixture_cursor.h"
#include "wire/text.h"

/* A word if it is one, else quoted. */
void fixture_print_word(struct text *t, struct bytes s);
/* `type` 0: unknown. */
void fixture_print_value(
	struct text *t, const struct wire_value *value, int16_t format, uint32_t type);

/* *is_binary: it had a type or was hex. */
bool fixture_parse_value(
	struct fixture_cursor *c, struct wire_value *value, bool *is_binary) ATTR_USE_RESULT;

/* fixture_literal.c: the binary form of the common types. Appends the literal; false, with nothing
 * written, where the bytes are of another length or no literal means exactly them. */
bool fixture_print_literal(struct buf *out, uint32_t type, struct bytes data) ATTR_USE_RESULT;
/* Into `data`, FIXTURE_LITERAL_MAX bytes; the number of bytes, 0: no such literal. */
#define FIXTURE_LITERAL_MAX 16
size_t fixture_parse_literal(
	uint32_t type, const char *literal, unsigned char *data) ATTR_USE_RESULT;
/* Its binary form is its text: the literal is a string. */
bool fixture_type_is_text(uint32_t type);

#endif
