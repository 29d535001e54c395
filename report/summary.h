/*
 * What a report says about a trace as a whole: the databases, when and how long, the counts
 * of every verdict, the findings in groups, the sessions and the gaps. Collected once, in
 * bounded memory, and then written by terminal.c and html.c without the trace.
 */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "base/clock.h"
#include "diffengine/known.h"
#include "report/groups.h"
#include "report/labels.h"
#include "report/tally.h"
#include "schema/trace_read.h"

#define SUMMARY_MISMATCH_GROUPS 2000
#define SUMMARY_OTHER_GROUPS    500
#define SUMMARY_SESSIONS        1000 /* half of them for those with a mismatch */
#define SUMMARY_GAPS            50
#define SUMMARY_ANY_KIND        (-1)

#define SUMMARY_TABLES 50 /* of the end state that are kept; the others are counted */

struct summary_backend {
	struct bytes name, version, host; /* version and host empty: unknown */
	int port;
};

struct summary_session {
	int64_t id, mismatches, started_us;
	size_t slot;   /* in struct group's `sessions` */
	bool is_known; /* the trace has a row of it */
	struct bytes user, database, application_name, client;
};

struct summary_gap {
	int64_t at_us, exchanges;
	struct bytes reason;
};

struct summary_table {           /* of the end state */
	struct bytes name, text; /* database: schema.table */
	bool is_skipped;
};

/* The exit status of the program, as diff(1) has it. */
enum summary_status { SUMMARY_EQUAL = 0, SUMMARY_MISMATCH = 1, SUMMARY_INCOMPLETE = 3 };

struct summary {
	const char *path;    /* the caller's */
	int only;            /* groups of this diff_kind alone, or SUMMARY_ANY_KIND */
	struct known *known; /* NULL: no list of known differences was given */
	struct known_counts known_counts;
	struct summary_backend truth, candidate;
	struct bytes twinkly_version, program, command_line, configuration; /* empty: absent */
	int64_t began_wall_us, ended_wall_us;                               /* -1: unknown */
	struct trace_counts counts;
	int64_t tables_equal, tables_different, tables_skipped; /* of the end state */
	struct summary_table tables[SUMMARY_TABLES];            /* that are not equal */
	size_t table_count;
	int64_t lost_exchanges;   /* in gaps */
	struct labels labels;     /* `items` NULL: groups are not by test */
	struct groups mismatches; /* differences that no rule allows */
	struct groups others;     /* what was allowed, retried, excluded, not compared, ... */
	struct tally rules;       /* that allowed differences; counts are of differences */
	struct tally reasons;     /* why commands are neither equal, allowed nor a mismatch */
	struct summary_session *sessions; /* by id */
	size_t session_count;
	struct summary_gap gaps[SUMMARY_GAPS];
	size_t gap_count;
	char test[LABEL_MAX]; /* while it is collected: the comment of the exchange */
	size_t test_len;
	struct arena arena;
};

struct summary_wish {
	const char *path;          /* of the trace, for the reports */
	int only;                  /* an enum diff_kind or SUMMARY_ANY_KIND */
	struct known *known;       /* the verdicts are what they are by this list; or NULL */
	bool has_by_test;          /* groups and counts by test, see labels.h */
	bool has_comments_by_test; /* the same, if statements of the trace name tests */
};

/* Reads the trace. After a failure summary_fini is harmless (and needed). */
bool summary_collect(struct summary *s, struct trace *t, const struct summary_wish *wish,
	struct err *err) ATTR_USE_RESULT;
void summary_fini(struct summary *s);

#define SUMMARY_WHY_MAX 160
/* Of the whole trace, whatever `only` is. `why` gets the sentence that a report begins with. */
enum summary_status summary_status(const struct summary *s, char why[SUMMARY_WHY_MAX]);

/* Commands that both databases answered and whose answers were compared, in tenths of a
 * percent of all commands, rounded down; -1: there were no commands. */
int summary_compared_permille(const struct summary *s);
/* How many of `total` commands (or exchanges) have a verdict that this program does not know:
 * a newer trace. */
int64_t summary_unknown(const int64_t by_verdict[16], int64_t total);

/* "2026-11-23 14:05:06.123456Z" for a time since the trace began; "" where it is unknown. */
const char *summary_time(const struct summary *s, int64_t us, char out[CLOCK_TEXT_MAX]);

#endif
