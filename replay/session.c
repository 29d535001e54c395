/*
 * Birth and death of a session, and the loop over the phases of its exchange.
 */
#include "replay/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "replay/exchange.h"
#include "replay/replay.h"
#include "replay/startup.h"

/* --- sides --- */

bool side_is_over(const struct side *side)
{
	if (side->is_absent)
		return true;
	return side->done_us >= 0 && protocol_is_idle(&side->backend->protocol);
}

bool side_has_settled(const struct side *side)
{
	if (side->is_absent)
		return true;
	return side->is_sent && protocol_is_settled(&side->backend->protocol);
}

bool side_is_in_copy(const struct side *side)
{
	return !side->is_absent && side->backend->protocol.copy == PROTOCOL_COPY_IN;
}

bool side_is_clogged(const struct side *side)
{
	return !side->is_absent && link_is_clogged(&side->backend->link);
}

void side_send_held(struct side *side)
{
	side->is_sent = true;
	if (side->is_absent)
		return;
	side->heard_us = side->sent_us = clock_mono_us();
	/* A failure comes back as the backend's end. */
	if (buf_len(&side->held) > 0)
		(void)!backend_send(side->backend, buf_bytes(&side->held));
	buf_release(&side->held);
}

/* --- birth --- */

struct session *session_new(struct replay *r, struct roster_session *recorded)
{
	struct session *s = calloc(1, sizeof(*s));
	size_t ceiling = (size_t)r->settings->max_message + (size_t)r->settings->window;

	if (!s)
		return NULL;
	s->replay = r;
	s->recorded = recorded;
	s->truth.done_us = s->candidate.done_us = -1;
	s->candidate.is_absent = r->wishes.against != AGAINST_BOTH;
	list_init(&s->ticket.node);
	buf_init(&s->truth.held, ceiling);
	buf_init(&s->candidate.held, ceiling);
	buf_init(&s->columns, ceiling);
	exchange_init(&s->exchange, r);
	prepared_init(&s->prepared);
	list_append(&r->sessions, &s->node);
	recorded->state = ROSTER_OPEN;
	recorded->session = s;
	return s;
}

static void record_birth(struct session *s, const struct backend_wishes *wishes)
{
	struct writer *w = &s->replay->writer;
	char client[64];
	struct trace_session row = {.id = s->id,
		.user = wishes->user ? wishes->user : "",
		.database = wishes->database ? wishes->database : "",
		.application_name = wishes->application_name ? wishes->application_name : "",
		.client = client,
		.started_us = writer_now(w),
		.startup = s->recorded->startup};

	snprintf(client, sizeof(client), "replay of session %lld", (long long)s->recorded->id);
	writer_session(w, &row);
	writer_event(w, s->id, "connect", client);
}

static void refuse(struct session *s, const char *why)
{
	struct replay *r = s->replay;

	log_warning("session %lld, replay of %lld: cannot connect: %s", (long long)s->id,
		(long long)s->recorded->id, why);
	writer_event(&r->writer, s->id, "refused", why);
	if (r->counts.refused++ == 0)
		err_set(&r->refusal, "%s", why);
	s->recorded->state = ROSTER_REFUSED;
	s->state = SESSION_OVER;
	replay_wake(r);
	if (!s->exchange.is_open)
		return;
	r->counts.skipped[SKIP_REFUSED]++;
	exchange_finish(s);
}

/* A belt: what slips through the words that are looked at is refused by the database. */
static bool add_read_only(struct startup *startup, struct err *err)
{
	static const struct wire_pair read_only = {"default_transaction_read_only", "on"};

	if (startup->wishes.setting_count == STARTUP_SETTINGS_MAX)
		return err_set(err, "its startup packet has too many parameters for --read-only");
	startup->settings[startup->wishes.setting_count++] = read_only;
	return true;
}

static bool connect_side(struct session *s, struct side *side, const struct backend_target *target,
	const struct startup *startup)
{
	struct replay *r = s->replay;

	if (side->is_absent)
		return true;
	side->backend = backend_connect(
		r->loop, target, &startup->wishes, (size_t)r->settings->window, answer_events(), s);
	return side->backend != NULL;
}

void session_connect(struct session *s)
{
	struct replay *r = s->replay;
	struct startup startup;
	struct err err;
	bool is_readable = startup_read(&startup, s->recorded->startup, &err);

	if (is_readable && r->wishes.is_read_only)
		is_readable = add_read_only(&startup, &err);
	s->id = r->next_session++;
	s->state = SESSION_CONNECTING;
	record_birth(s, &startup.wishes);
	if (!is_readable)
		refuse(s, err.text);
	else if (!connect_side(s, &s->truth, &r->truth, &startup) ||
		 !connect_side(s, &s->candidate, &r->candidate, &startup))
		refuse(s, "out of memory");
	startup_fini(&startup);
}

