/*
 * Rounds of two questions, one for each database, and what their answers say together. An
 * edge counts only if its waiter has heard nothing since well before the question, so two
 * answers of slightly different moments speak of the same waiting.
 */
#include "capture/deadlock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "wire/backend_probe.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/waits.h"

/* A question that is not answered by then is dropped, and with it the round. */
#define PATIENCE_US (2 * CLOCK_SECOND)
/* How often a cancel is repeated. */
#define CANCEL_AGAIN_US (100 * INT64_C(1000))
/* Sessions of a cycle that the message names. */
#define NAMED_MAX 4

struct deadlock {
	struct proxy *proxy;
	struct probe *probes[WAITS_SIDES];
	struct probe_answer answers[WAITS_SIDES];
	int open;         /* questions of the round that are not answered yet */
	int64_t asked_us; /* when the round began */
	/* While a round is judged: */
	struct waits waits;
	struct session *sessions[WAITS_MAX];
};

static struct side *side_of(struct session *s, enum waits_side side)
{
	return side == WAITS_TRUTH ? &s->truth : &s->candidate;
}

/* It owes an answer and has said nothing since `before`, although it may speak. */
static bool is_silent(const struct side *side, int64_t before)
{
	return side->backend && side->is_sent && side->heard_us <= before &&
	       !protocol_is_settled(&side->backend->protocol) &&
	       link_wants_read(&side->backend->link);
}

static bool waits_on(struct session *s, enum waits_side side, int64_t before)
{
	return !s->is_marked && s->state == SESSION_READY && !s->exchange.is_deadlocked &&
	       s->exchange.phase == PHASE_AWAITING && (side == WAITS_TRUTH || !s->is_detached) &&
	       is_silent(side_of(s, side), before);
}

/* Who is silent is asked about, in the order of the sessions' age. */
static void add_silent(
	struct proxy *p, enum waits_side side, int64_t before, struct probe_question *question)
{
	list_for_each (node, &p->sessions) {
		struct session *s = list_entry(node, struct session, node);
		struct backend *backend = side_of(s, side)->backend;

		if (question->count == PROBE_PIDS_MAX || !waits_on(s, side, before))
			continue;
		if (question->count == 0) {
			question->user = s->user;
			question->database = s->database;
			question->password = backend_password(backend);
		}
		question->pids[question->count++] = backend->pid;
	}
}

static bool start_round(struct deadlock *d, int64_t now)
{
	int64_t before = now - DEADLOCK_SILENCE_US;
	struct probe_question questions[WAITS_SIDES] = {0};

	for (int side = 0; side < WAITS_SIDES; side++)
		add_silent(d->proxy, (enum waits_side)side, before, &questions[side]);
	/* A cycle needs somebody who waits on either. */
	if (questions[WAITS_TRUTH].count == 0 || questions[WAITS_CANDIDATE].count == 0)
		return true;
	d->asked_us = now;
	d->open = WAITS_SIDES;
	for (int side = 0; side < WAITS_SIDES; side++) {
		if (probe_is_elsewhere(d->probes[side], questions[side].database))
			probe_stop(d->probes[side]);
		if (!probe_ask(d->probes[side], &questions[side]))
			return false;
	}
	return true;
}

static void stop_round(struct deadlock *d)
{
	for (int side = 0; side < WAITS_SIDES; side++)
		probe_stop(d->probes[side]);
	d->open = 0;
}

/* --- the answers --- */

static void collect_sessions(struct deadlock *d, int64_t before)
{
	d->waits = (struct waits){0};
	list_for_each (node, &d->proxy->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (d->waits.count < WAITS_MAX &&
			(waits_on(s, WAITS_TRUTH, before) || waits_on(s, WAITS_CANDIDATE, before)))
			d->sessions[d->waits.count++] = s;
	}
}

/* The session that has this process on that side; waits.count: none of those that wait. */
static size_t find_process(struct deadlock *d, enum waits_side side, int32_t pid)
{
	size_t at = 0;

	while (at < d->waits.count) {
		const struct side *its = side_of(d->sessions[at], side);

		if (its->backend && its->backend->pid == pid)
			break;
		at++;
	}
	return at;
}

static void add_edges(struct deadlock *d, enum waits_side side, size_t row, int64_t before)
{
	const struct probe_answer *answer = &d->answers[side];
	size_t from = find_process(d, side, answer->blocked[row]);

	if (from == d->waits.count || !waits_on(d->sessions[from], side, before))
		return;
	for (int i = 0; i < PROBE_HOLDERS_MAX && answer->holders[row][i] != 0; i++) {
		size_t to = find_process(d, side, answer->holders[row][i]);

		if (to < d->waits.count && to != from)
			waits_add(&d->waits, side, from, to);
	}
}

/* --- the victim --- */

/* One side is through with it for good: ending it leaves the databases different. */
static bool is_half_committed(const struct session *s)
{
	const struct side *sides[2] = {&s->truth, &s->candidate};

	for (int i = 0; i < 2; i++)
		if (sides[i]->is_sent && sides[i]->done_us >= 0 && !sides[i]->has_failed &&
			sides[i]->backend->protocol.status == 'I')
			return true;
	return false;
}

