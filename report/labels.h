/*
 * The test that an exchange belongs to: the NAME of a comment of the form test: NAME, between
 * slash-star and star-slash, with which the exchange's first statement begins; else the
 * session's application_name. Derived from the trace, so that recording costs nothing.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "diffengine/known.h"
#include "schema/trace_read.h"

#define LABEL_MAX        256  /* bytes of a name; a longer one is cut */
#define LABELS_MAX       4000 /* tests that are told apart; later ones are counted together */
#define LABELS_NAME_NONE "(no test)"

struct label { /* a test and what became of its exchanges */
	struct bytes name;
	struct hash128 hash;
	int64_t exchanges, mismatches, inconclusive;
	int64_t truth_us; /* what its exchanges took on the source of truth */
};

struct labels {
	struct label *items; /* in order of first occurrence; NULL: not collected */
	size_t count;
	uint16_t *slots;     /* index in items + 1; 0: free */
	struct label others; /* of tests beyond LABELS_MAX */
	bool has_comments;   /* at least one exchange was labelled by its statement */
	struct arena arena;
};

/* The NAME in the comment at the head of the statement; empty: none. Borrowed from `text`. */
struct bytes label_of_statement(struct bytes text);
/* That, or the application_name, or LABELS_NAME_NONE; at most LABEL_MAX bytes. */
struct bytes label_of(struct bytes statement, const char *application_name);

/* One pass over all exchanges, with the verdicts that they have by the list of known differences
 * (NULL: as recorded). After a failure labels_fini is harmless. */
bool labels_collect(
	struct labels *l, struct trace *t, struct known *known, struct err *err) ATTR_USE_RESULT;
void labels_fini(struct labels *l);

#endif
