/*
 * Names that a session gave to statements and cursors in SQL (PREPARE, DECLARE), so that EXECUTE
 * and FETCH are judged by the statement behind the name; and what portions of cursors add up
 * to (diffengine/ledger.h). One per session.
 */
#ifndef DIFFENGINE_CURSORS_H
#define DIFFENGINE_CURSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "diffengine/compare.h"
#include "diffengine/ledger.h"
#include "diffengine/prepared.h"
#include "wire/decode.h"

struct cursors {               /* zero it to start */
	struct ledger *ledger; /* portions of cursors that differed; NULL: none ever did */
};

void cursors_fini(struct cursors *c);

/* The statement is run: PREPARE and DECLARE give it a name in `prepared`. */
void cursors_note(struct prepared *prepared, struct statement *statement);

struct cursor_use { /* how a command takes its rows; all zero: whole */
	uint64_t
		portal_key; /* ledger_key of its portal, where that may be fetched in portions; 0 */
	int32_t max_rows;   /* of its Execute; 0: all */
};
/* The unnamed portal is seldom fetched in portions; where it is, max_rows says so each time. */
struct cursor_use cursor_use_of(const struct msg_execute *execute);

/* Finds the statement behind a name, and the cursor's sums. `out` has the command's own text. */
void cursors_resolve(struct cursors *c, const struct prepared *prepared,
	struct analysis_cache *analyses, const struct cursor_use *use, struct compare_command *out);
/* Portions of the session's cursors have differed, so that equal answers are looked at, too. */
bool cursors_are_open(const struct cursors *c);

#endif
