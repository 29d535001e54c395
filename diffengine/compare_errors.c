/*
 * Errors: both sides failed, or one of them did. What an error means is told by its text
 * before its code (diffengine/error_class.h); a server in trouble or a request to try again is
 * not a difference between the databases, and what follows from an earlier failure is not
 * counted again.
 */
#include "diffengine/compare_impl.h"
#include "diffengine/error_class.h"
#include "diffengine/scan.h"

static bool is_error(const struct item *item)
{
	return item && item->kind == ITEM_RESULT && item->end == ITEM_ERROR;
}

static enum error_class class_of(const struct item *item)
{
	return is_error(item) ? error_classify(item->error) : ERROR_ORDINARY;
}

struct sentence { /* who returned what */
	const char *truth, *candidate;
	struct compare_cell cell;
};

static struct sentence sentence_of(struct compare_run *run, const struct compare_items *items)
{
	struct sentence s = {
		.truth = items->truth ? item_summary(items->truth, run->arena) : "nothing more",
		.candidate = items->candidate ? item_summary(items->candidate, run->arena)
					      : "nothing more"};

	s.cell = (struct compare_cell){.truth = s.truth, .candidate = s.candidate};
	if (is_error(items->truth))
		s.cell.truth_error = items->truth->error;
	if (is_error(items->candidate))
		s.cell.candidate_error = items->candidate->error;
	return s;
}

static void note(struct compare_run *run, enum diff_kind kind, const struct compare_items *items,
	const char *what)
{
	struct sentence s = sentence_of(run, items);

	compare_note(run, kind, &s.cell, "%s: %s returned %s, %s returned %s", what,
		compare_name(run, 0), compare_pick(run, 0, s.truth, s.candidate),
		compare_name(run, 1), compare_pick(run, 1, s.truth, s.candidate));
}

static void excuse(struct compare_run *run, const struct compare_excuse *excuse,
	enum diff_kind kind, const struct compare_items *items)
{
	struct sentence s = sentence_of(run, items);

	compare_note_excused(run, excuse, kind, &s.cell, "%s: %s returned %s, %s returned %s",
		diff_kind_info(kind)->meaning, compare_name(run, 0),
		compare_pick(run, 0, s.truth, s.candidate), compare_name(run, 1),
		compare_pick(run, 1, s.truth, s.candidate));
}

/* A server in trouble or a cancel on either side: nothing can be said. */
static bool is_trouble(enum error_class class)
{
	return class == ERROR_INFRASTRUCTURE || class == ERROR_CANCELLED;
}

static void note_trouble(struct compare_run *run, const struct compare_items *items)
{
	static const struct compare_excuse trouble = {
		VERDICT_INCONCLUSIVE, "builtin:infrastructure"};

	excuse(run, &trouble, DIFF_INFRASTRUCTURE, items);
}

static bool is_retry(
	struct compare_run *run, enum error_class class, const struct item *item, bool is_truth)
{
	struct rules_difference d = {.kind = DIFF_RETRY};

	if (class == ERROR_RETRY || !run->scope || !is_error(item))
		return class == ERROR_RETRY;
	*(is_truth ? &d.truth_error : &d.candidate_error) = item->error;
	return rules_retry(run->scope, &d) != NULL;
}

/* One side alone asks for its transaction to be tried again. */
static void note_retry(struct compare_run *run, bool is_truth, const struct compare_items *items)
{
	static const struct compare_excuse again = {VERDICT_INCONCLUSIVE, "builtin:retry"};

	run->result->retry = is_truth ? COMPARE_RETRY_TRUTH : COMPARE_RETRY_CANDIDATE;
	excuse(run, &again, DIFF_RETRY, items);
}

static void note_consequence(struct compare_run *run, const struct compare_items *items)
{
	static const struct compare_excuse later = {VERDICT_NOT_COMPARED, "builtin:consequence"};

	excuse(run, &later, DIFF_SQLSTATE, items);
}

void compare_errors(struct compare_run *run, const struct compare_items *items)
{
	struct bytes truth_state = error_field(items->truth->error, 'C');
	struct bytes candidate_state = error_field(items->candidate->error, 'C');
	enum error_class a = class_of(items->truth), b = class_of(items->candidate);
	bool is_truth_retry = is_retry(run, a, items->truth, true);
	bool is_candidate_retry = is_retry(run, b, items->candidate, false);
	bool is_same = bytes_equal(truth_state, candidate_state);

	if (is_truth_retry && is_candidate_retry)
		return;
	if (is_truth_retry || is_candidate_retry)
		note_retry(run, is_truth_retry, items);
	else if (is_same && (a == b || !is_trouble(a) || !is_trouble(b)) &&
		 is_trouble(a) == is_trouble(b))
		return;
	else if (is_trouble(a) || is_trouble(b))
		note_trouble(run, items);
	else if (run->has_failure && (a == ERROR_ABORTED || b == ERROR_ABORTED))
		note_consequence(run, items);
	else
		note(run,
			(a == ERROR_UNSUPPORTED) != (b == ERROR_UNSUPPORTED) ? DIFF_UNSUPPORTED
									     : DIFF_SQLSTATE,
			items, "SQLSTATE mismatch");
}

/* After a COMMIT that only one side made, the databases hold different data. */
static bool is_commit(const struct compare_run *run)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, run->text);
	return run->text.ptr && scan_next(&scan, &token) &&
	       (scan_is(&token, "commit") || scan_is(&token, "end"));
}

void compare_failure(struct compare_run *run, const struct compare_items *items)
{
	bool is_truth = is_error(items->truth);
	const struct item *failed = is_truth ? items->truth : items->candidate;
	enum error_class class = class_of(failed);

	if (is_commit(run) && class != ERROR_CANCELLED)
		note(run, is_retry(run, class, failed, is_truth) ? DIFF_RETRY : DIFF_ERROR_SUCCESS,
			items,
			"COMMIT succeeded on one database only, which now hold different data");
	else if (is_retry(run, class, failed, is_truth))
		note_retry(run, is_truth, items);
	else if (is_trouble(class))
		note_trouble(run, items);
	else if (class == ERROR_ABORTED && run->has_failure)
		note_consequence(run, items);
	else
		note(run, class == ERROR_UNSUPPORTED ? DIFF_UNSUPPORTED : DIFF_ERROR_SUCCESS, items,
			"Error mismatch");
	run->has_failure = true;
}
