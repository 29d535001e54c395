/*
 * The pre-flight check of a run: once for each database, when the first client connects to it,
 * with that client's user and startup settings (comparison.preflight). What differs becomes one
 * warning in the log, an event `preflight` of that session and a part of the summary; nobody is
 * held up or refused because of it.
 */
#ifndef CAPTURE_PREFLIGHT_RUN_H
#define CAPTURE_PREFLIGHT_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "capture/preflight_report.h"

#define PREFLIGHT_DATABASES_MAX 64 /* further ones are not looked at, which is counted */
#define PREFLIGHT_AT_ONCE       4  /* side connections to each server; others later */
#define PREFLIGHT_RUN_US        (2000 * INT64_C(1000))
#define PREFLIGHT_RUN_LINE_MAX  8 /* things named in the line */

struct proxy;
struct session;
struct preflight_run;

/* Both backends of the session are ready, its startup packet is still there. */
void preflight_run_begin(struct session *s);
/* The end of the run waits for it, PREFLIGHT_RUN_US at most. */
bool preflight_run_is_busy(const struct proxy *p);
/* Drops what is under way. */
void preflight_run_stop(struct proxy *p);
/* What differed, a line for each database. Takes NULL. */
void preflight_run_print(const struct preflight_run *run, FILE *out);
void preflight_run_free(struct preflight_run *run);

/* "TimeZone: PostgreSQL has UTC, YugabyteDB has Europe/Berlin; ...": what matters, in one line. */
bool preflight_run_line(struct buf *out, const struct preflight_report *r,
	const char *const names[2]) ATTR_USE_RESULT;

#endif
