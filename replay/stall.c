/*
 * From silence to who waits for whom.
 */
#include "replay/stall.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "replay/replay.h"
#include "replay/session.h"
#include "replay/startup.h"

#define ASK_AGAIN_MAX_US   100000
#define PROBE_PATIENCE_US  2000000
#define CANDIDATE_OF_STALL 1

static struct side *side_at(struct session *s, size_t i)
{
	return i == CANDIDATE_OF_STALL ? &s->candidate : &s->truth;
}

/* It has been asked something and has not answered. */
static bool is_waited_for(struct session *s, size_t i)
{
	struct side *side = side_at(s, i);

	return s->state == SESSION_READY && s->exchange.is_open &&
	       s->exchange.phase == PHASE_AWAITING && !side->is_absent && side->is_sent &&
	       !protocol_is_settled(&side->backend->protocol);
}

/* --- stalled or not --- */

static void stall(struct session *s, const char *why)
{
	struct replay *r = s->replay;
	struct exchange *ex = &s->exchange;

	turn_release(&r->turn, &s->ticket);
	if (ex->is_stalled)
		return;
	if (!ex->has_waited) {
		log_info("session %lld: %s, others may go ahead", (long long)s->id, why);
		writer_event(&r->writer, s->id, "handed-on", why);
		r->counts.waited++;
	}
	ex->is_stalled = ex->has_waited = true;
	r->stalled++;
	replay_wake(r);
}

static void unstall(struct session *s)
{
	if (!s->exchange.is_stalled)
		return;
	s->exchange.is_stalled = false;
	s->exchange.wait = (struct stall_wait){.is_seen = {false}};
	s->replay->stalled--;
}

void stall_end(struct session *s)
{
	unstall(s);
}

static bool is_held_by(const struct stall_wait *wait, int64_t id)
{
	for (size_t i = 0; i < STALL_SIDES; i++)
		for (size_t k = 0; k < PROBE_HOLDERS_MAX && wait->holders[i][k]; k++)
			if (wait->holders[i][k] == id)
				return true;
	return false;
}

static bool has_holder(const struct stall_wait *wait)
{
	return wait->holders[0][0] || wait->holders[1][0];
}

/* Its second half goes before what others have not begun: they may see its first half already. */
void stall_released(struct session *s)
{
	struct replay *r = s->replay;

	if (r->stalled == 0)
		return;
	list_for_each (node, &r->sessions) {
		struct session *other = list_entry(node, struct session, node);
		const struct stall_wait *wait = &other->exchange.wait;

		if (other == s || !other->exchange.is_stalled ||
			(has_holder(wait) && !is_held_by(wait, s->id)))
			continue;
		unstall(other);
		if (other->exchange.has_turn && turn_return(&r->turn, &other->ticket))
			other->is_granted = true;
	}
	replay_wake(r);
}

/* --- who may go ahead --- */

static bool is_in_transaction(const struct session *s)
{
	return s->truth.status == 'T' || s->candidate.status == 'T';
}

/* Nobody knows who blocks it: one that holds locks, if there is such a one. */
static bool may_block(const struct replay *r, const struct session *s)
{
	if (is_in_transaction(s))
		return true;
	list_for_each (node, &r->sessions) {
		const struct session *other = list_entry(node, struct session, node);

		if (!other->exchange.is_open && is_in_transaction(other))
			return false;
	}
	return clock_mono_us() - r->moved_us >= BLOCKED_US;
}

bool stall_wants(const struct replay *r, const struct session *s)
{
	if (r->stalled == 0)
		return false;
	list_for_each (node, &r->sessions) {
		const struct exchange *ex = &list_entry(node, struct session, node)->exchange;

		if (!ex->is_stalled)
			continue;
		if (has_holder(&ex->wait) ? is_held_by(&ex->wait, s->id) : may_block(r, s))
			return true;
	}
	return false;
}

/* --- by time --- */

static int64_t patience(const struct session *s, size_t i)
{
	const struct exchange *ex = &s->exchange;
	int64_t most = s->replay->deadline_us / 2;
	int64_t took = ex->recorded.finished_us - ex->recorded.started_us;
	int64_t base = s->replay->stall.cannot_say[i] ? BLOCKED_US : DOUBT_US;

	if (base > most)
		base = most;
	if (s->replay->stall.cannot_say[i] && !ex->was_alone)
		return base;
	return base + (took < most / 8 ? 4 * took : most / 2);
}

static void judge_by_time(struct session *s, size_t i, int64_t now)
{
	const struct side *side = side_at(s, i);
	int64_t since = side->heard_us > s->replay->moved_us ? side->heard_us : s->replay->moved_us;

	if (!s->exchange.is_stalled && is_waited_for(s, i) && now - since >= patience(s, i))
		stall(s, "is not answered");
}

/* --- by asking --- */

static int64_t session_of(struct replay *r, size_t i, int32_t pid)
{
	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);
		const struct backend *b = side_at(s, i)->backend;

		if (b && b->state == BACKEND_READY && b->pid == pid)
			return s->id;
	}
	return 0;
}

static void take_holders(struct session *s, size_t i, const int32_t *pids)
{
	int64_t *holders = s->exchange.wait.holders[i];
	size_t count = 0;

	for (size_t k = 0; k < PROBE_HOLDERS_MAX && pids[k]; k++) {
		int64_t id = session_of(s->replay, i, pids[k]);

		if (id > 0 && id != s->id)
			holders[count++] = id;
	}
	for (; count < PROBE_HOLDERS_MAX; count++)
		holders[count] = 0;
}

