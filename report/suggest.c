/*
 * The pattern is made of the statement's shape: any literal may stand where one stood, blanks
 * where blanks may stand.
 */
#include "report/suggest.h"

#include <ctype.h>
#include <inttypes.h>

#include "diffengine/shape.h"
#include "diffengine/verdict.h"
#include "report/text.h"

static bool is_word(uint32_t c)
{
	return c == '_' || c == '"' || c == '$' || c >= 0x80 || isalnum((int)c);
}

/* Inside a pattern inside a quoted string of the configuration. */
static bool put_mark(struct buf *out, uint32_t c)
{
	if (c == '\\')
		return buf_append_str(out, "\\\\\\\\");
	if (strchr("=<>,;:@!~%&'`#", (int)c))
		return buf_printf(out, "%c", (int)c);
	return buf_printf(out, "\\\\%c", (int)c);
}

static bool put_word(struct buf *out, struct bytes from, uint32_t c)
{
	if (c == TEXT_INVALID)
		return buf_append_str(out, ".");
	if (c == '"')
		return buf_append_str(out, "\\\"");
	if (c == '$')
		return buf_append_str(out, "\\\\$");
	return buf_append_bytes(out, from);
}

static bool take_dots(struct bytes *rest)
{
	if (rest->len < 3 || memcmp(rest->ptr, "...", 3) != 0)
		return false;
	*rest = bytes_skip(*rest, 3);
	return true;
}

#define COMMENT "--.*?\\\\n|/\\\\*.*?\\\\*/"

/* Blanks before a token: they must stand between two words, and may stand elsewhere. */
static bool put_blank(struct buf *out, bool is_between_words, bool has_comments)
{
	if (has_comments)
		return buf_append_str(out, "(?:\\\\s|" COMMENT ")*");
	return buf_append_str(out, is_between_words ? "\\\\s+" : "\\\\s*");
}

static bool has_comments(struct bytes statement)
{
	return memmem(statement.ptr, statement.len, "--", 2) ||
	       memmem(statement.ptr, statement.len, "/*", 2);
}

/* What stands for one token of punctuation, and for what was folded behind it. */
static bool put_punctuation(struct buf *out, struct bytes *rest, uint32_t c)
{
	if (c == '?') {
		(void)take_dots(rest);
		return buf_append_str(out, ".+?");
	}
	if (c < 0x20 || c == 0x7f)
		return buf_append_str(out, ".");
	return put_mark(out, c) && (c != ')' || !take_dots(rest) || buf_append_str(out, ".*?"));
}

static bool put_pattern(struct buf *out, struct bytes shape, bool is_commented)
{
	size_t start = buf_len(out);
	struct bytes rest = shape;
	bool was_word = false, has_blank = false;

	while (rest.len > 0 && buf_len(out) - start < SUGGEST_PATTERN_MAX) {
		struct bytes from = rest;
		uint32_t c = text_next(&rest);
		bool word = c == TEXT_INVALID || is_word(c), is_first = from.ptr == shape.ptr;

		if (c == ' ') {
			has_blank = true;
			continue;
		}
		if (!is_first && (has_blank || !word || !was_word) &&
			!put_blank(out, word && was_word, has_blank && is_commented))
			return false;
		from.len -= rest.len;
		if (!(word ? put_word(out, from, c) : put_punctuation(out, &rest, c)))
			return false;
		was_word = word;
		has_blank = false;
	}
	return rest.len > 0 || buf_append_str(out, "\\\\s*;?\\\\s*(?:--.*|/\\\\*.*)?$");
}

static bool put_quoted(struct buf *out, struct bytes text)
{
	bool ok = buf_append_byte(out, '"');

	while (ok && text.len > 0) {
		struct bytes from = text;
		uint32_t c = text_next(&text);

		from.len -= text.len;
		if (c == TEXT_INVALID || c < 0x20)
			ok = buf_append_byte(out, '?'); /* of a name: any character */
		else
			ok = (c != '"' && c != '\\') || buf_append_byte(out, '\\');
		ok = ok && (c == TEXT_INVALID || c < 0x20 || buf_append_bytes(out, from));
	}
	return ok && buf_append_byte(out, '"');
}

/* Which of the statement's differences. */
static bool put_selectors(struct buf *out, const struct group *g)
{
	const struct group_example *e = &g->examples[0];
	bool is_null = e->truth_null != e->candidate_null;

	if (g->key.kind == DIFF_VALUE || g->key.kind == DIFF_TYPE || g->key.kind == DIFF_FORMAT) {
		if (e->column_name.len > 0 &&
			(!buf_append_str(out, ", column = ") || !put_quoted(out, e->column_name)))
			return false;
		if (g->key.kind == DIFF_VALUE && is_null && !buf_append_str(out, ", null = true"))
			return false;
	}
	return buf_printf(
		out, ", kinds = [ %s ] }", diff_kind_info((enum diff_kind)g->key.kind)->name);
}

bool suggest_rule(struct buf *out, const struct group *g)
{
	struct buf shape;
	bool ok;

	buf_reset(out);
	if (g->key.kind < 0 || g->key.kind >= DIFF_KIND_COUNT || g->key.statement.len == 0 ||
		g->example_count == 0)
		return false;
	buf_init(&shape, SHAPE_MAX);
	ok = shape_write(&shape, g->key.statement) && buf_len(&shape) > 0 &&
	     buf_printf(out,
		     "{ name = %s-%08" PRIx32 ", reason = \"say why this does not matter\", "
		     "action = ignore\n  statement = \"^",
		     diff_kind_info((enum diff_kind)g->key.kind)->name, (uint32_t)g->hash.low) &&
	     put_pattern(out, buf_bytes(&shape), has_comments(g->key.statement)) &&
	     buf_append_byte(out, '"') && put_selectors(out, g);
	buf_fini(&shape);
	return ok;
}

static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("/._-+,:@%", *path))
			return false;
	return true;
}

static bool put_path(struct buf *out, const char *path)
{
	bool is_bare = is_plain(path);
	bool ok = is_bare || buf_append_byte(out, '\'');

	for (; ok && *path; path++)
		ok = *path == '\'' ? buf_append_str(out, "'\\''")
				   : buf_append_byte(out, (unsigned char)*path);
	return ok && (is_bare || buf_append_byte(out, '\''));
}

bool suggest_replay(struct buf *out, const char *trace, int64_t session)
{
	buf_reset(out);
	return buf_printf(out, "twinkly-replay --sessions %" PRId64 " ", session) &&
	       put_path(out, trace);
}
