/*
 * One connection, one query, one answer; a loop of its own.
 */
#include "replay/setup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/startup.h"
#include "wire/decode.h"
#include "wire/encode.h"

#define HIGH_WATER ((size_t)1 << 20)

struct running {
	struct setup *setup;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t sigint, sigterm;
	struct backend *backend;
	struct buf query; /* the message */
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
		err_set(r->err, "%s on %s: %s", r->setup->path, r->backend->target->name, why);
	r->has_failed = true;
	finish(r);
}

static void fail_with(struct running *r, struct bytes error)
{
	struct bytes message = error_field(error, 'M'), code = error_field(error, 'C');
	char why[512];

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

	if (b->state != BACKEND_READY)
		fail(r, b->refusal.why.text);
	else if (!note(r, buf_bytes(&r->query)) || !backend_send(b, buf_bytes(&r->query)))
		fail(r, "the connection was lost");
}

static void on_message(struct running *r, const struct frame *frame)
{
	struct err err;

	if (protocol_on_answer(&r->backend->protocol, frame, &err) != PROTOCOL_OK)
		fail(r, err.text);
	else if (frame->type == BACKEND_ERROR_RESPONSE && decode_error(frame->body))
		fail_with(r, frame->body);
	else if (frame->type == BACKEND_COPY_IN_RESPONSE)
		fail(r, "COPY FROM STDIN is not possible in a setup file");
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
	fail(timer->data, "no answer within comparison.backend-timeout");
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct running *r = handle->data;

	(void)signum;
	r->setup->was_interrupted = true;
	fail(r, "interrupted");
}

static void watch(struct running *r)
{
	uv_timer_init(&r->loop, &r->timer);
	uv_signal_init(&r->loop, &r->sigint);
	uv_signal_init(&r->loop, &r->sigterm);
	r->timer.data = r->sigint.data = r->sigterm.data = r;
	uv_timer_start(&r->timer, on_timeout, (uint64_t)(r->setup->timeout_us / 1000), 0);
	uv_signal_start(&r->sigint, on_signal, SIGINT);
	uv_signal_start(&r->sigterm, on_signal, SIGTERM);
}

static bool connect_to(struct running *r, const struct backend_target *target)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};
	struct startup startup;
	bool ok = startup_read(&startup, r->setup->startup, r->err);

	if (ok) {
		r->backend =
			backend_connect(&r->loop, target, &startup.wishes, HIGH_WATER, &events, r);
		ok = r->backend || err_set(r->err, "out of memory");
	}
	startup_fini(&startup);
	return ok;
}

static bool run(struct running *r, const struct backend_target *target)
{
	uv_loop_init(&r->loop);
	watch(r);
	r->has_failed = !connect_to(r, target);
	if (!r->has_failed)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&r->timer, NULL);
	uv_close((uv_handle_t *)&r->sigint, NULL);
	uv_close((uv_handle_t *)&r->sigterm, NULL);
	backend_close(r->backend);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
	return !r->has_failed;
}

/* The file as a C string. */
static bool read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *in = fopen(path, "re");
	size_t n = 1;
	bool ok = true;

	if (!in)
		return err_set(err, "%s: cannot be opened: %s", path, strerror(errno));
	while (ok && n > 0) {
		ok = buf_reserve(out, 65536);
		n = ok ? fread(buf_tail(out), 1, 65536, in) : 0;
		buf_added(out, n);
	}
	if (!ok)
		err_set(err, "%s: is longer than 256 MiB", path);
	else if (ferror(in))
		ok = err_set(err, "%s: cannot be read: %s", path, strerror(errno));
	fclose(in);
	if (ok && buf_len(out) > 0 && memchr(buf_bytes(out).ptr, 0, buf_len(out)))
		ok = err_set(err, "%s: holds a NUL byte", path);
	return ok;
}

bool setup_run(struct setup *setup, const struct backend_target *target, struct err *err)
{
	struct running *r = calloc(1, sizeof(*r));
	struct buf sql;
	bool ok;

	if (!r)
		return err_set(err, "out of memory");
	r->setup = setup;
	r->err = err;
	buf_init(&sql, SETUP_FILE_MAX);
	buf_init(&r->query, SETUP_FILE_MAX + 16);
	ok = read_file(setup->path, &sql, err);
	if (ok && !encode_query(&r->query, buf_cstr(&sql)))
		ok = err_set(err, "%s: out of memory", setup->path);
	ok = ok && run(r, target);
	buf_fini(&sql);
	buf_fini(&r->query);
	free(r);
	return ok;
}
