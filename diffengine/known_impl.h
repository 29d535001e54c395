/*
 * The list of known differences inside. Private to diffengine/known*.c.
 */
#ifndef DIFFENGINE_KNOWN_IMPL_H
#define DIFFENGINE_KNOWN_IMPL_H

#include "base/arena.h"
#include "base/hash.h"
#include "diffengine/known.h"
#include "diffengine/normalise.h"

#define KNOWN_SLOTS ((size_t)1 << 15) /* more than twice the entries */

struct known {
	struct arena arena;
	struct known_entry **entries; /* in the file's order, then as they were added */
	size_t count;
	int64_t omitted;
	const char *head, *tail;      /* comments before and behind the entries, or NULL */
	struct hash128 last;          /* the statement that was normalised last ... */
	char spelling[NORMALISE_MAX]; /* ... and what came out; spelling_len 0: none */
	size_t spelling_len;
	char number[16];                        /* of a column without a name, as its name */
	struct known_entry *slots[KNOWN_SLOTS]; /* by statement: the first entry of each */
};

/* Puts an entry in, of which all but `rule` and `next` is filled; false: no room or memory. */
bool known_insert(struct known *known, const struct known_entry *entry);
/* The entry with the same statement, kind, column and SQLSTATEs; NULL: none. */
struct known_entry *known_lookup(const struct known *known, const struct known_entry *like);
/* Differences of this kind are known by their SQLSTATEs, too. */
bool known_has_states(enum diff_kind kind);
/* A line's value with backslashes, control characters and what is not UTF-8 as \xNN. */
void known_write_value(FILE *out, struct bytes value);

#endif
