/*
 * What is in an expression that two servers cannot answer alike: calls of the clock and of
 * chance, collections without an order, and columns of subqueries that are made of such.
 */
#include "diffengine/analysis_impl.h"

#include <ctype.h>
#include <string.h>

/* Bits of WindowDef.frameOptions (nodes/parsenodes.h). */
#define FRAME_ROWS_OR_GROUPS  (0x04 | 0x08)
#define FRAME_WHOLE_PARTITION (0x20 | 0x100)
#define DELIMITER_ARGUMENT    1 /* of string_agg and array_to_string, from 0 */

struct mark {
	struct analysis_run *run;
	const struct analysis_from *from;
	struct analysis_target *target;
};

static bool on_node(void *context, const char *kind, const struct cJSON *body);

static void mark_below(const struct mark *mark, const struct cJSON *node)
{
	struct mark copy = *mark;

	tree_walk(node, &(struct tree_visitor){.on_node = on_node, .context = &copy});
}

void analysis_merge_flags(struct analysis_target *into, const struct analysis_target *other)
{
	into->is_volatile |= other->is_volatile;
	into->is_clock |= other->is_clock;
	into->is_aggregate |= other->is_aggregate;
	into->is_window_undetermined |= other->is_window_undetermined;
	if (!other->is_unordered)
		return;
	if (!into->is_unordered)
		into->delimiter = other->delimiter;
	else if (!into->delimiter || !other->delimiter ||
		 strcmp(into->delimiter, other->delimiter) != 0)
		into->delimiter = NULL;
	into->is_unordered = true;
}

/* A literal string; NULL: it is something else. An empty one is left out of the JSON. */
static const char *literal(const struct cJSON *node)
{
	const struct cJSON *value = tree_get(tree_body(node, "A_Const"), "sval");

	if (!value)
		return NULL;
	return tree_text(value, "sval") ? tree_text(value, "sval") : "";
}

/* The window that an OVER names, or is. */
static const struct cJSON *window_of(const struct mark *mark, const struct cJSON *over)
{
	const char *name = tree_text(over, "name");

	if (!name)
		name = tree_text(over, "refname");
	if (!name || !mark->from->select)
		return over;
	tree_for_each(it, tree_get(mark->from->select, "windowClause"))
	{
		const struct cJSON *window = tree_body(it, "WindowDef");

		if (!analysis_step(mark->run))
			break;
		if (tree_says(window, "name", name))
			return window;
	}
	return over;
}

static bool is_framed_by_rows(const struct cJSON *window)
{
	int64_t options = tree_number(window, "frameOptions");

	return (options & FRAME_ROWS_OR_GROUPS) &&
	       (options & FRAME_WHOLE_PARTITION) != FRAME_WHOLE_PARTITION;
}

static void mark_aggregate(const struct mark *mark, const struct cJSON *call, unsigned traits)
{
	const struct cJSON *over = tree_get(call, "over");
	const struct cJSON *window = over ? window_of(mark, over) : NULL;
	bool is_ordered = tree_get(call, "agg_order") || tree_flag(call, "agg_within_group") ||
			  tree_get(over, "orderClause") || tree_get(window, "orderClause");
	struct analysis_target found = {.is_aggregate = true};

	if (traits & NAME_COLLECTS && !is_ordered) {
		found.is_unordered = true;
		if (strcmp(tree_name(tree_get(call, "funcname")), "string_agg") == 0)
			found.delimiter =
				literal(tree_at(tree_get(call, "args"), DELIMITER_ARGUMENT));
	} else if (over && !is_ordered) {
		found.is_window_undetermined = traits & NAME_RANKS || is_framed_by_rows(window);
	}
	analysis_merge_flags(mark->target, &found);
}

static bool is_aggregate_call(const struct cJSON *call, unsigned traits)
{
	return traits & NAME_AGGREGATE || tree_get(call, "over") || tree_flag(call, "agg_star") ||
	       tree_flag(call, "agg_distinct") || tree_get(call, "agg_filter") ||
	       tree_get(call, "agg_order");
}

static void mark_joined(const struct mark *mark, const struct cJSON *call)
{
	const struct cJSON *args = tree_get(call, "args");
	struct analysis_target inner = {.name = NULL};
	struct mark below = *mark;

	below.target = &inner;
	mark_below(&below, tree_first(args));
	if (inner.is_unordered && !inner.delimiter)
		inner.delimiter = literal(tree_at(args, DELIMITER_ARGUMENT));
	analysis_merge_flags(mark->target, &inner);
}

static bool is_age(const struct cJSON *call)
{
	const char *name = tree_name(tree_get(call, "funcname"));

	return name && strcmp(name, "age") == 0 && tree_count(tree_get(call, "args")) == 1;
}

/* array_to_string(array_agg(x), ', '): the parts are between its delimiters. */
static bool is_joining(const struct cJSON *call)
{
	const char *name = tree_name(tree_get(call, "funcname"));

	return name && strcmp(name, "array_to_string") == 0 &&
	       literal(tree_at(tree_get(call, "args"), DELIMITER_ARGUMENT));
}

/* Whether the arguments are still to be looked at. */
static bool mark_call(const struct mark *mark, const struct cJSON *call)
{
	unsigned traits = analysis_traits_of_call(tree_get(call, "funcname"));

	mark->target->is_volatile |= (traits & NAME_VOLATILE) != 0;
	mark->target->is_clock |= (traits & NAME_CLOCK) != 0 || is_age(call);
	if (is_aggregate_call(call, traits))
		mark_aggregate(mark, call, traits);
	if (!is_joining(call))
		return true;
	mark_joined(mark, call);
	return false;
}

