/*
 * Which keys count: those whose index is valid, checked at once, not partial and on plain
 * columns, and that compares values as an ordinary `=` or ORDER BY of the column does (its type's
 * default operators, its own collation). A table with children that inherit from it has
 * none, since its keys do not reach them; a partitioned one's do.
 */
#include "diffengine/unique_query.h"

#include <stdio.h>
#include <stdlib.h>

#include "diffengine/lookup.h"
#include "wire/encode.h"

#define QUERY_NAME "twinkly_keys" /* of our statements, our portals and our savepoint */
#define QUERY_MAX  (64 * 1024)

/* Columns: the table's place in the question, the index, the key's size, column, nullable. */
#define SQL                                                                                        \
	"SELECT w.place, i.indexrelid, i.indnkeyatts, a.attname, NOT a.attnotnull"                 \
	" FROM (SELECT u.name, u.place, ($1::pg_catalog.text[])[u.place]"                          \
	" FROM pg_catalog.unnest($2::pg_catalog.text[]) WITH ORDINALITY u(name, place))"           \
	" w(name, place, schema)"                                                                  \
	" JOIN LATERAL (SELECT c.oid, c.relkind, c.relhassubclass FROM pg_catalog.pg_class c"      \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = w.name"       \
	" AND CASE w.schema WHEN '' THEN n.nspname = ANY (pg_catalog.current_schemas(true))"       \
	" WHEN 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()"                              \
	" ELSE n.nspname = w.schema END"                                                           \
	" ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname) LIMIT 1" \
	") c ON c.relkind = 'p' OR NOT c.relhassubclass"                                           \
	" JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indimmediate"   \
	" AND i.indisvalid AND i.indisready AND i.indislive AND NOT i.indisexclusion"              \
	" AND i.indpred IS NULL AND i.indexprs IS NULL"                                            \
	" CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) k(at)"               \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k.at]"      \
	" AND a.attcollation = i.indcollation[k.at]"                                               \
	" JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k.at] AND o.opcdefault"               \
	" ORDER BY 1, 2"

/* Names as an array's text: those of the tables, or their schemas ("": by search_path). */
static bool append_list(struct buf *out, const struct unique_keys *keys, bool is_schema)
{
	const char *comma = "";
	bool ok = buf_append_byte(out, '{');

	for (size_t i = 0; ok && i < keys->count; i++) {
		const struct unique_table *table = &keys->tables[i];
		const char *schema = table->schema ? table->schema : "";

		if (!table->is_asked)
			continue;
		ok = buf_append_str(out, comma) &&
		     lookup_append_quoted(out, is_schema ? schema : table->name);
		comma = ",";
	}
	return ok && buf_append_byte(out, '}');
}

/* A unit of its own. */
static bool write_plain(struct buf *out, const char *sql)
{
	struct lookup lookup = {.name = QUERY_NAME, .sql = sql};

	return lookup_write(out, &lookup) && encode_sync(out);
}

bool unique_query_write(struct buf *out, const struct unique_keys *keys, bool is_in_transaction)
{
	struct wire_value lists[2];
	struct lookup lookup = {
		.name = QUERY_NAME, .sql = SQL, .parameters = lists, .nparameters = 2};
	struct buf schemas, names;
	bool ok;

	buf_init(&schemas, QUERY_MAX);
	buf_init(&names, QUERY_MAX);
	ok = append_list(&schemas, keys, true) && append_list(&names, keys, false);
	lists[0] = (struct wire_value){.data = buf_bytes(&schemas)};
	lists[1] = (struct wire_value){.data = buf_bytes(&names)};
	ok = ok && (!is_in_transaction || write_plain(out, "SAVEPOINT " QUERY_NAME)) &&
	     lookup_write(out, &lookup) && encode_sync(out) &&
	     (!is_in_transaction || write_plain(out, "RELEASE SAVEPOINT " QUERY_NAME));
	buf_fini(&schemas);
	buf_fini(&names);
	return ok;
}

bool unique_query_write_back(struct buf *out)
{
	/* The portal that failed is there until the savepoint is gone back to. */
	return encode_close(out, 'P', QUERY_NAME) &&
	       write_plain(out, "ROLLBACK TO SAVEPOINT " QUERY_NAME) &&
	       write_plain(out, "RELEASE SAVEPOINT " QUERY_NAME);
}

static uint32_t number(struct bytes text)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%.*s", bytes_width(text, sizeof(digits) - 1),
		text.len ? (const char *)text.ptr : "");
	return (uint32_t)strtoul(digits, NULL, 10);
}

/* The table that was asked about in that place, from 1. */
static struct unique_table *table_at(struct unique_keys *keys, uint32_t place)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->tables[i].is_asked && place-- == 1)
			return &keys->tables[i];
	return NULL;
}

static void read_row(struct unique_keys *keys, struct bytes body)
{
	struct unique_table *table;
	struct unique_column column;
	struct wire_items items;
	struct wire_value values[5];

	if (!decode_data_row(body, &items) || items.count != ARRAY_LEN(values))
		return;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		(void)wire_value_next(&items, &values[i]);
	table = table_at(keys, number(values[0].data));
	if (!table || values[3].data.len >= UNIQUE_NAME_MAX)
		return;
	column = (struct unique_column){.key = number(values[1].data),
		.size = number(values[2].data),
		.is_nullable = !bytes_equal_str(values[4].data, "f")};
	snprintf(column.name, sizeof(column.name), "%.*s",
		bytes_width(values[3].data, UNIQUE_NAME_MAX - 1),
		values[3].data.len ? (const char *)values[3].data.ptr : "");
	if (column.size > 0)
		unique_keys_add(table, &column);
}

bool unique_query_read(struct unique_keys *keys, struct bytes answer, struct err *why)
{
	enum lookup_step step;
	struct bytes row;

	while ((step = lookup_next(&answer, &row, why)) == LOOKUP_ROW)
		read_row(keys, row);
	if (step == LOOKUP_END)
		unique_keys_settle(keys);
	else
		unique_keys_drop_asked(keys);
	return step == LOOKUP_END;
}
