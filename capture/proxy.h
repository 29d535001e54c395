/*
 * The proxy: the listener, the sessions, and what they share. One per program, in the loop's
 * thread.
 *
 * Limits: proxy.max-connections sessions (further clients get 53300 as the answer to their startup
 * packet, and beyond PROXY_STARTUPS_MAX of those at once), each with buffers of
 * proxy.window bytes per side unless one message or an answer that differs needs more, up to
 * proxy.max-message.
 */
#ifndef CAPTURE_PROXY_H
#define CAPTURE_PROXY_H

#include <uv.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "capture/counts.h"
#include "capture/live.h"
#include "capture/record.h"
#include "base/turn.h"
#include "capture/unix_socket.h"
#include "diffengine/policy.h"
#include "diffengine/routing.h"
#include "diffengine/settings.h"
#include "diffengine/verdict.h"
#include "wire/backend.h"

/* Clients that have not said yet what they want, beyond proxy.max-connections: also one that
 * asks for a cancel or is refused needs a moment. */
#define PROXY_STARTUPS_MAX 64

struct preflight_run;
struct rules_seen;
struct session;
struct taint;
struct slow_run;
struct tls;
struct userlist;

struct proxy {
	uv_loop_t *loop;
	const struct settings *settings;
	struct policy policy;
	struct taint *taint;           /* tables that may differ, see capture/consequence.h */
	struct rules_seen *rules_seen; /* until proxy_close, for the summary */
	int64_t started_wall_us;       /* Unix time */
	struct routing *routing;
	struct backend_target truth, candidate;
	enum settings_execution execution;
	struct record record;
	struct turn turn;
	int writing;         /* units under way that may write */
	int64_t write_epoch; /* changes when one starts or ends */
	int64_t ddl_epoch;   /* changes when tables may have changed, see capture/keys.h */
	struct list sessions;
	int64_t session_count, next_session, next_exchange;
	int64_t admitted; /* sessions that are past their startup packet */
	int active;       /* exchanges under way: the watch ticks while there are any */
	int listen_fd;    /* TCP; -1: none */
	int spare_fd;     /* given up for a moment when there is no other descriptor; 0: none */
	struct unix_socket unix_socket;
	uv_poll_t listen_poll, unix_poll;
	struct tls *tls;        /* NULL: clients are told that there is none */
	struct userlist *users; /* of proxy.auth-file; NULL: not needed */
	uv_timer_t watch;       /* deadlines and blocked sessions, see capture/watch.c */
	uv_idle_t reaper;       /* frees ended sessions */
	struct watch_state *watch_state;
	struct slow_run *slow; /* NULL: nothing was slow yet, see capture/slow.h */
	struct arena arena;    /* of one comparison; reset after each */
	struct proxy_counts counts;
	struct live live;                /* what is shown while it runs */
	struct preflight_run *preflight; /* NULL: no database was looked at yet */
	int64_t began_wall_us;           /* makes the seeds of this run its own */
	bool is_stopping, is_stopped;
	const char *stop_why; /* what sessions are told as soon as they are idle; NULL: go on */
	bool has_truth_version, has_candidate_version;
	void (*on_stopped)(struct proxy *proxy); /* the last session is gone */
	void *context;
};

/* Reads the files that the configuration names for TLS and authentication. */
bool proxy_load_files(
	struct proxy *p, const struct settings *settings, struct err *err) ATTR_USE_RESULT;
/* Listens as configured, on TCP, a Unix-domain socket, or both. */
bool proxy_open(struct proxy *p, const struct settings *settings, struct err *err) ATTR_USE_RESULT;
/* Undoes proxy_open and proxy_load_files, in whole or in part; after proxy_fini, if it served. */
void proxy_close(struct proxy *p);
/* A listening TCP socket as configured; -1: err. The caller owns it until proxy_start. */
int proxy_listen(const struct settings *settings, struct err *err) ATTR_USE_RESULT;

/* Serves; sessions begin with the next turn of the loop. `p` is zeroed but for record,
 * what proxy_load_files and proxy_open set (listen_fd -1: no TCP), execution, on_stopped and
 * context. False: err, nothing to undo. */
bool proxy_start(struct proxy *p, uv_loop_t *loop, const struct settings *settings,
	struct err *err) ATTR_USE_RESULT;
/* No new clients. With `why` all sessions get it as a FATAL and end, those with an exchange
 * under way when it is answered, or at once if forced; without it they may finish by
 * themselves. on_stopped is called when none is left. May be called again, more strictly. */
void proxy_stop(struct proxy *p, const char *why, bool is_forced);
/* After the loop has ended. */
void proxy_fini(struct proxy *p);

/* The session that has this cancel key, or NULL. */
struct session *proxy_find(struct proxy *p, uint32_t pid, uint32_t key);
/* The startup packet has come, so that the client can be told why. False: proxy.max-connections
 * is reached. */
bool proxy_admit(struct session *s) ATTR_USE_RESULT;
/* Asks for session_end'ed sessions to be freed, and others to be resumed, in the loop's next
 * turn. */
void proxy_reap(struct proxy *p);

/* watch.c: runs while exchanges are under way. */
bool watch_init(struct proxy *p) ATTR_USE_RESULT;
void watch_update(struct proxy *p);
void watch_fini(struct proxy *p);

#endif
