/*
 * The report as a Markdown summary for a comment on a pull request: never longer than
 * MARKDOWN_MAX bytes (GitHub takes 65,536 characters). Texts of the trace stand in code
 * elements with every character escaped that Markdown or HTML knows, so that they can neither
 * form a table nor a link, nor call anybody by name.
 */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include <stdio.h>

#include "report/summary.h"

#define MARKDOWN_MAX 59000

/* At most `limit` rows of each table, 0: as many as fit. False with err: no memory; write
 * errors are left in `out`. */
bool markdown_write(
	FILE *out, const struct summary *s, size_t limit, struct err *err) ATTR_USE_RESULT;

#endif
