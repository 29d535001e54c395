/*
 * The ground on which a replay stands: fresh databases that are made, set up by files, and dropped
 * again. The sessions' databases are those, in place of the recorded ones.
 *
 * From ground_prepare to ground_leave SIGINT and SIGTERM do not end the program, so that what was
 * made is dropped: whoever has a loop in between hears of them there.
 */
#ifndef REPLAY_GROUND_H
#define REPLAY_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "replay/wishes.h"
#include "wire/backend.h"

#define GROUND_NAME_MAX 64 /* bytes of a database's name, with its NUL */

struct ground_setup {
	enum replay_against side;
	const char *path;
};

struct ground_wishes { /* zero: the databases are taken as they are */
	bool is_fresh;
	/* Of fresh databases, shorter than GROUND_NAME_MAX; NULL: twinkly_replay_<pid>. */
	const char *names[2];
	const struct ground_setup *setups;
	size_t setup_count;
};

struct ground {
	const struct ground_wishes *wishes;
	/* Truth and candidate; NULL: not used. Their `database` becomes the fresh one. */
	struct backend_target *targets[2];
	struct bytes startup; /* whose user and database are taken: of a recorded session */
	int64_t timeout_us;   /* of one statement or file */
	/* Its own: */
	char names[2][GROUND_NAME_MAX];
	bool is_made[2];
	bool was_interrupted, is_watching;
	uv_loop_t loop; /* never waits: it keeps signals from ending the program */
	uv_signal_t sigint, sigterm;
};

/* Makes and sets up. False with err; ground_leave either way. */
bool ground_prepare(struct ground *ground, struct err *err) ATTR_USE_RESULT;
/* Drops what was made. False: something is left, which `out` names with the command that drops
 * it. */
bool ground_leave(struct ground *ground, FILE *out) ATTR_USE_RESULT;

#endif
