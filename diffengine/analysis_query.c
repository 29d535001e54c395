/*
 * What a query's own clauses say of its rows: how many there can be at most, in which sequence
 * they come, where they are cut, and which table they are.
 */
#include "diffengine/analysis_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool analysis_is_set_operation(const struct cJSON *select)
{
	return tree_get(select, "larg") && tree_get(select, "rarg");
}

const struct cJSON *analysis_leftmost(const struct cJSON *select)
{
	while (analysis_is_set_operation(select))
		select = tree_get(select, "larg");
	return select;
}

/* --- calls of one level: not those inside subqueries ----------------------------------------- */

struct calls {
	bool has_aggregate, has_window, has_set, has_unknown;
};

static bool on_call(void *context, const char *kind, const struct cJSON *body)
{
	struct calls *calls = context;
	const struct cJSON *names = tree_get(body, "funcname");
	unsigned traits = analysis_traits_of_call(names);

	if (strcmp(kind, "FuncCall") == 0) {
		calls->has_aggregate |= !tree_get(body, "over") &&
					((traits & NAME_AGGREGATE) || tree_flag(body, "agg_star"));
		calls->has_window |= tree_get(body, "over") != NULL;
		calls->has_set |= (traits & NAME_RETURNS_SET) != 0;
		calls->has_unknown |= !analysis_is_known_call(names);
	}
	return strcmp(kind, "SubLink") != 0;
}

static struct calls calls_in(const struct cJSON *list)
{
	struct calls calls = {.has_set = false};

	tree_walk(list, &(struct tree_visitor){.on_node = on_call, .context = &calls});
	return calls;
}

bool analysis_is_single_row(const struct cJSON *select)
{
	const struct cJSON *rows = tree_get(select, "valuesLists");
	struct calls calls = calls_in(rows ? rows : tree_get(select, "targetList"));

	if (!select || analysis_is_set_operation(select) || calls.has_set ||
		tree_get(select, "groupClause"))
		return false;
	if (rows)
		return tree_count(rows) == 1;
	if (calls.has_aggregate || tree_get(select, "havingClause"))
		return true;
	return !tree_get(select, "fromClause") && !calls.has_unknown;
}

static bool on_subquery(void *context, const char *kind, const struct cJSON *body)
{
	bool *has_subquery = context;

	(void)body;
	*has_subquery |= strcmp(kind, "SelectStmt") == 0;
	return !*has_subquery;
}

static bool has_subquery(const struct cJSON *select)
{
	bool found = false;

	tree_walk(select, &(struct tree_visitor){.on_node = on_subquery, .context = &found});
	return found;
}

/* FROM is one builtin function that returns a set, or the select list has one and no FROM is. */
static bool is_lone_function(const struct cJSON *select)
{
	const struct cJSON *items = tree_get(select, "fromClause");
	const struct cJSON *range = tree_body(tree_first(items), "RangeFunction");
	struct calls calls = calls_in(range ? range : tree_get(select, "targetList"));
	struct calls listed = calls_in(tree_get(select, "targetList"));

	if (tree_count(items) > 1 || (items && !range))
		return false;
	return calls.has_set && !calls.has_unknown && !listed.has_aggregate && !listed.has_window &&
	       !listed.has_unknown && !tree_get(select, "groupClause") &&
	       !tree_get(select, "distinctClause") && !has_subquery(select);
}

static bool is_in_input_order(const struct cJSON *select)
{
	if (analysis_is_set_operation(select) || tree_get(select, "sortClause"))
		return false;
	return tree_get(select, "valuesLists") || is_lone_function(select);
}

/* --- limits ---------------------------------------------------------------------------------- */

static const struct cJSON *without_casts(const struct cJSON *node)
{
	while (tree_body(node, "TypeCast"))
		node = tree_get(tree_body(node, "TypeCast"), "arg");
	return node;
}

static bool is_null(const struct cJSON *node)
{
	return tree_flag(tree_body(without_casts(node), "A_Const"), "isnull");
}

/* A literal count; -1: it is none. */
static int64_t literal_count(const struct cJSON *node)
{
	const struct cJSON *constant = tree_body(without_casts(node), "A_Const");
	const char *digits = tree_text(tree_get(constant, "fval"), "fval");
	char *end;

	if (tree_get(constant, "ival"))
		return tree_number(tree_get(constant, "ival"), "ival");
	if (!digits)
		return -1;
	errno = 0;
	long long count = strtoll(digits, &end, 10);
	return errno == 0 && *end == '\0' && count >= 0 ? count : -1;
}

