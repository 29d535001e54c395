/*
 * A replay: the recorded sessions, what they share, and the director who decides which
 * exchange is next. One per program, in the loop's thread.
 *
 * Exchanges run one after the other in the order in which they started in the capture. One
 * that is not answered lets others go ahead when nothing has moved for BLOCKED_US: it is taken
 * to wait for a lock that a later exchange of another session releases. If it ran alone in the
 * capture, and so waited for nobody, it has four times the time that it took then besides, so
 * that a slow statement does not change the order. Once an exchange is found to be blocked,
 * those that ran beside it in the capture begin at once; those that began after its answer,
 * when SETTLE_US have gone by since a transaction ended that may have held the lock.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <uv.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "diffengine/policy.h"
#include "diffengine/settings.h"
#include "diffengine/verdict.h"
#include "replay/plan.h"
#include "replay/roster.h"
#include "replay/writer.h"
#include "wire/backend.h"

#define BLOCKED_US 50000
#define SETTLE_US  20000

/* Why a recorded exchange was not replayed: X(ENUM, "what the summary says"). */
#define SKIPS(X)                                                                                \
	X(UNSENT, "never reached the databases in the capture either")                          \
	X(CUT, "not replayed: the trace does not hold the whole request")                       \
	X(MALFORMED, "not replayed: the request is malformed or longer than proxy.max-message") \
	X(NO_SESSION, "not replayed: the trace does not hold the session")                      \
	X(REFUSED, "not replayed: the session could not connect")                               \
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
	struct writer writer;
	struct list sessions; /* open ones */
	int in_flight;        /* exchanges under way */
	int64_t next_session, next_exchange;
	int64_t finished_us; /* monotonic: when an exchange last ended */
	int64_t released_us; /* when one last ended outside of a transaction, or a session did */
	uv_idle_t director;
	uv_timer_t watch;
	struct arena arena; /* of one comparison; reset after each */
	struct replay_counts counts;
	bool has_truth_version, has_candidate_version;
	bool is_stopping, is_stopped;
	struct err why;     /* it was stopped before its end; "" else */
	struct err refusal; /* of the first session that could not connect */
	void (*on_stopped)(struct replay *r);
	void *context;
};

/* `r` is zeroed but for source, roster, on_stopped and context. False with err: a setting is
 * wrong, or memory is out; replay_fini either way. */
bool replay_init(
	struct replay *r, const struct settings *settings, struct err *err) ATTR_USE_RESULT;
/* Begins with the loop's next turn; the writer is open. */
void replay_start(struct replay *r, uv_loop_t *loop);
/* Ends it early, once control is back in the loop; the first reason is kept. */
void replay_stop(struct replay *r, const char *why);
/* After the loop has ended. */
void replay_fini(struct replay *r);

/* Something has happened that the director should look at: in the loop's next turn. */
void replay_wake(struct replay *r);

const char *skip_text(enum skip skip);

#endif
