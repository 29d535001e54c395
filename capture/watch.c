/*
 * The watch ticks while exchanges are under way or clients log in: it ends sessions whose
 * login or whose backend takes too long, and, under serial execution, finds the unit that
 * holds the turn while it waits for a lock of another session, and hands the turn on. Deadlocks
 * across the two databases are looked for in capture/deadlock.c.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/again.h"
#include "capture/deadlock.h"
#include "capture/keys.h"
#include "wire/backend_probe.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/answer.h"

#define TICK_MS        25
#define SERIAL_TICK_MS 4
/* While there is nothing but idle sessions; shorter for a short proxy.idle-timeout. */
#define IDLE_TICK_MS 1000
/* How long a unit may hold the turn, others waiting, before the databases are asked. */
#define PATIENCE_US 4000
/* Where a database cannot say who blocks whom, a unit is taken to be blocked after this. */
#define BLIND_PATIENCE_US (1 * CLOCK_SECOND)
/* A question about locks that is not answered by then is dropped. */
#define PROBE_PATIENCE_US (2 * CLOCK_SECOND)

/* How often a cancel that came too early for one side is repeated there. */
#define CANCEL_AGAIN_US (100 * INT64_C(1000))

struct watch_state {
	struct probe *truth, *candidate;
	int64_t truth_asked_us, candidate_asked_us;
	struct deadlock *deadlock;
};

static bool is_awaiting(const struct session *s)
{
	return !s->is_marked && s->state == SESSION_READY && s->exchange.phase == PHASE_AWAITING;
}

/* Something is expected of it. */
static bool is_stuck(const struct session *s, const struct side *side)
{
	if (!side->is_sent || !side->backend)
		return false;
	/* COPY data, or the head of a long unit, that it does not take. */
	if (s->exchange.phase == PHASE_COPYING || s->exchange.phase == PHASE_COLLECTING)
		return link_is_clogged(&side->backend->link);
	/* Held back by the client or the other side: not this one's fault. */
	return !protocol_is_settled(&side->backend->protocol) &&
	       link_wants_read(&side->backend->link);
}

static void check_side(struct session *s, struct side *side, int64_t now)
{
	int64_t patience = s->proxy->settings->backend_timeout_us;
	char text[128], time[CLOCK_TEXT_MAX];

	if (s->is_marked || s->state != SESSION_READY || !is_stuck(s, side) ||
		now - side->heard_us < patience)
		return;
	snprintf(text, sizeof(text), "no answer within %s (comparison.backend-timeout)",
		clock_format_duration(patience, time));
	backend_cancel(side->backend);
	answer_give_up(s, side, "57014", text);
}

/* The client's cancel request came before this side had the statement: as soon as that side is
 * at work it is asked, too, again and again, since a cancel that comes too early is lost. */
static void cancel_late(struct session *s, int64_t now)
{
	if (!s->exchange.is_cancelled || !s->candidate.is_sent || s->is_detached ||
		protocol_is_settled(&s->candidate.backend->protocol) ||
		now - s->exchange.cancel_asked_us < CANCEL_AGAIN_US)
		return;
	s->exchange.cancel_asked_us = now;
	backend_cancel(s->candidate.backend);
}

/* As PostgreSQL means it: no statement under way and no transaction open. */
static bool is_idle(const struct session *s)
{
	if (s->state == SESSION_DOOMED)
		return true;
	return s->state == SESSION_READY && !s->exchange.is_open &&
	       s->truth.backend->protocol.status == 'I';
}

static void check_idle(struct session *s, int64_t now)
{
	int64_t patience = s->proxy->settings->idle_timeout_us;

	if (patience == 0 || s->is_marked)
		return;
	if (!is_idle(s)) {
		s->idle_since_us = 0;
	} else if (s->idle_since_us == 0 || s->idle_received != s->client.received) {
		s->idle_since_us = now;
		s->idle_received = s->client.received;
	} else if (now - s->idle_since_us >= patience) {
		session_fatal(s, "57P05", "terminating connection due to idle-session timeout");
	}
}

static bool is_login(const struct session *s)
{
	return s->state == SESSION_STARTUP || s->state == SESSION_AUTHENTICATING;
}

