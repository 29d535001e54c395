/*
 * Select lists: what each entry is called and what it is made of. What a subquery in FROM or a
 * CTE makes is followed by name, LEVELS deep and for the first ANALYSIS_SOURCES_MAX of a FROM;
 * a star over a lone one of them is replaced by its entries.
 */
#include "diffengine/analysis_impl.h"

#include <stdio.h>
#include <string.h>

#define LEVELS 3 /* subqueries inside each other that names are followed through */

struct level { /* where select lists are made */
	struct analysis_run *run;
	const struct cJSON *with; /* the nearest WITH around; NULL: none */
	unsigned left;            /* levels to go */
};

static void list_of(const struct level *level, const struct cJSON *select, bool is_following,
	struct analysis_list *list);

/* --- names, as parse_target.c's FigureColname has them --------------------------------------- */

enum strength { NAME_NONE, NAME_WEAK, NAME_STRONG };

static enum strength figure(const struct cJSON *node, const char **name);

static enum strength figure_text(const char *text, enum strength strength, const char **name)
{
	if (!text)
		return NAME_NONE;
	*name = text;
	return strength;
}

static enum strength figure_cast(const struct cJSON *cast, const char **name)
{
	enum strength strength = figure(tree_get(cast, "arg"), name);

	if (strength == NAME_STRONG)
		return strength;
	return figure_text(
		tree_name(tree_get(tree_get(cast, "typeName"), "names")), NAME_WEAK, name);
}

static enum strength figure_case(const struct cJSON *expression, const char **name)
{
	enum strength strength = figure(tree_get(expression, "defresult"), name);

	return strength == NAME_STRONG ? strength : figure_text("case", NAME_WEAK, name);
}

static enum strength figure_sublink(const struct cJSON *link, const char **name)
{
	const struct cJSON *select = tree_body(tree_get(link, "subselect"), "SelectStmt");
	const struct cJSON *entry;

	if (tree_says(link, "subLinkType", "EXISTS_SUBLINK"))
		return figure_text("exists", NAME_STRONG, name);
	if (tree_says(link, "subLinkType", "ARRAY_SUBLINK"))
		return figure_text("array", NAME_STRONG, name);
	if (!tree_says(link, "subLinkType", "EXPR_SUBLINK"))
		return NAME_NONE;
	entry = tree_body(
		tree_first(tree_get(analysis_leftmost(select), "targetList")), "ResTarget");
	if (tree_text(entry, "name"))
		return figure_text(tree_text(entry, "name"), NAME_STRONG, name);
	return figure(tree_get(entry, "val"), name);
}

/* current_date and the like: SVFOP_CURRENT_TIMESTAMP_N is called current_timestamp. */
static enum strength figure_value_function(const struct cJSON *call, const char **name)
{
	static const char *const names[] = {"current_date", "current_timestamp", "current_time",
		"localtimestamp", "localtime", "current_role", "current_user", "user",
		"session_user", "current_catalog", "current_schema"};
	const char *op = tree_text(call, "op");

	for (size_t i = 0; op && i < ARRAY_LEN(names); i++)
		if (strncmp(op, "SVFOP_", 6) == 0 &&
			strncasecmp(op + 6, names[i], strlen(names[i])) == 0)
			return figure_text(names[i], NAME_STRONG, name);
	return NAME_NONE;
}

static enum strength figure_indirection(const struct cJSON *body, const char **name)
{
	const char *last = NULL;

	tree_for_each(it, tree_get(body, "indirection"))
	{
		const char *field = tree_text(tree_body(it, "String"), "sval");

		last = field ? field : last;
	}
	return last ? figure_text(last, NAME_STRONG, name) : figure(tree_get(body, "arg"), name);
}

static enum strength figure_expression(
	const char *kind, const struct cJSON *body, const char **name)
{
	static const struct {
		const char *kind, *name;
	} fixed[] = {{"A_ArrayExpr", "array"}, {"RowExpr", "row"}, {"CoalesceExpr", "coalesce"},
		{"GroupingFunc", "grouping"}};

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (strcmp(kind, fixed[i].kind) == 0)
			return figure_text(fixed[i].name, NAME_STRONG, name);
	if (strcmp(kind, "MinMaxExpr") == 0)
		return figure_text(tree_says(body, "op", "IS_LEAST") ? "least" : "greatest",
			NAME_STRONG, name);
	if (strcmp(kind, "A_Expr") == 0 && tree_says(body, "kind", "AEXPR_NULLIF"))
		return figure_text("nullif", NAME_STRONG, name);
	if (strcmp(kind, "CollateClause") == 0)
		return figure(tree_get(body, "arg"), name);
	return NAME_NONE;
}

static enum strength figure(const struct cJSON *node, const char **name)
{
	const char *kind = tree_kind(node);
	const struct cJSON *body = tree_any_body(node);

