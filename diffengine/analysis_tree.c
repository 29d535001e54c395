/*
 * Parse trees on top of cJSON: access that takes whatever is there, comparison, the walk.
 */
#include "diffengine/analysis_tree.h"

#include <ctype.h>
#include <string.h>

#include <cjson/cJSON.h>

_Static_assert(CJSON_NESTING_LIMIT <= TREE_DEPTH, "recursion over trees is bounded by cJSON");

struct cJSON *tree_new(const char *json)
{
	return cJSON_Parse(json);
}

void tree_free(struct cJSON *tree)
{
	cJSON_Delete(tree);
}

const struct cJSON *tree_get(const struct cJSON *body, const char *key)
{
	tree_for_each(it, body) if (it->string && strcmp(it->string, key) == 0) return it;
	return NULL;
}

/* Kinds begin with a capital letter, members of bodies do not. */
static bool is_kind(const char *key)
{
	return key && isupper((unsigned char)key[0]);
}

const struct cJSON *tree_any_body(const struct cJSON *node)
{
	const struct cJSON *body = tree_first(node);

	return body && is_kind(body->string) ? body : NULL;
}

const char *tree_kind(const struct cJSON *node)
{
	const struct cJSON *body = tree_any_body(node);

	return body ? body->string : "";
}

const struct cJSON *tree_body(const struct cJSON *node, const char *kind)
{
	return strcmp(tree_kind(node), kind) == 0 ? tree_any_body(node) : NULL;
}

const char *tree_text(const struct cJSON *body, const char *key)
{
	const struct cJSON *value = tree_get(body, key);

	return value && cJSON_IsString(value) ? value->valuestring : NULL;
}

bool tree_says(const struct cJSON *body, const char *key, const char *text)
{
	const char *value = tree_text(body, key);

	return value && strcmp(value, text) == 0;
}

bool tree_flag(const struct cJSON *body, const char *key)
{
	return cJSON_IsTrue(tree_get(body, key));
}

int64_t tree_number(const struct cJSON *body, const char *key)
{
	const struct cJSON *value = tree_get(body, key);

	if (!value || !cJSON_IsNumber(value))
		return 0;
	if (value->valuedouble >= (double)INT64_MAX)
		return INT64_MAX;
	if (value->valuedouble <= (double)INT64_MIN)
		return INT64_MIN;
	return (int64_t)value->valuedouble;
}

const struct cJSON *tree_first(const struct cJSON *list)
{
	return list ? list->child : NULL;
}

const struct cJSON *tree_next(const struct cJSON *item)
{
	return item ? item->next : NULL;
}

const struct cJSON *tree_at(const struct cJSON *list, size_t index)
{
	const struct cJSON *it = tree_first(list);

	while (it && index-- > 0)
		it = it->next;
	return it;
}

size_t tree_count(const struct cJSON *list)
{
	size_t count = 0;

	for (const struct cJSON *it = tree_first(list); it; it = it->next)
		count++;
	return count;
}

const char *tree_key(const struct cJSON *member)
{
	return member ? member->string : NULL;
}

const char *tree_name(const struct cJSON *names)
{
	const struct cJSON *last = NULL;

	for (const struct cJSON *it = tree_first(names); it; it = it->next)
		last = it;
	return tree_text(tree_body(last, "String"), "sval");
}

const char *tree_qualifier(const struct cJSON *names)
{
	const struct cJSON *last = NULL, *before = NULL;

	for (const struct cJSON *it = tree_first(names); it; it = it->next) {
		before = last;
		last = it;
	}
	return tree_text(tree_body(before, "String"), "sval");
}

/* Members that say where in the text something stood, or how it was written. */
static bool is_of_text(const struct cJSON *member)
{
	return member->string && (strcmp(member->string, "location") == 0 ||
					 strcmp(member->string, "funcformat") == 0);
}

static const struct cJSON *skip_of_text(const struct cJSON *member)
{
	while (member && is_of_text(member))
		member = member->next;
	return member;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* libpg-query 15 prints a negative integer as it prints zero: as nothing. */
static bool is_doubtful(const struct cJSON *a)
{
	return is_same_text(a->string, "ival") && !a->child && cJSON_IsObject(a);
}

bool tree_is_equal(const struct cJSON *a, const struct cJSON *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->valuedouble != b->valuedouble ||
		!is_same_text(a->valuestring, b->valuestring) || is_doubtful(a))
		return false;
	a = skip_of_text(a->child);
	b = skip_of_text(b->child);
	while (a && b) {
		if (!is_same_text(a->string, b->string) || !tree_is_equal(a, b))
			return false;
		a = skip_of_text(a->next);
		b = skip_of_text(b->next);
	}
	return !a && !b;
}

/* The kind of node that a member's value is the body of, NULL if of none. */
static const char *kind_of_member(const struct cJSON *member)
{
	if (is_kind(member->string))
		return member->string;
	if (is_same_text(member->string, "larg") || is_same_text(member->string, "rarg"))
		return tree_text(member, "op") ? "SelectStmt" : NULL;
	return NULL;
}

void tree_walk(const struct cJSON *tree, const struct tree_visitor *visitor)
{
	for (const struct cJSON *it = tree_first(tree); it; it = it->next) {
		const char *kind = kind_of_member(it);

		if (!kind || visitor->on_node(visitor->context, kind, it))
			tree_walk(it, visitor);
	}
}
