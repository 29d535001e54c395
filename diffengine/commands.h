/*
 * An exchange's messages as commands: for each the end of its answer on either side (tag,
 * SQLSTATE, number of rows) and the readable parameters of its Bind. Read from recorded
 * bytes, which may be cut; allocates only the text of parameters, up to a ceiling.
 */
#ifndef DIFFENGINE_COMMANDS_H
#define DIFFENGINE_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"

struct command_end {      /* the end of one command in an answer */
	bool is_found;    /* false: the bytes end before it */
	char tag[64];     /* of CommandComplete; "" if it ended otherwise */
	char sqlstate[6]; /* of ErrorResponse; "" if it did not fail */
	int64_t rows;     /* DataRow and CopyData; -1: no result set */
};

struct command_walk {
	struct bytes request, truth, candidate; /* what is left of each */
	struct buf parameters;
};

/* Borrows the bytes until command_walk_fini. */
void command_walk_init(struct command_walk *walk, struct bytes request, struct bytes truth,
	struct bytes candidate);
void command_walk_fini(struct command_walk *walk);

struct command_facts {
	struct command_end truth, candidate;
	const char *parameters; /* "[12 NULL hex:0001]", borrowed until the next call; NULL: none */
};

/* The next command. False: neither answer holds the end of another one; the parameters of the
 * next Execute are filled in all the same. */
bool command_walk_next(struct command_walk *walk, struct command_facts *facts);

#endif
