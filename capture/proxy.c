/*
 * The listener and the list of sessions.
 */
#include "capture/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture/preflight_run.h"
#include "capture/session.h"
#include "capture/slow.h"
#include "capture/tls.h"
#include "capture/userlist.h"
#include "capture/relay.h"
#include "diffengine/rules_seen.h"
#include "diffengine/taint.h"
#include "wire/encode.h"

/* Memory of one comparison: both answers' rows as arrays of views. */
#define COMPARE_ARENA ((size_t)512 * 1024 * 1024)
/* Clients accepted in one turn of the loop, so that the others are served in between. */
#define ACCEPT_MAX 64

static bool parse_address(const struct settings *s, struct sockaddr_storage *to, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, s->listen_address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)s->listen_port);
		*len = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, s->listen_address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)s->listen_port);
		*len = sizeof(*v6);
		return true;
	}
	return false;
}

int proxy_listen(const struct settings *s, struct err *err)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, on = 1;

	if (!parse_address(s, &address, &len)) {
		err_set(err, "proxy.listen-address: \"%s\" is not an IP address",
			s->listen_address);
		return -1;
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_set(err, "no socket to listen on: %s", strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 512) < 0) {
		err_set(err, "cannot listen on %s port %d: %s; name another proxy.listen-port",
			s->listen_address, s->listen_port, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

bool proxy_open(struct proxy *p, const struct settings *s, struct err *err)
{
	p->listen_fd = -1;
	if (*s->listen_address) {
		p->listen_fd = proxy_listen(s, err);
		if (p->listen_fd < 0)
			return false;
	}
	return !s->unix_directory ||
	       unix_socket_open(&p->unix_socket, s->unix_directory, s->listen_port, err);
}

void proxy_close(struct proxy *p)
{
	if (p->listen_fd >= 0)
		close(p->listen_fd);
	p->listen_fd = -1;
	unix_socket_close(&p->unix_socket);
	tls_free(p->tls);
	userlist_free(p->users);
	rules_seen_free(p->rules_seen);
	preflight_run_free(p->preflight);
	p->tls = NULL;
	p->users = NULL;
	p->rules_seen = NULL;
	p->preflight = NULL;
}

static void refuse_client(int fd)
{
	struct encode_error error = {.severity = "FATAL",
		.sqlstate = "53300",
		.message = "sorry, too many clients already: proxy.max-connections is reached",
		.routine = "twinkly"};
	struct buf out;
	ssize_t sent = -1;

	buf_init(&out, 4096);
	if (encode_error(&out, BACKEND_ERROR_RESPONSE, &error))
		sent = send(fd, buf_bytes(&out).ptr, buf_len(&out), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		log_debug("a refused client did not wait for the reason");
	buf_fini(&out);
	close(fd);
}

static enum session_origin origin_of(const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;

	if (peer->ss_family == AF_UNIX)
		return ORIGIN_UNIX;
	if (peer->ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127)
		return ORIGIN_LOOPBACK;
	if (peer->ss_family == AF_INET6 &&
		(IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127)))
		return ORIGIN_LOOPBACK;
	return ORIGIN_REMOTE;
}

static void describe_peer(const struct sockaddr_storage *peer, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	unsigned port = 0;

	if (peer->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, address, sizeof(address));
		port = ntohs(v4->sin_port);
	} else if (peer->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof(address));
		port = ntohs(v6->sin6_port);
	} else {
		snprintf(out, size, "unix");
		return;
	}
	snprintf(out, size, "%s:%u", address, port);
}

static void accept_client(struct proxy *p, int fd, const struct sockaddr_storage *peer)
{
	char name[64];
	int on = 1;

	if (p->session_count >= p->settings->max_connections + PROXY_STARTUPS_MAX) {
		p->counts.refused++;
		refuse_client(fd);
		return;
	}
	if (peer->ss_family != AF_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	describe_peer(peer, name, sizeof(name));
	session_start(p, fd, name, origin_of(peer));
}

/* Out of descriptors: the spare one lets the client be told; left alone it would wake the loop
 * for ever. */
static void refuse_without_descriptor(struct proxy *p, int listen_fd)
{
	int fd;

	log_error("a client is refused: %s; raise the limit of open files (ulimit -n)",
		strerror(errno));
	if (p->spare_fd > 0)
		close(p->spare_fd);
	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		p->counts.refused++;
		refuse_client(fd);
	}
	p->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_listen(uv_poll_t *poll, int status, int events)
{
	struct proxy *p = poll->data;
	int listener = poll == &p->unix_poll ? p->unix_socket.fd : p->listen_fd;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(
			listener, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				refuse_without_descriptor(p, listener);
			else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				log_error("cannot accept a client: %s", strerror(errno));
			return;
		}
		accept_client(p, fd, &peer);
	}
}

bool proxy_admit(struct session *s)
{
	struct proxy *p = s->proxy;

	if (p->admitted >= p->settings->max_connections) {
		p->counts.refused++;
		return false;
	}
	s->is_admitted = true;
	p->admitted++;
	return true;
}

static void on_granted(struct turn_ticket *ticket)
{
	relay_on_granted(list_entry(ticket, struct session, ticket));
}

