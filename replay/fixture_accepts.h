/*
 * Accepted differences that wait for the end of their exchange, by session, as the `accept`
 * events of a trace or fixture come. One covers a difference of its kind, in its column where
 * it names one, up to its last day. Bounded: FIXTURE_ACCEPTS_MAX at a time.
 */
#ifndef REPLAY_FIXTURE_ACCEPTS_H
#define REPLAY_FIXTURE_ACCEPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "diffengine/compare.h"

#define FIXTURE_ACCEPTS_MAX 65536

struct fixture_accepted;

struct fixture_accepts { /* zero before use */
	struct fixture_accepted *items;
	size_t count, cap;
};

void fixture_accepts_fini(struct fixture_accepts *accepts);

/* `detail`: what follows the word accept. False with err: it cannot be read, or memory is out. */
bool fixture_accepts_add(struct fixture_accepts *accepts, int64_t session, const char *detail,
	struct err *err) ATTR_USE_RESULT;
/* Forgets those of the session: its exchange is over. */
void fixture_accepts_drop(struct fixture_accepts *accepts, int64_t session);

size_t fixture_accepts_count(const struct fixture_accepts *accepts, int64_t session);
/* All differences that are listed are accepted, and there are no others. */
bool fixture_accepts_cover(
	const struct fixture_accepts *accepts, int64_t session, const struct comparison *result);
bool fixture_accepts_cover_one(
	const struct fixture_accepts *accepts, int64_t session, const char *kind, int column);
/* One of the session's whose last day is over: its text up to the date; NULL: none. Borrowed. */
const char *fixture_accepts_expired(const struct fixture_accepts *accepts, int64_t session);

#endif
