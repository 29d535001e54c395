/*
 * What a statement's text says of the answer it must give: which sequence its rows have, where
 * a LIMIT cuts, which columns cannot be the same on two servers, which tables it touches. Made
 * by libpg-query where it can parse the text, else by a token scan that claims less. Only
 * statements whose answers differ are analysed, and the result is cached.
 *
 * Immutable once made; everything in it lives as long as the analysis.
 */
#ifndef DIFFENGINE_ANALYSIS_H
#define DIFFENGINE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

#define ANALYSIS_TEXT_MAX    65536 /* bytes; a longer text is scanned, not parsed */
#define ANALYSIS_KEYS_MAX    32    /* sort keys; the rest are taken as not projected */
#define ANALYSIS_TARGETS_MAX 1664  /* as PostgreSQL's own limit */
#define ANALYSIS_TABLES_MAX  64
#define ANALYSIS_CACHE_MAX   4096      /* analyses that a cache keeps */
#define ANALYSIS_CACHE_BYTES (8 << 20) /* of their texts; a longer text than TEXT_MAX is not kept */

enum analysis_class {
	ANALYSIS_QUERY,   /* SELECT, VALUES, TABLE, set operations */
	ANALYSIS_CHANGE,  /* INSERT, UPDATE, DELETE, MERGE; rows only with RETURNING */
	ANALYSIS_EXPLAIN, /* rows are a plan */
	ANALYSIS_SHOW,
	ANALYSIS_FETCH,   /* FETCH and MOVE: `name` is the cursor */
	ANALYSIS_DECLARE, /* DECLARE CURSOR: order, limit and targets are its query's */
	ANALYSIS_PREPARE, /* SQL-level PREPARE: order, limit and targets are its query's */
	ANALYSIS_EXECUTE, /* SQL-level EXECUTE: `name` is the statement's */
	ANALYSIS_COPY,    /* COPY TO and FROM; order, limit and targets are a COPY (query)'s */
	ANALYSIS_DDL,
	ANALYSIS_TRANSACTION, /* BEGIN, COMMIT, SAVEPOINT, ... */
	ANALYSIS_OTHER
};

struct analysis_target {   /* one entry of the outermost select list, or of RETURNING */
	bool is_star;      /* `*` or `t.*`: stands for any number of columns */
	bool is_volatile;  /* made by random(), gen_random_uuid(), pg_backend_pid() and the like, or
			    * a system column; nextval is not: ids are compared exactly */
	bool is_clock;     /* made by now(), current_date, clock_timestamp() and the like */
	bool is_unordered; /* an aggregate that collects values, without ORDER BY inside it */
	bool is_aggregate; /* any aggregate or window function inside */
	/* row_number(), lag() and the like, or a frame of ROWS, over a window without ORDER BY:
	 * which row gets which value is not determined. */
	bool is_window_undetermined;
	const char *delimiter; /* string_agg's, where it is a literal; NULL: none known */
	const char *name;      /* the output name where the text gives it; NULL: unknown */
};

struct analysis_key {     /* one key of the top-level ORDER BY */
	int target;       /* index + 1 of the target that shows it; 0: none does */
	int column;       /* with target 0: the output column from 1, an ordinal in ORDER BY that
			   * counts what a star stands for; 0: none */
	const char *name; /* with target and column 0: a column of this name among those that a
			   * star stands for shows it (if several have it: unknown which); NULL: it
			   * is not projected */
};

struct analysis_table {
	const char *schema; /* NULL: by search_path */
	const char *name;
	bool is_written;
};

struct analysis {
	enum analysis_class class;
	bool is_parsed;      /* false: made by the token scan */
	bool is_metadata;    /* it reads catalogs, information_schema or settings, and no table */
	bool is_aggregating; /* an aggregate or window function anywhere: float sums may differ */
	/* A subquery, arm or CTE has LIMIT, OFFSET or DISTINCT ON (and is not ordered by all it
	 * selects), or TABLESAMPLE is used: which rows there are is not determined. */
	bool has_inner_limit;
	bool is_in_input_order; /* INSERT ... VALUES ... RETURNING, a lone VALUES, SRF alone */
	bool is_single_row; /* cannot return two rows: no FROM, or aggregates without GROUP BY */

	bool has_order; /* a top-level ORDER BY */
	const struct analysis_key *keys;
	size_t key_count;

	/* has_limit also for FETCH n (not FETCH ALL, not MOVE). A count of NULL or ALL, and an
	 * offset of 0 or NULL, are none. */
	bool has_limit, has_ties, has_offset, is_distinct_on;
	int64_t limit;       /* where it is a literal; else -1 */
	int limit_parameter; /* $n; 0: none */

	const struct analysis_target *targets;
	size_t target_count; /* 0: unknown */

	/* Of the cursor or prepared statement, also for CLOSE, DEALLOCATE and EXPLAIN EXECUTE;
	 * NULL: none. */
	const char *name;

	const struct analysis_table *tables; /* read and written, each once */
	size_t table_count;
	/* FROM is this one table, without joins: whether its unique keys determine the rows. */
	const struct analysis_table *lone_table; /* NULL: not so */
	/* Its columns that a top-level AND holds equal to a constant or parameter, and those that
	 * are sort keys: if they cover a unique key the order is total. */
	const char *const *fixed_columns, *const *sorted_columns;
	size_t fixed_count, sorted_count;
};

/* Of the first statement in the text. Any text, any length, also hostile: never fails but for
 * memory (NULL). */
struct analysis *analysis_new(struct bytes text) ATTR_USE_RESULT;
void analysis_free(struct analysis *analysis); /* takes NULL */

/* The output column (from 1) of a target (index from 0) in a result of `columns` columns; 0: it
 * cannot be told, since stars stand before and behind it. */
int analysis_column(const struct analysis *analysis, size_t target, size_t columns);

/* A cache by text, least recently used out; one thread. */
struct analysis_cache;
struct analysis_cache *analysis_cache_new(void) ATTR_USE_RESULT;
void analysis_cache_free(struct analysis_cache *cache); /* takes NULL */
/* Borrowed until the next call; NULL: no memory. */
const struct analysis *analysis_get(struct analysis_cache *cache, struct bytes text);
size_t analysis_cache_count(const struct analysis_cache *cache);

#endif
