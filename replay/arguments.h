/*
 * The command line of twinkly-replay.
 */
#ifndef REPLAY_ARGUMENTS_H
#define REPLAY_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "replay/ground.h"
#include "replay/wishes.h"

#define ARGUMENTS_OVERRIDES_MAX 256
#define ARGUMENTS_SETUPS_MAX    128

struct known;

struct arguments { /* borrowed from argv */
	const char *config, *source, *trace;
	const char *junit;      /* NULL: not wanted */
	const char *known_path; /* NULL: no list of known differences */
	struct known *known;    /* the list, once main has loaded it */
	const char *overrides[ARGUMENTS_OVERRIDES_MAX];
	size_t override_count;
	int repeat; /* times; 0: once */
	int verbosity;
	bool is_quiet, updates;
	struct replay_wishes wishes;
	struct ground_setup
		setups[ARGUMENTS_SETUPS_MAX]; /* in the order in which they were given */
	size_t setup_count;
	bool is_fresh;
	char fresh_names[2][GROUND_NAME_MAX]; /* "": twinkly_replay_<pid> */
};

/* DONE: --help or --version was printed. INVALID: err. */
enum options_result arguments_parse(
	struct arguments *a, int argc, char **argv, struct err *err) ATTR_USE_RESULT;

#endif
