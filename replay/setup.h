/*
 * SQL that one database runs before a replay: a file, sent as one simple query, so that it is one
 * transaction unless it says otherwise. COPY FROM STDIN is refused.
 */
#ifndef REPLAY_SETUP_H
#define REPLAY_SETUP_H

#include "wire/query.h"

#define SETUP_FILE_MAX QUERY_MESSAGE_MAX

/* `query` is as query_run wants it, but for `what`. False with err: the file cannot be read, the
 * database cannot be reached, refuses a statement, or does not answer. */
bool setup_run(struct query *query, const char *path, struct err *err) ATTR_USE_RESULT;

#endif
