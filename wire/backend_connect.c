/*
 * From wishes to a connection that is ready: names are looked up without blocking the loop
 * (libpq would block), then libpq connects and authenticates step by step, whenever its
 * socket is ready. One attempt may open several sockets (addresses, TLS and then plain).
 */
#include "wire/backend_impl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Of startup strings; the server itself refuses packets above WIRE_STARTUP_MAX. */
#define STARTUP_MAX   65536
#define ADDRESSES_MAX 16 /* of one name */

/* Replaces passfile where there is none: libpq would read ~/.pgpass for NULL and "", and
 * warn about /dev/null. A file below a device cannot exist. */
#define NO_PASSFILE "/dev/null/none"

/* --- what the session wants --- */

/* Appends " -c name=value" as the server's pg_split_opts will take it apart. */
static bool add_option(struct buf *out, const struct wire_pair *pair)
{
	bool ok = buf_append_str(out, " -c ");
	const char *const parts[] = {pair->name, "=", pair->value};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (const char *c = parts[i]; ok && *c; c++) {
			if (*c == '\\' || isspace((unsigned char)*c))
				ok = buf_append_byte(out, '\\');
			ok = ok && buf_append_byte(out, (unsigned char)*c);
		}
	}
	return ok;
}

/* A copy that outlives the wishes; NULL and "" stay "not given". */
static bool keep(struct backend_startup *startup, const char **slot, const char *value)
{
	if (!value || !*value)
		return true;
	*slot = arena_copy_str(&startup->strings, bytes_str(value));
	return *slot != NULL;
}

/* Settings become options, but for two that libpq has a keyword for. */
static bool keep_settings(struct backend_startup *startup, const struct backend_wishes *wishes)
{
	struct buf options;
	bool ok;

	buf_init(&options, STARTUP_MAX);
	ok = buf_append_str(&options, wishes->options ? wishes->options : "");
	for (size_t i = 0; ok && i < wishes->setting_count; i++) {
		const struct wire_pair *pair = &wishes->settings[i];

		if (strcmp(pair->name, "client_encoding") == 0)
			ok = keep(startup, &startup->client_encoding, pair->value);
		else if (strcmp(pair->name, "application_name") == 0)
			ok = keep(startup, &startup->application_name, pair->value);
		else
			ok = add_option(&options, pair);
	}
	ok = ok && keep(startup, &startup->options, buf_cstr(&options));
	buf_fini(&options);
	return ok;
}

static const char *first_given(const char *a, const char *b)
{
	return a && *a ? a : b;
}

static bool keep_password(struct backend_startup *startup, const char *password)
{
	startup->password = password ? strdup(password) : NULL;
	return startup->password || !password;
}

/* The session's user names its database where it gives none, also if the target's user
 * takes its place. */
static bool keep_wishes(struct backend_impl *impl, const struct backend_wishes *wishes)
{
	const struct backend_target *target = impl->front.target;
	struct backend_startup *startup = &impl->startup;
	const char *database = first_given(wishes->database, wishes->user);

	return keep(startup, &startup->user, first_given(target->user, wishes->user)) &&
	       keep(startup, &startup->database, first_given(target->database, database)) &&
	       keep(startup, &startup->application_name, wishes->application_name) &&
	       keep_password(startup, wishes->password) && keep_settings(startup, wishes);
}

/* --- the end of connecting --- */

void backend_connect_fini(struct backend_impl *impl)
{
	backend_trace_close(&impl->trace);
	if (impl->startup.password)
		explicit_bzero(impl->startup.password, strlen(impl->startup.password));
	free(impl->startup.password);
	impl->startup.password = NULL;
	arena_fini(&impl->startup.strings);
}

/* Fills in the refusal; the owner hears of it in the loop's next turn, never inside of its
 * own call. */
static void refuse_later(struct backend_impl *impl, const char *text)
{
	backend_say_why(impl, text);
	impl->is_refused = true;
	backend_wake(impl, 0);
}

static void refuse_now(struct backend_impl *impl)
{
	uv_timer_stop(&impl->timer);
	backend_unwatch(impl);
	backend_connect_fini(impl);
	PQfinish(impl->conn);
	impl->conn = NULL;
	impl->front.state = BACKEND_REFUSED;
	impl->front.events->on_connected(&impl->front, impl->front.context);
}

static void refuse_by_libpq(struct backend_impl *impl)
{
	struct err why;

	backend_trace_refusal(PQerrorMessage(impl->conn), &why, impl->front.refusal.sqlstate);
	impl->front.refusal.needs_password = PQconnectionNeedsPassword(impl->conn);
	backend_say_why(impl, why.text);
	refuse_now(impl);
}

