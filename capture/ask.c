/*
 * One Query, its rows as texts.
 */
#include "capture/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/decode.h"
#include "wire/encode.h"

#define MESSAGE_MAX (1u << 20) /* of an answer's message, and of a question */

static void answered(struct ask *a)
{
	a->is_busy = false;
	a->on_asked(a->context, a);
}

static void lose(struct ask *a, const char *why)
{
	err_set(&a->error, "%s", why);
	a->is_lost = true;
	answered(a);
}

static void on_connected(struct backend *b, void *context)
{
	if (b->state == BACKEND_READY)
		answered(context);
	else
		lose(context, b->refusal.why.text);
}

static const char *copy_of(struct ask *a, const struct wire_value *value)
{
	return value->is_null ? "" : arena_copy_str(&a->memory, value->data);
}

static bool make_room(struct ask *a)
{
	size_t room = a->room ? 2 * a->room : 256;
	struct ask_row *rows;

	if (a->count < a->room)
		return true;
	rows = realloc(a->rows, room * sizeof(*rows));
	if (!rows)
		return false;
	a->rows = rows;
	a->room = room;
	return true;
}

static void take_row(struct ask *a, struct bytes body)
{
	const char *texts[4] = {"", "", "", ""};
	struct wire_items values;
	struct wire_value value;

	if (a->count == a->rows_max || !make_room(a) || !decode_data_row(body, &values)) {
		a->is_cut = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts) && wire_value_next(&values, &value); i++) {
		texts[i] = copy_of(a, &value);
		if (!texts[i]) {
			a->is_cut = true;
			return;
		}
	}
	a->rows[a->count++] = (struct ask_row){texts[0], texts[1], texts[2], texts[3]};
}

static void take_error(struct ask *a, struct bytes body)
{
	struct bytes text;

	if (!decode_error(body))
		return;
	text = error_field(body, 'M');
	err_set(&a->error, "%.*s", bytes_width(text, ERR_TEXT_MAX - 1),
		text.len ? (const char *)text.ptr : "");
}

/* False: it does not speak the protocol. */
static bool take_message(struct ask *a, const struct frame *f, struct err *err)
{
	if (protocol_on_answer(&a->backend->protocol, f, err) != PROTOCOL_OK)
		return false;
	if (f->type == BACKEND_DATA_ROW)
		take_row(a, f->body);
	else if (f->type == BACKEND_ERROR_RESPONSE)
		take_error(a, f->body);
	return true;
}

static void on_readable(struct backend *b, void *context)
{
	struct ask *a = context;
	enum frame_result result;
	struct frame f;
	struct err err;

	while ((result = frame_next(buf_bytes(&b->link.in), WIRE_BACKEND, MESSAGE_MAX, &f, &err)) ==
		FRAME_OK) {
		if (!take_message(a, &f, &err)) {
			result = FRAME_MALFORMED;
			break;
		}
		buf_consume(&b->link.in, f.whole.len);
	}
	if (result == FRAME_MALFORMED || b->state == BACKEND_ENDED) {
		lose(a, b->state == BACKEND_ENDED ? b->refusal.why.text : err.text);
		return;
	}
	backend_update(b);
	if (a->is_busy && protocol_is_idle(&b->protocol))
		answered(a);
}

static void on_drained(struct backend *b, void *context)
{
	(void)b;
	(void)context;
}

bool ask_open(struct ask *a, uv_loop_t *loop, const struct backend_target *target,
	const struct backend_wishes *wishes)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};

	arena_init(&a->memory, ASK_BYTES_MAX);
	a->backend = backend_connect(loop, target, wishes, MESSAGE_MAX, &events, a);
	a->is_busy = a->backend != NULL;
	return a->is_busy;
}

bool ask_send(struct ask *a, const char *sql)
{
	struct buf message;
	struct frame f;

	arena_reset(&a->memory);
	a->count = 0;
	a->is_cut = false;
	a->error.text[0] = '\0';
	buf_init(&message, MESSAGE_MAX);
	/* A connection that has broken in the meantime says so through on_readable. */
	a->is_busy =
		encode_query(&message, sql) &&
		frame_next(buf_bytes(&message), WIRE_FRONTEND, MESSAGE_MAX, &f, NULL) == FRAME_OK &&
		protocol_on_request(&a->backend->protocol, &f) == PROTOCOL_OK;
	if (a->is_busy)
		(void)!backend_send(a->backend, buf_bytes(&message));
	buf_fini(&message);
	return a->is_busy;
}

void ask_close(struct ask *a)
{
	backend_close(a->backend);
	a->backend = NULL;
	a->is_busy = false;
	free(a->rows);
	a->rows = NULL;
	a->count = a->room = 0;
	arena_fini(&a->memory);
}