static void give_up_login(struct session *s)
{
	char time[CLOCK_TEXT_MAX];

	clock_format_duration(s->proxy->settings->login_timeout_us, time);
	/* A client that says nothing may be one that looks whether the port is open. */
	if (s->state == SESSION_STARTUP)
		session_fatal(
			s, "08P01", "no startup packet within %s (proxy.login-timeout)", time);
	else
		session_fatal(s, "57014",
			"canceling authentication due to timeout: no answer within %s "
			"(proxy.login-timeout)",
			time);
}

static void check_session(struct session *s, int64_t now)
{
	if (s->is_marked)
		return;
	if (is_login(s) && now > s->deadline_us)
		give_up_login(s);
	else if (s->state == SESSION_CONNECTING && s->is_seeding && now > s->deadline_us)
		session_fatal(s, "57014", "a database does not answer at the session's start");
	else if (s->state == SESSION_CLOSING && now > s->deadline_us)
		session_end(s, "the client does not read its last message");
	if (s->state != SESSION_READY || !s->exchange.is_open)
		return;
	/* A unit that got its turn late and that nothing answers: nobody else goes on with it. */
	if (is_awaiting(s) && protocol_is_settled(&s->truth.backend->protocol)) {
		answer_advance(s);
		session_update(s);
	}
	again_tick(s, now);
	keys_tick(s, now);
	cancel_late(s, now);
	deadlock_cancel(s, now);
	check_side(s, &s->truth, now);
	if (!s->is_detached)
		check_side(s, &s->candidate, now);
}

static void hand_on(struct session *s, const char *why)
{
	log_info("session %lld: %s; the turn goes on", (long long)s->id, why);
	record_event(&s->proxy->record, s->id, "handed-on", why);
	s->proxy->counts.handed_on++;
	s->exchange.was_blocked = true;
	turn_release(&s->proxy->turn, &s->ticket);
}

static bool is_among(const struct probe_answer *answer, int32_t pid)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->blocked[i] == pid)
			return true;
	return false;
}

static void on_probed(struct proxy *p, const struct probe_answer *answer, bool is_truth)
{
	int64_t now = clock_mono_us();

	list_for_each (node, &p->turn.held) {
		struct session *s = list_entry(
			list_entry(node, struct turn_ticket, node), struct session, ticket);
		struct side *side = is_truth ? &s->truth : &s->candidate;

		if (!is_awaiting(s) || !side->backend)
			continue;
		if (answer->is_known ? is_among(answer, side->backend->pid)
				     : side->is_sent && now - side->heard_us > BLIND_PATIENCE_US)
			hand_on(s, "waits for a lock of another session");
	}
}

/* In the middle of a long answer; it may well be the client itself that waits for its turn, in
 * another session. */
static void hand_on_slow_readers(struct proxy *p, int64_t now)
{
	list_for_each (node, &p->turn.held) {
		struct session *s = list_entry(
			list_entry(node, struct turn_ticket, node), struct session, ticket);

		if (is_awaiting(s) && link_is_clogged(&s->client) &&
			now - s->truth.heard_us > BLIND_PATIENCE_US)
			hand_on(s, "its client does not read");
	}
}

static void on_truth_probed(void *context, const struct probe_answer *answer)
{
	on_probed(context, answer, true);
}

static void on_candidate_probed(void *context, const struct probe_answer *answer)
{
	on_probed(context, answer, false);
}

static void add_holder(
	struct probe_question *q, const struct session *s, const struct side *side, int64_t now)
{
	if (q->count == PROBE_PIDS_MAX || !side->backend || !side->is_sent ||
		now - side->heard_us < PATIENCE_US || protocol_is_settled(&side->backend->protocol))
		return;
	q->user = s->user;
	q->database = s->database;
	q->password = backend_password(side->backend);
	q->pids[q->count++] = side->backend->pid;
}

static void ask(struct proxy *p, struct probe *probe, bool is_truth, int64_t now)
{
	struct probe_question question = {0};

	if (probe_is_busy(probe))
		return;
	list_for_each (node, &p->turn.held) {
		struct session *s = list_entry(
			list_entry(node, struct turn_ticket, node), struct session, ticket);

		if (is_awaiting(s))
			add_holder(&question, s, is_truth ? &s->truth : &s->candidate, now);
	}
	if (question.count == 0)
		return;
	if (is_truth)
		p->watch_state->truth_asked_us = now;
	else
		p->watch_state->candidate_asked_us = now;
	if (!probe_ask(probe, &question))
		log_warning("no memory to ask %s about locks",
			is_truth ? p->truth.name : p->candidate.name);
}

