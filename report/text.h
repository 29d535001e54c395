/*
 * Text from a trace made fit for people: UTF-8 checked, long texts cut, control characters
 * shown instead of sent to a terminal. A trace may hold any bytes at all.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"

#define TEXT_INVALID 0xffffffffu /* not a code point */

/* Takes the first code point off `rest`, which must not be empty. TEXT_INVALID: the first
 * byte starts no valid UTF-8 sequence; that one byte was taken. */
uint32_t text_next(struct bytes *rest);

/* C0 and C1 controls and DEL. */
bool text_is_control(uint32_t code_point);
/* Characters that turn the direction of the text around them, and so could make a statement
 * read as another. */
bool text_is_bidi(uint32_t code_point);

/* Appends one code point; `code_point` must be valid. */
void text_put(FILE *out, uint32_t code_point);

/* The longest beginning of at most `most` bytes that does not split a code point. */
struct bytes text_cut(struct bytes b, size_t most);

/* A copy in the arena; of a longer text the first `most` bytes and a note of its length.
 * Empty when the arena is full. */
struct bytes text_keep(struct arena *a, struct bytes b, size_t most);

/* One line of about `width` characters at most, "..." where it was cut. Control characters,
 * invalid bytes and bidirectional controls come out as \n, \x1b, \u202e. */
void text_write_line(FILE *out, struct bytes b, size_t width);
/* The same for a statement: runs of white space become one space first. */
void text_write_statement(FILE *out, struct bytes b, size_t width);

#endif