void backend_connect_timer(struct backend_impl *impl)
{
	char text[80];

	if (!impl->is_refused) {
		snprintf(text, sizeof(text), "no connection within %.1f s (connect timeout)",
			(double)impl->front.target->connect_timeout_us / 1e6);
		backend_say_why(impl, text);
	}
	refuse_now(impl);
}

/* --- libpq's steps --- */

/* libpq closes what its descriptor stands for, and says Terminate to it: so the descriptor is
 * made to stand for /dev/null, and the connection lives on under ours. */
static bool take_socket(struct backend_impl *impl, struct err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool ok;

	impl->socket = fcntl(PQsocket(impl->conn), F_DUPFD_CLOEXEC, 0);
	ok = null >= 0 && impl->socket >= 0 && dup3(null, PQsocket(impl->conn), O_CLOEXEC) >= 0;
	if (!ok)
		err_set(err, "the socket cannot be taken over: %s", strerror(errno));
	if (null >= 0)
		close(null);
	if (ok) {
		PQfinish(impl->conn);
		impl->conn = NULL;
	}
	return ok;
}

static bool take_over(struct backend_impl *impl, struct err *err)
{
	struct backend *b = &impl->front;

	PQuntrace(impl->conn);
	if (!backend_trace_take(&impl->trace, &b->parameters, err))
		return false;
	/* So that the Terminate of PQfinish cannot block the loop on a full socket. */
	if (PQsetnonblocking(impl->conn, 1) != 0)
		return err_set(err, "libpq cannot make its connection non-blocking");
	b->pid = PQbackendPID(impl->conn);
	b->has_checked_password = PQconnectionUsedPassword(impl->conn);
	impl->cancel_request = PQgetCancel(impl->conn);
	if (PQpass(impl->conn) && PQpass(impl->conn)[0])
		impl->password = strdup(PQpass(impl->conn));
	if (PQsslInUse(impl->conn))
		return link_attach(
			&b->link, PQsocket(impl->conn), PQsslStruct(impl->conn, "OpenSSL"), err);
	return take_socket(impl, err) && link_attach(&b->link, impl->socket, NULL, err);
}

static void become_ready(struct backend_impl *impl)
{
	struct backend *b = &impl->front;
	struct err err;

	if (!take_over(impl, &err)) {
		backend_say_why(impl, err.text);
		refuse_now(impl);
		return;
	}
	uv_timer_stop(&impl->timer);
	backend_connect_fini(impl);
	b->state = BACKEND_READY;
	b->events->on_connected(b, b->context);
	backend_update(b);
}

void backend_connect_step(struct backend_impl *impl)
{
	int events = UV_READABLE;

	backend_unwatch(impl);
	switch (PQconnectPoll(impl->conn)) {
	case PGRES_POLLING_OK:
		become_ready(impl);
		return;
	case PGRES_POLLING_FAILED:
		refuse_by_libpq(impl);
		return;
	case PGRES_POLLING_WRITING:
		events = UV_WRITABLE;
		break;
	case PGRES_POLLING_READING:
	case PGRES_POLLING_ACTIVE: /* no longer used by libpq */
		break;
	}
	if (!backend_watch(impl, PQsocket(impl->conn), events)) {
		backend_say_why(impl, "the event loop does not take the socket");
		refuse_now(impl);
	}
}

static void on_notice(void *context, const char *message)
{
	struct backend_impl *impl = context;

	log_debug("%s: notice while connecting: %s", impl->who, message);
}

static PGconn *start_libpq(const struct backend_impl *impl)
{
	const struct backend_target *target = impl->front.target;
	const struct backend_startup *startup = &impl->startup;
	char port[16];
	const struct wire_pair pairs[] = {
		{"host", startup->hosts},
		{"hostaddr", startup->addresses},
		{"port", port}, /* one for all hosts */
		{"user", startup->user},
		{"password", first_given(target->password, startup->password)},
		{"passfile", target->passfile ? target->passfile : NO_PASSFILE},
		{"dbname", startup->database},
		{"options", startup->options},
		{"application_name", startup->application_name},
		{"client_encoding", startup->client_encoding},
		{"sslmode", target->sslmode},
		{"sslrootcert", target->sslrootcert},
		/* A stream encrypted by GSS could not be taken over. */
		{"gssencmode", "disable"},
		{"target_session_attrs", "any"},
	};
	const char *keywords[ARRAY_LEN(pairs) + 1] = {NULL};
	const char *values[ARRAY_LEN(pairs) + 1] = {NULL};

	snprintf(port, sizeof(port), "%d", target->port);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		keywords[i] = pairs[i].name;
		values[i] = pairs[i].value;
	}
	/* No value is taken for a connection string, whatever a client calls its database. */
	return PQconnectStartParams(keywords, values, 0);
}

