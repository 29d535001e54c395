/*
 * One run of twinkly-capture: trace, proxy, signals and (maybe) a command, from start to the
 * last row of the trace.
 */
#ifndef CAPTURE_RUN_H
#define CAPTURE_RUN_H

#include <stdbool.h>

#include "base/attr.h"
#include "capture/command.h"
#include "capture/reload.h"
#include "diffengine/settings.h"

enum { EXIT_SAME = 0, EXIT_MISMATCH = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

struct known;

struct run_options {
	const struct settings *settings;
	char **command;            /* NULL: daemon */
	struct command_run *child; /* keeps the environment; used with a command */
	struct reload *reload;     /* for SIGHUP */
	struct known *known;       /* known differences; NULL: none */
	const char *command_line;  /* of twinkly-capture itself, for the trace */
	bool is_quiet;             /* no summary */
};

/* Where a command finds the proxy: "all addresses" is none to connect to; without TCP it is the
 * socket's directory. Borrowed from the settings. */
const char *run_host(const struct settings *s);

/* Returns the exit status. */
int run_capture(const struct run_options *options);

#endif
