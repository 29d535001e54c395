/*
 * What is told without a parse tree, for the syntax of YugabyteDB or of a newer PostgreSQL, and
 * for texts that are too long or nested too deeply: the class by the first words, whether
 * there are ORDER BY and LIMIT at the statement's own level, and a name. It claims less: no
 * targets, no tables, and an inner limit wherever there may be one.
 */
#include "diffengine/analysis_impl.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "diffengine/scan.h"

#define NO_DEPTH UINT_MAX

struct found {
	struct scan_token first, second, before, last; /* last: the last word or quoted name */
	unsigned tokens;
	unsigned leading;     /* parentheses that the statement begins with */
	unsigned order_depth; /* of the outermost ORDER BY */
	unsigned set_depth;   /* of the outermost UNION, INTERSECT, EXCEPT */
	unsigned limit_depth; /* of the outermost LIMIT or FETCH FIRST */
	unsigned offset_depth, distinct_depth;
	bool has_deeper_cut; /* LIMIT, OFFSET or DISTINCT ON below the outermost one */
	bool has_into, has_ties, has_aggregate;
	struct scan_token main;  /* behind WITH: the word that says what is done */
	struct scan_token count; /* behind the outermost LIMIT */
	bool is_count_next;
};

static bool is_one_of(const struct scan_token *token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (scan_is(token, words[i]))
			return true;
	return false;
}

/* The outermost place of a clause wins; another place is an inner one. */
static bool note_depth(struct found *f, unsigned *depth, const struct scan_token *token)
{
	bool is_outer = token->depth < *depth;

	f->has_deeper_cut |= *depth != NO_DEPTH || !is_outer;
	if (is_outer)
		*depth = token->depth;
	return is_outer;
}

static void note_limit(struct found *f, const struct scan_token *token)
{
	bool is_fetch =
		scan_is(&f->before, "fetch") && (scan_is(token, "first") || scan_is(token, "next"));

	if (f->is_count_next) {
		f->count = *token;
		f->is_count_next = false;
	}
	if ((is_fetch && f->tokens > 2) || scan_is(token, "limit"))
		f->is_count_next = note_depth(f, &f->limit_depth, token);
	else if (scan_is(token, "offset"))
		note_depth(f, &f->offset_depth, token);
	else if (scan_is(token, "on") && scan_is(&f->before, "distinct"))
		note_depth(f, &f->distinct_depth, token);
	f->has_ties |= scan_is(token, "ties") && scan_is(&f->before, "with");
}

static void note_word(struct found *f, const struct scan_token *token)
{
	static const char *const sets[] = {"union", "intersect", "except"};
	static const char *const mains[] = {
		"select", "values", "table", "insert", "update", "delete", "merge"};

	if (token->depth < f->set_depth && is_one_of(token, sets, ARRAY_LEN(sets)))
		f->set_depth = token->depth;
	if (!f->main.text.len && token->depth <= f->leading &&
		is_one_of(token, mains, ARRAY_LEN(mains)))
		f->main = *token;
	if (scan_is(token, "by") && scan_is(&f->before, "order") && token->depth < f->order_depth)
		f->order_depth = token->depth;
	f->has_into |= token->depth == 0 && scan_is(token, "into");
	f->has_aggregate |= scan_is(token, "over") || scan_is(token, "group");
}

/* A call of an aggregate; the name must be known, whatever its case. */
static bool is_aggregate(const struct scan_token *name)
{
	char lower[64];
	size_t i = 0;

	if (name->kind != SCAN_WORD || name->text.len >= sizeof(lower))
		return false;
	for (; i < name->text.len; i++)
		lower[i] = (char)tolower(name->text.ptr[i]);
	lower[i] = '\0';
	return analysis_traits_of_name(lower) & NAME_AGGREGATE;
}

