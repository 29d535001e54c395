/*
 * The analysis of one statement: parse it, note tables and calls, then what is proper to its
 * kind. Everything that the result keeps is in one arena behind it.
 */
#include "diffengine/analysis.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/analysis_impl.h"

struct holder {
	struct analysis analysis; /* first: its address is the holder's */
	struct arena arena;
};

const char *analysis_keep(struct analysis_run *run, const char *name)
{
	const char *copy;

	if (!name)
		return NULL;
	copy = arena_copy_str(run->arena, bytes_str(name));
	if (!copy)
		run->is_out_of_memory = true;
	return copy;
}

static void keep_tables(struct analysis_run *run)
{
	struct analysis_table *tables = arena_alloc(run->arena, run->table_count * sizeof(*tables));

	if (!tables) {
		run->is_out_of_memory = true;
		return;
	}
	memcpy(tables, run->tables, run->table_count * sizeof(*tables));
	run->result->tables = tables;
	run->result->table_count = run->table_count;
}

/* --- one function for each kind that has more to tell than its class ------------------------- */

static void note_select(struct analysis_run *run, const struct cJSON *select)
{
	if (tree_get(analysis_leftmost(select), "intoClause")) {
		run->result->class = ANALYSIS_DDL;
		return;
	}
	analysis_note_query(run, select);
	analysis_note_inner_limits(run, select);
}

static void note_change(struct analysis_run *run, const struct cJSON *change)
{
	struct analysis_list list;

	analysis_list_of_entries(run, tree_get(change, "returningList"), &list);
	analysis_keep_targets(run, &list);
	analysis_note_inner_limits(run, change);
}

static void note_insert(struct analysis_run *run, const struct cJSON *insert)
{
	const struct cJSON *select = tree_body(tree_get(insert, "selectStmt"), "SelectStmt");

	note_change(run, insert);
	run->result->is_in_input_order =
		tree_get(select, "valuesLists") && !tree_get(select, "sortClause");
	run->result->is_single_row = !select || analysis_is_single_row(select);
}

static void note_name(struct analysis_run *run, const struct cJSON *statement)
{
	const char *name = tree_text(statement, "name");

	run->result->name = analysis_keep(run, name ? name : tree_text(statement, "portalname"));
}

/* DECLARE, PREPARE and COPY of a query. */
static void note_container(struct analysis_run *run, const struct cJSON *statement)
{
	const struct cJSON *query = tree_get(statement, "query");
	enum analysis_class class = run->result->class;

	note_name(run, statement);
	if (tree_body(query, "SelectStmt"))
		note_select(run, tree_body(query, "SelectStmt"));
	else if (tree_body(query, "InsertStmt"))
		note_insert(run, tree_body(query, "InsertStmt"));
	else
		note_change(run, tree_any_body(query));
	run->result->class = class;
}

static void note_explain(struct analysis_run *run, const struct cJSON *explain)
{
	note_name(run, tree_body(tree_get(explain, "query"), "ExecuteStmt"));
}

/* FETCH n shows so many rows of the cursor's; FETCH ALL what is left. MOVE shows none. */
static void note_fetch(struct analysis_run *run, const struct cJSON *fetch)
{
	int64_t count = tree_number(fetch, "howMany"); /* never INT64_MIN: the grammar's int */
	bool is_one = tree_says(fetch, "direction", "FETCH_ABSOLUTE") ||
		      tree_says(fetch, "direction", "FETCH_RELATIVE");

	note_name(run, fetch);
	run->result->has_limit = !tree_flag(fetch, "ismove") && count != INT64_MAX;
	if (run->result->has_limit)
		run->result->limit = is_one ? 1 : count < 0 ? -count : count;
}

static void note_show(struct analysis_run *run, const struct cJSON *show)
{
	(void)show;
	run->result->is_metadata = true;
}

struct kind {
	const char *name;
	enum analysis_class class;
	void (*note)(struct analysis_run *run, const struct cJSON *statement);
};