static void note_version(struct replay *r, const struct backend *b, enum trace_role role)
{
	bool *is_known = role == TRACE_TRUTH ? &r->has_truth_version : &r->has_candidate_version;
	char version[128];
	struct trace_backend row = {.role = role,
		.name = b->target->name,
		.host = b->target->host,
		.port = b->target->port};

	if (*is_known)
		return;
	*is_known = true;
	row.server_version = backend_parameter(b, "server_version", version, sizeof(version));
	writer_backend(&r->writer, &row);
	policy_set_version(&r->policy, role == TRACE_TRUTH, row.server_version);
}

static enum backend_state state_of(const struct side *side)
{
	return side->is_absent ? BACKEND_READY : side->backend->state;
}

void session_on_connected(struct session *s)
{
	enum backend_state truth = state_of(&s->truth), candidate = state_of(&s->candidate);
	const struct backend *refused =
		truth != BACKEND_READY ? s->truth.backend : s->candidate.backend;
	struct replay *r = s->replay;

	if (s->state != SESSION_CONNECTING || truth == BACKEND_CONNECTING ||
		candidate == BACKEND_CONNECTING)
		return;
	if (truth != BACKEND_READY || candidate != BACKEND_READY) {
		refuse(s, refused->refusal.why.text);
		/* Nobody is there: it would be the same for every session. */
		if (!refused->refusal.sqlstate[0])
			replay_stop(r, refused->refusal.why.text);
		return;
	}
	note_version(r, s->truth.backend,
		r->wishes.against == AGAINST_CANDIDATE ? TRACE_CANDIDATE : TRACE_TRUTH);
	if (!s->candidate.is_absent)
		note_version(r, s->candidate.backend, TRACE_CANDIDATE);
	r->counts.sessions++;
	s->state = SESSION_READY;
	replay_wake(r); /* for those that had to wait for it */
	session_advance(s);
}

/* --- death --- */

void session_give_up(struct session *s, const char *why)
{
	if (s->state == SESSION_OVER)
		return;
	replay_wake(s->replay);
	if (!s->exchange.is_open && s->recorded->left == 0) {
		s->state = SESSION_OVER;
		return;
	}
	log_warning("session %lld, replay of %lld: given up: %s", (long long)s->id,
		(long long)s->recorded->id, why);
	writer_event(&s->replay->writer, s->id, "given-up", why);
	s->recorded->state = ROSTER_GIVEN_UP;
	s->state = SESSION_OVER;
	if (s->exchange.is_open) {
		snprintf(s->exchange.why, sizeof(s->exchange.why), "%s", why);
		s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_INCONCLUSIVE);
		answer_keep_rest(s);
		exchange_finish(s);
	}
}

static void close_side(struct side *side)
{
	/* What it is still doing would hold its locks after the end of the connection. */
	if (side->backend && side->backend->state == BACKEND_READY &&
		!protocol_is_idle(&side->backend->protocol))
		backend_cancel(side->backend);
	backend_close(side->backend);
	buf_fini(&side->held);
}

void session_close(struct session *s, const char *why)
{
	if (s->exchange.is_open)
		session_give_up(s, why);
	if (s->id > 0)
		writer_event(&s->replay->writer, s->id, "disconnect", why);
	if (s->recorded->state == ROSTER_OPEN)
		s->recorded->state = s->recorded->left > 0 ? ROSTER_GIVEN_UP : ROSTER_OVER;
	s->recorded->session = NULL;
	stall_released(s);
	turn_release(&s->replay->turn, &s->ticket);
	s->replay->moved_us = clock_mono_us();
	list_remove(&s->node);
	close_side(&s->truth);
	close_side(&s->candidate);
	exchange_fini(&s->exchange);
	prepared_fini(&s->prepared);
	cursors_fini(&s->cursors);
	types_fini(&s->types);
	buf_fini(&s->columns);
	free(s);
}

/* --- exchanges --- */

/* Whether it is among what was chosen. */
static enum request_state select_state(struct session *s, struct err *err)
{
	static const enum request_state states[] = {[SELECT_PLAY] = REQUEST_WHOLE,
		[SELECT_OTHER] = REQUEST_LEFT_OUT,
		[SELECT_WRITES] = REQUEST_WRITES,
		[SELECT_FAILED] = REQUEST_BROKEN};

	return states[select_exchange(s->replay->select, s->recorded, &s->exchange.source, err)];
}

