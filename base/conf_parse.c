/*
 * The grammar of sections: members, keys, include. A section is parsed straight into its
 * object in the tree, so that later members see earlier ones and repeated sections merge.
 *
 *	members = { member ( "," | newline ) }
 *	member  = "include" string | path ( "=" | ":" | "+=" ) value | path [ "=" ] section
 *	path    = name { "." name }          section = "{" members "}"
 */
#include "base/conf_parse.h"

#include <string.h>

struct path {
	struct {
		const char *name;
		struct conf_place place;
	} steps[CONF_DEPTH_MAX];
	size_t count;
};

static bool expected(struct conf_parser *p, const char *what)
{
	return conf_lex_expected(&p->lex, what, p->err);
}

static bool out_of_memory(struct conf_parser *p)
{
	return conf_fail(p->lex.place, p->err, "the configuration needs too much memory");
}

static bool parse_name(struct conf_parser *p, const char **name)
{
	if (!conf_count_piece(p->conf, p->lex.place, p->err))
		return false;
	if (conf_lex_peek(&p->lex, 0) != '"') {
		struct bytes word = conf_lex_word(&p->lex);

		if (word.len == 0)
			return expected(p, "a key");
		*name = arena_copy_str(&p->conf->arena, word);
		return *name || out_of_memory(p);
	}
	struct buf text;
	buf_init(&text, CONF_FILE_MAX);
	bool ok = conf_lex_quoted(&p->lex, &text, p->err);
	if (ok) {
		*name = arena_copy_str(&p->conf->arena, buf_bytes(&text));
		ok = *name || out_of_memory(p);
	}
	buf_fini(&text);
	return ok;
}

/* A path whose first name lies at `depth`. */
static bool parse_path(struct conf_parser *p, size_t depth, struct path *path)
{
	path->count = 0;
	do {
		if (depth + path->count > CONF_DEPTH_MAX || path->count == CONF_DEPTH_MAX)
			return conf_fail(
				p->lex.place, p->err, "nested deeper than %d", CONF_DEPTH_MAX);
		path->steps[path->count].place = p->lex.place;
		if (!parse_name(p, &path->steps[path->count].name))
			return false;
		path->count++;
	} while (conf_lex_take(&p->lex, '.'));
	return true;
}

/* The section under `object` that step `i` names, made if need be; it takes the place of
 * anything else. NULL: err is set. */
static struct conf_value *open_section(
	struct conf_parser *p, struct conf_value *object, const struct path *path, size_t i)
{
	struct conf_value *section = conf_value_find(object, path->steps[i].name);

	if (section && section->kind == CONF_KIND_OBJECT)
		return section;
	section = conf_value_new(p->conf, CONF_KIND_OBJECT, p->lex.place, p->err);
	if (!section)
		return NULL;
	section->key = path->steps[i].name;
	section->key_place = path->steps[i].place;
	if (!conf_value_put(object, section, p->err))
		return NULL;
	return conf_value_find(object, section->key);
}

/* The section that holds the path's last name; NULL: err is set. */
static struct conf_value *open_parent(
	struct conf_parser *p, struct conf_value *object, const struct path *path)
{
	for (size_t i = 0; object && i + 1 < path->count; i++)
		object = open_section(p, object, path, i);
	return object;
}

static void unset(struct conf_value *object, const struct path *path)
{
	for (size_t i = 0; i + 1 < path->count; i++) {
		object = conf_value_find(object, path->steps[i].name);
		if (!object || object->kind != CONF_KIND_OBJECT)
			return;
	}
	conf_value_remove(object, path->steps[path->count - 1].name);
}

/* Puts `value` under the path's last name; `object` is the section that holds it. */
static bool put(struct conf_parser *p, struct conf_value *object, const struct path *path,
	struct conf_value *value)
{
	value->key = path->steps[path->count - 1].name;
	value->key_place = path->steps[path->count - 1].place;
	return conf_value_put(object, value, p->err);
}

static bool assign(struct conf_parser *p, struct conf_value *object, const struct path *path,
	struct conf_value *value)
{
	if (value->kind == CONF_KIND_NULL) {
		unset(object, path);
		return true;
	}
	object = open_parent(p, object, path);
	return object && put(p, object, path, value);
}

/* `path += item`: the array that is there, or a new one, gets one item more. */
static bool append(struct conf_parser *p, struct conf_value *object, const struct path *path,
	struct conf_value *item)
{
	if (item->kind == CONF_KIND_NULL)
		return conf_fail(item->place, p->err, "null cannot be an item of an array");
	object = open_parent(p, object, path);
	if (!object)
		return false;
	struct conf_value *array = conf_value_find(object, path->steps[path->count - 1].name);
	if (!array) {
		array = conf_value_new(p->conf, CONF_KIND_ARRAY, item->place, p->err);
		if (!array || !put(p, object, path, array))
			return false;
	}
	if (array->kind != CONF_KIND_ARRAY)
		return conf_fail(path->steps[path->count - 1].place, p->err,
			"\"+=\" appends to an array, but this key has another value");
	conf_value_append(array, item);
	return true;
}

/* What follows a path: "=", ":" or "+=". */
struct operation {
	const char *what; /* how a missing value is named */
	bool is_append;
};

static bool parse_operation(struct conf_parser *p, struct operation *op)
{
	if (conf_lex_take(&p->lex, '=')) {
		*op = (struct operation){.what = "a value after \"=\""};
	} else if (conf_lex_take(&p->lex, ':')) {
		*op = (struct operation){.what = "a value after \":\""};
	} else if (conf_lex_peek(&p->lex, 0) == '+' && conf_lex_peek(&p->lex, 1) == '=') {
		conf_lex_next(&p->lex);
		conf_lex_next(&p->lex);
		*op = (struct operation){.what = "a value after \"+=\"", .is_append = true};
	} else {
		return expected(p, "\"=\", \":\", \"+=\" or \"{\" after the key");
	}
	conf_lex_skip_blanks(&p->lex);
	return true;
}

