/*
 * Statement traits from a token scan. One pass over the tokens of a statement fills a
 * `struct findings`; the traits follow from the first word and the findings.
 */
#include "diffengine/statement.h"

#include <limits.h>

#include "base/attr.h"
#include "diffengine/scan.h"

struct findings {
	struct scan_token first, second, before; /* before: the one that is being looked at */
	unsigned tokens;
	unsigned leading;     /* parentheses that the statement begins with */
	unsigned order_depth; /* of the outermost ORDER BY; NO_DEPTH: none */
	unsigned set_depth;   /* of the outermost UNION, INTERSECT, EXCEPT; NO_DEPTH: none */
	bool is_foreign;      /* the token before is qualified, and not by pg_catalog */
	bool has_dml;         /* INSERT, UPDATE, DELETE, MERGE anywhere */
	bool has_locking;     /* FOR UPDATE and the like */
	bool has_into;
	bool has_constraints;
	bool has_doubtful_call;
	bool has_analyze;
	bool has_to;            /* COPY ... TO */
	bool is_of_transaction; /* the second word is TRANSACTION */
};

#define NO_DEPTH UINT_MAX

static bool is_one_of(const struct scan_token *token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (scan_is(token, words[i]))
			return true;
	return false;
}

/* Words that may stand before a parenthesis without being a function's name. */
static bool is_syntax_before_parenthesis(const struct scan_token *token)
{
	static const char *const words[] = {"in", "values", "exists", "any", "all", "some", "and",
		"or", "not", "on", "as", "over", "from", "where", "select", "union", "except",
		"intersect", "when", "then", "else", "case", "join", "using", "filter", "within",
		"group", "by", "limit", "offset", "having", "distinct", "array", "row",
		"materialized", "lateral", "between", "like", "ilike", "is", "returning", "set",
		"with", "interval", "numeric", "decimal", "varchar", "char", "character", "varying",
		"bit", "time", "timestamp", "timestamptz", "timetz", "float", "dec", "sets",
		"rollup", "cube", "to", "copy", "explain", "precision", "bpchar", "fetch", "end",
		"collate", "escape"};

	return is_one_of(token, words, ARRAY_LEN(words));
}

static bool is_dml(const struct scan_token *token)
{
	static const char *const words[] = {"insert", "update", "delete", "merge"};

	return is_one_of(token, words, ARRAY_LEN(words));
}

static bool is_locking_strength(const struct scan_token *token)
{
	static const char *const words[] = {"update", "share", "no", "key"};

	return is_one_of(token, words, ARRAY_LEN(words));
}

/* The token before an opening parenthesis names a function that is not known to be harmless. */
static bool is_doubtful_call(const struct findings *f)
{
	if (f->before.kind != SCAN_WORD)
		return f->before.kind == SCAN_QUOTED;
	if (f->is_foreign)
		return true;
	return !is_syntax_before_parenthesis(&f->before) && !function_is_harmless(f->before.text);
}

static void note_pair(struct findings *f, const struct scan_token *token)
{
	if (scan_is(token, "by") && scan_is(&f->before, "order")) {
		if (token->depth < f->order_depth)
			f->order_depth = token->depth;
	} else if (scan_is(&f->before, "for") && is_locking_strength(token)) {
		f->has_locking = true;
	} else if (scan_is_mark(token, '(')) {
		f->has_doubtful_call |= is_doubtful_call(f);
		f->leading += f->tokens == f->leading + 1;
	}
	if (scan_is_mark(token, '.'))
		f->is_foreign = !scan_is(&f->before, "pg_catalog");
	else if (!scan_is_mark(&f->before, '.'))
		f->is_foreign = false;
}

static bool is_set_operation(const struct scan_token *token)
{
	static const char *const words[] = {"union", "intersect", "except"};

	return is_one_of(token, words, ARRAY_LEN(words));
}

static void note_word(struct findings *f, const struct scan_token *token)
{
	f->has_dml |= is_dml(token);
	f->has_into |= scan_is(token, "into");
	f->has_constraints |= scan_is(token, "constraints");
	f->has_analyze |= scan_is(token, "analyze") || scan_is(token, "analyse");
	f->has_to |= token->depth == 0 && scan_is(token, "to");
	if (token->depth < f->set_depth && is_set_operation(token))
		f->set_depth = token->depth;
}

static void note_token(struct findings *f, const struct scan_token *token)
{
	if (f->tokens == 0) {
		f->first = *token;
	} else if (f->tokens == 1) {
		f->second = *token;
		f->is_of_transaction = scan_is(token, "transaction");
	}
	f->tokens++;
	if (token->kind == SCAN_WORD)
		note_word(f, token);
	note_pair(f, token);
	f->before = *token;
}

static bool is_query_word(const struct scan_token *t)
{
	static const char *const words[] = {"select", "values", "table", "with"};

	return is_one_of(t, words, ARRAY_LEN(words)) || scan_is_mark(t, '(');
}

static bool has_rows_in_any_order(const struct findings *f)
{
	/* INSERT ... RETURNING, UPDATE ... RETURNING and the like: the order of a scan. */
	static const char *const words[] = {
		"insert", "update", "delete", "merge", "execute", "copy"};

	return is_query_word(&f->first) || is_one_of(&f->first, words, ARRAY_LEN(words));
}

/* Statements of other first words that touch only the session itself. FETCH and MOVE are not
 * among them: they run the cursor's query, with its locks and calls. */
