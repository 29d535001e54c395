/*
 * A session's cache of unique keys, and whether the columns of a statement cover one.
 */
#include "diffengine/unique_keys.h"

#include <stdlib.h>
#include <string.h>

static void free_table(struct unique_table *table)
{
	free(table->schema);
	free(table->name);
	free(table->columns);
}

void unique_keys_clear(struct unique_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free_table(&keys->tables[i]);
	keys->count = keys->asked_count = 0;
}

void unique_keys_fini(struct unique_keys *keys)
{
	unique_keys_clear(keys);
	free(keys->tables);
	keys->tables = NULL;
}

static bool is_table(const struct unique_table *table, const struct analysis_table *wanted)
{
	if (strcmp(table->name, wanted->name) != 0 || !table->schema != !wanted->schema)
		return false;
	return !wanted->schema || strcmp(table->schema, wanted->schema) == 0;
}

static const struct unique_table *find(
	const struct unique_keys *keys, const struct analysis_table *wanted)
{
	for (size_t i = 0; i < keys->count; i++)
		if (is_table(&keys->tables[i], wanted))
			return &keys->tables[i];
	return NULL;
}

static void ask(struct unique_keys *keys, const struct analysis_table *wanted)
{
	struct unique_table table = {.is_asked = true};

	if (keys->asked_count == UNIQUE_ASKED_MAX)
		return;
	if (keys->count == UNIQUE_TABLES_MAX && keys->asked_count > 0)
		return;
	if (keys->count == UNIQUE_TABLES_MAX)
		unique_keys_clear(keys);
	if (!keys->tables)
		keys->tables = calloc(UNIQUE_TABLES_MAX, sizeof(*keys->tables));
	table.name = strdup(wanted->name);
	table.schema = wanted->schema ? strdup(wanted->schema) : NULL;
	if (!keys->tables || !table.name || (wanted->schema && !table.schema)) {
		free_table(&table);
		return;
	}
	keys->tables[keys->count++] = table;
	keys->asked_count++;
}

/* Where all sort keys are shown, they themselves tell whether their sequence is the same. */
static bool has_hidden_key(const struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->key_count; i++) {
		const struct analysis_key *key = &analysis->keys[i];

		if (key->target == 0 && key->column == 0 && !key->name)
			return true;
	}
	return false;
}

bool unique_keys_matter(const struct analysis *analysis, bool is_partial)
{
	if (!analysis || !analysis->lone_table || analysis->has_inner_limit ||
		analysis->fixed_count + analysis->sorted_count == 0)
		return false;
	return is_partial || analysis->has_limit || analysis->has_offset ||
	       analysis->is_distinct_on || has_hidden_key(analysis);
}

static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* No two rows that `=` has let pass have NULL there; that they are sorted by it says nothing of
 * rows with NULL, of which a unique key may have many. */
static bool is_covered(const struct analysis *a, const struct unique_column *column)
{
	return is_among(a->fixed_columns, a->fixed_count, column->name) ||
	       (!column->is_nullable && is_among(a->sorted_columns, a->sorted_count, column->name));
}

static bool is_any_key_covered(const struct unique_table *table, const struct analysis *analysis)
{
	size_t i = 0;

	while (i < table->column_count) {
		const struct unique_column *first = &table->columns[i];
		unsigned covered = 0;

		for (; i < table->column_count && table->columns[i].key == first->key; i++)
			covered += is_covered(analysis, &table->columns[i]);
		if (covered == first->size)
			return true;
	}
	return false;
}

bool unique_keys_decide(struct unique_keys *keys, const struct analysis *analysis)
{
	const struct unique_table *table = find(keys, analysis->lone_table);

	if (!table)
		ask(keys, analysis->lone_table);
	return table && !table->is_asked && is_any_key_covered(table, analysis);
}

void unique_keys_add(struct unique_table *table, const struct unique_column *column)
{
	if (!table->columns)
		table->columns = calloc(UNIQUE_COLUMNS_MAX, sizeof(*table->columns));
	if (table->columns && table->column_count < UNIQUE_COLUMNS_MAX)
		table->columns[table->column_count++] = *column;
}

/* A table whose keys were cut counts as having none. */
void unique_keys_settle(struct unique_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct unique_table *table = &keys->tables[i];

		if (!table->is_asked)
			continue;
		table->is_asked = false;
		if (table->column_count == UNIQUE_COLUMNS_MAX)
			table->column_count = 0;
	}
	keys->asked_count = 0;
}

void unique_keys_drop_asked(struct unique_keys *keys)
{
	while (keys->count > 0 && keys->tables[keys->count - 1].is_asked)
		free_table(&keys->tables[--keys->count]);
	keys->asked_count = 0;
}
