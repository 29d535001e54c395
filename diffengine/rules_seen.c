/*
 * A list of names; only differences that were allowed are looked up in it.
 */
#include "diffengine/rules_seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/compare.h"
#include "diffengine/rules.h"

struct rules_seen {
	struct rules_seen_row rows[RULES_SEEN_MAX];
	size_t count;
};

struct rules_seen *rules_seen_new(void)
{
	return calloc(1, sizeof(struct rules_seen));
}

void rules_seen_free(struct rules_seen *seen)
{
	free(seen);
}

static struct rules_seen_row *row_of(struct rules_seen *seen, const char *name)
{
	size_t i = 0;

	while (i < seen->count && strncmp(seen->rows[i].name, name, RULES_SEEN_NAME - 1) != 0)
		i++;
	if (i < seen->count)
		return &seen->rows[i];
	if (seen->count == RULES_SEEN_MAX - 1)
		name = "others";
	if (seen->count == RULES_SEEN_MAX)
		return &seen->rows[RULES_SEEN_MAX - 1];
	snprintf(seen->rows[i].name, RULES_SEEN_NAME, "%s", name);
	return &seen->rows[seen->count++];
}

/* It was counted for an earlier difference already. */
static bool is_counted(const struct comparison *result, size_t at)
{
	const char *rule = result->differences[at].rule;

	for (size_t i = 0; i < at; i++)
		if (result->differences[i].verdict == VERDICT_ALLOWED &&
			result->differences[i].rule &&
			strcmp(result->differences[i].rule, rule) == 0)
			return true;
	return false;
}

void rules_seen_note(struct rules_seen *seen, const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct difference *d = &result->differences[i];

		if (d->rule && d->verdict == VERDICT_ALLOWED && !is_counted(result, i))
			row_of(seen, d->rule)->comparisons++;
	}
}

/* A rule that only says how to compare allows no difference by itself. */
static bool is_idle(const struct rule *rule)
{
	bool says_how = rule->action != RULE_IGNORE && rule->action != RULE_EQUIVALENT &&
			rule->action != RULE_TOLERANCE;

	return rule->use.fired == 0 && (!says_how || rule->use.statements == 0);
}

void rules_seen_take(struct rules_seen *seen, const struct rules *rules)
{
	for (size_t i = 0; i < rules_count(rules); i++) {
		const struct rule *rule = rules_at(rules, i);

		if (!rule->pack)
			row_of(seen, rule->name)->is_idle = is_idle(rule);
	}
}

static int by_comparisons(const void *a, const void *b)
{
	const struct rules_seen_row *left = a, *right = b;

	if (left->comparisons != right->comparisons)
		return left->comparisons > right->comparisons ? -1 : 1;
	return strcmp(left->name, right->name);
}

const struct rules_seen_row *rules_seen_sorted(struct rules_seen *seen, size_t *count)
{
	/* "others" stays the last one of a full list. */
	size_t sorted = seen->count - (seen->count == RULES_SEEN_MAX);

	qsort(seen->rows, sorted, sizeof(seen->rows[0]), by_comparisons);
	*count = seen->count;
	return seen->rows;
}
