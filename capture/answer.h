/*
 * From the backends to the client: what the sides say, how far they agree, and what of it is
 * handed on.
 */
#ifndef CAPTURE_ANSWER_H
#define CAPTURE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct backend_events;
struct comparison;
struct side;
struct session;

const struct backend_events *answer_events(void);
/* Looks at what both sides have said by now and goes on as far as it can. */
void answer_advance(struct session *s);
/* A side will not answer any more (lost, or too late). */
void answer_give_up(struct session *s, struct side *side, const char *sqlstate, const char *why);

/* The unit is answered: what its Describes said of columns is kept, for results without them.
 * Once per unit, before it is judged. */
void answer_learn_columns(struct session *s);
/* The unit is judged; the session goes on. */
void answer_go_on(struct session *s, const struct comparison *result);
/* The first bytes of both sides' answers leave the buffers; the client gets the truth's. */
void answer_hand_on(struct session *s, size_t truth, size_t candidate);
/* All that the lockstep has walked over goes on. */
void answer_hand_on_equal(struct session *s);
/* The answers differ from here on: more of them is held. */
void answer_diverge(struct session *s);
/* The exchange is over. */
void answer_finish(struct session *s, const struct comparison *result);
/* Goes on with a unit of which nothing more will be heard (Flush after an error, the
 * end of a COPY that has failed). False: there is none. Does not pump. */
bool answer_at_once(struct session *s) ATTR_USE_RESULT;

#endif
