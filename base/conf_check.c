/*
 * Checking a configuration against the table of keys. First every leaf of the tree is looked
 * for in the table (unknown keys), then every key of the table gets its effective value, the
 * file's or the default's (conf_evaluate.c). All faults are told, not only the first.
 */
#include "base/conf_check.h"

#include <string.h>

#include "base/conf_lex.h"

#define FAULTS_SHOWN 50
#define DOTTED_MAX   512 /* bytes of a dotted key */
#define KNOWN_MAX    96  /* bytes of a key that is compared for likeness */

struct check {
	struct conf *conf;
	const struct conf_key *keys;
	size_t count;
	struct conf_faults *faults;
	struct buf path; /* dotted, of the value looked at */
};

bool conf_fault_begin(struct conf_faults *faults, struct conf_place place)
{
	if (faults->count++ >= FAULTS_SHOWN)
		return false;
	if (place.line > 0)
		fprintf(faults->out, "%s:%u:%u: ", place.file, place.line, place.column);
	else
		fprintf(faults->out, "%s: ", place.file);
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance; one row of the matrix at a time. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[KNOWN_MAX + 1], width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t above = row[j + 1];

			row[j + 1] = least(least(above, row[j]) + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[width];
}

/* The known key that is most like `name`; NULL if none is like it by two thirds. */
static const char *nearest_key(const struct check *check, const char *name)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 1;

	if (strlen(name) > KNOWN_MAX)
		return NULL;
	for (size_t i = 0; i < check->count; i++) {
		const char *known = check->keys[i].name;
		size_t distance =
			strlen(known) <= KNOWN_MAX ? edit_distance(name, known) : KNOWN_MAX;

		if (distance < best) {
			best = distance;
			nearest = known;
		}
	}
	return nearest;
}

/* Is `value` what a key of the table names? Asked of the tree, because a quoted key may hold
 * dots of its own. */
static bool is_known(const struct check *check, const char *path, const struct conf_value *value)
{
	for (size_t i = 0; i < check->count; i++)
		if (strcmp(check->keys[i].name, path) == 0)
			return conf_value_at(check->conf, path) == value;
	return false;
}

static bool is_section(const struct check *check, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < check->count; i++)
		if (strncmp(check->keys[i].name, path, n) == 0 && check->keys[i].name[n] == '.')
			return true;
	return false;
}

static void refuse_leaf(const struct check *check, const char *path, const struct conf_value *value)
{
	if (!conf_fault_begin(check->faults, value->key_place))
		return;
	FILE *out = check->faults->out;
	if (is_section(check, path)) {
		fprintf(out, "%s: expected a section in braces, found %s\n", path,
			value->kind == CONF_KIND_ARRAY ? "an array" : "a single value");
		return;
	}
	const char *nearest = nearest_key(check, path);
	fputs("unknown key ", out);
	conf_quote(out, path, DOTTED_MAX);
	if (nearest)
		fprintf(out, "; did you mean \"%s\"?", nearest);
	fputc('\n', out);
}

/* Refuses all leaves under `object` that the table does not know; as deep as the tree. */
static void check_names(struct check *check, const struct conf_value *object)
{
	size_t len = buf_len(&check->path);

	for (const struct conf_value *it = object->first; it; it = it->next) {
		if (!buf_printf(&check->path, "%s%s", len ? "." : "", it->key)) {
			if (conf_fault_begin(check->faults, it->key_place))
				fprintf(check->faults->out, "a key longer than %d bytes\n",
					DOTTED_MAX);
			continue;
		}
		const char *path = buf_cstr(&check->path);
		if (!is_known(check, path, it)) {
			if (it->kind == CONF_KIND_OBJECT && it->first)
				check_names(check, it);
			else if (it->kind != CONF_KIND_OBJECT || !is_section(check, path))
				refuse_leaf(check, path, it);
		}
		buf_truncate(&check->path, len);
	}
}

static bool evaluate_all(struct check *check)
{
	struct conf *conf = check->conf;

	conf->entries = arena_alloc(&conf->arena, check->count * sizeof(*conf->entries));
	conf->entry_count = conf->entries ? check->count : 0;
	for (size_t i = 0; i < conf->entry_count; i++) {
		conf->entries[i].key = &check->keys[i];
		if (!conf_evaluate(conf, &conf->entries[i], check->faults))
			return false;
	}
	return conf->entries;
}

size_t conf_check(struct conf *conf, const struct conf_key *keys, size_t count, FILE *out)
{
	struct conf_faults faults = {.out = out};
	struct check check = {.conf = conf, .keys = keys, .count = count, .faults = &faults};

	buf_init(&check.path, DOTTED_MAX);
	check_names(&check, conf->root);
	buf_fini(&check.path);
	if (!evaluate_all(&check)) {
		faults.count++;
		fputs("the configuration needs too much memory\n", out);
	} else if (faults.count > FAULTS_SHOWN) {
		fprintf(out, "and %zu errors more\n", faults.count - FAULTS_SHOWN);
	}
	if (faults.count > 0)
		conf->entry_count = 0; /* half-filled entries are for nobody */
	return faults.count;
}
