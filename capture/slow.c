/*
 * Which exchanges are timed, and what a slow one is made of.
 */
#include "capture/slow.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/answer.h"
#include "capture/exchange.h"
#include "capture/judge.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/slow_case.h"
#include "diffengine/compare.h"
#include "diffengine/exclude.h"
#include "diffengine/known.h"
#include "diffengine/rules.h"

static struct slow_limits limits_of(const struct session *s)
{
	const struct settings *settings = s->proxy->settings;

	return (struct slow_limits){
		.ratio = settings->slow_query_ratio, .min_us = settings->slow_query_min_us};
}

static int64_t took(const struct session *s, const struct side *side)
{
	if (side->asked_us == 0 || side->done_us < 0)
		return -1;
	return side->done_us + s->proxy->record.began_mono_us - side->asked_us;
}

/* Both were asked once, for all of it, waited for nobody and succeeded. */
static bool is_timed(const struct session *s)
{
	const struct exchange *ex = &s->exchange;

	return ex->ends && s->finished >= SLOW_WARM_UP && !s->is_detached &&
	       ex->last_route == ROUTE_BOTH && !ex->is_retried && ex->again_times == 0 &&
	       !ex->was_blocked && !ex->is_cancelled && !s->truth.has_failed &&
	       !s->candidate.has_failed && ex->request_parts == 0 &&
	       buf_len(&ex->request_more) == 0;
}

static enum slow_subject subject_of(
	const struct session *s, const struct statement *statement, struct slow_case *c)
{
	const struct compare_policy *policy = &s->proxy->policy.compare;
	struct rules_subject subject;
	const struct rules_scope *scope;
	struct rule *rule;

	subject.statement = statement_text(statement);
	subject.analysis = analysis_get(policy->analyses, subject.statement);
	if (!subject.analysis || exclude_match(s->proxy->policy.exclude, subject.statement))
		return SLOW_UNTIMED;
	if (policy->rules) {
		scope = rules_select(policy->rules, &subject);
		if (rules_for_column(scope, RULE_EXCLUDE, NULL, 0))
			return SLOW_UNTIMED;
		rule = rules_allow(scope, &(struct rules_difference){.kind = DIFF_SLOW});
		c->rule = rule ? rule->name : NULL;
		if (rule)
			rule->use.fired++;
	}
	return slow_subject_of(subject.analysis, subject.statement, statement->is_writing);
}

/* The exchange's one command that takes time; NULL: there is none, or there are several. */
static const struct statement *find_subject(const struct session *s, struct slow_case *c)
{
	const struct exchange *ex = &s->exchange;
	const struct statement *found = NULL;

	for (size_t i = 0; i < ex->command_count; i++) {
		const struct statement *statement = ex->commands[i].statement;
		enum slow_subject subject = statement ? subject_of(s, statement, c) : SLOW_UNTIMED;

		if (subject == SLOW_BESIDE)
			continue;
		if (found || subject == SLOW_UNTIMED)
			return NULL;
		found = statement;
		c->subject = subject;
		c->ordinal = (unsigned)i;
	}
	/* A writing one may have waited for another's lock, which nothing can show afterwards. */
	return c->subject == SLOW_WRITES && ex->is_overlapped ? NULL : found;
}

bool slow_begin(struct session *s)
{
	struct slow_limits limits = limits_of(s);
	struct slow_case found = {
		.times = {took(s, &s->truth), took(s, &s->candidate)}, .again = {-1, -1}};
	const struct statement *statement;
	struct slow_case *c;

	found.side = slow_side_of(&limits, found.times);
	if (found.side == SLOW_NEITHER || s->exchange.slow || !is_timed(s))
		return false;
	statement = find_subject(s, &found);
	c = statement ? malloc(sizeof(*c)) : NULL;
	if (!c)
		return false;
	*c = found;
	s->exchange.slow = c;
	if (c->rule) {
		c->state = SLOW_UNPROVEN;
		return false;
	}
	return slow_look(s, c, statement_text(statement));
}

void slow_looked_into(struct session *s)
{
	if (s->is_marked || s->state != SESSION_READY || s->exchange.phase != PHASE_EXPLAINING)
		return;
	s->exchange.phase = PHASE_AWAITING;
	judge_answers(s);
	answer_advance(s);
	session_update(s);
}

static const char *sentence(struct session *s, const struct slow_case *c)
{
	const struct settings *settings = s->proxy->settings;
	bool is_truth = c->side == SLOW_TRUTH;
	int64_t slow = is_truth ? c->times.truth_us : c->times.candidate_us;
	int64_t quick = is_truth ? c->times.candidate_us : c->times.truth_us;
	char text[4][CLOCK_TEXT_MAX], end[128] = "it was not run again";
	const char *whole;

	if (c->state == SLOW_CONFIRMED)
		snprintf(end, sizeof(end), "with EXPLAIN ANALYZE %s against %s",
			clock_format_duration(
				is_truth ? c->again.truth_us : c->again.candidate_us, text[2]),
			clock_format_duration(
				is_truth ? c->again.candidate_us : c->again.truth_us, text[3]));
	whole = arena_printf(&s->proxy->arena, "Slow query: %s took %s, %s %s; %s",
		is_truth ? settings->truth.name : settings->candidate.name,
		clock_format_duration(slow, text[0]),
		is_truth ? settings->candidate.name : settings->truth.name,
		clock_format_duration(quick, text[1]), end);
	return whole ? whole : diff_kind_info(DIFF_SLOW)->meaning;
}

