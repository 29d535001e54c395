/*
 * What took effect of an exchange's Parse, Bind and Close.
 */
#include "capture/names.h"

#include <stdlib.h>
#include <string.h>

#include "capture/session.h"
#include "wire/decode.h"
#include "wire/encode.h"

static struct names_old *add(struct names *n)
{
	if (n->count == n->cap) {
		size_t cap = n->cap ? 2 * n->cap : 4;
		struct names_old *more =
			cap > NAMES_UNDO_MAX ? NULL : realloc(n->old, cap * sizeof(*more));

		if (!more)
			return NULL;
		n->old = more;
		n->cap = cap;
	}
	return &n->old[n->count];
}

void names_note(struct session *s, struct bytes name)
{
	struct names *n = &s->exchange.names;
	size_t at = n->changes++;
	struct statement *known;
	struct names_old *old;
	char *copy;

	/* A Parse of the unnamed one drops it even when it fails. */
	known = name.len > 0 ? prepared_get(&s->prepared, 'S', name) : NULL;
	old = known ? add(n) : NULL;
	copy = old ? malloc(name.len) : NULL;
	if (!copy)
		return; /* then a refused name has the new text: as if it were unknown */
	memcpy(copy, name.ptr, name.len);
	*old = (struct names_old){.at = at,
		.name = copy,
		.len = name.len,
		.statement = statement_keep(known),
		.place = prepared_place_of(&s->prepared, 'S', name)};
	n->count++;
}

static bool is_of_both(const struct session *s)
{
	return !s->is_detached && s->exchange.last_route == ROUTE_BOTH && s->truth.done_us >= 0 &&
	       s->candidate.done_us >= 0;
}

bool names_is_alone(const struct session *s, bool is_truth)
{
	size_t mine = is_truth ? s->truth.completed : s->candidate.completed;
	size_t other = is_truth ? s->candidate.completed : s->truth.completed;

	return is_of_both(s) && mine > other;
}

/* A name in a message ends in a null. */
static bool close_one(struct session *s, const struct frame *f, struct buf *out)
{
	struct msg_parse parse;
	struct msg_bind bind;

	if (f->type == FRONTEND_PARSE && decode_parse(f->body, &parse)) {
		prepared_remove(&s->prepared, 'S', parse.name);
		return encode_close(out, 'S', (const char *)parse.name.ptr);
	}
	if (f->type == FRONTEND_BIND && decode_bind(f->body, &bind)) {
		prepared_remove(&s->prepared, 'P', bind.portal);
		return encode_close(out, 'P', (const char *)bind.portal.ptr);
	}
	return true; /* a Close: there is nothing to be closed */
}

static bool changes_names(unsigned char type)
{
	return type == FRONTEND_PARSE || type == FRONTEND_BIND || type == FRONTEND_CLOSE;
}

bool names_write_closes(struct session *s, bool is_truth, struct buf *out)
{
	size_t mine = is_truth ? s->truth.completed : s->candidate.completed;
	size_t other = is_truth ? s->candidate.completed : s->truth.completed;
	struct bytes request = buf_bytes(&s->exchange.request);
	struct frame f;
	size_t at = 0;

	while (at < mine && frame_next(request, WIRE_FRONTEND, request.len, &f, NULL) == FRAME_OK) {
		if (changes_names(f.type) && at++ >= other && !close_one(s, &f, out))
			return false;
		request = bytes_skip(request, f.whole.len);
	}
	return encode_sync(out);
}

static void drop(struct names_old *old)
{
	statement_drop(old->statement);
	free(old->name);
}

void names_settle(struct session *s)
{
	const struct exchange *ex = &s->exchange;
	struct names *n = &s->exchange.names;
	bool is_led = ex->last_route != ROUTE_BOTH;
	size_t completed =
		is_led && ex->is_led_by_candidate ? s->candidate.completed : s->truth.completed;
	/* An exchange of which each side had another part: nobody can count. */
	bool can_tell = !is_led || !ex->is_shared;

	while (n->count > 0) {
		struct names_old *old = &n->old[--n->count];
		struct bytes name = bytes_of(old->name, old->len);

		if (can_tell && old->at >= completed) {
			prepared_set(&s->prepared, 'S', name, statement_keep(old->statement));
			prepared_place(&s->prepared, 'S', name, old->place);
		}
		drop(old);
	}
	n->changes = 0;
}

void names_fini(struct names *n)
{
	while (n->count > 0)
		drop(&n->old[--n->count]);
	free(n->old);
}
