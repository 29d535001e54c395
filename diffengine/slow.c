/*
 * Two times and two limits; and the kinds of statement.
 */
#include "diffengine/slow.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"

static bool is_slow(const struct slow_limits *limits, int64_t us, int64_t other_us)
{
	return us >= limits->min_us && (double)us >= limits->ratio * (double)other_us;
}

enum slow_side slow_side_of(const struct slow_limits *limits, struct slow_times times)
{
	if (times.truth_us < 0 || times.candidate_us < 0 || times.truth_us == times.candidate_us)
		return SLOW_NEITHER;
	if (times.truth_us > times.candidate_us)
		return is_slow(limits, times.truth_us, times.candidate_us) ? SLOW_TRUTH
									   : SLOW_NEITHER;
	return is_slow(limits, times.candidate_us, times.truth_us) ? SLOW_CANDIDATE : SLOW_NEITHER;
}

/* What may end a transaction may have to wait for the disk, or for other replicas. */
static bool divides_only(struct bytes statement)
{
	static const char *const words[] = {"begin", "start", "savepoint", "release", "set"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (statement.len >= strlen(words[i]) &&
			strncasecmp((const char *)statement.ptr, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

enum slow_subject slow_subject_of(
	const struct analysis *analysis, struct bytes statement, bool may_write)
{
	if (analysis->class == ANALYSIS_TRANSACTION && divides_only(statement))
		return SLOW_BESIDE;
	if (analysis->class == ANALYSIS_CHANGE)
		return SLOW_WRITES;
	if (analysis->class != ANALYSIS_QUERY)
		return SLOW_UNTIMED;
	return may_write ? SLOW_WRITES : SLOW_READS;
}
