/*
 * What SIGUSR1 prints: a line about the proxy and one about each live session, for a person who
 * asks what hangs. Names that clients gave are quoted, their control characters shown as \xNN.
 */
#ifndef CAPTURE_STATUS_H
#define CAPTURE_STATUS_H

#include "base/attr.h"
#include "base/buf.h"
#include "capture/session.h"

/* "startup", "connecting", "ready", "doomed", "closing" */
const char *status_state_name(enum session_state state);

/* The lines as text; false: memory is out, or `out` is full. */
bool status_write(const struct proxy *p, struct buf *out) ATTR_USE_RESULT;
/* Writes them to the descriptor. */
void status_print(const struct proxy *p, int fd);

#endif
