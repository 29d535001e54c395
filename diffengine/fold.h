/*
 * Rows of any number folded into a few words: how many, and an order-free sum of their hashes.
 * Two multisets of rows are equal if their folds are (128 bits of XXH3 summed in halves: not
 * proof against an adversary, nor needed to be). For answers that are too long to be held.
 */
#ifndef DIFFENGINE_FOLD_H
#define DIFFENGINE_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct fold { /* zero it to start */
	int64_t rows;
	uint64_t low, high;
};

void fold_add(struct fold *fold, struct bytes row);
bool fold_is_equal(const struct fold *a, const struct fold *b);

#endif
