/*
 * json and jsonb as texts of tokens: numbers and timestamps inside them may differ as the
 * policy permits, and where an aggregate collected them, arrays and objects count as multisets.
 * For that, both sides are written anew without blanks and with sorted members. Numbers are
 * never converted but to compare them.
 */
#include <stdlib.h>

#include "diffengine/value_impl.h"

struct token {
	char kind; /* '"' string, '0' number, 'a' literal, ' ' blanks, punctuation, 0 the end */
	struct bytes text;
};

/* Bytes of a string with its quotes; 0: it does not end. */
static size_t string_length(struct bytes text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t run_length(struct bytes text, const char *set)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] && strchr(set, text.ptr[n]))
		n++;
	return n;
}

static size_t literal_length(struct bytes text)
{
	static const char *const literals[] = {"true", "false", "null"};

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(literals[i]);

		if (text.len >= len && memcmp(text.ptr, literals[i], len) == 0)
			return len;
	}
	return 0;
}

/* False: no json. */
static bool next_token(struct bytes *rest, struct token *token)
{
	*token = (struct token){.text = bytes_of(rest->ptr, 0)};
	if (rest->len == 0)
		return true;
	unsigned char c = rest->ptr[0];

	if (c && strchr("[]{},:", c)) {
		token->kind = (char)c;
		token->text.len = 1;
	} else if (c == '"') {
		token->kind = '"';
		token->text.len = string_length(*rest);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		token->kind = '0';
		token->text.len = run_length(*rest, "0123456789+-.eE");
	} else if (run_length(*rest, " \t\r\n") > 0) {
		token->kind = ' ';
		token->text.len = run_length(*rest, " \t\r\n");
	} else {
		token->kind = 'a';
		token->text.len = literal_length(*rest);
	}
	*rest = bytes_skip(*rest, token->text.len);
	return token->text.len > 0;
}

static bool tokens_agree(struct value_run *run, const struct token *a, const struct token *b)
{
	if (a->kind != b->kind)
		return false;
	if (bytes_equal(a->text, b->text))
		return true;
	if (a->kind == '0')
		return value_floatlike_agree(run, a->text, b->text);
	return a->kind == '"' &&
	       value_clock_text_agree(run, bytes_of(a->text.ptr + 1, a->text.len - 2),
		       bytes_of(b->text.ptr + 1, b->text.len - 2));
}

/* Token by token, blanks included. */
static bool walk(struct value_run *run, struct bytes a, struct bytes b)
{
	struct token x, y;

	do {
		if (!next_token(&a, &x) || !next_token(&b, &y) || !tokens_agree(run, &x, &y))
			return false;
	} while (x.kind);
	return true;
}

/* --- written anew --------------------------------------------------------------------------- */

struct member { /* an element, or a key with its value */
	struct bytes text;
	struct member *next;
};

struct writer {
	struct arena *arena;
	struct bytes rest;
	bool is_sorted;
	unsigned depth;
};

static bool next_solid(struct writer *w, struct token *token)
{
	do {
		if (!next_token(&w->rest, token))
			return false;
	} while (token->kind == ' ');
	return true;
}

/* Behind an opening bracket, up to and with the one that closes it. */
static bool skip_nested(struct writer *w)
{
	struct token token;

	for (size_t open = 1; open > 0;) {
		if (!next_token(&w->rest, &token) || !token.kind)
			return false;
		open += token.kind == '[' || token.kind == '{';
		open -= token.kind == ']' || token.kind == '}';
	}
	return true;
}

static int compare_members(const void *left, const void *right)
{
	const struct bytes *a = left, *b = right;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->ptr, b->ptr, len) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* `[`, members with commas, `]`. */
static bool join(struct writer *w, struct bytes *members, size_t count, struct bytes *out)
{
	size_t len = 2 + count;
	bool is_object = out->ptr[0] == '{';

	for (size_t i = 0; i < count; i++)
		len += members[i].len;
	unsigned char *text = arena_alloc(w->arena, len);
	if (!text)
		return false;
	size_t at = 0;

	text[at++] = is_object ? '{' : '[';
	for (size_t i = 0; i < count; i++) {
		memcpy(text + at, members[i].ptr, members[i].len);
		at += members[i].len;
		if (i + 1 < count)
			text[at++] = ',';
	}
	text[at++] = is_object ? '}' : ']';
	*out = bytes_of(text, at);
	return true;
}

