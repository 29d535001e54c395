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

size_t conf_count(const struct conf *conf, const char *key)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(entry->key->type == CONF_STRINGS);
	return entry->count;
}

const char *conf_item(const struct conf *conf, const char *key, size_t i)
{
	const struct conf_entry *entry = entry_of(conf, key);

	assert(entry->key->type == CONF_STRINGS && i < entry->count);
	return entry->items[i];
}

const char *conf_place(const struct conf *conf, const char *key, size_t i)
{
	const struct conf_entry *entry = entry_of(conf, key);

	return i < entry->count ? entry->places[i] : entry->place;
}
