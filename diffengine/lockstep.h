/*
 * The hot path of the comparison: walks two answers message by message as long as they are
 * the same. The same means equal bytes, with what is never compared masked: table OIDs and
 * attribute numbers, OIDs that name the same user type, the wording of errors with equal SQLSTATE
 * (but for the few codes that are used for everything);
 * asynchronous messages (NoticeResponse, ParameterStatus, NotificationResponse) are stepped
 * over on either side. Allocates nothing.
 */
#ifndef DIFFENGINE_LOCKSTEP_H
#define DIFFENGINE_LOCKSTEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "diffengine/user_types.h"

enum lockstep_result {
	LOCKSTEP_DRY,    /* one side, or both, has no whole message left; so far the same */
	LOCKSTEP_DIFFERS /* the next messages are not the same */
};

struct lockstep {                          /* zero it at the start of an exchange */
	size_t truth, candidate;           /* bytes walked over on each side */
	size_t item_truth, item_candidate; /* where the step under way began */
	bool is_in_item;                   /* the step under way has begun */
	size_t columns;     /* where the RowDescription of the result under way begins */
	size_t columns_len; /* its whole length; 0: none */
	int64_t rows;       /* DataRow and CopyData of the result under way */
	unsigned ordinal;   /* commands that are complete */
	bool is_headless;   /* the head of the step under way was taken off by a rebase */
	int64_t rows_gone;  /* rows of it that were taken off */
	/* What is known of user types, and where what is not is asked about. NULL: nothing is
	 * known; any two OIDs of user types are alike, and values are compared as bytes. */
	struct user_types *types;
};

/* `truth` and `candidate` are each side's whole bytes of which the counters count. */
enum lockstep_result lockstep_advance(
	struct lockstep *l, struct bytes truth, struct bytes candidate);

/* The first `n` bytes of the truth's side and `m` of the candidate's are gone from the buffers:
 * counts anew from there. Either nothing of the step under way goes, or all that was walked. */
void lockstep_rebase(struct lockstep *l, size_t n, size_t m);

#endif
