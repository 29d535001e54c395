/*
 * Shared by the files of the full comparison: the state of one run, and how differences are
 * noted. Private to diffengine/compare*.c.
 */
#ifndef DIFFENGINE_COMPARE_IMPL_H
#define DIFFENGINE_COMPARE_IMPL_H

#include "diffengine/compare.h"
#include "wire/decode.h"

struct compare_run {
	const struct compare_input *input;
	struct arena *arena;
	struct comparison *result;
	unsigned ordinal;     /* of the command being compared */
	bool has_mismatch;    /* in the items compared so far */
	bool is_inconclusive; /* the item being compared */
};

struct compare_cell { /* where a difference is, and what stands there */
	int64_t row;
	int column;
	struct bytes column_name;
	const char *truth, *candidate;
};

/* Notes a difference and the mismatch. `text` is a printf format for the sentence. */
void compare_note(struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell,
	const char *text, ...) ATTR_PRINTF(4, 5);

/* The item being compared cannot be judged; `note`, a constant, says why. */
void compare_inconclude(struct compare_run *run, const char *note);

#define COMPARE_NAME_MAX 64 /* bytes of a column's name that a sentence shows */

/* A number as text, in the arena; never NULL. */
const char *compare_count(struct compare_run *run, int64_t count);

/* The name and the text of the side that texts put first (0) or second (1). */
const char *compare_name(const struct compare_run *run, int place);
const char *compare_pick(
	const struct compare_run *run, int place, const char *truth, const char *candidate);

/* diffengine/compare_rows.c: rows of one result; `columns` may have ptr NULL. */
struct compare_rows {
	const struct item *truth, *candidate;
	struct bytes columns;
	int64_t before; /* equal rows of this result, already handed on */
	bool is_ordered, is_copy;
};
void compare_rows(struct compare_run *run, const struct compare_rows *rows);

/* diffengine/value.c: a value for people, cut at COMPARE_VALUE_MAX; NULL for SQL NULL. */
const char *value_readable(
	struct arena *arena, const struct wire_value *value, const struct wire_column *column);

#endif
