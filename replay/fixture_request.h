/*
 * The client's messages as a fixture has them, one item each: `Bind "" s1 params=[int4:7]`. An item
 * is read back to the same bytes; a message for which that does not hold (a body that cannot be
 * decoded) is written as `Raw TYPE hex:...`.
 */
#ifndef REPLAY_FIXTURE_REQUEST_H
#define REPLAY_FIXTURE_REQUEST_H

#include "base/buf.h"
#include "diffengine/prepared.h"
#include "replay/fixture_cursor.h"
#include "wire/frame.h"

/* The declared parameter types of what sessions have prepared, so that binary parameters can be
 * read. Bounded as struct prepared is; beyond, parameters are hex. */
struct fixture_known {
	struct prepared types;
};

void fixture_known_init(struct fixture_known *known);
void fixture_known_fini(struct fixture_known *known);

/* Appends the item without a newline. False: `out` is at its ceiling or memory is out. */
bool fixture_print_message(struct fixture_known *known, int64_t session, const struct frame *frame,
	struct buf *out) ATTR_USE_RESULT;

/* Reads one item and appends its message. */
bool fixture_parse_message(struct fixture_cursor *c, struct buf *out) ATTR_USE_RESULT;

#endif
