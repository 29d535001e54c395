/*
 * Counting executions by statement, and by rule and statement, in two open hash tables that are
 * never more than half full.
 */
#include "diffengine/rules_tally.h"

#include <stdlib.h>

#include "base/hash.h"

#define SLOTS (2 * RULES_TALLY_STATEMENTS)

struct slot {
	uint64_t statement;
	size_t rule;   /* + 1; 0 in the table of statements */
	int64_t count; /* 0: free */
};

struct table {
	struct slot slots[SLOTS];
	size_t used;
};

struct rules_tally {
	struct table statements, pairs;
	int64_t omitted;
};

struct rules_tally *rules_tally_new(void)
{
	return calloc(1, sizeof(struct rules_tally));
}

void rules_tally_free(struct rules_tally *tally)
{
	free(tally);
}

/* Where the pair is, or the free slot where it belongs. */
static size_t place_of(const struct table *table, uint64_t statement, size_t rule)
{
	uint64_t key[2] = {statement, rule};
	size_t at = hash_bytes64(bytes_of(key, sizeof(key))) % SLOTS;

	while (table->slots[at].count > 0 &&
		(table->slots[at].statement != statement || table->slots[at].rule != rule))
		at = (at + 1) % SLOTS;
	return at;
}

/* False: the table is full and does not know the pair. */
static bool count(struct table *table, uint64_t statement, size_t rule)
{
	struct slot *slot = &table->slots[place_of(table, statement, rule)];

	if (slot->count == 0) {
		if (table->used == RULES_TALLY_STATEMENTS)
			return false;
		table->used++;
		slot->statement = statement;
		slot->rule = rule;
	}
	slot->count++;
	return true;
}

void rules_tally_ran(struct rules_tally *tally, uint64_t statement)
{
	tally->omitted += !count(&tally->statements, statement, 0);
}

void rules_tally_hid(struct rules_tally *tally, size_t rule, uint64_t statement)
{
	tally->omitted += !count(&tally->pairs, statement, rule + 1);
}

static double share_of(const struct rules_share *share)
{
	return share->executions > 0 ? (double)share->hidden / (double)share->executions : 0;
}

struct rules_share rules_tally_worst(const struct rules_tally *tally, size_t rule)
{
	struct rules_share worst = {.executions = 0};

	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *pair = &tally->pairs.slots[i];

		if (pair->count == 0 || pair->rule != rule + 1)
			continue;
		size_t at = place_of(&tally->statements, pair->statement, 0);
		struct rules_share share = {.statement = pair->statement,
			.executions = tally->statements.slots[at].count,
			.hidden = pair->count};
		if (share.executions >= RULES_SHARE_LEAST && share_of(&share) > share_of(&worst))
			worst = share;
	}
	return worst;
}

int64_t rules_tally_omitted(const struct rules_tally *tally)
{
	return tally->omitted;
}

enum rules_finding rules_judge(const struct rule *rule, const struct rules_share *worst)
{
	if (rule->is_expired)
		return RULES_EXPIRED;
	if (worst->executions >= RULES_SHARE_LEAST && share_of(worst) > RULES_SHARE_MOST)
		return RULES_HIDES_MUCH;
	if (rule->use.fired == 0 && rule->use.commands == 0 && !rule->pack)
		return RULES_NEVER_FIRED;
	return RULES_FINE;
}

const char *rules_finding_text(enum rules_finding finding)
{
	switch (finding) {
	case RULES_EXPIRED:
		return "has expired";
	case RULES_NEVER_FIRED:
		return "never fired";
	case RULES_HIDES_MUCH:
		return "hides a large share of a statement's executions";
	case RULES_FINE:
		break;
	}
	return "";
}
