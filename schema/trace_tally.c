/*
 * How many exchanges each session has, by verdict. Kept as sums of the batch under way and
 * added to the table session_count with it, so that both are committed or lost together.
 */
#include "schema/trace_impl.h"

#include <string.h>

void trace_tally_drop(struct trace *t)
{
	memset(t->tallies, 0, sizeof(t->tallies));
	t->tally_count = 0;
}

static bool write_one(struct trace *t, const struct tally *tally, struct err *err)
{
	sqlite3_stmt *s = trace_take(t, SQL_WRITE_TALLY,
		"INSERT INTO session_count (session, verdict, exchanges) VALUES (?1, ?2, ?3) "
		"ON CONFLICT (session, verdict) DO UPDATE SET exchanges = exchanges + ?3",
		err);
	if (!s)
		return false;
	bool ok = sqlite3_bind_int64(s, 1, tally->session) == SQLITE_OK &&
		  sqlite3_bind_int(s, 2, tally->verdict) == SQLITE_OK &&
		  sqlite3_bind_int64(s, 3, tally->exchanges) == SQLITE_OK &&
		  sqlite3_step(s) == SQLITE_DONE;
	if (!ok)
		trace_fail(t, "cannot be written", err);
	trace_give_back(t, SQL_WRITE_TALLY, s);
	return ok;
}

bool trace_tally_write(struct trace *t, struct err *err)
{
	if (t->tally_count == 0)
		return true;
	for (size_t i = 0; i < TALLY_SLOTS; i++)
		if (t->tallies[i].exchanges > 0 && !write_one(t, &t->tallies[i], err))
			return false;
	trace_tally_drop(t);
	return true;
}

static struct tally *slot_of(struct trace *t, int64_t session, int verdict)
{
	size_t at = ((uint64_t)session * 16 + (uint64_t)verdict) % TALLY_SLOTS;
	while (t->tallies[at].exchanges > 0 &&
		(t->tallies[at].session != session || t->tallies[at].verdict != verdict))
		at = (at + 1) % TALLY_SLOTS;
	return &t->tallies[at];
}

bool trace_tally_add(struct trace *t, int64_t session, int verdict, struct err *err)
{
	/* Half full is full, so that a search ends soon. */
	if (t->tally_count >= TALLY_SLOTS / 2 && !trace_tally_write(t, err))
		return false;
	struct tally *slot = slot_of(t, session, verdict);
	if (slot->exchanges == 0) {
		slot->session = session;
		slot->verdict = verdict;
		t->tally_count++;
	}
	slot->exchanges++;
	/* Outside of a batch each row is one of its own. */
	return !sqlite3_get_autocommit(t->db) || trace_tally_write(t, err);
}
