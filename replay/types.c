/*
 * Looking user types up by the names in the trace, and translating requests.
 */
#include "replay/types.h"

#include "base/clock.h"
#include "diffengine/user_query.h"
#include "replay/replay.h"
#include "replay/session.h"
#include "wire/decode.h"

#define QUERIES_MAX (4 * 1024 * 1024)

void types_fini(struct replay_types *t)
{
	for (int i = 0; i < 2; i++) {
		user_types_fini(&t->sides[i].types);
		user_types_fini(&t->sides[i].functions);
		if (t->is_asked[i])
			protocol_fini(&t->saved[i]);
	}
	user_types_fini(&t->pairs);
}

static struct side *side_at(struct session *s, int i)
{
	return i == 0 ? &s->truth : &s->candidate;
}

/* --- what the trace says --- */

/* For the new trace, which has the recorded OIDs in its requests, too. */
static void take_entry(struct session *s, const struct roster_type *entry)
{
	struct replay_types *t = &s->types;
	char text[USER_TYPE_TEXT_MAX];

	for (int i = 0; i < 2; i++)
		(void)!user_types_add(
			entry->is_function ? &t->sides[i].functions : &t->sides[i].types,
			&entry->type); /* without room it stays unknown */
	writer_event(&s->replay->writer, s->id, entry->is_function ? "function" : "type",
		user_type_print(&entry->type, text));
}

void types_begin(struct session *s)
{
	const struct roster *roster = &s->replay->roster;
	struct replay_types *t = &s->types;

	t->is_tried = t->has_begun = false;
	for (; t->fed < roster->type_count; t->fed++) {
		const struct roster_type *type = &roster->types[t->fed];

		if (type->at_us > s->exchange.recorded.finished_us)
			break;
		if (type->session == s->recorded->id)
			take_entry(s, type);
	}
	s->exchange.steps.types = &t->sides[0].types;
	types_mark(s);
}

static bool is_unpaired(const struct user_tables *t)
{
	return t->types.count > t->types.candidate_count ||
	       t->functions.count > t->functions.candidate_count;
}

/* --- looking up --- */

static bool is_ready(const struct side *side)
{
	const struct protocol *p;

	if (side->is_absent)
		return true;
	p = &side->backend->protocol;
	return side->backend->state == BACKEND_READY && p->status != 'E' && !p->is_skipping &&
	       p->doubtful == 0 && p->copy == PROTOCOL_COPY_NONE;
}

static bool can_look_up(const struct session *s)
{
	const struct replay_types *t = &s->types;

	return !t->is_tried &&
	       (is_unpaired(&t->sides[0]) || is_unpaired(&t->sides[1]) ||
		       t->pairs.asked_count > 0) &&
	       !s->exchange.is_partial && !s->exchange.has_split && is_ready(&s->truth) &&
	       is_ready(&s->candidate) &&
	       (s->candidate.is_absent || side_is_over(&s->truth) == side_is_over(&s->candidate));
}

static bool note_owed(struct protocol *p, struct bytes data)
{
	struct frame f;

	while (frame_next(data, WIRE_FRONTEND, data.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(p, &f) != PROTOCOL_OK)
			return false;
		data = bytes_skip(data, f.whole.len);
	}
	return true;
}

/* By the trace's names, and on the truth by the OIDs that an answer holds. */
static bool write_first(const struct replay_types *t, int i, struct buf *out)
{
	const struct user_tables *side = &t->sides[i];
	struct user_query query = {.is_candidate = true, .is_final = t->is_final};

	if (side->types.count > side->types.candidate_count &&
		!user_query_write(out, &side->types, &query))
		return false;
	query.is_function = true;
	if (side->functions.count > side->functions.candidate_count &&
		!user_query_write(out, &side->functions, &query))
		return false;
	query = (struct user_query){.is_final = t->is_final};
	return i > 0 || t->pairs.asked_count == 0 || user_query_write(out, &t->pairs, &query);
}

/* On the candidate by the names that the truth has given. */
static bool write_second(const struct replay_types *t, struct buf *out)
{
	struct user_query query = {.is_candidate = true, .is_final = t->is_final};

	return user_query_write(out, &t->pairs, &query);
}

/* What the unit that is not sent yet will owe is put aside. */
static bool send_queries(struct session *s, int i, struct bytes data)
{
	struct replay_types *t = &s->types;
	struct side *side = side_at(s, i);
	struct protocol *protocol = &side->backend->protocol;

	if (data.len == 0)
		return true;
	t->saved[i] = *protocol;
	t->keep[i] = side->framed;
	t->is_asked[i] = true;
	protocol_init(protocol);
	protocol->status = t->saved[i].status;
	side->is_sent = true;
	side->heard_us = side->sent_us = clock_mono_us();
	if (!note_owed(protocol, data))
		return false;
	(void)!backend_send(side->backend, data);
	return true;
}

static bool ask_side(struct session *s, int i, bool is_second)
{
	struct buf out;
	bool ok;

	if (side_at(s, i)->is_absent)
		return true;
	buf_init(&out, QUERIES_MAX);
	ok = is_second ? write_second(&s->types, &out) : write_first(&s->types, i, &out);
	ok = ok && send_queries(s, i, buf_bytes(&out));
	buf_fini(&out);
	if (!ok)
		session_give_up(s, "out of memory for a look-up of types");
	return ok;
}

