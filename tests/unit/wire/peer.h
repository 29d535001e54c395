/*
 * A server for backend_test: a thread that accepts on 127.0.0.1 and plays one script per
 * connection, with blocking calls. What it finds wrong ends the test program.
 */
#ifndef TESTS_UNIT_WIRE_PEER_H
#define TESTS_UNIT_WIRE_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/encode.h"
#include "wire/frame.h"

struct peer;
typedef void peer_script(struct peer *peer, int fd);

struct peer {
	int listener, port;
	int connections; /* how many to serve before the thread ends */
	peer_script *script;
	pthread_t thread;
	struct buf received; /* all bytes of the last connection; read it after peer_join */
};

#define PEER_REQUIRE(condition)                                                               \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "%s:%d: peer: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

static inline void *peer_main(void *context)
{
	struct peer *peer = context;

	for (int i = 0; i < peer->connections; i++) {
		int fd = accept(peer->listener, NULL, NULL), on = 1;

		PEER_REQUIRE(fd >= 0);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		buf_reset(&peer->received);
		peer->script(peer, fd);
		close(fd);
	}
	return NULL;
}

static inline void peer_start(struct peer *peer, peer_script *script, int connections)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*peer = (struct peer){.script = script, .connections = connections};
	buf_init(&peer->received, 64 << 20);
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	PEER_REQUIRE(bind(peer->listener, (struct sockaddr *)&address, len) == 0);
	PEER_REQUIRE(listen(peer->listener, 8) == 0);
	PEER_REQUIRE(getsockname(peer->listener, (struct sockaddr *)&address, &len) == 0);
	peer->port = ntohs(address.sin_port);
	if (connections > 0)
		PEER_REQUIRE(pthread_create(&peer->thread, NULL, peer_main, peer) == 0);
}

static inline void peer_join(struct peer *peer)
{
	if (peer->connections > 0)
		pthread_join(peer->thread, NULL);
	peer->connections = 0;
}

static inline void peer_stop(struct peer *peer)
{
	peer_join(peer);
	close(peer->listener);
	buf_fini(&peer->received);
}

/* Reads once, at most `max`; false at the end of the connection. */
static inline bool peer_read(struct peer *peer, int fd, size_t max)
{
	ssize_t n;

	PEER_REQUIRE(buf_reserve(&peer->received, max));
	n = recv(fd, buf_tail(&peer->received), max, 0);
	if (n > 0)
		buf_added(&peer->received, (size_t)n);
	return n > 0;
}

/* Whether the connection goes on until `received` holds `len` bytes. */
static inline bool peer_read_until(struct peer *peer, int fd, size_t len)
{
	while (buf_len(&peer->received) < len)
		if (!peer_read(peer, fd, len - buf_len(&peer->received)))
			return false;
	return true;
}

static inline void peer_read_to_end(struct peer *peer, int fd)
{
	while (peer_read(peer, fd, 65536))
		;
}

/* Reads the startup packet and nothing after it. */
static inline void peer_read_startup(struct peer *peer, int fd)
{
	struct frame frame;

	PEER_REQUIRE(peer_read_until(peer, fd, 4));
	PEER_REQUIRE(frame_startup(buf_bytes(&peer->received), &frame, NULL) == FRAME_NEED_MORE);
	PEER_REQUIRE(peer_read_until(peer, fd, frame.whole.len));
}

/* The peer's end may be closed under it: nothing is required. */
static inline void peer_send(int fd, const struct buf *data)
{
	struct bytes rest = buf_bytes(data);

	while (rest.len > 0) {
		ssize_t n = send(fd, rest.ptr, rest.len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		rest = bytes_skip(rest, (size_t)n);
	}
}

/* AuthenticationOk, two parameters, the key, ReadyForQuery. */
static inline void peer_greeting(struct buf *out)
{
	buf_init(out, 64 << 20);
	PEER_REQUIRE(encode_authentication(out, 0, bytes_of(NULL, 0)));
	PEER_REQUIRE(encode_parameter_status(out, "server_version", "15.12-YB-2025.1.0.0-b0"));
	PEER_REQUIRE(encode_parameter_status(out, "TimeZone", "a \"b\"\n"));
	PEER_REQUIRE(encode_key_data(out, 4711, 12345));
	PEER_REQUIRE(encode_ready(out, 'I'));
}

static inline void peer_greet(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	peer_greeting(&out);
	peer_send(fd, &out);
	buf_fini(&out);
	buf_reset(&peer->received);
}

static inline void peer_send_error(int fd, const char *sqlstate, const char *message)
{
	const struct encode_error error = {
		.severity = "FATAL", .sqlstate = sqlstate, .message = message};
	struct buf out;

	buf_init(&out, 65536);
	PEER_REQUIRE(encode_error(&out, BACKEND_ERROR_RESPONSE, &error));
	peer_send(fd, &out);
	buf_fini(&out);
}

#endif