bool session_play(struct session *s, const struct plan_entry *entry, enum request_state *state,
	struct err *err)
{
	struct exchange *ex = &s->exchange;

	if (!request_open(&ex->source, entry->id, state, err))
		return false;
	if (*state == REQUEST_WHOLE && s->replay->select)
		*state = select_state(s, err);
	if (*state == REQUEST_BROKEN)
		return false;
	if (*state != REQUEST_WHOLE) {
		request_close(&ex->source);
		return true;
	}
	ex->is_open = true;
	ex->phase = PHASE_FEEDING;
	ex->recorded = *entry;
	ex->cancel_after_us = roster_cancel_after(
		&s->replay->roster, entry->session, entry->started_us, entry->finished_us);
	s->recorded->finished_us = entry->finished_us;
	s->replay->in_flight++;
	s->replay->moved_us = clock_mono_us();
	if (s->state == SESSION_NEW)
		session_connect(s);
	else
		session_advance(s);
	return true;
}

/* Its first message is about to go out. */
static void begin_exchange(struct session *s)
{
	struct exchange *ex = &s->exchange;

	ex->id = s->replay->next_exchange++;
	ex->started_us = writer_now(&s->replay->writer);
	s->truth.done_us = s->candidate.done_us = -1;
	s->truth.heard_us = s->candidate.heard_us = clock_mono_us();
	s->truth.is_sent = s->candidate.is_sent = false;
	s->truth.commands = s->candidate.commands = 0;
	s->truth.is_cancelled = s->candidate.is_cancelled = false;
	types_begin(s);
}

static bool step(struct session *s)
{
	switch (s->exchange.phase) {
	case PHASE_IDLE:
		answer_drop(s);
		return false;
	case PHASE_FEEDING:
		if (s->exchange.id == 0)
			begin_exchange(s);
		answer_walk(s);
		return s->state == SESSION_READY && player_feed(s);
	case PHASE_WAITING:
		return player_wait(s);
	case PHASE_AWAITING:
		answer_walk(s);
		return s->state == SESSION_READY && answer_step(s);
	case PHASE_ALIGNING:
		return answer_align_step(s);
	case PHASE_LOOKING:
		return types_step(s);
	}
	return false;
}

void session_advance(struct session *s)
{
	bool goes_on = true;

	while (goes_on && s->state == SESSION_READY)
		goes_on = step(s);
	if (s->state != SESSION_READY)
		return;
	backend_update(s->truth.backend);
	if (!s->candidate.is_absent)
		backend_update(s->candidate.backend);
}

int64_t session_moved_us(const struct session *s)
{
	return s->truth.heard_us > s->candidate.heard_us ? s->truth.heard_us
							 : s->candidate.heard_us;
}

/* --- the clock --- */

static void check_cancel(struct session *s, struct side *side, int64_t now)
{
	int64_t after = s->exchange.cancel_after_us;

	if (after < 0 || side->is_absent || side->is_cancelled || side_has_settled(side) ||
		!side->is_sent || now - side->sent_us < after)
		return;
	side->is_cancelled = true;
	writer_event(&s->replay->writer, s->id, "cancel", side->backend->target->name);
	backend_cancel(side->backend);
}

/* Waiting for an answer, or for it to take what is sent. */
static bool is_awaited(const struct side *side)
{
	if (side->is_absent)
		return false;
	if (link_is_clogged(&side->backend->link))
		return true;
	/* One that is not read, because the other side lags, is not to blame. */
	return side->is_sent && !protocol_is_settled(&side->backend->protocol) &&
	       link_wants_read(&side->backend->link);
}

static void check_deadline(struct session *s, const struct side *side, int64_t now)
{
	int64_t patience = s->replay->deadline_us;
	char why[256 + STALL_TEXT_MAX], time[CLOCK_TEXT_MAX], waits[STALL_TEXT_MAX];

	if (s->state != SESSION_READY || now - side->heard_us < patience || !is_awaited(side))
		return;
	snprintf(why, sizeof(why), "%s: no answer to %s within %s (%s)%s",
		side->backend->target->name, protocol_owed_name(&side->backend->protocol),
		clock_format_duration(patience, time),
		s->replay->wishes.deadline_us > 0 ? "--deadline" : "comparison.backend-timeout",
		stall_describe(s, waits));
	session_give_up(s, why);
}

void session_check(struct session *s, int64_t now)
{
	if (s->state != SESSION_READY || !s->exchange.is_open)
		return;
	check_cancel(s, &s->truth, now);
	check_cancel(s, &s->candidate, now);
	check_deadline(s, &s->truth, now);
	check_deadline(s, &s->candidate, now);
}
