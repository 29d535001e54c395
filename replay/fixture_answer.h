/*
 * One side's answer to an exchange as a fixture has it: items such as `columns id:int4`,
 * `row 2` and `tag "SELECT 1"`, without what changes from run to run: notices, parameter reports
 * and notifications are left out, so are pids, numbers of tables and details of errors; types of
 * the user's are numbered as they appear. Read back, an answer means the same to a comparison.
 */
#ifndef REPLAY_FIXTURE_ANSWER_H
#define REPLAY_FIXTURE_ANSWER_H

#include "base/buf.h"
#include "replay/fixture_cursor.h"

/* Numbers of data types from here on stand for those of the user, which differ everywhere. */
#define FIXTURE_USER_OID UINT32_C(0x7f000000)
/* Distinct types of the user's in one answer; further ones are written by their number. */
#define FIXTURE_USERS_MAX 64

struct fixture_side {
	struct bytes bytes; /* what is known of the answer */
	bool is_cut;        /* there was more of it, which was not kept */
	char status;        /* of its ReadyForQuery; 0: none came */
};

/* Appends its items, each with a newline, the last one being `status=X`, `cut ...` or `end`. False:
 * `out` is at its ceiling or memory is out. */
bool fixture_print_answer(const struct fixture_side *side, struct buf *out) ATTR_USE_RESULT;

enum fixture_item_kind {
	FIXTURE_MESSAGE, /* a message was appended */
	FIXTURE_STATUS,  /* so it was, and it is the last one: ReadyForQuery */
	FIXTURE_CUT,     /* the rest is not known */
	FIXTURE_END      /* the answer broke off */
};

struct fixture_item {
	enum fixture_item_kind kind;
	char status; /* of STATUS and CUT; 0: none came */
};

/* Reads one item and appends its message to `out`. */
bool fixture_parse_item(
	struct fixture_cursor *c, struct buf *out, struct fixture_item *item) ATTR_USE_RESULT;

#endif
