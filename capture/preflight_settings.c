/*
 * The table of what two servers must agree in, and what removes each difference.
 */
#include "capture/preflight_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

struct setting_check {
	const char *name;
	enum preflight_weight weight; /* where the two differ */
	const char *advice;
};

#define ON_ONE_SIDE "ALTER DATABASE ... SET it on one of them, or let the client set it"

/* Rows of pg_settings, and "facts" that the query makes, whose values must be the same. */
static const struct setting_check same[] = {
	{"server_encoding", PREFLIGHT_MATTERS,
		"CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"},
	{"datcollate", PREFLIGHT_MATTERS,
		"CREATE DATABASE ... LC_COLLATE 'C' TEMPLATE template0; YugabyteDB has only C"},
	{"datctype", PREFLIGHT_MATTERS, "CREATE DATABASE ... LC_CTYPE alike, TEMPLATE template0"},
	{"TimeZone", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"DateStyle", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"IntervalStyle", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"extra_float_digits", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"bytea_output", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"search_path", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"standard_conforming_strings", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"default_transaction_isolation", PREFLIGHT_MATTERS, ON_ONE_SIDE},
	{"lc_messages", PREFLIGHT_NOTE, "SET lc_messages = 'C': errors are told apart in English"},
	{"lc_monetary", PREFLIGHT_NOTE, "SET it alike where the type money is used"},
	{"sequences that cache values", PREFLIGHT_MATTERS,
		"ALTER SEQUENCE ... CACHE 1; YugabyteDB: ysql_sequence_cache_minval=1 and "
		"ysql_sequence_cache_method=server before they are made"},
};

/* What stays, whether or not the two agree. */
static const struct setting_check quiet[] = {
	{"synchronize_seqscans", PREFLIGHT_NOTE, "off: the order of rows moves less"},
	{"max_parallel_workers_per_gather", PREFLIGHT_NOTE,
		"0: the order of rows moves less, and random() is seeded in the leader alone"},
};

static const char *value_of(const struct preflight_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->rows[i].name, name) == 0)
			return rows->rows[i].value;
	return NULL;
}

static const char *shown(const char *value)
{
	return value ? value : "(unknown)";
}

static void add(struct preflight_report *r, const struct setting_check *check,
	enum preflight_weight weight, const char *first, const char *second)
{
	struct preflight_finding f = {.weight = weight,
		.kind = "setting",
		.name = check->name,
		.values = {shown(first), shown(second)},
		.advice = check->advice};

	preflight_report_add(r, &f);
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

int preflight_major(const char *text)
{
	return text ? (int)strtol(text, NULL, 10) : 0;
}

static void compare_same(struct preflight_report *r, const struct preflight_sides *sides,
	const struct setting_check *check)
{
	const char *first = value_of(&sides->rows[0], check->name);
	const char *second = value_of(&sides->rows[1], check->name);

	add(r, check, is_same(first, second) ? PREFLIGHT_SAME : check->weight, first, second);
}

static bool is_c_collation(const char *value)
{
	return !value || strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0;
}

/* Two machines' libraries may sort the same language in two ways. */
static void recommend_c(struct preflight_report *r, const struct preflight_sides *sides)
{
	static const struct setting_check check = {.name = "collation other than C",
		.advice = "CREATE DATABASE ... LC_COLLATE 'C': libraries sort languages in "
			  "different ways"};
	const char *first = value_of(&sides->rows[0], "datcollate");
	const char *second = value_of(&sides->rows[1], "datcollate");

	if (is_same(first, second) && !is_c_collation(first))
		add(r, &check, PREFLIGHT_NOTE, first, second);
}

/* --- what the name of a setting does not say --- */

static bool is_yugabytedb(const struct preflight_rows *rows)
{
	const char *version = value_of(rows, "server_version");

	return version && strstr(version, "-YB-") != NULL;
}

static const char *effective_isolation(const struct preflight_rows *rows)
{
	const char *value = value_of(rows, "yb_effective_transaction_isolation_level");

	return value ? value : value_of(rows, "default_transaction_isolation");
}

static const char *ddl_is_transactional(const struct preflight_rows *rows)
{
	if (!is_yugabytedb(rows))
		return "yes";
	return is_same(value_of(rows, "yb_ddl_transaction_block_enabled"), "on") ? "yes" : "no";
}

static const char *copy_rows(const struct preflight_rows *rows)
{
	const char *value = value_of(rows, "yb_default_copy_from_rows_per_transaction");

	if (!value)
		return is_yugabytedb(rows) ? "20000" : "all";
	return strcmp(value, "0") == 0 ? "all" : value;
}

static const char *new_sequence_cache(const struct preflight_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strstr(rows->rows[i].name, "sequence_cache_minval"))
			return rows->rows[i].value;
	return is_yugabytedb(rows) ? "100 unless set" : "1";
}

