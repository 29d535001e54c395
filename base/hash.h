/*
 * 128-bit and 64-bit hashes of bytes (XXH3, inlined because libpg-query exports xxHash's
 * symbols). Not adversarial-safe: used to tell texts and rows apart, never to authenticate.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

struct hash128 {
	uint64_t low, high;
};

struct hash128 hash_bytes128(struct bytes b);
uint64_t hash_bytes64(struct bytes b);

#endif
