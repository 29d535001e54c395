/*
 * Deadlocks across the two databases: a session waits on one database for a lock of another
 * session, which waits for it on the other database. Neither database sees a cycle, so both
 * would wait until comparison.backend-timeout. While at least two sessions have heard nothing for
 * DEADLOCK_SILENCE_US, one of them on either database, both databases are asked who blocks
 * whom, once a second at most. A cycle is broken by ending the unit of one of its sessions.
 *
 * Limits: WAITS_MAX silent sessions are looked at, and PROBE_HOLDERS_MAX holders of each one's
 * lock; what lies beyond is found as soon as others have ended, or ends by backend-timeout.
 */
#ifndef CAPTURE_DEADLOCK_H
#define CAPTURE_DEADLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct proxy;
struct session;
struct deadlock;

#define DEADLOCK_SILENCE_US  INT64_C(1000000)
#define DEADLOCK_INTERVAL_US INT64_C(1000000)

/* NULL: no memory. */
struct deadlock *deadlock_new(struct proxy *p) ATTR_USE_RESULT;
void deadlock_free(struct deadlock *d); /* takes NULL */
/* With every tick of the watch. */
void deadlock_check(struct deadlock *d, int64_t now_mono_us);
/* It has a connection that deadlock_check will close. */
bool deadlock_is_open(const struct deadlock *d);
/* Asks the sides of a session whose unit was ended to cancel it, again and again until they have
 * answered: a cancel that comes too early is lost. */
void deadlock_cancel(struct session *s, int64_t now_mono_us);

#endif
