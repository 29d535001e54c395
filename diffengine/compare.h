/*
 * The full comparison of two answers, run only where lockstep found a difference. Pure: all
 * results live in the arena that the caller gives and drops.
 *
 * Bounded: at most COMPARE_DIFFERENCES_MAX differences are kept, the rest are counted; an
 * answer that does not fit the arena makes the verdict inconclusive, and says so.
 */
#ifndef DIFFENGINE_COMPARE_H
#define DIFFENGINE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "diffengine/outcome.h"
#include "diffengine/user_types.h"
#include "diffengine/verdict.h"

#define COMPARE_DIFFERENCES_MAX 100
#define COMPARE_VALUE_MAX       200 /* bytes of a value that a text or report shows */

struct compare_command {      /* what is known of one command of the exchange */
	bool is_ordered;      /* its rows have a determined sequence */
	bool is_excluded;     /* a pattern of the user's: compare nothing */
	struct bytes columns; /* RowDescription body from an earlier Describe; ptr NULL: unknown */
};

struct compare_input {
	struct bytes truth, candidate;          /* from the same point to the end of the unit */
	struct outcome_start start;             /* what was under way there */
	int64_t rows_before;                    /* equal rows of that result, already handed on */
	const struct compare_command *commands; /* indexed by ordinal */
	size_t command_count;                   /* beyond: ordered, not excluded, no columns */
	/* Names in the order in which texts have them: PostgreSQL first. */
	const char *truth_name, *candidate_name;
	bool truth_is_first;
	/* What is known of user types, with the truth's OIDs put into the candidate's rows
	 * (user_answer_normalise); NULL: nothing is, any two of them are alike. */
	struct user_types *types;
};

struct difference {
	enum diff_kind kind;
	unsigned ordinal;              /* of the command, from 0 */
	int64_t row;                   /* from 1; 0: not about a row */
	int column;                    /* from 1; 0: not about a column */
	const char *column_name;       /* NULL: unknown or none */
	const char *truth, *candidate; /* readable; NULL: SQL NULL or nothing there */
	const char *text;              /* one sentence with both names */
};

struct comparison {
	enum verdict verdict;
	struct difference *differences;
	size_t count;           /* kept */
	size_t omitted;         /* counted only */
	enum verdict *commands; /* verdict of each command from start.ordinal on */
	size_t command_count;
	size_t agreed; /* bytes of input.truth before the first item that mismatches */
	char truth_status, candidate_status; /* of ReadyForQuery; 0: none in the answer */
	const char *note;                    /* why inconclusive; else NULL */
};

/* Never fails: what cannot be compared is inconclusive, with a note. */
void compare_answers(
	const struct compare_input *input, struct arena *arena, struct comparison *result);

#endif
