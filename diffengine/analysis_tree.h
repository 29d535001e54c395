/*
 * The parse tree of one statement, as libpg-query prints it: JSON, where a node is an object
 * with one member, its kind, {"ColumnRef": {...}}, and the member's value is the node's body.
 * What is false, zero or NULL is left out. Every function takes NULL for "not there".
 *
 * Trees are at most TREE_DEPTH levels deep, so recursion over one is bounded. Strings and nodes
 * live as long as the tree. Any thread.
 */
#ifndef DIFFENGINE_ANALYSIS_TREE_H
#define DIFFENGINE_ANALYSIS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define TREE_DEPTH 1000 /* objects and arrays inside each other; cJSON's own limit */

struct cJSON;

/* NULL: it is nested too deeply, or no memory. Free with tree_free. */
struct cJSON *tree_new(const char *json) ATTR_USE_RESULT;
void tree_free(struct cJSON *tree);

/* The member `key` of a body. */
const struct cJSON *tree_get(const struct cJSON *body, const char *key);
/* The body of a node of this kind; NULL: it is of another kind. */
const struct cJSON *tree_body(const struct cJSON *node, const char *kind);
/* The body of a node of any kind, and its kind ("" for NULL). */
const struct cJSON *tree_any_body(const struct cJSON *node);
const char *tree_kind(const struct cJSON *node);

const char *tree_text(const struct cJSON *body, const char *key); /* NULL: none */
bool tree_says(const struct cJSON *body, const char *key, const char *text);
bool tree_flag(const struct cJSON *body, const char *key);
int64_t tree_number(const struct cJSON *body, const char *key); /* 0: none; saturates */

/* Lists and the members of bodies. */
const struct cJSON *tree_first(const struct cJSON *list);
const struct cJSON *tree_next(const struct cJSON *item);
const struct cJSON *tree_at(const struct cJSON *list, size_t index);
size_t tree_count(const struct cJSON *list);
const char *tree_key(const struct cJSON *member); /* NULL for an element of a list */
#define tree_for_each(it, list) \
	for (const struct cJSON *it = tree_first(list); it; it = tree_next(it))

/* A list of names, e.g. of pg_catalog.now: its last one, and the one before it. */
const char *tree_name(const struct cJSON *names);
const char *tree_qualifier(const struct cJSON *names);

/* Is the same expression, wherever it stands in the text. */
bool tree_is_equal(const struct cJSON *a, const struct cJSON *b);

/* Every node below `tree`, outer ones first; the arms of set operations as "SelectStmt". */
struct tree_visitor {
	/* false: what is inside the node is left out. */
	bool (*on_node)(void *context, const char *kind, const struct cJSON *body);
	void *context;
};
void tree_walk(const struct cJSON *tree, const struct tree_visitor *visitor);

#endif
