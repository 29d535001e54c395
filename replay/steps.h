/*
 * What the messages of an exchange say about it: the statements of its commands, whether a
 * unit may write, whose columns will be described. The references to statements are owned;
 * names come from what the session has prepared.
 *
 * Bounded: STEPS_MAX commands of one exchange are known; further ones count as unknown.
 */
#ifndef REPLAY_STEPS_H
#define REPLAY_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "diffengine/cursors.h"
#include "diffengine/prepared.h"
#include "diffengine/user_types.h"
#include "wire/frame.h"

#define STEPS_MAX (1 << 20)

struct statement_list { /* entries may be NULL: unknown */
	struct statement **items;
	size_t count, cap;
};

struct steps { /* zero before use */
	struct statement_list commands;
	struct cursor_use *uses; /* of the commands */
	size_t use_cap;
	struct statement_list described; /* by a Describe of a statement, in order */
	const struct user_types *types;  /* recorded OIDs to the truth's; borrowed, may be NULL */
	size_t learned;                  /* of described: their answers have come */
	bool is_described;               /* the ParameterDescription of the next one has come */
	bool is_simple;   /* a Query or FunctionCall: ReadyForQuery comes without a Sync */
	bool unit_writes; /* the unit under way may write */
	bool has_written; /* an earlier one may have: the Sync that commits it writes, too */
};

/* A message before it is sent. A body that cannot be decoded is the servers' to refuse. */
void steps_note(struct steps *steps, struct prepared *prepared, const struct frame *f);
/* The unit under way is sent; the next one begins. */
void steps_end_unit(struct steps *steps);
/* Keeps the columns that described statements have, for later results without a description.
 * `answer`: the source of truth's whole messages, each given once. */
void steps_learn(struct steps *steps, struct bytes answer);
/* For the next exchange; storage is kept. */
void steps_reset(struct steps *steps);
void steps_fini(struct steps *steps);

#endif
