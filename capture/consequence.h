/*
 * Root cause and consequence: tables that the two databases may hold different rows in, because
 * of what an exchange did, and later mismatches that touch them. Only marked, never hidden.
 *
 * What an exchange did counts once it is committed: until then it waits in the session, and a
 * rollback takes it away again. ROLLBACK TO a savepoint takes away nothing, to be on the safe
 * side. Exchanges that are equal cost one test, unless they are DDL.
 *
 * Limits: TAINT_TABLES_MAX tables of a run; what functions, triggers and views write is not seen.
 */
#ifndef CAPTURE_CONSEQUENCE_H
#define CAPTURE_CONSEQUENCE_H

#include "capture/session.h"

struct comparison;

/* A unit was judged and is not told to anybody yet: notes what it may have written on one side
 * alone, and whether it is a mismatch that may follow from an earlier exchange. `result` NULL:
 * one side alone has run it, or nobody knows what became of it. */
void consequence_note(struct session *s, const struct comparison *result);
/* Appends that to the detail of the exchange's error, if it is so. False: no room. */
bool consequence_tell(const struct session *s, struct buf *out) ATTR_USE_RESULT;
/* The candidate is left out of the transaction from here on, and rolled back. */
void consequence_note_detached(struct session *s);
void consequence_on_end(struct session *s);
/* The session is over, and with it its transaction. */
void consequence_end(struct session *s);

/* At the end of every exchange. */
static inline void consequence_settle(struct session *s)
{
	if (s->exchange.has_ddl || s->consequence)
		consequence_on_end(s);
}

#endif
