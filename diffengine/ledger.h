/*
 * Cursors and portals that are fetched in portions. Without a determined order each portion
 * may hold other rows on either side, and only all of them together are the same: so what the
 * portions have too much on one side and the other is added up, as sums of row hashes, and
 * judged when the cursor is at its end. Portions that are the same add nothing.
 */
#ifndef DIFFENGINE_LEDGER_H
#define DIFFENGINE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

#define LEDGER_ENTRIES_MAX 64 /* open cursors of a session whose portions differ */

struct ledger_entry {
	uint64_t key;       /* hash of the name; 0: free */
	uint64_t low, high; /* the truth's rows less the candidate's */
};

struct ledger { /* zero it to start; frees nothing */
	size_t count;
	struct ledger_entry entries[LEDGER_ENTRIES_MAX];
};

uint64_t ledger_key(struct bytes name);

/* One side's row that the other has not in this portion. False: no room for another cursor. */
bool ledger_add(struct ledger *ledger, uint64_t key, struct bytes row, bool is_truth);
/* Whether anything is open for the cursor. */
bool ledger_is_open(const struct ledger *ledger, uint64_t key);
void ledger_close(struct ledger *ledger, uint64_t key);

struct fetch { /* FETCH [direction] FROM name */
	struct bytes name;
	int64_t count;   /* rows asked for; -1: all */
	bool is_forward; /* else portions cannot be added up */
};
/* False: the statement is no FETCH of a cursor. */
bool fetch_parse(struct bytes statement, struct fetch *fetch) ATTR_USE_RESULT;

#endif
