/*
 * Which recorded exchanges only read: those have no order among themselves. Known from the
 * request's words and from what the session has prepared; in doubt an exchange writes.
 *
 * Memory: what a session has prepared, once more (diffengine/prepared.h).
 */
#ifndef REPLAY_READING_H
#define REPLAY_READING_H

#include <stdbool.h>

#include "base/attr.h"
#include "replay/roster.h"
#include "replay/steps.h"

#define READING_REQUEST_MAX ((size_t)64 * 1024) /* a longer request counts as writing */

struct reading {
	const struct roster *roster;
	struct prepared *names; /* by place in the roster */
	struct steps steps;
};

/* False: no memory. */
bool reading_init(struct reading *reading, const struct roster *roster) ATTR_USE_RESULT;
void reading_fini(struct reading *reading); /* takes a zeroed one */

/* Exchanges of a session have to come in their order. */
bool reading_is(struct reading *reading, const struct roster_session *of, struct bytes request);

#endif
