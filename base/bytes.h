/*
 * A view of bytes that somebody else owns. It never owns and is never freed; whoever
 * returns one says how long it lives. A view of length 0 may have any pointer, also NULL.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	const unsigned char *ptr;
	size_t len;
};

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
	return (struct bytes){.ptr = ptr, .len = len};
}

/* The bytes of a C string without its terminating NUL; NULL gives an empty view. */
static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, s ? strlen(s) : 0);
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool bytes_equal_str(struct bytes a, const char *s)
{
	return bytes_equal(a, bytes_str(s));
}

/* What is left after the first `n` bytes; `n` beyond the end gives an empty view. */
static inline struct bytes bytes_skip(struct bytes b, size_t n)
{
	return n >= b.len ? bytes_of(b.ptr + b.len, 0) : bytes_of(b.ptr + n, b.len - n);
}

/* For printf's "%.*s": the length as int, cut at `most`. */
static inline int bytes_width(struct bytes b, size_t most)
{
	return (int)(b.len < most ? b.len : most);
}

#endif
