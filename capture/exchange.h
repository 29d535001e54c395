/*
 * An exchange is everything up to the ReadyForQuery that answers it; what is sent at a time
 * is a unit:
 *
 *   COLLECTING -> QUEUED -> AWAITING -+-> COLLECTING   (exchange over, or Flush answered)
 *     ^  messages   for its   both    |
 *     |  of a unit  turn      answer  +-> COPYING -> AWAITING ...
 *                                     +-> ALIGNING -> ...  (a statement sent by us)
 *
 * LOOKING (capture/look.h) may come between COLLECTING and QUEUED, and at the end of AWAITING;
 * there EXPLAINING (capture/slow.h), too.
 *
 * Here is what it gathers on its way: the statements of its commands, the bytes for the
 * trace, and at its end its row there.
 */
#ifndef CAPTURE_EXCHANGE_H
#define CAPTURE_EXCHANGE_H

#include <stdint.h>

#include "base/buf.h"
#include "diffengine/prepared.h"
#include "capture/folding.h"
#include "capture/names.h"
#include "capture/route.h"
#include "diffengine/cursors.h"
#include "capture/side.h"
#include "diffengine/lockstep.h"
#include "diffengine/verdict.h"
#include "wire/frame.h"

struct session;
struct comparison;
struct compare_command;

enum exchange_phase {
	PHASE_COLLECTING,  /* messages of a unit arrive; nothing is awaited */
	PHASE_QUEUED,      /* the unit waits for its turn */
	PHASE_AWAITING,    /* the unit was sent; answers are awaited */
	PHASE_COPYING,     /* both backends take COPY data */
	PHASE_BACKING_OFF, /* one side is asked again in a moment, see capture/again.h */
	PHASE_ALIGNING,    /* a backend answers a statement that we sent */
	PHASE_LOOKING,     /* the same, to look something up, see capture/look.h */
	PHASE_EXPLAINING   /* both are asked for plans elsewhere, see capture/slow.h */
};

struct command { /* a command of the exchange under way */
	struct statement *statement;
	struct cursor_use use;
};

struct exchange {
	bool is_open;
	enum exchange_phase phase;
	int64_t id, started_us;
	size_t unit_len;   /* bytes at the front of client.in that belong to the next unit */
	bool unit_writes;  /* the unit may write */
	bool has_ddl;      /* a command of it is DDL */
	bool has_written;  /* an earlier unit may have: the Sync that commits it writes, too */
	bool is_partial;   /* the head of a long unit was sent already, to both sides */
	bool is_simple;    /* a Query: ReadyForQuery comes without a Sync */
	bool ends;         /* the unit ends with a message that ReadyForQuery answers */
	bool has_diverged; /* in this unit */
	bool began_idle;   /* outside a transaction on both sides */
	int64_t cancel_asked_us; /* monotonic: when the watch last cancelled it */
	bool is_overlapped;      /* another session's writing unit was under way meanwhile */
	bool is_counted_writer;  /* in proxy.writing */
	bool is_retried;         /* it was asked again, see capture/retry.h */
	int again_times;         /* one side was asked again so often */
	int64_t again_us;        /* monotonic: BACKING_OFF: until when */
	struct side *again_side; /* BACKING_OFF: which */
	int64_t sent_epoch;      /* proxy.write_epoch when the unit was sent */
	bool is_recorded;        /* its row is in the trace already */
	bool was_blocked;        /* its turn was handed on: it waited for another session */
	struct slow_case *slow;  /* one side was slow, see capture/slow.h; NULL: not so */
	bool is_cancelled;       /* the client asked for it while the exchange was under way */
	bool is_deadlocked;      /* the watch ends it, see capture/deadlock.h; `why` says whose */
	bool is_handed_at_once;  /* on-mismatch = log */
	size_t handed;           /* bytes of the truth's link.in that the client already has */
	struct names names;
	struct unit_route route;
	bool is_routed;           /* the unit goes to one side only */
	bool is_led_by_candidate; /* that side is the candidate */
	bool is_shared;           /* the other one has had a part of the exchange */
	enum route last_route;    /* of an earlier routed unit; BOTH: none */
	struct lockstep lock;
	unsigned unit_ordinal; /* of the unit's first command */
	struct folding folding;
	struct command *commands;
	size_t command_count, command_cap;
	struct statement **described; /* statements whose Describe is unanswered, in order */
	size_t described_count, described_cap, described_known; /* known: answered already */
	/* for the trace */
	struct buf request, request_more, truth, candidate;
	int request_parts;
	int64_t truth_len, candidate_len;
	bool has_candidate;
	enum verdict verdict;
	const char *note;
};

/* A client's message, before it is sent: opens the exchange, keeps names of statements and
 * portals, decides whether the unit writes. False: its body is malformed. */
bool exchange_note_message(struct session *s, const struct frame *f) ATTR_USE_RESULT;
/* Request bytes that go out now, for the trace. */
void exchange_note_request(struct session *s, struct bytes data);
/* Answer bytes that leave the buffers, for the trace. */
void exchange_note_truth(struct session *s, struct bytes data);
void exchange_note_candidate(struct session *s, struct bytes data);
/* All that is framed on both sides, before the buffers are changed. */
void exchange_note_rest(struct session *s);
/* From here on the candidate's answer is kept, too: what came before was the same. */
void exchange_diverge(struct session *s);
/* What was kept of the answers is dropped: they will come again. */
void exchange_forget_answers(struct exchange *ex);

/* What the statements' texts say of the commands, for the comparison; in the arena. */
const struct compare_command *exchange_commands(struct session *s, size_t *count);

/* Differences that are recorded now: counted by rule; those not kept are told in the note. */
void exchange_note_differences(struct session *s, const struct comparison *result);
/* Counts the exchange and gives it to the trace, once; its state is kept. `result` may be
 * NULL. */
void exchange_record(struct session *s, const struct comparison *result, unsigned first_ordinal);
/* The exchange is over: recorded, if it is not yet, and emptied. */
void exchange_finish(struct session *s, const struct comparison *result, unsigned first_ordinal);
void exchange_reset(struct exchange *ex);
/* One word on what it is doing, for logs. */
const char *exchange_phase_name(enum exchange_phase phase);

#endif
