/*
 * What exchanges may have left different, from the session's transaction to the proxy's list.
 */
#include "capture/consequence.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "capture/proxy.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"
#include "diffengine/scan.h"
#include "diffengine/statement.h"
#include "diffengine/taint.h"

struct consequence {           /* what waits for the end of the session's transaction */
	struct taint *pending; /* written in a way that may differ */
	struct taint *cleared; /* emptied or dropped on both sides */
	struct taint *undone;  /* of DDL that one side will keep when it is rolled back */
	int64_t ddl;           /* exchange of the first such DDL; 0: none */
	int64_t detached;      /* since when the transaction is the truth's alone; 0: it is not */
	int64_t lost;          /* exchange whose transaction one side alone has committed; 0 */
	int64_t marked;        /* the exchange that `why` is about */
	char why[160];
};

static void free_consequence(struct consequence *c)
{
	taint_free(c->pending);
	taint_free(c->cleared);
	taint_free(c->undone);
	free(c);
}

/* NULL: no memory; nothing is marked then. */
static struct consequence *get(struct session *s)
{
	struct consequence *c = s->consequence;

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->pending = taint_new();
	c->cleared = taint_new();
	c->undone = taint_new();
	if (!c->pending || !c->cleared || !c->undone) {
		free_consequence(c);
		return NULL;
	}
	s->consequence = c;
	return c;
}

static const struct analysis *analyse(struct session *s, struct bytes text)
{
	return text.ptr ? analysis_get(s->proxy->policy.compare.analyses, text) : NULL;
}

static bool is_first_word(struct bytes text, const char *word)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, text);
	return scan_next(&scan, &token) && scan_is(&token, word);
}

/* --- what may differ --- */

static bool is_one_sided(const struct session *s)
{
	return s->truth.has_failed != s->candidate.has_failed;
}

static enum verdict verdict_of(
	const struct session *s, const struct comparison *result, size_t ordinal)
{
	unsigned first = s->exchange.lock.ordinal;

	if (!result)
		return VERDICT_NOT_COMPARED;
	if (ordinal < first || ordinal - first >= result->command_count)
		return VERDICT_EQUAL;
	return result->commands[ordinal - first];
}

/* An allowed difference in what a statement returns is not one in what it writes. */
static bool may_differ(const struct session *s, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_MISMATCH:
	case VERDICT_UNDECIDABLE:
	case VERDICT_NOT_COMPARED:
		return true;
	case VERDICT_ALLOWED:
	case VERDICT_EXCLUDED:
	case VERDICT_INCONCLUSIVE:
		return is_one_sided(s);
	case VERDICT_EQUAL:
	case VERDICT_RETRIED:
	case VERDICT_COUNT:
		break;
	}
	return false;
}

/* A lone command that has failed wherever it was run has written nothing. */
static bool has_no_effect(struct session *s, const struct comparison *result)
{
	bool has_failed = result ? s->truth.has_failed && s->candidate.has_failed
				 : s->exchange.is_routed && route_leader(s)->has_failed;

	has_failed |= !result && s->is_detached && s->truth.has_failed;
	return has_failed && s->exchange.command_count == 1;
}

static void note_written(struct session *s, struct bytes text)
{
	const struct analysis *analysis = analyse(s, text);
	struct consequence *c;
	bool writes = false;

	for (size_t i = 0; analysis && i < analysis->table_count; i++)
		writes |= analysis->tables[i].is_written;
	c = writes ? get(s) : NULL;
	if (!c)
		return;
	taint_add(c->pending, s->database, analysis, s->exchange.id);
	taint_subtract(c->cleared, c->pending);
}

/* After a COMMIT that one side alone has made, any of what the transaction wrote differs. */
static void note_lost(struct session *s, struct bytes text)
{
	struct consequence *c;

	if (!is_one_sided(s) || (!is_first_word(text, "commit") && !is_first_word(text, "end")))
		return;
	c = get(s);
	if (c && c->lost == 0)
		c->lost = s->exchange.id;
}

