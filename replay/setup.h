/*
 * SQL that one database runs before a replay: a file, sent as one simple query, so that it is one
 * transaction unless it says otherwise. COPY FROM STDIN is refused.
 */
#ifndef REPLAY_SETUP_H
#define REPLAY_SETUP_H

#include "base/bytes.h"
#include "wire/backend.h"

#define SETUP_FILE_MAX ((size_t)256 << 20)

struct setup {
	const char *path;
	struct bytes startup; /* whose user and database are taken, as a session's would be */
	int64_t timeout_us;
	bool was_interrupted; /* by SIGINT or SIGTERM: set where it fails so */
};

/* False with err: the file cannot be read, the database cannot be reached, refuses a statement, or
 * does not answer. */
bool setup_run(
	struct setup *setup, const struct backend_target *target, struct err *err) ATTR_USE_RESULT;

#endif
