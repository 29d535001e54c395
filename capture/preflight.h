/*
 * Asks both databases what they are before the first statement: settings, schema, positions of
 * sequences, numbers of rows. On a side connection to each, in step, within a time; the client's
 * sessions neither wait for it nor fail with it. capture/preflight_report.h says what comes of it.
 *
 * With `is_confirmed` what differs in schema and data is read twice, PREFLIGHT_PAUSE_US apart, and
 * only what differs both times in the same way counts: clients that write in the meantime reach
 * one database before the other.
 */
#ifndef CAPTURE_PREFLIGHT_H
#define CAPTURE_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "capture/preflight_report.h"
#include "wire/backend.h"

#define PREFLIGHT_PAUSE_US (300 * INT64_C(1000))

struct preflight_limits {
	int64_t total_us, statement_us;
	size_t rows_max;   /* of the description of a schema */
	size_t tables_max; /* whose rows are counted */
};

struct preflight_options {                       /* the strings and the targets are borrowed */
	const struct backend_target *targets[2]; /* PostgreSQL, YugabyteDB; outlive it */
	struct backend_wishes wishes[2];         /* borrowed for the call */
	struct preflight_limits limits;
	bool has_schema, has_data; /* beside the settings; data: rows and sequences */
	bool is_confirmed;
	bool is_seeded; /* comparison.deterministic has "uuid" */
};

struct preflight;
typedef void on_preflight_fn(void *context, struct preflight *p);

/* on_done comes later, always, unless it is freed before. NULL: no memory. */
struct preflight *preflight_start(uv_loop_t *loop, const struct preflight_options *options,
	on_preflight_fn *on_done, void *context) ATTR_USE_RESULT;
/* Valid in on_done and afterwards. */
const struct preflight_report *preflight_report(const struct preflight *p);
/* Why it could not look at all; NULL: it could. Borrowed. */
const char *preflight_failure(const struct preflight *p);
/* Something could not be compared: a row of kind "not compared" says what. */
bool preflight_is_partial(const struct preflight *p);
/* Takes NULL; the memory goes in the loop's next turn. */
void preflight_free(struct preflight *p);

#endif