/* A question that is not answered itself is taken as "cannot say". */
static void give_up_asking(struct proxy *p, bool is_truth)
{
	static const struct probe_answer unknown;

	probe_stop(is_truth ? p->watch_state->truth : p->watch_state->candidate);
	on_probed(p, &unknown, is_truth);
}

static void check_turn(struct proxy *p, int64_t now)
{
	struct watch_state *w = p->watch_state;

	if (turn_is_contended(&p->turn))
		hand_on_slow_readers(p, now);
	if (probe_is_busy(w->truth) && now - w->truth_asked_us > PROBE_PATIENCE_US)
		give_up_asking(p, true);
	if (probe_is_busy(w->candidate) && now - w->candidate_asked_us > PROBE_PATIENCE_US)
		give_up_asking(p, false);
	if (turn_is_contended(&p->turn)) {
		ask(p, w->truth, true, now);
		ask(p, w->candidate, false, now);
	}
	probe_trim(w->truth, now);
	probe_trim(w->candidate, now);
}

static bool is_timed(const struct session *s)
{
	return is_login(s) || s->is_seeding || s->state == SESSION_CLOSING;
}

static bool has_work(const struct proxy *p)
{
	if (p->active > 0 || probe_is_open(p->watch_state->truth) ||
		probe_is_open(p->watch_state->candidate) ||
		deadlock_is_open(p->watch_state->deadlock))
		return true;
	list_for_each (node, &p->sessions)
		if (is_timed(list_entry(node, struct session, node)))
			return true;
	return false;
}

static uint64_t idle_tick(const struct proxy *p)
{
	int64_t ms = p->settings->idle_timeout_us / 10000;

	if (ms >= IDLE_TICK_MS)
		return IDLE_TICK_MS;
	return ms > TICK_MS ? (uint64_t)ms : TICK_MS;
}

static void on_tick(uv_timer_t *timer)
{
	struct proxy *p = timer->data;
	int64_t now = clock_mono_us();

	list_for_each (node, &p->sessions) {
		struct session *s = list_entry(node, struct session, node);

		check_session(s, now);
		check_idle(s, now);
	}
	check_turn(p, now);
	deadlock_check(p->watch_state->deadlock, now);
	if (has_work(p))
		return;
	if (p->settings->idle_timeout_us > 0 && !list_is_empty(&p->sessions))
		uv_timer_start(timer, on_tick, idle_tick(p), idle_tick(p));
	else
		uv_timer_stop(timer);
}

static void free_state(struct proxy *p)
{
	probe_free(p->watch_state->truth);
	probe_free(p->watch_state->candidate);
	deadlock_free(p->watch_state->deadlock);
	free(p->watch_state);
	p->watch_state = NULL;
}

bool watch_init(struct proxy *p)
{
	struct watch_state *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	w->truth = probe_new(p->loop, &p->truth, on_truth_probed, p);
	w->candidate = probe_new(p->loop, &p->candidate, on_candidate_probed, p);
	w->deadlock = deadlock_new(p);
	p->watch_state = w;
	if (!w->truth || !w->candidate || !w->deadlock) {
		free_state(p);
		return false;
	}
	uv_timer_init(p->loop, &p->watch);
	p->watch.data = p;
	return true;
}

void watch_update(struct proxy *p)
{
	uint64_t tick = p->turn.is_serial ? SERIAL_TICK_MS : TICK_MS;

	if (p->is_stopped)
		return;
	/* It may be ticking for idle sessions only. */
	if (!uv_is_active((uv_handle_t *)&p->watch) || uv_timer_get_repeat(&p->watch) != tick)
		uv_timer_start(&p->watch, on_tick, tick, tick);
}

void watch_fini(struct proxy *p)
{
	if (!p->watch_state)
		return;
	free_state(p);
	uv_close((uv_handle_t *)&p->watch, NULL);
}
