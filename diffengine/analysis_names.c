/*
 * What builtin functions are like, by name; sorted, for a binary search. A function of another
 * schema than pg_catalog is not meant, but for the uuid makers, which extensions bring.
 *
 * nextval, currval and lastval are not volatile here: ids are compared exactly, because ids that
 * drift apart make every later statement differ.
 */
#include "diffengine/analysis_impl.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/statement.h"

struct known {
	const char *name;
	unsigned traits;
};

/* clang-format off */
static const struct known functions[] = {
	{"aclexplode", NAME_RETURNS_SET | NAME_METADATA},
	{"any_value", NAME_AGGREGATE},
	{"array_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"avg", NAME_AGGREGATE},
	{"bit_and", NAME_AGGREGATE},
	{"bit_or", NAME_AGGREGATE},
	{"bit_xor", NAME_AGGREGATE},
	{"bool_and", NAME_AGGREGATE},
	{"bool_or", NAME_AGGREGATE},
	{"clock_timestamp", NAME_CLOCK},
	{"col_description", NAME_METADATA},
	{"corr", NAME_AGGREGATE},
	{"count", NAME_AGGREGATE},
	{"covar_pop", NAME_AGGREGATE},
	{"covar_samp", NAME_AGGREGATE},
	{"cume_dist", NAME_AGGREGATE},
	{"current_database", NAME_METADATA},
	{"current_schema", NAME_METADATA},
	{"current_schemas", NAME_METADATA},
	{"current_setting", NAME_METADATA},
	{"dense_rank", NAME_AGGREGATE},
	{"every", NAME_AGGREGATE},
	{"first_value", NAME_AGGREGATE | NAME_RANKS},
	{"format_type", NAME_METADATA},
	{"gen_random_bytes", NAME_VOLATILE},
	{"gen_random_uuid", NAME_VOLATILE},
	{"gen_salt", NAME_VOLATILE},
	{"generate_series", NAME_RETURNS_SET},
	{"generate_subscripts", NAME_RETURNS_SET},
	{"getdatabaseencoding", NAME_METADATA},
	{"has_any_column_privilege", NAME_METADATA},
	{"has_column_privilege", NAME_METADATA},
	{"has_database_privilege", NAME_METADATA},
	{"has_foreign_data_wrapper_privilege", NAME_METADATA},
	{"has_function_privilege", NAME_METADATA},
	{"has_language_privilege", NAME_METADATA},
	{"has_parameter_privilege", NAME_METADATA},
	{"has_schema_privilege", NAME_METADATA},
	{"has_sequence_privilege", NAME_METADATA},
	{"has_server_privilege", NAME_METADATA},
	{"has_table_privilege", NAME_METADATA},
	{"has_tablespace_privilege", NAME_METADATA},
	{"has_type_privilege", NAME_METADATA},
	{"inet_client_addr", NAME_VOLATILE | NAME_METADATA},
	{"inet_client_port", NAME_VOLATILE | NAME_METADATA},
	{"inet_server_addr", NAME_VOLATILE | NAME_METADATA},
	{"inet_server_port", NAME_VOLATILE | NAME_METADATA},
	{"json_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_agg_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_array_elements", NAME_RETURNS_SET},
	{"json_array_elements_text", NAME_RETURNS_SET},
	{"json_each", NAME_RETURNS_SET},
	{"json_each_text", NAME_RETURNS_SET},
	{"json_object_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_object_agg_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_object_agg_unique", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_object_agg_unique_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"json_object_keys", NAME_RETURNS_SET},
	{"json_populate_recordset", NAME_RETURNS_SET},
	{"json_to_recordset", NAME_RETURNS_SET},
	{"jsonb_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_agg_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_array_elements", NAME_RETURNS_SET},
	{"jsonb_array_elements_text", NAME_RETURNS_SET},
	{"jsonb_each", NAME_RETURNS_SET},
	{"jsonb_each_text", NAME_RETURNS_SET},
	{"jsonb_object_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_object_agg_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_object_agg_unique", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_object_agg_unique_strict", NAME_AGGREGATE | NAME_COLLECTS},
	{"jsonb_object_keys", NAME_RETURNS_SET},
	{"jsonb_path_query", NAME_RETURNS_SET},
	{"jsonb_populate_recordset", NAME_RETURNS_SET},
	{"jsonb_to_recordset", NAME_RETURNS_SET},
	{"lag", NAME_AGGREGATE | NAME_RANKS},
	{"last_value", NAME_AGGREGATE | NAME_RANKS},
	{"lead", NAME_AGGREGATE | NAME_RANKS},
	{"max", NAME_AGGREGATE},
	{"min", NAME_AGGREGATE},
	{"mode", NAME_AGGREGATE},
	{"now", NAME_CLOCK},
	{"nth_value", NAME_AGGREGATE | NAME_RANKS},
	{"ntile", NAME_AGGREGATE | NAME_RANKS},
	{"obj_description", NAME_METADATA},
	{"percent_rank", NAME_AGGREGATE},
	{"percentile_cont", NAME_AGGREGATE},
	{"percentile_disc", NAME_AGGREGATE},
	{"pg_available_extensions", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_backend_pid", NAME_VOLATILE | NAME_METADATA},
	{"pg_blocking_pids", NAME_VOLATILE},
	{"pg_char_to_encoding", NAME_METADATA},
	{"pg_client_encoding", NAME_METADATA},
	{"pg_collation_is_visible", NAME_METADATA},
	{"pg_conf_load_time", NAME_VOLATILE | NAME_METADATA},
	{"pg_conversion_is_visible", NAME_METADATA},
	{"pg_current_logfile", NAME_VOLATILE},
	{"pg_current_snapshot", NAME_VOLATILE},
	{"pg_current_wal_flush_lsn", NAME_VOLATILE},
	{"pg_current_wal_insert_lsn", NAME_VOLATILE},
	{"pg_current_wal_lsn", NAME_VOLATILE},
	{"pg_current_xact_id", NAME_VOLATILE},
	{"pg_current_xact_id_if_assigned", NAME_VOLATILE},
	{"pg_cursor", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_database_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_describe_object", NAME_METADATA},
	{"pg_encoding_to_char", NAME_METADATA},
	{"pg_export_snapshot", NAME_VOLATILE},
	{"pg_function_is_visible", NAME_METADATA},
	{"pg_get_constraintdef", NAME_METADATA},
	{"pg_get_expr", NAME_METADATA},
	{"pg_get_function_arg_default", NAME_METADATA},
	{"pg_get_function_arguments", NAME_METADATA},
	{"pg_get_function_identity_arguments", NAME_METADATA},
	{"pg_get_function_result", NAME_METADATA},
	{"pg_get_function_sqlbody", NAME_METADATA},
	{"pg_get_functiondef", NAME_METADATA},
	{"pg_get_indexdef", NAME_METADATA},
	{"pg_get_keywords", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_get_object_address", NAME_METADATA},
	{"pg_get_partition_constraintdef", NAME_METADATA},
	{"pg_get_partkeydef", NAME_METADATA},
	{"pg_get_replica_identity_index", NAME_METADATA},
	{"pg_get_ruledef", NAME_METADATA},
	{"pg_get_serial_sequence", NAME_METADATA},
	{"pg_get_statisticsobjdef", NAME_METADATA},
	{"pg_get_triggerdef", NAME_METADATA},
	{"pg_get_userbyid", NAME_METADATA},
	{"pg_get_viewdef", NAME_METADATA},
	{"pg_has_role", NAME_METADATA},
	{"pg_identify_object", NAME_METADATA},
	{"pg_indexes_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_is_in_recovery", NAME_METADATA},
	{"pg_is_other_temp_schema", NAME_METADATA},
	{"pg_last_committed_xact", NAME_VOLATILE},
	{"pg_last_wal_receive_lsn", NAME_VOLATILE},
	{"pg_last_wal_replay_lsn", NAME_VOLATILE},
	{"pg_lock_status", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_my_temp_schema", NAME_VOLATILE | NAME_METADATA},
	{"pg_opclass_is_visible", NAME_METADATA},
	{"pg_operator_is_visible", NAME_METADATA},
	{"pg_opfamily_is_visible", NAME_METADATA},
	{"pg_options_to_table", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_postmaster_start_time", NAME_VOLATILE | NAME_METADATA},
	{"pg_prepared_statement", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_relation_filenode", NAME_VOLATILE | NAME_METADATA},
	{"pg_relation_filepath", NAME_VOLATILE | NAME_METADATA},
	{"pg_relation_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_safe_snapshot_blocking_pids", NAME_VOLATILE},
	{"pg_show_all_settings", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_snapshot_xmax", NAME_VOLATILE},
	{"pg_snapshot_xmin", NAME_VOLATILE},
	{"pg_stat_get_activity", NAME_VOLATILE},
	{"pg_stat_get_backend_pid", NAME_VOLATILE},
	{"pg_statistics_obj_is_visible", NAME_METADATA},
	{"pg_table_is_visible", NAME_METADATA},
	{"pg_table_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_tablespace_location", NAME_METADATA},
	{"pg_tablespace_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_timezone_abbrevs", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_timezone_names", NAME_RETURNS_SET | NAME_METADATA},
	{"pg_total_relation_size", NAME_VOLATILE | NAME_METADATA},
	{"pg_ts_config_is_visible", NAME_METADATA},
	{"pg_ts_dict_is_visible", NAME_METADATA},
	{"pg_ts_parser_is_visible", NAME_METADATA},
	{"pg_ts_template_is_visible", NAME_METADATA},
	{"pg_type_is_visible", NAME_METADATA},
	{"pg_xact_commit_timestamp", NAME_VOLATILE},
	{"random", NAME_VOLATILE},
	{"random_normal", NAME_VOLATILE},
	{"range_agg", NAME_AGGREGATE},
	{"range_intersect_agg", NAME_AGGREGATE},
	{"rank", NAME_AGGREGATE},
	{"regexp_matches", NAME_RETURNS_SET},
	{"regexp_split_to_table", NAME_RETURNS_SET},
	{"regr_avgx", NAME_AGGREGATE},
	{"regr_avgy", NAME_AGGREGATE},
	{"regr_count", NAME_AGGREGATE},
	{"regr_intercept", NAME_AGGREGATE},
	{"regr_r2", NAME_AGGREGATE},
	{"regr_slope", NAME_AGGREGATE},
	{"regr_sxx", NAME_AGGREGATE},
	{"regr_sxy", NAME_AGGREGATE},
	{"regr_syy", NAME_AGGREGATE},
	{"row_number", NAME_AGGREGATE | NAME_RANKS},
	{"shobj_description", NAME_METADATA},
	{"statement_timestamp", NAME_CLOCK},
	{"stddev", NAME_AGGREGATE},
	{"stddev_pop", NAME_AGGREGATE},
	{"stddev_samp", NAME_AGGREGATE},
	{"string_agg", NAME_AGGREGATE | NAME_COLLECTS},
	{"string_to_table", NAME_RETURNS_SET},
	{"sum", NAME_AGGREGATE},
	{"timeofday", NAME_CLOCK},
	{"to_regclass", NAME_METADATA},
	{"to_regcollation", NAME_METADATA},
	{"to_regnamespace", NAME_METADATA},
	{"to_regoper", NAME_METADATA},
	{"to_regproc", NAME_METADATA},
	{"to_regprocedure", NAME_METADATA},
	{"to_regrole", NAME_METADATA},
	{"to_regtype", NAME_METADATA},
	{"transaction_timestamp", NAME_CLOCK},
	{"txid_current", NAME_VOLATILE},
	{"txid_current_if_assigned", NAME_VOLATILE},
	{"txid_current_snapshot", NAME_VOLATILE},
	{"txid_snapshot_xip", NAME_VOLATILE},
	{"txid_snapshot_xmax", NAME_VOLATILE},
	{"txid_snapshot_xmin", NAME_VOLATILE},
	{"unnest", NAME_RETURNS_SET},
	{"uuid_generate_v1", NAME_VOLATILE},
	{"uuid_generate_v1mc", NAME_VOLATILE},
	{"uuid_generate_v4", NAME_VOLATILE},
	{"uuidv4", NAME_VOLATILE},
	{"uuidv7", NAME_VOLATILE},
	{"var_pop", NAME_AGGREGATE},
	{"var_samp", NAME_AGGREGATE},
	{"variance", NAME_AGGREGATE},
	{"version", NAME_VOLATILE | NAME_METADATA},
	{"xmlagg", NAME_AGGREGATE | NAME_COLLECTS},
};
/* clang-format on */

/* Not in functions.c, since they write, but they never return a set either. */
static const char *const scalars[] = {"nextval", "setval", "lastval", "set_config"};

static const char *const system_columns[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};

static int compare_names(const void *key, const void *row)
{
	return strcmp(key, ((const struct known *)row)->name);
}

static bool is_one_of(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

/* The name of a builtin, or of what may be one; NULL: it is in a schema of the user's. */
static const char *builtin_name(const struct cJSON *names)
{
	const char *schema = tree_qualifier(names), *name = tree_name(names);

	if (!schema || strcmp(schema, "pg_catalog") == 0)
		return name;
	if (name &&
		(strncmp(name, "uuid_generate_", 14) == 0 || strcmp(name, "gen_random_uuid") == 0))
		return name;
	return NULL;
}

unsigned analysis_traits_of_name(const char *name)
{
	const struct known *found =
		bsearch(name, functions, ARRAY_LEN(functions), sizeof(functions[0]), compare_names);

	return found ? found->traits : 0;
}

unsigned analysis_traits_of_call(const struct cJSON *names)
{
	const char *name = builtin_name(names);

	return name ? analysis_traits_of_name(name) : 0;
}

unsigned analysis_traits_of_column(const char *name)
{
	return is_one_of(name, system_columns, ARRAY_LEN(system_columns)) ? NAME_SYSTEM_COLUMN : 0;
}

bool analysis_is_known_call(const struct cJSON *names)
{
	const char *name = builtin_name(names);

	if (!name)
		return false;
	return analysis_traits_of_call(names) || function_is_harmless(bytes_str(name)) ||
	       is_one_of(name, scalars, ARRAY_LEN(scalars));
}