static void note_effects(struct session *s, const struct comparison *result)
{
	const struct exchange *ex = &s->exchange;

	if (has_no_effect(s, result))
		return;
	for (size_t i = 0; i < ex->command_count; i++) {
		const struct statement *statement = ex->commands[i].statement;

		if (!statement || !statement->is_writing ||
			!may_differ(s, verdict_of(s, result, i)))
			continue;
		note_written(s, statement_text(statement));
		note_lost(s, statement_text(statement));
	}
}

void consequence_note_detached(struct session *s)
{
	struct consequence *c = get(s);

	if (c && c->detached == 0)
		c->detached = s->exchange.id;
}

/* --- what may follow from it --- */

static void take_earlier(struct taint_cause *cause, struct taint_cause other)
{
	if (other.exchange > 0 && (cause->exchange == 0 || other.exchange < cause->exchange))
		*cause = other;
}

static struct taint_cause find_cause(struct session *s, struct bytes text)
{
	struct taint_cause cause = {0}, pending = {0};
	const struct consequence *c = s->consequence;
	const struct analysis *analysis = analyse(s, text);

	if (analysis) {
		take_earlier(&cause, taint_find(s->proxy->taint, s->database, analysis));
		if (c)
			pending = taint_find(c->pending, s->database, analysis);
	}
	if (pending.exchange != s->exchange.id)
		take_earlier(&cause, pending);
	if (c && c->lost != s->exchange.id && c->lost > 0 && cause.exchange == 0)
		cause = (struct taint_cause){c->lost, ""};
	return cause;
}

static void mark(struct session *s, struct taint_cause cause)
{
	struct trace_consequence row = {.exchange = s->exchange.id,
		.cause = cause.exchange,
		.table = *cause.table ? cause.table : NULL};
	struct consequence *c = get(s);

	record_consequence(&s->proxy->record, &row);
	s->proxy->counts.consequences++;
	if (!c)
		return;
	c->marked = row.exchange;
	snprintf(c->why, sizeof(c->why), ". This is possibly a consequence of exchange %lld (%s%s)",
		(long long)row.cause, row.table ? "table " : "",
		row.table ? row.table : "a transaction that one database alone committed");
}

bool consequence_tell(const struct session *s, struct buf *out)
{
	const struct consequence *c = s->consequence;

	return !c || c->marked != s->exchange.id || buf_append_str(out, c->why);
}

static void find_causes(struct session *s, const struct comparison *result)
{
	struct taint_cause cause = {0};
	const struct compare_command *commands;
	size_t count;

	if (!result || result->verdict != VERDICT_MISMATCH ||
		(taint_is_empty(s->proxy->taint) && !s->consequence) ||
		(s->consequence && s->consequence->marked == s->exchange.id))
		return;
	commands = exchange_commands(s, &count); /* FETCH is its cursor's query in these */
	for (size_t i = 0; i < count; i++)
		if (verdict_of(s, result, i) == VERDICT_MISMATCH)
			take_earlier(&cause, find_cause(s, commands[i].text));
	if (cause.exchange > 0)
		mark(s, cause);
}

void consequence_note(struct session *s, const struct comparison *result)
{
	find_causes(s, result);
	note_effects(s, result);
}

/* --- DDL --- */

static bool drops_database(struct bytes text, struct bytes *name)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, text);
	if (!scan_next(&scan, &token) || !scan_is(&token, "drop") || !scan_next(&scan, &token) ||
		!scan_is(&token, "database") || !scan_next(&scan, &token))
		return false;
	if (scan_is(&token, "if") && (!scan_next(&scan, &token) || !scan_next(&scan, &token)))
		return false;
	*name = token.text;
	return true;
}

/* The same on both sides: what it empties or drops is the same again. */
static void note_reset(struct session *s, const struct statement *statement, bool is_open)
{
	struct bytes text = statement_text(statement), name;
	const struct analysis *analysis;
	char folded[STATEMENT_NAME_MAX];

	if (drops_database(text, &name)) {
		name = statement_fold_name(name, folded);
		folded[name.len] = '\0';
		taint_forget(s->proxy->taint, folded);
		return;
	}
	if (!is_first_word(text, "truncate") && !is_first_word(text, "drop"))
		return;
	analysis = analyse(s, text);
	if (!analysis)
		return;
	if (s->consequence)
		taint_clear(s->consequence->pending, s->database, analysis);
	if (!is_open)
		taint_clear(s->proxy->taint, s->database, analysis);
	else if (get(s))
		taint_add(s->consequence->cleared, s->database, analysis, s->exchange.id);
}

