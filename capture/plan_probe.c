/*
 * Connect, send all of it, read plans until every round is answered.
 */
#include "capture/plan_probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "diffengine/explain.h"
#include "wire/decode.h"

#define MESSAGE_MAX (1024 * 1024) /* beyond it the connection is given up */

struct plan_probe {
	struct backend *backend;
	struct plan_question question;
	struct buf messages;
	unsigned answered; /* rounds */
	bool is_new_round; /* the next row begins another plan */
	bool is_done;
	struct plan_answer answer;
};

static void finish(struct plan_probe *p)
{
	if (p->is_done)
		return;
	p->is_done = true;
	p->question.on_planned(p->question.context);
}

static void note_failure(struct plan_probe *p, const char *sqlstate, const char *why)
{
	if (p->answer.error.text[0])
		return;
	snprintf(p->answer.sqlstate, sizeof(p->answer.sqlstate), "%s", sqlstate);
	(void)err_set(&p->answer.error, "%s", why);
}

static bool send_question(struct plan_probe *p)
{
	struct bytes rest = buf_bytes(&p->messages);
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(&p->backend->protocol, &f) != PROTOCOL_OK)
			return false;
		rest = bytes_skip(rest, f.whole.len);
	}
	return backend_send(p->backend, buf_bytes(&p->messages));
}

static void on_connected(struct backend *b, void *context)
{
	struct plan_probe *p = context;

	if (b->state == BACKEND_READY && send_question(p))
		return;
	note_failure(p, b->refusal.sqlstate,
		b->refusal.why.text[0] ? b->refusal.why.text : "it could not be asked");
	finish(p);
}

static void take_row(struct plan_probe *p, struct bytes body)
{
	struct plan_answer *a = &p->answer;
	struct wire_items values;
	struct wire_value value;

	if (p->is_new_round)
		buf_reset(&a->text);
	p->is_new_round = false;
	if (!decode_data_row(body, &values) || !wire_value_next(&values, &value) || value.is_null)
		return;
	if (p->answered + 1 == p->question.rounds)
		(void)explain_time(value.data, &a->ran_us);
	if (buf_len(&a->text) + value.data.len + 1 > PLAN_TEXT_MAX ||
		!buf_append_bytes(&a->text, value.data) || !buf_append_byte(&a->text, '\n'))
		return; /* cut */
}

static void take_error(struct plan_probe *p, struct bytes body)
{
	struct bytes code, text;
	char sqlstate[6], why[200];

	if (!decode_error(body))
		return;
	code = error_field(body, 'C');
	text = error_field(body, 'M');
	snprintf(sqlstate, sizeof(sqlstate), "%.*s", bytes_width(code, 5), (const char *)code.ptr);
	snprintf(why, sizeof(why), "%.*s", bytes_width(text, sizeof(why) - 1),
		(const char *)text.ptr);
	note_failure(p, sqlstate, why);
}

static void take_message(struct plan_probe *p, const struct frame *f)
{
	struct err ignored;

	if (protocol_on_answer(&p->backend->protocol, f, &ignored) != PROTOCOL_OK)
		return;
	if (f->type == BACKEND_DATA_ROW) {
		take_row(p, f->body);
	} else if (f->type == BACKEND_ERROR_RESPONSE) {
		take_error(p, f->body);
	} else if (f->type == BACKEND_READY_FOR_QUERY) {
		p->answered++;
		p->is_new_round = true;
	}
}

static void on_readable(struct backend *b, void *context)
{
	struct plan_probe *p = context;
	enum frame_result result;
	struct frame f;

	while ((result = frame_next(buf_bytes(&b->link.in), WIRE_BACKEND, MESSAGE_MAX, &f, NULL)) ==
		FRAME_OK) {
		take_message(p, &f);
		buf_consume(&b->link.in, f.whole.len);
	}
	if (p->answered >= p->question.rounds) {
		p->answer.is_whole = !p->answer.error.text[0];
		finish(p);
	} else if (b->state == BACKEND_ENDED || result == FRAME_MALFORMED) {
		note_failure(p, "", "the connection was lost");
		finish(p);
	} else {
		backend_update(b);
	}
}

static void on_drained(struct backend *b, void *context)
{
	(void)b;
	(void)context;
}

struct plan_probe *plan_probe_new(
	uv_loop_t *loop, const struct backend_target *target, const struct plan_question *question)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};
	struct plan_probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->question = *question;
	p->answer.ran_us = -1;
	buf_init(&p->messages, question->messages.len);
	buf_init(&p->answer.text, PLAN_TEXT_MAX + 1);
	if (buf_append_bytes(&p->messages, question->messages))
		p->backend =
			backend_connect(loop, target, question->wishes, MESSAGE_MAX, &events, p);
	if (!p->backend) {
		plan_probe_free(p);
		return NULL;
	}
	return p;
}

bool plan_probe_is_done(const struct plan_probe *p)
{
	return p->is_done;
}

struct plan_answer *plan_probe_answer(struct plan_probe *p)
{
	return &p->answer;
}

void plan_probe_free(struct plan_probe *p)
{
	if (!p)
		return;
	if (p->backend && !p->is_done && p->backend->state == BACKEND_READY)
		backend_cancel(p->backend);
	backend_close(p->backend);
	buf_fini(&p->messages);
	buf_fini(&p->answer.text);
	free(p);
}
