/*
 * What the fuzz harnesses share. A harness is one file, <room>_<entry>.c, with fuzz_one; it is
 * linked with libFuzzer (make fuzz) or with feed.c, which plays the files of its corpus (make
 * corpus). What a fuzz_check finds to be not so ends the program; a failed assertion of cmocka in a
 * header of the unit tests does as well, silently.
 *
 * An input is cut into fields from its front; where it is at its end, fields are zero or empty.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

/* libFuzzer's name for it. Returns 0. */
#define fuzz_one LLVMFuzzerTestOneInput
int fuzz_one(const uint8_t *data, size_t size);

static inline _Noreturn void ATTR_PRINTF(1, 2) fuzz_fail(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

#define fuzz_check(condition) \
	((condition) ? (void)0 : fuzz_fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

static inline struct bytes fuzz_take(struct bytes *in, size_t n)
{
	struct bytes part = bytes_of(in->ptr, n < in->len ? n : in->len);

	*in = bytes_skip(*in, part.len);
	return part;
}

static inline unsigned fuzz_byte(struct bytes *in)
{
	struct bytes one = fuzz_take(in, 1);

	return one.len ? one.ptr[0] : 0;
}

/* `n` bytes, big endian. */
static inline uint64_t fuzz_number(struct bytes *in, unsigned n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | fuzz_byte(in);
	return value;
}

/* Up to the separator, which is dropped. */
static inline struct bytes fuzz_until(struct bytes *in, unsigned char separator)
{
	const unsigned char *end = in->len ? memchr(in->ptr, separator, in->len) : NULL;
	struct bytes part = fuzz_take(in, end ? (size_t)(end - in->ptr) : in->len);

	if (end)
		*in = bytes_skip(*in, 1);
	return part;
}

/* In a block of just its size, so that a sanitizer sees what reads beyond it, with a NUL more
 * where it is to be a C string. free with free. */
static inline unsigned char *fuzz_copy(struct bytes part, size_t more)
{
	unsigned char *copy = malloc(part.len + more ? part.len + more : 1);

	fuzz_check(copy);
	if (part.len)
		memcpy(copy, part.ptr, part.len);
	if (more)
		copy[part.len] = '\0';
	return copy;
}

static inline char *fuzz_string(struct bytes part)
{
	return (char *)fuzz_copy(part, 1);
}

/* Makes a run of messages of what may be one: a length that leads out of it becomes what is
 * left. Changes `stream` in place. */
static inline void fuzz_mend(unsigned char *stream, size_t len)
{
	for (size_t at = 0; at + 5 <= len;) {
		unsigned char *field = stream + at + 1;
		size_t left = len - at - 1, body = ((size_t)field[2] << 8 | field[3]);

		if (body < 4 || body > left)
			body = left > 0xffff ? 0xffff : left;
		field[0] = field[1] = 0;
		field[2] = (unsigned char)(body >> 8);
		field[3] = (unsigned char)body;
		at += 1 + body;
	}
}

#endif
