/*
 * The questions of the pre-flight check, as SQL for PostgreSQL 11 and later and YugabyteDB. Only
 * catalogs are read, but by preflight_query_count; every answer's rows are (kind, owner, name,
 * value), see capture/ask.h.
 */
#ifndef CAPTURE_PREFLIGHT_QUERY_H
#define CAPTURE_PREFLIGHT_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* What the session asks before all others: it waits for no lock and no slow answer. */
bool preflight_query_limits(struct buf *out, int64_t statement_us) ATTR_USE_RESULT;
/* Rows of kind "setting" and "fact". */
const char *preflight_query_settings(void);
/* Tables, columns, constraints, indexes; LIMITed to rows_max + 1. */
bool preflight_query_schema(struct buf *out, size_t rows_max) ATTR_USE_RESULT;
/* Positions of sequences. */
const char *preflight_query_sequences(void);
/* `table` is its qualified and quoted name. The row has an empty owner. */
bool preflight_query_count(struct buf *out, const char *table) ATTR_USE_RESULT;
/* Puts functions that make uuids from the session's random() in the place of those that are not
 * seeded, and back. Answers with a row per function. */
const char *preflight_query_install(void);
const char *preflight_query_remove(void);

#endif
