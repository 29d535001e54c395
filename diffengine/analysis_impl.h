/*
 * Shared by the files of the statement analysis. Private to diffengine/analysis*.c.
 */
#ifndef DIFFENGINE_ANALYSIS_IMPL_H
#define DIFFENGINE_ANALYSIS_IMPL_H

#include "base/arena.h"
#include "diffengine/analysis.h"
#include "diffengine/analysis_tree.h"

#define ANALYSIS_MEMORY  ((size_t)1 << 20) /* bytes of one analysis */
#define ANALYSIS_SCRATCH ((size_t)8 << 20) /* bytes while one is made, beside the tree */
#define ANALYSIS_BUDGET  1000000 /* steps of all work that is more than linear in the text */
#define ANALYSIS_STACK   ((size_t)64 << 20) /* of the thread that libpg-query runs in */

struct analysis_run {
	struct analysis *result;
	struct arena *arena;   /* of the result */
	struct arena *scratch; /* dropped with the run */
	size_t budget;         /* steps left; without any, less is claimed */
	struct analysis_table tables[ANALYSIS_TABLES_MAX];
	size_t table_count;
	bool is_dry; /* EXPLAIN without ANALYZE: nothing is written */
	bool has_tables_left_out, has_calls, has_calls_beyond_metadata;
	bool is_out_of_memory;
};

/* Takes a step of the budget; false when none is left. */
static inline bool analysis_step(struct analysis_run *run)
{
	return run->budget > 0 && run->budget-- > 0;
}

/* A copy of a name for the result; NULL for NULL. */
const char *analysis_keep(struct analysis_run *run, const char *name);

/* diffengine/analysis_parse.c: the tree of a text; NULL: libpg-query cannot parse it, or it is
 * too long, nested too deeply, has a NUL, or there is no memory. Free with tree_free. */
struct cJSON *analysis_parse(struct bytes text) ATTR_USE_RESULT;

/* diffengine/analysis_scan.c: what tokens alone tell. */
void analysis_scan(struct analysis_run *run, struct bytes text);

/* diffengine/analysis_tables.c: tables, calls and aggregates anywhere in a statement, and
 * whether all of that is metadata. */
void analysis_note_tables(struct analysis_run *run, const struct cJSON *statement);

/* diffengine/analysis_target.c: the entries of a select list. */
struct analysis_list {
	struct analysis_target *targets;
	const struct cJSON **values; /* the expression of each; NULL: seen through a star */
	size_t count;
};
/* Of a SELECT, VALUES or set operation. Where the list is longer than ANALYSIS_TARGETS_MAX or
 * memory is out, it is empty. `with` is the WITH clause around it, NULL: none. */
void analysis_list_of_query(struct analysis_run *run, const struct cJSON *select,
	const struct cJSON *with, struct analysis_list *list);
/* Of RETURNING. */
void analysis_list_of_entries(
	struct analysis_run *run, const struct cJSON *entries, struct analysis_list *list);
/* The targets become those of the result. */
void analysis_keep_targets(struct analysis_run *run, const struct analysis_list *list);

/* diffengine/analysis_mark.c: sets the flags of a target for its expression. `seen` are the
 * entries of the subqueries and CTEs that `select` reads from. */
struct analysis_source {
	const char *name; /* alias; NULL: none */
	struct analysis_list list;
};
#define ANALYSIS_SOURCES_MAX 16 /* subqueries and CTEs of one FROM that are looked into */
struct analysis_from {
	const struct cJSON *select; /* NULL: RETURNING */
	struct analysis_source sources[ANALYSIS_SOURCES_MAX];
	size_t count;
};
void analysis_mark(struct analysis_run *run, const struct analysis_from *from,
	const struct cJSON *expression, struct analysis_target *target);
void analysis_merge_flags(struct analysis_target *into, const struct analysis_target *other);

/* diffengine/analysis_order.c: one key of ORDER BY against a select list. */
struct analysis_query {
	const struct cJSON *select;
	struct analysis_list list;
};
struct analysis_key analysis_resolve_key(
	const struct analysis_query *query, const struct cJSON *sort_by);
/* The keys of a query, and which columns of the lone table they are. */
void analysis_note_order(struct analysis_run *run, const struct analysis_query *query);
/* Every entry is a sort key: rows in one tie are the same. */
bool analysis_is_ordered_by_all(const struct analysis_query *query);

/* diffengine/analysis_query.c: order, limit and targets of a query. */
void analysis_note_query(struct analysis_run *run, const struct cJSON *select);
/* Whether a subquery, arm or CTE below has rows cut off without being determined which. */
void analysis_note_inner_limits(struct analysis_run *run, const struct cJSON *statement);
/* The leftmost arm of a set operation; the query itself where there is none. */
const struct cJSON *analysis_leftmost(const struct cJSON *select);
bool analysis_is_set_operation(const struct cJSON *select);
/* It cannot have two rows. */
bool analysis_is_single_row(const struct cJSON *select);
/* The only table in FROM, a RangeVar that is no CTE of the query's own; NULL: not so. */
const struct cJSON *analysis_lone_table(const struct cJSON *select);
void analysis_note_lone_table(struct analysis_run *run, const struct cJSON *select);
/* The column's name if the expression is a column of that table; NULL: it is not. */
const char *analysis_column_of(const struct cJSON *table, const struct cJSON *expression);

/* diffengine/analysis_names.c: what builtin functions are like. `names` as in FuncCall. */
enum analysis_trait {
	NAME_VOLATILE = 1,
	NAME_CLOCK = 2,
	NAME_AGGREGATE = 4,
	NAME_COLLECTS = 8, /* an aggregate whose value depends on the order of its input */
	NAME_RANKS = 16,   /* a window function whose value depends on the order of rows */
	NAME_RETURNS_SET = 32,
	NAME_METADATA = 64,
	NAME_SYSTEM_COLUMN = 128
};
unsigned analysis_traits_of_name(const char *name);
unsigned analysis_traits_of_call(const struct cJSON *names);
unsigned analysis_traits_of_column(const char *name);
bool analysis_is_known_call(const struct cJSON *names);

#endif
