/*
 * `comparison.exclude-patterns`: PCRE2 patterns, searched without regard to case anywhere in
 * a statement. Matching is bounded (diffengine/pattern.h); a statement that runs
 * into a limit counts as not excluded.
 */
#ifndef DIFFENGINE_EXCLUDE_H
#define DIFFENGINE_EXCLUDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

struct exclude;

/* NULL with err for an invalid pattern: the pattern, the place in it and PCRE2's reason. */
struct exclude *exclude_new(
	const char *const *patterns, size_t count, struct err *err) ATTR_USE_RESULT;
void exclude_free(struct exclude *exclude);

/* The first pattern that matches, or NULL. Borrowed from the patterns given at the start. */
const char *exclude_match(const struct exclude *exclude, struct bytes statement);

#endif
