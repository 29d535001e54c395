/*
 * Order-free hashing of rows.
 */
#include "diffengine/fold.h"

#include "base/hash.h"

void fold_add(struct fold *fold, struct bytes row)
{
	struct hash128 hash = hash_bytes128(row);

	fold->rows++;
	fold->low += hash.low;
	fold->high += hash.high;
}

bool fold_is_equal(const struct fold *a, const struct fold *b)
{
	return a->rows == b->rows && a->low == b->low && a->high == b->high;
}
