/*
 * A stored answer made readable for reports: of one command of an exchange its columns, rows
 * and end. Bytes from a trace may be cut or hostile: what is whole and well-formed up to the
 * first fault is read, and `is_cut` says that there was more. Pure; everything borrows from the
 * answer's bytes or lives in the arena.
 */
#ifndef DIFFENGINE_ANSWER_ROWS_H
#define DIFFENGINE_ANSWER_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"

#define ANSWER_BYTES_MAX   ((size_t)4 << 20) /* of an answer that are looked at */
#define ANSWER_COLUMNS_MAX 1664              /* as PostgreSQL's own limit */

struct answer_field { /* of an ErrorResponse */
	char code;    /* 'C' SQLSTATE, 'M' message, ... */
	struct bytes text;
};

struct answer_rows {
	bool is_found; /* the command has a result in these bytes */
	bool is_cut;   /* the bytes end, or are spoiled, before the answer's end */
	bool is_copy;  /* rows are CopyData: one column, a line of text */
	bool has_rows; /* a result set, if maybe an empty one */

	const struct bytes *names; /* of columns; NULL: not described in this exchange */
	size_t column_count;       /* of the description, else of the first row */
	const struct bytes *rows;  /* bodies of DataRow or CopyData */
	size_t row_count;
	struct bytes columns;             /* body of RowDescription; ptr NULL: none */
	struct bytes tag;                 /* empty: it did not complete */
	const struct answer_field *error; /* its fields in order; count 0: no error */
	size_t error_count;
};

/* The command of that ordinal (from 0). False: the arena is at its ceiling. */
bool answer_rows_read(struct answer_rows *rows, struct bytes answer, unsigned ordinal,
	struct arena *arena) ATTR_USE_RESULT;

/* A row's values, readable and cut as in differences (compare.h), NULL for SQL's NULL: an array
 * of `column_count` texts in the arena, NULL where a row has fewer. The array is NULL for a row
 * that is malformed, or where memory is out. */
const char **answer_cells(const struct answer_rows *rows, size_t row, struct arena *arena);

#endif
