/*
 * ORDER BY keys, by the rules of parse_clause.c's findTargetlistEntrySQL92: a bare name is an
 * output name first, a bare integer counts output columns, all else is an expression over the
 * input and shows where the select list has the same one.
 */
#include "diffengine/analysis_impl.h"

#include <limits.h>
#include <string.h>

static bool is_star_before(const struct analysis_list *list, size_t end)
{
	for (size_t i = 0; i < end && i < list->count; i++)
		if (list->targets[i].is_star)
			return true;
	return false;
}

static struct analysis_key resolve_ordinal(const struct analysis_query *query, int64_t ordinal)
{
	struct analysis_key key = {.target = 0};

	if (ordinal < 1 || ordinal > ANALYSIS_TARGETS_MAX)
		return key;
	if (query->list.count == 0 || is_star_before(&query->list, (size_t)ordinal))
		key.column = (int)ordinal;
	else if ((size_t)ordinal <= query->list.count)
		key.target = (int)ordinal;
	return key;
}

/* The index + 1 of the target of this output name, 0: none. */
static int target_named(const struct analysis_query *query, const char *name)
{
	for (size_t i = 0; i < query->list.count; i++)
		if (query->list.targets[i].name && strcmp(query->list.targets[i].name, name) == 0)
			return (int)i + 1;
	return 0;
}

/* JOIN ... USING and NATURAL JOIN make a third column out of two of the same name. */
static bool has_merged_columns(const struct cJSON *item)
{
	const struct cJSON *join = tree_body(item, "JoinExpr");

	return join && (tree_flag(join, "isNatural") || tree_get(join, "usingClause") ||
			       has_merged_columns(tree_get(join, "larg")) ||
			       has_merged_columns(tree_get(join, "rarg")));
}

static bool may_qualify(const struct cJSON *select)
{
	tree_for_each(it, tree_get(select, "fromClause"))
	{
		if (has_merged_columns(it))
			return false;
	}
	return true;
}

/* `a` and `t.a` in one query are the same column: were there another a, `a` would be an error. */
static bool is_same_column(const struct cJSON *a, const struct cJSON *b)
{
	const struct cJSON *one = tree_get(tree_body(a, "ColumnRef"), "fields");
	const struct cJSON *other = tree_get(tree_body(b, "ColumnRef"), "fields");
	const char *name = tree_name(one), *other_name = tree_name(other);

	return name && other_name && strcmp(name, other_name) == 0 &&
	       (!tree_qualifier(one) || !tree_qualifier(other));
}

/* A star that may stand for this column too: `*`, or the one of its own table. */
static bool is_behind_star(const struct analysis_query *query, const struct cJSON *column)
{
	const char *qualifier = tree_qualifier(tree_get(column, "fields"));

	for (size_t i = 0; i < query->list.count; i++) {
		const struct cJSON *fields =
			tree_get(tree_body(query->list.values[i], "ColumnRef"), "fields");
		const char *of = tree_qualifier(fields);

		if (query->list.targets[i].is_star && fields &&
			(!of || !qualifier || strcmp(of, qualifier) == 0))
			return true;
	}
	return false;
}

/* Under another collation it is the same value all the same, and has the same equals. */
static const struct cJSON *without_collation(const struct cJSON *node)
{
	const struct cJSON *collate = tree_body(node, "CollateClause");

	return collate ? tree_get(collate, "arg") : node;
}

static struct analysis_key resolve_expression(
	const struct analysis_query *query, const struct cJSON *node)
{
	const struct cJSON *column = tree_body(node, "ColumnRef");
	bool is_loose = column && may_qualify(query->select);
	struct analysis_key key = {.target = 0};

	for (size_t i = 0; i < query->list.count; i++) {
		const struct cJSON *value = without_collation(query->list.values[i]);

		if (value &&
			(tree_is_equal(value, node) || (is_loose && is_same_column(value, node)))) {
			key.target = (int)i + 1;
			return key;
		}
	}
	if (column && is_behind_star(query, column))
		key.name = tree_name(tree_get(column, "fields"));
	return key;
}

struct analysis_key analysis_resolve_key(
	const struct analysis_query *query, const struct cJSON *sort_by)
{
	const struct cJSON *node = tree_get(tree_body(sort_by, "SortBy"), "node");
	const struct cJSON *number = tree_get(tree_body(node, "A_Const"), "ival");
	const struct cJSON *fields = tree_get(tree_body(node, "ColumnRef"), "fields");

	if (number)
		return resolve_ordinal(query, tree_number(number, "ival"));
	if (fields && !tree_qualifier(fields) && tree_name(fields)) {
		int target = target_named(query, tree_name(fields));

		if (target)
			return (struct analysis_key){.target = target};
	}
	return resolve_expression(query, without_collation(node));
}

bool analysis_is_ordered_by_all(const struct analysis_query *query)
{
	bool is_key[ANALYSIS_KEYS_MAX] = {false};
	size_t count = 0;

	if (query->list.count == 0 || query->list.count > ANALYSIS_KEYS_MAX)
		return false;
	tree_for_each(it, tree_get(query->select, "sortClause"))
	{
		struct analysis_key key = analysis_resolve_key(query, it);

		if (count++ == ANALYSIS_KEYS_MAX)
			break;
		if (key.target)
			is_key[key.target - 1] = true;
	}
	for (size_t i = 0; i < query->list.count; i++)
		if (!is_key[i] || query->list.targets[i].is_star)
			return false;
	return true;
}

/* The column of the lone table that a key sorts by; NULL: none. */
static const char *sorted_column(const struct analysis_query *query, const struct cJSON *table,
	const struct cJSON *sort_by, const struct analysis_key *key)
{
	const struct cJSON *node = tree_get(tree_body(sort_by, "SortBy"), "node");

	if (key->target && !tree_body(node, "CollateClause"))
		node = query->list.values[key->target - 1];
	return node ? analysis_column_of(table, node) : NULL;
}

static void keep_sorted(struct analysis_run *run, const char *name, const char **columns)
{
	if (name)
		columns[run->result->sorted_count++] = analysis_keep(run, name);
}

void analysis_note_order(struct analysis_run *run, const struct analysis_query *query)
{
	const struct cJSON *order = tree_get(query->select, "sortClause");
	const struct cJSON *table = analysis_lone_table(query->select);
	size_t count = tree_count(order);

	run->result->has_order = count > 0;
	if (count > ANALYSIS_KEYS_MAX)
		count = ANALYSIS_KEYS_MAX;
	struct analysis_key *keys = arena_alloc(run->arena, count * sizeof(*keys));
	const char **columns = arena_alloc(run->arena, count * sizeof(*columns));

	if (!keys || !columns) {
		run->is_out_of_memory = true;
		return;
	}
	run->result->keys = keys;
	run->result->sorted_columns = columns;
	tree_for_each(it, order)
	{
		struct analysis_key *key = &keys[run->result->key_count];

		if (run->result->key_count++ == count)
			break;
		*key = analysis_resolve_key(query, it);
		if (table)
			keep_sorted(run, sorted_column(query, table, it, key), columns);
		key->name = analysis_keep(run, key->name);
	}
	run->result->key_count = count;
}
