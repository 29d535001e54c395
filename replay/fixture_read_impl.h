/*
 * Private to fixture_read*.c: the reading under way, its sessions and their open exchanges.
 */
#ifndef REPLAY_FIXTURE_READ_IMPL_H
#define REPLAY_FIXTURE_READ_IMPL_H

#include "base/buf.h"
#include "base/list.h"
#include "replay/fixture_answer.h"
#include "replay/fixture_cursor.h"
#include "replay/fixture_read.h"
#include "replay/fixture_write.h"
#include "replay/texts.h"

struct reply { /* one side's answer as far as it was read */
	struct buf bytes;
	bool is_over, is_cut;
	char status;     /* of its ReadyForQuery; 0: none */
	int64_t done_us; /* when it came; -1: never */
};

struct reading_exchange {
	struct list node; /* in its session, oldest first */
	int64_t id, started_us, line;
	struct buf request, more; /* its row; the part under way */
	int parts;
	struct reply truth, candidate;
};

struct reading_session {
	struct list open;
	bool is_asking; /* its last line was a request: another one continues it */
};

struct reading {
	const struct fixture_sink *sink;
	struct fixture_cursor c;
	struct arena arena; /* of one line */
	struct err *err;
	struct buf head, setups, message;
	bool is_in_head;
	struct fixture_names names;
	struct texts labels; /* number: session id */
	struct reading_session **sessions;
	size_t session_count, session_cap;
	size_t open_count;
	int64_t now_us, last_exchange;
};

/* fixture_read_exchange.c. The cursor stands behind `label>` or `label<`. */
bool reading_request(struct reading *r, size_t session, bool is_another) ATTR_USE_RESULT;
enum reading_sides { READING_BOTH, READING_TRUTH, READING_CANDIDATE };
bool reading_answer(struct reading *r, size_t session, enum reading_sides sides) ATTR_USE_RESULT;
void reading_exchange_free(struct reading *r, struct reading_exchange *ex);

#endif
