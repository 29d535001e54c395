/*
 * Two databases for replay_test: threads that answer a handful of made-up statements with
 * blocking calls. What a statement does is its text, and " on N" at its end makes it do so on
 * the N-th server alone, the other one answering "OK":
 *
 *   begin, commit, ROLLBACK   change the transaction's status
 *   value, differ, long       one row alike, one row of the server's number, 3 MB of rows
 *   fail                      an error
 *   copy                      asks for data and counts its bytes
 *   hang, gone                never answers before a cancel request; ends the connection
 *   wait                      answers when a session has committed
 *
 * Asked who waits for a lock, they say: who said "wait" waits for who said "begin".
 */
#ifndef TESTS_UNIT_REPLAY_SERVERS_H
#define TESTS_UNIT_REPLAY_SERVERS_H

#include <poll.h>

#include "tests/unit/wire/peer.h"

#define SERVER_CONNECTIONS 16
#define LONG_ROWS          30

struct server {
	int listener, port, number;
	pthread_t acceptor, threads[SERVER_CONNECTIONS];
	int count; /* of threads */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int commits, cancels;
	bool is_ignorant;   /* of locks: answers such questions with an error */
	int waiter, holder; /* pids; 0: nobody */
	size_t copied;      /* bytes of COPY data */
	struct buf said;    /* every statement, each with a newline */
};

struct connection {
	struct server *server;
	int fd, pid;
	char status;
	struct buf in, out;
};

static inline void server_say(struct server *server, const char *text)
{
	pthread_mutex_lock(&server->lock);
	PEER_REQUIRE(buf_append_str(&server->said, text));
	PEER_REQUIRE(buf_append_byte(&server->said, '\n'));
	pthread_mutex_unlock(&server->lock);
}

static inline void send_out(struct connection *c)
{
	peer_send(c->fd, &c->out);
	buf_reset(&c->out);
}

/* The next message; false at the end of the connection. Borrowed until the next call. */
static inline bool next_message(struct connection *c, struct frame *f, size_t *taken)
{
	buf_consume(&c->in, *taken);
	*taken = 0;
	while (frame_next(buf_bytes(&c->in), WIRE_FRONTEND, 1 << 24, f, NULL) == FRAME_NEED_MORE) {
		ssize_t n;

		PEER_REQUIRE(buf_reserve(&c->in, 65536));
		n = recv(c->fd, buf_tail(&c->in), 65536, 0);
		if (n <= 0)
			return false;
		buf_added(&c->in, (size_t)n);
	}
	*taken = f->whole.len;
	return true;
}

static inline void put_row(struct connection *c, const char *value, size_t len)
{
	struct wire_value v = {.data = bytes_of(value, len)};

	PEER_REQUIRE(encode_data_row(&c->out, &v, 1));
}

static inline void put_columns(struct connection *c)
{
	struct wire_column column = {.name = bytes_str("v"), .type_oid = 25, .typlen = -1};

	PEER_REQUIRE(encode_row_description(&c->out, &column, 1));
}

static inline void put_tag(struct connection *c, const char *tag)
{
	PEER_REQUIRE(encode_command_complete(&c->out, tag));
}

static inline void put_error(struct connection *c, const char *sqlstate)
{
	const struct encode_error error = {
		.severity = "ERROR", .sqlstate = sqlstate, .message = "no"};

	if (c->status == 'T')
		c->status = 'E';
	PEER_REQUIRE(encode_error(&c->out, BACKEND_ERROR_RESPONSE, &error));
}

/* Rows that differ in the last one where the statement says so. */
static inline void put_long(struct connection *c, bool differs)
{
	static const char filler[100000];
	char number[8];

	put_columns(c);
	for (int i = 0; i < LONG_ROWS; i++)
		put_row(c, filler, sizeof(filler));
	snprintf(number, sizeof(number), "%d", differs ? c->server->number : 0);
	put_row(c, number, strlen(number));
	put_tag(c, "SELECT 31");
}