static void note_token(struct found *f, const struct scan_token *token)
{
	bool is_first = f->tokens++ == f->leading;

	if (f->tokens == 2)
		f->second = *token;
	if (scan_is_mark(token, '(')) {
		f->leading += is_first;
		f->has_aggregate |= is_aggregate(&f->before);
	} else if (is_first) {
		f->first = *token;
	}
	if (!scan_is_mark(&f->before, '.'))
		note_limit(f, token);
	if (token->kind == SCAN_WORD)
		note_word(f, token);
	if (token->kind == SCAN_WORD || token->kind == SCAN_QUOTED)
		f->last = *token;
	f->before = *token;
}

static struct found find(struct bytes text)
{
	struct found f = {.order_depth = NO_DEPTH,
		.set_depth = NO_DEPTH,
		.limit_depth = NO_DEPTH,
		.offset_depth = NO_DEPTH,
		.distinct_depth = NO_DEPTH};
	struct scan scan;
	struct scan_token token;

	f.before.kind = f.first.kind = f.second.kind = f.last.kind = SCAN_MARK;
	f.before.text = f.first.text = f.second.text = f.last.text = bytes_str(";");
	scan_init(&scan, text);
	while (scan_next(&scan, &token) && !(token.depth == 0 && scan_is_mark(&token, ';')))
		note_token(&f, &token);
	return f;
}

/* A name as the server has it: folded to lower case, or without its quotes. */
static void keep_name(struct analysis_run *run, const struct scan_token *token)
{
	struct bytes text = token->text;
	char name[64];
	size_t len = 0;
	bool is_quoted = token->kind == SCAN_QUOTED;

	if (token->kind != SCAN_WORD && !is_quoted)
		return;
	for (size_t i = is_quoted; i + is_quoted < text.len && len < sizeof(name) - 1; i++) {
		name[len++] = (char)(is_quoted ? text.ptr[i] : tolower(text.ptr[i]));
		i += is_quoted && text.ptr[i] == '"';
	}
	name[len] = '\0';
	run->result->name = analysis_keep(run, name);
}

static enum analysis_class class_of_query(const struct found *f)
{
	static const char *const changes[] = {"insert", "update", "delete", "merge"};

	if (is_one_of(&f->main, changes, ARRAY_LEN(changes)))
		return ANALYSIS_CHANGE;
	return f->has_into ? ANALYSIS_DDL : ANALYSIS_QUERY;
}

static const struct {
	const char *word;
	enum analysis_class class;
} first_words[] = {{"explain", ANALYSIS_EXPLAIN}, {"show", ANALYSIS_SHOW},
	{"fetch", ANALYSIS_FETCH}, {"move", ANALYSIS_FETCH}, {"declare", ANALYSIS_DECLARE},
	{"prepare", ANALYSIS_PREPARE}, {"execute", ANALYSIS_EXECUTE}, {"copy", ANALYSIS_COPY},
	{"begin", ANALYSIS_TRANSACTION}, {"start", ANALYSIS_TRANSACTION},
	{"commit", ANALYSIS_TRANSACTION}, {"end", ANALYSIS_TRANSACTION},
	{"rollback", ANALYSIS_TRANSACTION}, {"abort", ANALYSIS_TRANSACTION},
	{"savepoint", ANALYSIS_TRANSACTION}, {"release", ANALYSIS_TRANSACTION},
	{"create", ANALYSIS_DDL}, {"alter", ANALYSIS_DDL}, {"drop", ANALYSIS_DDL},
	{"truncate", ANALYSIS_DDL}, {"comment", ANALYSIS_DDL}, {"grant", ANALYSIS_DDL},
	{"revoke", ANALYSIS_DDL}, {"refresh", ANALYSIS_DDL}, {"import", ANALYSIS_DDL},
	{"security", ANALYSIS_DDL}, {"reassign", ANALYSIS_DDL}};

static enum analysis_class class_of(const struct found *f)
{
	static const char *const queries[] = {
		"select", "values", "table", "with", "insert", "update", "delete", "merge"};

