/*
 * The report as JSON for programs: docs/REPORTS.md has the schema and its version.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdio.h>

#include "report/summary.h"

#define JSON_REPORT_VERSION 1 /* grows when a member changes its meaning or goes */

/* At most `limit` groups of each list and `limit` differences, 0: all. Differences are read
 * again from the trace, one by one. False with err: it cannot be read; write errors are left
 * in `out`. */
bool json_report(FILE *out, struct trace *t, const struct summary *s, size_t limit,
	struct err *err) ATTR_USE_RESULT;

#endif
