/*
 * A hash table with open addressing over an array in order of first occurrence. Groups are
 * told apart by a 128-bit hash of their whole key, so a statement that was cut for display
 * still counts as itself.
 */
#include "report/groups.h"

#include <stdlib.h>

#include "report/text.h"

/* Enough for GROUP_LIMIT_MAX groups of ordinary size; at worst fewer groups fit. */
#define ARENA_CEILING ((size_t)64 << 20)

bool groups_init(struct groups *g, size_t limit, struct err *err)
{
	*g = (struct groups){.limit = limit < GROUP_LIMIT_MAX ? limit : GROUP_LIMIT_MAX};
	arena_init(&g->arena, ARENA_CEILING);
	g->items = calloc(g->limit, sizeof(*g->items));
	g->slots = calloc(GROUP_SLOTS, sizeof(*g->slots));
	if (!g->items || !g->slots)
		return err_set(err, "out of memory for %zu groups of findings", g->limit);
	return true;
}

void groups_fini(struct groups *g)
{
	free(g->items);
	free(g->slots);
	arena_fini(&g->arena);
	*g = (struct groups){.items = NULL};
}

static struct hash128 hash_key(const struct group_key *key)
{
	struct hash128 statement = hash_bytes128(key->statement);
	struct hash128 reason = hash_bytes128(key->reason);
	struct hash128 test = hash_bytes128(key->test);
	uint64_t parts[] = {statement.low, statement.high, reason.low, reason.high, test.low,
		test.high, (uint64_t)key->verdict, (uint64_t)key->kind};

	return hash_bytes128(bytes_of(parts, sizeof(parts)));
}

/* The slot of the group with that hash, or the free one where it would be. The table is
 * never full: GROUP_SLOTS > 2 * GROUP_LIMIT_MAX. */
static uint16_t *find_slot(struct groups *g, struct hash128 hash)
{
	size_t i = hash.low % GROUP_SLOTS;

	while (g->slots[i] != 0) {
		const struct hash128 *there = &g->items[g->slots[i] - 1].hash;

		if (there->low == hash.low && there->high == hash.high)
			break;
		i = (i + 1) % GROUP_SLOTS;
	}
	return &g->slots[i];
}

static void keep_example(struct groups *g, struct group *group, const struct group_example *from)
{
	struct group_example *to;

	if (group->example_count == GROUP_EXAMPLES)
		return;
	to = &group->examples[group->example_count++];
	*to = *from;
	to->column_name = text_keep(&g->arena, from->column_name, GROUP_TEXT_MAX);
	to->truth = text_keep(&g->arena, from->truth, GROUP_TEXT_MAX);
	to->candidate = text_keep(&g->arena, from->candidate, GROUP_TEXT_MAX);
	to->parameters = text_keep(&g->arena, from->parameters, GROUP_TEXT_MAX);
	to->text = text_keep(&g->arena, from->text, GROUP_TEXT_MAX);
}

/* NULL: no room for another group. */
static struct group *add_group(struct groups *g, const struct group_key *key, struct hash128 hash)
{
	struct group *group;
	struct bytes statement;

	if (g->count == g->limit)
		return NULL;
	statement = text_keep(&g->arena, key->statement, GROUP_STATEMENT_MAX);
	if (key->statement.len > 0 && statement.len == 0)
		return NULL;
	group = &g->items[g->count++];
	group->key = *key;
	group->key.statement = statement;
	group->key.test = text_keep(&g->arena, key->test, GROUP_TEXT_MAX);
	group->key.reason = text_keep(&g->arena, key->reason, GROUP_TEXT_MAX);
	group->hash = hash;
	return group;
}

void groups_add(struct groups *g, const struct group_key *key, const struct group_example *example)
{
	struct hash128 hash = hash_key(key);
	uint16_t *slot = find_slot(g, hash);
	struct group *group = *slot != 0 ? &g->items[*slot - 1] : add_group(g, key, hash);

	if (!group) {
		g->dropped++;
		return;
	}
	*slot = (uint16_t)(group - g->items + 1);
	group->count++;
	if (group->last_exchange != example->exchange)
		group->exchanges++;
	group->last_exchange = example->exchange;
	if (example->cause > 0) {
		group->consequences++;
		if (group->cause == 0 || example->cause < group->cause)
			group->cause = example->cause;
	}
	keep_example(g, group, example);
}

void groups_order(struct groups *g)
{
	struct group *sorted = calloc(g->limit, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return; /* they are marked all the same */
	for (int is_consequence = 0; is_consequence < 2; is_consequence++)
		for (size_t i = 0; i < g->count; i++)
			if (group_is_consequence(&g->items[i]) == is_consequence)
				sorted[count++] = g->items[i];
	free(g->items);
	g->items = sorted;
}
