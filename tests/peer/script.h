/*
 * What one server says in a conversation (tests/peer/conversations, docs/TESTING.md). A script
 * has sessions; a session has units, which are what the client sends up to a Query, Sync,
 * Flush, FunctionCall or the end of a COPY; a unit has answers, the second and later ones for
 * when it is asked again; an answer has steps: bytes to send, and things to wait for.
 *
 * Immutable once read, all of it in one arena.
 */
#ifndef TESTS_PEER_SCRIPT_H
#define TESTS_PEER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "wire/encode.h"

#define SCRIPT_FILE_MAX     (8 << 20)
#define SCRIPT_BYTES_MAX    (256 << 20) /* of all answers of a side */
#define SCRIPT_DELAY_MAX_MS 10000
#define SCRIPT_ROWS_MAX     1000000 /* that one `rows` makes */
#define SCRIPT_SESSIONS_MAX 16
#define SCRIPT_PARAMETERS   64

enum step_kind {
	STEP_BYTES,        /* len bytes of script->bytes from `at` */
	STEP_READY,        /* ReadyForQuery; status 0: what the session's is */
	STEP_DELAY,        /* ms */
	STEP_AFTER,        /* until `session` has had `number` units answered */
	STEP_AWAIT_CANCEL, /* until a CancelRequest */
	STEP_SILENT,       /* for ever */
	STEP_CLOSE         /* ends the connection */
};

struct step {
	enum step_kind kind;
	size_t at, len;
	char status; /* STEP_BYTES: the transaction status from here on, 'E' only inside one */
	long number; /* STEP_DELAY: ms; STEP_AFTER: units */
	const char *session;
};

struct answer {
	struct step *steps;
	size_t count, room;
	bool is_closed; /* it has a step after which nothing more is owed */
};

struct unit {
	char end;         /* type of its last message */
	char copy;        /* 'c' or 'f' where it ends a COPY; else 0 */
	const char *text; /* of its Query or first Parse; NULL: none */
	int connection;   /* of its session, from 1 */
	struct answer *answers;
	size_t answer_count, answer_room;
};

struct script_session {
	const char *name;
	int connections;
	struct unit *units;
	size_t count, room;
};

struct script_rule { /* an answer to whatever holds this text and has no answer of its own */
	const char *pattern;
	struct answer answer;
};

struct script {
	struct arena arena;
	struct buf bytes;
	const char *side; /* "postgresql" or "yugabytedb" */
	struct script_session sessions[SCRIPT_SESSIONS_MAX];
	size_t session_count;
	struct script_rule *rules;
	size_t rule_count, rule_room;
	struct wire_pair parameters[SCRIPT_PARAMETERS]; /* value NULL: not sent */
	size_t parameter_count;
	struct answer startup; /* between the parameters and the first ReadyForQuery */
};

/* Fills `script`, which script_free empties also after a failure. `err` has file and line. */
bool script_read(
	struct script *script, const char *path, const char *side, struct err *err) ATTR_USE_RESULT;
void script_free(struct script *script);

/* NULL: none of that name. */
const struct script_session *script_session(const struct script *script, const char *name);

/* Room for one more element of `size` bytes; NULL: no memory. Used where script grows. */
void *script_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size);

#endif