static int fitness(const struct session *s)
{
	return s->is_detached ? 0 : is_half_committed(s) ? 1 : 2;
}

/* The youngest; rather one whose end leaves the databases alike. */
static struct session *choose(struct deadlock *d, const size_t *members, size_t count)
{
	struct session *best = d->sessions[members[0]];

	for (size_t i = 1; i < count; i++) {
		struct session *s = d->sessions[members[i]];

		if (fitness(s) > fitness(best) || (fitness(s) == fitness(best) && s->id > best->id))
			best = s;
	}
	return best;
}

/* "session 2 waits for session 1 on PostgreSQL, session 1 waits for session 2 on YugabyteDB" */
static void describe(struct deadlock *d, const size_t *members, size_t count, struct session *s)
{
	const struct proxy *p = d->proxy;
	struct buf out;
	bool ok;

	buf_init(&out, sizeof(s->why));
	ok = buf_append_str(&out, "deadlock across the two databases: ");
	for (size_t i = 0; ok && i < count && i < NAMED_MAX; i++) {
		size_t from = members[i], to = members[(i + 1) % count];
		bool is_truth = waits_has(&d->waits, WAITS_TRUTH, from, to);

		ok = buf_printf(&out, "%ssession %lld waits for session %lld on %s", i ? ", " : "",
			(long long)d->sessions[from]->id, (long long)d->sessions[to]->id,
			is_truth ? p->truth.name : p->candidate.name);
	}
	if (ok && count > NAMED_MAX)
		ok = buf_printf(&out, ", and %zu more", count - NAMED_MAX);
	/* A name that is too long is cut, with what follows it. */
	snprintf(s->why, sizeof(s->why), "%s", buf_cstr(&out));
	buf_fini(&out);
}

static void judge(struct deadlock *d)
{
	int64_t before = d->asked_us - DEADLOCK_SILENCE_US;
	size_t members[2 * WAITS_MAX], count;
	struct session *s;

	collect_sessions(d, before);
	for (int side = 0; side < WAITS_SIDES; side++)
		for (size_t row = 0; row < d->answers[side].count; row++)
			add_edges(d, (enum waits_side)side, row, before);
	count = waits_find_cycle(&d->waits, members);
	if (count == 0)
		return;
	s = choose(d, members, count);
	describe(d, members, count, s);
	s->exchange.is_deadlocked = true;
	log_warning("session %lld, exchange %lld: %s; it is ended", (long long)s->id,
		(long long)s->exchange.id, s->why);
	deadlock_cancel(s, clock_mono_us());
}

void deadlock_cancel(struct session *s, int64_t now)
{
	struct side *sides[2] = {&s->truth, &s->candidate};

	if (!s->exchange.is_deadlocked || now - s->exchange.cancel_asked_us < CANCEL_AGAIN_US)
		return;
	s->exchange.cancel_asked_us = now;
	for (int i = 0; i < 2; i++)
		if (sides[i]->is_sent && !(i == 1 && s->is_detached) &&
			!protocol_is_settled(&sides[i]->backend->protocol))
			backend_cancel(sides[i]->backend);
}

static void on_answer(struct deadlock *d, enum waits_side side, const struct probe_answer *answer)
{
	d->answers[side] = *answer;
	if (--d->open == 0)
		judge(d);
}

static void on_truth(void *context, const struct probe_answer *answer)
{
	on_answer(context, WAITS_TRUTH, answer);
}

static void on_candidate(void *context, const struct probe_answer *answer)
{
	on_answer(context, WAITS_CANDIDATE, answer);
}

void deadlock_check(struct deadlock *d, int64_t now)
{
	if (d->open > 0 && now - d->asked_us > PATIENCE_US) {
		log_info("a question about locks was not answered within 2 s");
		stop_round(d);
	}
	if (d->open == 0 && now - d->asked_us >= DEADLOCK_INTERVAL_US && !start_round(d, now)) {
		log_warning("no memory to ask the databases about locks");
		stop_round(d);
	}
	for (int side = 0; side < WAITS_SIDES; side++)
		probe_trim(d->probes[side], now);
}

bool deadlock_is_open(const struct deadlock *d)
{
	return probe_is_open(d->probes[WAITS_TRUTH]) || probe_is_open(d->probes[WAITS_CANDIDATE]);
}

struct deadlock *deadlock_new(struct proxy *p)
{
	struct deadlock *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->proxy = p;
	d->probes[WAITS_TRUTH] = probe_new(p->loop, &p->truth, on_truth, d);
	d->probes[WAITS_CANDIDATE] = probe_new(p->loop, &p->candidate, on_candidate, d);
	if (!d->probes[WAITS_TRUTH] || !d->probes[WAITS_CANDIDATE]) {
		deadlock_free(d);
		return NULL;
	}
	return d;
}

void deadlock_free(struct deadlock *d)
{
	if (!d)
		return;
	for (int side = 0; side < WAITS_SIDES; side++)
		probe_free(d->probes[side]);
	free(d);
}
