/*
 * Shared by the files of the full comparison: the state of one run, and how differences are
 * noted. Private to diffengine/compare*.c.
 */
#ifndef DIFFENGINE_COMPARE_IMPL_H
#define DIFFENGINE_COMPARE_IMPL_H

#include "diffengine/compare.h"
#include "diffengine/rules.h"
#include "wire/decode.h"

struct compare_run {
	const struct compare_input *input;
	struct arena *arena;
	struct comparison *result;
	unsigned ordinal;                 /* of the command being compared */
	struct bytes text;                /* its statement; ptr NULL: unknown */
	struct bytes asked;               /* as it was sent */
	const struct analysis *analysis;  /* of its statement; NULL: unknown */
	const struct rules_scope *scope;  /* the rules that select it; NULL: none */
	enum verdict item;                /* of the item being compared */
	bool has_difference, has_failure; /* in the items compared so far, allowed or not */
	size_t allowed;                   /* excused differences kept */
};

struct compare_cell { /* where a difference is, and what stands there */
	int64_t row;
	int column;
	struct bytes column_name;
	uint32_t type_oid;
	const char *truth, *candidate;
	struct bytes truth_error, candidate_error; /* bodies of ErrorResponse; ptr NULL: none */
};

/* Notes a difference: a mismatch unless a rule allows it. `text` is a printf format for the
 * sentence. */
void compare_note(struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell,
	const char *text, ...) ATTR_PRINTF(4, 5);

/* What excuses the next difference without asking the rules. */
struct compare_excuse {
	enum verdict verdict;
	const char *rule;
};
void compare_note_excused(struct compare_run *run, const struct compare_excuse *excuse,
	enum diff_kind kind, const struct compare_cell *cell, const char *text, ...)
	ATTR_PRINTF(5, 6);

/* The item being compared cannot be judged; `note`, a constant, says why. */
void compare_inconclude(struct compare_run *run, const char *note);

#define COMPARE_NAME_MAX 64 /* bytes of a column's name that a sentence shows */

/* A number as text, in the arena; never NULL. */
const char *compare_count(struct compare_run *run, int64_t count);

/* The name and the text of the side that texts put first (0) or second (1). */
const char *compare_name(const struct compare_run *run, int place);
const char *compare_pick(
	const struct compare_run *run, int place, const char *truth, const char *candidate);

/* Two items, or nothing more (NULL), in a few words after `what`. */
struct compare_items {
	const struct item *truth, *candidate;
};
void compare_note_items(struct compare_run *run, enum diff_kind kind,
	const struct compare_items *items, const char *what);

/* diffengine/compare_columns.c. False: the columns differ in number or name, so that the rows
 * cannot be paired. */
bool compare_columns(struct compare_run *run, const struct compare_items *items);
void compare_parameters(struct compare_run *run, const struct compare_items *items);

/* diffengine/compare_errors.c: both failed, or one of them did (the other item may be NULL). */
void compare_errors(struct compare_run *run, const struct compare_items *items);
void compare_failure(struct compare_run *run, const struct compare_items *items);

/* diffengine/compare_rows.c: rows of one result; `columns` may have ptr NULL. */
struct compare_rows {
	const struct item *truth, *candidate;
	struct bytes columns, candidate_columns;
	const struct compare_command *command;
	int64_t before; /* equal rows of this result, already handed on */
	bool is_copy;
};
void compare_rows(struct compare_run *run, const struct compare_rows *rows);

/* diffengine/value.c: a value for people, cut at COMPARE_VALUE_MAX; NULL for SQL NULL. */
const char *value_readable(
	struct arena *arena, const struct wire_value *value, const struct wire_column *column);

#endif
