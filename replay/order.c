/*
 * The captured partial order over the window of the plan: nothing is due that began after the
 * captured end of something that is not over here, unless both only read.
 */
#include "replay/order.h"

#include "base/clock.h"
#include "replay/session.h"
#include "replay/stall.h"

/* Exchanges that are looked at for one that is due: as far as a session may run ahead. */
#define LOOK_AHEAD 256

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- time --- */

static bool is_in_time(struct replay *r, int64_t due_us)
{
	if (due_us <= clock_mono_us())
		return true;
	r->due_us = least(r->due_us, due_us);
	return false;
}

static int64_t shortened(const struct replay *r, int64_t us)
{
	return us <= 0 ? 0 : (int64_t)((double)us / r->wishes.speed);
}

/* A session's first exchange, or its connect: as long after the beginning as in the capture. */
static bool is_first_in_time(struct replay *r, int64_t recorded_us)
{
	if (r->wishes.speed <= 0)
		return true;
	return is_in_time(r, r->began_us + shortened(r, recorded_us - r->first_us));
}

/* The client has thought as long as it did in the capture. */
static bool has_thought(
	struct replay *r, const struct roster_session *of, const struct plan_entry *entry)
{
	if (r->wishes.speed <= 0)
		return true;
	if (of->done_us == 0)
		return is_first_in_time(r, entry->started_us);
	return is_in_time(r, of->done_us + shortened(r, entry->started_us - of->finished_us));
}

/* --- exchanges --- */

/* The earliest captured end among what is not over here: of all, and of what may write. */
struct limits {
	int64_t all, writing;
};

/* Idle, and nothing more comes from it: its end is the next thing that it does. */
static bool is_ending(const struct session *s)
{
	return s->recorded->left == 0 && !s->exchange.is_open;
}

static void note_end(struct limits *l, int64_t us)
{
	l->all = least(l->all, us);
	l->writing = least(l->writing, us);
}

static void note_open(struct limits *l, const struct plan_entry *entry)
{
	if (entry->is_reading)
		l->all = least(l->all, entry->finished_us);
	else
		note_end(l, entry->finished_us);
}

static struct limits limits_of_open(const struct replay *r)
{
	struct limits l = {INT64_MAX, INT64_MAX};

	if (r->wishes.order == ORDER_FREE)
		return l;
	list_for_each (node, &r->sessions) {
		const struct session *s = list_entry(node, struct session, node);

		/* What began after it had connected finds it connected. */
		if (s->state == SESSION_CONNECTING && s->recorded->started_us > 0)
			note_end(&l, s->recorded->started_us);
		if (s->exchange.is_open)
			note_open(&l, &s->exchange.recorded);
		else if (is_ending(s) && s->recorded->ends_us > 0)
			note_end(&l, s->recorded->ends_us);
	}
	if (r->wishes.order == ORDER_SERIAL)
		l.writing = l.all;
	return l;
}

static bool is_busy(const struct roster_session *of)
{
	return of->session && of->session->exchange.is_open;
}

/* The first time in this scan that an exchange of this session is met. */
static bool is_first(struct roster_session *of, int64_t scan)
{
	bool is_first = of->scan != scan;

	of->scan = scan;
	return is_first;
}

static bool find_due(struct replay *r, size_t *at)
{
	bool is_serial = r->wishes.order == ORDER_SERIAL;
	struct limits l = limits_of_open(r);
	int64_t scan = ++r->scan;
	const struct plan_entry *entry;

	if (is_serial && r->in_flight > r->stalled)
		return false;
	for (*at = 0; *at < LOOK_AHEAD && (entry = plan_at(&r->plan, *at)) &&
		      entry->started_us <= l.writing;
		(*at)++) {
		struct roster_session *of = entry->of;
		bool is_next = !of || (is_first(of, scan) && !is_busy(of));

		if (is_next && entry->started_us <= (entry->is_reading ? l.writing : l.all) &&
			(!of || has_thought(r, of, entry)))
			return true;
		if (is_next && is_serial)
			return false;
		if (r->wishes.order != ORDER_FREE)
			note_open(&l, entry);
		if (is_serial)
			l.writing = l.all;
	}
	return false;
}

/* --- the way out --- */

static int count_idle(const struct replay *r)
{
	int idle = 0;

	list_for_each (node, &r->sessions)
		idle += !list_entry(node, struct session, node)->exchange.is_open;
	return idle;
}

/* The next exchange of a session that blocks another one. */
static bool find_wanted(struct replay *r, size_t *at)
{
	int idle = r->stalled > 0 ? count_idle(r) : 0;
	int64_t scan = ++r->scan;
	const struct plan_entry *entry;

	for (*at = 0; idle > 0 && (entry = plan_at(&r->plan, *at)); (*at)++) {
		struct roster_session *of = entry->of;

		if (!of || !of->session || !is_first(of, scan) || is_busy(of))
			continue;
		if (stall_wants(r, of->session))
			return true;
		idle--;
	}
	return false;
}

bool order_next(struct replay *r, size_t *at, bool *is_relaxed)
{
	*is_relaxed = false;
	if (find_due(r, at))
		return true;
	*is_relaxed = find_wanted(r, at);
	return *is_relaxed;
}

/* --- connects and disconnects --- */

static bool connects_now(struct replay *r, const struct roster_session *of)
{
	const struct plan_entry *next = plan_at(&r->plan, 0);

	return next && of->started_us < next->started_us &&
	       of->started_us <= limits_of_open(r).all && is_first_in_time(r, of->started_us);
}

/* Sessions without an exchange are left out; where no time is known (a fixture) a session
 * connects with its first exchange. */
static bool has_own_time(const struct roster_session *of)
{
	return of->state == ROSTER_WAITING && of->left > 0 && of->started_us > 0;
}

struct roster_session *order_connects(struct replay *r)
{
	while (r->connected < r->roster.count) {
		struct roster_session *of = &r->roster.sessions[r->connected];

		if (has_own_time(of) && !connects_now(r, of))
			return NULL;
		r->connected++;
		if (has_own_time(of))
			return of;
	}
	return NULL;
}

/* Nothing is under way that had been answered before the captured session was gone; what waits
 * for a lock may wait for this session's, so it does not count. */
static bool is_quiet(const struct replay *r, const struct session *s)
{
	list_for_each (node, &r->sessions) {
		const struct exchange *ex = &list_entry(node, struct session, node)->exchange;

		if (ex->is_open && !ex->is_stalled &&
			ex->recorded.finished_us < s->recorded->ends_us)
			return false;
	}
	return true;
}

bool order_is_past(struct replay *r, const struct session *s)
{
	const struct plan_entry *next = plan_at(&r->plan, 0);

	if (!is_ending(s))
		return false;
	if (stall_wants(r, s))
		return true;
	if (r->wishes.order == ORDER_FREE || !next)
		return is_quiet(r, s);
	return is_quiet(r, s) && s->recorded->ends_us < next->started_us;
}
