/*
 * Asks one database which of some backends wait for a lock that another session holds, and who
 * holds it (pg_blocking_pids), over a connection of its own that is opened for the first question
 * and closed PROBE_LINGER_US after the last, so that it does not stand in the way of DROP
 * DATABASE (which waits for 5 s). One question at a time.
 */
#ifndef WIRE_BACKEND_PROBE_H
#define WIRE_BACKEND_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/backend.h"

#define PROBE_PIDS_MAX    256
#define PROBE_HOLDERS_MAX 16 /* of one backend's lock; further ones are left out */
#define PROBE_LINGER_US   (1500 * INT64_C(1000))

struct probe_question {              /* copied */
	const char *user, *database; /* where a connection has to be made; borrowed for the call */
	const char *password;
	int32_t pids[PROBE_PIDS_MAX];
	size_t count;
};

struct probe_answer {
	bool is_known; /* false: could not ask, or the server does not know */
	int32_t blocked[PROBE_PIDS_MAX];
	int32_t holders[PROBE_PIDS_MAX][PROBE_HOLDERS_MAX]; /* of its lock; unused ones are 0 */
	size_t count;
};

struct probe;

typedef void on_probed_fn(void *context, const struct probe_answer *answer);

/* NULL: no memory. `target` outlives it. */
struct probe *probe_new(uv_loop_t *loop, const struct backend_target *target,
	on_probed_fn *on_probed, void *context) ATTR_USE_RESULT;
void probe_free(struct probe *probe); /* takes NULL; no answer comes any more */

/* The answer comes later, always, unless probe_stop is called. Not while it is busy. False: no
 * memory, nothing was asked. */
bool probe_ask(struct probe *probe, const struct probe_question *question) ATTR_USE_RESULT;
bool probe_is_busy(const struct probe *probe);
/* It has a connection, which probe_trim will close some time after the last answer. */
bool probe_is_open(const struct probe *probe);
void probe_trim(struct probe *probe, int64_t now_mono_us);
/* It has a connection, to another database than that: it may be in the way of DROP DATABASE. */
bool probe_is_elsewhere(const struct probe *probe, const char *database);
/* Drops the question and the connection. */
void probe_stop(struct probe *probe);

#endif
