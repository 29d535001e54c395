/*
 * Names that a session gave to statements and cursors in SQL (PREPARE, DECLARE), so that EXECUTE
 * and FETCH are judged by the statement behind the name; and what portions of cursors add up
 * to (diffengine/ledger.h).
 */
#ifndef CAPTURE_CURSORS_H
#define CAPTURE_CURSORS_H

#include <stdbool.h>

#include "base/attr.h"

struct command;
struct compare_command;
struct session;
struct statement;

/* The statement is run: PREPARE and DECLARE give it a name. */
void cursors_note(struct session *s, struct statement *statement);
/* Finds the statement behind a name, and the cursor's sums. */
void cursors_resolve(struct session *s, const struct command *command, struct compare_command *out);
/* Portions of the session's cursors have differed, so that equal answers are looked at, too. */
bool cursors_are_open(const struct session *s);

#endif