static bool is_word(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; text && i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* 'now', 'today' and the like, whatever blanks and case. */
static bool is_clock_word(const char *text)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};
	char lower[16];
	size_t length = 0;

	for (; text && *text; text++) {
		if (isspace((unsigned char)*text))
			continue;
		if (length == sizeof(lower) - 1)
			return false;
		lower[length++] = (char)tolower((unsigned char)*text);
	}
	lower[length] = '\0';
	return is_word(lower, words, ARRAY_LEN(words));
}

/* Whether what is cast is still to be looked at. */
static bool mark_cast(const struct mark *mark, const struct cJSON *cast)
{
	static const char *const times[] = {"timestamp", "timestamptz", "date", "time", "timetz"};
	const char *type = tree_name(tree_get(tree_get(cast, "typeName"), "names"));
	const struct cJSON *column = tree_body(tree_get(cast, "arg"), "ColumnRef");
	const char *name = tree_name(tree_get(column, "fields"));

	if (is_word(type, times, ARRAY_LEN(times)))
		mark->target->is_clock |= is_clock_word(literal(tree_get(cast, "arg")));
	/* tableoid::regclass is a name, and that is the same everywhere. */
	return !(type && name && strcmp(type, "regclass") == 0 && strcmp(name, "tableoid") == 0);
}

static bool is_seen(const struct analysis_source *source, const char *qualifier)
{
	return !qualifier || (source->name && strcmp(source->name, qualifier) == 0);
}

/* Adds what the source's columns of this name are made of. Whether it has any. */
static bool mark_from_source(
	const struct mark *mark, const struct analysis_source *source, const char *name)
{
	bool is_there = false;

	for (size_t i = 0; i < source->list.count; i++) {
		const struct analysis_target *it = &source->list.targets[i];

		if (!analysis_step(mark->run))
			break;
		if (it->name && strcmp(it->name, name) == 0) {
			analysis_merge_flags(mark->target, it);
			is_there = true;
		}
	}
	return is_there;
}

/* A column of a subquery may be called xmin and be none of the system's. */
static void mark_column(const struct mark *mark, const struct cJSON *column)
{
	const struct cJSON *fields = tree_get(column, "fields");
	const char *name = tree_name(fields), *qualifier = tree_qualifier(fields);
	bool is_there = false;

	if (!name)
		return;
	for (size_t i = 0; i < mark->from->count; i++)
		if (is_seen(&mark->from->sources[i], qualifier))
			is_there |= mark_from_source(mark, &mark->from->sources[i], name);
	mark->target->is_volatile |=
		!is_there && analysis_traits_of_column(name) & NAME_SYSTEM_COLUMN;
}

static void mark_arm(const struct mark *mark, const struct cJSON *select)
{
	struct analysis_from from = {.select = select};
	struct mark below = {.run = mark->run, .from = &from, .target = mark->target};

	mark_below(&below, tree_get(select, "targetList"));
	mark_below(&below, tree_get(select, "valuesLists"));
	if (analysis_is_set_operation(select)) {
		mark_arm(mark, tree_get(select, "larg"));
		mark_arm(mark, tree_get(select, "rarg"));
	}
}

/* A subquery as a value shows its select list; EXISTS, IN and ANY do not. */
static void mark_sublink(const struct mark *mark, const struct cJSON *link)
{
	const struct cJSON *select = tree_body(tree_get(link, "subselect"), "SelectStmt");

	mark_below(mark, tree_get(link, "testexpr"));
	if (!tree_says(link, "subLinkType", "EXPR_SUBLINK") &&
		!tree_says(link, "subLinkType", "ARRAY_SUBLINK"))
		return;
	mark_arm(mark, select);
	if (tree_says(link, "subLinkType", "ARRAY_SUBLINK") && !tree_get(select, "sortClause") &&
		!analysis_is_single_row(select))
		analysis_merge_flags(mark->target, &(struct analysis_target){.is_unordered = true});
}

static void mark_value_function(const struct mark *mark, const struct cJSON *call)
{
	static const char *const prefixes[] = {
		"SVFOP_CURRENT_DATE", "SVFOP_CURRENT_TIME", "SVFOP_LOCALTIME"};
	const char *op = tree_text(call, "op");

	for (size_t i = 0; op && i < ARRAY_LEN(prefixes); i++)
		mark->target->is_clock |= strncmp(op, prefixes[i], strlen(prefixes[i])) == 0;
}

static bool on_node(void *context, const char *kind, const struct cJSON *body)
{
	const struct mark *mark = context;

	if (!analysis_step(mark->run))
		return false;
	if (strcmp(kind, "FuncCall") == 0)
		return mark_call(mark, body);
	if (strcmp(kind, "TypeCast") == 0)
		return mark_cast(mark, body);
	if (strcmp(kind, "ColumnRef") == 0)
		mark_column(mark, body);
	else if (strcmp(kind, "SQLValueFunction") == 0)
		mark_value_function(mark, body);
	else if (strcmp(kind, "SubLink") == 0)
		mark_sublink(mark, body);
	return strcmp(kind, "SubLink") != 0;
}

void analysis_mark(struct analysis_run *run, const struct analysis_from *from,
	const struct cJSON *expression, struct analysis_target *target)
{
	struct mark mark = {.run = run, .from = from, .target = target};

	mark_below(&mark, expression);
}