static const char *duration(struct session *s, int64_t us)
{
	char text[CLOCK_TEXT_MAX];

	return arena_printf(&s->proxy->arena, "%s", clock_format_duration(us, text));
}

/* The verdicts from the slow command on, where the result has none of it. */
static bool widen(struct session *s, struct comparison *result, unsigned ordinal)
{
	unsigned old = s->exchange.lock.ordinal, first = old < ordinal ? old : ordinal;
	size_t count = old - first + result->command_count;
	enum verdict *commands;

	if (count < ordinal - first + 1)
		count = ordinal - first + 1;
	commands = arena_alloc(&s->proxy->arena, count * sizeof(*commands));
	if (!commands)
		return false;
	for (size_t i = 0; i < count; i++)
		commands[i] = VERDICT_EQUAL;
	for (size_t i = 0; i < result->command_count; i++)
		commands[old - first + i] = result->commands[i];
	result->commands = commands;
	result->command_count = count;
	s->exchange.lock.ordinal = first;
	return true;
}

static bool add_difference(struct session *s, struct comparison *result, enum verdict verdict)
{
	const struct slow_case *c = s->exchange.slow;
	struct difference *all =
		arena_alloc(&s->proxy->arena, (result->count + 1) * sizeof(*result->differences));

	if (!all || !widen(s, result, c->ordinal))
		return false;
	for (size_t i = 0; i < result->count; i++)
		all[i] = result->differences[i];
	all[result->count++] = (struct difference){.kind = DIFF_SLOW,
		.verdict = verdict,
		.ordinal = c->ordinal,
		.truth = duration(s, c->times.truth_us),
		.candidate = duration(s, c->times.candidate_us),
		.rule = verdict == VERDICT_MISMATCH ? NULL
			: c->rule                   ? c->rule
						    : "builtin:slow",
		.text = sentence(s, c)};
	result->differences = all;
	result->commands[c->ordinal - s->exchange.lock.ordinal] =
		verdict_worst(result->commands[c->ordinal - s->exchange.lock.ordinal], verdict);
	result->verdict = verdict_worst(result->verdict, verdict);
	return true;
}

/* Where the answer to the slow command begins in the truth's buffer. */
static size_t cut_before(const struct session *s, unsigned ordinal)
{
	struct bytes rest = side_framed(&s->truth);
	size_t at = 0;
	struct frame f;

	if (s->exchange.truth_len > 0)
		return 0; /* it has begun already */
	while (ordinal > 0 && frame_next(rest, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f,
				      NULL) == FRAME_OK) {
		at += f.whole.len;
		ordinal -= f.type == BACKEND_COMMAND_COMPLETE;
		rest = bytes_skip(rest, f.whole.len);
	}
	return at;
}

/* A known difference's rule; NULL: it is new. */
static const char *find_known(const struct session *s, const struct slow_case *c)
{
	struct known *known = s->proxy->policy.compare.known;
	struct known_difference difference = {
		.statement = statement_text(s->exchange.commands[c->ordinal].statement),
		.kind = DIFF_SLOW};

	return known ? known_allow(known, &difference) : NULL;
}

size_t slow_conclude(struct session *s, struct comparison *result, size_t agreed)
{
	struct slow_case *c = s->exchange.slow;
	bool fails;

	if (!c || result->verdict == VERDICT_MISMATCH || result->verdict == VERDICT_INCONCLUSIVE ||
		s->exchange.is_retried)
		return agreed;
	if (c->why[0] && !s->exchange.note)
		s->exchange.note = c->why;
	if (c->state == SLOW_UNCONFIRMED || c->state == SLOW_NOT_LOOKED)
		return agreed;
	fails = c->state == SLOW_CONFIRMED && s->proxy->settings->fail_on_slow_queries;
	if (fails)
		c->rule = find_known(s, c);
	fails &= !c->rule;
	if (!add_difference(s, result, fails ? VERDICT_MISMATCH : VERDICT_ALLOWED))
		return agreed; /* no memory: the plans are in the trace all the same */
	s->proxy->counts.slow++;
	return fails ? cut_before(s, c->ordinal) : agreed;
}

static bool add_plan(struct buf *out, const char *name, const char *plan)
{
	size_t len = strlen(plan), shown = len;

	if (shown > SLOW_SHOWN_MAX)
		for (shown = SLOW_SHOWN_MAX; shown > 0 && plan[shown - 1] != '\n';)
			shown--;
	return buf_printf(
		out, "\nPlan of %s:\n%.*s%s", name, (int)shown, plan, shown < len ? "...\n" : "");
}

bool slow_describe(struct buf *out, const struct session *s)
{
	const struct slow_case *c = s->exchange.slow;
	const struct settings *settings = s->proxy->settings;

	if (!c || c->state != SLOW_CONFIRMED || !c->plans[0] || !c->plans[1])
		return true;
	return add_plan(out, settings->truth.name, c->plans[0]) &&
	       add_plan(out, settings->candidate.name, c->plans[1]);
}

void slow_case_free(struct slow_case *c)
{
	if (!c)
		return;
	free(c->plans[0]);
	free(c->plans[1]);
	free(c);
}
