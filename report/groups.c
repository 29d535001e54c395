/*
 * A hash table with open addressing over an array in order of first occurrence. Groups are
 * told apart by a 128-bit hash of their whole key, so a statement that was cut for display
 * still counts as itself.
 */
#include "report/groups.h"

#include <stdlib.h>

#include "diffengine/shape.h"
#include "report/text.h"

/* Enough for GROUP_LIMIT_MAX groups of ordinary size; at worst fewer groups fit. */
#define ARENA_CEILING ((size_t)64 << 20)

bool groups_init(struct groups *g, size_t limit, struct err *err)
{
	*g = (struct groups){.limit = limit < GROUP_LIMIT_MAX ? limit : GROUP_LIMIT_MAX};
	arena_init(&g->arena, ARENA_CEILING);
	buf_init(&g->shape, SHAPE_MAX);
	g->items = calloc(g->limit, sizeof(*g->items));
	g->slots = calloc(GROUP_SLOTS, sizeof(*g->slots));
	g->places = calloc(GROUP_PLACES, sizeof(*g->places));
	if (!g->items || !g->slots || !g->places)
		return err_set(err, "out of memory for %zu groups of findings", g->limit);
	return true;
}

void groups_fini(struct groups *g)
{
	free(g->items);
	free(g->slots);
	free(g->places);
	arena_fini(&g->arena);
	buf_fini(&g->shape);
	*g = (struct groups){.items = NULL};
}

static struct hash128 hash_key(struct groups *g, const struct group_key *key)
{
	struct hash128 statement = shape_hash(key->statement, &g->shape);
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

static void keep_example(struct groups *g, struct group *group, struct bytes statement,
	const struct group_example *from)
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
	to->statement = group->key.statement;
	if (!bytes_equal(statement, to->statement) && group->example_count > 1)
		to->statement = text_keep(&g->arena, statement, GROUP_STATEMENT_MAX);
}

static void note_session(struct group *group, size_t slot)
{
	if (slot < GROUP_SESSIONS)
		group->sessions[slot / 64] |= UINT64_C(1) << slot % 64;
	else
		group->has_more_sessions = true;
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
	group->number = (uint16_t)g->count;
	return group;
}

/* Where an exchange is noted; another one may have taken its place. */
static struct group_place *place_of(struct groups *g, int64_t exchange)
{
	return &g->places[(uint64_t)exchange % GROUP_PLACES];
}

static void note_cause(struct groups *g, struct group *group, int64_t cause)
{
	const struct group_place *place = place_of(g, cause);

	group->consequences++;
	if (group->cause != 0 && group->cause <= cause)
		return;
	group->cause = cause;
	group->cause_number = place->exchange == cause ? place->number : 0;
}

void groups_add(struct groups *g, const struct group_key *key, const struct group_example *example)
{
	struct hash128 hash = hash_key(g, key);
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
	if (example->cause > 0)
		note_cause(g, group, example->cause);
	*place_of(g, example->exchange) =
		(struct group_place){.exchange = example->exchange, .number = group->number};
	note_session(group, example->session_slot);
	keep_example(g, group, key->statement, example);
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
