/*
 * The file, line by line: `key value`, comments, blank lines. "statement" begins an entry.
 * Comments behind a blank line, or before the first entry, belong to the entry that follows.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "diffengine/known_impl.h"
#include "diffengine/rules_impl.h"

struct parser {
	struct known *known;
	const char *path;
	struct bytes rest; /* lines to come */
	unsigned line;
	struct known_entry entry; /* the one being read */
	unsigned entry_line;      /* 0: none is */
	bool has_kind, has_truth, has_candidate;
	struct buf comment; /* of the entry being read */
	struct buf pending; /* comments of an entry to come */
	bool after_blank;
	struct err *err;
};

static bool fail(struct parser *p, unsigned line, size_t column, const char *what)
{
	return err_set(p->err, "%s:%u:%zu: %s", p->path, line, column, what);
}

static bool fail_memory(struct parser *p)
{
	return fail(p, p->line, 1, "there is no memory for this entry");
}

struct value { /* what stands behind a key */
	struct bytes text;
	size_t column; /* from 1, where it begins */
};

/* --- escapes --- */

static int hex_digit(unsigned char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at && (c < '0' || c <= '9' || c >= 'A') ? (int)(at - digits) : -1;
}

/* The byte that the escape at the front of `text` means, and its length; 0: it is none. */
static size_t unescape(struct bytes text, unsigned char *byte)
{
	int high, low;

	if (text.len >= 2 && text.ptr[1] == '\\') {
		*byte = '\\';
		return 2;
	}
	if (text.len < 4 || text.ptr[1] != 'x')
		return 0;
	high = hex_digit(text.ptr[2]);
	low = hex_digit(text.ptr[3]);
	if (high < 0 || low < 0)
		return 0;
	*byte = (unsigned char)(high * 16 + low);
	return 4;
}

/* Into the arena. */
static bool take_escaped(struct parser *p, const struct value *v, struct bytes *out)
{
	unsigned char *to = arena_alloc(&p->known->arena, v->text.len + 1);
	size_t len = 0, at = 0, taken;

	if (!to)
		return fail_memory(p);
	for (; at < v->text.len; at += taken) {
		taken = 1;
		to[len] = v->text.ptr[at];
		if (to[len] == '\\')
			taken = unescape(bytes_skip(v->text, at), &to[len]);
		if (taken == 0)
			return fail(p, p->line, v->column + at,
				"a backslash is written as \"\\\\\", any other byte as \"\\xNN\"");
		len++;
	}
	*out = bytes_of(to, len);
	return true;
}

static bool take_words(struct parser *p, const struct value *v, const char **out)
{
	if (*out)
		return fail(p, p->line, 1, "the entry has this line already");
	if (v->text.len == 0)
		return fail(p, p->line, v->column, "something is missing behind the word");
	if (v->text.len > KNOWN_WORDS_MAX)
		return fail(p, p->line, v->column + KNOWN_WORDS_MAX, "the line is too long");
	*out = arena_copy_str(&p->known->arena, v->text);
	return *out || fail_memory(p);
}

/* --- the lines of an entry --- */

static bool take_kind(struct parser *p, const struct value *v)
{
	char name[64];
	unsigned kind;

	snprintf(name, sizeof(name), "%.*s", bytes_width(v->text, sizeof(name)),
		v->text.len > 0 ? (const char *)v->text.ptr : "");
	if (p->has_kind)
		return fail(p, p->line, 1, "the entry has a kind already");
	if (v->text.len >= sizeof(name) || !rules_find_kind(name, &kind))
		return fail(p, p->line, v->column,
			"there is no such kind of difference; twinkly-report --help names them");
	p->entry.kind = (enum diff_kind)kind;
	p->has_kind = true;
	return true;
}

