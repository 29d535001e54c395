/*
 * Tainted tables: a list, looked at only where answers differ.
 */
#include "diffengine/taint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/analysis.h"

struct tainted {
	char *database, *table; /* one allocation */
	int64_t cause;
};

struct taint {
	struct tainted *tables;
	size_t count, cap;
	int64_t omitted;
};

struct taint *taint_new(void)
{
	return calloc(1, sizeof(struct taint));
}

void taint_reset(struct taint *taint)
{
	for (size_t i = 0; i < taint->count; i++)
		free(taint->tables[i].database);
	taint->count = 0;
}

void taint_free(struct taint *taint)
{
	if (!taint)
		return;
	taint_reset(taint);
	free(taint->tables);
	free(taint);
}

bool taint_is_empty(const struct taint *taint)
{
	return taint->count == 0;
}

static size_t find(const struct taint *taint, const char *database, const char *table)
{
	size_t i = 0;

	while (i < taint->count && (strcmp(taint->tables[i].table, table) != 0 ||
					   strcmp(taint->tables[i].database, database) != 0))
		i++;
	return i;
}

static bool grow(struct taint *taint)
{
	size_t cap = taint->cap ? 2 * taint->cap : 16;
	struct tainted *more = cap > TAINT_TABLES_MAX
				       ? NULL
				       : realloc(taint->tables, cap * sizeof(*taint->tables));

	if (!more)
		return false;
	taint->tables = more;
	taint->cap = cap;
	return true;
}

static void add(struct taint *taint, const char *database, const char *table, int64_t cause)
{
	size_t head = strlen(database) + 1, tail = strlen(table) + 1;
	char *names;

	if (find(taint, database, table) < taint->count)
		return;
	names = taint->count < taint->cap || grow(taint) ? malloc(head + tail) : NULL;
	if (!names) {
		taint->omitted++;
		return;
	}
	memcpy(names, database, head);
	memcpy(names + head, table, tail);
	taint->tables[taint->count++] =
		(struct tainted){.database = names, .table = names + head, .cause = cause};
}

void taint_add(
	struct taint *taint, const char *database, const struct analysis *analysis, int64_t cause)
{
	for (size_t i = 0; i < analysis->table_count; i++)
		if (analysis->tables[i].is_written)
			add(taint, database, analysis->tables[i].name, cause);
}

static void remove_at(struct taint *taint, size_t at)
{
	free(taint->tables[at].database);
	taint->tables[at] = taint->tables[--taint->count];
}

void taint_clear(struct taint *taint, const char *database, const struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->table_count; i++) {
		size_t at = find(taint, database, analysis->tables[i].name);

		if (analysis->tables[i].is_written && at < taint->count)
			remove_at(taint, at);
	}
}

void taint_subtract(struct taint *taint, const struct taint *tables)
{
	for (size_t i = 0; i < tables->count; i++) {
		size_t at = find(taint, tables->tables[i].database, tables->tables[i].table);

		if (at < taint->count)
			remove_at(taint, at);
	}
}

void taint_forget(struct taint *taint, const char *database)
{
	for (size_t i = taint->count; i > 0; i--)
		if (strcmp(taint->tables[i - 1].database, database) == 0)
			remove_at(taint, i - 1);
}

struct taint_cause taint_find(
	const struct taint *taint, const char *database, const struct analysis *analysis)
{
	struct taint_cause found = {0};

	for (size_t i = 0; i < analysis->table_count; i++) {
		size_t at = find(taint, database, analysis->tables[i].name);

		if (at == taint->count)
			continue;
		if (found.exchange == 0 || taint->tables[at].cause < found.exchange)
			found = (struct taint_cause){
				taint->tables[at].cause, taint->tables[at].table};
	}
	return found;
}

void taint_move(struct taint *taint, struct taint *from)
{
	for (size_t i = 0; i < from->count; i++)
		add(taint, from->tables[i].database, from->tables[i].table, from->tables[i].cause);
	taint->omitted += from->omitted;
	from->omitted = 0;
	taint_reset(from);
}

int64_t taint_omitted(const struct taint *taint)
{
	return taint->omitted;
}