static bool sort_and_join(
	struct writer *w, const struct member *first, bool is_sorted, struct bytes *out)
{
	size_t count = 0, i = 0;

	for (const struct member *it = first; it; it = it->next)
		count++;
	struct bytes *members = arena_alloc(w->arena, count * sizeof(*members));
	if (!members)
		return false;
	for (const struct member *it = first; it; it = it->next)
		members[i++] = it->text;
	if (is_sorted)
		qsort(members, count, sizeof(*members), compare_members);
	return join(w, members, count, out);
}

static bool write_value(
	struct writer *w, const struct token *token, bool is_in_array, struct bytes *out);

/* One element, or a key with its value; `token` is the first of it. */
static bool write_member(struct writer *w, struct token *token, bool is_object, struct bytes *out)
{
	struct token colon;
	struct bytes key = token->text;

	if (!is_object)
		return write_value(w, token, true, out);
	if (token->kind != '"' || !next_solid(w, &colon) || colon.kind != ':' ||
		!next_solid(w, token) || !write_value(w, token, false, out))
		return false;
	unsigned char *text = arena_alloc(w->arena, key.len + 1 + out->len);
	if (!text)
		return false;
	memcpy(text, key.ptr, key.len);
	text[key.len] = ':';
	memcpy(text + key.len + 1, out->ptr, out->len);
	*out = bytes_of(text, key.len + 1 + out->len);
	return true;
}

/* Behind the opening bracket, which *out holds. */
static bool write_members(struct writer *w, bool is_sorted, struct bytes *out)
{
	bool is_object = out->ptr[0] == '{';
	struct member *first = NULL, **last = &first;
	struct token token;

	if (!next_solid(w, &token))
		return false;
	while (token.kind != (is_object ? '}' : ']')) {
		struct member *member = arena_alloc(w->arena, sizeof(*member));

		if (!member || !write_member(w, &token, is_object, &member->text) ||
			!next_solid(w, &token))
			return false;
		*last = member;
		last = &member->next;
		if (token.kind == ',') {
			if (!next_solid(w, &token) || strchr("]}", token.kind))
				return false;
		} else if (token.kind != (is_object ? '}' : ']')) {
			return false;
		}
	}
	return sort_and_join(w, first, is_sorted, out);
}

/* Members of objects in the order of their keys. An array that stands directly in an array
 * keeps its order, as the inner dimensions of a database's array do. */
static bool write_value(
	struct writer *w, const struct token *token, bool is_in_array, struct bytes *out)
{
	bool is_sorted = w->is_sorted && (token->kind == '{' || !is_in_array), is_written;

	*out = token->text;
	if (token->kind == '"' || token->kind == '0' || token->kind == 'a')
		return true;
	if (token->kind != '[' && token->kind != '{')
		return false;
	if (w->depth == VALUE_DEPTH_MAX) {
		if (!skip_nested(w))
			return false;
		out->len = (size_t)(w->rest.ptr - out->ptr);
		return true;
	}
	w->depth++;
	is_written = write_members(w, is_sorted, out);
	w->depth--;
	return is_written;
}

static bool rewrite(struct arena *arena, struct bytes text, bool is_sorted, struct bytes *out)
{
	struct writer w = {.arena = arena, .rest = text, .is_sorted = is_sorted};
	struct token token;

	return next_solid(&w, &token) && write_value(&w, &token, false, out) &&
	       next_solid(&w, &token) && !token.kind;
}

/* Blanks alone are no difference of order. */
static bool differ_in_blanks_alone(struct arena *arena, struct bytes a, struct bytes b)
{
	struct bytes x, y;

	return rewrite(arena, a, false, &x) && rewrite(arena, b, false, &y) && bytes_equal(x, y);
}

static bool collections_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	struct bytes x, y;

	if (!rewrite(run->arena, a, true, &x) || !rewrite(run->arena, b, true, &y) ||
		differ_in_blanks_alone(run->arena, a, b))
		return false;
	value_note(run, ALLOWANCE_ELEMENT_ORDER);
	return walk(run, x, y);
}

bool value_json_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	enum value_allowance before = run->why;

	if (walk(run, a, b))
		return true;
	run->why = before;
	return run->policy->is_unordered && !run->is_in_array && collections_agree(run, a, b);
}

bool value_json_is_shaped(struct value_run *run, struct bytes text)
{
	struct bytes out;

	return rewrite(run->arena, text, false, &out);
}
