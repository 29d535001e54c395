/*
 * What rules did in a run, by name, for its last words: how many comparisons each has let pass
 * in part, those of the comparison itself ("builtin:...") included, and which of the user's own
 * rules did nothing. Names are copied, since a configuration that is read again replaces the
 * rules.
 */
#ifndef DIFFENGINE_RULES_SEEN_H
#define DIFFENGINE_RULES_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define RULES_SEEN_MAX  1100 /* RULES_MAX and what is built in; further names are one "others" */
#define RULES_SEEN_NAME 128  /* bytes of a name that are kept */

struct comparison;
struct rules;
struct rules_seen;

struct rules_seen_row {
	char name[RULES_SEEN_NAME];
	int64_t comparisons; /* in which it allowed a difference, of those that were kept */
	bool is_idle;        /* the user's own, and it never did anything */
};

struct rules_seen *rules_seen_new(void) ATTR_USE_RESULT; /* NULL: no memory */
void rules_seen_free(struct rules_seen *seen);           /* takes NULL */

void rules_seen_note(struct rules_seen *seen, const struct comparison *result);
/* Takes down which of the user's rules did nothing: before the rules go. */
void rules_seen_take(struct rules_seen *seen, const struct rules *rules);

/* Sorts them: most comparisons first. Borrowed until the next call of another function. */
const struct rules_seen_row *rules_seen_sorted(struct rules_seen *seen, size_t *count);

#endif
