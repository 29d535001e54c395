/*
 * Names are made by the databases, in one form on both: "schema.name", an array by its
 * elements' type with "[]", a function with the types of its arguments. What a type consists
 * of comes with it. A database that has no multiranges has no such column of pg_range either, so
 * it is read through JSON.
 */
#include "diffengine/user_query.h"

#include <stdio.h>
#include <stdlib.h>

#include "diffengine/lookup.h"
#include "wire/encode.h"

#define QUERY_NAME "twinkly_types" /* of our statement and our portal */
#define QUERY_MAX  (1024 * 1024)
/* One look-up brings no more than this, so that it always fits the table. */
#define ROWS_MAX "2000"

#define SCHEMA                                                            \
	"CASE WHEN n.oid = pg_catalog.pg_my_temp_schema() THEN 'pg_temp'" \
	" ELSE pg_catalog.quote_ident(n.nspname) END || '.' || "

/* Columns: OID, name, kind, the type within. */
#define TYPES                                                                                  \
	"SELECT t.oid, " SCHEMA "pg_catalog.quote_ident(coalesce(e.typname, t.typname)) ||"    \
	" CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END,"                                      \
	" CASE WHEN e.oid IS NULL THEN t.typtype::pg_catalog.text ELSE 'a' END,"               \
	" CASE WHEN e.oid IS NOT NULL THEN e.oid WHEN t.typtype = 'd' THEN t.typbasetype ELSE" \
	" coalesce((SELECT CASE WHEN r.rngtypid = t.oid THEN r.rngsubtype ELSE r.rngtypid END" \
	" FROM ranges r WHERE t.oid IN (r.rngtypid, r.multi) LIMIT 1), 0) END"                 \
	" FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem"       \
	" AND t.typinput = 'pg_catalog.array_in'::pg_catalog.regproc"                          \
	" JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(e.typnamespace, t.typnamespace)"

#define RANGES                                                                                    \
	"WITH RECURSIVE ranges(rngtypid, rngsubtype, multi) AS (SELECT r.rngtypid, r.rngsubtype," \
	" (pg_catalog.to_jsonb(r)->>'rngmultitypid')::pg_catalog.oid FROM pg_catalog.pg_range r)"

#define FUNCTIONS                                                                   \
	"SELECT p.oid, " SCHEMA "pg_catalog.quote_ident(p.proname) || '(' ||"       \
	" pg_catalog.oidvectortypes(p.proargtypes) || ')', 'b'::pg_catalog.text, 0" \
	" FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"

#define OF_OIDS  " = ANY ($1::pg_catalog.oid[])"
#define OF_NAMES " x(id, name, kind, inside) WHERE name = ANY ($1::pg_catalog.text[])"

static const char *sql(const struct user_query *query)
{
	if (query->is_function)
		return query->is_candidate ? "SELECT * FROM (" FUNCTIONS
					     " WHERE p.oid >= 16384)" OF_NAMES
					   : FUNCTIONS " WHERE p.oid" OF_OIDS;
	if (query->is_candidate)
		return RANGES " SELECT * FROM (" TYPES " WHERE t.oid >= 16384)" OF_NAMES;
	return RANGES ", wanted(oid) AS (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid" OF_OIDS
		      " UNION SELECT u.oid FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid"
		      " JOIN LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype"
		      " UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a"
		      " WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0"
		      " AND NOT a.attisdropped"
		      " UNION ALL SELECT r.rngsubtype FROM ranges r WHERE r.rngtypid = t.oid"
		      " UNION ALL SELECT r.rngtypid FROM ranges r WHERE r.multi = t.oid)"
		      " u(oid) ON u.oid >= 16384) " TYPES
		      " WHERE t.oid IN (SELECT w.oid FROM wanted w) LIMIT " ROWS_MAX;
}

/* An array as text: "{16390,16402}", or "{"public.mood"}" */
static bool append_list(struct buf *out, const struct user_types *t, bool is_candidate)
{
	const char *comma = "";
	bool ok = buf_append_byte(out, '{');

	for (size_t i = 0; ok && !is_candidate && i < t->asked_count; i++, comma = ",")
		ok = buf_printf(out, "%s%u", comma, t->asked[i]);
	for (size_t i = 0; ok && is_candidate && i < t->count; i++) {
		if (t->entries[i].candidate)
			continue;
		ok = buf_append_str(out, comma) && lookup_append_quoted(out, t->entries[i].name);
		comma = ",";
	}
	return ok && buf_append_byte(out, '}');
}

bool user_query_write(struct buf *out, const struct user_types *t, const struct user_query *query)
{
	struct wire_value list;
	struct lookup lookup = {
		.name = QUERY_NAME, .sql = sql(query), .parameters = &list, .nparameters = 1};
	struct buf text;
	bool ok;

	buf_init(&text, QUERY_MAX);
	ok = append_list(&text, t, query->is_candidate);
	list = (struct wire_value){.data = buf_bytes(&text)};
	ok = ok && lookup_write(out, &lookup) &&
	     (query->is_final ? encode_sync(out) : encode_flush(out));
	buf_fini(&text);
	return ok;
}

static uint32_t number(struct bytes text)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%.*s", bytes_width(text, sizeof(digits) - 1),
		text.len ? (const char *)text.ptr : "");
	return (uint32_t)strtoul(digits, NULL, 10);
}

/* No type's name ends so: it would be quoted. */
static bool is_function(struct bytes name)
{
	return name.len > 0 && name.ptr[name.len - 1] == ')';
}

static void read_row(struct user_types *t, const struct user_query *query, struct bytes body)
{
	struct wire_items items;
	struct wire_value values[4];
	struct user_type type;
	char name[USER_TYPE_NAME_MAX + 1];

	if (!decode_data_row(body, &items) || items.count != ARRAY_LEN(values))
		return;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		(void)wire_value_next(&items, &values[i]);
	if (values[1].data.len > USER_TYPE_NAME_MAX ||
		is_function(values[1].data) != query->is_function)
		return;
	if (query->is_candidate) {
		user_types_pair(t, values[1].data, number(values[0].data));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", bytes_width(values[1].data, USER_TYPE_NAME_MAX),
		values[1].data.len ? (const char *)values[1].data.ptr : "");
	type = (struct user_type){.truth = number(values[0].data),
		.kind = user_type_kind_of(values[2].data.len ? (char)values[2].data.ptr[0] : 'b'),
		.within = number(values[3].data),
		.name = name};
	(void)!user_types_add(t, &type); /* without room it stays unknown */
}

bool user_query_read(
	struct user_types *t, const struct user_query *query, struct bytes answer, struct err *why)
{
	enum lookup_step step;
	struct bytes row;

	while ((step = lookup_next(&answer, &row, why)) == LOOKUP_ROW)
		read_row(t, query, row);
	return step == LOOKUP_END;
}
