/*
 * Looking unique keys up before answers that differ are judged, and how long they are known.
 */
#include "capture/keys.h"

#include <string.h>

#include "base/log.h"
#include "capture/exchange.h"
#include "capture/judge.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"
#include "diffengine/unique_query.h"

void keys_fini(struct keys *keys)
{
	unique_keys_fini(&keys->known);
}

bool keys_are_total(struct session *s, const struct compare_command *command, size_t ordinal)
{
	struct keys *k = &s->keys;
	const struct analysis *analysis;

	/* What comes before was the same on both sides. */
	if (k->is_stale || (k->is_doubtful && !k->has_looked) ||
		ordinal < s->exchange.lock.ordinal || command->is_excluded)
		return false;
	if (k->epoch != s->proxy->ddl_epoch)
		unique_keys_clear(&k->known);
	k->epoch = s->proxy->ddl_epoch;
	analysis = analysis_get(s->proxy->policy.compare.analyses, command->text);
	return unique_keys_matter(analysis, command->is_partial) &&
	       unique_keys_decide(&k->known, analysis);
}

/* --- the look-up ------------------------------------------------------------------------------ */

static bool can_look_up(const struct session *s)
{
	return !s->keys.has_looked && !s->exchange.folding.is_different &&
	       s->exchange.phase == PHASE_AWAITING && s->truth.done_us >= 0 &&
	       s->candidate.done_us >= 0 && look_is_possible(s);
}

static void tell(struct session *s, const char *why)
{
	log_warning("session %lld: unique keys on %s: %s", (long long)s->id,
		s->proxy->settings->truth.name, why);
	record_event(&s->proxy->record, s->id, "keys-unknown", why);
}

/* Back to the savepoint, so that the client's transaction goes on. */
static bool go_back(struct session *s)
{
	struct buf out;
	bool ok;

	if (s->keys.has_failed || s->truth.backend->protocol.status != 'E')
		return false;
	s->keys.has_failed = true;
	buf_init(&out, LOOK_REQUEST_MAX);
	ok = unique_query_write_back(&out);
	if (ok)
		look_ask(s, &s->truth, buf_bytes(&out));
	buf_fini(&out);
	return ok;
}

static void on_answered(struct session *s)
{
	struct err why;

	if (!s->keys.has_failed && !unique_query_read(&s->keys.known, look_answer(s), &why))
		tell(s, why.text);
	look_take_answer(s);
	if (go_back(s))
		return;
	look_end(s);
	judge_different(s);
}

static void begin(struct session *s)
{
	struct keys *k = &s->keys;
	bool is_in_transaction = s->truth.backend->protocol.status == 'T';
	struct buf out;
	bool ok;

	buf_init(&out, LOOK_REQUEST_MAX);
	ok = unique_query_write(&out, &k->known, is_in_transaction);
	k->has_failed = false;
	k->cancelled_us = 0;
	look_begin(s, on_answered);
	if (ok)
		look_ask(s, &s->truth, buf_bytes(&out));
	else
		session_fatal(s, "53200", "twinkly is out of memory");
	buf_fini(&out);
}

bool keys_look_up(struct session *s)
{
	size_t count;

	if (!can_look_up(s))
		return false;
	s->keys.has_looked = true;
	if (s->keys.is_doubtful)
		unique_keys_clear(&s->keys.known);
	(void)exchange_commands(s, &count);
	arena_reset(&s->proxy->arena);
	if (s->keys.known.asked_count == 0)
		return false;
	begin(s);
	return true;
}

/* Again and again, since a cancel that comes too early is lost. */
void keys_tick(struct session *s, int64_t now)
{
	struct keys *k = &s->keys;

	if (s->exchange.phase != PHASE_LOOKING || s->look.on_answered != on_answered ||
		now - s->truth.heard_us < KEYS_PATIENCE_US ||
		now - k->cancelled_us < KEYS_PATIENCE_US)
		return;
	k->cancelled_us = now;
	backend_cancel(s->truth.backend);
}

/* --- how long they are known ------------------------------------------------------------------ */

static bool begins(struct bytes tag, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tag.len >= strlen(words[i]) && memcmp(tag.ptr, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

void keys_note_tag(struct session *s, struct bytes tag)
{
	static const char *const ddl[] = {"CREATE ", "ALTER ", "DROP ", "DO", "CALL"};
	/* What decides how a name is resolved, and what undoes changes. */
	static const char *const own[] = {"SET", "RESET", "DISCARD", "ROLLBACK"};
	struct keys *k = &s->keys;
	/* A function may do anything; or it is a SELECT FOR UPDATE. */
	bool is_function = s->exchange.unit_writes && begins(tag, (const char *[]){"SELECT"}, 1);

	if (begins(tag, ddl, ARRAY_LEN(ddl))) {
		k->is_stale = k->is_ddl_unsettled = true;
		s->proxy->ddl_epoch++;
	} else if (begins(tag, own, ARRAY_LEN(own))) {
		k->is_stale = true;
	} else {
		k->is_doubtful |= is_function;
	}
}

void keys_end_exchange(struct session *s)
{
	struct keys *k = &s->keys;
	bool is_idle = s->truth.backend && s->truth.backend->protocol.status == 'I';
	bool is_changed = k->is_stale || k->is_doubtful || k->is_unsettled;

	if (is_changed)
		unique_keys_clear(&k->known);
	else
		unique_keys_drop_asked(&k->known);
	if (k->is_ddl_unsettled && is_idle)
		s->proxy->ddl_epoch++;
	k->is_unsettled = is_changed && !is_idle;
	k->is_ddl_unsettled = k->is_ddl_unsettled && !is_idle;
	k->is_stale = k->is_doubtful = k->has_looked = false;
}
