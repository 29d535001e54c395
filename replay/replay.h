/*
 * A replay: the recorded sessions, what they share, and the director who begins what is due
 * (replay/order.h). One per program, in the loop's thread.
 *
 * A unit that may write runs alone (base/turn.h), whatever the order, so that both databases see
 * the same sequence, unless comparison.execution says otherwise. One that is found to wait for a
 * lock gives its turn back (replay/stall.h).
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <uv.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/turn.h"
#include "diffengine/policy.h"
#include "diffengine/settings.h"
#include "diffengine/verdict.h"
#include "replay/plan.h"
#include "replay/recall.h"
#include "replay/roster.h"
#include "replay/select.h"
#include "replay/stall.h"
#include "replay/wishes.h"
#include "replay/writer.h"
#include "wire/backend.h"

/* Why a recorded exchange was not replayed: X(ENUM, "what the summary says"). */
#define SKIPS(X)                                                                                \
	X(UNSENT, "never reached the databases in the capture either")                          \
	X(CUT, "not replayed: the trace does not hold the whole request")                       \
	X(MALFORMED, "not replayed: the request is malformed or longer than proxy.max-message") \
	X(NO_SESSION, "not replayed: the trace does not hold the session")                      \
	X(REFUSED, "not replayed: the session could not connect")                               \
	X(LEFT_OUT, "left out: not among the chosen sessions and statements")                   \
	X(WRITES, "left out by --read-only: may write")                                         \
	X(GIVEN_UP, "not replayed: the session was given up before")

#define SKIP_X_ENUM(NAME, text) SKIP_##NAME,
enum skip { SKIPS(SKIP_X_ENUM) SKIP_COUNT };
#undef SKIP_X_ENUM

struct replay_counts {
	int64_t sessions, refused; /* connected; could not connect */
	int64_t exchanges[VERDICT_COUNT];
	int64_t skipped[SKIP_COUNT];
	int64_t waited;      /* found to be blocked */
	int64_t relaxed;     /* begun before one whose answer they followed in the capture */
	int64_t rolled_back; /* after which both sides were rolled back */
};

struct replay {
	uv_loop_t *loop;
	const struct settings *settings;
	struct trace *source;
	struct policy policy;
	struct backend_target truth, candidate;
	struct roster roster;
	struct plan plan;
	struct reading reading;
	struct writer writer;
	struct replay_wishes wishes;
	struct select *select; /* NULL: everything is replayed */
	struct stall stall;
	struct turn turn;
	struct list sessions; /* open ones */
	int in_flight;        /* exchanges under way */
	int stalled;          /* of them */
	size_t connected;     /* of the roster's sessions, in their order */
	int64_t scan;         /* of the plan, see replay/order.c */
	int64_t deadline_us;
	int64_t next_session, next_exchange;
	int64_t began_us, first_us; /* monotonic; the first exchange's time in the capture */
	int64_t due_us;             /* monotonic: when something is due next; INT64_MAX: unknown */
	int64_t moved_us;           /* monotonic: when an exchange last began or ended */
	uv_idle_t director;
	uv_timer_t watch, pace;
	struct arena arena; /* of one comparison; reset after each */
	struct replay_counts counts;
	struct recall_counts recall;
	bool is_swapped; /* the recorded truth is the candidate here */
	bool has_truth_version, has_candidate_version;
	bool is_stopping, is_stopped;
	struct err why;     /* it was stopped before its end; "" else */
	struct err refusal; /* of the first session that could not connect */
	void (*on_stopped)(struct replay *r);
	void (*on_tick)(struct replay *r, int64_t now); /* every few milliseconds; may be NULL */
	void *context;
};

/* `r` is zeroed but for source, roster, on_stopped and context. False with err: a setting is
 * wrong, or memory is out; replay_fini either way. */
bool replay_init(
	struct replay *r, const struct settings *settings, struct err *err) ATTR_USE_RESULT;
/* Begins with the loop's next turn; the writer is open. False: no memory, and it ends at once. */
bool replay_start(struct replay *r, uv_loop_t *loop) ATTR_USE_RESULT;
/* Ends it early, once control is back in the loop; the first reason is kept. */
void replay_stop(struct replay *r, const char *why);
/* After the loop has ended. */
void replay_fini(struct replay *r);

/* Something has happened that the director should look at: in the loop's next turn. */
void replay_wake(struct replay *r);

/* Exchanges that are over, replayed or not. */
int64_t replay_done(const struct replay *r);

const char *skip_text(enum skip skip);
/* It was never sent in the capture, or is left out as the command line asks: no reason to doubt. */
bool skip_is_as_asked(enum skip skip);

#endif
