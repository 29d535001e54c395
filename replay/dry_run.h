/*
 * The plan of a replay in words: sessions, exchanges in the order in which they would begin, and
 * what would be left out. Nothing is connected to and nothing is written but this.
 */
#ifndef REPLAY_DRY_RUN_H
#define REPLAY_DRY_RUN_H

#include <stdio.h>

#include "replay/replay.h"

#define DRY_RUN_LINES_MAX 10000 /* exchanges that are listed; all are counted */

/* `r` has its roster and selection. False with err: the trace cannot be read. */
bool dry_run(struct replay *r, const char *source, FILE *out, struct err *err) ATTR_USE_RESULT;

#endif
