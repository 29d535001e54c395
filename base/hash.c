/*
 * XXH3 over bytes. Its code is inlined: a library that exports the same symbols may be
 * linked into the same program.
 */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* xxHash wants a pointer even for no bytes. */
static const void *data_of(struct bytes b)
{
	return b.ptr ? b.ptr : (const void *)"";
}

struct hash128 hash_bytes128(struct bytes b)
{
	XXH128_hash_t h = XXH3_128bits(data_of(b), b.len);

	return (struct hash128){.low = h.low64, .high = h.high64};
}

uint64_t hash_bytes64(struct bytes b)
{
	return XXH3_64bits(data_of(b), b.len);
}
