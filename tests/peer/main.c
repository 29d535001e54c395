/*
 * scripted-peer: plays one side of a conversation to whoever connects, on a free port of the
 * loopback interface, whose number it prints. It ends with SIGTERM, status 1 if it was asked
 * anything that the conversation has no answer to. One thread, poll, a fixed number of
 * connections.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/options.h"
#include "tests/peer/play.h"

#define READ_MAX 65536

enum { OPTION_AS = 1 };

static const struct option_row rows[] = {
	{OPTION_AS, 0, "as", "SIDE", "the side to play: postgresql or yugabytedb"},
};

static const struct option_table table = {.program = "scripted-peer",
	.usage = "--as SIDE CONVERSATION",
	.summary = "Plays one side of a conversation (tests/peer/conversations).",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

static volatile sig_atomic_t is_ending;

static void on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	(void)id;
	(void)err;
	*(const char **)context = value;
	return true;
}

static int listen_somewhere(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_one(struct stage *stage, int listener, uint32_t *number)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (size_t i = 0; i < PLAY_CONNECTIONS_MAX; i++) {
		if (stage->connections[i].fd < 0) {
			play_open(stage, &stage->connections[i], fd, ++*number);
			return;
		}
	}
	close(fd);
}

static void receive(struct connection *c)
{
	ssize_t n;

	if (!buf_reserve(&c->in, READ_MAX)) {
		c->is_ended = true;
		return;
	}
	n = recv(c->fd, buf_tail(&c->in), READ_MAX, 0);
	if (n > 0)
		buf_added(&c->in, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		play_close(c);
}

static void transmit(struct connection *c)
{
	struct bytes all = buf_bytes(&c->out);
	ssize_t n = all.len ? send(c->fd, all.ptr, all.len, MSG_NOSIGNAL) : 0;

	if (n > 0)
		buf_consume(&c->out, (size_t)n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		play_close(c);
		return;
	}
	if (c->is_ended && buf_len(&c->out) == 0)
		play_close(c);
}

static void serve(struct stage *stage, struct connection *c, short events)
{
	if (events & (POLLIN | POLLHUP | POLLERR))
		receive(c);
	if (c->fd < 0)
		return;
	play_advance(stage, c);
	transmit(c);
}

/* Fills `set` and returns how long poll may sleep. */
static int prepare(const struct stage *stage, struct pollfd *set)
{
	int timeout = -1;

	for (size_t i = 0; i < PLAY_CONNECTIONS_MAX; i++) {
		const struct connection *c = &stage->connections[i];
		int wait = c->fd < 0 ? -1 : play_timeout(c);

		set[i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		if (c->fd >= 0 && buf_len(&c->out))
			set[i].events |= POLLOUT;
		if (wait >= 0 && (timeout < 0 || wait < timeout))
			timeout = wait;
	}
	return timeout;
}

static void run(struct stage *stage, int listener)
{
	struct pollfd set[PLAY_CONNECTIONS_MAX + 1];
	uint32_t number = 0;
	sigset_t nothing;

	sigemptyset(&nothing);
	while (!is_ending) {
		int wait = prepare(stage, set);
		struct timespec sleep = {wait / 1000, wait % 1000 * 1000000L};

		set[PLAY_CONNECTIONS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
		if (ppoll(set, ARRAY_LEN(set), wait < 0 ? NULL : &sleep, &nothing) < 0)
			continue;
		for (size_t i = 0; i < PLAY_CONNECTIONS_MAX; i++)
			if (stage->connections[i].fd >= 0)
				serve(stage, &stage->connections[i], set[i].revents);
		if (set[PLAY_CONNECTIONS_MAX].revents)
			accept_one(stage, listener, &number);
	}
}

/* The signal comes only while ppoll waits, so none can be missed before it. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv)
{
	static struct stage stage;
	const char *side = NULL;
	struct script script = {0};
	struct err err;
	int rest, listener;

	switch (options_parse(&table, argc, argv, on_option, &side, &rest, &err)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_INVALID:
		fprintf(stderr, "%s\n", err.text);
		return 2;
	case OPTIONS_OK:
		break;
	}
	if (!side || rest + 1 != argc) {
		fprintf(stderr, "usage: scripted-peer %s\n", table.usage);
		return 2;
	}
	catch_signals();
	if (!script_read(&script, argv[rest], side, &err)) {
		fprintf(stderr, "%s\n", err.text);
		script_free(&script);
		return 2;
	}
	stage.script = &script;
	for (size_t i = 0; i < PLAY_CONNECTIONS_MAX; i++)
		stage.connections[i].fd = -1;
	listener = listen_somewhere();
	if (listener >= 0)
		run(&stage, listener);
	for (size_t i = 0; i < PLAY_CONNECTIONS_MAX; i++)
		if (stage.connections[i].fd >= 0)
			play_close(&stage.connections[i]);
	script_free(&script);
	return listener < 0 ? 3 : stage.has_complained;
}
