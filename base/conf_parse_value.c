/*
 * Values: sections and arrays in other values, and scalars, which are joined from parts:
 *
 *	scalar = part { blanks part }     part = string | unquoted | "${" [ "?" ] NAME "}"
 *
 * Blanks between two parts are kept. A ${NAME} that stands alone is replaced by a copy of
 * the whole value it names, be it an array or a section.
 */
#include "base/conf_parse.h"

#include <stdlib.h>
#include <string.h>

struct joined {
	struct buf text;
	struct bytes gap;               /* the blanks before the next part */
	const struct conf_value *whole; /* what the last ${NAME} named in the file */
	size_t parts;
	bool is_bare;    /* unquoted text only: null means null */
	bool has_absent; /* a ${?NAME} gave nothing */
};

static bool too_long(struct conf_parser *p, struct conf_place place)
{
	return conf_fail(place, p->err, "a value longer than %zu bytes", CONF_FILE_MAX);
}

/* Begins the part at `place`: what is appended to j->text after this belongs to it. */
static bool begin_part(struct conf_parser *p, struct joined *j, struct conf_place place)
{
	if (j->whole && j->whole->kind != CONF_KIND_SCALAR)
		return conf_fail(place, p->err, "an array or section cannot be joined with a text");
	if (j->parts++ > 0 && !buf_append_bytes(&j->text, j->gap))
		return too_long(p, place);
	return true;
}

static bool add_part(
	struct conf_parser *p, struct joined *j, struct conf_place place, struct bytes text)
{
	if (!begin_part(p, j, place))
		return false;
	return buf_append_bytes(&j->text, text) || too_long(p, place);
}

static bool at_substitution(const struct conf_lexer *lex)
{
	return conf_lex_peek(lex, 0) == '$' && conf_lex_peek(lex, 1) == '{';
}

/* Can the byte at the cursor be part of an unquoted scalar? Blanks are dealt with apart. */
static bool at_unquoted(const struct conf_lexer *lex)
{
	int c = conf_lex_peek(lex, 0), after = conf_lex_peek(lex, 1);

	if (c <= ' ' || c == 0x7F || strchr(",]}={[\\\"", c))
		return false;
	if (conf_lex_at_line_end(lex) || at_substitution(lex))
		return false;
	/* "host:port" is a value, "key: value" is not. */
	return c != ':' || !(conf_lex_is_blank(after) || after == '\n' || after == CONF_END);
}

/* The name in ${NAME}, as text in the arena; the cursor stands behind "${" or "${?". */
static bool parse_reference(struct conf_parser *p, const char **name)
{
	size_t start = p->lex.pos;

	do {
		if (conf_lex_word(&p->lex).len == 0)
			return conf_lex_expected(&p->lex, "a name as in ${NAME}", p->err);
	} while (conf_lex_take(&p->lex, '.'));
	struct bytes text = bytes_of(p->lex.text.ptr + start, p->lex.pos - start);
	if (!conf_lex_take(&p->lex, '}'))
		return conf_lex_expected(&p->lex, "\"}\" after the name", p->err);
	*name = arena_copy_str(&p->conf->arena, text);
	return *name || conf_fail(p->lex.place, p->err, "the configuration needs too much memory");
}

/* An earlier key goes before the environment. */
static bool parse_substitution(struct conf_parser *p, struct joined *j)
{
	struct conf_place place = p->lex.place;
	const char *name = NULL;

	if (!conf_count_piece(p->conf, place, p->err))
		return false;
	conf_lex_next(&p->lex);
	conf_lex_next(&p->lex);
	bool is_optional = conf_lex_take(&p->lex, '?');
	if (!parse_reference(p, &name))
		return false;
	const struct conf_value *found = conf_value_at(p->conf, name);
	const char *text = found ? found->text : getenv(name);
	if (found && found->kind != CONF_KIND_SCALAR && j->parts > 0)
		return conf_fail(place, p->err, "an array or section cannot be joined with a text");
	if (found || text) {
		bool ok = add_part(p, j, place, bytes_str(text));
		j->whole = found;
		return ok;
	}
	j->has_absent = true;
	if (is_optional)
		return true;
	p->is_unresolved = true;
	return conf_fail(place, p->err,
		"${%s} is neither a key set before nor in the environment "
		"(${?%s} would leave the key out)",
		name, name);
}

