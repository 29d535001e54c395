/*
 * The few settings that change how values read (time zone, styles, encodings). When one of them
 * changes in an exchange, both sides must have the same value at its end: ParameterStatus comes
 * at different moments, so the values count and not the messages. Those that differed from the
 * start are pre-flight's matter.
 */
#ifndef CAPTURE_PARAMETERS_H
#define CAPTURE_PARAMETERS_H

#include <stdbool.h>

#include "base/bytes.h"

struct comparison;
struct parameters; /* of a session; NULL until one has changed */
struct session;
struct side;

void parameters_free(struct parameters *p); /* takes NULL */

/* A ParameterStatus of the side. */
void parameters_note(struct session *s, const struct side *side, struct bytes body);
/* Both sides are at the end of the exchange: true if what has changed in it is not the same on
 * both; `result` has the differences, in the proxy's arena. Forgets the changes. */
bool parameters_differ(struct session *s, struct comparison *result);

#endif
