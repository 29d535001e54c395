/*
 * Blessing a fixture anew: its expected answers become those of the replay, the rest of the text
 * stays.
 */
#ifndef REPLAY_FIXTURE_UPDATE_H
#define REPLAY_FIXTURE_UPDATE_H

#include "replay/fixture_judge.h"

/* Judges; where answers have changed, prints the old and new lines to standard output, writes the
 * text to `path` through a file beside it, and takes these changes as expected from now on: what is
 * left in the counts is what an update cannot mend. */
bool fixture_update(struct judge *judge, const char *path, struct err *err) ATTR_USE_RESULT;

#endif