static bool is_state(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!(text.ptr[i] >= '0' && text.ptr[i] <= '9') &&
			!(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'))
			return false;
	return text.len == KNOWN_STATE_MAX - 1;
}

static bool take_state(struct parser *p, const struct value *v, char *state, bool *has)
{
	if (*has)
		return fail(p, p->line, 1, "the entry has this side already");
	*has = true;
	if (bytes_equal_str(v->text, "success"))
		return true;
	if (!is_state(v->text))
		return fail(p, p->line, v->column,
			"an SQLSTATE of five digits and capitals is expected, or \"success\"");
	snprintf(state, KNOWN_STATE_MAX, "%.*s", KNOWN_STATE_MAX - 1, (const char *)v->text.ptr);
	return true;
}

static bool take_count(struct parser *p, const struct value *v)
{
	int64_t count = 0;

	for (size_t i = 0; i < v->text.len; i++) {
		if (v->text.ptr[i] < '0' || v->text.ptr[i] > '9' || i > 17)
			return fail(p, p->line, v->column + i, "a number is expected");
		count = count * 10 + (v->text.ptr[i] - '0');
	}
	if (v->text.len == 0)
		return fail(p, p->line, v->column, "a number is expected");
	p->entry.count = count;
	return true;
}

static bool take_until(struct parser *p, const struct value *v)
{
	if (!take_words(p, v, &p->entry.until))
		return false;
	return rules_is_date(p->entry.until) ||
	       fail(p, p->line, v->column, "a date is expected (YYYY-MM-DD)");
}

static bool take_column(struct parser *p, const struct value *v)
{
	if (p->entry.column.len > 0)
		return fail(p, p->line, 1, "the entry has a column already");
	if (v->text.len == 0 || v->text.len > (size_t)4 * KNOWN_WORDS_MAX)
		return fail(p, p->line, v->column, "the name of a column is expected");
	return take_escaped(p, v, &p->entry.column);
}

static bool has_name(const struct known *known, const char *name)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->entries[i]->name && strcmp(known->entries[i]->name, name) == 0)
			return true;
	return false;
}

/* A name of digits would look like an entry's number. */
static bool take_name(struct parser *p, const struct value *v)
{
	if (!take_words(p, v, &p->entry.name))
		return false;
	if (strspn(p->entry.name, "0123456789") == v->text.len)
		return fail(p, p->line, v->column, "a name must not be a number");
	return !has_name(p->known, p->entry.name) ||
	       fail(p, p->line, v->column, "another entry has this name");
}

/* --- entries --- */

static bool keep_comment(struct parser *p, struct buf *comment, const char **out)
{
	if (buf_len(comment) == 0)
		return true;
	*out = arena_copy_str(&p->known->arena, buf_bytes(comment));
	buf_reset(comment);
	return *out || fail_memory(p);
}

static bool end_entry(struct parser *p)
{
	unsigned line = p->entry_line;

	if (line == 0)
		return true;
	p->entry_line = 0;
	if (!p->has_kind)
		return fail(p, line, 1, "this entry has no \"kind\"");
	if (known_has_states(p->entry.kind) != (p->has_truth && p->has_candidate) ||
		p->has_truth != p->has_candidate)
		return fail(p, line, 1,
			"\"truth\" and \"candidate\" belong to kinds of errors, and both to each");
	if (!keep_comment(p, &p->comment, &p->entry.comment))
		return false;
	if (known_lookup(p->known, &p->entry))
		return fail(p, line, 1, "another entry says the same");
	if (p->known->count == KNOWN_ENTRIES_MAX)
		return fail(p, line, 1, "there are more than 10000 entries");
	return known_insert(p->known, &p->entry) || fail_memory(p);
}

static bool begin_entry(struct parser *p, const struct value *v)
{
	if (!end_entry(p))
		return false;
	p->entry = (struct known_entry){.kind = DIFF_KIND_COUNT};
	p->entry_line = p->line;
	p->has_kind = p->has_truth = p->has_candidate = false;
	if (v->text.len > (size_t)4 * NORMALISE_MAX)
		return fail(p, p->line, v->column, "the statement is too long");
	if (!buf_append_bytes(&p->comment, buf_bytes(&p->pending)))
		return fail(p, p->line, 1, "the comments before this entry are too long");
	buf_reset(&p->pending);
	return take_escaped(p, v, &p->entry.statement);
}

