/*
 * Numbers for distinct texts, in order of first appearance from 1; a text is remembered by
 * its 128-bit hash alone. Bounded: TEXTS_MAX are remembered; further ones, and all when memory is
 * out, get a new number with every use.
 */
#ifndef REPLAY_TEXTS_H
#define REPLAY_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TEXTS_MAX 262144

struct text_slot;

struct texts { /* zero before use */
	struct text_slot *slots;
	size_t count, cap;
	int64_t last; /* number given out last */
};

void texts_fini(struct texts *texts);

/* *is_new: the number was not given out before. */
int64_t texts_number(struct texts *texts, struct bytes text, bool *is_new);

#endif
