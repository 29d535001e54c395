/*
 * Exclusion patterns: compiled once, searched one after the other.
 */
#include "diffengine/exclude.h"

#include <stdlib.h>

#include "diffengine/pattern.h"

struct exclude {
	size_t count;
	struct pattern_work *work;
	struct {
		struct pattern *compiled;
		const char *pattern;
	} rows[];
};

static bool compile(struct exclude *x, const char *pattern, struct err *err)
{
	struct pattern *compiled = pattern_new(pattern, err);

	if (!compiled)
		return false;
	x->rows[x->count].compiled = compiled;
	x->rows[x->count++].pattern = pattern;
	return true;
}

struct exclude *exclude_new(const char *const *patterns, size_t count, struct err *err)
{
	struct exclude *x = calloc(1, sizeof(*x) + count * sizeof(x->rows[0]));

	if (x)
		x->work = pattern_work_new();
	if (!x || !x->work) {
		err_set(err, "out of memory");
		exclude_free(x);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (!compile(x, patterns[i], err)) {
			exclude_free(x);
			return NULL;
		}
	}
	return x;
}

void exclude_free(struct exclude *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->count; i++)
		pattern_free(x->rows[i].compiled);
	pattern_work_free(x->work);
	free(x);
}

const char *exclude_match(const struct exclude *x, struct bytes statement)
{
	for (size_t i = 0; i < x->count; i++)
		if (pattern_search(x->rows[i].compiled, x->work, statement) == PATTERN_FOUND)
			return x->rows[i].pattern;
	return NULL;
}
