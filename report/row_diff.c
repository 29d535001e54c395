/*
 * Ordered results: the common beginning is skipped, the next rows are aligned by their longest
 * common subsequence, and what is left between is paired by likeness. With as many rows on
 * either side rows are paired by position, as the comparison does.
 */
#include "report/row_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct aligning {
	const struct row_sides *sides;
	struct arena *arena;
	struct row_pair *pairs;
	size_t count, room;
};

struct span { /* rows of either side, from and to */
	size_t truth, truth_end, candidate, candidate_end;
};

bool row_cell_is_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add(struct aligning *a, int64_t truth, int64_t candidate, bool is_equal)
{
	if (a->count < a->room)
		a->pairs[a->count++] = (struct row_pair){
			.truth = truth, .candidate = candidate, .is_equal = is_equal};
}

/* How many cells two rows share; -1: in all that count they are the same. */
static int likeness(struct aligning *a, size_t truth, size_t candidate)
{
	const struct row_sides *s = a->sides;
	const char **left, **right;
	size_t columns = s->truth->column_count;
	int same = 0, differing = 0;

	if (bytes_equal(s->truth->rows[truth], s->candidate->rows[candidate]))
		return -1;
	left = answer_cells(s->truth, truth, a->arena);
	right = answer_cells(s->candidate, candidate, a->arena);
	if (!left || !right || columns != s->candidate->column_count)
		return 0;
	for (size_t i = 0; i < columns; i++) {
		bool is_same = row_cell_is_equal(left[i], right[i]);

		same += is_same;
		differing += !is_same && i < ROW_DIFF_COLUMNS && s->counts[i];
	}
	return s->has_counts && differing == 0 ? -1 : same;
}

static void add_pair(struct aligning *a, size_t truth, size_t candidate)
{
	add(a, (int64_t)truth, (int64_t)candidate, likeness(a, truth, candidate) < 0);
}

/* The row of the other side that shares the most cells with it; -1: none shares any. */
static int64_t find_like(struct aligning *a, size_t truth, const struct span *s, const bool *taken)
{
	int64_t best = -1;
	int most = 0;

	for (size_t i = s->candidate; i < s->candidate_end; i++) {
		int same = taken[i - s->candidate] ? 0 : likeness(a, truth, i);

		if (same < 0)
			return (int64_t)i;
		if (same > most) {
			most = same;
			best = (int64_t)i;
		}
	}
	return best;
}

#define LIKE_MAX 40 /* rows of either side; more are paired by position */

/* Rows between two that are equal. */
static void pair_rest(struct aligning *a, const struct span *s)
{
	size_t left = s->truth_end - s->truth, right = s->candidate_end - s->candidate;
	bool taken[LIKE_MAX] = {false};
	bool is_placed = left == right || left > LIKE_MAX || right > LIKE_MAX;

	for (size_t i = 0; i < left; i++) {
		int64_t like = i < right ? (int64_t)(s->candidate + i) : -1;

		if (!is_placed)
			like = find_like(a, s->truth + i, s, taken);
		if (like < 0)
			add(a, (int64_t)(s->truth + i), -1, false);
		else
			add_pair(a, s->truth + i, (size_t)like);
		if (like >= 0 && !is_placed)
			taken[(size_t)like - s->candidate] = true;
	}
	for (size_t i = 0; i < right; i++)
		if (is_placed ? i >= left : !taken[i])
			add(a, -1, (int64_t)(s->candidate + i), false);
}

/* lengths[i * (m + 1) + j]: of the longest common subsequence behind rows i and j. */
static uint16_t *common_lengths(struct aligning *a, const struct span *s)
{
	size_t n = s->truth_end - s->truth, m = s->candidate_end - s->candidate;
	uint16_t *lengths = arena_alloc(a->arena, (n + 1) * (m + 1) * sizeof(*lengths));

	for (size_t i = n; lengths && i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint16_t down = lengths[(i + 1) * (m + 1) + j];
			uint16_t right = lengths[i * (m + 1) + j + 1];

			if (bytes_equal(a->sides->truth->rows[s->truth + i],
				    a->sides->candidate->rows[s->candidate + j]))
				lengths[i * (m + 1) + j] =
					(uint16_t)(lengths[(i + 1) * (m + 1) + j + 1] + 1);
			else
				lengths[i * (m + 1) + j] = down > right ? down : right;
		}
	return lengths;
}

