/*
 * What is known of tables' unique keys, and what follows for a statement: whose rows an ORDER BY
 * puts into one sequence, and which picks at most one row. One cache per session; pure memory.
 * It also gathers the tables that were met and are not known, for whoever can ask the
 * database (diffengine/unique_query.h).
 *
 * Bounded: UNIQUE_TABLES_MAX tables, beyond which all are forgotten; UNIQUE_COLUMNS_MAX columns of
 * a table's keys in all, beyond which a table counts as having none; UNIQUE_ASKED_MAX open
 * questions, beyond which a table stays unknown.
 */
#ifndef DIFFENGINE_UNIQUE_KEYS_H
#define DIFFENGINE_UNIQUE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "diffengine/analysis.h"

#define UNIQUE_TABLES_MAX  256
#define UNIQUE_COLUMNS_MAX 128
#define UNIQUE_ASKED_MAX   16
#define UNIQUE_NAME_MAX    64 /* bytes of a column's name, with its end; PostgreSQL's NAMEDATALEN */

struct unique_column { /* a column of one key; those of a key stand together */
	uint32_t key;  /* any number that is the key's own */
	unsigned size; /* columns that the key has */
	bool is_nullable;
	char name[UNIQUE_NAME_MAX];
};

struct unique_table {
	char *schema; /* NULL: found by search_path */
	char *name;
	struct unique_column *columns;
	size_t column_count;
	bool is_asked; /* nothing is known yet */
};

struct unique_keys { /* zero it to start */
	struct unique_table *tables;
	size_t count, asked_count;
};

void unique_keys_fini(struct unique_keys *keys);
/* Forgets all tables and questions. */
void unique_keys_clear(struct unique_keys *keys);

/* Whether unique keys may decide what the statement alone leaves open. `is_partial`: its rows are a
 * part of a cursor's. */
bool unique_keys_matter(const struct analysis *analysis, bool is_partial);
/* Whether the lone table's keys determine the rows and their sequence. A table that is not known is
 * asked about, and does not. */
bool unique_keys_decide(struct unique_keys *keys, const struct analysis *analysis);

/* Adds a column to a table that is asked about. */
void unique_keys_add(struct unique_table *table, const struct unique_column *column);
/* What was asked about has been answered. */
void unique_keys_settle(struct unique_keys *keys);
/* It has not been: the tables are unknown again. */
void unique_keys_drop_asked(struct unique_keys *keys);

#endif