	if (strcmp(kind, "ColumnRef") == 0)
		return figure_text(tree_name(tree_get(body, "fields")), NAME_STRONG, name);
	if (strcmp(kind, "FuncCall") == 0)
		return figure_text(tree_name(tree_get(body, "funcname")), NAME_STRONG, name);
	if (strcmp(kind, "A_Indirection") == 0)
		return figure_indirection(body, name);
	if (strcmp(kind, "TypeCast") == 0)
		return figure_cast(body, name);
	if (strcmp(kind, "CaseExpr") == 0)
		return figure_case(body, name);
	if (strcmp(kind, "SubLink") == 0)
		return figure_sublink(body, name);
	if (strcmp(kind, "SQLValueFunction") == 0)
		return figure_value_function(body, name);
	return figure_expression(kind, body, name);
}

/* --- what FROM brings ------------------------------------------------------------------------ */

static const struct cJSON *cte_of(const struct level *level, const char *name)
{
	tree_for_each(it, tree_get(level->with, "ctes"))
	{
		const struct cJSON *cte = tree_body(it, "CommonTableExpr");

		if (!analysis_step(level->run))
			return NULL;
		if (tree_says(cte, "ctename", name))
			return cte;
	}
	return NULL;
}

/* Column aliases: t(a, b). They name the first columns, so they say nothing behind a star. */
static void rename_columns(struct analysis_list *list, const struct cJSON *names)
{
	size_t i = 0;

	tree_for_each(it, names)
	{
		if (i == list->count || list->targets[i].is_star)
			return;
		list->targets[i++].name = tree_text(tree_body(it, "String"), "sval");
	}
}

static void add_source(const struct level *level, struct analysis_from *from,
	const struct cJSON *query, const char *name)
{
	struct level below = {.run = level->run, .with = level->with, .left = level->left - 1};
	struct analysis_source *source = &from->sources[from->count++];
	const struct cJSON *select = tree_body(query, "SelectStmt");

	source->name = name;
	if (select)
		list_of(&below, select, below.left > 0, &source->list);
}

static void add_range(
	const struct level *level, struct analysis_from *from, const struct cJSON *range)
{
	const struct cJSON *alias = tree_get(range, "alias"), *cte;
	const char *name = tree_text(range, "relname");

	if (tree_text(range, "schemaname") || !name)
		return;
	cte = cte_of(level, name);
	if (!cte)
		return;
	add_source(level, from, tree_get(cte, "ctequery"),
		alias ? tree_text(alias, "aliasname") : name);
	rename_columns(&from->sources[from->count - 1].list, tree_get(cte, "aliascolnames"));
	rename_columns(&from->sources[from->count - 1].list, tree_get(alias, "colnames"));
}

static void add_item(
	const struct level *level, struct analysis_from *from, const struct cJSON *item)
{
	const struct cJSON *join = tree_body(item, "JoinExpr");
	const struct cJSON *range = tree_body(item, "RangeVar");
	const struct cJSON *sub = tree_body(item, "RangeSubselect");
	const struct cJSON *alias = tree_get(sub, "alias");

	if (from->count == ANALYSIS_SOURCES_MAX)
		return;
	if (join) {
		add_item(level, from, tree_get(join, "larg"));
		add_item(level, from, tree_get(join, "rarg"));
	} else if (range) {
		add_range(level, from, range);
	} else if (sub) {
		add_source(level, from, tree_get(sub, "subquery"), tree_text(alias, "aliasname"));
		rename_columns(&from->sources[from->count - 1].list, tree_get(alias, "colnames"));
	}
}

/* --- lists ----------------------------------------------------------------------------------- */

static bool has_room(struct analysis_run *run, struct analysis_list *list, size_t count)
{
	*list = (struct analysis_list){.count = 0};
	if (count == 0 || count > ANALYSIS_TARGETS_MAX || count > run->budget)
		return false;
	run->budget -= count;
	list->targets = arena_alloc(run->scratch, count * sizeof(*list->targets));
	list->values = arena_alloc(run->scratch, count * sizeof(*list->values));
	return list->targets && list->values;
}

static bool has_star(const struct analysis_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->targets[i].is_star)
			return true;
	return false;
}

static bool is_star(const struct cJSON *value)
{
	const struct cJSON *last = NULL;

	tree_for_each(it, tree_get(tree_body(value, "ColumnRef"), "fields")) last = it;
	if (!last)
		tree_for_each(it, tree_get(tree_body(value, "A_Indirection"), "indirection")) last =
			it;
	return tree_body(last, "A_Star") != NULL;
}

static struct analysis_target target_of(
	struct analysis_run *run, const struct analysis_from *from, const struct cJSON *entry)
{
	const struct cJSON *value = tree_get(entry, "val");
	struct analysis_target target = {.is_star = is_star(value)};

