/*
 * What backend.c and backend_connect.c share and nobody else sees. A backend is one
 * allocation; it is freed when it is closed and nothing on the loop points to it any more
 * (`users`: the timer, the poll handle, a name being looked up).
 *
 * libuv: a socket must leave the loop before libpq closes it, since the next one may get its
 * number. So the poll handle is closed before every call that may do so (PQconnectPoll,
 * PQfinish) and made anew afterwards; its memory goes in its close callback.
 */
#ifndef WIRE_BACKEND_IMPL_H
#define WIRE_BACKEND_IMPL_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "wire/backend.h"
#include "wire/backend_trace.h"

/* Startup parameters that libpq takes by name; NULL: not given. */
struct backend_startup {
	struct arena strings; /* holds all that was borrowed from the wishes */
	const char *user, *database, *options, *application_name, *client_encoding;
	char *password;                /* from the wishes: wiped when freed */
	const char *hosts, *addresses; /* lists of equal length; addresses NULL: not looked up */
};

struct backend_cancelling; /* a cancel request under way in a worker thread */

struct backend_impl {
	struct backend front;
	uv_loop_t *loop;
	/* While connecting, and with TLS (whose SSL object it owns). Else its 32 KiB of buffers are
	 * given back when the connection is made, and the socket is ours. */
	PGconn *conn;
	int socket;               /* ours, -1: libpq's or none */
	PGcancel *cancel_request; /* NULL: none, or in use by `cancelling` */
	char *password;           /* that libpq used; NULL: none */
	uv_poll_t *poll;
	int poll_events;  /* what it watches; 0: stopped */
	uv_timer_t timer; /* the connect timeout; in READY, a wake-up for the next turn */
	uv_getaddrinfo_t resolver;
	struct backend_startup startup;
	struct backend_trace trace;
	struct backend_cancelling *cancelling; /* NULL: none; one at a time */
	bool cancel_again;                     /* asked for while one was under way */
	size_t high_water;
	size_t users;
	char who[96]; /* "session 12: PostgreSQL", for log lines */
	bool is_resolving;
	bool is_refused; /* REFUSED, and on_connected is called in the loop's next turn */
	bool is_broken;  /* sending failed: ENDED in the loop's next turn */
	bool is_closed;
};

/* Copies the wishes and starts; every failure goes through backend_refuse_later. */
void backend_connect_start(struct backend_impl *impl, const struct backend_wishes *wishes);
/* The poll handle fired while connecting. */
void backend_connect_step(struct backend_impl *impl);
/* The connect timeout, or a refusal that waited for the loop. */
void backend_connect_timer(struct backend_impl *impl);
/* Frees what only connecting needs. Harmless when called again. */
void backend_connect_fini(struct backend_impl *impl);

/* Watches `fd` for `events` (UV_READABLE, UV_WRITABLE; 0: nothing). */
bool backend_watch(struct backend_impl *impl, int fd, int events) ATTR_USE_RESULT;
/* Closes the poll handle; afterwards the descriptor may be closed. */
void backend_unwatch(struct backend_impl *impl);
/* Starts the timer, in place of what it was set to; 0: the loop's next turn. */
void backend_wake(struct backend_impl *impl, uint64_t ms);
/* Drops one user; frees a closed backend with the last. */
void backend_release(struct backend_impl *impl);
/* Sets why in the form "YugabyteDB at localhost:5433: text". */
void backend_say_why(struct backend_impl *impl, const char *text);

#endif
