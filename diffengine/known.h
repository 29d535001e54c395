/*
 * Known differences: what a person has seen and lives with for now. A list in a text file that
 * twinkly-report writes and people review (docs/COMPARISON.md); what is on it is allowed, what
 * is not is new, and what is on it and does not occur any more is gone.
 *
 * A difference is known by its statement (diffengine/normalise.h), its kind, its column, and
 * for errors by both SQLSTATEs: all of them the same. One thread. The list owns all that it
 * hands out, until known_free. Limits: below; a file beyond them is refused, entries that
 * known_add cannot keep are counted.
 */
#ifndef DIFFENGINE_KNOWN_H
#define DIFFENGINE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/verdict.h"

#define KNOWN_ENTRIES_MAX 10000
#define KNOWN_FILE_MAX    ((size_t)16 << 20) /* bytes */
#define KNOWN_WORDS_MAX   1024               /* bytes of a name, a column, a reason */
#define KNOWN_COMMENT_MAX 4096               /* bytes of an entry's comments */
#define KNOWN_STATE_MAX   6                  /* of an SQLSTATE, with its NUL */
#define KNOWN_RULE        "known:"           /* how the rules of difference rows begin */

struct known_difference {       /* borrowed for the call */
	struct bytes statement; /* as the client wrote it; empty: unknown */
	enum diff_kind kind;
	struct bytes column;    /* name; empty: unknown, or none */
	int number;             /* of the column, from 1; 0: none */
	struct bytes truth;     /* SQLSTATE that this side failed with; empty: it did not. */
	struct bytes candidate; /* Looked at only where the kind is one of errors. */
};

struct known_entry {
	struct bytes statement; /* normalised; empty: unknown */
	enum diff_kind kind;
	struct bytes column;
	char truth[KNOWN_STATE_MAX], candidate[KNOWN_STATE_MAX];
	const char *rule; /* "known:" and its name, or its number in the file */
	const char *name, *reason, *until, *comment; /* NULL: none; comment: whole lines */
	int64_t count;                               /* differences of the run that wrote it */
	int64_t seen;                                /* of this run */
	bool is_compared;                            /* its statement was, in this run */
	bool is_expired;
	struct known_entry *next; /* of the same statement */
};

struct known;

struct known *known_new(void); /* an empty list; NULL: out of memory */
/* `path` is for messages. NULL with err: "path:line:column: what is wrong". */
struct known *known_parse(const char *path, struct bytes text, struct err *err) ATTR_USE_RESULT;
/* The file's; a file that is not there is an error. */
struct known *known_load(const char *path, struct err *err) ATTR_USE_RESULT;
void known_free(struct known *known); /* takes NULL */

/* YYYY-MM-DD: entries whose `until` is before it know nothing any more. "": none expires. */
void known_set_today(struct known *known, const char *today);
/* The entry's rule if the difference is known, and counts it as seen; NULL: it is new. */
const char *known_allow(struct known *known, const struct known_difference *difference);
/* The same, without counting. Expired entries are found as well. */
struct known_entry *known_find(struct known *known, const struct known_difference *difference);
/* Counts it as seen; if it is not there it is added, with `example` as its comment. */
void known_add(
	struct known *known, const struct known_difference *difference, struct bytes example);
/* A command of this run had this statement and this verdict (an enum verdict, of a trace). */
void known_note_statement(struct known *known, struct bytes statement, int verdict);

struct known_counts {
	size_t entries;
	size_t seen;    /* that differed as they say */
	size_t gone;    /* their statements were compared, and did not */
	size_t unasked; /* their statements were not compared in this run */
	size_t expired;
	int64_t omitted; /* differences that known_add had no room for */
};
void known_count(const struct known *known, struct known_counts *counts);
bool known_has_gone(const struct known *known); /* NULL: no */

/* "N new, N known, N gone", then which are gone and not executed. Each line begins with
 * `prefix`. `fresh`: how many mismatches are new. */
void known_print(const struct known *known, int64_t fresh, const char *prefix, FILE *out);
/* The file: what was seen, with its new count, and what was not compared, as it was; what is
 * gone is left out. Sorted, so that the same differences give the same file. */
void known_write(const struct known *known, FILE *out);

#endif
