/*
 * libmicrohttpd on the libuv loop: its epoll descriptor says when it has something to do, a timer
 * when it wants to look without that (a connection that is silent for too long).
 */
#include "capture/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/metrics_page.h"
#include "capture/proxy.h"

#define CLIENTS_MAX      16
#define PATIENCE_SECONDS 10
#define REQUEST_MAX      ((size_t)16 * 1024)
#define PAGE_MAX         ((size_t)256 * 1024)

struct metrics {
	struct proxy *proxy;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned clients; /* connections after the last turn */
	int handles;      /* that are not closed yet */
};

static bool bind_to(int fd, const struct settings *s)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)s->metrics_port)};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)s->metrics_port)};

	if (inet_pton(AF_INET, s->metrics_address, &v4.sin_addr) == 1)
		return bind(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0;
	if (inet_pton(AF_INET6, s->metrics_address, &v6.sin6_addr) == 1)
		return bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0;
	errno = EAFNOSUPPORT; /* settings_load has refused it */
	return false;
}

int metrics_listen(const struct settings *s, struct err *err)
{
	int family = strchr(s->metrics_address, ':') ? AF_INET6 : AF_INET, on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		err_set(err, "no socket for monitoring.metrics: %s", strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind_to(fd, s) && listen(fd, CLIENTS_MAX) == 0)
		return fd;
	err_set(err, "cannot serve metrics on %s port %d: %s; name another monitoring.metrics.port",
		s->metrics_address, s->metrics_port, strerror(errno));
	close(fd);
	return -1;
}

/* --- replies --- */

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, struct buf *body)
{
	/* Copied; the cast is for the library's missing const. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		buf_len(body), (void *)(uintptr_t)buf_bytes(body).ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (!response)
		return MHD_NO;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		    "text/plain; version=0.0.4; charset=utf-8") == MHD_YES &&
		(status != MHD_HTTP_METHOD_NOT_ALLOWED ||
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") ==
				MHD_YES))
		result = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_page(const struct metrics *m, struct MHD_Connection *c)
{
	struct metrics_page page;
	enum MHD_Result result;
	struct buf text;

	buf_init(&text, PAGE_MAX);
	metrics_page_take(m->proxy, &page);
	result = metrics_page_write(&page, &text) ? reply(c, MHD_HTTP_OK, &text) : MHD_NO;
	buf_fini(&text);
	return result;
}

static enum MHD_Result reply_error(struct MHD_Connection *c, unsigned status, const char *why)
{
	enum MHD_Result result;
	struct buf text;

	buf_init(&text, 1024);
	result = buf_append_str(&text, why) ? reply(c, status, &text) : MHD_NO;
	buf_fini(&text);
	return result;
}

/* Called for the head of a request, then for its body: answered at the first call. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *body, size_t *body_len, void **state)
{
	(void)version;
	(void)body;
	(void)body_len;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_error(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (strcmp(url, "/metrics") != 0)
		return reply_error(c, MHD_HTTP_NOT_FOUND, "the metrics are at /metrics\n");
	return reply_page(context, c);
}

/* --- the loop --- */

static void on_timer(uv_timer_t *timer);

/* The library listens again, after CLIENTS_MAX was reached, in the turn after the one in which a
 * connection has ended. */
static bool has_fewer_clients(struct metrics *m)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	unsigned before = m->clients;

	m->clients = info ? info->num_connections : 0;
	return m->clients < before;
}

static void serve(struct metrics *m)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(m->daemon);
	if (has_fewer_clients(m))
		MHD_run(m->daemon);
	if (MHD_get_timeout(m->daemon, &ms) == MHD_YES)
		uv_timer_start(&m->timer, on_timer, ms, 0);
	else
		uv_timer_stop(&m->timer);
}

static void on_timer(uv_timer_t *timer)
{
	serve(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	serve(poll->data);
}

static void on_log(void *context, const char *fmt, va_list args) ATTR_PRINTF(2, 0);

static void on_log(void *context, const char *fmt, va_list args)
{
	char text[256];

	(void)context;
	vsnprintf(text, sizeof(text), fmt, args);
	log_debug("metrics: %s", text);
}

static struct MHD_Daemon *start_daemon(struct metrics *m, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, m,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)PATIENCE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_MAX,
		MHD_OPTION_END);
}

static bool watch_daemon(struct metrics *m)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || uv_poll_init(m->proxy->loop, &m->poll, info->epoll_fd) != 0)
		return false;
	uv_timer_init(m->proxy->loop, &m->timer);
	m->poll.data = m->timer.data = m;
	m->handles = 2;
	uv_poll_start(&m->poll, UV_READABLE, on_poll);
	return true;
}

struct metrics *metrics_start(struct proxy *p, int fd, struct err *err)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m) {
		close(fd);
		err_set(err, "out of memory");
		return NULL;
	}
	m->proxy = p;
	/* Where this fails the library has closed the socket. */
	m->daemon = start_daemon(m, fd);
	if (!m->daemon || !watch_daemon(m)) {
		if (m->daemon)
			MHD_stop_daemon(m->daemon);
		free(m);
		err_set(err, "the metrics cannot be served: libmicrohttpd does not start");
		return NULL;
	}
	return m;
}

static void on_closed(uv_handle_t *handle)
{
	struct metrics *m = handle->data;

	if (--m->handles == 0)
		free(m);
}

void metrics_stop(struct metrics *m)
{
	if (!m)
		return;
	/* The descriptor leaves the loop before the library closes it. */
	uv_close((uv_handle_t *)&m->poll, on_closed);
	uv_close((uv_handle_t *)&m->timer, on_closed);
	MHD_stop_daemon(m->daemon);
}
