/*
 * The names behind verdicts and difference kinds; see the tables in diffengine/verdict.h.
 */
#include "diffengine/verdict.h"

#include <assert.h>

#include "base/attr.h"

#define VERDICT_X_ROW(NAME, name, rank, meaning) {name, rank, meaning},
static const struct {
	const char *name;
	int rank;
	const char *meaning;
} verdicts[] = {VERDICTS(VERDICT_X_ROW)};
#undef VERDICT_X_ROW

#define DIFF_X_ROW(NAME, name, severity, meaning, advice) \
	{name, meaning, advice, SEVERITY_##severity},
static const struct diff_kind_info kinds[] = {DIFF_KINDS(DIFF_X_ROW)};
#undef DIFF_X_ROW

static_assert(ARRAY_LEN(verdicts) == VERDICT_COUNT, "one row per verdict");
static_assert(ARRAY_LEN(kinds) == DIFF_KIND_COUNT, "one row per kind of difference");

const struct diff_kind_info *diff_kind_info(enum diff_kind kind)
{
	static const struct diff_kind_info unknown = {"unknown",
		"a kind of difference that this version does not know",
		"read the trace with the version that wrote it", SEVERITY_OPERATION};

	return (size_t)kind < ARRAY_LEN(kinds) ? &kinds[kind] : &unknown;
}

const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_DATA:
		return "data";
	case SEVERITY_BEHAVIOUR:
		return "behaviour";
	case SEVERITY_SHAPE:
		return "shape";
	case SEVERITY_OPERATION:
		return "operation";
	}
	return "unknown";
}

const char *verdict_name(enum verdict verdict)
{
	return (size_t)verdict < ARRAY_LEN(verdicts) ? verdicts[verdict].name : "unknown";
}

const char *verdict_meaning(enum verdict verdict)
{
	return (size_t)verdict < ARRAY_LEN(verdicts) ? verdicts[verdict].meaning : "";
}

static int rank(enum verdict verdict)
{
	return (size_t)verdict < ARRAY_LEN(verdicts) ? verdicts[verdict].rank : -1;
}

enum verdict verdict_worst(enum verdict a, enum verdict b)
{
	return rank(b) > rank(a) ? b : a;
}
