/*
 * One connection, one query, one answer.
 */
#include "wire/query.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/encode.h"

#define HIGH_WATER ((size_t)1 << 20)

struct running {
	struct query *query;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t sigint, sigterm;
	struct backend *backend;
	struct buf message; /* the question */
	bool is_done, has_failed;
	struct err *err;
};

static void finish(struct running *r)
{
	r->is_done = true;
	uv_stop(&r->loop);
}

static void fail(struct running *r, const char *why)
{
	if (!r->has_failed)
		err_set(r->err, "%s on %s: %s", r->query->what, r->query->target->name, why);
	r->has_failed = true;
	finish(r);
}

static void fail_with(struct running *r, struct bytes error)
{
	struct bytes message = error_field(error, 'M'), code = error_field(error, 'C');
	char why[512];

	snprintf(r->query->sqlstate, sizeof(r->query->sqlstate), "%.*s", bytes_width(code, 5),
		(const char *)code.ptr);
	snprintf(why, sizeof(why), "%.*s: %.*s", bytes_width(code, 5), (const char *)code.ptr,
		bytes_width(message, 400), (const char *)message.ptr);
	fail(r, why);
}

static bool note(struct running *r, struct bytes message)
{
	struct frame frame;
	struct err err;

	return frame_next(message, WIRE_FRONTEND, message.len, &frame, &err) == FRAME_OK &&
	       protocol_on_request(&r->backend->protocol, &frame) == PROTOCOL_OK;
}

static void on_connected(struct backend *b, void *context)
{
	struct running *r = context;

	if (b->state != BACKEND_READY) {
		fail(r, b->refusal.why.text);
		snprintf(r->query->sqlstate, sizeof(r->query->sqlstate), "%s", b->refusal.sqlstate);
		return;
	}
	r->query->was_sent = true;
	if (!note(r, buf_bytes(&r->message)) || !backend_send(b, buf_bytes(&r->message)))
		fail(r, "the connection was lost");
}

static void on_row(struct running *r, struct bytes body)
{
	struct wire_items values;

	if (r->query->on_row && decode_data_row(body, &values))
		r->query->on_row(r->query->context, &values);
}

static void on_message(struct running *r, const struct frame *frame)
{
	struct err err;

	if (protocol_on_answer(&r->backend->protocol, frame, &err) != PROTOCOL_OK)
		fail(r, err.text);
	else if (frame->type == BACKEND_DATA_ROW)
		on_row(r, frame->body);
	else if (frame->type == BACKEND_ERROR_RESPONSE && decode_error(frame->body))
		fail_with(r, frame->body);
	else if (frame->type == BACKEND_COPY_IN_RESPONSE)
		fail(r, "COPY FROM STDIN is not possible here");
	else if (frame->type == BACKEND_READY_FOR_QUERY)
		finish(r);
}

static void on_readable(struct backend *b, void *context)
{
	struct running *r = context;
	enum frame_result result = FRAME_OK;
	struct frame frame;
	struct err err;

	while (!r->is_done && (result = frame_next(buf_bytes(&b->link.in), WIRE_BACKEND,
				       (size_t)WIRE_MESSAGE_MAX, &frame, &err)) == FRAME_OK) {
		on_message(r, &frame);
		buf_consume(&b->link.in, frame.whole.len);
	}
	if (!r->is_done && result == FRAME_MALFORMED)
		fail(r, err.text);
	if (!r->is_done && b->state == BACKEND_ENDED)
		fail(r, "the connection was lost");
	if (!r->is_done) {
		b->link.need = frame.whole.len;
		backend_update(b);
	}
}

static void on_drained(struct backend *b, void *context)
{
	(void)b;
	(void)context;
}

static void on_timeout(uv_timer_t *timer)
{
	struct running *r = timer->data;

	if (r->query->was_sent)
		backend_cancel(r->backend);
	fail(r, "no answer in time");
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct running *r = handle->data;

	(void)signum;
	if (r->query->is_deaf)
		return;
	r->query->was_interrupted = true;
	if (r->query->was_sent)
		backend_cancel(r->backend);
	fail(r, "interrupted");
}

static void watch(struct running *r)
{
	uv_timer_init(&r->loop, &r->timer);
	uv_signal_init(&r->loop, &r->sigint);
	uv_signal_init(&r->loop, &r->sigterm);
	r->timer.data = r->sigint.data = r->sigterm.data = r;
	uv_timer_start(&r->timer, on_timeout, (uint64_t)(r->query->timeout_us / 1000), 0);
	uv_signal_start(&r->sigint, on_signal, SIGINT);
	uv_signal_start(&r->sigterm, on_signal, SIGTERM);
}

static void run(struct running *r)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};

	uv_loop_init(&r->loop);
	watch(r);
	r->backend = backend_connect(
		&r->loop, r->query->target, r->query->wishes, HIGH_WATER, &events, r);
	if (r->backend)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	else
		fail(r, "out of memory");
	uv_close((uv_handle_t *)&r->timer, NULL);
	uv_close((uv_handle_t *)&r->sigint, NULL);
	uv_close((uv_handle_t *)&r->sigterm, NULL);
	backend_close(r->backend);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
}

bool query_run(struct query *query, const char *sql, struct err *err)
{
	struct running *r = calloc(1, sizeof(*r));
	bool ok;

	query->was_sent = query->was_interrupted = false;
	query->sqlstate[0] = '\0';
	if (!r)
		return err_set(err, "out of memory");
	r->query = query;
	r->err = err;
	buf_init(&r->message, QUERY_MESSAGE_MAX + 16);
	if (encode_query(&r->message, sql))
		run(r);
	else
		r->has_failed = !err_set(err, "%s: out of memory", query->what);
	ok = !r->has_failed;
	buf_fini(&r->message);
	free(r);
	return ok;
}
