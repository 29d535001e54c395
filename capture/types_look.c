/*
 * Looking types up in the session, and walking over the answers again with what was learned.
 */
#include "capture/types.h"

#include "capture/answer.h"
#include "capture/exchange.h"
#include "capture/judge.h"
#include "capture/look.h"
#include "capture/proxy.h"
#include "capture/relay.h"
#include "capture/session.h"
#include "diffengine/user_query.h"
#include "diffengine/user_values.h"

static bool can_look_up(const struct session *s)
{
	return look_is_possible(s) && !s->exchange.is_partial;
}

/* Nothing of the exchange is open: a Sync ends no transaction of the client's. */
static bool is_at_boundary(const struct session *s)
{
	return s->types.then == TYPES_THEN_SEND
		       ? s->exchange.started_us == 0
		       : s->truth.done_us >= 0 && s->candidate.done_us >= 0;
}

static struct user_query query_of(const struct session *s)
{
	const struct types *t = &s->types;

	return (struct user_query){.is_function = t->table == &t->tables.functions,
		.is_candidate = s->look.side == &s->candidate,
		.is_final = is_at_boundary(s)};
}

static void ask_side(struct session *s, struct user_types *table, struct side *side)
{
	struct user_query query;
	struct buf out;

	s->types.table = table;
	s->look.side = side;
	query = query_of(s);
	buf_init(&out, LOOK_REQUEST_MAX);
	if (user_query_write(&out, table, &query))
		look_ask(s, side, buf_bytes(&out));
	else
		session_fatal(s, "53200", "twinkly is out of memory");
	buf_fini(&out);
}

static struct user_types *next_table(struct types *t)
{
	if (t->tables.types.asked_count > 0)
		return &t->tables.types;
	return t->tables.functions.asked_count > 0 ? &t->tables.functions : NULL;
}

static void on_answered(struct session *s);

static void begin(struct session *s, enum types_then then)
{
	s->types.then = then;
	look_begin(s, on_answered);
	ask_side(s, next_table(&s->types), &s->truth);
}

bool types_look_up(struct session *s, bool is_whole)
{
	if (!next_table(&s->types) || !can_look_up(s))
		return false;
	s->types.is_whole = is_whole;
	begin(s, TYPES_THEN_SEND);
	return true;
}

/* False: the session cannot go on. */
static bool read_answer(struct session *s)
{
	struct types *t = &s->types;
	struct side *side = s->look.side;
	struct user_query query = query_of(s);
	struct err why;
	bool ok = user_query_read(t->table, &query, look_answer(s), &why);

	look_take_answer(s);
	if (ok)
		return true;
	if (!query.is_final || side->backend->protocol.status != 'I') {
		t->table = NULL;
		(void)err_prefix(&why, "user types could not be looked up: ");
		answer_give_up(s, side, "58000", why.text);
		return false;
	}
	t->table->asked_count = 0;
	types_tell(s, why.text);
	return true;
}

/* An OID that the truth does not know is not asked about again and again. */
static void settle_questions(struct user_types *table)
{
	for (size_t i = 0; i < table->asked_count; i++) {
		struct user_type none = {.truth = table->asked[i], .name = (char[]){""}};

		(void)!user_types_add(table, &none);
	}
	table->asked_count = 0;
}

/* What a replay needs to know of OIDs in the trace. */
static void record_types(struct session *s, const struct user_types *table, size_t from)
{
	const char *what = table == &s->types.tables.functions ? "function" : "type";
	char text[USER_TYPE_TEXT_MAX];

	for (size_t i = from; i < table->count; i++)
		if (table->entries[i].name[0])
			record_event(&s->proxy->record, s->id, what,
				user_type_print(&table->entries[i], text));
}

static bool walk_again(struct session *s)
{
	struct exchange *ex = &s->exchange;

	s->types.tables.types.is_closed = true;
	ex->lock = s->types.mark;
	if (lockstep_advance(&ex->lock, side_framed(&s->truth), side_framed(&s->candidate)) !=
		LOCKSTEP_DIFFERS)
		return true;
	if (!ex->has_diverged)
		answer_diverge(s);
	return false;
}

static void resume(struct session *s)
{
	struct types *t = &s->types;

	look_end(s);
	if (t->then == TYPES_THEN_JUDGE) {
		(void)walk_again(s);
		judge_settled(s);
	} else if (t->is_whole) {
		relay_dispatch(s);
	}
}

static void on_answered(struct session *s)
{
	struct types *t = &s->types;
	struct user_types *table = t->table;
	bool was_truth = s->look.side == &s->truth;
	size_t known = table->count;

	if (!read_answer(s))
		return;
	if (was_truth) {
		record_types(s, table, known);
		settle_questions(table);
	}
	if (was_truth && table->count > table->candidate_count) {
		ask_side(s, table, &s->candidate);
		return;
	}
	t->table = NULL;
	table = next_table(t);
	if (table)
		ask_side(s, table, &s->truth);
	else
		resume(s);
}

/* --- answers --- */

void types_mark(struct session *s)
{
	s->exchange.lock.types = &s->types.tables.types;
	s->types.mark = s->exchange.lock;
}

void types_begin_unit(struct session *s)
{
	s->types.tables.types.is_closed = false;
	types_mark(s);
}

bool types_look_back(struct session *s)
{
	struct types *t = &s->types;

	if (t->tables.types.asked_count == 0 || s->exchange.folding.is_different)
		return false;
	if (!can_look_up(s)) {
		(void)walk_again(s);
		return false;
	}
	begin(s, TYPES_THEN_JUDGE);
	return true;
}

bool types_settle(struct session *s)
{
	return s->types.tables.types.asked_count == 0 || s->types.tables.types.is_closed ||
	       walk_again(s);
}

struct bytes types_row_of_candidate(struct session *s, struct bytes row)
{
	struct types *t = &s->types;

	if (t->tables.types.candidate_count == 0)
		return row;
	buf_reset(&t->out);
	if (!buf_append_bytes(&t->out, row))
		return row;
	user_row_normalise(&t->tables.types, t->out.ptr + t->out.start, buf_len(&t->out));
	return buf_bytes(&t->out);
}
