/*
 * Plans of one slow statement from both databases: the connections, the deadline, and how often
 * it was done.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "capture/exchange.h"
#include "capture/plan_probe.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/slow_case.h"
#include "diffengine/explain.h"

/* Beside the statement and its parameters. */
#define MESSAGES_MAX 4096

struct looked {
	struct hash128 text;
	int times;
};

struct slow_run {
	uv_timer_t timer;
	struct session *session; /* whose statement is looked into; NULL: none is */
	struct plan_probe *probes[2];
	struct looked looked[SLOW_TEXTS_MAX];
	size_t count;
};

static void stop(struct slow_run *run)
{
	plan_probe_free(run->probes[0]);
	plan_probe_free(run->probes[1]);
	run->probes[0] = run->probes[1] = NULL;
	run->session = NULL;
	uv_timer_stop(&run->timer);
}

static struct slow_run *run_of(struct proxy *p)
{
	if (p->slow)
		return p->slow;
	p->slow = calloc(1, sizeof(*p->slow));
	if (!p->slow)
		return NULL;
	uv_timer_init(p->loop, &p->slow->timer);
	p->slow->timer.data = p->slow;
	return p->slow;
}

static void free_run(uv_handle_t *timer)
{
	free(timer->data);
}

void slow_fini(struct proxy *p)
{
	if (!p->slow)
		return;
	stop(p->slow);
	uv_close((uv_handle_t *)&p->slow->timer, free_run);
	p->slow = NULL;
}

void slow_forget(struct session *s)
{
	if (s->proxy->slow && s->proxy->slow->session == s)
		stop(s->proxy->slow);
}

/* Counts a look at the text. False: there were enough. */
static bool take_look(struct slow_run *run, struct bytes statement)
{
	struct hash128 text = hash_bytes128(statement);
	struct looked *l = run->looked, *end = run->looked + run->count;

	while (l < end && (l->text.low != text.low || l->text.high != text.high))
		l++;
	if (l == end) {
		if (run->count == SLOW_TEXTS_MAX)
			return false;
		run->count++;
		*l = (struct looked){.text = text};
	}
	if (l->times == SLOW_LOOKS_MAX)
		return false;
	l->times++;
	return true;
}

/* --- what came of it --- */

static char *copy_plan(struct session *s, struct plan_answer *a, const char *role)
{
	const char *text = buf_cstr(&a->text);

	if (buf_len(&a->text) == 0)
		return NULL;
	record_plan(&s->proxy->record, s->exchange.id, role, text);
	return strdup(text);
}

/* By the plan; at least the limit if it was reached; -1: not known. */
static int64_t ran(const struct plan_answer *a)
{
	if (a->is_whole)
		return a->ran_us;
	if (buf_len(&a->text) > 0 && strcmp(a->sqlstate, "57014") == 0)
		return SLOW_TIMEOUT_US;
	return -1;
}

static void say_why(
	const struct session *s, struct slow_case *c, struct plan_answer *const *answers)
{
	const struct settings *settings = s->proxy->settings;
	const char *names[2] = {settings->truth.name, settings->candidate.name};
	char truth[CLOCK_TEXT_MAX], candidate[CLOCK_TEXT_MAX];

	for (int i = 0; i < 2; i++)
		if (ran(answers[i]) < 0) {
			snprintf(c->why, sizeof(c->why),
				"slow once, could not be confirmed: %.60s: %.150s", names[i],
				answers[i]->error.text[0] ? answers[i]->error.text
							  : "no answer in time");
			return;
		}
	snprintf(c->why, sizeof(c->why),
		"slow once, not confirmed: with EXPLAIN ANALYZE %.60s took %s, %.60s %s", names[0],
		clock_format_duration(c->again.truth_us, truth), names[1],
		clock_format_duration(c->again.candidate_us, candidate));
}