	if (is_one_of(&f->first, queries, ARRAY_LEN(queries)))
		return class_of_query(f);
	if (scan_is(&f->first, "prepare") && scan_is(&f->second, "transaction"))
		return ANALYSIS_TRANSACTION;
	for (size_t i = 0; i < ARRAY_LEN(first_words); i++)
		if (scan_is(&f->first, first_words[i].word))
			return first_words[i].class;
	return ANALYSIS_OTHER;
}

/* Digits as a number; -1: they are none, or too many. */
static int64_t number_of(struct bytes digits)
{
	int64_t number = 0;

	if (digits.len == 0 || digits.len > 18)
		return -1;
	for (size_t i = 0; i < digits.len; i++) {
		if (!isdigit(digits.ptr[i]))
			return -1;
		number = number * 10 + (digits.ptr[i] - '0');
	}
	return number;
}

/* What stands behind LIMIT or FETCH FIRST, which without a number means one row. */
static void note_count(struct analysis *result, const struct scan_token *token)
{
	bool is_parameter = token->kind == SCAN_NUMBER && token->text.ptr[0] == '$';
	int64_t number;

	if (scan_is(token, "row") || scan_is(token, "rows")) {
		result->limit = 1;
		return;
	}
	number = number_of(is_parameter ? bytes_skip(token->text, 1) : token->text);
	if (!is_parameter)
		result->limit = number;
	else if (number > 0 && number <= UINT16_MAX)
		result->limit_parameter = (int)number;
}

/* A clause counts at the statement's own level, and not where it is that of one arm. */
static bool is_own(const struct found *f, unsigned depth)
{
	unsigned own = scan_is(&f->first, "copy") ? 1 : f->leading;

	return depth <= own && depth <= f->set_depth;
}

static bool is_inner(const struct found *f, unsigned depth)
{
	return depth != NO_DEPTH && !is_own(f, depth);
}

static void note_query(struct analysis_run *run, const struct found *f)
{
	struct analysis *result = run->result;

	result->has_order = is_own(f, f->order_depth);
	result->has_limit = is_own(f, f->limit_depth) && !scan_is(&f->count, "all") &&
			    !scan_is(&f->count, "null");
	result->has_offset = is_own(f, f->offset_depth);
	result->is_distinct_on = is_own(f, f->distinct_depth);
	result->has_ties = result->has_limit && f->has_ties;
	if (result->has_limit)
		note_count(result, &f->count);
	result->has_inner_limit = f->has_deeper_cut || is_inner(f, f->limit_depth) ||
				  is_inner(f, f->offset_depth) || is_inner(f, f->distinct_depth);
}

void analysis_scan(struct analysis_run *run, struct bytes text)
{
	struct found f = find(text);

	run->result->class = class_of(&f);
	run->result->is_aggregating = f.has_aggregate;
	switch (run->result->class) {
	case ANALYSIS_QUERY:
	case ANALYSIS_COPY:
		note_query(run, &f);
		break;
	case ANALYSIS_DECLARE:
	case ANALYSIS_PREPARE:
		note_query(run, &f);
		keep_name(run, &f.second);
		break;
	case ANALYSIS_EXECUTE:
		keep_name(run, &f.second);
		break;
	case ANALYSIS_FETCH:
		keep_name(run, &f.last);
		break;
	case ANALYSIS_SHOW:
		run->result->is_metadata = true;
		break;
	case ANALYSIS_CHANGE:
		run->result->has_inner_limit = f.limit_depth != NO_DEPTH ||
					       f.offset_depth != NO_DEPTH ||
					       f.distinct_depth != NO_DEPTH;
		break;
	case ANALYSIS_EXPLAIN:
	case ANALYSIS_DDL:
	case ANALYSIS_TRANSACTION:
	case ANALYSIS_OTHER:
		break;
	}
}
