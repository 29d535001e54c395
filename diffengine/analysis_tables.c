/*
 * Which tables a statement reads and writes, what it calls, and whether that makes it a
 * question about the database instead of its data. One walk over the whole tree, with the names
 * of CTEs that are visible at each place: those are no tables.
 */
#include "diffengine/analysis_impl.h"

#include <string.h>

/* The CTEs of one WITH clause, as seen from inside the query it belongs to. */
struct scope {
	const struct scope *outer;
	const struct cJSON *ctes;
	const struct cJSON *until; /* only those before this one are seen; NULL: all */
};

struct place {
	struct analysis_run *run;
	const struct scope *scope;
	const char *kind; /* of the node around; "" at the top */
};

static bool is_in_scope(const struct cJSON *ctes, const struct cJSON *until,
	struct analysis_run *run, const char *name)
{
	tree_for_each(it, ctes)
	{
		if (it == until || !analysis_step(run))
			return false;
		if (tree_says(tree_body(it, "CommonTableExpr"), "ctename", name))
			return true;
	}
	return false;
}

static bool is_cte(const struct place *place, const char *name)
{
	for (const struct scope *it = place->scope; it; it = it->outer)
		if (is_in_scope(it->ctes, it->until, place->run, name))
			return true;
	return false;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add_table(struct analysis_run *run, const char *schema, const char *name, bool writes)
{
	struct analysis_table *it = run->tables;

	for (; it < run->tables + run->table_count; it++) {
		if (is_same(it->schema, schema) && is_same(it->name, name)) {
			it->is_written |= writes && !run->is_dry;
			return;
		}
	}
	if (run->table_count == ANALYSIS_TABLES_MAX) {
		run->has_tables_left_out = true;
		return;
	}
	it->schema = analysis_keep(run, schema);
	it->name = analysis_keep(run, name);
	it->is_written = writes && !run->is_dry;
	run->table_count++;
}

/* A RangeVar that stands where a query reads. */
static void note_read(const struct place *place, const struct cJSON *range)
{
	const char *schema = tree_text(range, "schemaname"), *name = tree_text(range, "relname");

	if (name && (schema || !is_cte(place, name)))
		add_table(place->run, schema, name, false);
}

/* The table that a statement is about: "relation" and the like, without a node around it. */
static void note_object(const struct place *place, const struct cJSON *range)
{
	static const char *const readers[] = {"TableLikeClause", "VacuumRelation", "LockingClause"};
	bool is_written = true;

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		is_written &= strcmp(place->kind, readers[i]) != 0;
	add_table(place->run, tree_text(range, "schemaname"), tree_text(range, "relname"),
		is_written);
}

static void note_copy(const struct place *place, const struct cJSON *copy)
{
	const struct cJSON *range = tree_get(copy, "relation");

	if (range)
		add_table(place->run, tree_text(range, "schemaname"), tree_text(range, "relname"),
			tree_flag(copy, "is_from"));
}

static void note_dropped(const struct place *place, const struct cJSON *drop)
{
	static const char *const types[] = {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW",
		"OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE"};
	bool is_relation = false;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		is_relation |= tree_says(drop, "removeType", types[i]);
	if (!is_relation)
		return;
	tree_for_each(it, tree_get(drop, "objects"))
	{
		const struct cJSON *names = tree_get(tree_body(it, "List"), "items");

		if (tree_name(names))
			add_table(place->run, tree_qualifier(names), tree_name(names), true);
	}
}

static void note_truncated(const struct place *place, const struct cJSON *truncate)
{
	tree_for_each(it, tree_get(truncate, "relations"))
	{
		const struct cJSON *range = tree_body(it, "RangeVar");

		if (range)
			add_table(place->run, tree_text(range, "schemaname"),
				tree_text(range, "relname"), true);
	}
}

static void note_call(struct analysis_run *run, const struct cJSON *call)
{
	unsigned traits = analysis_traits_of_call(tree_get(call, "funcname"));

	run->has_calls = true;
	run->has_calls_beyond_metadata |= !(traits & NAME_METADATA);
	run->result->is_aggregating |= (traits & NAME_AGGREGATE) || tree_get(call, "over") ||
				       tree_flag(call, "agg_star") ||
				       tree_flag(call, "agg_distinct") ||
				       tree_get(call, "agg_filter") || tree_get(call, "agg_order");
}

/* Whether what is inside the node is left out. */
static bool note_node(const struct place *place, const char *kind, const struct cJSON *body)
{
	if (strcmp(kind, "RangeVar") == 0)
		note_read(place, body);
	else if (strcmp(kind, "FuncCall") == 0)
		note_call(place->run, body);
	else if (strcmp(kind, "CopyStmt") == 0)
		note_copy(place, body);
	else if (strcmp(kind, "DropStmt") == 0)
		note_dropped(place, body);
	else if (strcmp(kind, "TruncateStmt") == 0)
		note_truncated(place, body);
	/* FOR UPDATE OF names aliases. */
	return strcmp(kind, "TruncateStmt") == 0 || strcmp(kind, "LockingClause") == 0;
}

static bool is_object(const struct cJSON *member)
{
	static const char *const keys[] = {"relation", "rel", "view", "sequence"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_same(tree_key(member), keys[i]))
			return tree_text(member, "relname") != NULL;
	return false;
}

static void walk(const struct place *place, const struct cJSON *body);

/* The queries of a WITH clause see the CTEs before them, or all if it is RECURSIVE. */
static void walk_ctes(const struct place *place, const struct cJSON *with)
{
	bool is_recursive = tree_flag(with, "recursive");
	struct scope scope = {.outer = place->scope, .ctes = tree_get(with, "ctes")};
	struct place inside = {.run = place->run, .scope = &scope, .kind = "WithClause"};

	tree_for_each(it, scope.ctes)
	{
		scope.until = is_recursive ? NULL : it;
		walk(&inside, it);
	}
}

static void walk_member(const struct place *place, const struct cJSON *member)
{
	const char *key = tree_key(member);
	struct place inside = *place;

	if (is_same(key, "pktable")) {
		note_read(place, member);
	} else if (is_object(member)) {
		if (strcmp(place->kind, "CopyStmt") != 0)
			note_object(place, member);
	} else if (!is_same(key, "withClause")) {
		if (key && key[0] >= 'A' && key[0] <= 'Z') {
			inside.kind = key;
			if (note_node(place, key, member))
				return;
		}
		walk(&inside, member);
	}
}

static void walk(const struct place *place, const struct cJSON *body)
{
	const struct cJSON *with = tree_get(body, "withClause");
	struct scope scope = {.outer = place->scope, .ctes = tree_get(with, "ctes")};
	struct place inside = *place;

	if (with) {
		walk_ctes(place, with);
		inside.scope = &scope;
	}
	tree_for_each(it, body) walk_member(&inside, it);
}

static bool is_catalog(const struct analysis_table *table)
{
	if (!table->schema)
		return strncmp(table->name, "pg_", 3) == 0;
	return strcmp(table->schema, "pg_catalog") == 0 ||
	       strcmp(table->schema, "information_schema") == 0;
}

static bool is_metadata(const struct analysis_run *run)
{
	if (run->is_out_of_memory)
		return false;
	for (size_t i = 0; i < run->table_count; i++)
		if (!is_catalog(&run->tables[i]) || run->tables[i].is_written)
			return false;
	if (run->table_count > 0)
		return !run->has_tables_left_out;
	return run->has_calls && !run->has_calls_beyond_metadata;
}

void analysis_note_tables(struct analysis_run *run, const struct cJSON *statement)
{
	struct place top = {.run = run, .kind = ""};

	walk(&top, statement);
	run->result->is_metadata = is_metadata(run);
}
