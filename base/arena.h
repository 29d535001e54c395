/*
 * Memory that is dropped as a whole: what belongs to one exchange, one file, one report.
 * Blocks grow up to a ceiling given at birth; allocation beyond it returns NULL and changes
 * nothing. Everything handed out lives until arena_reset or arena_fini.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;    /* bytes of all blocks, headers included */
	size_t ceiling; /* limit of `used` */
};

void arena_init(struct arena *a, size_t ceiling);
void arena_fini(struct arena *a);
/* Drops all but one block, which is kept for reuse. */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type; NULL at the ceiling or when memory is out. */
void *arena_alloc(struct arena *a, size_t size) ATTR_USE_RESULT;
/* A NUL-terminated copy; NULL as above. */
char *arena_copy_str(struct arena *a, struct bytes s) ATTR_USE_RESULT;
/* A copy of the bytes; .ptr is NULL as above (for an empty view too). */
struct bytes arena_copy(struct arena *a, struct bytes b) ATTR_USE_RESULT;
char *arena_printf(struct arena *a, const char *fmt, ...) ATTR_PRINTF(2, 3) ATTR_USE_RESULT;

#endif
