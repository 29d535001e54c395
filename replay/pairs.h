/*
 * Which exchange of one trace is which of another: sessions are paired by what the second says of
 * itself ("replay of session N"), else by order; exchanges within a session by order, as long as
 * their requests are the same. Memory: 24 bytes an exchange of the second trace.
 */
#ifndef REPLAY_PAIRS_H
#define REPLAY_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/trace.h"

struct pairs_entry { /* one exchange of the second trace */
	int64_t session, id;
	uint64_t request; /* hash of its first part */
};

struct pairs_session {
	int64_t first, second; /* ids; second 0: none */
	size_t at, end;        /* its entries that have no partner yet */
};

struct pairs {
	struct pairs_entry *entries; /* by session and id */
	size_t count, cap;
	struct pairs_session *sessions; /* by first */
	size_t session_count, session_cap;
};

/* False with err: a trace cannot be read, or memory is out; pairs_fini either way. */
bool pairs_load(struct pairs *pairs, struct trace *first, struct trace *second,
	struct err *err) ATTR_USE_RESULT;
void pairs_fini(struct pairs *pairs);

/* The partner of an exchange of the first trace, given in order of their ids; 0: none. */
int64_t pairs_take(struct pairs *pairs, const struct trace_exchange *row);
/* Exchanges of the second trace that were never taken. */
int64_t pairs_left(const struct pairs *pairs);

#endif
