/*
 * Values by setting and side.
 */
#include "capture/parameters.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"
#include "wire/decode.h"

#define VALUE_MAX 128 /* a longer value is compared by its beginning */

static const char *const names[] = {"client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
	"standard_conforming_strings", "integer_datetimes"};

struct parameters {
	bool is_changed[ARRAY_LEN(names)];
	bool is_known[2][ARRAY_LEN(names)]; /* truth, candidate */
	char values[2][ARRAY_LEN(names)][VALUE_MAX];
};

void parameters_free(struct parameters *p)
{
	free(p);
}

static size_t find(struct bytes name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(names) && !bytes_equal_str(name, names[i]))
		i++;
	return i;
}

void parameters_note(struct session *s, const struct side *side, struct bytes body)
{
	struct msg_parameter_status msg;
	int place = side == &s->candidate;
	size_t i;

	if (!s->exchange.is_open || !decode_parameter_status(body, &msg))
		return;
	i = find(msg.name);
	if (i == ARRAY_LEN(names))
		return;
	if (!s->parameters)
		s->parameters = calloc(1, sizeof(*s->parameters));
	if (!s->parameters)
		return;
	snprintf(s->parameters->values[place][i], VALUE_MAX, "%.*s",
		bytes_width(msg.value, VALUE_MAX - 1), (const char *)msg.value.ptr);
	s->parameters->is_known[place][i] = s->parameters->is_changed[i] = true;
}

/* The side's value now: as it last said, else as it said at the start. */
static const char *value_of(struct session *s, int place, size_t i)
{
	struct parameters *p = s->parameters;
	const struct side *side = place == 0 ? &s->truth : &s->candidate;
	char out[VALUE_MAX];

	if (!p->is_known[place][i])
		snprintf(p->values[place][i], VALUE_MAX, "%s",
			backend_parameter(side->backend, names[i], out, sizeof(out)));
	p->is_known[place][i] = true;
	return p->values[place][i];
}

static void add(struct session *s, struct comparison *result, size_t i)
{
	const struct settings *settings = s->proxy->settings;
	const char *truth = value_of(s, 0, i), *candidate = value_of(s, 1, i);
	struct difference *d = &result->differences[result->count];
	bool is_first = settings->truth_is_postgresql;

	d->kind = DIFF_PARAMETER_STATUS;
	d->verdict = VERDICT_MISMATCH;
	d->ordinal = s->exchange.command_count ? (unsigned)s->exchange.command_count - 1 : 0;
	d->truth = arena_printf(&s->proxy->arena, "%s", truth);
	d->candidate = arena_printf(&s->proxy->arena, "%s", candidate);
	d->text = arena_printf(&s->proxy->arena, "Setting mismatch: %s is now %s on %s, %s on %s",
		names[i], is_first ? truth : candidate, settings->postgresql_name,
		is_first ? candidate : truth, settings->yugabytedb_name);
	if (d->text)
		result->count++;
}

static bool is_excluded(struct session *s)
{
	size_t count;
	const struct compare_command *commands = exchange_commands(s, &count);

	for (size_t i = 0; i < count; i++)
		if (commands[i].is_excluded)
			return true;
	return false;
}

/* A server whose configuration is read again says so at any moment, in whatever exchange. */
static bool may_set(const struct session *s)
{
	const struct exchange *ex = &s->exchange;

	for (size_t i = 0; i < ex->command_count; i++) {
		const struct statement *statement = ex->commands[i].statement;
		const struct analysis *analysis =
			statement ? analysis_get(s->proxy->policy.compare.analyses,
					    statement_text(statement))
				  : NULL;

		if (!analysis || statement->is_writing ||
			(analysis->class != ANALYSIS_QUERY && analysis->class != ANALYSIS_SHOW &&
				analysis->class != ANALYSIS_EXPLAIN))
			return true;
	}
	return false;
}

bool parameters_differ(struct session *s, struct comparison *result)
{
	struct parameters *p = s->parameters;

	*result = (struct comparison){.verdict = VERDICT_EQUAL};
	if (!p || s->truth.done_us < 0 || s->candidate.done_us < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool is_changed = p->is_changed[i];

		p->is_changed[i] = false;
		if (!is_changed || strcmp(value_of(s, 0, i), value_of(s, 1, i)) == 0 ||
			!may_set(s) || is_excluded(s))
			continue;
		if (!result->differences)
			result->differences = arena_alloc(
				&s->proxy->arena, ARRAY_LEN(names) * sizeof(*result->differences));
		if (result->differences)
			add(s, result, i);
	}
	if (result->count > 0)
		result->verdict = VERDICT_MISMATCH;
	return result->count > 0;
}
