/*
 * Findings grouped by the shape of the statement (diffengine/shape.h), verdict, kind, reason and
 * test, in order of first occurrence. The
 * memory is bounded whatever the trace holds: at most `limit` groups of GROUP_EXAMPLES
 * examples, texts cut; what no longer fits is counted in `dropped`, never lost in silence.
 */
#ifndef REPORT_GROUPS_H
#define REPORT_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

#define GROUP_EXAMPLES      3
#define GROUP_STATEMENT_MAX 8192
#define GROUP_TEXT_MAX      1024 /* of a value, a sentence, parameters, a reason */
#define GROUP_SLOTS         8192 /* of the hash table; more than twice the highest limit */
#define GROUP_LIMIT_MAX     4000
#define GROUP_PLACES        16384 /* exchanges that a consequence can be traced back to */
#define GROUP_SESSIONS      1024  /* slots of sessions that a group remembers */

/* What makes a group. `kind` is an enum diff_kind, DIFF_KIND_COUNT where there is none. */
struct group_key {
	int verdict, kind;
	struct bytes statement; /* empty: none */
	struct bytes reason;    /* the rule, the exchange's note; empty: none */
	struct bytes test;      /* what the exchange is labelled with; empty: not asked for */
};

struct group_example {
	int64_t session, exchange;
	size_t session_slot; /* below GROUP_SESSIONS, or GROUP_SESSIONS for none */
	int ordinal;
	int64_t row;   /* 0: not about a row */
	int column;    /* 0: not about a column */
	int64_t cause; /* exchange that it may follow from; 0: none is known */
	bool truth_null, candidate_null;
	struct bytes column_name, truth, candidate, parameters, text;
	struct bytes statement; /* set by groups_add: of one group they may differ in literals */
};

struct group {
	struct group_key key; /* texts cut */
	struct hash128 hash;
	int64_t count;         /* differences, or commands where there is no kind */
	int64_t exchanges;     /* in how many exchanges */
	int64_t last_exchange; /* for counting them */
	int64_t consequences;  /* of `count`: those that may follow from an earlier exchange */
	int64_t cause;         /* the earliest such exchange; 0: none */
	uint16_t number;       /* from 1, in order of first occurrence */
	uint16_t cause_number; /* of the group that the cause is in; 0: none, or not known */
	uint64_t sessions[GROUP_SESSIONS / 64]; /* bits: slots of the sessions that have it */
	bool has_more_sessions;                 /* some had no slot */
	struct group_example examples[GROUP_EXAMPLES];
	int example_count;
};

struct group_place { /* in which group an exchange was last */
	int64_t exchange;
	uint16_t number;
};

struct groups {
	struct group *items;
	size_t count, limit;
	uint16_t *slots;            /* index in items + 1; 0: free */
	struct group_place *places; /* GROUP_PLACES of them, by exchange */
	int64_t dropped;            /* findings that fit in no group */
	struct arena arena;
	struct buf shape; /* of the statement that is added */
};

/* `limit` is at most GROUP_LIMIT_MAX. After a failure groups_fini is harmless. */
bool groups_init(struct groups *g, size_t limit, struct err *err) ATTR_USE_RESULT;
void groups_fini(struct groups *g);

/* All of the group's findings may follow from earlier exchanges. */
static inline bool group_is_consequence(const struct group *group)
{
	return group->consequences == group->count;
}

/* Groups that are consequences move behind the others; else the order stays. Nothing can be added
 * after that. */
void groups_order(struct groups *g);

/* Counts a finding; the views of key and example are copied where they are kept. */
void groups_add(struct groups *g, const struct group_key *key, const struct group_example *example);

#endif
