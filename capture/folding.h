/*
 * Results that differ in bytes and are too long to be held: from FOLDING_BYTES on, the rows of
 * both sides are folded (diffengine/fold.h) as they come, the truth's go on to the client, and
 * what they add up to is judged at the result's end. Memory stays bounded whatever the size.
 */
#ifndef CAPTURE_FOLDING_H
#define CAPTURE_FOLDING_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "diffengine/fold.h"

struct session;
struct comparison;

/* Bytes of one side's answer that are held, and compared row by row, before folding begins. */
#define FOLDING_BYTES ((size_t)8 * 1024 * 1024)

struct folding {
	bool is_on, is_different;
	bool is_excluded;       /* the command is */
	struct fold_plan *plan; /* NULL: never on */
	enum fold_result result;
	unsigned ordinal;
	int64_t first_row; /* the first in which the sides differed */
	struct fold truth, candidate;
};

/* The answers differ: how much of them is read ahead now. */
size_t folding_high_water(const struct session *s);
/* Takes rows out of both buffers if there are too many. */
void folding_advance(struct session *s);
/* Forgets the exchange's folds. */
void folding_reset(struct folding *folding);
/* The folded rows did not agree: the difference, in the arena. */
void folding_judge(struct session *s, struct arena *arena, struct comparison *result);

#endif
