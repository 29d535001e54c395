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
#include "diffengine/user_values.h"

/* Requests that are kept for being asked again; as many as of the exchange's own. */
#define SENT_MAX (512 * 1024)
/* Messages of a unit that name user types; further ones go out as they come. */
#define USES_MAX 65536

void types_init(struct types *t, size_t ceiling)
{
	buf_init(&t->out, ceiling);
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
	if (t->table)
		protocol_fini(&t->saved);
	user_types_fini(&t->known);
	user_types_fini(&t->functions);
	buf_fini(&t->out);
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

static void ask(struct session *s, struct user_types *table, uint32_t oid)
{
	if (s->types.is_stale) {
		user_types_clear(&s->types.known);
		user_types_clear(&s->types.functions);
		s->types.is_stale = false;
	}
	table->is_closed = false;
	if (oid >= FIRST_USER_OID)
		(void)user_types_ask(table, oid); /* one too many stays unknown */
}

void types_note_parse(struct session *s, const struct statement *statement)
{
	if (!statement || !statement->types || s->is_detached)
		return;
	for (size_t i = 0; i < statement->type_count; i++)
		ask(s, &s->types.known, statement->types[i]);
	add_use(s, NULL);
}

/* Of the parameter at `i`, from 0. */
static bool is_binary(const struct msg_bind *bind, size_t i)
{
	struct wire_items formats = bind->formats;
	int16_t format = 0;

	if (formats.count == 1)
		i = 0;
	while (wire_int16_next(&formats, &format))
		if (i-- == 0)
			return format == 1;
	return false;
}

void types_note_bind(struct session *s, const struct msg_bind *bind, struct statement *statement)
{
	bool is_used = false;

	if (!statement || !statement->types || s->is_detached || bind->formats.count == 0)
		return;
	for (size_t i = 0; i < statement->type_count && i < bind->parameters.count; i++) {
		if (statement->types[i] < FIRST_USER_OID || !is_binary(bind, i))
			continue;
		ask(s, &s->types.known, statement->types[i]);
		is_used = true;
	}
	if (is_used)
		add_use(s, statement);
}

void types_note_function(struct session *s, uint32_t oid)
{
	if (oid < FIRST_USER_OID || s->is_detached)
		return;
	ask(s, &s->types.functions, oid);
	add_use(s, NULL);
}

/* --- the unit for the candidate --- */

static void put_oid(unsigned char *at, uint32_t oid)
{
	for (int i = 3; i >= 0; i--, oid >>= 8)
		at[i] = (unsigned char)oid;
}

/* Returns how many OIDs have no known counterpart. */
static size_t replace(const struct user_types *t, unsigned char *at, uint32_t oid)
{
	uint32_t candidate = user_types_translate(t, oid);

	if (candidate)
		put_oid(at, candidate);
	return candidate == 0 && oid != 0;
}

static size_t translate_parse(const struct types *t, unsigned char *body, size_t len)
{
	struct msg_parse msg;
	unsigned char *at;
	uint32_t oid;
	size_t unknown = 0;

	if (!decode_parse(bytes_of(body, len), &msg))
		return 0;
	at = body + (msg.types.rest.ptr - body);
	for (; wire_oid_next(&msg.types, &oid); at += 4)
		if (oid >= FIRST_USER_OID)
			unknown += replace(&t->known, at, oid);
	return unknown;
}

static size_t translate_bind(const struct types *t, const struct statement *statement,
	struct bytes body, unsigned char *out)
{
	struct msg_bind msg;
	struct wire_value value;
	size_t unknown = 0;

	if (!statement || !decode_bind(body, &msg))
		return 0;
	for (size_t i = 0; i < statement->type_count; i++) {
		if (!wire_value_next(&msg.parameters, &value))
			break;
		if (!value.is_null && value.data.len > 0 && statement->types[i] >= FIRST_USER_OID &&
			is_binary(&msg, i))
			unknown += user_value_translate(&t->known, statement->types[i],
				out + (value.data.ptr - body.ptr), value.data.len);
	}
	return unknown;
}

static size_t translate_use(const struct types *t, const struct type_use *use, struct buf *out)
{
	unsigned char *message = out->ptr + out->start + use->offset, *body;
	struct frame f;

	if (frame_next(bytes_skip(buf_bytes(out), use->offset), WIRE_FRONTEND,
		    (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) != FRAME_OK)
		return 0;
	body = message + (f.body.ptr - f.whole.ptr);
	if (f.type == FRONTEND_PARSE)
		return translate_parse(t, body, f.body.len);
	if (f.type == FRONTEND_BIND)
		return translate_bind(t, use->statement, f.body, body);
	if (f.type == FRONTEND_FUNCTION_CALL)
		return replace(&t->functions, body,
			(uint32_t)body[0] << 24 | (uint32_t)body[1] << 16 | (uint32_t)body[2] << 8 |
				body[3]);
	return 0;
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

struct bytes types_for_candidate(struct session *s, struct bytes data)
{
	struct types *t = &s->types;
	size_t unknown = 0;

	if (s->exchange.is_routed && !s->exchange.is_led_by_candidate) {
		drop_uses(t);
		return data;
	}
	if (t->use_count > 0) {
		buf_reset(&t->out);
		if (!buf_append_bytes(&t->out, data))
			return bytes_of(NULL, 0);
		for (size_t i = 0; i < t->use_count; i++)
			unknown += translate_use(t, &t->uses[i], &t->out);
		drop_uses(t);
		data = buf_bytes(&t->out);
		if (unknown > 0)
			types_tell(s, "an OID of the client's is sent as it is: not looked up, or "
				      "nothing has its name there");
		keep_sent(s, data);
	} else if (t->has_sent) {
		keep_sent(s, data);
	}
	return data;
}

/* --- keeping the table --- */

void types_note_tag(struct session *s, struct bytes tag)
{
	static const char *const words[] = {"CREATE ", "ALTER ", "DROP ", "ROLLBACK"};
	const struct types *t = &s->types;

	for (size_t i = 0; t->known.count + t->functions.count > 0 && i < ARRAY_LEN(words); i++)
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
	tidy(&t->known, t->is_stale);
	tidy(&t->functions, t->is_stale);
	t->is_stale = false;
	t->known.is_closed = false;
	t->has_sent = t->is_sent_lost = t->is_told = false;
	if (t->out.cap > 0)
		buf_release(&t->out);
	if (t->sent.cap > 0)
		buf_release(&t->sent);
}
