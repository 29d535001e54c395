/*
 * The report as one self-contained HTML page: no network, style and script inline, complete
 * without the script. At most 10 MB whatever the trace holds, and in memory that does not depend
 * on its length.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

#include "report/summary.h"

struct html_report {
	FILE *out; /* errors of writing are left in it */
	struct trace *trace;
	const struct summary *summary; /* of that trace */
	size_t limit;                  /* groups of each list that are shown; 0: all */
};

/* False with err: the trace cannot be read, or memory is out; what was written is no page. */
bool html_write(struct html_report *report, struct err *err) ATTR_USE_RESULT;

#endif
