/*
 * One run of twinkly-replay: the recorded trace, its own, the replay and signals, from the first
 * row that is read to the last that is written.
 */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include <stdbool.h>

#include "diffengine/settings.h"

struct run_options {
	const struct settings *settings;
	const char *source;       /* trace to replay */
	const char *trace;        /* trace to write */
	const char *command_line; /* of twinkly-replay itself, for the trace */
	bool is_quiet;            /* no summary */
};

/* Returns the exit status. */
int run_replay(const struct run_options *options);

#endif
