/*
 * The findings of the HTML page: mismatches with examples, and what else was not plainly
 * equal.
 */
#ifndef REPORT_HTML_GROUPS_H
#define REPORT_HTML_GROUPS_H

#include <stdio.h>

#include "report/summary.h"

/* Sections for both lists, with at most `limit` groups of each; nothing where one is empty. */
void html_write_mismatches(FILE *out, const struct summary *s, size_t limit);
void html_write_others(FILE *out, const struct summary *s, size_t limit);

#endif
