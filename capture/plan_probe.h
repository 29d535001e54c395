/*
 * Asks one database for the plan of a statement, over a connection of its own that is made for
 * the one question. What it is asked is ready-made (diffengine/explain.h); who asks bounds the
 * time, by freeing it.
 */
#ifndef CAPTURE_PLAN_PROBE_H
#define CAPTURE_PLAN_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/backend.h"

#define PLAN_TEXT_MAX 65536 /* bytes of a plan; the rest is cut */

struct plan_question {
	const struct backend_wishes *wishes; /* borrowed for the call */
	struct bytes messages;               /* copied */
	unsigned rounds;                     /* of them, each ends in a ReadyForQuery */
	/* Called once, never before plan_probe_new returns, unless it is freed. */
	void (*on_planned)(void *context);
	void *context;
};

struct plan_answer {
	bool is_whole;    /* every round was answered; else see `error` */
	struct buf text;  /* the last plan that came, a line each; empty: none */
	int64_t ran_us;   /* as the plan says; -1: not known */
	char sqlstate[6]; /* of the first error; "" none, or the connection failed */
	struct err error; /* the first one; "" none */
};

struct plan_probe;

/* NULL: no memory. */
struct plan_probe *plan_probe_new(uv_loop_t *loop, const struct backend_target *target,
	const struct plan_question *question) ATTR_USE_RESULT;
bool plan_probe_is_done(const struct plan_probe *probe);
/* Borrowed; what has come by now. */
struct plan_answer *plan_probe_answer(struct plan_probe *probe);
/* Also from on_planned. Ends the connection, and cancels what the server still does. */
void plan_probe_free(struct plan_probe *probe); /* takes NULL */

#endif