static bool align(struct aligning *a, const struct span *s)
{
	size_t n = s->truth_end - s->truth, m = s->candidate_end - s->candidate, i = 0, j = 0;
	const uint16_t *lengths = common_lengths(a, s);
	struct span gap = *s;

	if (!lengths)
		return false;
	while (i < n && j < m) {
		if (!bytes_equal(a->sides->truth->rows[s->truth + i],
			    a->sides->candidate->rows[s->candidate + j])) {
			if (lengths[(i + 1) * (m + 1) + j] >= lengths[i * (m + 1) + j + 1])
				i++;
			else
				j++;
			continue;
		}
		gap.truth_end = s->truth + i;
		gap.candidate_end = s->candidate + j;
		pair_rest(a, &gap);
		add(a, (int64_t)(s->truth + i++), (int64_t)(s->candidate + j++), true);
		gap.truth = s->truth + i;
		gap.candidate = s->candidate + j;
	}
	gap.truth_end = s->truth_end;
	gap.candidate_end = s->candidate_end;
	pair_rest(a, &gap);
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The window behind the common beginning, with the context before it. */
static struct span find_window(const struct row_sides *s)
{
	size_t most = least(s->truth->row_count, s->candidate->row_count), start = 0;

	while (start < most && bytes_equal(s->truth->rows[start], s->candidate->rows[start]))
		start++;
	start -= least(start, ROW_DIFF_CONTEXT);
	return (struct span){.truth = start,
		.truth_end = least(s->truth->row_count, start + ROW_DIFF_WINDOW),
		.candidate = start,
		.candidate_end = least(s->candidate->row_count, start + ROW_DIFF_WINDOW)};
}

static bool pair_ordered(struct aligning *a)
{
	const struct row_sides *s = a->sides;
	struct span window = find_window(s);

	if (s->truth->row_count != s->candidate->row_count)
		return align(a, &window);
	if (window.truth > 0) /* say how many are before */
		a->pairs[0].skipped = (int64_t)window.truth;
	pair_rest(a, &window);
	return true;
}

struct hashed {
	struct bytes body;
	size_t index;
};

static int compare_hashed(const void *left, const void *right)
{
	const struct hashed *a = left, *b = right;
	size_t most = least(a->body.len, b->body.len);
	int order = most ? memcmp(a->body.ptr, b->body.ptr, most) : 0;

	if (order != 0)
		return order;
	return (a->body.len > b->body.len) - (a->body.len < b->body.len);
}

static struct hashed *sorted(struct aligning *a, const struct answer_rows *rows)
{
	struct hashed *list = arena_alloc(a->arena, (rows->row_count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < rows->row_count; i++)
		list[i] = (struct hashed){.body = rows->rows[i], .index = i};
	if (list)
		qsort(list, rows->row_count, sizeof(*list), compare_hashed);
	return list;
}

/* What one side alone has, of either side up to LIKE_MAX, then paired by likeness. */
static bool pair_unordered(struct aligning *a)
{
	const struct row_sides *s = a->sides;
	struct hashed *left = sorted(a, s->truth), *right = sorted(a, s->candidate);
	struct answer_rows truth = *s->truth, candidate = *s->candidate;
	struct row_sides rest = *s;
	struct bytes *bodies = arena_alloc(a->arena, 2 * LIKE_MAX * sizeof(*bodies));
	int64_t *index = arena_alloc(a->arena, 2 * LIKE_MAX * sizeof(*index));
	size_t i = 0, j = 0, n = 0, m = 0;

	if (!left || !right || !bodies || !index)
		return false;
	while ((i < s->truth->row_count || j < s->candidate->row_count) && n < LIKE_MAX &&
		m < LIKE_MAX) {
		int order = i == s->truth->row_count       ? 1
			    : j == s->candidate->row_count ? -1
							   : compare_hashed(&left[i], &right[j]);

		if (order < 0) {
			index[n] = (int64_t)left[i].index;
			bodies[n++] = left[i++].body;
		} else if (order > 0) {
			index[LIKE_MAX + m] = (int64_t)right[j].index;
			bodies[LIKE_MAX + m++] = right[j++].body;
		} else {
			i++;
			j++;
		}
	}
	truth.rows = bodies;
	candidate.rows = bodies + LIKE_MAX;
	rest.truth = &truth;
	rest.candidate = &candidate;
	a->sides = &rest;
	pair_rest(a, &(struct span){.truth_end = n, .candidate_end = m});
	a->sides = s;
	for (size_t k = 0; k < a->count; k++) {
		struct row_pair *p = &a->pairs[k];

		p->truth = p->truth < 0 ? -1 : index[p->truth];
		p->candidate = p->candidate < 0 ? -1 : index[LIKE_MAX + p->candidate];
	}
	return true;
}

/* Whether the pair is a difference or stands near one. */
static bool is_shown(const struct aligning *a, size_t at)
{
	size_t from = at - least(at, ROW_DIFF_CONTEXT);

	for (size_t i = from; i < a->count && i <= at + ROW_DIFF_CONTEXT; i++)
		if (!a->pairs[i].is_equal)
			return true;
	return false;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void choose(struct row_diff *diff, const struct aligning *a)
{
	int64_t skipped = a->count > 0 ? greatest(a->pairs[0].truth, a->pairs[0].candidate) : 0;
	const struct answer_rows *truth = a->sides->truth, *candidate = a->sides->candidate;
	struct row_pair *last;

	if (diff->is_settled)
		skipped = 0;
	for (size_t i = 0; i < a->count && diff->count < ROW_DIFF_SHOWN; i++) {
		if (!is_shown(a, i)) {
			skipped++;
			continue;
		}
		diff->pairs[diff->count] = a->pairs[i];
		diff->pairs[diff->count++].skipped = skipped;
		skipped = 0;
	}
	if (diff->count == 0 || diff->is_settled)
		return;
	last = &diff->pairs[diff->count - 1];
	diff->rest = greatest((int64_t)truth->row_count - 1 - greatest(last->truth, 0),
		(int64_t)candidate->row_count - 1 - greatest(last->candidate, 0));
}

bool row_diff_make(struct row_diff *diff, const struct row_sides *sides, struct arena *arena)
{
	struct aligning a = {.sides = sides, .arena = arena, .room = 2 * (size_t)ROW_DIFF_WINDOW};

	*diff = (struct row_diff){.is_settled = !sides->is_ordered};
	a.pairs = arena_alloc(arena, a.room * sizeof(*a.pairs));
	if (!a.pairs || !(sides->is_ordered ? pair_ordered(&a) : pair_unordered(&a)))
		return false;
	choose(diff, &a);
	return true;
}
