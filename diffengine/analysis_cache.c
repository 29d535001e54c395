/*
 * Analyses by text: buckets for finding, a list for forgetting the one that was not asked for
 * the longest. The text is kept, since a hash alone could be made to collide; a text that is too
 * long for that is analysed each time (by the token scan).
 */
#include "diffengine/analysis.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"

#define BUCKETS 4096 /* a power of two */

struct entry {
	struct list order;  /* in analysis_cache.order: the newest first */
	struct entry *next; /* in its bucket */
	struct analysis *analysis;
	uint64_t hash;
	struct bytes text; /* behind the entry, in one allocation */
};

struct analysis_cache {
	struct entry *buckets[BUCKETS];
	struct list order;
	struct analysis *uncached; /* of the last text that was too long */
	size_t count, bytes;
};

struct analysis_cache *analysis_cache_new(void)
{
	struct analysis_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		list_init(&cache->order);
	return cache;
}

static struct entry **bucket_of(struct analysis_cache *cache, uint64_t hash)
{
	return &cache->buckets[hash % BUCKETS];
}

static void drop(struct analysis_cache *cache, struct entry *entry)
{
	struct entry **it = bucket_of(cache, entry->hash);

	while (*it != entry)
		it = &(*it)->next;
	*it = entry->next;
	list_remove(&entry->order);
	cache->count--;
	cache->bytes -= entry->text.len;
	analysis_free(entry->analysis);
	free(entry);
}

static struct entry *oldest(struct analysis_cache *cache)
{
	return list_entry(cache->order.prev, struct entry, order);
}

void analysis_cache_free(struct analysis_cache *cache)
{
	if (!cache)
		return;
	while (!list_is_empty(&cache->order))
		drop(cache, oldest(cache));
	analysis_free(cache->uncached);
	free(cache);
}

static struct entry *find(struct analysis_cache *cache, uint64_t hash, struct bytes text)
{
	for (struct entry *it = *bucket_of(cache, hash); it; it = it->next)
		if (it->hash == hash && bytes_equal(it->text, text))
			return it;
	return NULL;
}

static struct entry *add(struct analysis_cache *cache, uint64_t hash, struct bytes text)
{
	struct analysis *analysis = analysis_new(text);
	struct entry *entry = analysis ? malloc(sizeof(*entry) + text.len) : NULL;

	if (!entry) {
		analysis_free(analysis);
		return NULL;
	}
	*entry = (struct entry){.analysis = analysis, .hash = hash};
	if (text.len > 0)
		memcpy(entry + 1, text.ptr, text.len);
	entry->text = bytes_of(entry + 1, text.len);
	while (cache->count >= ANALYSIS_CACHE_MAX ||
		(cache->count > 0 && cache->bytes + text.len > ANALYSIS_CACHE_BYTES))
		drop(cache, oldest(cache));
	entry->next = *bucket_of(cache, hash);
	*bucket_of(cache, hash) = entry;
	list_prepend(&cache->order, &entry->order);
	cache->count++;
	cache->bytes += text.len;
	return entry;
}

const struct analysis *analysis_get(struct analysis_cache *cache, struct bytes text)
{
	uint64_t hash;
	struct entry *entry;

	if (text.len > ANALYSIS_TEXT_MAX) {
		analysis_free(cache->uncached);
		cache->uncached = analysis_new(text);
		return cache->uncached;
	}
	hash = hash_bytes64(text);
	entry = find(cache, hash, text);
	if (!entry)
		return (entry = add(cache, hash, text)) ? entry->analysis : NULL;
	list_remove(&entry->order);
	list_prepend(&cache->order, &entry->order);
	return entry->analysis;
}

size_t analysis_cache_count(const struct analysis_cache *cache)
{
	return cache->count;
}
