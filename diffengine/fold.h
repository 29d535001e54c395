/*
 * Rows of any number folded into a few words: how many, order-free sums of their hashes, and
 * the sequence of their sort keys. Two multisets of rows are equal if their folds are (128 bits
 * of XXH3 summed in halves: not proof against an adversary, nor needed to be). For answers that
 * are too long to be held.
 */
#ifndef DIFFENGINE_FOLD_H
#define DIFFENGINE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

struct row_policy;

struct fold { /* zero it to start */
	int64_t rows;
	uint64_t low, high;               /* of whole rows */
	uint64_t masked_low, masked_high; /* without the columns that bytes alone do not decide */
	uint64_t sequence;                /* of the keys, in the order in which they came */
};

/* How a result's rows are folded; made from its policy, which need not live on. */
struct fold_plan;

/* NULL: no memory. `policy` NULL: whole rows, in sequence. */
struct fold_plan *fold_plan_new(const struct row_policy *policy) ATTR_USE_RESULT;
void fold_plan_free(struct fold_plan *plan); /* takes NULL */

void fold_add(const struct fold_plan *plan, struct fold *fold, struct bytes row);

enum fold_result {
	FOLD_EQUAL,
	FOLD_COUNT,        /* other numbers of rows */
	FOLD_ROWS,         /* other rows */
	FOLD_ORDER,        /* the same rows in another order, where the order is determined */
	FOLD_UNDETERMINED, /* other rows, but the statement does not determine which */
	FOLD_TOLERANT      /* they differ in columns that only pair by pair can be judged */
};
enum fold_result fold_compare(
	const struct fold_plan *plan, const struct fold *truth, const struct fold *candidate);

#endif
