/*
 * A backend's life after and around connecting: reading and writing its link when the loop
 * says so, cancelling, closing. backend_connect.c brings it to READY. The owner is called
 * only from the loop: whatever comes up inside of one of its own calls waits for the timer.
 */
#include "wire/backend.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "wire/backend_impl.h"

void backend_isolate(void)
{
	size_t i = 0;

	signal(SIGPIPE, SIG_IGN);
	while (environ && environ[i]) {
		char name[64];
		size_t len = strcspn(environ[i], "=");

		if (strncmp(environ[i], "PG", 2) != 0 || len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		if (unsetenv(name) != 0) /* which moves the rest up */
			i++;
	}
}

void backend_say_why(struct backend_impl *impl, const char *text)
{
	const struct backend_target *target = impl->front.target;

	err_set(&impl->front.refusal.why, "%s at %s:%d: %s", target->name, target->host,
		target->port, text);
}

void backend_release(struct backend_impl *impl)
{
	if (--impl->users > 0 || !impl->is_closed)
		return;
	backend_connect_fini(impl);
	link_fini(&impl->front.link);
	protocol_fini(&impl->front.protocol);
	buf_fini(&impl->front.parameters);
	free(impl);
}

/* --- the poll handle --- */

static void on_poll_closed(uv_handle_t *handle)
{
	struct backend_impl *impl = handle->data;

	free(handle);
	backend_release(impl);
}

void backend_unwatch(struct backend_impl *impl)
{
	if (!impl->poll)
		return;
	uv_close((uv_handle_t *)impl->poll, on_poll_closed);
	impl->poll = NULL;
	impl->poll_events = 0;
}

static bool make_poll(struct backend_impl *impl, int fd)
{
	impl->poll = malloc(sizeof(*impl->poll));
	if (!impl->poll || uv_poll_init(impl->loop, impl->poll, fd) != 0) {
		free(impl->poll);
		impl->poll = NULL;
		return false;
	}
	impl->poll->data = impl;
	impl->users++;
	return true;
}

static void on_poll(uv_poll_t *handle, int status, int events);

bool backend_watch(struct backend_impl *impl, int fd, int events)
{
	if (!impl->poll && !make_poll(impl, fd))
		return false;
	if (events == impl->poll_events)
		return true;
	if (events == 0)
		uv_poll_stop(impl->poll);
	else if (uv_poll_start(impl->poll, events, on_poll) != 0)
		return false;
	impl->poll_events = events;
	return true;
}

/* --- reading and writing --- */

static void on_timer(uv_timer_t *timer);

void backend_wake(struct backend_impl *impl, uint64_t ms)
{
	uv_timer_start(&impl->timer, on_timer, ms, 0);
}

/* The text that counts is the first: a failure to send is the cause of what follows. */
static void end(struct backend_impl *impl, const char *text)
{
	if (!impl->is_broken)
		backend_say_why(impl, text);
	impl->front.state = BACKEND_ENDED;
	uv_timer_stop(&impl->timer);
	backend_unwatch(impl);
}

static void receive(struct backend_impl *impl)
{
	struct backend *b = &impl->front;
	size_t before = buf_len(&b->link.in);
	struct err err;

	switch (link_read(&b->link, &err)) {
	case LINK_OK:
		if (impl->is_broken)
			end(impl, "");
		break;
	case LINK_EOF:
		end(impl, "the server closed the connection");
		break;
	case LINK_FAILED:
		end(impl, err.text);
		break;
	}
	if (b->state == BACKEND_ENDED || buf_len(&b->link.in) > before)
		b->events->on_readable(b, b->context);
}

/* A server may have said why before it closed: what can still be read is read, in the
 * loop's next turn, before the backend counts as ended. */
static void break_off(struct backend_impl *impl, const char *text)
{
	if (impl->is_broken)
		return;
	backend_say_why(impl, text);
	impl->is_broken = true;
	backend_wake(impl, 0);
}

static void flush(struct backend_impl *impl)
{
	struct backend *b = &impl->front;
	bool was_clogged = link_is_clogged(&b->link);
	struct err err;

	if (link_flush(&b->link, &err) != LINK_OK)
		break_off(impl, err.text);
	else if (was_clogged && !link_is_clogged(&b->link))
		b->events->on_drained(b, b->context);
}

static bool is_live(const struct backend_impl *impl)
{
	return !impl->is_closed && impl->front.state == BACKEND_READY;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct backend_impl *impl = handle->data;
	struct link *link = &impl->front.link;

	/* libuv has stopped the handle; the socket's error is found by using the socket. */
	if (status < 0) {
		impl->poll_events = 0;
		events = UV_READABLE | UV_WRITABLE;
	}
	if (impl->front.state == BACKEND_CONNECTING) {
		backend_connect_step(impl);
		return;
	}
	if (events & UV_WRITABLE)
		flush(impl);
	if (is_live(impl) && ((events & UV_READABLE) || link->read_wants_write))
		receive(impl);
	if (is_live(impl))
		backend_update(&impl->front);
}

static void on_timer(uv_timer_t *timer)
{
	struct backend_impl *impl = timer->data;

	if (impl->front.state == BACKEND_CONNECTING) {
		backend_connect_timer(impl);
		return;
	}
	receive(impl);
	if (is_live(impl))
		backend_update(&impl->front);
}

bool backend_send(struct backend *b, struct bytes data)
{
	struct backend_impl *impl = b->impl;
	struct err err;

	if (!is_live(impl) || impl->is_broken)
		return false;
	if (link_send(&b->link, data, &err) != LINK_OK) {
		break_off(impl, err.text);
		return false;
	}
	if (link_wants_write(&b->link) || b->link.write_wants_read)
		backend_update(b);
	return true;
}

void backend_update(struct backend *b)
{
	struct backend_impl *impl = b->impl;
	int events = 0;

	if (!is_live(impl) || impl->is_broken)
		return;
	link_trim(&b->link);
	if (link_wants_read(&b->link))
		events |= UV_READABLE;
	if (link_wants_write(&b->link))
		events |= UV_WRITABLE;
	if (!backend_watch(impl, b->link.fd, events))
		break_off(impl, "the event loop does not take the socket");
	else if (link_has_pending(&b->link))
		backend_wake(impl, 0);
}

void backend_pause(struct backend *b, bool paused)
{
	b->link.is_paused = paused;
	backend_update(b);
}

const char *backend_password(const struct backend *b)
{
	return b->impl->password ? b->impl->password : "";
}

const char *backend_parameter(const struct backend *b, const char *name, char *out, size_t size)
{
	struct bytes rest = buf_bytes(&b->parameters);
	struct msg_parameter_status msg;
	struct frame frame;

	out[0] = '\0';
	while (frame_next(rest, WIRE_BACKEND, rest.len, &frame, NULL) == FRAME_OK) {
		rest = bytes_skip(rest, frame.whole.len);
		if (decode_parameter_status(frame.body, &msg) && bytes_equal_str(msg.name, name))
			snprintf(out, size, "%.*s", bytes_width(msg.value, size),
				(const char *)msg.value.ptr);
	}
	return out;
}

/* --- cancelling: libpq's PQcancel blocks, so a worker thread does it --- */

struct backend_cancelling {
	uv_work_t work;
	PGcancel *request;
	char who[96];              /* the backend's */
	struct backend_impl *impl; /* NULL: closed in the meantime */
	bool ok;
	char text[256];
};

static void run_cancel(uv_work_t *work)
{
	struct backend_cancelling *c = work->data;

	c->ok = PQcancel(c->request, c->text, sizeof(c->text)) == 1;
}

static void on_cancel_done(uv_work_t *work, int status)
{
	struct backend_cancelling *c = work->data;
	struct backend_impl *impl = c->impl;

	if (status != 0)
		log_debug("%s: cancel request not sent: %s", c->who, uv_strerror(status));
	else
		log_debug("%s: cancel request %s%s", c->who, c->ok ? "sent" : "failed: ", c->text);
	if (impl)
		impl->cancel_request = c->request;
	else
		PQfreeCancel(c->request);
	free(c);
	if (!impl)
		return;
	impl->cancelling = NULL;
	if (impl->cancel_again)
		backend_cancel(&impl->front);
}

void backend_cancel(struct backend *b)
{
	struct backend_impl *impl = b->impl;
	struct backend_cancelling *c;

	if (!is_live(impl))
		return;
	/* The one under way may hit the statement before; a flood of them becomes one. */
	impl->cancel_again = impl->cancelling != NULL;
	if (impl->cancelling || !impl->cancel_request)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->work.data = c;
	memcpy(c->who, impl->who, sizeof(c->who));
	c->impl = impl;
	c->request = impl->cancel_request;
	if (uv_queue_work(impl->loop, &c->work, run_cancel, on_cancel_done) != 0) {
		log_debug("%s: no cancel request can be made", c->who);
		free(c);
		return;
	}
	impl->cancel_request = NULL; /* the worker's until it is done */
	impl->cancelling = c;
}

/* --- birth and end --- */

static void name_it(struct backend_impl *impl, long long session)
{
	const char *name = impl->front.target->name;

	if (session)
		snprintf(impl->who, sizeof(impl->who), "session %lld: %s", session, name);
	else
		snprintf(impl->who, sizeof(impl->who), "%s", name);
}

struct backend *backend_connect(uv_loop_t *loop, const struct backend_target *target,
	const struct backend_wishes *wishes, size_t high_water, const struct backend_events *events,
	void *context)
{
	struct backend_impl *impl = calloc(1, sizeof(*impl));
	struct backend *b;

	if (!impl)
		return NULL;
	b = &impl->front;
	b->impl = impl;
	b->target = target;
	b->events = events;
	b->context = context;
	/* One message of any size fits beside what is read or queued up to the mark. */
	link_init(&b->link, high_water, (size_t)WIRE_MESSAGE_MAX + 5 + high_water);
	protocol_init(&b->protocol);
	buf_init(&b->parameters, BACKEND_TRACE_MAX);
	impl->loop = loop;
	impl->socket = -1;
	name_it(impl, wishes->session);
	uv_timer_init(loop, &impl->timer);
	impl->timer.data = impl;
	impl->users = 1;
	backend_connect_start(impl, wishes);
	return b;
}

static void on_timer_closed(uv_handle_t *handle)
{
	backend_release(handle->data);
}

/* As PQfinish does it where the socket is libpq's. A socket that is full is not waited for. */
static void close_socket(struct backend_impl *impl)
{
	static const unsigned char terminate[] = {FRONTEND_TERMINATE, 0, 0, 0, 4};

	if (impl->socket < 0)
		return;
	if (send(impl->socket, terminate, sizeof(terminate), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("%s: gone before Terminate", impl->who);
	close(impl->socket);
	impl->socket = -1;
}

static void forget_password(struct backend_impl *impl)
{
	if (impl->password)
		explicit_bzero(impl->password, strlen(impl->password));
	free(impl->password);
	impl->password = NULL;
}

/* Into the middle of a message that was sent in part no Terminate may go: its bytes could
 * complete it. */
static void finish_connection(struct backend_impl *impl)
{
	struct link *link = &impl->front.link;

	if (link->fd >= 0 && buf_len(&link->out) > 0)
		shutdown(link->fd, SHUT_RDWR);
	close_socket(impl);
	PQfinish(impl->conn);
	impl->conn = NULL;
	PQfreeCancel(impl->cancel_request);
	impl->cancel_request = NULL;
	forget_password(impl);
	link->fd = -1;
	link->ssl = NULL;
}

void backend_close(struct backend *b)
{
	struct backend_impl *impl;

	if (!b)
		return;
	impl = b->impl;
	impl->is_closed = true;
	backend_unwatch(impl);
	finish_connection(impl);
	backend_connect_fini(impl);
	if (impl->cancelling)
		impl->cancelling->impl = NULL;
	if (impl->is_resolving)
		uv_cancel((uv_req_t *)&impl->resolver);
	uv_close((uv_handle_t *)&impl->timer, on_timer_closed);
}
