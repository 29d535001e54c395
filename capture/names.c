/*
 * What took effect of an exchange's Parse, Bind and Close.
 */
#include "capture/names.h"

#include <stdlib.h>
#include <string.h>

#include "capture/session.h"
#include "wire/decode.h"
#include "wire/encode.h"

/* Entries whose storage is kept between exchanges. */
#define KEPT_MAX 64

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

static size_t completed(const struct session *s, bool is_truth)
{
	return is_truth ? s->truth.completed : s->candidate.completed;
}

/* The name that a Parse or Bind makes; empty: the unnamed one, which is never in the way, or
 * none. */
static struct bytes name_made(const struct frame *f, char *kind)
{
	struct msg_parse parse;
	struct msg_bind bind;

	*kind = f->type == FRONTEND_PARSE ? 'S' : 'P';
	if (f->type == FRONTEND_PARSE && decode_parse(f->body, &parse))
		return parse.name;
	if (f->type == FRONTEND_BIND && decode_bind(f->body, &bind))
		return bind.portal;
	return bytes_of(NULL, 0);
}

static bool changes_names(unsigned char type)
{
	return type == FRONTEND_PARSE || type == FRONTEND_BIND || type == FRONTEND_CLOSE;
}

/* What one side alone has made, in the request. */
struct made {
	struct bytes rest;
	size_t at, from, to;
};

static struct made made_by(const struct session *s, bool is_truth)
{
	return (struct made){.rest = buf_bytes(&s->exchange.request),
		.from = completed(s, !is_truth),
		.to = completed(s, is_truth)};
}

static bool made_next(struct made *m, struct bytes *name, char *kind)
{
	struct frame f;

	while (m->at < m->to &&
		frame_next(m->rest, WIRE_FRONTEND, m->rest.len, &f, NULL) == FRAME_OK) {
		m->rest = bytes_skip(m->rest, f.whole.len);
		if (!changes_names(f.type) || m->at++ < m->from)
			continue;
		*name = name_made(&f, kind);
		if (name->len > 0)
			return true;
	}
	return false;
}

bool names_is_alone(const struct session *s, bool is_truth)
{
	struct made made;
	struct bytes name;
	char kind;

	if (!is_of_both(s) || completed(s, is_truth) <= completed(s, !is_truth))
		return false;
	made = made_by(s, is_truth);
	return made_next(&made, &name, &kind);
}

bool names_write_closes(struct session *s, bool is_truth, struct buf *out)
{
	struct made made = made_by(s, is_truth);
	struct bytes name;
	char kind;

	while (made_next(&made, &name, &kind)) {
		prepared_remove(&s->prepared, kind, name);
		/* A name in a message ends in a null. */
		if (!encode_close(out, kind, (const char *)name.ptr))
			return false;
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
	size_t done = completed(s, !(is_led && ex->is_led_by_candidate));
	/* An exchange of which each side had another part: nobody can count. */
	bool can_tell = !is_led || !ex->is_shared;

	while (n->count > 0) {
		struct names_old *old = &n->old[--n->count];
		struct bytes name = bytes_of(old->name, old->len);

		if (can_tell && old->at >= done) {
			prepared_set(&s->prepared, 'S', name, statement_keep(old->statement));
			prepared_place(&s->prepared, 'S', name, old->place);
		}
		drop(old);
	}
	n->changes = 0;
	if (n->cap > KEPT_MAX) { /* an idle session is small */
		free(n->old);
		n->old = NULL;
		n->cap = 0;
	}
}

void names_fini(struct names *n)
{
	while (n->count > 0)
		drop(&n->old[--n->count]);
	free(n->old);
}