static const struct derived {
	struct setting_check check;
	const char *(*of)(const struct preflight_rows *rows);
} derived[] = {
	{{"effective isolation", PREFLIGHT_MATTERS,
		 "YugabyteDB: yb_enable_read_committed_isolation=true"},
		effective_isolation},
	{{"DDL in transactions", PREFLIGHT_MATTERS,
		 "YugabyteDB: ysql_yb_ddl_transaction_block_enabled=true"},
		ddl_is_transactional},
	{{"COPY rows a transaction", PREFLIGHT_MATTERS,
		 "YugabyteDB: yb_default_copy_from_rows_per_transaction=0"},
		copy_rows},
	{{"cache of new sequences", PREFLIGHT_NOTE,
		 "YugabyteDB: ysql_sequence_cache_minval=1 and ysql_sequence_cache_method=server"},
		new_sequence_cache},
};

static void compare_derived(struct preflight_report *r, const struct preflight_sides *sides)
{
	for (size_t i = 0; i < ARRAY_LEN(derived); i++) {
		const char *first = derived[i].of(&sides->rows[0]);
		const char *second = derived[i].of(&sides->rows[1]);

		add(r, &derived[i].check,
			is_same(first, second) ? PREFLIGHT_SAME : derived[i].check.weight, first,
			second);
	}
}

static void compare_poolers(struct preflight_report *r, const bool *is_pooled)
{
	static const struct setting_check check = {.name = "connection pooler",
		.advice =
			"name the database's own port: a pooler changes sessions (YugabyteDB: the "
			"Connection Manager)"};

	add(r, &check, is_pooled[0] || is_pooled[1] ? PREFLIGHT_MATTERS : PREFLIGHT_SAME,
		is_pooled[0] ? "yes" : "no", is_pooled[1] ? "yes" : "no");
}

static bool is_none(const char *count)
{
	return !count || strcmp(count, "0") == 0;
}

/* Defaults that make values of their own on each side, and the functions that would not. */
static void compare_generated(
	struct preflight_report *r, const struct preflight_sides *sides, bool is_seeded)
{
	static const struct setting_check defaults = {.name = "columns with random defaults",
		.advice = "comparison.deterministic and twinkly-capture --install-shim: the same "
			  "values on both"};
	static const struct setting_check functions = {.name = "functions not seeded",
		.advice = "twinkly-capture --install-shim: comparison.deterministic has \"uuid\""};
	const char *name = is_seeded ? "unseeded functions" : "random defaults";
	const char *first = value_of(&sides->rows[0], name);
	const char *second = value_of(&sides->rows[1], name);
	bool matters = !is_none(first) || !is_none(second);

	add(r, is_seeded ? &functions : &defaults, matters ? PREFLIGHT_MATTERS : PREFLIGHT_SAME,
		first, second);
}

static void note_quiet(struct preflight_report *r, const struct preflight_sides *sides)
{
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
		const char *first = value_of(&sides->rows[0], quiet[i].name);
		const char *second = value_of(&sides->rows[1], quiet[i].name);
		bool is_off = (is_none(first) || is_same(first, "off")) &&
			      (is_none(second) || is_same(second, "off"));

		add(r, &quiet[i], is_off ? PREFLIGHT_SAME : quiet[i].weight, first, second);
	}
}

/* Between two PostgreSQL servers another major is what is looked at, not what went wrong. */
static void compare_versions(struct preflight_report *r, const struct preflight_sides *sides)
{
	static const struct setting_check yugabytedb = {.name = "PostgreSQL major",
		.weight = PREFLIGHT_MATTERS,
		.advice = "take the same major: 11 for YugabyteDB up to 2024.2, 15 from 2025.1"};
	static const struct setting_check upgrade = {.name = "PostgreSQL major",
		.weight = PREFLIGHT_NOTE,
		.advice = "the rules postgresql-major serve; take the same major if no upgrade is "
			  "compared"};
	const char *first = value_of(&sides->rows[0], "server_version");
	const char *second = value_of(&sides->rows[1], "server_version");
	bool is_upgrade = first && second && !is_yugabytedb(&sides->rows[0]) &&
			  !is_yugabytedb(&sides->rows[1]);
	const struct setting_check *check = is_upgrade ? &upgrade : &yugabytedb;
	bool differs = preflight_major(first) != preflight_major(second);

	add(r, check, differs || !first ? check->weight : PREFLIGHT_SAME, first, second);
}

void preflight_compare_settings(
	struct preflight_report *r, const struct preflight_sides *sides, bool is_seeded)
{
	compare_versions(r, sides);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		compare_same(r, sides, &same[i]);
	recommend_c(r, sides);
	compare_derived(r, sides);
	compare_poolers(r, sides->is_pooled);
	compare_generated(r, sides, is_seeded);
	note_quiet(r, sides);
}
