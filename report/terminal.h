/*
 * The summary for a terminal: plain text, at most about 100 columns.
 */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include <stdio.h>

#include "report/summary.h"

/* Shows at most `limit` groups of each list, 0: all; write errors are left in `out`. */
void terminal_write(FILE *out, const struct summary *s, size_t limit);

#endif
