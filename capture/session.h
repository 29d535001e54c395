/*
 * One client and its two backends. The life of a session:
 *
 *   STARTUP -> CONNECTING -> READY -> (DOOMED) -> gone
 *
 * and inside READY that of an exchange, which is everything up to the ReadyForQuery that
 * answers it; what is sent at a time is a unit:
 *
 *   COLLECTING -> QUEUED -> AWAITING -+-> COLLECTING   (exchange over, or Flush answered)
 *     ^  messages   for its   both    |
 *     |  of a unit  turn      answer  +-> COPYING -> AWAITING ...
 *                                     +-> ALIGNING -> ...  (a statement sent by us)
 *
 * Files: session.c birth and death, startup.c the first packets, relay.c from the client to
 * the backends, answer.c from the backends to the client, mismatch.c what the client is told,
 * align.c equal transaction states again. All run in the loop's thread.
 */
#ifndef CAPTURE_SESSION_H
#define CAPTURE_SESSION_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "capture/prepared.h"
#include "capture/turn.h"
#include "diffengine/lockstep.h"
#include "diffengine/verdict.h"
#include "wire/backend.h"
#include "wire/link.h"

struct proxy;
struct comparison;

enum session_state {
	SESSION_STARTUP,    /* the first packets */
	SESSION_CONNECTING, /* both backends connect */
	SESSION_READY,
	SESSION_DOOMED, /* a mismatch was reported; the next message gets a FATAL */
	SESSION_CLOSING /* what is queued goes out, then the end */
};

enum exchange_phase {
	PHASE_COLLECTING, /* messages of a unit arrive; nothing is awaited */
	PHASE_QUEUED,     /* the unit waits for its turn */
	PHASE_AWAITING,   /* the unit was sent; answers are awaited */
	PHASE_COPYING,    /* both backends take COPY data */
	PHASE_ALIGNING    /* a backend answers a statement that we sent */
};

struct side {                    /* one backend of the session */
	struct backend *backend; /* NULL before CONNECTING and after the end */
	size_t framed;           /* bytes of link.in that were framed and checked off */
	int64_t done_us;         /* when its ReadyForQuery came; -1: not yet */
	int64_t heard_us;        /* monotonic: when it last said something, or was sent something */
	struct buf held;         /* the unit's bytes that it has not been sent yet */
	bool is_sent;            /* the unit was sent */
	int64_t rows;            /* of the result under way */
	int64_t last_rows; /* of the last complete command, with its tag: kept where the trace */
	char last_tag[64]; /* cuts the answer */
};

struct command { /* a command of the exchange under way */
	struct statement *statement;
};

struct exchange {
	bool is_open;
	enum exchange_phase phase;
	int64_t id, started_us;
	size_t unit_len;        /* bytes at the front of client.in that belong to the next unit */
	bool unit_writes;       /* the unit may write */
	bool has_written;       /* an earlier unit may have: the Sync that commits it writes, too */
	bool is_partial;        /* the head of a long unit was sent already, to both sides */
	bool is_simple;         /* a Query: ReadyForQuery comes without a Sync */
	bool ends;              /* the unit ends with a message that ReadyForQuery answers */
	bool has_diverged;      /* in this unit */
	bool is_cancelled;      /* the client asked for it while the exchange was under way */
	bool is_handed_at_once; /* fail-on-differences = false */
	size_t handed;          /* bytes of the truth's link.in that the client already has */
	struct lockstep lock;
	struct command *commands;
	size_t command_count, command_cap;
	struct statement **described; /* statements whose Describe is unanswered, in order */
	size_t described_count, described_cap;
	/* for the trace */
	struct buf request, request_more, truth, candidate;
	int request_parts;
	int64_t truth_len, candidate_len;
	bool has_candidate;
	enum verdict verdict;
	char truth_status;
	const char *note;
};

struct align {                /* see align.c */
	struct side *side;    /* that is being changed */
	size_t keep;          /* bytes of its buffer before the answer to our statement */
	bool replaces_answer; /* the client gets an error in place of the truth's success */
};

struct session {
	struct list node;
	struct proxy *proxy;
	int64_t id;
	enum session_state state;
	struct link client;
	uv_poll_t client_poll;
	int client_events;
	bool is_polling, is_marked; /* marked: closed in the loop's next turn */
	bool is_client_gone;        /* it closed; what it sent whole is still run */
	bool is_client_deaf;        /* it does not even take answers any more */
	uint32_t pid, key;          /* as the client knows them */
	char *user, *database, *application_name;
	char address[64]; /* the client's */
	struct side truth, candidate;
	struct exchange exchange;
	struct prepared prepared;
	struct turn_ticket ticket;
	struct align align;
	struct buf columns;  /* RowDescription of a result whose head was handed on already */
	bool is_detached;    /* the candidate is left out until the transaction ends */
	bool awaits_sync;    /* DOOMED inside a pipeline: ReadyForQuery comes with the Sync */
	int64_t deadline_us; /* monotonic: of the startup packet; CLOSING: of the last words */
	char why[256];       /* storage of exchange.note */
};

/* Takes over `fd`. Memory out: closes it. */
void session_start(struct proxy *proxy, int fd, const char *address);
/* Ends the session once control is back in the loop; may be called anywhere, repeatedly. */
void session_end(struct session *s, const char *why);
/* Frees it: the reaper only (proxy.c). */
void session_free(struct session *s);
/* Queues bytes for the client; a failure ends the session. */
void session_send(struct session *s, struct bytes data);
/* Sends an ErrorResponse of severity FATAL and ends the session after it. */
void session_fatal(struct session *s, const char *sqlstate, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Registers with the loop what the client's link wants now. */
void session_update(struct session *s);
/* A unit waits for its turn or for its answer. */
bool session_is_answering(const struct session *s);
/* One line on what it is doing, for logs. */
const char *exchange_phase_name(enum exchange_phase phase);

/* startup.c */
void startup_pump(struct session *s);
/* Both backends may have an answer by now. */
void startup_on_connected(struct session *s);

/* relay.c: takes what can be taken from the client's buffer. */
void relay_pump(struct session *s);
void relay_on_granted(struct session *s);
/* Sends the held part of the unit to that side. */
void relay_send_held(struct side *side);

/* answer.c: what the backends say. */
const struct backend_events *answer_events(void);
/* Looks at what both sides have said by now and goes on as far as it can. */
void answer_advance(struct session *s);
/* A side will not answer any more (lost, or too late). */
void answer_give_up(struct session *s, struct side *side, const char *sqlstate, const char *why);

/* align.c: equal transaction states on both sides again, by statements of our own. */
/* True: it takes over (phase ALIGNING), or has ended the session. `result` may be NULL. */
bool align_begin(struct session *s, const struct comparison *result);
void align_advance(struct session *s);

/* mismatch.c: the SQL error in place of the rest of the answer. */
void mismatch_report(struct session *s, const struct comparison *result);
/* An ErrorResponse and ReadyForQuery with `status`; the session goes on. */
void mismatch_answer(struct session *s, const char *message, char status);
void mismatch_doomed_pump(struct session *s);

/* answer.c: the unit is answered and judged; the session goes on. */
void answer_go_on(struct session *s, const struct comparison *result);
/* answer.c: goes on with a unit of which nothing more will be heard (Flush after an error, the
 * end of a COPY that has failed). False: there is none. Does not pump. */
bool answer_at_once(struct session *s) ATTR_USE_RESULT;

#endif