static bool begin(struct session *s)
{
	struct replay_types *t = &s->types;

	t->is_final = !t->has_begun || (s->truth.done_us >= 0 && s->candidate.done_us >= 0);
	t->is_tried = true;
	t->phase = (int)s->exchange.phase;
	s->exchange.phase = PHASE_LOOKING;
	return ask_side(s, 0, false) && ask_side(s, 1, false);
}

bool types_look_up(struct session *s, const struct frame *f)
{
	struct replay_types *t = &s->types;
	const struct statement *statement = NULL;
	struct msg_bind bind;

	if (f->type == FRONTEND_BIND && decode_bind(f->body, &bind))
		statement = prepared_get(&s->prepared, 'S', bind.statement);
	if (!user_message_ask(&t->sides[0], f, statement))
		return false;
	/* The trace's names are all that can be asked about. */
	t->sides[0].types.asked_count = t->sides[0].functions.asked_count = 0;
	if (!can_look_up(s))
		return false;
	t->has_pending = true;
	t->pending = *f;
	return begin(s);
}

static bool read_side(struct session *s, int i, struct err *why)
{
	struct replay_types *t = &s->types;
	struct side *side = side_at(s, i);
	struct buf *in = &side->backend->link.in;
	struct bytes answer = bytes_skip(bytes_of(buf_bytes(in).ptr, side->framed), t->keep[i]);
	struct user_query types = {.is_candidate = true},
			  functions = {.is_candidate = true, .is_function = true},
			  pairs = {.is_candidate = i == 1};
	bool ok = user_query_read(&t->sides[i].types, &types, answer, why) &&
		  user_query_read(&t->sides[i].functions, &functions, answer, why) &&
		  user_query_read(&t->pairs, &pairs, answer, why);

	buf_truncate(in, t->keep[i]);
	side->framed = t->keep[i];
	protocol_fini(&side->backend->protocol);
	side->backend->protocol = t->saved[i];
	t->is_asked[i] = false;
	return ok;
}

static void walk_again(struct session *s)
{
	s->types.pairs.is_closed = true;
	s->exchange.lock = s->types.mark;
	s->exchange.has_diverged = false;
}

static bool is_awaited(struct session *s, int i)
{
	return s->types.is_asked[i] && !protocol_is_settled(&side_at(s, i)->backend->protocol);
}

/* The truth's answer first: it has the names by which the candidate's is read. */
static bool read_answers(struct session *s)
{
	struct err why = {.text = ""};
	bool ok = true;

	for (int i = 0; i < 2; i++)
		if (s->types.is_asked[i])
			ok = read_side(s, i, &why) && ok;
	if (ok)
		return true;
	(void)err_prefix(&why, "user types could not be looked up: ");
	session_give_up(s, why.text);
	return false;
}

bool types_step(struct session *s)
{
	struct replay_types *t = &s->types;
	bool was_first;

	if (is_awaited(s, 0) || is_awaited(s, 1))
		return false;
	was_first = t->is_asked[0];
	if (!read_answers(s))
		return false;
	t->pairs.asked_count = 0;
	if (was_first && t->pairs.count > t->pairs.candidate_count)
		return ask_side(s, 1, true);
	s->exchange.phase = (enum exchange_phase)t->phase;
	if (s->exchange.phase == PHASE_AWAITING)
		walk_again(s);
	return true;
}

void types_translate(struct session *s, struct side *side, size_t len)
{
	const struct user_tables *t = &s->types.sides[side == &s->candidate];
	unsigned char *message = side->held.ptr + side->held.end - len;
	const struct statement *statement = NULL;
	struct msg_bind bind;

	if (t->types.count + t->functions.count == 0)
		return;
	if (message[0] == FRONTEND_BIND && decode_bind(bytes_of(message + 5, len - 5), &bind))
		statement = prepared_get(&s->prepared, 'S', bind.statement);
	(void)user_message_translate(t, statement, message, len);
}

/* --- answers --- */

void types_mark(struct session *s)
{
	s->exchange.lock.types = &s->types.pairs;
	s->types.mark = s->exchange.lock;
}

static bool has_user_parameters(struct bytes answer)
{
	struct wire_items oids;
	struct frame f;
	uint32_t oid;

	while (frame_next(answer, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) ==
		FRAME_OK) {
		if (f.type == BACKEND_PARAMETER_DESCRIPTION &&
			decode_parameter_description(f.body, &oids))
			while (wire_oid_next(&oids, &oid))
				if (oid >= FIRST_USER_OID)
					return true;
		answer = bytes_skip(answer, f.whole.len);
	}
	return false;
}

bool types_look_back(struct session *s)
{
	struct replay_types *t = &s->types;
	struct bytes answer = bytes_of(buf_bytes(&s->truth.backend->link.in).ptr, s->truth.framed);

	if (s->candidate.is_absent)
		return false;
	if (can_look_up(s) && (t->pairs.asked_count > 0 || has_user_parameters(answer)))
		return begin(s);
	if (t->pairs.asked_count > 0 && !t->pairs.is_closed)
		walk_again(s);
	t->pairs.asked_count = 0;
	return false;
}
