/*
 * The sessions of the trace, read once before the replay: what each asked for when it
 * connected, how many exchanges it has, when it ended, when it was cancelled. Reading all of
 * it up front also proves that the trace can be read to its end before a database is touched.
 *
 * Memory: about 96 bytes a session, 16 a cancel request, 100 a look-up of a type; startup packets
 * that are the same are kept once. Nothing is kept per exchange.
 */
#ifndef REPLAY_ROSTER_H
#define REPLAY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "diffengine/user_types.h"
#include "replay/texts.h"
#include "schema/trace.h"

struct session;

enum roster_state {
	ROSTER_WAITING, /* not connected yet */
	ROSTER_OPEN,
	ROSTER_GIVEN_UP, /* ended before its last exchange */
	ROSTER_REFUSED,  /* could not connect */
	ROSTER_OVER
};

struct roster_session {
	int64_t id;
	int64_t left;         /* exchanges that were not handed out yet */
	int64_t started_us;   /* when it began to connect; 0: unknown */
	int64_t ends_us;      /* when it disconnected; 0: right after its last exchange */
	int64_t finished_us;  /* recorded: when the last exchange that was begun had finished */
	int64_t done_us;      /* monotonic: when it has finished here; 0: none has */
	int64_t scan;         /* of replay/order.c */
	bool is_left_out;     /* not chosen */
	struct bytes startup; /* the startup packet's parameters, borrowed from the roster */
	enum roster_state state;
	struct session *session; /* while OPEN */
};

struct roster_cancel {
	int64_t session, at_us;
};

struct roster_type { /* what the capture found out about a user type or function */
	int64_t session, at_us;
	bool is_function;
	struct user_type type;
};

struct roster {
	struct roster_session *sessions; /* by id */
	size_t count, cap;
	struct roster_cancel *cancels; /* by time */
	size_t cancel_count, cancel_cap;
	struct roster_type *types; /* by time */
	size_t type_count, type_cap;
	int64_t exchanges, gaps;
	struct arena arena;     /* startup packets */
	struct texts texts;     /* their numbers */
	struct bytes *startups; /* by number - 1 */
	size_t startup_count, startup_cap;
};

/* False with err: the trace cannot be read, or memory is out; roster_fini either way. */
bool roster_load(struct roster *roster, struct trace *trace, struct err *err) ATTR_USE_RESULT;
void roster_fini(struct roster *roster);

/* NULL: no such session. */
struct roster_session *roster_find(const struct roster *roster, int64_t id);

/* Microseconds from `from_us` to the session's first cancel request between the two times;
 * -1: none. */
int64_t roster_cancel_after(
	const struct roster *roster, int64_t session, int64_t from_us, int64_t to_us);

#endif
