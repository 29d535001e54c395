/*
 * Asks both databases which of some backends wait for a lock that another session holds
 * (pg_blocking_pids), over connections that are opened for the question and closed after it,
 * so that they never stand in the way of DROP DATABASE. One question at a time.
 */
#ifndef CAPTURE_PROBE_H
#define CAPTURE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/backend.h"

#define PROBE_PIDS_MAX 64

struct probe_question { /* copied */
	const struct backend_target *target;
	const char *user, *database;
	int32_t pids[PROBE_PIDS_MAX];
	size_t count;
};

struct probe_answer {
	bool is_known; /* false: could not ask, or the server does not know */
	int32_t blocked[PROBE_PIDS_MAX];
	size_t count;
};

struct probe;

typedef void on_probed_fn(void *context, const struct probe_answer *answer);

/* NULL: no memory. The probe frees itself before the answer is given. A server that does not
 * answer is the caller's to time: probe_stop. */
struct probe *probe_start(uv_loop_t *loop, const struct probe_question *question,
	on_probed_fn *on_probed, void *context) ATTR_USE_RESULT;
/* No answer comes any more. NULL is fine. */
void probe_stop(struct probe *probe);

#endif
