/*
 * The director: which exchange is next, and what has to wait.
 */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "replay/session.h"

/* Memory of one comparison: both answers' rows as arrays of views. */
#define COMPARE_ARENA ((size_t)512 * 1024 * 1024)
#define TICK_MS       10

#define SKIP_X_TEXT(NAME, text) text,
static const char *const skip_texts[] = {SKIPS(SKIP_X_TEXT)};
#undef SKIP_X_TEXT
_Static_assert(ARRAY_LEN(skip_texts) == SKIP_COUNT, "a text for each");

const char *skip_text(enum skip skip)
{
	return skip_texts[skip];
}

/* --- may it begin? --- */

/* How long nothing has to move before `s` is taken to be blocked. */
static int64_t patience(const struct session *s)
{
	const struct exchange *ex = &s->exchange;
	int64_t most = s->replay->settings->backend_timeout_us / 2;
	int64_t took = ex->recorded.finished_us - ex->recorded.started_us;

	if (!ex->was_alone)
		return BLOCKED_US;
	return BLOCKED_US + (took < most / 4 ? 4 * took : most);
}

static bool overlapped(const struct exchange *ex, const struct plan_entry *next)
{
	return ex->recorded.finished_us > next->started_us;
}

static void yield(struct session *s)
{
	log_info("session %lld: not answered, others may go ahead", (long long)s->id);
	writer_event(&s->replay->writer, s->id, "handed-on", "waits for another session");
	s->exchange.has_yielded = true;
	s->replay->counts.waited++;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whether the exchange under way in `s` lets the next one go ahead. */
static bool yields_to(struct session *s, const struct plan_entry *next, int64_t now)
{
	struct exchange *ex = &s->exchange;
	int64_t moved = session_moved_us(s);

	if (s->state != SESSION_READY)
		return false;
	if (ex->has_yielded)
		return overlapped(ex, next) ||
		       now - later(moved, s->replay->released_us) >= SETTLE_US;
	if (now - later(moved, s->replay->finished_us) < patience(s))
		return false;
	yield(s);
	return true;
}

static bool may_begin(struct replay *r, const struct plan_entry *next)
{
	int64_t now = r->in_flight > 0 ? clock_mono_us() : 0;

	if (r->in_flight == 0)
		return true;
	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (s->exchange.is_open && !yields_to(s, next, now))
			return false;
	}
	return true;
}

/* The first exchange whose session has none under way; its place in the plan in *at. */
static const struct plan_entry *find_next(
	const struct replay *r, size_t *at, struct roster_session **of)
{
	const struct plan_entry *entry;

	for (*at = 0; (entry = plan_at(&r->plan, *at)); (*at)++) {
		*of = roster_find(&r->roster, entry->session);
		if (!*of || !(*of)->session || !(*of)->session->exchange.is_open)
			return entry;
	}
	return NULL;
}

/* --- beginning --- */

static void skip(struct replay *r, const struct plan_entry *entry, enum skip reason)
{
	log_info("exchange %lld of the trace: %s", (long long)entry->id, skip_text(reason));
	r->counts.skipped[reason]++;
}

/* The request as recorded cannot be replayed. */
static void skip_request(struct replay *r, const struct plan_entry *entry, enum request_state state)
{
	static const enum skip reasons[] = {[REQUEST_WHOLE] = SKIP_CUT,
		[REQUEST_EMPTY] = SKIP_UNSENT,
		[REQUEST_CUT] = SKIP_CUT,
		[REQUEST_MALFORMED] = SKIP_MALFORMED};

	skip(r, entry, reasons[state]);
}

/* It begins before one that was answered before it in the capture. */
static bool is_relaxed(const struct replay *r, const struct plan_entry *entry)
{
	list_for_each (node, &r->sessions) {
		const struct session *s = list_entry(node, struct session, node);

		if (s->exchange.is_open && !overlapped(&s->exchange, entry))
			return true;
	}
	return false;
}

static void play(struct replay *r, struct session *s, const struct plan_entry *entry)
{
	const struct plan_entry *next = plan_at(&r->plan, 0);
	bool relaxed = r->in_flight > 0 && is_relaxed(r, entry);
	enum request_state state;
	struct err err;

	s->exchange.was_alone = !next || next->started_us > entry->finished_us;
	if (!session_play(s, entry, &state, &err))
		replay_stop(r, err.text);
	else if (state != REQUEST_WHOLE)
		skip_request(r, entry, state);
	else
		r->counts.relaxed += relaxed;
}

