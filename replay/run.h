/*
 * One run of twinkly-replay: the recorded trace, its own, the replay and signals, from the first
 * row that is read to the last that is written.
 */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include <stdbool.h>

#include "diffengine/settings.h"
#include "replay/ground.h"
#include "replay/wishes.h"

/* How a replay ended, for a caller who judges it in another way. */
struct run_result {
	bool was_stopped;   /* before its end */
	bool has_end_state; /* tables differ after it */
	char why[1024];     /* it was, or what else could not be done; "" else */
};

struct known;
struct junit;

struct run_options {
	const struct settings *settings;
	const char *source;       /* trace to replay */
	const char *trace;        /* trace to write */
	const char *command_line; /* of twinkly-replay itself, for the trace */
	struct junit *junit;      /* NULL: none */
	struct known *known;      /* known differences; NULL: none */
	bool is_quiet;            /* no summary */
	struct replay_wishes wishes;
	struct ground_wishes ground;
	struct run_result *result; /* NULL, or in place of summary and judgement: 0 is returned */
};

/* Returns the exit status. */
int run_replay(const struct run_options *options);

#endif
