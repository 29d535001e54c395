/*
 * How a difference is noted: as a mismatch, unless a rule allows it or the caller excuses it.
 * Excused ones are kept and counted as well, so that nothing is passed over in silence.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "diffengine/compare_impl.h"
#include "diffengine/known.h"

/* Two values as value.c shows them fit, with names of any sane length. */
#define SENTENCE_MAX 4096

const char *compare_pick(
	const struct compare_run *run, int place, const char *truth, const char *candidate)
{
	return (place == 0) == run->input->truth_is_first ? truth : candidate;
}

const char *compare_count(struct compare_run *run, int64_t count)
{
	const char *text = arena_printf(run->arena, "%" PRId64, count);

	return text ? text : "?";
}

const char *compare_name(const struct compare_run *run, int place)
{
	return compare_pick(run, place, run->input->truth_name, run->input->candidate_name);
}

void compare_inconclude(struct compare_run *run, const char *note)
{
	run->item = verdict_worst(run->item, VERDICT_INCONCLUSIVE);
	run->result->is_incomparable = true;
	run->result->note = note;
}

/* Whether there is room for one more; counts it if not. */
static bool is_kept(struct compare_run *run, bool is_excused)
{
	struct comparison *result = run->result;

	if (result->count == COMPARE_DIFFERENCES_MAX ||
		(is_excused && run->allowed == COMPARE_ALLOWED_MAX)) {
		*(is_excused ? &result->allowed_omitted : &result->omitted) += 1;
		return false;
	}
	run->allowed += is_excused;
	return true;
}

static void keep(struct compare_run *run, const struct difference *like,
	const struct compare_cell *cell, const char *sentence)
{
	struct difference *d = &run->result->differences[run->result->count++];

	*d = *like;
	d->ordinal = run->ordinal;
	if (cell) {
		d->row = cell->row;
		d->column = cell->column;
		d->truth = cell->truth;
		d->candidate = cell->candidate;
		if (cell->column_name.ptr)
			d->column_name = arena_copy_str(run->arena, cell->column_name);
	}
	d->text = arena_printf(run->arena, "%s", sentence);
	if (!d->text)
		d->text = diff_kind_info(d->kind)->meaning;
}

static void ATTR_PRINTF(2, 0) format(char *sentence, const char *text, va_list args)
{
	if (vsnprintf(sentence, SENTENCE_MAX, text, args) >= SENTENCE_MAX)
		sentence[text_shown(bytes_str(sentence), SENTENCE_MAX - 2)] = '\0';
}

static struct rule *find_rule(
	struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell)
{
	struct rules_difference difference = {.kind = kind};

	if (!run->scope)
		return NULL;
	if (cell) {
		difference.truth_error = cell->truth_error;
		difference.candidate_error = cell->candidate_error;
		difference.type_oid = cell->type_oid;
		difference.truth = cell->truth;
		difference.candidate = cell->candidate;
		if (cell->column_name.ptr)
			difference.column_name = arena_copy_str(run->arena, cell->column_name);
	}
	return rules_allow(run->scope, &difference);
}

/* A known difference's rule; NULL: it is new. */
static const char *find_known(
	struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell)
{
	struct known_difference difference = {.statement = run->asked, .kind = kind};

	if (!run->input->policy.known)
		return NULL;
	if (cell) {
		difference.column = cell->column_name;
		difference.number = cell->column;
		if (cell->truth_error.ptr)
			difference.truth = error_field(cell->truth_error, 'C');
		if (cell->candidate_error.ptr)
			difference.candidate = error_field(cell->candidate_error, 'C');
	}
	return known_allow(run->input->policy.known, &difference);
}

void compare_note(struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell,
	const char *text, ...)
{
	struct rule *rule = find_rule(run, kind, cell);
	const char *name = rule ? rule->name : find_known(run, kind, cell);
	struct difference d = {
		.kind = kind, .verdict = name ? VERDICT_ALLOWED : VERDICT_MISMATCH, .rule = name};
	char sentence[SENTENCE_MAX];
	va_list args;

	run->has_difference = true;
	run->item = verdict_worst(run->item, d.verdict);
	if (rule)
		rule->use.fired++;
	if (!is_kept(run, name != NULL))
		return;
	va_start(args, text);
	format(sentence, text, args);
	va_end(args);
	keep(run, &d, cell, sentence);
}

void compare_note_excused(struct compare_run *run, const struct compare_excuse *excuse,
	enum diff_kind kind, const struct compare_cell *cell, const char *text, ...)
{
	struct difference d = {.kind = kind, .verdict = excuse->verdict, .rule = excuse->rule};
	char sentence[SENTENCE_MAX];
	va_list args;

	run->has_difference = true;
	run->item = verdict_worst(run->item, excuse->verdict);
	if (!is_kept(run, true))
		return;
	va_start(args, text);
	format(sentence, text, args);
	va_end(args);
	keep(run, &d, cell, sentence);
}

void compare_note_items(struct compare_run *run, enum diff_kind kind,
	const struct compare_items *items, const char *what)
{
	const char *a = items->truth ? item_summary(items->truth, run->arena) : "nothing more";
	const char *b =
		items->candidate ? item_summary(items->candidate, run->arena) : "nothing more";
	struct compare_cell cell = {.truth = a, .candidate = b};

	compare_note(run, kind, &cell, "%s: %s returned %s, %s returned %s", what,
		compare_name(run, 0), compare_pick(run, 0, a, b), compare_name(run, 1),
		compare_pick(run, 1, a, b));
}
