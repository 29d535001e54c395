/*
 * The growable buffer. One byte more than `cap` is always allocated, so that buf_cstr can
 * end the content with a NUL without growing.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_CAP_LEAST 64

void buf_init(struct buf *b, size_t ceiling)
{
	/* Half the address space is more than malloc gives; sums below cannot overflow. */
	*b = (struct buf){.ceiling = ceiling < SIZE_MAX / 2 ? ceiling : SIZE_MAX / 2};
}

void buf_fini(struct buf *b)
{
	buf_release(b);
}

static void move_to_front(struct buf *b)
{
	size_t len = buf_len(b);

	if (b->start > 0 && len > 0)
		memmove(b->ptr, b->ptr + b->start, len);
	b->start = 0;
	b->end = len;
}

/* The next capacity: at least `need`, doubled so that appending is linear on the whole. */
static size_t grown_cap(const struct buf *b, size_t need)
{
	size_t cap = b->cap < BUF_CAP_LEAST ? BUF_CAP_LEAST : b->cap;

	while (cap < need)
		cap *= 2;
	return cap < b->ceiling ? cap : b->ceiling;
}

bool buf_reserve(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (b->ptr && n <= b->cap - b->end)
		return true;
	if (n > b->ceiling - len)
		return false;
	/* Moving pays only when it frees as much as it moves; at the ceiling it must be. */
	bool fits = b->ptr && len + n <= b->cap;
	if (fits && (b->start >= len || b->cap == b->ceiling)) {
		move_to_front(b);
		return true;
	}
	size_t cap = grown_cap(b, fits ? b->cap + 1 : len + n);
	move_to_front(b);
	unsigned char *ptr = realloc(b->ptr, cap + 1);
	if (!ptr)
		return false;
	b->ptr = ptr;
	b->cap = cap;
	return true;
}

bool buf_append(struct buf *b, const void *data, size_t n)
{
	if (n == 0)
		return true;
	if (!buf_reserve(b, n))
		return false;
	memcpy(b->ptr + b->end, data, n);
	b->end += n;
	return true;
}

bool buf_append_bytes(struct buf *b, struct bytes data)
{
	return buf_append(b, data.ptr, data.len);
}

bool buf_append_byte(struct buf *b, unsigned char c)
{
	return buf_append(b, &c, 1);
}

bool buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	bool ok = false;

	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	if (n >= 0 && buf_reserve(b, (size_t)n)) {
		/* Its NUL lands in the byte beyond cap at worst. */
		vsnprintf((char *)b->ptr + b->end, (size_t)n + 1, fmt, again);
		b->end += (size_t)n;
		ok = true;
	}
	va_end(again);
	va_end(args);
	return ok;
}

unsigned char *buf_tail(struct buf *b)
{
	return b->ptr ? b->ptr + b->end : NULL;
}

size_t buf_room(const struct buf *b)
{
	return b->cap - b->end;
}

void buf_added(struct buf *b, size_t n)
{
	assert(n <= buf_room(b));
	b->end += n;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= buf_len(b))
		buf_reset(b);
	else
		b->start += n;
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len == 0)
		buf_reset(b);
	else if (len < buf_len(b))
		b->end = b->start + len;
}

void buf_reset(struct buf *b)
{
	b->start = b->end = 0;
}

void buf_release(struct buf *b)
{
	free(b->ptr);
	b->ptr = NULL;
	b->start = b->end = b->cap = 0;
}

const char *buf_cstr(struct buf *b)
{
	if (!b->ptr)
		return "";
	b->ptr[b->end] = '\0';
	return (const char *)b->ptr + b->start;
}
