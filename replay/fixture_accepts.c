/*
 * Which differences are accepted.
 */
#include "replay/fixture_accepts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay/fixture_cursor.h"
#include "replay/fixture_read.h"

#define DETAIL_ARENA ((size_t)1 << 20)

struct fixture_accepted {
	int64_t session;
	const char *kind; /* of the static table */
	int column;
	char until[11]; /* "": for ever */
};

void fixture_accepts_fini(struct fixture_accepts *accepts)
{
	free(accepts->items);
	*accepts = (struct fixture_accepts){0};
}

static bool reserve(struct fixture_accepts *a)
{
	size_t cap = a->cap ? 2 * a->cap : 4;
	struct fixture_accepted *more;

	if (a->count < a->cap)
		return true;
	more = cap > FIXTURE_ACCEPTS_MAX ? NULL : realloc(a->items, cap * sizeof(*more));
	if (!more)
		return false;
	a->items = more;
	a->cap = cap;
	return true;
}

bool fixture_accepts_add(
	struct fixture_accepts *accepts, int64_t session, const char *detail, struct err *err)
{
	struct fixture_accept accept;
	struct arena arena;
	struct fixture_cursor c = {.file = "accept",
		.line = 1,
		.text = bytes_str(detail),
		.arena = &arena,
		.err = err};
	struct fixture_accepted *item;
	bool ok;

	arena_init(&arena, DETAIL_ARENA);
	ok = fixture_parse_accept(&c, &accept);
	arena_fini(&arena);
	if (!ok)
		return false;
	if (!reserve(accepts))
		return err_set(err, "more than %d accepted differences of exchanges under way",
			FIXTURE_ACCEPTS_MAX);
	item = &accepts->items[accepts->count++];
	*item = (struct fixture_accepted){
		.session = session, .kind = accept.kind, .column = accept.column};
	snprintf(item->until, sizeof(item->until), "%s", accept.until);
	return true;
}

void fixture_accepts_drop(struct fixture_accepts *accepts, int64_t session)
{
	size_t kept = 0;

	for (size_t i = 0; i < accepts->count; i++)
		if (accepts->items[i].session != session)
			accepts->items[kept++] = accepts->items[i];
	accepts->count = kept;
}

size_t fixture_accepts_count(const struct fixture_accepts *accepts, int64_t session)
{
	size_t count = 0;

	for (size_t i = 0; i < accepts->count; i++)
		count += accepts->items[i].session == session;
	return count;
}

static bool is_expired(const struct fixture_accepted *accepted)
{
	char today[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!accepted->until[0] || !gmtime_r(&now, &tm))
		return false;
	strftime(today, sizeof(today), "%Y-%m-%d", &tm);
	return strcmp(today, accepted->until) > 0;
}

const char *fixture_accepts_expired(const struct fixture_accepts *accepts, int64_t session)
{
	for (size_t i = 0; i < accepts->count; i++)
		if (accepts->items[i].session == session && is_expired(&accepts->items[i]))
			return accepts->items[i].until;
	return NULL;
}

bool fixture_accepts_cover_one(
	const struct fixture_accepts *accepts, int64_t session, const char *kind, int column)
{
	for (size_t i = 0; i < accepts->count; i++) {
		const struct fixture_accepted *item = &accepts->items[i];

		if (item->session == session && strcmp(item->kind, kind) == 0 &&
			(item->column == 0 || item->column == column) && !is_expired(item))
			return true;
	}
	return false;
}

bool fixture_accepts_cover(
	const struct fixture_accepts *accepts, int64_t session, const struct comparison *result)
{
	if (result->omitted > 0)
		return false;
	for (size_t i = 0; i < result->count; i++)
		if (!fixture_accepts_cover_one(accepts, session,
			    diff_kind_info(result->differences[i].kind)->name,
			    result->differences[i].column))
			return false;
	return true;
}
