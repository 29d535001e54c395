/*
 * Texts to numbers: open addressing with linear probing, at most three quarters full.
 */
#include "replay/texts.h"

#include <stdlib.h>

#include "base/hash.h"

struct text_slot {
	struct hash128 hash;
	int64_t number; /* 0: free */
};

static struct text_slot *find(struct text_slot *slots, size_t cap, struct hash128 hash)
{
	for (size_t i = hash.low & (cap - 1);; i = (i + 1) & (cap - 1)) {
		struct text_slot *slot = &slots[i];

		if (slot->number == 0 ||
			(slot->hash.low == hash.low && slot->hash.high == hash.high))
			return slot;
	}
}

static bool grow(struct texts *texts)
{
	size_t cap = texts->cap ? 2 * texts->cap : 256;
	struct text_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < texts->cap; i++)
		if (texts->slots[i].number)
			*find(slots, cap, texts->slots[i].hash) = texts->slots[i];
	free(texts->slots);
	texts->slots = slots;
	texts->cap = cap;
	return true;
}

static bool has_room(struct texts *texts)
{
	if (texts->count >= TEXTS_MAX)
		return false;
	return 4 * (texts->count + 1) <= 3 * texts->cap || grow(texts);
}

int64_t texts_number(struct texts *texts, struct bytes text, bool *is_new)
{
	struct hash128 hash = hash_bytes128(text);
	bool may_add = has_room(texts);
	struct text_slot *slot = texts->cap ? find(texts->slots, texts->cap, hash) : NULL;

	*is_new = !slot || slot->number == 0;
	if (!*is_new)
		return slot->number;
	texts->last++;
	if (may_add) {
		*slot = (struct text_slot){.hash = hash, .number = texts->last};
		texts->count++;
	}
	return texts->last;
}

void texts_fini(struct texts *texts)
{
	free(texts->slots);
	*texts = (struct texts){0};
}
