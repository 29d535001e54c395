/*
 * Root cause and consequence. A table is tainted when the two databases may hold different
 * rows in it: after a mismatch whose write was committed, a failure on one side only, DDL that
 * one side keeps although the transaction was rolled back. What later differs in a statement
 * that touches it is marked as possibly a consequence. Names are those of the statements, without
 * regard to schemas, since search_path is not known.
 */
#ifndef DIFFENGINE_TAINT_H
#define DIFFENGINE_TAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define TAINT_TABLES_MAX 4096 /* of a run; further ones are counted, and not marked */

struct taint;
struct analysis;

struct taint *taint_new(void) ATTR_USE_RESULT; /* NULL: no memory */
void taint_free(struct taint *taint);          /* takes NULL */

/* The tables that the statement writes; one that is tainted keeps its first cause. */
void taint_add(
	struct taint *taint, const char *database, const struct analysis *analysis, int64_t cause);
/* The tables that the statement writes are the same again: TRUNCATE or DROP, say. */
void taint_clear(struct taint *taint, const char *database, const struct analysis *analysis);
/* Those that `tables` has. */
void taint_subtract(struct taint *taint, const struct taint *tables);
/* Those of a database that is no more. */
void taint_forget(struct taint *taint, const char *database);

struct taint_cause {
	int64_t exchange;  /* 0: none */
	const char *table; /* borrowed until the next change */
};
/* The earliest cause among the tables that the statement touches. */
struct taint_cause taint_find(
	const struct taint *taint, const char *database, const struct analysis *analysis);
bool taint_is_empty(const struct taint *taint);
/* All that `from` has goes over to `taint`. */
void taint_move(struct taint *taint, struct taint *from);
void taint_reset(struct taint *taint);
/* Tables that there was no room or memory for. */
int64_t taint_omitted(const struct taint *taint);

#endif