static bool take_key(struct parser *p, struct bytes key, const struct value *v)
{
	if (bytes_equal_str(key, "statement"))
		return begin_entry(p, v);
	if (p->entry_line == 0)
		return fail(p, p->line, 1, "an entry begins with \"statement\"");
	if (bytes_equal_str(key, "kind"))
		return take_kind(p, v);
	if (bytes_equal_str(key, "column"))
		return take_column(p, v);
	if (bytes_equal_str(key, "truth"))
		return take_state(p, v, p->entry.truth, &p->has_truth);
	if (bytes_equal_str(key, "candidate"))
		return take_state(p, v, p->entry.candidate, &p->has_candidate);
	if (bytes_equal_str(key, "count"))
		return take_count(p, v);
	if (bytes_equal_str(key, "name"))
		return take_name(p, v);
	if (bytes_equal_str(key, "reason"))
		return take_words(p, v, &p->entry.reason);
	if (bytes_equal_str(key, "until"))
		return take_until(p, v);
	return fail(p, p->line, 1,
		"unknown word; there are statement, kind, column, truth, candidate, count, name, "
		"reason and until");
}

static bool take_comment(struct parser *p, struct bytes line)
{
	struct buf *to = p->entry_line > 0 && !p->after_blank ? &p->comment : &p->pending;

	if (buf_append_bytes(to, line) && buf_append_byte(to, '\n'))
		return true;
	return fail(p, p->line, 1, "the comments here are too long");
}

/* A blank line before the first entry ends the file's own comments. */
static bool take_blank(struct parser *p)
{
	p->after_blank = true;
	if (p->entry_line > 0 || p->known->count > 0 || p->known->head)
		return true;
	return keep_comment(p, &p->pending, &p->known->head);
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool take_line(struct parser *p, struct bytes line)
{
	struct value v = {.column = 1};
	size_t len = 0, indent = 0;

	while (line.len > 0 && is_blank(line.ptr[line.len - 1]))
		line.len--;
	while (indent < line.len && is_blank(line.ptr[indent]))
		indent++;
	line = bytes_skip(line, indent);
	if (line.len == 0)
		return take_blank(p);
	if (line.ptr[0] == '#')
		return take_comment(p, line);
	while (len < line.len && !is_blank(line.ptr[len]))
		len++;
	v.text = bytes_skip(line, len);
	while (v.text.len > 0 && is_blank(v.text.ptr[0]))
		v.text = bytes_skip(v.text, 1);
	v.column = indent + (line.len - v.text.len) + 1;
	if (!take_key(p, bytes_of(line.ptr, len), &v))
		return false;
	p->after_blank = false;
	return true;
}

static bool take_lines(struct parser *p)
{
	while (p->rest.len > 0) {
		const unsigned char *end = memchr(p->rest.ptr, '\n', p->rest.len);
		size_t len = end ? (size_t)(end - p->rest.ptr) : p->rest.len;
		struct bytes line = bytes_of(p->rest.ptr, len);

		p->line++;
		if (memchr(line.ptr, '\0', len))
			return fail(p, p->line, 1, "this is no text: it has a NUL byte");
		if (!take_line(p, line))
			return false;
		p->rest = bytes_skip(p->rest, len + 1);
	}
	return end_entry(p) && keep_comment(p, &p->pending, &p->known->tail);
}

struct known *known_parse(const char *path, struct bytes text, struct err *err)
{
	struct parser p = {.path = path, .rest = text, .err = err, .known = known_new()};
	bool ok;

	if (!p.known) {
		err_set(err, "%s: out of memory", path);
		return NULL;
	}
	buf_init(&p.comment, KNOWN_COMMENT_MAX);
	buf_init(&p.pending, KNOWN_COMMENT_MAX);
	ok = take_lines(&p);
	buf_fini(&p.comment);
	buf_fini(&p.pending);
	if (ok)
		return p.known;
	known_free(p.known);
	return NULL;
}
