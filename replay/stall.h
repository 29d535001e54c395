/*
 * When nothing moves: who waits for whose lock? Asked of each database over a connection of its
 * own (wire/backend_probe.h) once nothing has moved for STALL_US, and again in growing steps. A
 * database that cannot say is judged by time: BLOCKED_US of silence count as blocked. So does a
 * much longer silence of one that sees no lock (DOUBT_US and four times what the statement took
 * in the capture), since YugabyteDB does not show all. A statement that ran alone in the capture,
 * and so waited for nobody, has those four times in both cases.
 *
 * A blocked exchange is stalled: it gives its turn back, and the sessions that block it may go
 * ahead (stall_wants). It gets its turn again when one of them has ended its transaction.
 */
#ifndef REPLAY_STALL_H
#define REPLAY_STALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/backend_probe.h"

#define STALL_US       4000
#define BLOCKED_US     50000
#define DOUBT_US       1000000
#define STALL_SIDES    2
#define STALL_TEXT_MAX 256

struct replay;
struct session;

struct stall { /* one per replay */
	struct probe *probes[STALL_SIDES];
	int64_t asked_us[STALL_SIDES];
	bool cannot_say[STALL_SIDES]; /* the last answer */
};

struct stall_wait {                                      /* of an exchange */
	int64_t holders[STALL_SIDES][PROBE_HOLDERS_MAX]; /* ids of sessions of our trace; 0: none */
	bool is_seen[STALL_SIDES]; /* that side says that it waits for a lock */
};

/* False: no memory. */
bool stall_init(struct replay *r) ATTR_USE_RESULT;
/* Before the loop ends; no answer comes any more. */
void stall_stop(struct replay *r);

/* Every few milliseconds. */
void stall_tick(struct replay *r, int64_t now);

/* An exchange of another session waits for this one, which is idle. */
bool stall_wants(const struct replay *r, const struct session *s);

/* Its transaction has ended, or it is about to be closed: who waits for it may move. */
void stall_released(struct session *s);
/* Its exchange is over. */
void stall_end(struct session *s);

/* "; waits for a lock of session 3 (exchange 17)", or "". Returns out. */
const char *stall_describe(const struct session *s, char out[STALL_TEXT_MAX]);

#endif