static void decide(struct session *s, struct plan_answer *const *answers)
{
	struct slow_case *c = s->exchange.slow;
	struct slow_limits limits = {.ratio = s->proxy->settings->slow_query_ratio,
		.min_us = s->proxy->settings->slow_query_min_us};

	/* What is ended by its timeout has taken no longer than that. */
	if (limits.min_us > SLOW_TIMEOUT_US)
		limits.min_us = SLOW_TIMEOUT_US;
	c->plans[0] = copy_plan(s, answers[0], "truth");
	c->plans[1] = copy_plan(s, answers[1], "candidate");
	if (c->subject == SLOW_WRITES) {
		c->state = SLOW_UNPROVEN;
		return;
	}
	c->again = (struct slow_times){ran(answers[0]), ran(answers[1])};
	if (slow_side_of(&limits, c->again) == c->side) {
		c->state = SLOW_CONFIRMED;
		return;
	}
	c->state = SLOW_UNCONFIRMED;
	s->proxy->counts.slow_unconfirmed++;
	say_why(s, c, answers);
}

static void conclude(struct slow_run *run)
{
	struct session *s = run->session;
	struct plan_answer *answers[2];

	for (int i = 0; i < 2; i++)
		answers[i] = plan_probe_answer(run->probes[i]);
	if (!s->is_marked && s->exchange.slow)
		decide(s, answers);
	stop(run);
	slow_looked_into(s);
}

static void on_planned(void *context)
{
	struct slow_run *run = context;

	if (plan_probe_is_done(run->probes[0]) && plan_probe_is_done(run->probes[1]))
		conclude(run);
}

static void on_timeout(uv_timer_t *timer)
{
	conclude(timer->data);
}

/* --- asking --- */

static struct plan_probe *ask(
	struct slow_run *run, const struct side *side, struct plan_question *question)
{
	const struct session *s = run->session;
	struct backend_wishes wishes = {.user = s->user,
		.database = s->database,
		.options = s->packet.options,
		.application_name = "twinkly explain",
		.settings = s->packet.settings,
		.setting_count = s->packet.setting_count,
		.password = backend_password(side->backend)};

	question->wishes = &wishes;
	return plan_probe_new(s->proxy->loop, side->backend->target, question);
}

static bool ask_both(struct slow_run *run, const struct slow_case *c, struct bytes statement)
{
	struct session *s = run->session;
	const struct statement *prepared = s->exchange.commands[c->ordinal].statement;
	struct explain explain = {.request = buf_bytes(&s->exchange.request),
		.ordinal = c->ordinal,
		.statement = statement,
		.types = prepared->declared,
		.type_count = prepared->declared_count,
		.is_run = c->subject == SLOW_READS,
		.timeout_us = SLOW_TIMEOUT_US,
		.lock_us = SLOW_LOCK_US};
	struct plan_question question = {.on_planned = on_planned, .context = run};
	struct buf messages;

	buf_init(&messages, 4 * explain.request.len + MESSAGES_MAX);
	question.rounds = explain_messages(&explain, &messages);
	question.messages = buf_bytes(&messages);
	if (question.rounds > 0) {
		run->probes[0] = ask(run, &s->truth, &question);
		run->probes[1] = ask(run, &s->candidate, &question);
	}
	buf_fini(&messages);
	return run->probes[0] && run->probes[1];
}

static bool give_up(struct session *s, struct slow_case *c, const char *why)
{
	c->state = SLOW_NOT_LOOKED;
	snprintf(c->why, sizeof(c->why), "slow, not looked into: %s", why);
	s->proxy->counts.slow_skipped++;
	return false;
}

bool slow_look(struct session *s, struct slow_case *c, struct bytes statement)
{
	struct slow_run *run = run_of(s->proxy);

	if (!run)
		return give_up(s, c, "out of memory");
	if (run->session)
		return give_up(s, c, "another statement is being looked into");
	if (!take_look(run, statement))
		return give_up(s, c, "its text was often enough, or there are too many texts");
	run->session = s;
	if (!ask_both(run, c, statement)) {
		stop(run);
		return give_up(s, c, "its plan cannot be asked for");
	}
	c->state = SLOW_ASKED;
	log_info("session %lld, exchange %lld: slow; asking for plans", (long long)s->id,
		(long long)s->exchange.id);
	uv_timer_start(&run->timer, on_timeout, SLOW_PATIENCE_US / 1000, 0);
	s->exchange.phase = PHASE_EXPLAINING;
	/* The statement is through on both sides: others need not wait. */
	turn_release(&s->proxy->turn, &s->ticket);
	return true;
}
