/*
 * The commands of an exchange first, then its differences, then both together. Only exchanges
 * that mismatch are looked at; differences that the capture allowed by its own list are
 * counted as seen when they are visited.
 */
#include "report/known_walk.h"

#include "diffengine/verdict.h"

/* Commands beyond this many in one exchange are taken to have the exchange's verdict. */
#define COMMANDS_MAX ((size_t)1 << 20)

enum { KNOWN_SO_FAR = 1, KNOWN_NOT = 2 };

void known_walk_init(struct known_walk *k, struct known *known)
{
	*k = (struct known_walk){.known = known};
	buf_init(&k->verdicts, COMMANDS_MAX);
	buf_init(&k->fresh, COMMANDS_MAX);
}

void known_walk_fini(struct known_walk *k)
{
	buf_fini(&k->verdicts);
	buf_fini(&k->fresh);
}

struct known_difference known_walk_difference(const struct trace_difference_context *row)
{
	const struct trace_difference *d = row->difference;

	return (struct known_difference){.statement = row->statement,
		.kind = d->kind >= 0 && d->kind < DIFF_KIND_COUNT ? (enum diff_kind)d->kind
								  : DIFF_KIND_COUNT,
		.column = bytes_str(d->column_name),
		.number = d->column,
		.truth = bytes_str(row->truth_sqlstate),
		.candidate = bytes_str(row->candidate_sqlstate)};
}

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct known_walk *k = context;

	(void)statement;
	if (row->ordinal < 0 || (size_t)row->ordinal != buf_len(&k->verdicts) || row->verdict < 0 ||
		row->verdict >= VERDICT_COUNT)
		return true;
	return buf_append_byte(&k->verdicts, (unsigned char)row->verdict) &&
	       buf_append_byte(&k->fresh, 0);
}

static bool is_known(struct known_walk *k, const struct trace_difference_context *row)
{
	struct known_difference difference = known_walk_difference(row);
	const struct known_entry *e = known_find(k->known, &difference);

	return e && !e->is_expired;
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct known_walk *k = context;
	size_t at = (size_t)row->difference->ordinal;

	if (row->difference->rule || row->difference->ordinal < 0 || at >= buf_len(&k->fresh))
		return true;
	unsigned char *state = &k->fresh.ptr[k->fresh.start + at];
	if (*state != KNOWN_NOT)
		*state = is_known(k, row) ? KNOWN_SO_FAR : KNOWN_NOT;
	return true;
}

int known_walk_verdict(const struct known_walk *k, int ordinal, int recorded)
{
	if (recorded == VERDICT_MISMATCH && ordinal >= 0 && (size_t)ordinal < buf_len(&k->fresh) &&
		buf_bytes(&k->fresh).ptr[ordinal] == KNOWN_SO_FAR)
		return VERDICT_ALLOWED;
	return recorded;
}

/* An exchange without commands stays what it was. */
static void judge(struct known_walk *k, struct trace_exchange *exchange)
{
	struct bytes verdicts = buf_bytes(&k->verdicts);
	enum verdict worst = VERDICT_EQUAL;
	int64_t allowed = 0;

	for (size_t i = 0; i < verdicts.len; i++) {
		int now = known_walk_verdict(k, (int)i, verdicts.ptr[i]);

		allowed += now != verdicts.ptr[i];
		worst = verdict_worst(worst, (enum verdict)now);
	}
	k->commands += allowed;
	if (allowed == 0 || worst == VERDICT_MISMATCH)
		return;
	exchange->verdict = (int)worst;
	k->exchanges[worst]++;
}

bool known_walk_exchange(
	struct known_walk *k, struct trace *t, struct trace_exchange *exchange, struct err *err)
{
	buf_reset(&k->verdicts);
	buf_reset(&k->fresh);
	if (exchange->verdict != VERDICT_MISMATCH)
		return true;
	if (!trace_read_commands(t, exchange->id, on_command, k, err) ||
		!trace_read_differences(t, exchange->id, on_difference, k, err))
		return false;
	judge(k, exchange);
	return true;
}

static bool has_known_rule(const struct trace_difference *d)
{
	return d->rule && strncmp(d->rule, KNOWN_RULE, strlen(KNOWN_RULE)) == 0;
}

const char *known_walk_rule(
	struct known_walk *k, const struct trace_difference_context *row, int verdict)
{
	struct known_difference difference = known_walk_difference(row);

	if (has_known_rule(row->difference))
		(void)known_allow(k->known, &difference);
	if (row->difference->rule || (verdict != VERDICT_MISMATCH && verdict != VERDICT_ALLOWED))
		return row->difference->rule;
	return known_allow(k->known, &difference);
}

static bool on_statement(void *context, struct bytes text, int verdict)
{
	known_note_statement(context, text, verdict);
	return true;
}

bool known_walk_statements(struct known *known, struct trace *t, struct err *err)
{
	return trace_read_statements(t, on_statement, known, err);
}