static bool is_session_word(const struct scan_token *t)
{
	static const char *const words[] = {"show", "begin", "start", "set", "reset", "discard",
		"deallocate", "declare", "close", "savepoint"};

	return is_one_of(t, words, ARRAY_LEN(words));
}

static bool may_write(const struct findings *f)
{
	if (f->tokens == 0)
		return false;
	if (f->has_dml || f->has_locking || f->has_doubtful_call)
		return true;
	if (is_query_word(&f->first))
		return f->has_into;
	if (scan_is(&f->first, "explain"))
		return f->has_analyze;
	if (scan_is(&f->first, "copy"))
		return !f->has_to;
	/* SET CONSTRAINTS checks what was deferred, which locks the rows referred to. */
	if (scan_is(&f->first, "set"))
		return f->has_constraints;
	return !is_session_word(&f->first);
}

static bool is_control(const struct findings *f)
{
	static const char *const words[] = {
		"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"};

	return is_one_of(&f->first, words, ARRAY_LEN(words)) ||
	       (f->is_of_transaction &&
		       (scan_is(&f->first, "prepare") || scan_is(&f->first, "set")));
}

static bool is_ddl(const struct findings *f)
{
	static const char *const words[] = {
		"create", "alter", "drop", "truncate", "refresh", "reindex"};

	return is_one_of(&f->first, words, ARRAY_LEN(words));
}

/* An ORDER BY counts at the statement's own level: depth 0, or deeper where the whole query
 * stands in parentheses, unless it is that of one branch of a set operation. */
static bool is_ordered(const struct findings *f)
{
	unsigned own = scan_is(&f->first, "copy") ? 1 : f->leading;

	if (!has_rows_in_any_order(f))
		return true;
	return f->order_depth <= own && f->order_depth <= f->set_depth;
}

/* Nesting of SQL-standard function bodies (BEGIN ATOMIC ... END), whose semicolons do not end
 * the statement. */
static unsigned body_depth(
	unsigned depth, const struct scan_token *before, const struct scan_token *token)
{
	if (scan_is(token, "atomic") && scan_is(before, "begin"))
		return depth + 1;
	if (depth > 0 && scan_is(token, "case"))
		return depth + 1;
	if (depth > 0 && scan_is(token, "end"))
		return depth - 1;
	return depth;
}

/* What follows at `at` without empty statements in front; ptr NULL if there is nothing more. */
static struct bytes after_semicolons(struct bytes text, size_t at)
{
	struct scan scan = {.text = text, .at = at};
	struct scan_token token;

	while (scan_next(&scan, &token)) {
		if (!scan_is_mark(&token, ';'))
			return bytes_skip(text, at);
		at = scan.at;
	}
	return bytes_of(NULL, 0);
}

static char names_what(const struct scan_token *first)
{
	if (scan_is(first, "prepare"))
		return 'S';
	return scan_is(first, "declare") ? 'P' : '\0';
}

struct bytes statement_fold_name(struct bytes written, char *out)
{
	bool is_quoted = written.len >= 2 && written.ptr[0] == '"';
	size_t len = 0, end = written.len - (is_quoted ? 1 : 0);

	for (size_t i = is_quoted ? 1 : 0; i < end && len < STATEMENT_NAME_MAX - 1; i++) {
		unsigned char c = written.ptr[i];

		if (is_quoted && c == '"')
			i++; /* doubled */
		out[len++] = (char)(is_quoted || c < 'A' || c > 'Z' ? c : c - 'A' + 'a');
	}
	return bytes_of(out, len);
}

bool statement_next(struct bytes *rest, struct statement_traits *traits)
{
	struct findings f = {.order_depth = NO_DEPTH, .set_depth = NO_DEPTH};
	struct scan scan;
	struct scan_token token;
	size_t start = 0, end = rest->len;
	unsigned body = 0;

	if (!rest->ptr)
		return false;
	f.before = (struct scan_token){.kind = SCAN_MARK, .text = bytes_str(";")};
	scan_init(&scan, *rest);
	while (scan_next(&scan, &token)) {
		body = body_depth(body, &f.before, &token);
		if (body > 0 || token.depth > 0 || !scan_is_mark(&token, ';')) {
			note_token(&f, &token);
		} else if (f.tokens == 0) {
			start = scan.at; /* an empty statement in front: the server skips it */
		} else {
			end = scan.at - 1;
			break;
		}
	}
	traits->text = bytes_of(rest->ptr + start, end - start);
	traits->is_empty = f.tokens == 0;
	traits->names = f.tokens < 2 ? '\0' : names_what(&f.first);
	traits->name = traits->names ? f.second.text : bytes_of(NULL, 0);
	traits->is_writing = may_write(&f);
	traits->is_ordered = f.tokens == 0 || is_ordered(&f);
	traits->is_ddl = f.tokens > 0 && is_ddl(&f);
	traits->is_control = f.tokens > 0 && is_control(&f);
	*rest = after_semicolons(*rest, scan.at);
	return true;
}

bool statement_may_write(struct bytes text)
{
	struct statement_traits traits;

	while (statement_next(&text, &traits))
		if (traits.is_writing)
			return true;
	return false;
}

bool statement_at(struct bytes text, unsigned ordinal, struct statement_traits *traits)
{
	unsigned seen = 0;

	while (statement_next(&text, traits)) {
		if (traits->is_empty)
			continue;
		if (seen++ == ordinal)
			return true;
	}
	return false;
}
