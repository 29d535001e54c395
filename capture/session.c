/*
 * Birth and death of a session, and its client's end of the wire.
 */
#include "capture/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/auth.h"
#include "capture/consequence.h"
#include "capture/exchange.h"
#include "capture/parameters.h"
#include "capture/proxy.h"
#include "capture/tls.h"
#include "capture/mismatch.h"
#include "capture/slow.h"
#include "capture/answer.h"
#include "capture/relay.h"
#include "capture/startup.h"
#include "wire/encode.h"
#include "diffengine/object_oids.h"

/* For a client that does not read why its session ends. */
#define LAST_PATIENCE_US (5 * CLOCK_SECOND)

void session_end(struct session *s, const char *why)
{
	if (s->is_marked)
		return;
	s->is_marked = true;
	log_debug("session %lld: ends: %s", (long long)s->id, why);
	if (s->is_recorded)
		record_event(&s->proxy->record, s->id, "disconnect", why);
	proxy_reap(s->proxy);
}

bool session_is_answering(const struct session *s)
{
	return s->state == SESSION_READY && s->exchange.is_open &&
	       (s->exchange.phase == PHASE_QUEUED || s->exchange.phase == PHASE_AWAITING ||
		       s->exchange.phase == PHASE_ALIGNING || s->exchange.phase == PHASE_LOOKING ||
		       s->exchange.phase == PHASE_EXPLAINING);
}

/* The client is done, or cannot be written to. What it has sent whole is still run on both
 * sides and compared, as a server would run it; relay_pump ends the session after it. */
static void client_is_gone(struct session *s, const char *why, bool takes_answers)
{
	s->is_client_gone = true;
	s->is_client_deaf |= !takes_answers;
	if (s->is_client_deaf) /* or it would look clogged */
		buf_release(&s->client.out);
	if (session_is_answering(s))
		return;
	if (s->exchange.is_open && s->state == SESSION_READY) {
		s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_INCONCLUSIVE);
		s->exchange.note = "the client went away in the middle of its request";
	}
	session_end(s, why);
}

void session_send(struct session *s, struct bytes data)
{
	struct err err;

	if (s->is_marked || s->is_client_deaf || data.len == 0)
		return;
	if (link_send(&s->client, data, &err) == LINK_FAILED)
		client_is_gone(s, err.text, false);
}

void session_fatal(struct session *s, const char *sqlstate, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	struct encode_error error = {.sqlstate = sqlstate, .message = text, .routine = "twinkly"};
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	session_refuse(s, &error);
}

void session_refuse(struct session *s, const struct encode_error *error)
{
	struct encode_error fatal = *error;
	struct buf out;

	fatal.severity = "FATAL";
	log_info("session %lld: FATAL %s: %s", (long long)s->id, fatal.sqlstate, fatal.message);
	buf_init(&out, 4 * ERR_TEXT_MAX);
	if (encode_error(&out, BACKEND_ERROR_RESPONSE, &fatal))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
	s->state = SESSION_CLOSING;
	s->deadline_us = clock_mono_us() + LAST_PATIENCE_US;
	watch_update(s->proxy);
	turn_release(&s->proxy->turn, &s->ticket);
	if (buf_len(&s->client.out) == 0)
		session_end(s, fatal.message);
	else
		session_update(s);
}

static void pump(struct session *s)
{
	switch (s->state) {
	case SESSION_STARTUP:
		startup_pump(s);
		break;
	case SESSION_AUTHENTICATING:
		auth_pump(s);
		break;
	case SESSION_READY:
		relay_pump(s);
		break;
	case SESSION_DOOMED:
		mismatch_doomed_pump(s);
		break;
	case SESSION_CONNECTING:
	case SESSION_CLOSING:
		break;
	}
}

static void client_readable(struct session *s)
{
	struct err err;
	enum link_result result = link_read(&s->client, &err);

	if (result == LINK_FAILED) {
		client_is_gone(s, err.text, false);
		return;
	}
	pump(s);
	if (result == LINK_EOF && !s->is_marked)
		client_is_gone(s, "the client closed the connection", true);
}

static void client_writable(struct session *s)
{
	struct err err;

	if (link_flush(&s->client, &err) == LINK_FAILED) {
		client_is_gone(s, err.text, false);
		return;
	}
	if (s->state == SESSION_CLOSING && buf_len(&s->client.out) == 0)
		session_end(s, "closed by the proxy");
	else if (s->state == SESSION_READY && !link_is_clogged(&s->client))
		answer_advance(s);
}

static void on_client(uv_poll_t *poll, int status, int events)
{
	struct session *s = poll->data;

	if (s->is_marked)
		return;
	if (status < 0) {
		/* libuv has stopped watching it. */
		s->client_events = 0;
		client_is_gone(s, "the connection to the client was lost", false);
		events = 0;
	}
	if (events & UV_WRITABLE)
		client_writable(s);
	if (!s->is_marked && ((events & UV_READABLE) || s->client.read_wants_write))
		client_readable(s);
	/* Answers that waited for the client to take them wait no longer. */
	if (!s->is_marked && s->is_client_deaf)
		answer_advance(s);
	if (!s->is_marked)
		session_update(s);
}

static bool takes_input(const struct session *s)
{
	return s->state != SESSION_CLOSING && !s->is_client_gone;
}

void session_resume(struct session *s)
{
	if (s->is_marked || !takes_input(s) || !link_has_pending(&s->client))
		return;
	client_readable(s);
	if (!s->is_marked)
		session_update(s);
}

