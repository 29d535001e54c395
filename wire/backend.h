/*
 * A connection to one database: libpq connects and authenticates, then its socket is taken
 * over and spoken to in raw protocol messages. Without TLS libpq's object and its buffers are
 * given up at that moment; with TLS it is kept, since it owns the TLS session. On a libuv
 * loop; one thread. libpq's environment (PG*) must have been cleared (backend_isolate).
 *
 *   new --> connecting --> ready --> ended
 *                    \-> refused
 *
 * While connecting, PQtrace into memory yields every ParameterStatus in order and the
 * SQLSTATE of a refusal; that memory is wiped, since it holds the cancel key.
 */
#ifndef WIRE_BACKEND_H
#define WIRE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "wire/encode.h"
#include "wire/link.h"
#include "wire/protocol.h"
#include "wire/target.h"

/* What the session wants; borrowed during backend_connect only. */
struct backend_wishes {
	const char *user, *database;
	const char *options;              /* the client's own "options", may be NULL */
	const char *application_name;     /* may be NULL */
	const struct wire_pair *settings; /* further startup parameters, sent as -c name=value */
	size_t setting_count;
	long long session;    /* for log lines; 0: none */
	const char *password; /* where the target has none; NULL: none. Wiped after connecting */
};

enum backend_state { BACKEND_CONNECTING, BACKEND_READY, BACKEND_REFUSED, BACKEND_ENDED };

struct backend_refusal {
	char sqlstate[6];    /* "" where the server never spoke */
	bool needs_password; /* it asked for one, and there was none to give */
	struct err why;      /* libpq's text, one line */
};

struct backend;

struct backend_events {
	/* READY or REFUSED was reached. */
	void (*on_connected)(struct backend *b, void *context);
	/* New bytes are in b->link.in, or the connection ended (state ENDED, why filled in). */
	void (*on_readable)(struct backend *b, void *context);
	/* The output buffer fell below the high-water mark. */
	void (*on_drained)(struct backend *b, void *context);
};

struct backend {
	enum backend_state state;
	const struct backend_target *target;
	struct link link;         /* valid in READY; in ENDED, what was read is still in link.in */
	struct protocol protocol; /* valid in READY */
	struct backend_refusal refusal; /* REFUSED and ENDED */
	struct buf parameters; /* ParameterStatus messages of the startup, as on the wire */
	int32_t pid;
	bool has_checked_password; /* the server asked for one, and it was right */
	const struct backend_events *events;
	void *context;
	struct backend_impl *impl;
};

/* Clears PG* from the environment and ignores SIGPIPE; once, at program start. */
void backend_isolate(void);

/* Starts connecting; the result comes through on_connected, never before this returns.
 * NULL only when memory is out. */
struct backend *backend_connect(uv_loop_t *loop, const struct backend_target *target,
	const struct backend_wishes *wishes, size_t high_water, const struct backend_events *events,
	void *context) ATTR_USE_RESULT;

/* Sends request bytes, which protocol_on_request has seen. False: ended (on_readable is
 * called later with state ENDED). */
bool backend_send(struct backend *b, struct bytes data) ATTR_USE_RESULT;

/* Stops or resumes reading (back-pressure). Call after consuming from link.in, too. */
void backend_update(struct backend *b);
void backend_pause(struct backend *b, bool paused);

/* Asks the server to cancel what the backend is doing; in a worker thread, no answer. Several
 * calls in a row become two requests at most. */
void backend_cancel(struct backend *b);

/* Sends Terminate if it can, closes and frees; no callback comes after this. The handles go
 * in the loop's next turn. NULL is fine. */
void backend_close(struct backend *b);

/* The password that libpq keeps for this connection; "" if none. Borrowed, and a secret. */
const char *backend_password(const struct backend *b);

/* server_version as the server gave it ("15.12-YB-2025.1.0.0-b0"); "" if it did not. Borrowed. */
const char *backend_parameter(const struct backend *b, const char *name, char *out, size_t size);

#endif
