/*
 * How the rows of one result are to be compared: what the statement (diffengine/analysis.h) and
 * the rules say, resolved against the columns that the result has. Pure; lives in an arena.
 */
#ifndef DIFFENGINE_ROW_POLICY_H
#define DIFFENGINE_ROW_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "diffengine/analysis.h"
#include "diffengine/value_compare.h"

struct compare_command;
struct compare_policy;
struct rule;
struct rules_scope;

enum row_order {
	ROWS_ARE_A_SET,  /* a multiset: nothing determines their sequence */
	ROWS_HAVE_KEYS,  /* the keys must come in the same sequence; ties are multisets */
	ROWS_IN_SEQUENCE /* the whole sequence is determined */
};

struct column_policy {
	struct value_policy value;
	struct rule *tolerance; /* behind value.relative and .absolute; NULL: built in */
	const struct analysis_target *target; /* NULL: unknown, or of a star */
	struct rule *map;                     /* rewrites its values; NULL: none does */
	bool is_masked;       /* in results too long to be paired: its type or policy makes it so */
	bool is_soft;         /* bytes alone do not decide */
	bool is_undetermined; /* whatever it holds, the statement does not determine it */
};

struct row_policy {
	enum row_order order;
	int keys[ANALYSIS_KEYS_MAX]; /* columns, from 0, in order of precedence */
	size_t key_count;
	bool are_keys_unknown;    /* there is an ORDER BY, but the text could not be parsed */
	bool has_limit;           /* rows beyond the limit are left out... */
	int64_t limit;            /* ...of this many; -1: unknown */
	bool has_offset;          /* rows before the first are left out */
	bool is_plan;             /* rows are EXPLAIN's: not compared */
	const char *undetermined; /* why the rows themselves are not determined; NULL: they are */
	struct column_policy *columns;
	size_t column_count;
	bool has_soft, has_mask; /* any of the columns is */
};

struct row_policy_input {
	const struct analysis *analysis; /* NULL: unknown statement */
	const struct rules_scope *scope; /* NULL: no rules */
	const struct compare_policy *run;
	const struct compare_command *command;
	struct bytes columns; /* RowDescription body; ptr NULL: unknown */
	struct bytes copy;    /* CopyOutResponse body instead; ptr NULL: none */
};

/* False: no memory. */
bool row_policy_make(struct row_policy *policy, const struct row_policy_input *input,
	struct arena *arena) ATTR_USE_RESULT;

#endif