/* `path {` or `path = {`, at the brace. */
static bool parse_named_section(
	struct conf_parser *p, struct conf_value *object, size_t depth, const struct path *path)
{
	object = open_parent(p, object, path);
	if (object)
		object = open_section(p, object, path, path->count - 1);
	return object && conf_parse_section(p, object, depth + path->count);
}

static bool at_include(struct conf_lexer lex)
{
	if (!bytes_equal_str(conf_lex_word(&lex), "include"))
		return false;
	conf_lex_skip_blanks(&lex);
	return conf_lex_peek(&lex, 0) == '"';
}

/* Appends `name` as seen from the folder of `file`. */
static bool append_path(struct buf *path, const char *file, struct bytes name)
{
	const char *slash = strrchr(file, '/');

	if (slash && !(name.len > 0 && name.ptr[0] == '/') &&
		!buf_append(path, file, (size_t)(slash + 1 - file)))
		return false;
	return buf_append_bytes(path, name);
}

static bool parse_include(struct conf_parser *p, struct conf_value *object, size_t depth)
{
	struct buf name, path;

	buf_init(&name, CONF_FILE_MAX);
	buf_init(&path, CONF_PATH_MAX);
	(void)conf_lex_word(&p->lex);
	conf_lex_skip_blanks(&p->lex);
	struct conf_place place = p->lex.place;
	bool ok = conf_lex_quoted(&p->lex, &name, p->err);
	if (ok && !append_path(&path, place.file, buf_bytes(&name)))
		ok = conf_fail(place, p->err, "the path is too long");
	ok = ok && conf_read_file(p, buf_cstr(&path), place, object, depth);
	buf_fini(&path);
	buf_fini(&name);
	return ok;
}

static bool parse_member(struct conf_parser *p, struct conf_value *object, size_t depth)
{
	struct path path;
	struct operation op = {0};
	struct conf_value *value;

	if (at_include(p->lex))
		return parse_include(p, object, depth);
	if (!parse_path(p, depth, &path))
		return false;
	conf_lex_skip_blanks(&p->lex);
	if (conf_lex_peek(&p->lex, 0) != '{' && !parse_operation(p, &op))
		return false;
	if (conf_lex_peek(&p->lex, 0) == '{' && !op.is_append)
		return parse_named_section(p, object, depth, &path);
	if (!conf_parse_value(p, depth + path.count - (op.is_append ? 0 : 1), op.what, &value))
		return false;
	if (!value)
		return true;
	return op.is_append ? append(p, object, &path, value) : assign(p, object, &path, value);
}

bool conf_parse_separator(struct conf_parser *p, char closer)
{
	bool line_ended = conf_lex_skip_space(&p->lex);
	int c = conf_lex_peek(&p->lex, 0);

	if (conf_lex_take(&p->lex, ',') || line_ended || c == closer || c == CONF_END)
		return true;
	return expected(p, "\",\" or a new line after the value (quote special characters)");
}

bool conf_parse_section(struct conf_parser *p, struct conf_value *object, size_t depth)
{
	struct conf_place opened = p->lex.place;

	conf_lex_next(&p->lex);
	for (;;) {
		conf_lex_skip_space(&p->lex);
		if (conf_lex_take(&p->lex, '}'))
			return true;
		if (conf_lex_peek(&p->lex, 0) == CONF_END)
			return conf_fail(
				opened, p->err, "the section that begins here has no \"}\"");
		if (!parse_member(p, object, depth) || !conf_parse_separator(p, '}'))
			return false;
	}
}

bool conf_parse_text(struct conf_parser *p, struct conf_value *object, size_t depth)
{
	conf_lex_skip_space(&p->lex);
	/* The whole may stand in braces, so that JSON is welcome. */
	if (conf_lex_peek(&p->lex, 0) == '{') {
		if (!conf_parse_section(p, object, depth))
			return false;
		conf_lex_skip_space(&p->lex);
		return conf_lex_peek(&p->lex, 0) == CONF_END ||
		       expected(p, "the end of the file after the last \"}\"");
	}
	while (conf_lex_peek(&p->lex, 0) != CONF_END) {
		if (!parse_member(p, object, depth) || !conf_parse_separator(p, ','))
			return false;
		conf_lex_skip_space(&p->lex);
	}
	return true;
}

/* The value of an override: in the syntax to its last byte, else plain text. */
static bool parse_override_value(struct conf_parser *p, size_t depth, struct conf_value **value)
{
	struct conf_place place = p->lex.place;
	struct bytes plain = bytes_skip(p->lex.text, p->lex.pos);

	if (conf_parse_value(p, depth, "a value", value)) {
		conf_lex_skip_blanks(&p->lex);
		if (conf_lex_peek(&p->lex, 0) == CONF_END)
			return true;
	} else if (p->is_unresolved) {
		return false;
	}
	*value = conf_value_scalar(p->conf, plain, place, p->err);
	return *value;
}

bool conf_parse_override(struct conf_parser *p)
{
	struct path path;
	struct conf_value *value;

	if (!parse_path(p, 1, &path))
		return false;
	bool is_append = conf_lex_take(&p->lex, '+');
	if (!conf_lex_take(&p->lex, '='))
		return expected(p, "\"=\" after the key");
	if (!parse_override_value(p, path.count + (is_append ? 1 : 0), &value))
		return false;
	if (!value)
		return true;
	return is_append ? append(p, p->conf->root, &path, value)
			 : assign(p, p->conf->root, &path, value);
}
