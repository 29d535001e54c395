/*
 * User types in a session, whose OIDs the two databases have given out each for itself. The
 * client knows the truth's; so OIDs in Parse, in FunctionCall and inside binary parameters are
 * replaced in what the candidate gets, and answers are compared by schema and name
 * (diffengine/user_types.h, user_values.h).
 *
 * What is not known is looked up in the session itself (capture/look.h):
 *
 *   COLLECTING --unknown OID in the unit--> LOOKING --> sent as ever
 *   AWAITING, all answered --unknown OID in an answer--> LOOKING --> judged
 *
 * first on the truth (OID to name, and all types that it consists of), then on the candidate (name
 * to OID). It ends in Sync where the exchange is at a boundary, else in Flush, so that no
 * transaction of the client's is ended. Where no look-up is possible, or while the head of a long
 * unit is unanswered, what is unknown goes out as it came.
 *
 * The table lives as long as the session; it is emptied when it is full and after a command
 * that may have changed types (CREATE, ALTER, DROP, ROLLBACK).
 */
#ifndef CAPTURE_TYPES_H
#define CAPTURE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "diffengine/lockstep.h"
#include "diffengine/user_messages.h"
#include "wire/frame.h"

struct session;
struct statement;

struct type_use { /* a message of the unit that names user types */
	size_t offset;
	struct statement *statement; /* of a Bind; a reference */
};

enum types_then { TYPES_THEN_SEND, TYPES_THEN_JUDGE };

struct types {
	struct user_tables tables;
	struct type_use *uses;
	size_t use_count, use_cap;
	struct buf out;           /* the unit as the candidate gets it */
	struct buf with_objects;  /* the same with other OIDs of objects, too */
	struct buf sent;          /* the exchange's requests as the candidate got them */
	bool has_sent;            /* they differ from what the truth got */
	bool is_sent_lost;        /* and could not be kept: the exchange is not asked again */
	bool is_told;             /* an event says so already, in this exchange */
	bool is_stale;            /* DDL was run: forget all before the next unit */
	struct lockstep mark;     /* where the walk over the answer can begin anew */
	struct user_types *table; /* that is being looked up; NULL: none is */
	enum types_then then;
	bool is_whole; /* the unit that waits for it is complete */
};

void types_init(struct types *t, size_t ceiling);
void types_fini(struct types *t);

/* The unit's next message, which may name user types: `statement` of a Bind, may be NULL. */
void types_note(struct session *s, const struct frame *f, struct statement *statement);

/* Before the unit, or a part of it, is sent: true if types are looked up first; then
 * relay_on_types is called. */
bool types_look_up(struct session *s, bool is_whole) ATTR_USE_RESULT;
/* The unit's bytes for the candidate: `data` itself, or a copy with other OIDs, which lives until
 * the next call. Forgets what was noted of the unit. ptr NULL: no memory. */
struct bytes types_for_candidate(struct session *s, struct bytes data);

/* The unit, or its first part, is sent now. */
void types_begin_unit(struct session *s);
/* The walk over the answers may begin anew from where it is now. */
void types_mark(struct session *s);
/* Before both answers are judged, or their equal head is handed on: true if types are looked up
 * first; then judge_settled is called. Else the walk has been repeated with what is known. */
bool types_look_back(struct session *s) ATTR_USE_RESULT;
/* The answers' head has to go on: what is unknown stays so. False: they differ. */
bool types_settle(struct session *s) ATTR_USE_RESULT;

/* The candidate's row with the truth's OIDs: `row` itself, or a copy until the next call. */
struct bytes types_row_of_candidate(struct session *s, struct bytes row);

/* A command's tag: it may have changed types. */
void types_note_tag(struct session *s, struct bytes tag);
void types_end_exchange(struct session *s);
/* A warning, and an event of the session; one event an exchange. */
void types_tell(struct session *s, const char *why);

#endif
