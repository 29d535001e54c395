/*
 * The command of `twinkly-capture -- COMMAND`: runs it with PGHOST, PGPORT and TWINKLY_URL
 * pointing at the proxy, beside the environment that twinkly-capture was started with.
 */
#ifndef CAPTURE_COMMAND_H
#define CAPTURE_COMMAND_H

#include <stdbool.h>
#include <uv.h>

#include "base/attr.h"
#include "base/err.h"

struct command_run { /* zero before use */
	uv_process_t process;
	bool is_running;
	int status; /* after the end: exit status, or 128 + signal as shells have it */
	void (*on_exit)(struct command_run *run);
	void *context;
	char **environment;
	const char *host; /* of the proxy, for PGHOST; set before command_rewrite and _start */
	int port;
};

/* Copies the environment; before backend_isolate clears parts of it. */
bool command_keep_environment(struct command_run *run) ATTR_USE_RESULT;

/* The variable's value, an address of a database, gets the host and port of the proxy, which are
 * set. After command_keep_environment. False: err says what is wrong, without the value. */
bool command_rewrite(struct command_run *run, const char *name, struct err *err) ATTR_USE_RESULT;

/* `argv` ends with NULL. False: it could not be started (err names it and says why). */
bool command_start(
	struct command_run *run, uv_loop_t *loop, char **argv, struct err *err) ATTR_USE_RESULT;
/* Sends the signal if it runs. */
void command_signal(struct command_run *run, int signum);
void command_fini(struct command_run *run);

#endif
