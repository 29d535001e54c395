/*
 * One row per difference, for spreadsheets and scripts (docs/REPORTS.md lists the columns).
 * Streams: memory does not depend on the number of rows.
 */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include <stdio.h>

#include "report/summary.h"

/* Writes the header and all differences of the trace, of the kind `s->only` alone if it is
 * set. False: the trace cannot be read further; write errors are left in `out`. */
bool csv_report(
	FILE *out, struct trace *t, const struct summary *s, struct err *err) ATTR_USE_RESULT;

#endif