void session_update(struct session *s)
{
	int events = 0;

	if (!s->is_polling || s->is_marked)
		return;
	if (takes_input(s) && link_wants_read(&s->client))
		events |= UV_READABLE;
	/* No readiness announces what OpenSSL has read already. */
	if (takes_input(s) && link_has_pending(&s->client))
		proxy_reap(s->proxy);
	if (!s->is_client_deaf && link_wants_write(&s->client))
		events |= UV_WRITABLE;
	if (events == s->client_events)
		return;
	s->client_events = events;
	if (events)
		uv_poll_start(&s->client_poll, events, on_client);
	else
		uv_poll_stop(&s->client_poll);
}

static void init_side(struct side *side, size_t ceiling)
{
	side->done_us = -1;
	buf_init(&side->held, ceiling);
}

static void init_exchange(struct exchange *ex, const struct settings *settings)
{
	size_t ceiling = (size_t)settings->max_message + (size_t)settings->window;

	buf_init(&ex->request, ceiling);
	buf_init(&ex->request_more, ceiling);
	buf_init(&ex->truth, (size_t)settings->max_response);
	buf_init(&ex->candidate, (size_t)settings->max_response);
	buf_init(&ex->route.shared, ceiling);
}

static struct session *new_session(struct proxy *p, const char *address, enum session_origin origin)
{
	size_t window = (size_t)p->settings->window;
	size_t ceiling = (size_t)p->settings->max_message + window;
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->auth = auth_new();
	if (!s->auth) {
		free(s);
		return NULL;
	}
	s->proxy = p;
	s->origin = origin;
	s->id = p->next_session++;
	snprintf(s->address, sizeof(s->address), "%s", address);
	link_init(&s->client, window, ceiling);
	s->client.out.ceiling = 2 * ceiling; /* an answer that was held whole, and its like */
	init_side(&s->truth, ceiling);
	init_side(&s->candidate, ceiling);
	init_exchange(&s->exchange, p->settings);
	buf_init(&s->columns, ceiling);
	prepared_init(&s->prepared);
	types_init(&s->types, ceiling);
	list_init(&s->ticket.node);
	s->deadline_us = clock_mono_us() + p->settings->login_timeout_us;
	return s;
}

void session_start(struct proxy *p, int fd, const char *address, enum session_origin origin)
{
	struct session *s = new_session(p, address, origin);
	struct err err;

	if (!s) {
		close(fd);
		log_error("no memory for a session from %s", address);
		return;
	}
	list_append(&p->sessions, &s->node);
	p->session_count++;
	if (!link_attach(&s->client, fd, NULL, &err) ||
		uv_poll_init(p->loop, &s->client_poll, fd) != 0) {
		log_error("session %lld: the connection from %s cannot be served", (long long)s->id,
			address);
		close(fd);
		s->client.fd = -1;
		session_end(s, "the connection cannot be served");
		return;
	}
	s->client_poll.data = s;
	s->is_polling = true;
	watch_update(p);
	session_update(s);
}

static void free_session(uv_handle_t *handle)
{
	free(handle->data);
}

static void fini_exchange(struct exchange *ex)
{
	exchange_reset(ex);
	buf_fini(&ex->request);
	buf_fini(&ex->request_more);
	buf_fini(&ex->truth);
	buf_fini(&ex->candidate);
	buf_fini(&ex->route.shared);
	names_fini(&ex->names);
	free(ex->commands);
	free(ex->described);
}

/* An exchange that the session's end cuts short is not equal, whatever was equal so far. */
static void end_exchange(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->is_open)
		return;
	if (ex->phase != PHASE_COLLECTING && ex->phase != PHASE_QUEUED)
		consequence_note(s, NULL);
	if (ex->phase != PHASE_COLLECTING || ex->is_partial) {
		ex->verdict = verdict_worst(ex->verdict, VERDICT_INCONCLUSIVE);
		if (!ex->note)
			ex->note = "the session ended before the answer";
	}
	exchange_finish(s, NULL, 0);
}

/* Called by the reaper, never from inside the session's own callbacks. */
void session_free(struct session *s)
{
	int fd = s->client.fd;

	slow_forget(s);
	end_exchange(s);
	turn_release(&s->proxy->turn, &s->ticket);
	list_remove(&s->node);
	counts_add_session(&s->proxy->counts, s);
	backend_close(s->truth.backend);
	backend_close(s->candidate.backend);
	buf_fini(&s->truth.held);
	buf_fini(&s->candidate.held);
	fini_exchange(&s->exchange);
	prepared_fini(&s->prepared);
	types_fini(&s->types);
	cursors_fini(&s->cursors);
	object_oids_free(s->objects);
	parameters_free(s->parameters);
	consequence_end(s);
	keys_fini(&s->keys);
	look_fini(&s->look);
	buf_fini(&s->columns);
	tls_end(s->client.ssl);
	link_fini(&s->client);
	auth_free(s->auth);
	startup_packet_fini(&s->packet);
	free(s->user);
	free(s->database);
	free(s->application_name);
	if (s->is_polling) {
		uv_poll_stop(&s->client_poll);
		close(fd);
		uv_close((uv_handle_t *)&s->client_poll, free_session);
	} else {
		free(s);
	}
}

void session_go_alone(struct session *s, const char *why)
{
	log_warning("session %lld: goes on without %s: %s", (long long)s->id,
		s->proxy->settings->candidate.name, why);
	record_event(&s->proxy->record, s->id, "alone", why);
	s->proxy->counts.alone++;
	s->is_alone = s->is_detached = true;
	buf_release(&s->candidate.held);
	s->candidate.framed = 0;
	s->candidate.is_sent = false;
	s->exchange.folding.is_on = s->exchange.has_diverged = false;
}
