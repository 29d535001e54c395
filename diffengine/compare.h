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
#define COMPARE_ALLOWED_MAX     20  /* of them, allowed ones */
#define COMPARE_VALUE_MAX       200 /* bytes of a value that a text or report shows */

struct analysis_cache;
struct known;
struct ledger;
struct object_oids;
struct rules;

struct compare_portion {
	struct ledger *ledger; /* NULL: portions are not added up */
	uint64_t key;          /* of the cursor in it */
	int64_t rows;          /* asked for; -1 or 0: all that are left */
	bool is_portal;        /* its end is CommandComplete; else fewer rows than asked for */
};

struct compare_command {    /* what is known of one command of the exchange */
	struct bytes text;  /* the statement whose rows these are: a cursor's own for FETCH;
			       * ptr NULL: unknown */
	struct bytes asked; /* the statement as it was sent, FETCH itself; ptr NULL: unknown */
	bool is_ordered;    /* its rows have a determined sequence: without `text` only */
	bool is_excluded;   /* a pattern of the user's: compare nothing */
	bool is_partial;    /* its rows are a part of a cursor's or portal's */
	struct compare_portion portion; /* is_partial: which part, and of what */
	bool is_total;        /* its order, or the row that it picks, is that of a unique key */
	struct bytes columns; /* RowDescription body from an earlier Describe; ptr NULL: unknown */
	struct bytes bind;    /* body of the Bind, for the value of a LIMIT; ptr NULL: none */
};

struct compare_policy {                  /* the same for a whole run; all zero: everything exact */
	struct analysis_cache *analyses; /* NULL: statements are not analysed */
	struct rules *rules;             /* NULL: none */
	struct known *known;             /* known differences; NULL: none */
	int64_t clock_us;                /* comparison.clock-tolerance */
	int64_t clock_from_us, clock_until_us; /* Unix time: when stored timestamps may differ so */
	bool is_major_different;
};

struct compare_input {
	struct bytes truth, candidate;          /* from the same point to the end of the unit */
	struct outcome_start start;             /* what was under way there */
	int64_t rows_before;                    /* equal rows of that result, already handed on */
	const struct compare_command *commands; /* indexed by ordinal */
	size_t command_count;                   /* beyond: ordered, not excluded, no columns */
	struct compare_policy policy;
	/* Names in the order in which texts have them: PostgreSQL first. */
	const char *truth_name, *candidate_name;
	bool truth_is_first;
	/* What is known of user types, with the truth's OIDs put into the candidate's rows
	 * (user_answer_normalise); NULL: nothing is, any two of them are alike. */
	struct user_types *types;
	struct object_oids **objects; /* where pairs of OIDs are learned; NULL: nowhere */
};

struct difference {
	enum diff_kind kind;
	enum verdict verdict;          /* mismatch, or what it is excused as */
	unsigned ordinal;              /* of the command, from 0 */
	int64_t row;                   /* from 1; 0: not about a row */
	int column;                    /* from 1; 0: not about a column */
	const char *column_name;       /* NULL: unknown or none */
	const char *truth, *candidate; /* readable; NULL: SQL NULL or nothing there */
	const char *rule;              /* what excused it; NULL: nothing did */
	const char *text;              /* one sentence with both names */
};

/* A side said that its transaction should be tried again, and the other did not. */
enum compare_retry { COMPARE_RETRY_NONE, COMPARE_RETRY_TRUTH, COMPARE_RETRY_CANDIDATE };

struct comparison {
	enum verdict verdict;
	struct difference *differences;
	size_t count;           /* kept */
	size_t omitted;         /* mismatches that are counted only */
	size_t allowed_omitted; /* excused differences that are counted only */
	enum verdict *commands; /* verdict of each command from start.ordinal on */
	size_t command_count;
	size_t agreed; /* bytes of input.truth before the first item that mismatches */
	char truth_status, candidate_status; /* of ReadyForQuery; 0: none in the answer */
	enum compare_retry retry;
	bool is_incomparable; /* too large or malformed: `note` says why */
	const char *note;     /* why inconclusive or undecidable; NULL: see the differences */
};

/* Never fails: what cannot be compared is inconclusive, with a note. */
void compare_answers(
	const struct compare_input *input, struct arena *arena, struct comparison *result);

#endif
