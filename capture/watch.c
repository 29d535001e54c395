/*
 * The watch ticks while exchanges are under way or clients log in: it ends sessions whose
 * login or whose backend takes too long, and, under serial execution, finds the unit that
 * holds the turn while it waits for a lock of another session, and hands the turn on.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/probe.h"
#include "capture/proxy.h"
#include "capture/session.h"

#define TICK_MS 25
/* How long a unit may hold the turn, others waiting, before the databases are asked. */
#define PATIENCE_US 20000
/* Where a database cannot say who blocks whom, a unit is taken to be blocked after this. */
#define BLIND_PATIENCE_US (1 * CLOCK_SECOND)
/* A question about locks that is not answered by then is dropped. */
#define PROBE_PATIENCE_US (2 * CLOCK_SECOND)

struct watch_state {
	struct probe *truth, *candidate; /* questions under way */
	int64_t asked_us;
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
static void cancel_late(struct session *s)
{
	if (s->exchange.is_cancelled && s->candidate.is_sent && !s->is_detached &&
		!protocol_is_settled(&s->candidate.backend->protocol))
		backend_cancel(s->candidate.backend);
}

static void check_session(struct session *s, int64_t now)
{
	if (s->is_marked)
		return;
	if (s->state == SESSION_STARTUP && now > s->deadline_us)
		session_fatal(s, "08P01", "no startup packet within 60 s");
	else if (s->state == SESSION_CLOSING && now > s->deadline_us)
		session_end(s, "the client does not read its last message");
	if (s->state != SESSION_READY || !s->exchange.is_open)
		return;
	/* A unit that got its turn late and that nothing answers: nobody else goes on with it. */
	if (is_awaiting(s) && protocol_is_settled(&s->truth.backend->protocol)) {
		answer_advance(s);
		session_update(s);
	}
	cancel_late(s);
	check_side(s, &s->truth, now);
	if (!s->is_detached)
		check_side(s, &s->candidate, now);
}

static void hand_on(struct session *s, const char *why)
{
	log_info("session %lld: %s; the turn goes on", (long long)s->id, why);
	record_event(&s->proxy->record, s->id, "handed-on", why);
	s->proxy->counts.handed_on++;
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
	struct proxy *p = context;

	p->watch_state->truth = NULL;
	on_probed(p, answer, true);
}

static void on_candidate_probed(void *context, const struct probe_answer *answer)
{
	struct proxy *p = context;

	p->watch_state->candidate = NULL;
	on_probed(p, answer, false);
}

static void add_holder(struct probe_question *q, const struct session *s, const struct side *side)
{
	if (q->count == PROBE_PIDS_MAX || !side->backend)
		return;
	q->target = side->backend->target;
	q->user = s->user;
	q->database = s->database;
	q->pids[q->count++] = side->backend->pid;
}

static void ask(struct proxy *p, int64_t now)
{
	struct probe_question truth = {0}, candidate = {0};
	struct watch_state *w = p->watch_state;

	list_for_each (node, &p->turn.held) {
		struct session *s = list_entry(
			list_entry(node, struct turn_ticket, node), struct session, ticket);

		if (!is_awaiting(s))
			continue;
		if (now - s->truth.heard_us > PATIENCE_US)
			add_holder(&truth, s, &s->truth);
		if (s->candidate.is_sent && now - s->candidate.heard_us > PATIENCE_US)
			add_holder(&candidate, s, &s->candidate);
	}
	if (truth.count > 0)
		w->truth = probe_start(p->loop, &truth, on_truth_probed, p);
	if (candidate.count > 0)
		w->candidate = probe_start(p->loop, &candidate, on_candidate_probed, p);
	w->asked_us = now;
}

static void stop_probes(struct watch_state *w)
{
	probe_stop(w->truth);
	probe_stop(w->candidate);
	w->truth = w->candidate = NULL;
}

static void check_turn(struct proxy *p, int64_t now)
{
	static const struct probe_answer unknown;
	struct watch_state *w = p->watch_state;

	if (turn_is_contended(&p->turn))
		hand_on_slow_readers(p, now);
	if (w->truth || w->candidate) {
		if (now - w->asked_us < PROBE_PATIENCE_US)
			return;
		stop_probes(w);
		on_probed(p, &unknown, true);
		on_probed(p, &unknown, false);
	} else if (turn_is_contended(&p->turn)) {
		ask(p, now);
	}
}

static bool is_timed(const struct session *s)
{
	return s->state == SESSION_STARTUP || s->state == SESSION_CLOSING;
}

static bool has_work(const struct proxy *p)
{
	if (p->active > 0)
		return true;
	list_for_each (node, &p->sessions)
		if (is_timed(list_entry(node, struct session, node)))
			return true;
	return false;
}

static void on_tick(uv_timer_t *timer)
{
	struct proxy *p = timer->data;
	int64_t now = clock_mono_us();

	list_for_each (node, &p->sessions)
		check_session(list_entry(node, struct session, node), now);
	if (p->turn.is_serial)
		check_turn(p, now);
	if (!has_work(p))
		uv_timer_stop(timer);
}

bool watch_init(struct proxy *p)
{
	p->watch_state = calloc(1, sizeof(*p->watch_state));
	if (!p->watch_state)
		return false;
	uv_timer_init(p->loop, &p->watch);
	p->watch.data = p;
	return true;
}

void watch_update(struct proxy *p)
{
	if (!uv_is_active((uv_handle_t *)&p->watch) && !p->is_stopped)
		uv_timer_start(&p->watch, on_tick, TICK_MS, TICK_MS);
}

void watch_fini(struct proxy *p)
{
	if (!p->watch_state)
		return;
	stop_probes(p->watch_state);
	free(p->watch_state);
	p->watch_state = NULL;
	uv_close((uv_handle_t *)&p->watch, NULL);
}