static bool has_limit(const struct cJSON *select)
{
	const struct cJSON *count = tree_get(select, "limitCount");

	return count && !is_null(count);
}

static bool has_offset(const struct cJSON *select)
{
	const struct cJSON *offset = tree_get(select, "limitOffset");

	return offset && !is_null(offset) && literal_count(offset) != 0;
}

static bool has_ties(const struct cJSON *select)
{
	return tree_says(select, "limitOption", "LIMIT_OPTION_WITH_TIES");
}

/* SELECT DISTINCT has a list of one empty node, DISTINCT ON one of expressions. */
static bool is_distinct_on(const struct cJSON *select)
{
	return tree_any_body(tree_first(tree_get(select, "distinctClause"))) != NULL;
}

static void note_limit(struct analysis_run *run, const struct cJSON *select)
{
	struct analysis *result = run->result;
	const struct cJSON *count = tree_get(select, "limitCount");
	const struct cJSON *parameter = tree_body(without_casts(count), "ParamRef");

	result->has_limit = has_limit(select);
	result->has_ties = has_ties(select);
	result->has_offset = has_offset(select);
	result->is_distinct_on = is_distinct_on(select);
	if (result->has_limit)
		result->limit = literal_count(count);
	if (parameter && tree_number(parameter, "number") <= UINT16_MAX)
		result->limit_parameter = (int)tree_number(parameter, "number");
}

static bool is_cut(const struct cJSON *select)
{
	if (has_limit(select) && literal_count(tree_get(select, "limitCount")) == 0)
		return false;
	return is_distinct_on(select) || has_offset(select) ||
	       (has_limit(select) && !has_ties(select));
}

/* Rows are cut off, and which ones is not determined by the text. */
static bool is_undetermined(struct analysis_run *run, const struct cJSON *select)
{
	struct analysis_query query = {.select = select};

	if (!is_cut(select) || analysis_is_single_row(select))
		return false;
	analysis_list_of_query(run, select, NULL, &query.list);
	return !analysis_is_ordered_by_all(&query);
}

static bool on_inner(void *context, const char *kind, const struct cJSON *body)
{
	struct analysis_run *run = context;
	const struct cJSON *inner = tree_get(body, "subselect");

	if (run->result->has_inner_limit)
		return false;
	if (strcmp(kind, "RangeTableSample") == 0 ||
		(strcmp(kind, "SelectStmt") == 0 && is_undetermined(run, body)))
		run->result->has_inner_limit = true;
	/* EXISTS (... LIMIT 1) asks for any row: only what is inside of it counts. */
	if (strcmp(kind, "SubLink") != 0 || !tree_says(body, "subLinkType", "EXISTS_SUBLINK"))
		return true;
	analysis_note_inner_limits(run, tree_body(inner, "SelectStmt"));
	return false;
}

void analysis_note_inner_limits(struct analysis_run *run, const struct cJSON *statement)
{
	tree_walk(statement, &(struct tree_visitor){.on_node = on_inner, .context = run});
}

/* --- the lone table -------------------------------------------------------------------------- */

static bool is_own_cte(const struct cJSON *select, const char *name)
{
	tree_for_each(it, tree_get(tree_get(select, "withClause"), "ctes"))
	{
		if (tree_says(tree_body(it, "CommonTableExpr"), "ctename", name))
			return true;
	}
	return false;
}

/* Rows are left out that another session has locked, or are several summaries of one group. */
static bool has_rows_of_its_own(const struct cJSON *select)
{
	tree_for_each(it, tree_get(select, "lockingClause"))
	{
		if (tree_says(tree_body(it, "LockingClause"), "waitPolicy", "LockWaitSkip"))
			return true;
	}
	tree_for_each(it, tree_get(select, "groupClause"))
	{
		if (tree_body(it, "GroupingSet"))
			return true;
	}
	return false;
}

