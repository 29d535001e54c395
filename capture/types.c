/*
 * What units name of user types, the candidate's bytes, and how long the table lives.
 */
#include "capture/types.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/object_oids.h"
#include "diffengine/user_values.h"

/* Requests that are kept for being asked again; as many as of the exchange's own. */
#define SENT_MAX (512 * 1024)
/* Messages of a unit that name user types; further ones go out as they come. */
#define USES_MAX 65536

void types_init(struct types *t, size_t ceiling)
{
	buf_init(&t->out, ceiling);
	buf_init(&t->with_objects, ceiling);
	buf_init(&t->sent, SENT_MAX);
}

static void drop_uses(struct types *t)
{
	for (size_t i = 0; i < t->use_count; i++)
		statement_drop(t->uses[i].statement);
	t->use_count = 0;
}

void types_fini(struct types *t)
{
	drop_uses(t);
	free(t->uses);
	user_types_fini(&t->tables.types);
	user_types_fini(&t->tables.functions);
	buf_fini(&t->out);
	buf_fini(&t->with_objects);
	buf_fini(&t->sent);
}

void types_tell(struct session *s, const char *why)
{
	log_warning("session %lld: user types for %s: %s", (long long)s->id,
		s->proxy->settings->candidate.name, why);
	if (s->types.is_told)
		return;
	s->types.is_told = true;
	record_event(&s->proxy->record, s->id, "type-unknown", why);
}

/* --- what the unit names --- */

static void add_use(struct session *s, struct statement *statement)
{
	struct types *t = &s->types;

	if (t->use_count == t->use_cap) {
		size_t cap = t->use_cap ? 2 * t->use_cap : 4;
		struct type_use *more =
			cap > USES_MAX ? NULL : realloc(t->uses, cap * sizeof(*more));

		if (!more) {
			types_tell(s, "too many messages of one unit name user types");
			return;
		}
		t->uses = more;
		t->use_cap = cap;
	}
	t->uses[t->use_count++] = (struct type_use){
		.offset = s->exchange.unit_len, .statement = statement_keep(statement)};
}

void types_note(struct session *s, const struct frame *f, struct statement *statement)
{
	struct types *t = &s->types;

	if (s->is_detached)
		return;
	if (t->is_stale) {
		user_types_clear(&t->tables.types);
		user_types_clear(&t->tables.functions);
		t->is_stale = false;
	}
	t->tables.types.is_closed = false;
	if (user_message_ask(&t->tables, f, statement))
		add_use(s, statement);
}

/* --- the unit for the candidate --- */

static size_t translate(const struct types *t, const struct type_use *use)
{
	return user_message_translate(&t->tables, use->statement,
		t->out.ptr + t->out.start + use->offset, buf_len(&t->out) - use->offset);
}

/* For being asked again, see capture/retry.c. */
static void keep_sent(struct session *s, struct bytes data)
{
	struct types *t = &s->types;

	if (!t->has_sent && !buf_append_bytes(&t->sent, buf_bytes(&s->exchange.request)))
		t->is_sent_lost = true;
	t->has_sent = true;
	if (t->is_sent_lost || buf_append_bytes(&t->sent, data))
		return;
	t->is_sent_lost = true;
	buf_release(&t->sent);
}

static struct bytes text_of_bind(struct session *s, const struct frame *f)
{
	struct msg_bind bind;
	const struct statement *statement = NULL;

	if (f->type == FRONTEND_BIND && decode_bind(f->body, &bind))
		statement = prepared_get(&s->prepared, 'S', bind.statement);
	return statement ? statement_text(statement) : bytes_of(NULL, 0);
}

/* OIDs of tables and the like that the client was told and gives back. The result is `data`, or
 * lives until the next call; ptr NULL: no memory. */
static struct bytes with_objects(struct session *s, struct bytes data)
{
	struct types *t = &s->types;
	struct bytes rest = data;
	size_t count = 0;
	struct frame f;

	buf_reset(&t->with_objects);
	while (frame_next(rest, WIRE_FRONTEND, data.len, &f, NULL) == FRAME_OK) {
		if (!object_oids_translate(
			    s->objects, &f, text_of_bind(s, &f), &t->with_objects, &count))
			return bytes_of(NULL, 0);
		rest = bytes_skip(rest, f.whole.len);
	}
	/* The head of a COPY's data, of which no message is whole. */
	if (count == 0 || rest.len > 0)
		return data;
	return buf_bytes(&t->with_objects);
}

struct bytes types_for_candidate(struct session *s, struct bytes data)
{
	struct types *t = &s->types;
	size_t unknown = 0;
	bool has_changed = false;

	if (s->exchange.is_routed && !s->exchange.is_led_by_candidate) {
		drop_uses(t);
		return data;
	}
	if (t->use_count > 0) {
		buf_reset(&t->out);
		if (!buf_append_bytes(&t->out, data))
			return bytes_of(NULL, 0);
		for (size_t i = 0; i < t->use_count; i++)
			unknown += translate(t, &t->uses[i]);
		drop_uses(t);
		data = buf_bytes(&t->out);
		has_changed = true;
		if (unknown > 0)
			types_tell(s, "an OID of the client's is sent as it is: not looked up, or "
				      "nothing has its name there");
	}
	if (s->objects) {
		struct bytes other = with_objects(s, data);

		has_changed |= other.ptr != data.ptr;
		data = other;
	}
	if (data.ptr && (has_changed || t->has_sent))
		keep_sent(s, data);
	return data;
}

/* --- keeping the table --- */

void types_note_tag(struct session *s, struct bytes tag)
{
	static const char *const words[] = {"CREATE ", "ALTER ", "DROP ", "ROLLBACK"};
	const struct types *t = &s->types;

	for (size_t i = 0;
		t->tables.types.count + t->tables.functions.count > 0 && i < ARRAY_LEN(words); i++)
		if (tag.len >= strlen(words[i]) && memcmp(tag.ptr, words[i], strlen(words[i])) == 0)
			s->types.is_stale = true;
}

/* What is missing on the candidate may be made there any time. */
static void tidy(struct user_types *table, bool is_stale)
{
	if (is_stale || table->count > table->candidate_count || !user_types_has_room(table))
		user_types_clear(table);
}

void types_end_exchange(struct session *s)
{
	struct types *t = &s->types;

	if (t->use_count > 0)
		drop_uses(t);
	tidy(&t->tables.types, t->is_stale);
	tidy(&t->tables.functions, t->is_stale);
	t->is_stale = false;
	t->tables.types.is_closed = false;
	t->has_sent = t->is_sent_lost = t->is_told = false;
	if (t->out.cap > 0)
		buf_release(&t->out);
	if (t->sent.cap > 0)
		buf_release(&t->sent);
}
