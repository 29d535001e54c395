/*
 * Patterns that people write: PCRE2, searched without regard to case anywhere in a text of any
 * bytes; a dot stands for a new line, too. Compiled once, with PCRE2's JIT where the machine
 * has it. The work of one search is bounded (200 to 100,000 steps a place, the fewer the longer
 * the text); what runs into the limit is told apart from what is not there.
 *
 * A pattern is immutable; a struct pattern_work serves one search at a time.
 */
#ifndef DIFFENGINE_PATTERN_H
#define DIFFENGINE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

#define PATTERN_REPLACE_MAX ((size_t)1 << 20) /* bytes of a text that is rewritten */

struct pattern;
struct pattern_work; /* scratch memory and limits */

enum pattern_result { PATTERN_ABSENT, PATTERN_FOUND, PATTERN_TIMEOUT };

struct pattern_work *pattern_work_new(void) ATTR_USE_RESULT; /* NULL: out of memory */
void pattern_work_free(struct pattern_work *work);           /* takes NULL */

/* NULL with err for an invalid pattern: the pattern, the place in it and PCRE2's reason. */
struct pattern *pattern_new(const char *text, struct err *err) ATTR_USE_RESULT;
void pattern_free(struct pattern *pattern); /* takes NULL */

enum pattern_result pattern_search(
	const struct pattern *pattern, struct pattern_work *work, struct bytes text);

/* `$1` or `${1}` in a replacement is what the group caught, `$$` a dollar. */
bool pattern_check_replacement(
	const struct pattern *pattern, const char *replacement, struct err *err) ATTR_USE_RESULT;

/* Every match in *text replaced, in the arena. Otherwise, also for a text longer than
 * PATTERN_REPLACE_MAX, *text stays as it is. */
enum pattern_result pattern_replace(const struct pattern *pattern, struct pattern_work *work,
	const char *replacement, struct arena *arena, struct bytes *text);

#endif