const struct cJSON *analysis_lone_table(const struct cJSON *select)
{
	const struct cJSON *items = tree_get(select, "fromClause");
	const struct cJSON *range = tree_body(tree_first(items), "RangeVar");

	if (!range || tree_count(items) != 1 || tree_get(tree_get(range, "alias"), "colnames"))
		return NULL;
	if (!tree_get(range, "schemaname") && is_own_cte(select, tree_text(range, "relname")))
		return NULL;
	if (has_rows_of_its_own(select))
		return NULL;
	return calls_in(tree_get(select, "targetList")).has_set ? NULL : range;
}

const char *analysis_column_of(const struct cJSON *table, const struct cJSON *expression)
{
	const struct cJSON *fields = tree_get(tree_body(expression, "ColumnRef"), "fields");
	const char *qualifier = tree_qualifier(fields);
	const char *name = tree_text(tree_get(table, "alias"), "aliasname");

	if (!name)
		name = tree_text(table, "relname");
	if (qualifier && strcmp(qualifier, name) != 0)
		return NULL;
	return tree_name(fields);
}

static bool is_constant(const struct cJSON *node)
{
	node = without_casts(node);
	return tree_body(node, "ParamRef") || (tree_body(node, "A_Const") && !is_null(node));
}

static bool is_equality(const struct cJSON *condition)
{
	const char *name = tree_name(tree_get(condition, "name"));

	return name && strcmp(name, "=") == 0 &&
	       (tree_says(condition, "kind", "AEXPR_OP") ||
		       tree_says(condition, "kind", "AEXPR_IN"));
}

/* The column that a condition holds equal to one value; NULL: it does no such thing. */
static const char *fixed_column(const struct cJSON *table, const struct cJSON *node)
{
	const struct cJSON *condition = tree_body(node, "A_Expr");
	const struct cJSON *one = tree_get(condition, "lexpr");
	const struct cJSON *other = tree_get(condition, "rexpr");

	if (!is_equality(condition))
		return NULL;
	if (tree_says(condition, "kind", "AEXPR_IN")) {
		const struct cJSON *items = tree_get(tree_body(other, "List"), "items");

		other = tree_count(items) == 1 ? tree_first(items) : NULL;
	}
	if (is_constant(other))
		return analysis_column_of(table, one);
	return is_constant(one) ? analysis_column_of(table, other) : NULL;
}

/* Adds those that a condition, or any part of an AND, holds fixed; as many as there is room for. */
static void add_fixed(struct analysis_run *run, const struct cJSON *table,
	const struct cJSON *condition, const char **columns)
{
	const struct cJSON *and = tree_body(condition, "BoolExpr");
	const char *name = fixed_column(table, condition);

	if (name && run->result->fixed_count < ANALYSIS_KEYS_MAX)
		columns[run->result->fixed_count++] = analysis_keep(run, name);
	if (!tree_says(and, "boolop", "AND_EXPR"))
		return;
	tree_for_each(it, tree_get(and, "args")) add_fixed(run, table, it, columns);
}

static const struct analysis_table *find_table(
	const struct analysis_run *run, const struct cJSON *range)
{
	const char *schema = tree_text(range, "schemaname");

	for (size_t i = 0; i < run->result->table_count; i++) {
		const struct analysis_table *it = &run->result->tables[i];

		if (strcmp(it->name, tree_text(range, "relname")) == 0 &&
			(schema ? it->schema && strcmp(it->schema, schema) == 0 : !it->schema))
			return it;
	}
	return NULL;
}

void analysis_note_lone_table(struct analysis_run *run, const struct cJSON *select)
{
	const struct cJSON *range = analysis_lone_table(select);
	const char **columns;

	if (!range || run->is_out_of_memory)
		return;
	columns = arena_alloc(run->arena, ANALYSIS_KEYS_MAX * sizeof(*columns));
	if (!columns) {
		run->is_out_of_memory = true;
		return;
	}
	run->result->lone_table = find_table(run, range);
	run->result->fixed_columns = columns;
	add_fixed(run, range, tree_get(select, "whereClause"), columns);
}

void analysis_note_query(struct analysis_run *run, const struct cJSON *select)
{
	struct analysis_query query = {.select = select};

	analysis_list_of_query(run, select, NULL, &query.list);
	analysis_keep_targets(run, &query.list);
	analysis_note_order(run, &query);
	analysis_note_lone_table(run, select);
	note_limit(run, select);
	run->result->is_single_row = analysis_is_single_row(select);
	run->result->is_in_input_order = is_in_input_order(select);
}
