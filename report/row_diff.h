/*
 * Two results side by side: which row of one belongs to which of the other, with some equal rows
 * around each difference. Where a statement leaves the order open, equal rows are taken away
 * first, wherever they stand. Bounded: see the limits; what is left out is counted.
 */
#ifndef REPORT_ROW_DIFF_H
#define REPORT_ROW_DIFF_H

#include <stdint.h>

#include "diffengine/answer_rows.h"

#define ROW_DIFF_SHOWN   24   /* pairs that are shown */
#define ROW_DIFF_CONTEXT 2    /* equal rows before and behind each difference */
#define ROW_DIFF_WINDOW  300  /* rows of a side, behind what is equal, that are aligned */
#define ROW_DIFF_COLUMNS 1664 /* that can be told to count */

struct row_pair {
	int64_t truth, candidate; /* index of the row; -1: none */
	bool is_equal;
	int64_t skipped; /* pairs before it that are not shown */
};

struct row_sides {
	const struct answer_rows *truth, *candidate;
	bool is_ordered;
	/* Columns (from 0) whose difference was recorded; none: any difference counts. */
	bool counts[ROW_DIFF_COLUMNS];
	bool has_counts;
};

struct row_diff {
	struct row_pair pairs[ROW_DIFF_SHOWN];
	size_t count;
	int64_t rest;    /* rows behind the last pair shown, of the longer side */
	bool is_settled; /* order was left open: equal rows are not shown */
};

/* Scratch memory is the arena's. False: it is at its ceiling. */
bool row_diff_make(
	struct row_diff *diff, const struct row_sides *sides, struct arena *arena) ATTR_USE_RESULT;

/* Whether both cells are the same; NULL is SQL's. */
bool row_cell_is_equal(const char *a, const char *b);

#endif
