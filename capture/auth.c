/*
 * The dialogue with the client. Protocol document: "Start-up", "SASL Authentication"; the
 * errors have PostgreSQL's words (auth.c, auth-sasl.c).
 */
#include "capture/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/userlist.h"
#include "capture/startup.h"
#include "wire/decode.h"
#include "wire/encode.h"

/* Of a message of the client; tokens in place of passwords are long, too. */
#define MESSAGE_MAX 8192

enum { CODE_CLEARTEXT = 3, CODE_SASL = 10, CODE_SASL_CONTINUE = 11, CODE_SASL_FINAL = 12 };

struct auth *auth_new(void)
{
	return calloc(1, sizeof(struct auth));
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	if (a->password)
		explicit_bzero(a->password, strlen(a->password));
	free(a->password);
	scram_fini(&a->scram);
	startup_packet_fini(&a->packet);
	free(a);
}

static void no_memory(struct session *s)
{
	session_fatal(s, "53200", "twinkly is out of memory");
}

/* Sends a request for authentication data and waits for its answer. */
static void ask(struct session *s, uint32_t code, struct bytes data, enum auth_step step)
{
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	if (encode_authentication(&out, code, data)) {
		s->state = SESSION_AUTHENTICATING;
		s->auth->step = step;
		session_send(s, buf_bytes(&out));
	} else {
		no_memory(s);
	}
	buf_fini(&out);
}

void auth_ask_password(struct session *s)
{
	s->deadline_us = clock_mono_us() + s->proxy->settings->login_timeout_us;
	ask(s, CODE_CLEARTEXT, bytes_of(NULL, 0), AUTH_STEP_PASSWORD);
	watch_update(s->proxy);
	session_update(s);
}

static void ask_scram(struct session *s)
{
	/* A list of names, each with its NUL, ended by an empty one. */
	static const char mechanisms[] = SCRAM_MECHANISM "\0";
	struct scram_verifier verifier;

	if (!userlist_find(s->proxy->users, s->user, &verifier)) {
		no_memory(s);
		return;
	}
	scram_init(&s->auth->scram, &verifier);
	explicit_bzero(&verifier, sizeof(verifier));
	ask(s, CODE_SASL, bytes_of(mechanisms, sizeof(mechanisms)), AUTH_STEP_SCRAM_FIRST);
}

void auth_begin(struct session *s)
{
	switch (s->proxy->settings->auth) {
	case AUTH_TRUST:
		startup_connect(s);
		break;
	case AUTH_PASSWORD:
		auth_ask_password(s);
		break;
	case AUTH_SCRAM:
		ask_scram(s);
		break;
	}
}

static void on_password(struct session *s, struct bytes body)
{
	struct bytes text;

	if (!decode_string(body, &text)) {
		session_fatal(s, "08P01", "invalid password packet size");
	} else if (text.len == 0) {
		s->proxy->counts.refused++;
		session_fatal(s, "28P01", "empty password returned by client");
	} else {
		s->auth->password = strdup((const char *)text.ptr);
		if (s->auth->password)
			startup_connect(s);
		else
			no_memory(s);
	}
}

/* The error that ends an exchange of SCRAM messages. */
static void refuse(struct session *s, enum scram_result result, const struct err *err)
{
	s->proxy->counts.refused++;
	if (result == SCRAM_INVALID)
		session_fatal(s, "08P01", "%s", err->text);
	else
		session_fatal(
			s, "28P01", "password authentication failed for user \"%s\"", s->user);
}

static void on_scram_first(struct session *s, struct bytes body)
{
	char nonce[SCRAM_NONCE_LEN + 1];
	enum scram_result result = SCRAM_INVALID;
	struct msg_sasl_initial msg;
	struct err err;
	struct buf reply;

	buf_init(&reply, MESSAGE_MAX);
	if (!decode_sasl_initial(body, &msg) || !msg.has_response)
		err_set(&err, "invalid SASL initial response");
	else if (!bytes_equal_str(msg.mechanism, SCRAM_MECHANISM))
		err_set(&err, "client selected an invalid SASL authentication mechanism");
	else if (!scram_make_nonce(nonce))
		err_set(&err, "no random bytes for a nonce");
	else
		result = scram_first(&s->auth->scram, msg.response, nonce, &reply, &err);
	if (result == SCRAM_OK)
		ask(s, CODE_SASL_CONTINUE, buf_bytes(&reply), AUTH_STEP_SCRAM_FINAL);
	else
		refuse(s, result, &err);
	buf_fini(&reply);
}

static void on_scram_final(struct session *s, struct bytes body)
{
	enum scram_result result;
	struct err err;
	struct buf reply;

	buf_init(&reply, MESSAGE_MAX);
	result = scram_final(&s->auth->scram, body, &reply, &err);
	if (result == SCRAM_OK) {
		/* Nothing is awaited after it: AuthenticationOk comes with the greeting. */
		ask(s, CODE_SASL_FINAL, buf_bytes(&reply), AUTH_STEP_NONE);
		if (!s->is_marked && s->state == SESSION_AUTHENTICATING)
			startup_connect(s);
	} else {
		refuse(s, result, &err);
	}
	buf_fini(&reply);
}

static void on_message(struct session *s, const struct frame *f)
{
	if (f->type == FRONTEND_TERMINATE) {
		session_end(s, "the client gave up while it was to authenticate itself");
		return;
	}
	if (f->type != FRONTEND_PASSWORD) {
		session_fatal(
			s, "08P01", "expected password response, got message type %d", f->type);
		return;
	}
	switch (s->auth->step) {
	case AUTH_STEP_PASSWORD:
		on_password(s, f->body);
		break;
	case AUTH_STEP_SCRAM_FIRST:
		on_scram_first(s, f->body);
		break;
	case AUTH_STEP_SCRAM_FINAL:
		on_scram_final(s, f->body);
		break;
	case AUTH_STEP_NONE:
		break;
	}
}

/* What a client answers does not stay in its buffer. */
static void consume_secret(struct buf *in, size_t len)
{
	explicit_bzero(in->ptr + in->start, len);
	buf_consume(in, len);
}

void auth_pump(struct session *s)
{
	struct err err;
	struct frame f;

	while (!s->is_marked && s->state == SESSION_AUTHENTICATING) {
		switch (frame_next(
			buf_bytes(&s->client.in), WIRE_FRONTEND, MESSAGE_MAX, &f, &err)) {
		case FRAME_NEED_MORE:
			return;
		case FRAME_MALFORMED:
			session_fatal(
				s, "08P01", "invalid message in place of a password: %s", err.text);
			return;
		case FRAME_OK:
			on_message(s, &f);
			consume_secret(&s->client.in, f.whole.len);
			break;
		}
	}
}
