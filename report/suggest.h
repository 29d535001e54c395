/*
 * What a reader copies: the rule that would allow a group of mismatches, in the language of
 * docs/RULES.md, and the command that replays one session. Text as it is, not yet escaped for a
 * page.
 */
#ifndef REPORT_SUGGEST_H
#define REPORT_SUGGEST_H

#include "base/attr.h"
#include "base/buf.h"
#include "report/groups.h"

#define SUGGEST_MAX         ((size_t)8192) /* bytes; ceiling for `out` */
#define SUGGEST_PATTERN_MAX 3000           /* of a statement's pattern; a longer one is open */

/* Replace the content of `out`. False: there is nothing to suggest (no statement, or the kind is
 * not known), or no memory. */
bool suggest_rule(struct buf *out, const struct group *g) ATTR_USE_RESULT;
/* `trace` is a path; it is quoted for a shell where it has to be. */
bool suggest_replay(struct buf *out, const char *trace, int64_t session) ATTR_USE_RESULT;

#endif
