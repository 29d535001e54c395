/*
 * The summary for a terminal: text of about the width asked for.
 */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "report/summary.h"

#define TERMINAL_WIDTH 96 /* columns, where it is no terminal or does not say */
#define TERMINAL_LEAST 40 /* narrower ones are written to as if they had so many */

struct terminal_look {
	size_t limit; /* groups of each list, 0: all */
	size_t width; /* columns */
	bool has_colour;
};

/* As wide as the terminal behind `fd`, in colour unless NO_COLOR or TERM is against it; plain
 * and TERMINAL_WIDTH wide for anything else. */
struct terminal_look terminal_look_at(int fd, size_t limit);

/* Write errors are left in `out`. */
void terminal_write(FILE *out, const struct summary *s, const struct terminal_look *look);

#endif
