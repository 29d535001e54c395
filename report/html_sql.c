/*
 * Tokens are the diff engine's; what stands between them are blanks and comments.
 */
#include "report/html_sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "diffengine/scan.h"
#include "report/html_escape.h"

/* In order, for bsearch. */
static const char *const key_words[] = {"add", "all", "alter", "analyze", "and", "any", "array",
	"as", "asc", "begin", "between", "by", "cascade", "case", "cast", "check", "close",
	"collate", "column", "commit", "conflict", "constraint", "copy", "create", "cross",
	"current", "cursor", "database", "deallocate", "declare", "default", "delete", "desc",
	"distinct", "do", "drop", "else", "end", "except", "execute", "exists", "explain", "false",
	"fetch", "filter", "first", "following", "for", "foreign", "from", "full", "function",
	"grant", "group", "having", "if", "ilike", "in", "index", "inner", "insert", "intersect",
	"interval", "into", "is", "join", "key", "last", "lateral", "left", "like", "limit", "lock",
	"materialized", "merge", "move", "natural", "not", "nothing", "null", "nulls", "of",
	"offset", "on", "only", "or", "order", "outer", "over", "partition", "preceding", "prepare",
	"primary", "range", "recursive", "references", "release", "returning", "revoke", "right",
	"rollback", "row", "rows", "savepoint", "schema", "select", "sequence", "set", "show",
	"similar", "table", "temporary", "then", "to", "transaction", "trigger", "true", "truncate",
	"type", "unbounded", "union", "unique", "update", "using", "values", "view", "when",
	"where", "window", "with", "within"};

#define WORD_MAX 16 /* longer than any of them */

static int compare_words(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

static bool is_key_word(struct bytes word)
{
	char lower[WORD_MAX];

	if (word.len >= sizeof(lower))
		return false;
	for (size_t i = 0; i < word.len; i++)
		lower[i] = (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? word.ptr[i] | 0x20
									   : word.ptr[i]);
	lower[word.len] = '\0';
	return bsearch(lower, key_words, ARRAY_LEN(key_words), sizeof(*key_words), compare_words);
}

static void write_in(FILE *out, const char *tag, struct bytes text)
{
	fprintf(out, "<%s>", tag);
	html_escape(out, text);
	fprintf(out, "</%s>", tag);
}

static void write_gap(FILE *out, struct bytes gap)
{
	bool is_comment = memchr(gap.ptr, '-', gap.len) || memchr(gap.ptr, '/', gap.len);

	if (is_comment)
		write_in(out, "i", gap);
	else
		html_escape(out, gap);
}

static void write_token(FILE *out, const struct scan_token *token, bool is_secret)
{
	switch (token->kind) {
	case SCAN_WORD:
		if (is_key_word(token->text))
			write_in(out, "b", token->text);
		else
			html_escape(out, token->text);
		return;
	case SCAN_STRING:
		write_in(out, "em", is_secret ? bytes_str("'[not shown]'") : token->text);
		return;
	case SCAN_NUMBER:
		write_in(out, "em", token->text);
		return;
	case SCAN_QUOTED:
	case SCAN_MARK:
		html_escape(out, token->text);
		return;
	}
}

void html_sql(FILE *out, struct bytes statement)
{
	const unsigned char *at = statement.ptr;
	struct scan scan;
	struct scan_token token;
	bool is_secret = false;

	if (statement.len == 0)
		return;
	scan_init(&scan, statement);
	while (scan_next(&scan, &token)) {
		if (token.text.ptr > at)
			write_gap(out, bytes_of(at, (size_t)(token.text.ptr - at)));
		write_token(out, &token, is_secret);
		is_secret = scan_is(&token, "password");
		at = token.text.ptr + token.text.len;
	}
	if (at < statement.ptr + statement.len)
		write_gap(out, bytes_of(at, (size_t)(statement.ptr + statement.len - at)));
}
