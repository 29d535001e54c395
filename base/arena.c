/*
 * Blocks in a list, the newest first; allocation takes from the newest only. Ordinary
 * blocks double up to BLOCK_MOST, a request beyond that gets a block of its own.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_LEAST ((size_t)1024)
#define BLOCK_MOST  ((size_t)65536)
#define ALIGNMENT   _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes of the whole block, header included */
	size_t used; /* bytes handed out, header included */
};

static size_t aligned(size_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void arena_init(struct arena *a, size_t ceiling)
{
	*a = (struct arena){.ceiling = ceiling};
}

void arena_fini(struct arena *a)
{
	for (struct arena_block *it = a->blocks, *next; it; it = next) {
		next = it->next;
		free(it);
	}
	a->blocks = NULL;
	a->used = 0;
}

/* Is the block a better one to keep than `kept`: the largest of ordinary size? */
static bool is_better_kept(const struct arena_block *block, const struct arena_block *kept)
{
	return block->size <= BLOCK_MOST && (!kept || block->size > kept->size);
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = NULL;

	for (struct arena_block *it = a->blocks; it; it = it->next)
		if (is_better_kept(it, kept))
			kept = it;
	for (struct arena_block *it = a->blocks, *next; it; it = next) {
		next = it->next;
		if (it != kept)
			free(it);
	}
	if (kept) {
		kept->next = NULL;
		kept->used = aligned(sizeof(*kept));
	}
	a->blocks = kept;
	a->used = kept ? kept->size : 0;
}

/* A new block in front that has at least `need` bytes free (aligned); NULL at the ceiling. */
static struct arena_block *add_block(struct arena *a, size_t need)
{
	size_t head = aligned(sizeof(struct arena_block));
	size_t left = a->ceiling - a->used;
	size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_LEAST;

	if (head > left || need > left - head)
		return NULL;
	if (size > BLOCK_MOST)
		size = BLOCK_MOST;
	if (size > left)
		size = left;
	if (size < head + need)
		size = head + need;
	struct arena_block *block = malloc(size);
	if (!block)
		return NULL;
	*block = (struct arena_block){.next = a->blocks, .size = size, .used = head};
	a->blocks = block;
	a->used += size;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *block = a->blocks;

	if (size > a->ceiling || size > SIZE_MAX / 2)
		return NULL;
	size_t need = aligned(size ? size : 1);
	if (!block || need > block->size - block->used)
		block = add_block(a, need);
	if (!block)
		return NULL;
	void *result = (unsigned char *)block + block->used;
	block->used += need;
	return memset(result, 0, need);
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	/* One byte more keeps an empty copy apart from a failed one. */
	unsigned char *copy = b.len < SIZE_MAX ? arena_alloc(a, b.len + 1) : NULL;

	if (!copy)
		return bytes_of(NULL, 0);
	if (b.len > 0)
		memcpy(copy, b.ptr, b.len);
	return bytes_of(copy, b.len);
}

char *arena_copy_str(struct arena *a, struct bytes s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (copy && s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}