static void take_answer(struct session *s, size_t i, const struct probe_answer *answer)
{
	struct stall_wait *wait = &s->exchange.wait;
	int32_t pid = side_at(s, i)->backend->pid;

	wait->is_seen[i] = false;
	for (size_t k = 0; k < answer->count; k++) {
		if (answer->blocked[k] != pid)
			continue;
		wait->is_seen[i] = true;
		take_holders(s, i, answer->holders[k]);
		stall(s, "waits for a lock of another session");
	}
}

static void on_probed(struct replay *r, size_t i, const struct probe_answer *answer)
{
	r->stall.cannot_say[i] = !answer->is_known;
	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (answer->is_known && is_waited_for(s, i))
			take_answer(s, i, answer);
	}
	replay_wake(r);
}

static void on_truth(void *context, const struct probe_answer *answer)
{
	on_probed(context, 0, answer);
}

static void on_candidate(void *context, const struct probe_answer *answer)
{
	on_probed(context, CANDIDATE_OF_STALL, answer);
}

/* As the last of the sessions that are asked about. */
static void send_question(
	struct replay *r, size_t i, struct probe_question *question, const struct session *as)
{
	struct startup startup;
	struct err err;

	if (startup_read(&startup, as->recorded->startup, &err)) {
		question->user = startup.wishes.user;
		question->database = startup.wishes.database;
		if (probe_is_elsewhere(r->stall.probes[i], question->database))
			probe_stop(r->stall.probes[i]);
		r->stall.cannot_say[i] |= !probe_ask(r->stall.probes[i], question);
	}
	startup_fini(&startup);
}

static void ask(struct replay *r, size_t i, int64_t now)
{
	struct probe_question question = {.user = NULL};
	const struct session *as = NULL;

	list_for_each (node, &r->sessions) {
		struct session *s = list_entry(node, struct session, node);
		const struct side *side = side_at(s, i);

		if (!is_waited_for(s, i) || now - side->heard_us < STALL_US ||
			question.count == PROBE_PIDS_MAX)
			continue;
		as = s;
		question.pids[question.count++] = side->backend->pid;
	}
	if (!as)
		return;
	r->stall.asked_us[i] = now;
	send_question(r, i, &question, as);
}

/* --- the clock --- */

static int64_t moved_us(const struct replay *r)
{
	int64_t moved = r->moved_us;

	list_for_each (node, &r->sessions) {
		int64_t own = session_moved_us(list_entry(node, struct session, node));

		moved = own > moved ? own : moved;
	}
	return moved;
}

static void tick_side(struct replay *r, size_t i, int64_t now, int64_t quiet)
{
	struct stall *st = &r->stall;
	int64_t again = quiet / 2 < ASK_AGAIN_MAX_US ? quiet / 2 : ASK_AGAIN_MAX_US;

	if (probe_is_busy(st->probes[i])) {
		if (now - st->asked_us[i] < PROBE_PATIENCE_US)
			return;
		probe_stop(st->probes[i]);
		st->cannot_say[i] = true;
	} else if (quiet >= STALL_US && now - st->asked_us[i] >= again) {
		ask(r, i, now);
	}
	probe_trim(st->probes[i], now);
}

void stall_tick(struct replay *r, int64_t now)
{
	int64_t quiet = now - moved_us(r);

	for (size_t i = 0; i < STALL_SIDES; i++)
		tick_side(r, i, now, r->in_flight > 0 ? quiet : 0);
	list_for_each (node, &r->sessions)
		for (size_t i = 0; i < STALL_SIDES; i++)
			judge_by_time(list_entry(node, struct session, node), i, now);
}

/* --- life --- */

bool stall_init(struct replay *r)
{
	r->stall.probes[0] = probe_new(r->loop, &r->truth, on_truth, r);
	r->stall.probes[1] = probe_new(r->loop, &r->candidate, on_candidate, r);
	return r->stall.probes[0] && r->stall.probes[1];
}

void stall_stop(struct replay *r)
{
	for (size_t i = 0; i < STALL_SIDES; i++) {
		probe_free(r->stall.probes[i]);
		r->stall.probes[i] = NULL;
	}
}

static int64_t exchange_of(const struct replay *r, int64_t session)
{
	list_for_each (node, &r->sessions) {
		const struct session *s = list_entry(node, struct session, node);

		if (s->id == session && s->exchange.is_open)
			return s->exchange.recorded.id;
	}
	return 0;
}

const char *stall_describe(const struct session *s, char out[STALL_TEXT_MAX])
{
	const struct stall_wait *wait = &s->exchange.wait;

	out[0] = '\0';
	for (size_t i = 0; i < STALL_SIDES; i++) {
		int64_t holder = wait->holders[i][0];
		int64_t exchange = exchange_of(s->replay, holder);

		if (!wait->is_seen[i])
			continue;
		if (!holder)
			snprintf(out, STALL_TEXT_MAX, "; it waits for a lock of another program");
		else if (exchange)
			snprintf(out, STALL_TEXT_MAX,
				"; it waits for session %lld, whose exchange %lld is under way",
				(long long)holder, (long long)exchange);
		else
			snprintf(out, STALL_TEXT_MAX, "; it waits for session %lld, which is idle",
				(long long)holder);
	}
	return out;
}
