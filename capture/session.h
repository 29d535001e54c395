/*
 * One client and its two backends. The life of a session:
 *
 *   STARTUP -> (AUTHENTICATING) -> CONNECTING -> READY -> (DOOMED) -> gone
 *
 * and inside READY that of an exchange (capture/exchange.h). Here are its data, its birth and
 * death and the client's end of the wire; startup.h has the first packets, relay.h the way
 * from the client to the backends, answer.h the way back, judge.h the verdict, mismatch.h what
 * the client is told of one, align.h equal transaction states again. All run in the loop's
 * thread.
 */
#ifndef CAPTURE_SESSION_H
#define CAPTURE_SESSION_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "capture/exchange.h"
#include "capture/keys.h"
#include "capture/look.h"
#include "diffengine/cursors.h"
#include "capture/startup_packet.h"
#include "diffengine/prepared.h"
#include "base/turn.h"
#include "capture/types.h"
#include "wire/backend.h"
#include "wire/link.h"

struct auth;
struct object_oids;
struct parameters;
struct consequence;
struct proxy;
struct comparison;
struct encode_error;

enum session_origin { ORIGIN_REMOTE, ORIGIN_LOOPBACK, ORIGIN_UNIX };

enum session_state {
	SESSION_STARTUP,        /* the first packets */
	SESSION_AUTHENTICATING, /* the client was asked to prove who it is, see capture/auth.h */
	SESSION_CONNECTING,     /* both backends connect */
	SESSION_READY,
	SESSION_DOOMED, /* a mismatch was reported; the next message gets a FATAL */
	SESSION_CLOSING /* what is queued goes out, then the end */
};

enum align_step { /* what one side has to do, see align.c */
	ALIGN_NOTHING,
	ALIGN_POISON,    /* fail */
	ALIGN_ROLLBACK,  /* leave the transaction */
	ALIGN_FAIL_OPEN, /* fail in the middle of an exchange that goes on */
	ALIGN_FAIL_ANEW, /* begin a transaction that has failed */
	ALIGN_BREAK_OFF, /* fail, and end the exchange that the client has not ended yet */
	ALIGN_CLOSE,     /* close what it alone has prepared */
	ALIGN_END_COPY   /* give up a COPY FROM */
};

enum align_then {
	ALIGN_THEN_GO_ON,  /* the client gets the truth's answer */
	ALIGN_THEN_EXCUSE, /* the client gets an error in place of the truth's success */
	ALIGN_THEN_READY   /* the client has the error; ReadyForQuery follows */
};

struct align {
	enum align_step steps[2]; /* still to be taken: truth, candidate */
	enum align_then then;
	bool is_checked;
	bool has_closed;   /* what one side alone has prepared was looked for */
	bool is_detaching; /* after it the candidate is left out */
	struct side *side; /* that is being changed */
	size_t keep;       /* bytes of its buffer before the answer to our statement */
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
	bool is_admitted;           /* counts against proxy.max-connections */
	uint32_t pid, key;          /* as the client knows them */
	char *user, *database, *application_name;
	char address[64]; /* the client's */
	enum session_origin origin;
	struct startup_packet packet; /* of a session that is ready */
	int64_t finished;             /* exchanges */
	struct auth *auth;            /* until the session is ready, then NULL */
	bool is_recorded;             /* the trace knows of it */
	bool is_seeding; /* CONNECTING: both sides get their seed, see capture/seed.h */
	struct side truth, candidate;
	struct exchange exchange;
	struct prepared prepared;
	struct cursors cursors;
	struct parameters *parameters;   /* settings that have changed; NULL: none has */
	struct object_oids *objects;     /* OIDs that the client was told; NULL: the same on both */
	struct consequence *consequence; /* of its transaction; NULL: nothing yet */
	struct turn_ticket ticket;
	struct align align;
	struct types types;
	struct keys keys;
	struct look look;
	struct buf columns;    /* RowDescription of a result whose head was handed on already */
	bool is_alone;         /* degraded mode: the candidate is gone for good; is_detached, too */
	bool is_detached;      /* the candidate is left out until the transaction ends */
	bool awaits_sync;      /* after an error of ours in a pipeline: ReadyForQuery comes with the
			      * client's Sync, what comes before it is discarded */
	int64_t deadline_us;   /* monotonic: of the startup packet, the seed, the last words */
	int64_t idle_since_us; /* monotonic, as the watch saw it; 0: busy */
	int64_t idle_received; /* bytes from the client by then */
	char why[256];         /* storage of exchange.note */
};

/* Takes over `fd`. Memory out: closes it. */
void session_start(struct proxy *proxy, int fd, const char *address, enum session_origin origin);
/* Ends the session once control is back in the loop; may be called anywhere, repeatedly. */
void session_end(struct session *s, const char *why);
/* Frees it: the reaper only (proxy.c). */
void session_free(struct session *s);
/* Queues bytes for the client; a failure ends the session. */
void session_send(struct session *s, struct bytes data);
/* Sends an ErrorResponse of severity FATAL and ends the session after it. */
void session_fatal(struct session *s, const char *sqlstate, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The same with an error whose fields are given; severity is FATAL. */
void session_refuse(struct session *s, const struct encode_error *error);
/* Registers with the loop what the client's link wants now. */
void session_update(struct session *s);
/* Takes what TLS holds back, if the session can take it by now. */
void session_resume(struct session *s);
/* The candidate cannot be reached or was lost: the truth alone from here on. */
void session_go_alone(struct session *s, const char *why);
/* A unit waits for its turn or for its answer. */
bool session_is_answering(const struct session *s);

#endif
