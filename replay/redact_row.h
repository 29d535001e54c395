/*
 * Rows of a trace without what must not be in one (diffengine/redact.h).
 */
#ifndef REPLAY_REDACT_ROW_H
#define REPLAY_REDACT_ROW_H

#include "diffengine/redact.h"
#include "schema/trace.h"

/* The row's bytes and note; borrowed until redact_reset. How many places were replaced. */
struct trace_redaction redact_row(struct redact *r, struct trace_exchange *row);

#endif
