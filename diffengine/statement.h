/*
 * What the proxy must know of a statement before and after it is run, from its tokens alone:
 * may it write, must its rows come in order, does it control the transaction. Pure and
 * linear in the text. In doubt a statement writes, and in doubt its order counts.
 */
#ifndef DIFFENGINE_STATEMENT_H
#define DIFFENGINE_STATEMENT_H

#include <stdbool.h>

#include "base/bytes.h"

struct statement_traits {
	struct bytes text; /* this statement, without its semicolon; borrowed */
	char names; /* 'S': PREPARE, 'P': DECLARE: it gives `name` to a statement or portal; 0 */
	struct bytes name; /* as written, maybe quoted; in `text` */
	bool is_empty;     /* only blanks and comments */
	bool is_writing;   /* may change what another session sees, or take locks it waits for */
	bool is_ordered;   /* the sequence of its rows is determined: a top-level ORDER BY, or a
			    * statement that is not a query */
	bool is_ddl;       /* makes, changes or empties what a rollback must bring back as it was:
			    * CREATE, ALTER, DROP, TRUNCATE and the like */
	bool is_control;   /* begins, ends or divides a transaction: BEGIN, COMMIT, SAVEPOINT,
			    * SET TRANSACTION and the like */
};

/* Takes the next statement off `*rest` (split at top-level semicolons); what stands empty beside
 * others is skipped. False at the end: a text without statements yields one empty statement
 * first, as the server answers it. `rest` with ptr NULL is the end. */
bool statement_next(struct bytes *rest, struct statement_traits *traits);

/* A name as the server stores it: without quotes, or in lower case, cut at 63 bytes. `out` has
 * STATEMENT_NAME_MAX bytes. */
#define STATEMENT_NAME_MAX 64
struct bytes statement_fold_name(struct bytes written, char *out);

/* Whether any statement of the text may write. */
bool statement_may_write(struct bytes text);

/* The `ordinal`-th (from 0) statement of a text that yields an answer; false if there is none. */
bool statement_at(struct bytes text, unsigned ordinal, struct statement_traits *traits);

/* The function of this name neither writes nor locks (diffengine/functions.c): a built-in of
 * PostgreSQL. Without regard to case. */
bool function_is_harmless(struct bytes name);

#endif
