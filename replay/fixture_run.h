/*
 * twinkly-replay on fixtures: each is made a trace in a directory of its own (mode 0700, removed
 * afterwards), its setup files are run, it is replayed and judged.
 */
#ifndef REPLAY_FIXTURE_RUN_H
#define REPLAY_FIXTURE_RUN_H

#include <stdbool.h>

#include "base/attr.h"
#include "replay/run.h"

struct fixture_run {
	struct run_options replay; /* source: a fixture, or a folder with *.twinkly; trace: NULL:
				    * not kept */
	bool updates;              /* writes what the sides answer now into the fixture */
};

/* Whether this is a fixture or a folder. */
bool fixture_run_is_for(const char *path) ATTR_USE_RESULT;

/* Returns the exit status. */
int fixture_run(const struct fixture_run *run);

#endif
