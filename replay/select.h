/*
 * What of a trace is replayed, where not all of it is: --sessions, --statements, --read-only. An
 * exchange is replayed whole or not at all. What is prepared is known by name, and a name whose
 * Parse was left out is unknown.
 *
 *   --statements  an exchange with a statement that matches, and transaction control
 *   --read-only   an exchange that runs only what reads by its words, SET and transaction
 *                 control; never a FunctionCall, nor what would make the session writable
 */
#ifndef REPLAY_SELECT_H
#define REPLAY_SELECT_H

#include "replay/request.h"
#include "replay/roster.h"
#include "replay/wishes.h"

struct select;

enum select_result { SELECT_PLAY, SELECT_OTHER, SELECT_WRITES, SELECT_FAILED };

/* *select is NULL where everything is chosen. Marks the sessions of the roster. False with err:
 * a list or a pattern is wrong, or memory is out. The roster outlives it. */
bool select_new(struct select **select, const struct replay_wishes *wishes, struct roster *roster,
	struct err *err) ATTR_USE_RESULT;
void select_free(struct select *select); /* takes NULL */

/* Exchanges of a session have to come in their order. Reads the request, which was opened and is
 * WHOLE, to its end. FAILED: err. */
enum select_result select_exchange(struct select *select, const struct roster_session *of,
	struct request *request, struct err *err) ATTR_USE_RESULT;

#endif
