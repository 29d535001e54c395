/*
 * The same replay several times: which mismatches come every time (deterministic), and which do
 * not (flaky). The first replay's trace is the one that was asked for, OUT; further ones are
 * OUT.2, OUT.3, ...
 */
#ifndef REPLAY_REPEAT_H
#define REPLAY_REPEAT_H

#include "replay/run.h"

#define REPEAT_MAX        100
#define REPEAT_MISMATCHES 10000 /* exchanges that are told apart; further ones are counted */
#define REPEAT_SHOWN      20    /* of them, a line each */

/* Replays `times` times; the labels go to standard error unless the replay is quiet. Returns the
 * worst exit status: a replay that could not be done ends it. */
int repeat_run(const struct run_options *options, int times);

#endif