/* The addresses are known; may run inside of backend_connect. */
static void start_connection(struct backend_impl *impl)
{
	struct err why;

	impl->conn = start_libpq(impl);
	if (!impl->conn || !backend_trace_open(&impl->trace)) {
		refuse_later(impl, "out of memory");
		return;
	}
	PQsetErrorVerbosity(impl->conn, PQERRORS_VERBOSE); /* for the SQLSTATE */
	PQsetNoticeProcessor(impl->conn, on_notice, impl);
	PQtrace(impl->conn, impl->trace.file);
	PQsetTraceFlags(impl->conn, PQTRACE_SUPPRESS_TIMESTAMPS);
	if (PQstatus(impl->conn) == CONNECTION_BAD) {
		backend_trace_refusal(
			PQerrorMessage(impl->conn), &why, impl->front.refusal.sqlstate);
		refuse_later(impl, why.text);
	} else if (!backend_watch(impl, PQsocket(impl->conn), UV_WRITABLE)) {
		refuse_later(impl, "the event loop does not take the socket");
	}
}

/* --- names to addresses --- */

/* The name once per address, since libpq pairs both lists. */
static bool list_addresses(struct backend_impl *impl, const struct addrinfo *found)
{
	struct backend_startup *startup = &impl->startup;
	const char *name = impl->front.target->host;
	struct arena *strings = &startup->strings;
	char address[NI_MAXHOST];
	int count = 0;

	for (const struct addrinfo *it = found; it && count < ADDRESSES_MAX; it = it->ai_next) {
		if (getnameinfo(it->ai_addr, it->ai_addrlen, address, sizeof(address), NULL, 0,
			    NI_NUMERICHOST) != 0)
			continue;
		startup->hosts = count == 0 ? arena_printf(strings, "%s", name)
					    : arena_printf(strings, "%s,%s", startup->hosts, name);
		startup->addresses =
			count == 0 ? arena_printf(strings, "%s", address)
				   : arena_printf(strings, "%s,%s", startup->addresses, address);
		if (!startup->hosts || !startup->addresses)
			return false;
		count++;
	}
	return count > 0;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct backend_impl *impl = request->data;
	char text[160];

	impl->is_resolving = false;
	if (!impl->is_closed && impl->front.state == BACKEND_CONNECTING) {
		if (status != 0) {
			snprintf(text, sizeof(text), "cannot look up the host's address: %s",
				uv_strerror(status));
			refuse_later(impl, text);
		} else if (!list_addresses(impl, found)) {
			refuse_later(impl, "the host's addresses cannot be used");
		} else {
			start_connection(impl);
		}
	}
	uv_freeaddrinfo(found);
	backend_release(impl);
}

static bool needs_lookup(const char *host)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	return host[0] != '/' && host[0] != '@' && uv_ip4_addr(host, 0, &in4) != 0 &&
	       uv_ip6_addr(host, 0, &in6) != 0;
}

static void look_up(struct backend_impl *impl)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	int failed;

	impl->resolver.data = impl;
	failed = uv_getaddrinfo(
		impl->loop, &impl->resolver, on_resolved, impl->front.target->host, NULL, &hints);
	if (failed) {
		refuse_later(impl, uv_strerror(failed));
		return;
	}
	impl->is_resolving = true;
	impl->users++;
}

void backend_connect_start(struct backend_impl *impl, const struct backend_wishes *wishes)
{
	const struct backend_target *target = impl->front.target;
	int64_t timeout_ms = (target->connect_timeout_us + 999) / 1000;

	arena_init(&impl->startup.strings, STARTUP_MAX * 4);
	uv_update_time(impl->loop);
	if (timeout_ms > 0)
		backend_wake(impl, (uint64_t)timeout_ms);
	if (!keep_wishes(impl, wishes)) {
		refuse_later(impl, "the session's startup parameters are too long");
	} else if (needs_lookup(target->host)) {
		look_up(impl);
	} else {
		impl->startup.hosts = target->host;
		start_connection(impl);
	}
}