static bool parse_unquoted(struct conf_parser *p, struct joined *j)
{
	struct conf_place place = p->lex.place;
	size_t start = p->lex.pos;

	while (at_unquoted(&p->lex))
		conf_lex_next(&p->lex);
	return add_part(p, j, place, bytes_of(p->lex.text.ptr + start, p->lex.pos - start));
}

/* All parts up to the end of the value. */
static bool parse_parts(struct conf_parser *p, struct joined *j)
{
	for (;;) {
		size_t gap = p->lex.pos;
		bool ok;

		conf_lex_skip_blanks(&p->lex);
		j->gap = bytes_of(p->lex.text.ptr + gap, p->lex.pos - gap);
		if (at_unquoted(&p->lex)) {
			if (!parse_unquoted(p, j))
				return false;
			continue;
		}
		if (at_substitution(&p->lex))
			ok = parse_substitution(p, j);
		else if (conf_lex_peek(&p->lex, 0) == '"')
			ok = begin_part(p, j, p->lex.place) &&
			     conf_lex_quoted(&p->lex, &j->text, p->err);
		else
			return true;
		j->is_bare = false;
		if (!ok)
			return false;
	}
}

static bool parse_scalar(
	struct conf_parser *p, size_t depth, const char *what, struct conf_value **value)
{
	struct joined j = {.is_bare = true};
	struct conf_place place = p->lex.place;

	buf_init(&j.text, CONF_FILE_MAX);
	bool ok = parse_parts(p, &j);
	*value = NULL;
	if (ok && j.parts == 0) {
		ok = j.has_absent || conf_lex_expected(&p->lex, what, p->err);
	} else if (ok) {
		if (j.parts == 1 && j.whole)
			*value = conf_value_copy(p->conf, j.whole, depth, place, p->err);
		else if (j.is_bare && bytes_equal_str(buf_bytes(&j.text), "null"))
			*value = conf_value_new(p->conf, CONF_KIND_NULL, place, p->err);
		else
			*value = conf_value_scalar(p->conf, buf_bytes(&j.text), place, p->err);
		ok = *value;
	}
	buf_fini(&j.text);
	return ok;
}

/* At the opening bracket; the items lie at `depth`. */
static bool parse_items(struct conf_parser *p, struct conf_value *array, size_t depth)
{
	struct conf_place opened = p->lex.place;
	struct conf_value *item;

	conf_lex_next(&p->lex);
	for (;;) {
		conf_lex_skip_space(&p->lex);
		if (conf_lex_take(&p->lex, ']'))
			return true;
		if (conf_lex_peek(&p->lex, 0) == CONF_END)
			return conf_fail(opened, p->err, "the array that begins here has no \"]\"");
		if (!conf_parse_value(p, depth, "a value or \"]\"", &item))
			return false;
		if (item && item->kind == CONF_KIND_NULL)
			return conf_fail(item->place, p->err, "null cannot be an item of an array");
		if (item)
			conf_value_append(array, item);
		if (!conf_parse_separator(p, ']'))
			return false;
	}
}

bool conf_parse_value(
	struct conf_parser *p, size_t depth, const char *what, struct conf_value **value)
{
	conf_lex_skip_blanks(&p->lex);
	int c = conf_lex_peek(&p->lex, 0);

	if (depth > CONF_DEPTH_MAX)
		return conf_fail(p->lex.place, p->err, "nested deeper than %d", CONF_DEPTH_MAX);
	if (c != '[' && c != '{')
		return parse_scalar(p, depth, what, value);
	*value = conf_value_new(
		p->conf, c == '[' ? CONF_KIND_ARRAY : CONF_KIND_OBJECT, p->lex.place, p->err);
	if (!*value)
		return false;
	return c == '[' ? parse_items(p, *value, depth + 1)
			: conf_parse_section(p, *value, depth + 1);
}
