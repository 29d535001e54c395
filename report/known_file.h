/*
 * twinkly-report --write-known: the mismatches of a trace as a list of known differences.
 */
#ifndef REPORT_KNOWN_FILE_H
#define REPORT_KNOWN_FILE_H

#include "report/summary.h"

struct known_file_counts {
	size_t entries, added;
	struct known_counts before; /* what the trace says of the entries that were there */
};

/* Writes the list, or renews the one that is there: what was found again keeps its words, what
 * is gone is left out, what was not executed stays. `s` was collected from the trace. */
bool known_file_write(const char *path, struct trace *t, const struct summary *s,
	struct known_file_counts *counts, struct err *err) ATTR_USE_RESULT;

#endif
