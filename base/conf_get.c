/*
 * The values of a checked configuration. Asking for a key that is not in the table, or as
 * another type, is a bug of ours and asserted.
 */
#include "base/conf.h"

#include <assert.h>
#include <string.h>

#include "base/conf_tree.h"

static const struct conf_entry *entry_of(const struct conf *conf, const char *key)
{
	for (size_t i = 0; i < conf->entry_count; i++)
		if (strcmp(conf->entries[i].key->name, key) == 0)
			return &conf->entries[i];
	assert(!"a key of the checked table");
	return NULL;
}

const char *conf_string(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(entry->key->type == CONF_STRING || entry->key->type == CONF_ENUM);
	return entry->text;
}

int64_t conf_integer(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);
	enum conf_type type = entry->key->type;

	assert(type == CONF_INTEGER || type == CONF_DURATION || type == CONF_SIZE ||
		type == CONF_ENUM);
	return entry->integer;
}

double conf_number(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(entry->key->type == CONF_NUMBER);
	return entry->number;
}

bool conf_boolean(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(entry->key->type == CONF_BOOLEAN);
	return entry->integer != 0;
}

static bool is_array(const struct conf_entry *entry)
{
	return entry->key->type == CONF_STRINGS || entry->key->type == CONF_LIST;
}

size_t conf_count(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(is_array(entry));
	return entry->count;
}

const char *conf_item(const struct conf *conf, const char *key, size_t i)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(is_array(entry) && i < entry->count);
	return entry->items[i];
}

struct conf *conf_section(const struct conf *conf, const char *key, size_t i)
{
	const struct conf_entry *entry = entry_of(conf, key);
	struct conf *section = conf_new_empty();

	assert(i < entry->count && entry->values[i]->kind == CONF_KIND_OBJECT);
	if (!section)
		return NULL;
	const struct conf_value *value = entry->values[i];
	section->root = conf_value_copy(section, value, 1, value->place, NULL);
	if (section->root)
		return section;
	conf_free(section);
	return NULL;
}

/* As deep as the trees. */
static bool is_same_value(const struct conf_value *a, const struct conf_value *b)
{
	const struct conf_value *of_a = a->first, *of_b = b->first;

	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == CONF_KIND_SCALAR)
		return strcmp(a->text, b->text) == 0;
	for (; of_a && of_b; of_a = of_a->next, of_b = of_b->next) {
		if (a->kind == CONF_KIND_OBJECT && strcmp(of_a->key, of_b->key) != 0)
			return false;
		if (!is_same_value(of_a, of_b))
			return false;
	}
	return true;
}

bool conf_are_same_items(const struct conf *a, const struct conf *b, const char *key)
{
	const struct conf_entry *of_a = entry_of(a, key), *of_b = entry_of(b, key);

	if (of_a->is_set != of_b->is_set || of_a->count != of_b->count)
		return false;
	for (size_t i = 0; i < of_a->count; i++)
		if (!is_same_value(of_a->values[i], of_b->values[i]))
			return false;
	return true;
}

const char *conf_place(const struct conf *conf, const char *key, size_t i)
{
	const struct conf_entry *entry = entry_of(conf, key);

	return i < entry->count ? entry->places[i] : entry->place;
}