	if (target.is_star)
		return target;
	target.name = tree_text(entry, "name");
	if (!target.name)
		figure(value, &target.name);
	analysis_mark(run, from, value, &target);
	return target;
}

static void list_entries(struct analysis_run *run, const struct analysis_from *from,
	const struct cJSON *entries, struct analysis_list *list)
{
	if (!has_room(run, list, tree_count(entries)))
		return;
	tree_for_each(it, entries)
	{
		const struct cJSON *entry = tree_body(it, "ResTarget");

		list->values[list->count] = tree_get(entry, "val");
		list->targets[list->count++] = target_of(run, from, entry);
	}
}

/* VALUES: the columns are called column1 and so on; any row's expression marks its column. */
static void list_values(struct analysis_run *run, const struct analysis_from *from,
	const struct cJSON *rows, struct analysis_list *list)
{
	size_t count = tree_count(tree_get(tree_body(tree_first(rows), "List"), "items"));

	if (!has_room(run, list, count))
		return;
	for (; list->count < count; list->count++)
		list->targets[list->count].name =
			arena_printf(run->scratch, "column%zu", list->count + 1);
	tree_for_each(row, rows)
	{
		size_t i = 0;

		tree_for_each(it, tree_get(tree_body(row, "List"), "items"))
		{
			if (i < count)
				analysis_mark(run, from, it, &list->targets[i++]);
		}
	}
}

/* `*` over nothing but a subquery or CTE whose entries are known: those stand for it. */
static bool can_spell_out(const struct analysis_from *from, const struct analysis_list *list)
{
	const struct cJSON *items = tree_get(from->select, "fromClause");

	return from->count == 1 && tree_count(items) == 1 &&
	       !tree_body(tree_first(items), "JoinExpr") && has_star(list) &&
	       from->sources[0].list.count > 0 && !has_star(&from->sources[0].list);
}

static void spell_out(
	struct analysis_run *run, const struct analysis_list *seen, struct analysis_list *list)
{
	struct analysis_list whole;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->targets[i].is_star ? seen->count : 1;
	if (!has_room(run, &whole, count))
		return;
	for (size_t i = 0; i < list->count; i++) {
		bool is_one = !list->targets[i].is_star;
		const struct analysis_list *from = is_one ? list : seen;

		memcpy(&whole.targets[whole.count], &from->targets[is_one ? i : 0],
			(is_one ? 1 : seen->count) * sizeof(*whole.targets));
		whole.values[whole.count] = is_one ? list->values[i] : NULL;
		whole.count += is_one ? 1 : seen->count;
	}
	*list = whole;
}

static void list_of_arm(const struct level *level, const struct cJSON *select, bool is_following,
	struct analysis_list *list)
{
	struct analysis_from from = {.select = select};

	if (is_following)
		tree_for_each(it, tree_get(select, "fromClause")) add_item(level, &from, it);
	if (tree_get(select, "valuesLists")) {
		list_values(level->run, &from, tree_get(select, "valuesLists"), list);
		return;
	}
	list_entries(level->run, &from, tree_get(select, "targetList"), list);
	if (can_spell_out(&from, list))
		spell_out(level->run, &from.sources[0].list, list);
}

/* The names are the leftmost arm's, the flags those of all arms. */
static void list_of(const struct level *level, const struct cJSON *select, bool is_following,
	struct analysis_list *list)
{
	struct level inside = *level;
	struct analysis_list right;

	if (tree_get(select, "withClause"))
		inside.with = tree_get(select, "withClause");
	if (!analysis_is_set_operation(select)) {
		list_of_arm(&inside, select, is_following, list);
		return;
	}
	list_of(&inside, tree_get(select, "larg"), is_following, list);
	list_of(&inside, tree_get(select, "rarg"), is_following, &right);
	if (right.count != list->count || has_star(list) || has_star(&right))
		return;
	for (size_t i = 0; i < list->count; i++)
		analysis_merge_flags(&list->targets[i], &right.targets[i]);
}

void analysis_list_of_query(struct analysis_run *run, const struct cJSON *select,
	const struct cJSON *with, struct analysis_list *list)
{
	struct level level = {.run = run, .with = with, .left = LEVELS};

	list_of(&level, select, true, list);
}

void analysis_list_of_entries(
	struct analysis_run *run, const struct cJSON *entries, struct analysis_list *list)
{
	struct analysis_from from = {.select = NULL};

	list_entries(run, &from, entries, list);
}

void analysis_keep_targets(struct analysis_run *run, const struct analysis_list *list)
{
	struct analysis_target *targets;

	if (list->count == 0)
		return;
	targets = arena_alloc(run->arena, list->count * sizeof(*targets));
	if (!targets) {
		run->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		targets[i] = list->targets[i];
		targets[i].name = analysis_keep(run, targets[i].name);
		targets[i].delimiter = analysis_keep(run, targets[i].delimiter);
	}
	run->result->targets = targets;
	run->result->target_count = list->count;
}