static inline void take_copy(struct connection *c, size_t *taken)
{
	static const int16_t formats[] = {0};
	struct frame f = {.type = 0};

	PEER_REQUIRE(encode_copy_response(&c->out, BACKEND_COPY_IN_RESPONSE, 0, formats, 1));
	send_out(c);
	while (next_message(c, &f, taken) && f.type != FRONTEND_COPY_DONE &&
		f.type != FRONTEND_COPY_FAIL)
		if (f.type == FRONTEND_COPY_DATA)
			c->server->copied += f.body.len;
	if (f.type == FRONTEND_COPY_DONE)
		put_tag(c, "COPY 1");
	else
		put_error(c, "57014");
}

/* The client is gone, or says goodbye. */
static inline bool has_left(int fd)
{
	char byte = 0;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n > 0 && byte == FRONTEND_TERMINATE);
}

/* Until *count is above `before`, or the connection ends. */
static inline void wait_for(struct connection *c, const int *count, int before)
{
	struct server *server = c->server;
	struct timespec soon;

	pthread_mutex_lock(&server->lock);
	while (*count <= before && !has_left(c->fd)) {
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 1000000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&server->changed, &server->lock, &soon);
	}
	pthread_mutex_unlock(&server->lock);
}

static inline void count_up(struct server *server, int *count)
{
	pthread_mutex_lock(&server->lock);
	++*count;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

static inline bool says(const char *sql, const char *word)
{
	return strncmp(sql, word, strlen(word)) == 0;
}

/* Who waits for a lock of whom. */
static inline void put_locks(struct connection *c)
{
	struct server *server = c->server;
	char waiter[16], holder[16];
	struct wire_value row[2];

	pthread_mutex_lock(&server->lock);
	snprintf(waiter, sizeof(waiter), "%d", server->waiter);
	snprintf(holder, sizeof(holder), "{%d}", server->holder);
	pthread_mutex_unlock(&server->lock);
	row[0] = (struct wire_value){.data = bytes_str(waiter)};
	row[1] = (struct wire_value){.data = bytes_str(holder)};
	if (waiter[0] != '0' && holder[1] != '0')
		PEER_REQUIRE(encode_data_row(&c->out, row, 2));
	put_tag(c, "SELECT 1");
}

static inline void set(struct server *server, int *pid, int value)
{
	pthread_mutex_lock(&server->lock);
	*pid = value;
	pthread_mutex_unlock(&server->lock);
}

static inline void wait_for_commit(struct connection *c)
{
	set(c->server, &c->server->waiter, c->pid);
	wait_for(c, &c->server->commits, 0);
	set(c->server, &c->server->waiter, 0);
}

static inline void commit(struct connection *c)
{
	set(c->server, &c->server->holder, 0);
	count_up(c->server, &c->server->commits);
}

/* False: the connection ends. */
static inline bool run_statement(struct connection *c, const char *sql, size_t *taken)
{
	const char *on = strstr(sql, " on ");

	if (on && on[4] - '0' != c->server->number) {
		put_tag(c, "OK");
	} else if (says(sql, "value") || says(sql, "differ")) {
		char number[8];

		snprintf(number, sizeof(number), "%d", says(sql, "value") ? 0 : c->server->number);
		put_columns(c);
		put_row(c, number, 1);
		put_tag(c, "SELECT 1");
	} else if (says(sql, "long")) {
		put_long(c, strstr(sql, "differ") != NULL);
	} else if (says(sql, "fail")) {
		put_error(c, "22012");
	} else if (says(sql, "copy")) {
		take_copy(c, taken);
	} else if (says(sql, "gone")) {
		return false;
	} else if (says(sql, "hang")) {
		wait_for(c, &c->server->cancels, 0);
		put_error(c, "57014");
	} else {
		if (says(sql, "wait"))
			wait_for_commit(c);
		else if (says(sql, "begin"))
			set(c->server, &c->server->holder, c->pid);
		else if (says(sql, "commit"))
			commit(c);
		if (says(sql, "begin"))
			c->status = 'T';
		if (says(sql, "commit") || says(sql, "ROLLBACK"))
			c->status = 'I';
		put_tag(c, "OK");
	}
	return true;
}

static inline bool answer(struct connection *c, const struct frame *f, size_t *taken)
{
	char sql[200];
	bool goes_on = true;

	switch (f->type) {
	case FRONTEND_QUERY:
		snprintf(sql, sizeof(sql), "%s", (const char *)f->body.ptr);
		if (says(sql, "SELECT p, h[")) {
			if (c->server->is_ignorant)
				put_error(c, "42883");
			else
				put_locks(c);
			break;
		}
		server_say(c->server, sql);
		goes_on = run_statement(c, sql, taken);
		break;
	case FRONTEND_PARSE:
		PEER_REQUIRE(encode_empty(&c->out, BACKEND_PARSE_COMPLETE));
		return true;
	case FRONTEND_BIND:
		PEER_REQUIRE(encode_empty(&c->out, BACKEND_BIND_COMPLETE));
		return true;
	case FRONTEND_EXECUTE:
		put_row(c, "1", 1);
		put_tag(c, "SELECT 1");
		if (buf_len(&c->out) > 8192) /* as PostgreSQL does */
			send_out(c);
		return true;
	case FRONTEND_FLUSH:
		send_out(c);
		return true;
	case FRONTEND_SYNC:
		break;
	default:
		return f->type != FRONTEND_TERMINATE;
	}
	PEER_REQUIRE(encode_ready(&c->out, c->status));
	if (goes_on)
		send_out(c);
	return goes_on;
}

/* The first packet: a startup is greeted, unless it asks for database "nope". */
static inline void greet(struct connection *c)
{
	PEER_REQUIRE(encode_authentication(&c->out, 0, bytes_of(NULL, 0)));
	PEER_REQUIRE(encode_parameter_status(&c->out, "server_version", "15.12"));
	PEER_REQUIRE(encode_key_data(&c->out, c->pid, 12345));
	PEER_REQUIRE(encode_ready(&c->out, 'I'));
	send_out(c);
}

static inline bool welcome(struct connection *c)
{
	struct peer peer = {.port = 0};
	struct msg_startup msg;
	struct frame f;
	bool is_session, is_welcome;
	char head[4];

	/* A question about locks may be dropped before it was asked. */
	if (recv(c->fd, head, sizeof(head), MSG_PEEK | MSG_WAITALL) < (ssize_t)sizeof(head))
		return false;
	buf_init(&peer.received, 65536);
	peer_read_startup(&peer, c->fd);
	PEER_REQUIRE(frame_startup(buf_bytes(&peer.received), &f, NULL) == FRAME_OK);
	PEER_REQUIRE(decode_startup(f.body, &msg));
	is_session = msg.code == WIRE_PROTOCOL_3_0;
	is_welcome = is_session && !memmem(f.body.ptr, f.body.len, "nope", 4);
	if (msg.code == WIRE_CODE_CANCEL)
		count_up(c->server, &c->server->cancels);
	else if (!is_welcome)
		peer_send_error(c->fd, "3D000", "database \"nope\" does not exist");
	if (is_welcome)
		greet(c);
	buf_fini(&peer.received);
	return is_welcome;
}

static inline void *connection_main(void *context)
{
	struct connection *c = context;
	struct frame f;
	size_t taken = 0;

	if (welcome(c))
		while (next_message(c, &f, &taken) && answer(c, &f, &taken))
			;
	close(c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	free(c);
	return NULL;
}

static inline void *acceptor_main(void *context)
{
	struct server *server = context;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		PEER_REQUIRE(c && server->count < SERVER_CONNECTIONS);
		c->server = server;
		c->fd = fd;
		c->pid = 100 + server->count;
		c->status = 'I';
		buf_init(&c->in, 1 << 24);
		buf_init(&c->out, 1 << 24);
		PEER_REQUIRE(pthread_create(&server->threads[server->count++], NULL,
				     connection_main, c) == 0);
	}
	return NULL;
}

static inline void server_start(struct server *server, int number)
{
	struct peer peer;

	*server = (struct server){.number = number};
	peer_start(&peer, NULL, 0); /* for its listener alone */
	server->listener = peer.listener;
	server->port = peer.port;
	buf_fini(&peer.received);
	buf_init(&server->said, 1 << 20);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	PEER_REQUIRE(pthread_create(&server->acceptor, NULL, acceptor_main, server) == 0);
}

/* All clients are gone; what the server has counted may be read afterwards. */
static inline void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);
	for (int i = 0; i < server->count; i++)
		pthread_join(server->threads[i], NULL);
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->changed);
}

#endif
