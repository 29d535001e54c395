/*
 * The report as one self-contained HTML page: no network, style and script inline, complete
 * without the script.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

#include "report/summary.h"

/* Shows at most `limit` groups of each list, 0: all; write errors are left in `out`. */
void html_write(FILE *out, const struct summary *s, size_t limit);

#endif