static void begin(struct replay *r, struct roster_session *of, const struct plan_entry *entry)
{
	struct session *s;

	if (!of) {
		skip(r, entry, SKIP_NO_SESSION);
		return;
	}
	of->left--;
	if (of->state == ROSTER_REFUSED || of->state == ROSTER_GIVEN_UP ||
		of->state == ROSTER_OVER) {
		skip(r, entry, of->state == ROSTER_REFUSED ? SKIP_REFUSED : SKIP_GIVEN_UP);
		return;
	}
	s = of->session ? of->session : session_new(r, of);
	if (!s)
		replay_stop(r, "out of memory for a session");
	else if (s->state == SESSION_OVER)
		skip(r, entry, SKIP_GIVEN_UP);
	else
		play(r, s, entry);
}

/* --- ending --- */

/* Nothing is under way that had been answered before the captured session was gone; what waits
 * for a lock may wait for this session's, so it does not count. */
static bool is_quiet(const struct replay *r, const struct session *s)
{
	list_for_each (node, &r->sessions) {
		const struct exchange *ex = &list_entry(node, struct session, node)->exchange;

		if (ex->is_open && !ex->has_yielded &&
			ex->recorded.finished_us < s->recorded->ends_us)
			return false;
	}
	return true;
}

/* The captured session was gone by the time at which the next exchange began. */
static bool is_past(const struct replay *r, const struct session *s)
{
	const struct plan_entry *next = plan_at(&r->plan, 0);

	if (!is_quiet(r, s))
		return false;
	return s->recorded->left == 0 && (!next || s->recorded->ends_us < next->started_us);
}

static const char *why_closed(const struct replay *r, const struct session *s)
{
	if (s->recorded->state == ROSTER_REFUSED)
		return "could not connect";
	if (s->recorded->state == ROSTER_GIVEN_UP)
		return "given up";
	return r->is_stopping ? r->why.text : "the recorded session ended";
}

static void close_sessions(struct replay *r)
{
	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (r->is_stopping || s->state == SESSION_OVER ||
			(!s->exchange.is_open && is_past(r, s)))
			session_close(s, why_closed(r, s));
	}
}

static void stopped(struct replay *r)
{
	r->is_stopped = true;
	uv_close((uv_handle_t *)&r->director, NULL);
	uv_close((uv_handle_t *)&r->watch, NULL);
	r->on_stopped(r);
}

/* --- directing --- */

/* One exchange more. False: none can begin now. */
static bool begin_next(struct replay *r)
{
	struct roster_session *of = NULL;
	const struct plan_entry *next;
	struct plan_entry entry;
	struct err err;
	size_t at;

	if (!plan_fill(&r->plan, &err)) {
		replay_stop(r, err.text);
		return false;
	}
	next = find_next(r, &at, &of);
	if (!next || !may_begin(r, next))
		return false;
	entry = *next;
	plan_take(&r->plan, at);
	begin(r, of, &entry);
	return true;
}

static bool is_done(const struct replay *r)
{
	return r->in_flight == 0 && (r->is_stopping || !plan_at(&r->plan, 0));
}

static void on_direct(uv_idle_t *idle)
{
	struct replay *r = idle->data;

	uv_idle_stop(idle);
	if (r->is_stopped)
		return;
	close_sessions(r);
	while (!r->is_stopping && begin_next(r))
		close_sessions(r);
	if (r->writer.has_failed)
		replay_stop(r, r->writer.why.text);
	if (!is_done(r))
		return;
	close_sessions(r);
	if (list_is_empty(&r->sessions))
		stopped(r);
}

void replay_wake(struct replay *r)
{
	if (!r->is_stopped)
		uv_idle_start(&r->director, on_direct);
}

void replay_stop(struct replay *r, const char *why)
{
	if (!r->is_stopping)
		err_set(&r->why, "%s", why);
	r->is_stopping = true;
	replay_wake(r);
}

static void on_tick(uv_timer_t *timer)
{
	struct replay *r = timer->data;
	int64_t now = clock_mono_us();

	list_for_each (node, &r->sessions)
		session_check(list_entry(node, struct session, node), now);
	writer_tick(&r->writer);
	replay_wake(r);
}

/* --- birth and death of it all --- */

bool replay_init(struct replay *r, const struct settings *settings, struct err *err)
{
	r->settings = settings;
	r->next_session = r->next_exchange = 1;
	list_init(&r->sessions);
	r->truth = settings->truth;
	r->candidate = settings->candidate;
	arena_init(&r->arena, COMPARE_ARENA);
	plan_init(&r->plan, r->source);
	policy_set_time(&r->policy, clock_wall_us(), clock_wall_us());
	return policy_load(&r->policy, settings, settings->conf, err);
}

void replay_start(struct replay *r, uv_loop_t *loop)
{
	r->loop = loop;
	uv_idle_init(loop, &r->director);
	uv_timer_init(loop, &r->watch);
	r->director.data = r->watch.data = r;
	uv_timer_start(&r->watch, on_tick, TICK_MS, TICK_MS);
	replay_wake(r);
}

void replay_fini(struct replay *r)
{
	policy_fini(&r->policy);
	arena_fini(&r->arena);
}
