/*
 * The report as JUnit XML, as CI systems read it: a test case for the trace as a whole, and one
 * for each group of mismatches, or, where the summary is by test, one for each test.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include <stdio.h>

#include "report/summary.h"

/* At most `limit` test cases beside that of the trace, 0: all. The case of the trace fails
 * whenever there is a mismatch, whatever is left out. Write errors are left in `out`. */
void junit_write(FILE *out, const struct summary *s, size_t limit);

#endif
