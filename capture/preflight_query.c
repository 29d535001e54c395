/*
 * SQL texts. Names are qualified, since the search_path is a client's.
 */
#include "capture/preflight_query.h"

/* In what the shim puts there, so that it is known again. */
#define MARK "twinkly seeded"
/* Functions without arguments that make random uuids: PostgreSQL's own, and those that an
 * extension owns (pgcrypto, uuid-ossp). */
#define UUID_FUNCTIONS                                                                        \
	"FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace " \
	"WHERE p.proname IN ('gen_random_uuid', 'uuid_generate_v4') AND p.pronargs = 0 "      \
	"AND p.prorettype = 'pg_catalog.uuid'::pg_catalog.regtype "                           \
	"AND (n.nspname = 'pg_catalog' OR EXISTS (SELECT FROM pg_catalog.pg_depend d "        \
	"WHERE d.objid = p.oid AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass "    \
	"AND d.deptype = 'e'))"
#define UNSEEDED UUID_FUNCTIONS " AND p.prosrc NOT LIKE '%" MARK "%'"
/* Users' schemas. */
#define OURS                                                                \
	"n.nspname NOT IN ('pg_catalog', 'information_schema', 'twinkly') " \
	"AND n.nspname !~ '^pg_(toast|temp)'"
#define TABLES \
	"pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND " OURS
#define NAME "pg_catalog.format('%I.%I', n.nspname, c.relname)"
/* Nothing that an extension brings with it: versions of extensions are not the schema. */
#define NOT_OF_EXTENSION                                                             \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid " \
	"AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e')"

bool preflight_query_limits(struct buf *out, int64_t statement_us)
{
	return buf_printf(out,
		"SET statement_timeout = %lld; SET lock_timeout = 200; "
		"SET default_transaction_read_only = on",
		(long long)(statement_us / 1000));
}

const char *preflight_query_settings(void)
{
	return "SELECT 'setting', '', name, setting FROM pg_catalog.pg_settings WHERE name IN ("
	       "'server_version', 'server_encoding', 'TimeZone', 'DateStyle', 'IntervalStyle', "
	       "'extra_float_digits', 'bytea_output', 'search_path', "
	       "'standard_conforming_strings', 'default_transaction_isolation', "
	       "'lc_messages', 'lc_monetary', 'synchronize_seqscans', "
	       "'max_parallel_workers_per_gather', 'yb_effective_transaction_isolation_level', "
	       "'yb_ddl_transaction_block_enabled', "
	       "'yb_default_copy_from_rows_per_transaction') "
	       "OR name LIKE '%sequence_cache_minval' "
	       "UNION ALL SELECT 'fact', '', 'datcollate', datcollate::pg_catalog.text "
	       "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database() "
	       "UNION ALL SELECT 'fact', '', 'datctype', datctype::pg_catalog.text "
	       "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database() "
	       "UNION ALL SELECT 'fact', '', 'pid', "
	       "pg_catalog.pg_backend_pid()::pg_catalog.text "
	       "UNION ALL SELECT 'fact', '', 'sequences that cache values', "
	       "pg_catalog.count(*)::pg_catalog.text "
	       "FROM pg_catalog.pg_sequence WHERE seqcache > 1 "
	       "UNION ALL SELECT 'fact', '', 'random defaults', "
	       "pg_catalog.count(*)::pg_catalog.text FROM pg_catalog.pg_attrdef "
	       "WHERE pg_catalog.pg_get_expr(adbin, adrelid) ~* "
	       "'(gen_random_uuid|uuid_generate_v4|random)\\(' "
	       "UNION ALL SELECT 'fact', '', 'unseeded functions', "
	       "pg_catalog.count(*)::pg_catalog.text " UNSEEDED;
}

