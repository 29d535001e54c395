/*
 * The director: begins and ends what is due.
 */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "replay/order.h"
#include "replay/session.h"

/* Memory of one comparison: both answers' rows as arrays of views. */
#define COMPARE_ARENA ((size_t)512 * 1024 * 1024)
#define TICK_MS       4

#define SKIP_X_TEXT(NAME, text) text,
static const char *const skip_texts[] = {SKIPS(SKIP_X_TEXT)};
#undef SKIP_X_TEXT
_Static_assert(ARRAY_LEN(skip_texts) == SKIP_COUNT, "a text for each");

const char *skip_text(enum skip skip)
{
	return skip_texts[skip];
}

/* --- beginning --- */

bool skip_is_as_asked(enum skip skip)
{
	return skip == SKIP_UNSENT || skip == SKIP_LEFT_OUT || skip == SKIP_WRITES;
}

int64_t replay_done(const struct replay *r)
{
	int64_t done = r->plan.left_out;

	for (int i = 0; i < VERDICT_COUNT; i++)
		done += r->counts.exchanges[i];
	for (int i = 0; i < SKIP_COUNT; i++)
		done += r->counts.skipped[i];
	return done;
}

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
		[REQUEST_MALFORMED] = SKIP_MALFORMED,
		[REQUEST_LEFT_OUT] = SKIP_LEFT_OUT,
		[REQUEST_WRITES] = SKIP_WRITES,
		[REQUEST_BROKEN] = SKIP_CUT};

	skip(r, entry, reasons[state]);
}

static void play(struct replay *r, struct session *s, const struct plan_entry *entry)
{
	const struct plan_entry *next = plan_at(&r->plan, 0);
	enum request_state state;
	struct err err;

	s->exchange.was_alone =
		r->in_flight == 0 && (!next || next->started_us > entry->finished_us);
	if (!session_play(s, entry, &state, &err))
		replay_stop(r, err.text);
	else if (state != REQUEST_WHOLE)
		skip_request(r, entry, state);
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

		if (r->is_stopping || s->state == SESSION_OVER || order_is_past(r, s))
			session_close(s, why_closed(r, s));
	}
}

static void stopped(struct replay *r)
{
	r->is_stopped = true;
	uv_close((uv_handle_t *)&r->director, NULL);
	uv_close((uv_handle_t *)&r->watch, NULL);
	uv_close((uv_handle_t *)&r->pace, NULL);
	stall_stop(r);
	r->on_stopped(r);
}

/* --- directing --- */

/* Those whose time has come. False: the replay ends. */
static bool connect_due(struct replay *r)
{
	struct roster_session *of;

	while ((of = order_connects(r)) != NULL) {
		struct session *s = session_new(r, of);

		if (!s) {
			replay_stop(r, "out of memory for a session");
			return false;
		}
		session_connect(s);
	}
	return true;
}

/* One exchange more. False: none can begin now. */
static bool begin_next(struct replay *r)
{
	struct plan_entry entry;
	bool is_relaxed;
	struct err err;
	size_t at;

	if (!plan_fill(&r->plan, &err)) {
		replay_stop(r, err.text);
		return false;
	}
	if (r->first_us < 0 && plan_at(&r->plan, 0))
		r->first_us = plan_at(&r->plan, 0)->started_us;
	if (!connect_due(r) || !order_next(r, &at, &is_relaxed))
		return false;
	entry = *plan_at(&r->plan, at);
	plan_take(&r->plan, at);
	r->counts.relaxed += is_relaxed;
	begin(r, entry.of, &entry);
	return true;
}

/* Whose turn has come. */
static void go_on(struct replay *r)
{
	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (!s->is_granted)
			continue;
		s->is_granted = false;
		session_advance(s);
	}
}

static void on_granted(struct turn_ticket *ticket)
{
	struct session *s = list_entry(ticket, struct session, ticket);

	s->is_granted = true;
	replay_wake(s->replay);
}

static void on_due(uv_timer_t *timer)
{
	replay_wake(timer->data);
}

/* Wakes the director when the next think time is over. */
static void set_pace(struct replay *r)
{
	int64_t us = r->due_us - clock_mono_us();

	if (r->due_us < INT64_MAX)
		uv_timer_start(&r->pace, on_due, us > 0 ? (uint64_t)(us + 999) / 1000 : 0, 0);
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
	go_on(r);
	r->due_us = INT64_MAX;
	close_sessions(r);
	while (!r->is_stopping && begin_next(r))
		;
	close_sessions(r);
	set_pace(r);
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
	stall_tick(r, now);
	if (r->on_tick)
		r->on_tick(r, now);
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
	r->plan.roster = &r->roster;
	r->first_us = -1;
	r->deadline_us =
		r->wishes.deadline_us > 0 ? r->wishes.deadline_us : settings->backend_timeout_us;
	if (r->wishes.against == AGAINST_CANDIDATE)
		r->truth = settings->candidate;
	turn_init(&r->turn, !settings->has_execution || settings->execution == EXECUTION_SERIAL,
		on_granted);
	policy_set_time(&r->policy, clock_wall_us(), clock_wall_us());
	return policy_load(&r->policy, settings, settings->conf, err);
}

bool replay_start(struct replay *r, uv_loop_t *loop)
{
	r->loop = loop;
	r->began_us = r->moved_us = clock_mono_us();
	uv_idle_init(loop, &r->director);
	uv_timer_init(loop, &r->watch);
	uv_timer_init(loop, &r->pace);
	r->director.data = r->watch.data = r->pace.data = r;
	uv_timer_start(&r->watch, on_tick, TICK_MS, TICK_MS);
	replay_wake(r);
	return stall_init(r);
}

void replay_fini(struct replay *r)
{
	policy_fini(&r->policy);
	select_free(r->select);
	reading_fini(&r->reading);
	stall_stop(r);
	arena_fini(&r->arena);
}
