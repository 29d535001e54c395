/*
 * A fixture as a trace: its rows as they are, with commands, verdicts and differences as the diff
 * engine finds them. An exchange whose differences are all accepted is `allowed`.
 */
#ifndef REPLAY_FIXTURE_IMPORT_H
#define REPLAY_FIXTURE_IMPORT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* Whether the file begins as a fixture does. False also where it cannot be read. */
bool fixture_is_one(const char *path);

/* Writes a new trace (schema/trace.h, trace_create). A failure in the middle leaves what there is.
 * `path` "-": standard input. */
bool fixture_import(const char *path, const char *trace, struct err *err) ATTR_USE_RESULT;

#endif
