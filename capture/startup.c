/*
 * The first packets of a client: TLS and GSS requests, cancel requests, the startup packet;
 * then both backends connect with what the client asked for, and the client is greeted with
 * the source of truth's parameters. Protocol document: "Start-up", "Canceling Requests".
 */
#include "capture/startup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/auth.h"
#include "capture/preflight_run.h"
#include "capture/proxy.h"
#include "capture/seed.h"
#include "capture/tls.h"
#include "capture/session.h"
#include "capture/answer.h"
#include "capture/relay.h"
#include "wire/decode.h"
#include "wire/encode.h"

static char *copy_of(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void on_cancel(struct session *s, const struct msg_startup *msg)
{
	struct session *target = proxy_find(s->proxy, msg->cancel_pid, msg->cancel_key);

	if (target) {
		record_event(&s->proxy->record, target->id, "cancel", NULL);
		/* A side that has not been sent the unit yet is cancelled by the watch. */
		target->exchange.is_cancelled = target->exchange.is_open;
		if (target->truth.is_sent)
			backend_cancel(target->truth.backend);
		if (target->candidate.is_sent && !target->is_detached)
			backend_cancel(target->candidate.backend);
	}
	session_end(s, "cancel request");
}

/* Minor versions above 3.0 and _pq_. options are declined in the protocol's own way. */
static void negotiate(struct session *s, const struct startup_packet *packet, uint32_t code)
{
	struct buf out;

	if (code == WIRE_PROTOCOL_3_0 && packet->extension_count == 0)
		return;
	buf_init(&out, 2 * WIRE_STARTUP_MAX);
	if (encode_negotiate(&out, WIRE_PROTOCOL_3_0, packet->extensions, packet->extension_count))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
}

/* --- both backends connect --- */

static void begin_session(struct session *s)
{
	const struct startup_packet *packet = &s->auth->packet;
	struct proxy *p = s->proxy;
	struct trace_session row = {.id = s->id,
		.started_us = record_now(&p->record),
		.user = s->user,
		.database = s->database,
		.application_name = s->application_name ? s->application_name : "",
		.client = s->address,
		.startup = bytes_of(packet->text, packet->len)};

	s->is_recorded = true;
	record_session(&p->record, &row);
	record_event(&p->record, s->id, "connect", s->address);
	p->counts.sessions++;
}

static bool is_given(const char *text)
{
	return text && *text;
}

/* A passfile goes before what the client knows, unless it turned out to have nothing. */
static bool takes_clients_password(const struct side *side, const struct backend_target *target)
{
	if (is_given(target->password))
		return false;
	return !target->passfile || (side->backend && side->backend->refusal.needs_password);
}

static bool connect_side(
	struct session *s, struct side *side, const struct backend_target *target, bool *has_it)
{
	const struct startup_packet *packet = &s->auth->packet;
	struct backend_wishes wishes = {.session = (long long)s->id,
		.user = s->user,
		.database = s->database,
		.options = packet->options,
		.application_name = packet->application_name,
		.settings = packet->settings,
		.setting_count = packet->setting_count};
	struct proxy *p = s->proxy;

	if (side->backend && side->backend->state == BACKEND_READY)
		return true;
	*has_it = s->auth->password && takes_clients_password(side, target);
	if (*has_it)
		wishes.password = s->auth->password;
	backend_close(side->backend);
	side->backend = backend_connect(
		p->loop, target, &wishes, (size_t)p->settings->window, answer_events(), s);
	return side->backend != NULL;
}

void startup_connect(struct session *s)
{
	struct proxy *p = s->proxy;

	if (!s->is_recorded)
		begin_session(s);
	s->state = SESSION_CONNECTING;
	if (!connect_side(s, &s->truth, &p->truth, &s->auth->truth_has_it) ||
		!connect_side(s, &s->candidate, &p->candidate, &s->auth->candidate_has_it))
		session_fatal(s, "53200", "twinkly is out of memory");
}

/* --- the startup packet --- */

/* False: refused. */
static bool is_acceptable(struct session *s, const struct startup_packet *packet)
{
	if (s->proxy->settings->tls.mode == TLS_MODE_REQUIRE && !s->client.ssl &&
		s->origin != ORIGIN_UNIX)
		session_fatal(s, "28000",
			"twinkly takes clients only with TLS (proxy.tls.mode = require): connect "
			"with sslmode=require");
	else if (!packet->user || !*packet->user)
		session_fatal(s, "28000", "no PostgreSQL user name specified in startup packet");
	else if (packet->has_too_many)
		session_fatal(s, "54000", "more than %d parameters in the startup packet",
			STARTUP_SETTINGS_MAX);
	else if (startup_packet_is_replication(packet))
		session_fatal(s, "0A000",
			"twinkly does not relay replication connections; connect to the database "
			"itself");
	else if (!proxy_admit(s))
		session_fatal(s, "53300",
			"sorry, too many clients already: proxy.max-connections is reached");
	else
		return true;
	return false;
}

static void on_startup(struct session *s, const struct msg_startup *msg)
{
	struct startup_packet *packet = &s->auth->packet;

	if (msg->code >> 16 != 3) {
		session_fatal(s, "0A000",
			"unsupported frontend protocol %u.%u: server supports 3.0 to 3.0",
			msg->code >> 16, msg->code & 0xffff);
		return;
	}
	if (!startup_packet_read(packet, msg->parameters)) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	if (!is_acceptable(s, packet))
		return;
	s->user = copy_of(packet->user);
	s->database = copy_of(packet->database);
	s->application_name = copy_of(packet->application_name);
	if (!s->user || !s->database) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	negotiate(s, packet, msg->code);
	if (!s->is_marked)
		auth_begin(s);
}

/* --- requests for encryption --- */

/* The SSL object is freed with the session. */
static void begin_tls(struct session *s)
{
	struct ssl_st *ssl;
	struct err err;

	session_send(s, bytes_str("S"));
	if (s->is_marked)
		return;
	/* What waits in the buffer would go out encrypted. */
	ssl = buf_len(&s->client.out) == 0 ? tls_accept(s->proxy->tls, s->client.fd) : NULL;
	if (!ssl) {
		session_end(s, "TLS cannot begin");
		return;
	}
	if (!link_attach(&s->client, s->client.fd, ssl, &err)) {
		tls_end(ssl);
		session_end(s, err.text);
	}
}

/* False: the request is not answered as such (PostgreSQL takes a second one for an unknown
 * version of the protocol). */
static bool on_tls_request(struct session *s, const struct frame *f)
{
	if (s->auth->has_asked_tls)
		return false;
	s->auth->has_asked_tls = true;
	if (!s->proxy->tls || s->origin == ORIGIN_UNIX) {
		session_send(s, bytes_str("N"));
	} else if (buf_len(&s->client.in) > f->whole.len) {
		/* Somebody in between may have put it there (CVE-2021-23222). */
		session_fatal(s, "08P01", "received unencrypted data after SSL request");
	} else {
		s->auth->has_asked_gss = true;
		begin_tls(s);
	}
	return true;
}

static bool on_gss_request(struct session *s)
{
	if (s->auth->has_asked_gss)
		return false;
	s->auth->has_asked_gss = true;
	session_send(s, bytes_str("N"));
	return true;
}

/* One packet; false when the rest of the buffer must wait or is not for us. */
static bool on_packet(struct session *s, const struct frame *f)
{
	struct msg_startup msg;

	if (!decode_startup(f->body, &msg)) {
		session_fatal(s, "08P01", "invalid startup packet layout");
		return false;
	}
	if ((msg.code == WIRE_CODE_SSL && on_tls_request(s, f)) ||
		(msg.code == WIRE_CODE_GSSENC && on_gss_request(s)))
		return true;
	if (msg.code == WIRE_CODE_CANCEL)
		on_cancel(s, &msg);
	else
		on_startup(s, &msg);
	return false;
}

void startup_pump(struct session *s)
{
	struct frame f;
	struct err err;
	bool goes_on = true;

	while (goes_on && !s->is_marked && s->state == SESSION_STARTUP) {
		switch (frame_startup(buf_bytes(&s->client.in), &f, &err)) {
		case FRAME_NEED_MORE:
			return;
		case FRAME_MALFORMED:
			session_fatal(s, "08P01", "invalid startup packet: %s", err.text);
			return;
		case FRAME_OK:
			goes_on = on_packet(s, &f);
			buf_consume(&s->client.in, f.whole.len);
			break;
		}
	}
	auth_pump(s); /* the client's answer may be there already */
}

static bool are_refusals_same(const struct backend *a, const struct backend *b)
{
	return a->state == BACKEND_REFUSED && b->state == BACKEND_REFUSED &&
	       a->refusal.sqlstate[0] != '\0' &&
	       strcmp(a->refusal.sqlstate, b->refusal.sqlstate) == 0;
}

/* Cuts *text at `label`; what follows it, or NULL. */
static const char *cut_field(char *text, const char *label)
{
	char *mark = strstr(text, label);

	if (!mark)
		return NULL;
	*mark = '\0';
	return mark + strlen(label);
}

/* What the server itself said in its last attempt, field by field as backend_trace_refusal
 * has joined them, without who said it and where. Changes the text. */
static struct encode_error server_error(char *text, const char *sqlstate)
{
	static const char mark[] = "FATAL:  ";
	struct encode_error error = {.sqlstate = sqlstate, .message = text};
	char *at = text;

	while ((at = strstr(at, mark))) {
		at += strlen(mark);
		error.message = at;
	}
	text += error.message - text;
	cut_field(text, "; CONTEXT:  ");
	error.hint = cut_field(text, "; HINT:  ");
	error.detail = cut_field(text, "; DETAIL:  ");
	return error;
}

/* Of two refusals the client is told of the one that no password would mend. */
static int trouble(const struct backend *b)
{
	if (b->state == BACKEND_READY)
		return 0;
	return b->refusal.needs_password ? 1 : 2;
}

static void refuse(struct session *s)
{
	const struct backend *truth = s->truth.backend, *candidate = s->candidate.backend;
	const struct backend *why = trouble(candidate) > trouble(truth) ? candidate : truth;
	struct err text = why->refusal.why;
	struct encode_error error;

	s->proxy->counts.refused++;
	record_event(&s->proxy->record, s->id, "refused", text.text);
	if (are_refusals_same(truth, candidate)) {
		error = server_error(text.text, truth->refusal.sqlstate);
		session_refuse(s, &error);
	} else if (why->refusal.needs_password) {
		session_fatal(s, "28P01",
			"twinkly cannot connect: %s (neither the configuration nor the client "
			"gives one)",
			text.text);
	} else {
		session_fatal(s, why->refusal.sqlstate[0] ? why->refusal.sqlstate : "08001",
			"twinkly cannot connect: %s", text.text);
	}
}

/* A side that is ready, or one that would be with a password. */
static bool could_be_ready(const struct backend *b)
{
	return trouble(b) < 2;
}

/* Ready, or not yet told the password that the client has given. */
static bool would_profit(const struct side *side, const struct backend_target *target, bool has_it)
{
	return side->backend->state == BACKEND_READY || (!has_it && !is_given(target->password));
}

static bool can_try_again(const struct session *s)
{
	const struct auth *a = s->auth;

	return a->password && would_profit(&s->truth, &s->proxy->truth, a->truth_has_it) &&
	       would_profit(&s->candidate, &s->proxy->candidate, a->candidate_has_it);
}

/* Degraded mode: the truth is enough. */
static bool can_go_alone(const struct session *s)
{
	return !s->proxy->settings->require_secondary && s->truth.backend->state == BACKEND_READY &&
	       s->candidate.backend->state == BACKEND_REFUSED &&
	       !s->candidate.backend->refusal.needs_password;
}

static void on_not_ready(struct session *s)
{
	if (!could_be_ready(s->truth.backend) || !could_be_ready(s->candidate.backend)) {
		refuse(s);
	} else if (!s->auth->password && s->proxy->settings->auth == AUTH_TRUST) {
		auth_ask_password(s); /* trusted clients are on this machine */
		auth_pump(s);
	} else if (can_try_again(s)) {
		startup_connect(s);
	} else {
		refuse(s);
	}
}

/* With proxy.auth = password it is the databases that check the password. Where none does (they
 * trust the proxy, or have passwords of their own), only this machine's clients may come in. */
static bool is_checked(const struct session *s)
{
	const struct auth *a = s->auth;

	return s->proxy->settings->auth != AUTH_PASSWORD || s->origin != ORIGIN_REMOTE ||
	       (a->truth_has_it && s->truth.backend->has_checked_password) ||
	       (a->candidate_has_it && s->candidate.backend->has_checked_password);
}

static void note_version(
	struct proxy *p, const struct backend *b, enum trace_role role, bool *known)
{
	char version[128];
	struct trace_backend row = {.role = role,
		.name = b->target->name,
		.host = b->target->host,
		.port = b->target->port};

	if (*known)
		return;
	*known = true;
	row.server_version = backend_parameter(b, "server_version", version, sizeof(version));
	record_backend(&p->record, &row);
	policy_set_version(&p->policy, role == TRACE_TRUTH, row.server_version);
}

/* The client sees the source of truth's pid, so that what pg_backend_pid() and notifications
 * say agrees with it, and a cancel key of our own. */
static void greet(struct session *s)
{
	struct buf out;
	size_t ceiling = s->client.in.ceiling;

	s->truth.backend->link.in.ceiling = s->candidate.backend->link.in.ceiling = ceiling;

	s->pid = (uint32_t)s->truth.backend->pid;
	if (getrandom(&s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key)) {
		session_fatal(s, "58000", "no random bytes for a cancel key");
		return;
	}
	buf_init(&out, 4096 + buf_len(&s->truth.backend->parameters));
	if (encode_authentication(&out, 0, bytes_of(NULL, 0)) &&
		buf_append_bytes(&out, buf_bytes(&s->truth.backend->parameters)) &&
		encode_key_data(&out, s->pid, s->key) && encode_ready(&out, 'I'))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
	s->packet = s->auth->packet;
	s->auth->packet = (struct startup_packet){.text = NULL};
	auth_free(s->auth);
	s->auth = NULL;
	s->state = SESSION_READY;
	relay_pump(s);
	session_update(s);
}

void startup_on_connected(struct session *s)
{
	const struct backend *truth = s->truth.backend, *candidate = s->candidate.backend;

	if (s->is_marked || s->state != SESSION_CONNECTING || !truth || !candidate ||
		truth->state == BACKEND_CONNECTING || candidate->state == BACKEND_CONNECTING)
		return;
	if (can_go_alone(s)) {
		session_go_alone(s, candidate->refusal.why.text);
	} else if (truth->state != BACKEND_READY || candidate->state != BACKEND_READY) {
		on_not_ready(s);
		return;
	}
	if (!is_checked(s)) {
		s->proxy->counts.refused++;
		session_fatal(s, "28000",
			"neither database has checked the client's password, so twinkly cannot "
			"let it in from another machine");
		return;
	}
	note_version(s->proxy, truth, TRACE_TRUTH, &s->proxy->has_truth_version);
	if (!s->is_alone)
		note_version(
			s->proxy, candidate, TRACE_CANDIDATE, &s->proxy->has_candidate_version);
	if (!s->is_alone)
		preflight_run_begin(s);
	if (!seed_begin(s))
		greet(s);
}

void startup_on_seeded(struct session *s)
{
	s->is_seeding = false;
	greet(s);
}
