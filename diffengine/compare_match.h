/*
 * Rows as multisets: what two results have in common, by bytes and then by what the policy of
 * their columns permits, is taken out of both; what is left is a difference. Private to
 * diffengine/compare*.c.
 */
#ifndef DIFFENGINE_COMPARE_MATCH_H
#define DIFFENGINE_COMPARE_MATCH_H

#include "diffengine/compare_impl.h"
#include "diffengine/row_policy.h"

/* Comparisons of one row with another when rows with soft columns are paired; beyond it the
 * rows count as undetermined. */
#define MATCH_WORK_MAX 4000000

struct row { /* a row and where it stood */
	struct bytes body;
	size_t at;
	struct wire_value *values; /* NULL: not taken apart */
};

struct row_set {
	struct row *rows;
	size_t count;
};

/* The item's rows sorted by their bytes. False: no memory. */
bool match_sorted(struct compare_run *run, const struct item *item, struct row_set *set);
/* Takes out of both sorted sets what they have in common by bytes; the rest goes back to the order
 * in which it came. */
void match_subtract(struct row_set *truth, struct row_set *candidate);
/* Takes out what the policy makes equal, and notes what it allowed. */
void match_soft(struct compare_run *run, const struct compare_rows *rows,
	const struct row_policy *policy, struct row_set sets[2]);

/* A value of one column on both sides; `scope` of the run serves rules that rewrite. */
struct match_cell {
	const struct column_policy *column;
	struct value_pair pair;
	int64_t row; /* from 1 */
	int at;      /* column, from 1 */
};
enum value_result match_value(
	struct compare_run *run, const struct match_cell *cell, enum value_allowance *why);
/* Notes that the cell's values differ and why that is all right. */
void match_note_allowed(
	struct compare_run *run, const struct match_cell *cell, enum value_allowance why);

/* The value of a sort key in a row, or in a line of COPY in text format. False: not there. */
struct row_key {
	struct wire_value value;
	struct wire_column column;
};
bool match_key(
	const struct compare_rows *rows, struct bytes body, size_t column, struct row_key *key);
/* Whether two keys differ beyond what their column permits. */
bool match_key_differs(struct compare_run *run, const struct column_policy *policy,
	const struct row_key *truth, const struct row_key *candidate);

#endif
