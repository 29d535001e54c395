/*
 * Splitting a line of a conversation into words.
 */
#include "tests/peer/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const unsigned char *at, *end;
	char *out; /* where the next resolved byte goes */
};

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (unsigned char)tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind the backslash. */
static bool take_escape(struct cursor *c, struct err *err)
{
	static const char from[] = "\"\\ntr", to[] = "\"\\\n\t\r";
	const char *found;

	if (c->at < c->end && *c->at == 'x') {
		int high = c->end - c->at > 2 ? hex_digit(c->at[1]) : -1;
		int low = high >= 0 ? hex_digit(c->at[2]) : -1;

		if (low < 0)
			return err_set(err, "\\x wants two hexadecimal digits");
		*c->out++ = (char)(high * 16 + low);
		c->at += 3;
		return true;
	}
	found = c->at < c->end && *c->at ? strchr(from, *c->at) : NULL;
	if (!found)
		return err_set(err, "unknown escape: use \\\" \\\\ \\n \\t \\r or \\xNN");
	*c->out++ = to[found - from];
	c->at++;
	return true;
}

static bool take_quoted(struct cursor *c, struct err *err)
{
	for (c->at++; c->at < c->end && *c->at != '"';) {
		if (*c->at != '\\')
			*c->out++ = (char)*c->at++;
		else if (c->at++, !take_escape(c, err))
			return false;
	}
	if (c->at == c->end)
		return err_set(err, "a quote is not closed");
	c->at++;
	return true;
}

static bool take_word(struct cursor *c, struct err *err)
{
	while (c->at < c->end && !isspace(*c->at)) {
		if (*c->at == '"') {
			if (!take_quoted(c, err))
				return false;
		} else {
			*c->out++ = (char)*c->at++;
		}
	}
	return true;
}

bool words_split(struct arena *arena, struct bytes line, struct words *out, struct err *err)
{
	struct cursor c = {.at = line.ptr, .end = line.ptr + line.len};
	struct word found[WORDS_MAX];

	/* Resolved text is never longer than its source; each word adds a NUL. */
	c.out = arena_alloc(arena, line.len + WORDS_MAX);
	if (!c.out)
		return err_set(err, "out of memory");
	for (out->count = 0;; out->count++) {
		while (c.at < c.end && isspace(*c.at))
			c.at++;
		if (c.at == c.end || *c.at == '#')
			break;
		if (out->count == WORDS_MAX)
			return err_set(err, "more than %d words in a line", WORDS_MAX);
		struct word *w = &found[out->count];

		*w = (struct word){.text = c.out, .is_quoted = *c.at == '"'};
		if (!take_word(&c, err))
			return false;
		w->len = (size_t)(c.out - w->text);
		*c.out++ = '\0';
	}
	out->items = arena_alloc(arena, (out->count + 1) * sizeof(*found));
	if (!out->items)
		return err_set(err, "out of memory");
	memcpy(out->items, found, out->count * sizeof(*found));
	return true;
}

bool word_is(const struct word *word, const char *keyword)
{
	return !word->is_quoted && strcmp(word->text, keyword) == 0;
}

const char *word_option(const struct word *word, const char *name, size_t *len)
{
	size_t n = strlen(name);

	if (word->is_quoted || strncmp(word->text, name, n) != 0 || word->text[n] != '=')
		return NULL;
	if (len)
		*len = word->len - n - 1;
	return word->text + n + 1;
}

bool word_number(const char *text, long min, long max, long *out)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end || errno || n < min || n > max)
		return false;
	*out = n;
	return true;
}