bool preflight_query_schema(struct buf *out, size_t rows_max)
{
	return buf_append_str(out,
		       "SELECT * FROM (SELECT 'table', " NAME
		       ", '', CASE c.relkind WHEN 'r' THEN 'table' "
		       "WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' "
		       "WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' "
		       "WHEN 'f' THEN 'foreign table' END "
		       "FROM " TABLES
		       " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')" NOT_OF_EXTENSION
		       " UNION ALL SELECT 'column', " NAME ", pg_catalog.quote_ident(a.attname), "
		       "pg_catalog.concat(pg_catalog.row_number() OVER (PARTITION BY c.oid "
		       "ORDER BY a.attnum), '. ', pg_catalog.format_type(a.atttypid, a.atttypmod), "
		       "CASE WHEN a.attnotnull THEN ' not null' END, "
		       "CASE WHEN a.attidentity <> '' THEN ' identity' "
		       "WHEN a.atthasdef THEN ' default' END) "
		       "FROM " TABLES " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
		       "WHERE a.attnum > 0 AND NOT a.attisdropped "
		       "AND c.relkind IN ('r', 'p', 'v', 'm', 'f')" NOT_OF_EXTENSION
		       " UNION ALL SELECT 'constraint', " NAME
		       ", pg_catalog.quote_ident(o.conname), "
		       "CASE o.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' "
		       "WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclude' "
		       "ELSE 'trigger' END "
		       "FROM " TABLES " JOIN pg_catalog.pg_constraint o ON o.conrelid = c.oid "
		       "WHERE o.contype <> 'n'" NOT_OF_EXTENSION " UNION ALL SELECT 'index', " NAME
		       ", pg_catalog.quote_ident(x.relname), "
		       "CASE WHEN NOT i.indisvalid THEN 'invalid' WHEN i.indisunique THEN 'unique' "
		       "ELSE 'not unique' END "
		       "FROM " TABLES " JOIN pg_catalog.pg_index i ON i.indrelid = c.oid "
		       "JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid "
		       "WHERE true" NOT_OF_EXTENSION ") q") &&
	       buf_printf(out, " LIMIT %zu", rows_max + 1);
}

const char *preflight_query_sequences(void)
{
	return "SELECT 'sequence', pg_catalog.format('%I.%I', schemaname, sequencename), '', "
	       "coalesce(last_value::pg_catalog.text, 'not used') FROM pg_catalog.pg_sequences";
}

bool preflight_query_count(struct buf *out, const char *table)
{
	return buf_printf(out, "SELECT 'rows', '', '', pg_catalog.count(*) FROM %s", table);
}

/* random() without a call in between, so that the planner puts the expression in the place of the
 * call: a builtin function's own code is reached by its number, whatever pg_proc says. */
#define RANDOM(range)   "pg_catalog.floor(pg_catalog.random() * " #range ")::pg_catalog.int8"
#define HEX(digits, of) "pg_catalog.lpad(pg_catalog.to_hex(" of "), " #digits ", '0')"
#define HEX_12          HEX(12, RANDOM(281474976710656))
#define HEX_3           HEX(3, RANDOM(4096))
#define VARIANT         "pg_catalog.to_hex(8 + " RANDOM(4) ")"
#define SEEDED_UUID                                                                      \
	"SELECT /* " MARK " */ (" HEX_12 " || '4' || " HEX_3 " || " VARIANT " || " HEX_3 \
	" || " HEX_12 ")::pg_catalog.uuid"

const char *preflight_query_install(void)
{
	return "CREATE SCHEMA IF NOT EXISTS twinkly; "
	       "CREATE TABLE IF NOT EXISTS twinkly.replaced "
	       "(name text PRIMARY KEY, definition text NOT NULL); "
	       "DO $do$ DECLARE f record; BEGIN "
	       "FOR f IN SELECT pg_catalog.format('%I.%I', n.nspname, p.proname) AS name, "
	       "pg_catalog.pg_get_functiondef(p.oid) AS definition " UNSEEDED " LOOP "
	       "INSERT INTO twinkly.replaced VALUES (f.name, f.definition) "
	       "ON CONFLICT (name) DO UPDATE SET definition = excluded.definition; "
	       "EXECUTE 'CREATE OR REPLACE FUNCTION ' || f.name || '() RETURNS pg_catalog.uuid "
	       "LANGUAGE sql VOLATILE PARALLEL RESTRICTED AS ' || "
	       "pg_catalog.quote_literal($body$" SEEDED_UUID "$body$); "
	       "END LOOP; END $do$; "
	       "SELECT 'shim', '', name, 'seeded' FROM twinkly.replaced ORDER BY name";
}

const char *preflight_query_remove(void)
{
	return "CREATE TEMP TABLE removed AS SELECT name, definition FROM twinkly.replaced; "
	       "DO $do$ DECLARE f record; BEGIN "
	       "FOR f IN SELECT definition FROM removed LOOP EXECUTE f.definition; "
	       "END LOOP; END $do$; DROP SCHEMA twinkly CASCADE; "
	       "SELECT 'shim', '', name, 'as it was' FROM removed ORDER BY name";
}