bool proxy_load_files(struct proxy *p, const struct settings *settings, struct err *err)
{
	if (settings->tls.mode != TLS_MODE_DISABLE) {
		p->tls = tls_new(settings->tls.cert, settings->tls.key, err);
		if (!p->tls)
			return false;
	}
	if (settings->auth == AUTH_SCRAM) {
		p->users = userlist_load(settings->auth_file, err);
		if (!p->users)
			return false;
	}
	return true;
}

static bool init_listeners(struct proxy *p)
{
	p->listen_poll.data = p->unix_poll.data = p;
	return (p->listen_fd < 0 || uv_poll_init(p->loop, &p->listen_poll, p->listen_fd) == 0) &&
	       (!p->unix_socket.is_open ||
		       uv_poll_init(p->loop, &p->unix_poll, p->unix_socket.fd) == 0);
}

static void stop_listening(struct proxy *p)
{
	if (p->listen_fd >= 0) {
		uv_close((uv_handle_t *)&p->listen_poll, NULL);
		close(p->listen_fd);
		p->listen_fd = -1;
	}
	if (p->unix_socket.is_open) {
		uv_close((uv_handle_t *)&p->unix_poll, NULL);
		unix_socket_close(&p->unix_socket);
	}
}

static void free_patterns(struct proxy *p)
{
	if (p->rules_seen && p->policy.compare.rules)
		rules_seen_take(p->rules_seen, p->policy.compare.rules);
	policy_fini(&p->policy);
	if (p->taint)
		p->counts.taint_omitted += taint_omitted(p->taint);
	taint_free(p->taint);
	p->taint = NULL;
	routing_free(p->routing);
	p->routing = NULL;
}

bool proxy_start(struct proxy *p, uv_loop_t *loop, const struct settings *settings, struct err *err)
{
	p->loop = loop;
	p->settings = settings;
	p->next_session = p->next_exchange = 1;
	p->began_wall_us = clock_wall_us();
	p->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	list_init(&p->sessions);
	p->truth = settings->truth;
	p->candidate = settings->candidate;
	turn_init(&p->turn, p->execution == EXECUTION_SERIAL, on_granted);
	arena_init(&p->arena, COMPARE_ARENA);
	p->started_wall_us = clock_wall_us();
	policy_set_time(&p->policy, p->started_wall_us, p->started_wall_us);
	p->routing = routing_new(settings->conf, err);
	p->taint = taint_new();
	p->rules_seen = rules_seen_new();
	if (!p->taint || !p->rules_seen)
		err_set(err, "out of memory");
	if (!p->routing || !p->taint || !p->rules_seen ||
		!policy_load(&p->policy, settings, settings->conf, err)) {
		free_patterns(p);
		return false;
	}
	if (!watch_init(p) || !init_listeners(p)) {
		free_patterns(p);
		return err_set(err, "the event loop cannot watch the listening socket");
	}
	uv_idle_init(loop, &p->reaper);
	p->reaper.data = p;
	if (p->listen_fd >= 0)
		uv_poll_start(&p->listen_poll, UV_READABLE, on_listen);
	if (p->unix_socket.is_open)
		uv_poll_start(&p->unix_poll, UV_READABLE, on_listen);
	return true;
}

static void stopped(struct proxy *p)
{
	if (p->is_stopped)
		return;
	p->is_stopped = true;
	watch_fini(p);
	slow_fini(p);
	uv_close((uv_handle_t *)&p->reaper, NULL);
	p->on_stopped(p);
}

static void on_reap(uv_idle_t *idle)
{
	struct proxy *p = idle->data;

	uv_idle_stop(idle);
	list_for_each (node, &p->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (s->is_marked) {
			p->admitted -= s->is_admitted;
			session_free(s);
			p->session_count--;
		} else {
			session_resume(s);
		}
	}
	if (p->is_stopping && list_is_empty(&p->sessions) && !preflight_run_is_busy(p))
		stopped(p);
}

void proxy_reap(struct proxy *p)
{
	uv_idle_start(&p->reaper, on_reap);
}

void proxy_stop(struct proxy *p, const char *why, bool is_forced)
{
	if (!p->is_stopping) {
		p->is_stopping = true;
		stop_listening(p);
	}
	p->stop_why = why;
	list_for_each (node, &p->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (s->is_marked || (!why && !is_forced))
			continue;
		if (session_is_answering(s) && !is_forced)
			continue; /* relay_pump ends it afterwards */
		if (s->exchange.is_open) {
			s->exchange.verdict =
				verdict_worst(s->exchange.verdict, VERDICT_INCONCLUSIVE);
			s->exchange.note = "the proxy was stopped before the answer";
		}
		session_fatal(s, "57P01", "%s", why);
		/* Not even a client that does not read holds the end up. */
		if (is_forced)
			session_end(s, why);
	}
	if (is_forced)
		preflight_run_stop(p);
	if (!p->is_stopped)
		proxy_reap(p);
}

void proxy_fini(struct proxy *p)
{
	if (p->spare_fd > 0)
		close(p->spare_fd);
	free_patterns(p);
	arena_fini(&p->arena);
}

struct session *proxy_find(struct proxy *p, uint32_t pid, uint32_t key)
{
	list_for_each (node, &p->sessions) {
		struct session *s = list_entry(node, struct session, node);

		if (s->state == SESSION_READY && !s->is_marked && s->pid == pid && s->key == key)
			return s;
	}
	return NULL;
}
