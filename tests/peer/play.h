/*
 * One connection to a scripted server. It collects what comes up to the end of a unit, finds
 * the answer and plays it step by step; the next unit waits until that is done. Input, output
 * and waiting are bounded; nothing here blocks.
 */
#ifndef TESTS_PEER_PLAY_H
#define TESTS_PEER_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/peer/script.h"

#define PLAY_CONNECTIONS_MAX 64
#define PLAY_MESSAGE_MAX     (64 << 20)
#define PLAY_OUTPUT_MAX      (64 << 20)

struct play_session { /* as a script's session, by application_name */
	char name[64];
	const struct script_session *script; /* NULL: none of that name */
	int connections;                     /* so far */
	long answered;                       /* units */
};

struct play_unit { /* what came of a unit so far */
	char end, copy;
	struct buf text; /* of its Query or first Parse */
	bool has_text;
	char types[32]; /* of its messages; more are not noted */
	size_t type_count;
};

struct connection {
	int fd; /* -1: free */
	uint32_t number;
	struct buf in, out;
	bool is_started, is_ended; /* ended: to be closed once `out` is empty */
	struct play_session *session;
	size_t cursor; /* the session's next unit */
	size_t last, asked;
	struct play_unit unit;
	const struct answer *playing; /* NULL: nothing */
	size_t step;
	bool is_scripted;  /* it is the conversation's own, no rule's */
	bool is_ready_due; /* the answer leaves it out: ReadyForQuery follows */
	char closing[32];  /* before that: a rule's Execute is followed by these messages */
	int64_t wait_until_us;
	char status;
	bool is_cancelled;
};

struct stage {
	const struct script *script;
	struct connection connections[PLAY_CONNECTIONS_MAX];
	struct play_session sessions[SCRIPT_SESSIONS_MAX * 4];
	size_t session_count;
	bool has_complained;
};

void play_open(struct stage *stage, struct connection *c, int fd, uint32_t number);
void play_close(struct connection *c);
/* Takes what is in `in` and plays as far as it goes. */
void play_advance(struct stage *stage, struct connection *c);
/* Milliseconds until it wants play_advance though nothing came; -1: never. */
int play_timeout(const struct connection *c);

#endif