static void note_kept(struct session *s, const struct statement *statement)
{
	const struct analysis *analysis = analyse(s, statement_text(statement));
	struct consequence *c = get(s);

	if (!analysis || !c)
		return;
	if (c->ddl == 0) {
		c->ddl = s->exchange.id;
		log_warning("session %lld, exchange %lld: DDL inside a transaction: %s keeps it "
			    "if the transaction is rolled back, and nothing differs until later",
			(long long)s->id, (long long)s->exchange.id,
			s->proxy->settings->yugabytedb_name);
	}
	taint_add(c->undone, s->database, analysis, s->exchange.id);
}

static bool is_equal(const struct exchange *ex)
{
	return ex->verdict == VERDICT_EQUAL || ex->verdict == VERDICT_RETRIED;
}

/* `is_open`: it may still be rolled back, or was in this very exchange. */
static void note_ddl(struct session *s, bool is_open)
{
	const struct exchange *ex = &s->exchange;
	bool keeps = is_open && policy_keeps_ddl(&s->proxy->policy);

	if (!keeps && !s->consequence && taint_is_empty(s->proxy->taint))
		return;
	for (size_t i = 0; i < ex->command_count; i++) {
		const struct statement *statement = ex->commands[i].statement;

		if (!statement || !statement->is_ddl)
			continue;
		if (is_equal(ex) && !s->truth.has_failed)
			note_reset(s, statement, is_open);
		if (keeps)
			note_kept(s, statement);
	}
}

/* --- the end of the transaction --- */

/* The truth, or what stands for it, was rolled back, and one side has kept the DDL. */
static void keep_ddl(struct session *s)
{
	struct consequence *c = s->consequence;
	char detail[256];

	if (!c || c->ddl == 0)
		return;
	snprintf(detail, sizeof(detail),
		"%s keeps the DDL of a transaction that was rolled back, from exchange %lld on",
		s->proxy->settings->yugabytedb_name, (long long)c->ddl);
	record_event(&s->proxy->record, s->id, "ddl-rolled-back", detail);
	s->proxy->counts.ddl_kept++;
	taint_subtract(c->cleared, c->undone);
	taint_move(s->proxy->taint, c->undone);
	c->ddl = 0;
}

static void forget(struct consequence *c)
{
	taint_reset(c->pending);
	taint_reset(c->cleared);
	taint_reset(c->undone);
	c->ddl = c->detached = 0;
}

static void commit(struct session *s)
{
	struct consequence *c = s->consequence;

	taint_subtract(s->proxy->taint, c->cleared);
	taint_move(s->proxy->taint, c->pending);
	if (c->lost == 0)
		c->lost = c->detached;
	forget(c);
}

void consequence_on_end(struct session *s)
{
	const struct exchange *ex = &s->exchange;
	bool is_over = s->truth.backend && s->truth.done_us >= 0;
	/* Unknown: what an implicit transaction did may be there. */
	bool is_idle = is_over ? s->truth.backend->protocol.status == 'I' : ex->began_idle;
	bool is_undone = is_over && strcmp(s->truth.last_tag, "ROLLBACK") == 0;
	bool is_broken = s->truth.has_failed && ex->command_count > 1;

	if (ex->has_ddl)
		note_ddl(s, is_undone || is_broken ||
				    (!is_idle && s->truth.backend->protocol.status == 'T'));
	if (!s->consequence)
		return;
	if (is_undone || (is_broken && is_idle))
		keep_ddl(s);
	if (is_idle && is_undone)
		forget(s->consequence);
	else if (is_idle)
		commit(s);
}

void consequence_end(struct session *s)
{
	if (!s->consequence)
		return;
	keep_ddl(s);
	free_consequence(s->consequence);
	s->consequence = NULL;
}
