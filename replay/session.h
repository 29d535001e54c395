/*
 * One recorded session that is replayed, with its two backends. The phases of an exchange:
 *
 *   IDLE -> FEEDING -> (WAITING) -> AWAITING -+-> FEEDING   (more messages in the request)
 *     ^     messages      for the      both    |
 *     |     of a unit     turn        answer   +-> IDLE      (the request is over)
 *     |                                        +-> ALIGNING  (transaction states differ: ROLLBACK)
 *     +---------------------------------------------+
 *
 * LOOKING (replay/types.h) may come in FEEDING and at the end of AWAITING. COPY data goes out
 * in FEEDING, while a backend is in COPY IN. A side that has given its ReadyForQuery gets
 * nothing more of the exchange.
 * Files: session.c birth, death and the loop over the phases; player.c units out; answer.c
 * answers in and their comparison; exchange.c what goes into the trace. All run in the
 * loop's thread. A session is freed by the director (replay.c) alone, never inside of a
 * backend's callback.
 */
#ifndef REPLAY_SESSION_H
#define REPLAY_SESSION_H

#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/turn.h"
#include "diffengine/verdict.h"
#include "replay/plan.h"
#include "replay/request.h"
#include "replay/roster.h"
#include "replay/side.h"
#include "replay/stall.h"
#include "replay/steps.h"
#include "replay/types.h"
#include "wire/backend.h"

struct replay;

enum session_state {
	SESSION_NEW,        /* has not had an exchange yet */
	SESSION_CONNECTING, /* both backends connect; an exchange waits for them */
	SESSION_READY,
	SESSION_OVER /* to be freed */
};

enum exchange_phase {
	PHASE_IDLE,
	PHASE_FEEDING,
	PHASE_WAITING,
	PHASE_AWAITING,
	PHASE_ALIGNING,
	PHASE_LOOKING
};

struct exchange {
	enum exchange_phase phase;
	struct plan_entry recorded;
	int64_t cancel_after_us; /* -1: it was not cancelled */
	bool is_open;
	bool was_alone;              /* in the capture: answered before the next one began */
	bool has_turn;               /* the unit under way asked for one */
	bool is_stalled, has_waited; /* stalled: waits for a lock; waited: it was, some time */
	struct stall_wait wait;
	int64_t id, started_us; /* in our own trace; 0: not begun */
	struct request source;
	bool is_played;  /* the recorded request is over */
	bool is_partial; /* the head of the unit under way was sent already, to both sides */
	bool has_diverged, is_learned; /* in this unit; learned: the columns that it describes */
	bool has_split;                /* the sides are at different steps: not compared any more */
	size_t unit_len;               /* bytes taken for the unit under way */
	struct steps steps;
	struct lockstep lock;
	unsigned unit_ordinal; /* of the first command of the unit */
	struct buf request, request_more, truth, candidate;
	int request_parts;
	int64_t truth_len, candidate_len;
	bool has_candidate, is_rolled_back;
	enum verdict verdict;
	unsigned char *verdicts; /* of the commands that were compared in full, by ordinal */
	size_t verdict_count, verdict_cap;
	bool is_regression, is_mended; /* against the recorded verdict */
	char recalled[384];            /* how a side has drifted; "" else */
	char why[512];                 /* why it is inconclusive, or what is left out; "" else */
};

struct session {
	struct list node;
	struct replay *replay;
	struct roster_session *recorded;
	int64_t id; /* in our own trace; 0: not connected yet */
	enum session_state state;
	struct side truth, candidate;
	struct exchange exchange;
	struct prepared prepared;
	struct cursors cursors;
	struct replay_types types;
	struct turn_ticket ticket;
	bool is_granted;    /* its turn has come; the director goes on with it */
	struct buf columns; /* RowDescription of a result whose head was dropped already */
};

/* Not connected before its first exchange. NULL: no memory. */
struct session *session_new(struct replay *r, struct roster_session *recorded) ATTR_USE_RESULT;
/* One of its backends is connected, or refused. */
void session_on_connected(struct session *s);
/* Closes the connections and frees it; an exchange under way is inconclusive. */
void session_close(struct session *s, const char *why);

/* Connects, where that has not begun. */
void session_connect(struct session *s);

/* Begins with an exchange; the first one has to wait for the connections. False with err: the trace
 * cannot be read. *state is not WHOLE: it cannot be replayed, and nothing has begun. */
bool session_play(struct session *s, const struct plan_entry *entry, enum request_state *state,
	struct err *err) ATTR_USE_RESULT;

/* Goes on as far as it can, after anything has happened. */
void session_advance(struct session *s);
/* The session cannot go on: `why` names the database. Its exchange is inconclusive. */
void session_give_up(struct session *s, const char *why);
/* Monotonic: when one of its backends last moved. */
int64_t session_moved_us(const struct session *s);
/* Cancels what was cancelled, gives up what takes longer than comparison.backend-timeout. */
void session_check(struct session *s, int64_t now);

/* player.c. True: the phase has changed. */
bool player_feed(struct session *s);
/* WAITING. True: the unit was sent. */
bool player_wait(struct session *s);
/* The recorded request is over: asks for what is still unanswered. */
bool player_end(struct session *s);
/* A whole message of our own, to be sent with the unit under way. False: given up. */
bool player_queue(struct session *s, struct side *side, struct bytes message) ATTR_USE_RESULT;

/* answer.c */
const struct backend_events *answer_events(void);
/* Walks what has come; drops what both sides said alike. */
void answer_walk(struct session *s);
/* AWAITING. True: both have settled, the unit is judged, the phase has changed. */
bool answer_step(struct session *s);
/* ALIGNING. True: done, the exchange is over. */
bool answer_align_step(struct session *s);
/* What both sides have said of an exchange that ends early goes into the trace. */
void answer_keep_rest(struct session *s);
/* IDLE: only asynchronous messages come. */
void answer_drop(struct session *s);

#endif
