/*
 * Items of an answer ("row 1 a", "tag \"SELECT 1\"", "error 23505 \"...\"") to steps. The list of
 * items is the table in item.c; docs/TESTING.md describes them.
 */
#ifndef TESTS_PEER_ITEM_H
#define TESTS_PEER_ITEM_H

#include "tests/peer/script.h"
#include "tests/peer/words.h"

enum item_result {
	ITEM_FAILED,
	ITEM_ADDED,
	ITEM_ENDS_PART, /* what follows answers the next unit */
	ITEM_AGAIN      /* what follows is the answer to the same unit asked again */
};

/* words: of one item, at least one. */
enum item_result item_add(struct script *script, struct answer *answer, const struct words *words,
	struct err *err) ATTR_USE_RESULT;

#endif
