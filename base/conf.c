/*
 * Configurations as a whole: where their text comes from (file, included file, string,
 * command line). The grammar is in conf_parse.c, checking and getters in conf_check.c.
 */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_parse.h"
#include "base/conf_tree.h"
#include "base/file.h"

struct conf *conf_new_empty(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	arena_init(&conf->arena, CONF_MEMORY_MAX);
	conf->root = conf_value_new(conf, CONF_KIND_OBJECT, (struct conf_place){.file = ""}, NULL);
	if (!conf->root) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	arena_fini(&conf->arena);
	free(conf);
}

static bool is_open_already(const struct conf_source *source)
{
	for (const struct conf_source *it = source->parent; it; it = it->parent)
		if (it->is_file && it->device == source->device && it->inode == source->inode)
			return true;
	return false;
}

/* Reads `path` into `text` and identifies it in `source`. 0, or the error's number. */
static int slurp(const char *path, struct buf *text, struct conf_source *source)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return errno;
	int error = fstat(fd, &st) == 0 ? file_read_descriptor(fd, text) : errno;
	close(fd);
	if (error == EFBIG) /* the caller says so in its own words */
		error = 0;
	if (error == 0) {
		source->is_file = true;
		source->device = st.st_dev;
		source->inode = st.st_ino;
	}
	return error;
}

/* Parses `text` in the midst of what the parser is doing. */
static bool parse_nested(struct conf_parser *p, const struct conf_source *source,
	const struct conf_lexer *lex, struct conf_value *object, size_t depth)
{
	struct conf_lexer outer_lex = p->lex;
	const struct conf_source *outer = p->source;

	p->lex = *lex;
	p->source = source;
	bool ok = conf_parse_text(p, object, depth);
	p->lex = outer_lex;
	p->source = outer;
	return ok;
}

/* May the parser read one file more? */
static bool is_allowed(struct conf_parser *p, struct conf_place place, size_t depth)
{
	if (depth > CONF_INCLUDE_MAX)
		return conf_fail(
			place, p->err, "include goes deeper than %d files", CONF_INCLUDE_MAX);
	if (p->conf->files == CONF_FILES_MAX)
		return conf_fail(place, p->err, "more than %d files", CONF_FILES_MAX);
	p->conf->files++;
	return true;
}

static void cannot_read(struct conf_parser *p, const char *path, struct conf_place place, int error)
{
	if (p->source)
		conf_fail(place, p->err, "cannot read \"%s\": %s", path, strerror(error));
	else
		err_set(p->err, "cannot read \"%s\": %s", path, strerror(error));
}

bool conf_read_file(struct conf_parser *p, const char *path, struct conf_place place,
	struct conf_value *object, size_t depth)
{
	struct conf_source source = {
		.parent = p->source, .depth = p->source ? p->source->depth + 1 : 0};
	struct conf_lexer lex;
	struct buf text;
	bool ok = false;

	if (!is_allowed(p, place, source.depth))
		return false;
	buf_init(&text, CONF_FILE_MAX + 1);
	const char *name = arena_copy_str(&p->conf->arena, bytes_str(path));
	int error = name ? slurp(path, &text, &source) : ENOMEM;
	if (error) {
		cannot_read(p, path, place, error);
	} else if (buf_len(&text) > CONF_FILE_MAX) {
		err_set(p->err, "%s: is larger than %zu bytes", path, CONF_FILE_MAX);
	} else if (is_open_already(&source)) {
		conf_fail(place, p->err, "\"%s\" includes itself", path);
	} else {
		conf_lex_init(&lex, name, buf_bytes(&text));
		ok = parse_nested(p, &source, &lex, object, depth);
	}
	buf_fini(&text);
	return ok;
}

/* A new configuration, or NULL with err set. */
static struct conf *new_conf(struct err *err)
{
	struct conf *conf = conf_new_empty();

	if (!conf)
		err_set(err, "out of memory");
	return conf;
}

struct conf *conf_load(const char *path, struct err *err)
{
	struct conf *conf = new_conf(err);

	if (!conf)
		return NULL;
	struct conf_parser parser = {.conf = conf, .err = err};
	if (!conf_read_file(&parser, path, (struct conf_place){.file = path}, conf->root, 1)) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}

struct conf *conf_parse(const char *name, const char *text, size_t len, struct err *err)
{
	struct conf *conf = new_conf(err);
	struct conf_source source = {.parent = NULL};

	if (!conf)
		return NULL;
	struct conf_parser parser = {.conf = conf, .err = err, .source = &source};
	const char *own_name = arena_copy_str(&conf->arena, bytes_str(name));
	bool ok = false;
	if (len > CONF_FILE_MAX || !own_name) {
		err_set(err, "%s: is larger than %zu bytes", name, CONF_FILE_MAX);
	} else {
		conf_lex_init(&parser.lex, own_name, bytes_of(text, len));
		ok = conf_parse_text(&parser, conf->root, 1);
	}
	if (ok)
		return conf;
	conf_free(conf);
	return NULL;
}

bool conf_override(struct conf *conf, const char *assignment, struct err *err)
{
	struct conf_source source = {.parent = NULL};
	struct conf_parser parser = {.conf = conf, .err = err, .source = &source};
	size_t key = strcspn(assignment, "=");

	if (assignment[key] == '\0' || key == 0)
		return err_set(err, "-s \"%s\": expected KEY=VALUE", assignment);
	/* The value is left out: a place may be printed where a password may not. */
	struct bytes text = bytes_of(assignment, strlen(assignment));
	const char *name = arena_copy_str(&conf->arena, bytes_of(text.ptr, key));
	name = name ? arena_printf(&conf->arena, "-s %s=...", name) : NULL;
	if (!name || text.len > CONF_FILE_MAX)
		return err_set(err, "-s: the setting is larger than %zu bytes", CONF_FILE_MAX);
	conf_lex_init(&parser.lex, name, text);
	parser.lex.place.line = 0;
	return conf_parse_override(&parser);
}
