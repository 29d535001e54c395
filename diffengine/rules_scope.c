/*
 * The rules that select a statement, kept per statement: a hash table of scopes and a list of
 * them by use. What a rule sees of a statement is its text and what the analysis says of it, so
 * both are in the key.
 */
#include <stdlib.h>
#include <string.h>

#include "diffengine/rules_impl.h"
#include "diffengine/scan.h"

bool rules_scope_init(struct rules *rules)
{
	list_init(&rules->lru);
	rules->empty = calloc(1, sizeof(*rules->empty));
	if (!rules->empty)
		return false;
	rules->empty->rules = rules;
	return true;
}

static struct rules_scope **bucket_of(struct rules *rules, struct hash128 key)
{
	return &rules->buckets[key.low % RULES_SCOPES_MAX];
}

static void drop(struct rules *rules, struct rules_scope *scope)
{
	struct rules_scope **at = bucket_of(rules, scope->key);

	while (*at != scope)
		at = &(*at)->next;
	*at = scope->next;
	list_remove(&scope->lru);
	rules->scope_count--;
	free(scope);
}

void rules_scope_clear(struct rules *rules)
{
	while (!list_is_empty(&rules->lru))
		drop(rules, list_entry(rules->lru.next, struct rules_scope, lru));
}

static void stir(struct hash128 *key, struct bytes more)
{
	uint64_t parts[3] = {key->low, key->high, hash_bytes64(more)};

	*key = hash_bytes128(bytes_of(parts, sizeof(parts)));
}

static struct hash128 key_of(const struct rules_subject *subject)
{
	struct hash128 key = hash_bytes128(subject->statement);
	const struct analysis *analysis = subject->analysis;

	if (!analysis)
		return key;
	unsigned facts[3] = {analysis->class, analysis->is_metadata, analysis->is_aggregating};
	stir(&key, bytes_of(facts, sizeof(facts)));
	for (size_t i = 0; i < analysis->table_count; i++) {
		stir(&key, bytes_str(analysis->tables[i].schema));
		stir(&key, bytes_str(analysis->tables[i].name));
	}
	return key;
}

static struct rules_scope *find(struct rules *rules, struct hash128 key)
{
	struct rules_scope *it = *bucket_of(rules, key);

	while (it && (it->key.low != key.low || it->key.high != key.high))
		it = it->next;
	if (it) {
		list_remove(&it->lru);
		list_prepend(&rules->lru, &it->lru);
	}
	return it;
}

/* The statement from its first word on: comments before it say nothing. */
static struct bytes from_first_word(struct bytes statement)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, statement);
	if (!scan_next(&scan, &token))
		return bytes_skip(statement, statement.len);
	return bytes_skip(statement, (size_t)(token.text.ptr - statement.ptr));
}

/* The rules that select the statement; NULL: no memory. */
static struct rules_scope *make(struct rules *rules, const struct rules_subject *subject)
{
	struct rules_subject bare = {from_first_word(subject->statement), subject->analysis};
	struct rule_body *bodies[RULES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (rules->bodies[i].rule.is_serving &&
			rule_fits_statement(&rules->bodies[i], rules, &bare))
			bodies[count++] = &rules->bodies[i];
	struct rules_scope *scope = calloc(1, sizeof(*scope) + count * sizeof(scope->bodies[0]));
	if (!scope)
		return NULL;
	scope->rules = rules;
	scope->count = count;
	if (count > 0)
		memcpy(scope->bodies, bodies, count * sizeof(bodies[0]));
	return scope;
}

static void keep(struct rules *rules, struct rules_scope *scope, struct hash128 key)
{
	struct rules_scope **bucket = bucket_of(rules, key);

	scope->key = key;
	scope->next = *bucket;
	*bucket = scope;
	list_prepend(&rules->lru, &scope->lru);
	if (rules->scope_count++ == RULES_SCOPES_MAX)
		drop(rules, list_entry(rules->lru.prev, struct rules_scope, lru));
}

const struct rules_scope *rules_select(struct rules *rules, const struct rules_subject *subject)
{
	if (rules->count == 0)
		return rules->empty;
	struct hash128 key = key_of(subject);
	struct rules_scope *scope = find(rules, key);

	if (!scope) {
		scope = make(rules, subject);
		if (!scope)
			return rules->empty;
		keep(rules, scope, key);
	}
	for (size_t i = 0; i < scope->count; i++)
		scope->bodies[i]->rule.use.statements++;
	return scope;
}