/* Every other kind is of the definition of things. */
static const struct kind kinds[] = {{"SelectStmt", ANALYSIS_QUERY, note_select},
	{"InsertStmt", ANALYSIS_CHANGE, note_insert}, {"UpdateStmt", ANALYSIS_CHANGE, note_change},
	{"DeleteStmt", ANALYSIS_CHANGE, note_change}, {"MergeStmt", ANALYSIS_CHANGE, note_change},
	{"ExplainStmt", ANALYSIS_EXPLAIN, note_explain},
	{"VariableShowStmt", ANALYSIS_SHOW, note_show}, {"FetchStmt", ANALYSIS_FETCH, note_fetch},
	{"DeclareCursorStmt", ANALYSIS_DECLARE, note_container},
	{"PrepareStmt", ANALYSIS_PREPARE, note_container},
	{"ExecuteStmt", ANALYSIS_EXECUTE, note_name}, {"CopyStmt", ANALYSIS_COPY, note_container},
	{"TransactionStmt", ANALYSIS_TRANSACTION, NULL},
	{"ClosePortalStmt", ANALYSIS_OTHER, note_name},
	{"DeallocateStmt", ANALYSIS_OTHER, note_name}, {"DoStmt", ANALYSIS_OTHER, NULL},
	{"CallStmt", ANALYSIS_OTHER, NULL}, {"VariableSetStmt", ANALYSIS_OTHER, NULL},
	{"ConstraintsSetStmt", ANALYSIS_OTHER, NULL}, {"ListenStmt", ANALYSIS_OTHER, NULL},
	{"UnlistenStmt", ANALYSIS_OTHER, NULL}, {"NotifyStmt", ANALYSIS_OTHER, NULL},
	{"LockStmt", ANALYSIS_OTHER, NULL}, {"VacuumStmt", ANALYSIS_OTHER, NULL},
	{"ClusterStmt", ANALYSIS_OTHER, NULL}, {"ReindexStmt", ANALYSIS_OTHER, NULL},
	{"DiscardStmt", ANALYSIS_OTHER, NULL}, {"CheckPointStmt", ANALYSIS_OTHER, NULL},
	{"LoadStmt", ANALYSIS_OTHER, NULL}};

static const struct kind *kind_of(const struct cJSON *statement)
{
	static const struct kind other = {"", ANALYSIS_DDL, NULL};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (tree_body(statement, kinds[i].name))
			return &kinds[i];
	return &other;
}

/* EXPLAIN runs nothing without ANALYZE. */
static bool is_dry(const struct cJSON *statement)
{
	const struct cJSON *explain = tree_body(statement, "ExplainStmt");

	tree_for_each(it, tree_get(explain, "options"))
	{
		if (tree_says(tree_body(it, "DefElem"), "defname", "analyze"))
			return false;
	}
	return explain != NULL;
}

static bool can_be_metadata(enum analysis_class class)
{
	return class == ANALYSIS_QUERY || class == ANALYSIS_DECLARE || class == ANALYSIS_PREPARE ||
	       class == ANALYSIS_COPY;
}

static void note_statement(struct analysis_run *run, const struct cJSON *statement)
{
	const struct kind *kind = kind_of(statement);

	run->result->class = kind->class;
	run->is_dry = is_dry(statement);
	analysis_note_tables(run, statement);
	keep_tables(run);
	run->result->is_metadata &= can_be_metadata(kind->class);
	if (kind->note && !run->is_out_of_memory)
		kind->note(run, tree_any_body(statement));
}

/* The first statement of the text; without one it is a text of comments. */
static void note_tree(struct analysis_run *run, const struct cJSON *tree)
{
	const struct cJSON *statement = tree_get(tree_first(tree_get(tree, "stmts")), "stmt");

	run->result->is_parsed = true;
	if (statement)
		note_statement(run, statement);
}

struct analysis *analysis_new(struct bytes text)
{
	struct holder *holder = calloc(1, sizeof(*holder));
	struct cJSON *tree;
	struct arena scratch;

	if (!holder)
		return NULL;
	arena_init(&holder->arena, ANALYSIS_MEMORY);
	arena_init(&scratch, ANALYSIS_SCRATCH);
	holder->analysis.class = ANALYSIS_OTHER;
	holder->analysis.limit = -1;
	struct analysis_run run = {.result = &holder->analysis,
		.arena = &holder->arena,
		.scratch = &scratch,
		.budget = ANALYSIS_BUDGET};
	tree = analysis_parse(text);
	if (tree)
		note_tree(&run, tree);
	else
		analysis_scan(&run, text);
	tree_free(tree);
	arena_fini(&scratch);
	if (!run.is_out_of_memory)
		return &holder->analysis;
	analysis_free(&holder->analysis);
	return NULL;
}

void analysis_free(struct analysis *analysis)
{
	struct holder *holder = (struct holder *)(void *)analysis;

	if (holder)
		arena_fini(&holder->arena);
	free(holder);
}

int analysis_column(const struct analysis *analysis, size_t target, size_t columns)
{
	size_t before = 0, behind = 0;

	if (target >= analysis->target_count || analysis->targets[target].is_star)
		return 0;
	for (size_t i = 0; i < analysis->target_count; i++) {
		before += i < target && analysis->targets[i].is_star;
		behind += i > target && analysis->targets[i].is_star;
	}
	if (before + behind == 0 && columns != analysis->target_count)
		return 0;
	if (before == 0)
		return target < columns ? (int)target + 1 : 0;
	size_t from_end = analysis->target_count - target;

	return behind == 0 && from_end <= columns ? (int)(columns - from_end) + 1 : 0;
}
