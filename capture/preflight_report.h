/*
 * What two databases must agree in, or will make noise: from the rows that each has answered to
 * findings, one line for each thing, with both values and what removes the difference. Computes
 * only; who asks is capture/preflight.c. Side 0 is PostgreSQL, side 1 YugabyteDB, by their place
 * in the configuration.
 */
#ifndef CAPTURE_PREFLIGHT_REPORT_H
#define CAPTURE_PREFLIGHT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "capture/ask.h"

#define PREFLIGHT_FINDINGS_MAX 1000 /* further ones are counted */
#define PREFLIGHT_SHOWN_MAX    10   /* of one kind of thing in the schema or the data */

enum preflight_weight {
	PREFLIGHT_SAME,
	PREFLIGHT_NOTE,   /* worth knowing; no reason for exit status 1 */
	PREFLIGHT_MATTERS /* will make mismatches, or hide what is compared */
};

struct preflight_finding { /* texts in the report's arena, or constants */
	enum preflight_weight weight;
	const char
		*kind; /* "setting", "table", "column", "constraint", "index", "sequence", "rows" */
	const char *name;
	const char *values[2];
	const char *advice; /* "": nothing to do */
};

struct preflight_report {
	struct arena memory;
	struct preflight_finding *findings;
	size_t count, room, omitted;
	bool has_failed; /* memory is out: it is not whole */
};

struct preflight_rows { /* of one answer */
	struct ask_row *rows;
	size_t count;
};

void preflight_report_init(struct preflight_report *r);
void preflight_report_fini(struct preflight_report *r);
/* The texts are copied. */
void preflight_report_add(struct preflight_report *r, const struct preflight_finding *finding);

/* From rows of kind "setting" and "fact". `is_pooled`: the process that answers is not the one
 * that was connected to. `seeded`: comparison.deterministic has "uuid". */
struct preflight_sides {
	struct preflight_rows rows[2];
	bool is_pooled[2];
};
void preflight_compare_settings(
	struct preflight_report *r, const struct preflight_sides *sides, bool is_seeded);
/* From rows of other kinds, as sets; sorts them. What belongs to a table that is missing on one
 * side is left out. */
void preflight_compare_rows(struct preflight_report *r, const struct preflight_sides *sides);
/* Drops what `earlier` does not have in the same words: it was on its way. */
void preflight_report_confirm(struct preflight_report *r, const struct preflight_report *earlier);

/* The major version of "15.12-YB-2025.1.0.0-b0", "16beta1", "11.2"; 0: none. */
int preflight_major(const char *server_version);
bool preflight_matters(const struct preflight_report *r);

/* As a table with `names` of the sides; only what differs, unless is_whole. */
struct preflight_print {
	const char *names[2];
	bool is_whole, has_colour;
};
void preflight_report_print(
	const struct preflight_report *r, const struct preflight_print *how, FILE *out);

#endif
