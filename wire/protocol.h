/*
 * What one backend connection owes: the state of protocol 3.0 after startup, without I/O.
 * Every request that was sent is noted, every answer is checked off.
 *
 *   sent:      Parse  Bind  Execute  Sync | Query
 *   owed:     [PARSE][BIND][EXECUTE][SYNC] [QUERY]      a ring, oldest first
 *   answered:   1      2     D* C      Z     T D* C Z
 *
 * After an ErrorResponse to an extended message the backend discards up to the next Sync:
 * the owed entries before that Sync are dropped with it (protocol_on_answer is the only
 * place that does so). A NoticeResponse, ParameterStatus or NotificationResponse may come at
 * any time and changes nothing.
 *
 * A backend in COPY IN ignores Sync until the data has ended (CopyGetData), so a Sync sent
 * before that owes no ReadyForQuery - unless the COPY fails before the backend reads it (an
 * error of a trigger, say). Nothing on the wire tells: such Syncs are `doubtful`, and as many
 * ReadyForQuery are accepted beyond what is owed, until a command completes.
 */
#ifndef WIRE_PROTOCOL_H
#define WIRE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "wire/frame.h"

#define PROTOCOL_OWED_X(X)                          \
	X(QUERY, "Query")                           \
	X(FUNCTION_CALL, "FunctionCall")            \
	X(PARSE, "Parse")                           \
	X(BIND, "Bind")                             \
	X(DESCRIBE_STATEMENT, "Describe statement") \
	X(DESCRIBE_PORTAL, "Describe portal")       \
	X(EXECUTE, "Execute")                       \
	X(CLOSE, "Close")                           \
	X(SYNC, "Sync")

#define PROTOCOL_X_ENUM(NAME, name) PROTOCOL_OWED_##NAME,
enum protocol_owed { PROTOCOL_OWED_X(PROTOCOL_X_ENUM) PROTOCOL_OWED_COUNT };
#undef PROTOCOL_X_ENUM

enum protocol_copy { PROTOCOL_COPY_NONE, PROTOCOL_COPY_IN, PROTOCOL_COPY_OUT, PROTOCOL_COPY_BOTH };

/* Requests that may be unanswered at a time; the relay stops reading the client there. */
#define PROTOCOL_OWED_MAX 65536

struct protocol {
	unsigned char *owed; /* ring of enum protocol_owed */
	size_t cap, head, count;
	size_t syncs;            /* owed entries that end in ReadyForQuery */
	enum protocol_copy copy; /* what the connection is in now */
	size_t doubtful;         /* Syncs that fell into COPY IN, see above; not owed */
	bool is_answered;        /* the oldest Query or FunctionCall: only its Z is missing */
	bool is_skipping;        /* an error was answered; nothing comes before the Sync's Z */
	char status;             /* of the last ReadyForQuery: I, T, E */
};

void protocol_init(struct protocol *p);
void protocol_fini(struct protocol *p);

enum protocol_result {
	PROTOCOL_OK,
	PROTOCOL_FULL,     /* PROTOCOL_OWED_MAX or memory: not noted, nothing may be sent */
	PROTOCOL_VIOLATION /* err says what came and what was owed */
};

/* Notes a frontend message that is about to be sent. Messages that owe nothing (Flush, COPY
 * data, Terminate, what the backend discards after an error) are accepted and not noted.
 * Never a violation. */
enum protocol_result protocol_on_request(
	struct protocol *p, const struct frame *frame) ATTR_USE_RESULT;

/* Requests that were noted since a mark, are not sent after all, and are forgotten. Nothing was
 * checked off in between. */
struct protocol_mark {
	size_t count, syncs, doubtful;
	enum protocol_copy copy;
};
struct protocol_mark protocol_mark(const struct protocol *p);
void protocol_rewind(struct protocol *p, const struct protocol_mark *mark);

/* Checks off a backend message. */
enum protocol_result protocol_on_answer(
	struct protocol *p, const struct frame *frame, struct err *err) ATTR_USE_RESULT;

/* Nothing is owed: the backend waits for a request. */
bool protocol_is_idle(const struct protocol *p);
/* Nothing more will come until the frontend sends something: idle, or COPY data is awaited,
 * or an error waits for its Sync. */
bool protocol_is_settled(const struct protocol *p);
/* "Parse", "Query", ... of the oldest owed entry; "nothing". For messages and SIGUSR1. */
const char *protocol_owed_name(const struct protocol *p);

#endif
