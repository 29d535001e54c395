/*
 * Two answers against each other. Truth and candidate exchanged give the same verdict; an answer
 * does not mismatch itself; what the walk in step finds the same all along the comparison finds
 * equal.
 *
 * Input: policy, length of the statement, the statement, two bytes of length of the truth's
 * answer; that, and the candidate's. Both are mended to be runs of messages.
 */
#include "diffengine/compare.h"

#include "diffengine/analysis.h"
#include "diffengine/lockstep.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_MAX ((size_t)64 << 20)

struct scene {
	struct compare_command commands[4];
	struct compare_policy policy;
	bool truth_is_first;
};

static enum verdict compare(const struct scene *s, struct bytes truth, struct bytes candidate)
{
	struct compare_input input = {.truth = truth,
		.candidate = candidate,
		.commands = s->commands,
		.command_count = ARRAY_LEN(s->commands),
		.policy = s->policy,
		.truth_name = "A",
		.candidate_name = "B",
		.truth_is_first = s->truth_is_first};
	struct comparison result;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	compare_answers(&input, &arena, &result);
	fuzz_check(result.agreed <= truth.len);
	fuzz_check(result.count <= COMPARE_DIFFERENCES_MAX);
	fuzz_check(result.verdict != VERDICT_MISMATCH || result.count > 0);
	fuzz_check(result.verdict != VERDICT_INCONCLUSIVE || result.note || result.count > 0);
	for (size_t i = 0; i < result.count; i++)
		fuzz_check(result.differences[i].text && result.differences[i].text[0]);
	enum verdict verdict = result.verdict;
	arena_fini(&arena);
	return verdict;
}

static void in_step(struct bytes truth, struct bytes candidate, enum verdict verdict)
{
	struct lockstep l = {0};

	if (lockstep_advance(&l, truth, candidate) == LOCKSTEP_DRY && l.truth == truth.len &&
		l.candidate == candidate.len && verdict != VERDICT_INCONCLUSIVE)
		fuzz_check(verdict == VERDICT_EQUAL);
	fuzz_check(l.truth <= truth.len && l.candidate <= candidate.len);
}

static void compare_all_ways(struct scene *s, struct bytes truth, struct bytes candidate)
{
	enum verdict there = compare(s, truth, candidate), self;

	s->truth_is_first = !s->truth_is_first;
	enum verdict back = compare(s, candidate, truth);

	if (there != back)
		fuzz_fail("verdict %s, exchanged %s", verdict_name(there), verdict_name(back));
	in_step(truth, candidate, there);
	self = compare(s, truth, truth);
	if (self == VERDICT_MISMATCH)
		fuzz_fail("an answer against itself: %s", verdict_name(self));
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned policy = fuzz_byte(&in), length = fuzz_byte(&in);
	struct bytes statement = fuzz_take(&in, length);
	struct bytes truth = fuzz_take(&in, (size_t)fuzz_number(&in, 2));
	unsigned char *a = fuzz_copy(truth, 0), *b = fuzz_copy(in, 0);
	struct scene s = {.truth_is_first = policy & 1,
		.policy = {.clock_us = policy & 2 ? 5000000 : 0, .is_major_different = policy & 4}};

	if (policy & 8)
		s.policy.analyses = analysis_cache_new();
	for (size_t i = 0; i < ARRAY_LEN(s.commands); i++)
		s.commands[i] = (struct compare_command){.is_ordered = policy & 16,
			.is_excluded = policy & 32,
			.is_partial = policy & 64,
			.is_total = policy & 128,
			.text = statement};
	fuzz_mend(a, truth.len);
	fuzz_mend(b, in.len);
	compare_all_ways(&s, bytes_of(a, truth.len), bytes_of(b, in.len));
	analysis_cache_free(s.policy.analyses);
	free(a);
	free(b);
	return 0;
}
