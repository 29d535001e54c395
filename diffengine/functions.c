/*
 * The built-in functions that neither write nor lock, sorted, for a binary search. What is
 * not here counts as writing, which costs speed and never correctness.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "diffengine/statement.h"

static const char *const harmless[] = {"abs", "acos", "acosd", "acosh", "age", "any_value",
	"array_agg", "array_append", "array_cat", "array_dims", "array_fill", "array_length",
	"array_lower", "array_ndims", "array_position", "array_positions", "array_prepend",
	"array_remove", "array_replace", "array_to_json", "array_to_string", "array_upper", "ascii",
	"asin", "asind", "asinh", "atan", "atan2", "avg", "bit_and", "bit_length", "bit_or",
	"bit_xor", "bool", "bool_and", "bool_or", "broadcast", "btrim", "cardinality", "cast",
	"cbrt", "ceil", "ceiling", "char_length", "character_length", "chr", "clock_timestamp",
	"coalesce", "col_description", "concat", "concat_ws", "convert", "convert_from",
	"convert_to", "corr", "cos", "cosd", "cosh", "cot", "count", "covar_pop", "covar_samp",
	"cume_dist", "current_database", "current_schema", "current_schemas", "current_setting",
	"current_user", "currval", "date", "date_bin", "date_part", "date_trunc", "daterange",
	"decode", "degrees", "dense_rank", "div", "encode", "erf", "every", "exp", "extract",
	"factorial", "family", "first_value", "float4", "float8", "floor", "format", "format_type",
	"gcd", "gen_random_uuid", "generate_series", "generate_subscripts", "get_bit", "get_byte",
	"greatest", "has_any_column_privilege", "has_column_privilege", "has_database_privilege",
	"has_function_privilege", "has_schema_privilege", "has_sequence_privilege",
	"has_table_privilege", "host", "inet_client_addr", "inet_client_port", "inet_server_addr",
	"inet_server_port", "initcap", "int4", "int4range", "int8", "int8range", "isempty",
	"isfinite", "json_agg", "json_array_elements", "json_array_elements_text",
	"json_array_length", "json_build_array", "json_build_object", "json_each", "json_each_text",
	"json_extract_path", "json_extract_path_text", "json_object", "json_object_agg",
	"json_object_keys", "json_populate_record", "json_populate_recordset", "json_strip_nulls",
	"json_to_record", "json_to_recordset", "json_typeof", "jsonb_agg", "jsonb_array_elements",
	"jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
	"jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path",
	"jsonb_extract_path_text", "jsonb_insert", "jsonb_object", "jsonb_object_agg",
	"jsonb_object_keys", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query",
	"jsonb_path_query_array", "jsonb_path_query_first", "jsonb_pretty", "jsonb_set",
	"jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof",
	"justify_days", "justify_hours", "justify_interval", "lag", "last_value", "lcm", "lead",
	"least", "left", "length", "ln", "localtimestamp", "log", "log10", "lower", "lower_inc",
	"lpad", "ltrim", "make_date", "make_interval", "make_time", "make_timestamp",
	"make_timestamptz", "masklen", "max", "md5", "min", "mod", "mode", "multirange", "netmask",
	"network", "normalize", "now", "nth_value", "ntile", "nullif", "num_nonnulls", "num_nulls",
	"numrange", "obj_description", "octet_length", "overlay", "parse_ident", "percent_rank",
	"percentile_cont", "percentile_disc", "pg_backend_pid", "pg_client_encoding",
	"pg_column_size", "pg_database_size", "pg_encoding_to_char", "pg_function_is_visible",
	"pg_get_constraintdef", "pg_get_expr", "pg_get_function_arguments",
	"pg_get_function_identity_arguments", "pg_get_function_result", "pg_get_functiondef",
	"pg_get_indexdef", "pg_get_keywords", "pg_get_partkeydef", "pg_get_ruledef",
	"pg_get_serial_sequence", "pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef",
	"pg_has_role", "pg_indexes_size", "pg_is_in_recovery", "pg_my_temp_schema",
	"pg_postmaster_start_time", "pg_relation_filenode", "pg_relation_size", "pg_size_pretty",
	"pg_sleep", "pg_table_is_visible", "pg_table_size", "pg_total_relation_size",
	"pg_type_is_visible", "pg_typeof", "phraseto_tsquery", "plainto_tsquery", "position",
	"power", "quote_ident", "quote_literal", "quote_nullable", "radians", "random", "range_agg",
	"rank", "regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_matches",
	"regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "regexp_substr",
	"regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope",
	"regr_sxx", "regr_sxy", "regr_syy", "repeat", "replace", "reverse", "right", "round",
	"row_number", "row_to_json", "rpad", "rtrim", "scale", "session_user", "set_bit",
	"set_byte", "sha224", "sha256", "sha384", "sha512", "shobj_description", "sign",
	"similarity", "sin", "sind", "sinh", "split_part", "sqrt", "starts_with",
	"statement_timestamp", "stddev", "stddev_pop", "stddev_samp", "string_agg",
	"string_to_array", "string_to_table", "strpos", "substr", "substring", "sum", "tan", "tand",
	"tanh", "text", "timeofday", "to_ascii", "to_char", "to_date", "to_hex", "to_json",
	"to_jsonb", "to_number", "to_regclass", "to_regtype", "to_timestamp", "to_tsquery",
	"to_tsvector", "transaction_timestamp", "translate", "trim", "trim_array", "trim_scale",
	"trunc", "ts_headline", "ts_rank", "ts_rank_cd", "tsrange", "tstzrange",
	"tsvector_to_array", "unistr", "unnest", "upper", "upper_inc", "user", "var_pop",
	"var_samp", "variance", "version", "websearch_to_tsquery", "width_bucket", "xmlagg",
	"xpath"};

static int compare_names(const void *key, const void *row)
{
	const struct bytes *name = key;
	const char *const *known = row;
	int order = strncasecmp((const char *)name->ptr, *known, name->len);
	size_t len = strlen(*known);

	if (order || name->len == len)
		return order;
	return name->len < len ? -1 : 1;
}

bool function_is_harmless(struct bytes name)
{
	/* The longest name in the table has far fewer; strncasecmp must stay inside both. */
	if (name.len == 0 || name.len > 63)
		return false;
	return bsearch(&name, harmless, ARRAY_LEN(harmless), sizeof(harmless[0]), compare_names);
}
