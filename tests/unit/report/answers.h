/*
 * Answers of a database, message by message, for traces of reports.
 */
#ifndef TESTS_UNIT_REPORT_ANSWERS_H
#define TESTS_UNIT_REPORT_ANSWERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static inline void answer_begin(struct buf *b)
{
	buf_init(b, (size_t)1 << 20);
}

static inline void answer_message(struct buf *b, char type, const void *body, size_t len)
{
	unsigned char head[5] = {(unsigned char)type, 0, 0, (unsigned char)((len + 4) >> 8),
		(unsigned char)(len + 4)};

	assert_true(buf_append(b, head, sizeof(head)) && buf_append(b, body, len));
}

/* The words of "a b c", each with its beginning and length. */
static inline size_t answer_words(
	const char *text, const char **words, size_t *lengths, size_t most)
{
	size_t count = 0;

	while (*text && count < most) {
		words[count] = text;
		lengths[count] = strcspn(text, " ");
		text += lengths[count];
		text += *text == ' ';
		count++;
	}
	return count;
}

/* RowDescription: columns of type text, their names between blanks. */
static inline void answer_columns(struct buf *b, const char *names)
{
	static const unsigned char rest[18] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0};
	const char *words[32];
	size_t lengths[32], count = answer_words(names, words, lengths, 32);
	struct buf body;

	buf_init(&body, 4096);
	assert_true(buf_append_byte(&body, 0) && buf_append_byte(&body, (unsigned char)count));
	for (size_t i = 0; i < count; i++)
		assert_true(buf_append(&body, words[i], lengths[i]) && buf_append_byte(&body, 0) &&
			    buf_append(&body, rest, sizeof(rest)));
	answer_message(b, 'T', buf_bytes(&body).ptr, buf_len(&body));
	buf_fini(&body);
}

/* DataRow: values between blanks; "\\N" is NULL. */
static inline void answer_row(struct buf *b, const char *values)
{
	const char *words[32];
	size_t lengths[32], count = answer_words(values, words, lengths, 32);
	struct buf body;

	buf_init(&body, 8192);
	assert_true(buf_append_byte(&body, 0) && buf_append_byte(&body, (unsigned char)count));
	for (size_t i = 0; i < count; i++) {
		unsigned char head[4] = {0, 0, 0, (unsigned char)lengths[i]};

		if (lengths[i] == 2 && memcmp(words[i], "\\N", 2) == 0) {
			assert_true(buf_append(&body, "\xff\xff\xff\xff", 4));
			continue;
		}
		assert_true(buf_append(&body, head, 4) && buf_append(&body, words[i], lengths[i]));
	}
	answer_message(b, 'D', buf_bytes(&body).ptr, buf_len(&body));
	buf_fini(&body);
}

static inline void answer_complete(struct buf *b, const char *tag)
{
	answer_message(b, 'C', tag, strlen(tag) + 1);
}

/* ErrorResponse of the fields in `fields`, its NULs and the final one included. */
static inline void answer_error(struct buf *b, const char *fields, size_t len)
{
	answer_message(b, 'E', fields, len);
}

static inline void answer_ready(struct buf *b, char status)
{
	answer_message(b, 'Z', &status, 1);
}

#endif
