/*
 * The answer to an exchange, taken apart: from backend messages to a list of items. An item
 * is what answers one step of the client: a Parse, a Bind, a result (description, rows,
 * end), a ReadyForQuery. Asynchronous messages (notices, parameter status, notifications) are left
 * out. Everything borrows from the answer's bytes; arrays live in the arena.
 */
#ifndef DIFFENGINE_OUTCOME_H
#define DIFFENGINE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"

enum item_kind { ITEM_PARSED, ITEM_BOUND, ITEM_CLOSED, ITEM_RESULT, ITEM_FUNCTION, ITEM_READY };

enum item_end {         /* how an ITEM_RESULT ended */
	ITEM_OPEN,      /* the bytes end before it does (COPY FROM awaiting data) */
	ITEM_DESCRIBED, /* a Describe alone */
	ITEM_COMPLETE,  /* CommandComplete */
	ITEM_SUSPENDED, /* PortalSuspended */
	ITEM_EMPTY,     /* EmptyQueryResponse */
	ITEM_ERROR      /* ErrorResponse */
};

struct item {
	enum item_kind kind;
	enum item_end end;
	size_t offset;           /* of its first message in the answer */
	struct bytes parameters; /* body of ParameterDescription; ptr NULL: none */
	struct bytes columns;    /* body of RowDescription; ptr NULL: none */
	bool is_no_data;
	struct bytes copy;        /* body of CopyInResponse or CopyOutResponse; ptr NULL: none */
	const struct bytes *rows; /* bodies of DataRow, or of CopyData */
	size_t row_count;
	bool is_copy;          /* they are CopyData */
	struct bytes tag;      /* ITEM_COMPLETE, without NUL */
	struct bytes error;    /* ITEM_ERROR, the body */
	struct bytes function; /* ITEM_FUNCTION, the body */
	char status;           /* ITEM_READY */
	unsigned ordinal;      /* of the command it belongs to, from 0 */
};

struct outcome {
	struct item *items;
	size_t count;
};

/* What was under way where `answer` begins, if it is the rest of an answer. */
struct outcome_start {
	struct bytes columns; /* of the result under way; ptr NULL: none is */
	bool is_in_result;
	unsigned ordinal; /* of the first command in `answer` */
};

/* False with err: the bytes are not whole, well-formed backend messages, or the arena is at
 * its ceiling. */
bool outcome_parse(struct outcome *outcome, struct bytes answer, const struct outcome_start *start,
	struct arena *arena, struct err *err) ATTR_USE_RESULT;

/* How many bytes of `text` to show where at most `most` are wanted: never a part of a UTF-8
 * character. */
size_t text_shown(struct bytes text, size_t most);

/* "SELECT 3", "ERROR 23505", "PortalSuspended", ...: an item in a few words, in the arena. */
const char *item_summary(const struct item *item, struct arena *arena);

#endif
