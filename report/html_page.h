/*
 * What the files of the HTML page share: where it goes, what it is about, and memory for the
 * part that is being written. Private to report/html*.c.
 */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

#include <stdio.h>

#include "base/buf.h"
#include "report/figures.h"
#include "report/summary.h"

#define HTML_ARENA_MAX  ((size_t)64 << 20) /* for one group: its answers taken apart */
#define HTML_GROUPS_MAX ((size_t)7 << 20)  /* bytes of whole groups; further ones are short */
#define HTML_SHORTS_MAX ((size_t)9 << 20)  /* bytes of all groups; further ones are counted */

struct html_page {
	FILE *out;
	struct trace *trace;
	const struct summary *summary;
	size_t limit; /* groups of each list; never 0 */
	struct arena arena;
	struct buf text;
	struct err *err;
};

/* report/html_evidence.c: the answers of both sides to the example's command, side by side: ends
 * and errors with their fields, rows with what differs marked, and what the session did before.
 * Nothing where the trace has no such exchange. False with err: the trace cannot be read. */
bool html_write_evidence(
	struct html_page *p, const struct group_example *example, int kind) ATTR_USE_RESULT;
/* The database that failed or answered less: "truth", "candidate" or "both". */
bool html_find_side(struct html_page *p, const struct group_example *example,
	const char **side) ATTR_USE_RESULT;

/* Those of both databases, where the trace has them. */
bool html_write_plans(struct html_page *p, int64_t exchange) ATTR_USE_RESULT;

/* report/html_rows.c */
struct html_answers {
	const struct answer_rows *truth, *candidate;
	const struct group_example *example;
	int kind;
};
bool html_write_rows(struct html_page *p, const struct html_answers *answers) ATTR_USE_RESULT;

/* report/html_groups.c: one group of mismatches. The number of bytes that it has taken; 0 with err:
 * failed. */
struct html_place {
	size_t number; /* of its anchor, from 1 */
	size_t done;   /* bytes of the groups before it */
	bool is_open;
};
size_t html_write_group(struct html_page *p, const struct group *g, const struct html_place *at);

/* report/html_findings.c: the first root cause, the filter, the list of mismatches. */
bool html_write_findings(struct html_page *p) ATTR_USE_RESULT;

/* report/html_lists.c */
void html_write_others(struct html_page *p);
void html_write_rules(struct html_page *p);
void html_write_reasons(struct html_page *p);
void html_write_sessions(struct html_page *p);
void html_write_gaps(struct html_page *p);
/* Sessions of a group as "1-3 7", with a "+" behind if there are others. */
void html_write_session_list(struct html_page *p, const struct group *g);

/* report/html_pictures.c and html_latency.c */
void html_write_pictures(struct html_page *p, const struct figures *f);
bool html_write_latency(struct html_page *p, const struct figures *f) ATTR_USE_RESULT;

#endif
