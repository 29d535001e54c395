/*
 * The statement that looks up tables' unique keys, and its answer. It names the tables as text
 * and reads the catalogs alone, so nothing about a table makes it fail: one that is not
 * there has no keys. Inside a transaction it stands behind a savepoint, so that its failure (a
 * timeout, say) is not the transaction's.
 */
#ifndef DIFFENGINE_UNIQUE_QUERY_H
#define DIFFENGINE_UNIQUE_QUERY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/unique_keys.h"

/* Appends the messages of a look-up of all tables that are asked about: one unit with Sync, inside
 * a transaction three. */
bool unique_query_write(
	struct buf *out, const struct unique_keys *keys, bool is_in_transaction) ATTR_USE_RESULT;
/* After a failure inside a transaction: back to the savepoint, in two units. */
bool unique_query_write_back(struct buf *out) ATTR_USE_RESULT;

/* Takes what the answer says into the cache, and settles its questions. False: it holds an error,
 * whose text is put into `why`; the tables are unknown again. */
bool unique_query_read(
	struct unique_keys *keys, struct bytes answer, struct err *why) ATTR_USE_RESULT;

#endif
