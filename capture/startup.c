/*
 * The first packets of a client: TLS and GSS requests, cancel requests, the startup packet;
 * then both backends connect with what the client asked for, and the client is greeted with
 * the source of truth's parameters. Protocol document: "Start-up", "Canceling Requests".
 */
#include "capture/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "capture/proxy.h"
#include "wire/decode.h"
#include "wire/encode.h"

#define STARTUP_SETTINGS_MAX 64

struct startup {    /* the parameters of a startup packet, as C strings */
	char *text; /* owns them: name NUL value NUL ... NUL */
	const char *user, *database, *options, *application_name, *replication;
	struct wire_pair settings[STARTUP_SETTINGS_MAX];
	size_t setting_count;
	const char *extensions[STARTUP_SETTINGS_MAX]; /* _pq_. names */
	size_t extension_count;
	bool has_too_many;
};

static void keep_parameter(struct startup *st, const char *name, const char *value)
{
	if (strcmp(name, "user") == 0)
		st->user = value;
	else if (strcmp(name, "database") == 0)
		st->database = value;
	else if (strcmp(name, "options") == 0)
		st->options = value;
	else if (strcmp(name, "application_name") == 0)
		st->application_name = value;
	else if (strcmp(name, "replication") == 0)
		st->replication = value;
	else if (strncmp(name, "_pq_.", 5) == 0 && st->extension_count < STARTUP_SETTINGS_MAX)
		st->extensions[st->extension_count++] = name;
	else if (st->setting_count < STARTUP_SETTINGS_MAX)
		st->settings[st->setting_count++] = (struct wire_pair){name, value};
	else
		st->has_too_many = true;
}

/* `parameters` ends with a NUL of its last value; copied so that views are C strings. */
static bool read_parameters(struct startup *st, struct bytes parameters)
{
	struct bytes rest, name, value;

	*st = (struct startup){.text = malloc(parameters.len + 1)};
	if (!st->text)
		return false;
	if (parameters.len)
		memcpy(st->text, parameters.ptr, parameters.len);
	st->text[parameters.len] = '\0';
	rest = bytes_of(st->text, parameters.len);
	while (startup_parameter_next(&rest, &name, &value))
		keep_parameter(st, (const char *)name.ptr, (const char *)value.ptr);
	if (!st->database || !*st->database)
		st->database = st->user;
	return true;
}

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
static void negotiate(struct session *s, const struct startup *st, uint32_t code)
{
	struct buf out;

	if (code == WIRE_PROTOCOL_3_0 && st->extension_count == 0)
		return;
	buf_init(&out, 2 * WIRE_STARTUP_MAX);
	if (encode_negotiate(&out, 0, st->extensions, st->extension_count))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
}

static void begin_session(struct session *s, const struct startup *st, struct bytes parameters)
{
	struct trace_session row = {.id = s->id,
		.user = s->user,
		.database = s->database,
		.application_name = s->application_name ? s->application_name : "",
		.client = s->address,
		.startup = parameters};
	struct backend_wishes wishes = {.user = s->user,
		.database = s->database,
		.options = st->options,
		.application_name = st->application_name,
		.settings = st->settings,
		.setting_count = st->setting_count};
	struct proxy *p = s->proxy;
	size_t window = (size_t)p->settings->window;

	row.started_us = record_now(&p->record);
	record_session(&p->record, &row);
	record_event(&p->record, s->id, "connect", s->address);
	p->counts.sessions++;
	s->state = SESSION_CONNECTING;
	s->truth.backend = backend_connect(p->loop, &p->truth, &wishes, window, answer_events(), s);
	s->candidate.backend =
		backend_connect(p->loop, &p->candidate, &wishes, window, answer_events(), s);
	if (!s->truth.backend || !s->candidate.backend)
		session_fatal(s, "53200", "twinkly is out of memory");
}

static void on_startup(struct session *s, const struct msg_startup *msg)
{
	struct startup st;

	if (msg->code >> 16 != 3) {
		session_fatal(s, "0A000",
			"unsupported frontend protocol %u.%u: server supports 3.0 to 3.0",
			msg->code >> 16, msg->code & 0xffff);
		return;
	}
	if (!read_parameters(&st, msg->parameters)) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	if (!st.user || !*st.user) {
		session_fatal(s, "28000", "no PostgreSQL user name specified in startup packet");
	} else if (st.has_too_many) {
		session_fatal(s, "54000", "more than %d parameters in the startup packet",
			STARTUP_SETTINGS_MAX);
	} else if (st.replication && strcmp(st.replication, "false") != 0 &&
		   strcmp(st.replication, "0") != 0 && strcmp(st.replication, "off") != 0 &&
		   strcmp(st.replication, "no") != 0) {
		session_fatal(s, "0A000",
			"twinkly does not relay replication connections; connect to the database "
			"itself");
	} else {
		s->user = copy_of(st.user);
		s->database = copy_of(st.database);
		s->application_name = copy_of(st.application_name);
		negotiate(s, &st, msg->code);
		if (s->user && s->database)
			begin_session(s, &st, msg->parameters);
		else
			session_fatal(s, "53200", "twinkly is out of memory");
	}
	free(st.text);
}

/* One packet; false when the rest of the buffer must wait or is not for us. */
static bool on_packet(struct session *s, const struct frame *f)
{
	struct msg_startup msg;
	bool goes_on = false;

	if (!decode_startup(f->body, &msg)) {
		session_fatal(s, "08P01", "invalid startup packet layout");
		return false;
	}
	switch (msg.code) {
	case WIRE_CODE_SSL:
	case WIRE_CODE_GSSENC:
		session_send(s, bytes_str("N"));
		goes_on = true;
		break;
	case WIRE_CODE_CANCEL:
		on_cancel(s, &msg);
		break;
	default:
		on_startup(s, &msg);
		break;
	}
	return goes_on;
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
}

static bool are_refusals_same(const struct backend *a, const struct backend *b)
{
	return a->state == BACKEND_REFUSED && b->state == BACKEND_REFUSED &&
	       a->refusal.sqlstate[0] != '\0' &&
	       strcmp(a->refusal.sqlstate, b->refusal.sqlstate) == 0;
}

/* What the server itself said, without where it was said. */
static const char *server_message(const struct backend_refusal *refusal)
{
	const char *text = strstr(refusal->why.text, "FATAL:");

	if (!text)
		return refusal->why.text;
	text += strlen("FATAL:");
	return text + strspn(text, " ");
}

static void refuse(struct session *s)
{
	const struct backend *truth = s->truth.backend, *candidate = s->candidate.backend;
	const struct backend *why = truth->state == BACKEND_REFUSED ? truth : candidate;

	s->proxy->counts.refused++;
	record_event(&s->proxy->record, s->id, "refused", why->refusal.why.text);
	if (are_refusals_same(truth, candidate))
		session_fatal(s, truth->refusal.sqlstate, "%s", server_message(&truth->refusal));
	else
		session_fatal(s, why->refusal.sqlstate[0] ? why->refusal.sqlstate : "08001",
			"twinkly cannot connect: %s", why->refusal.why.text);
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
	if (truth->state != BACKEND_READY || candidate->state != BACKEND_READY) {
		refuse(s);
		return;
	}
	note_version(s->proxy, truth, TRACE_TRUTH, &s->proxy->has_truth_version);
	note_version(s->proxy, candidate, TRACE_CANDIDATE, &s->proxy->has_candidate_version);
	greet(s);
}
