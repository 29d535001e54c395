/*
 * A conversation on the stage (stage.h): a client of the proxy and the two servers that the
 * proxy connects to for it, all played by the test. Servers speak in the scripts of
 * tests/unit/diffengine/answers.h; the client in these, steps separated by ';' as well:
 *
 *   Q select 1     Query           P s select 1   Parse       B p s      Bind (- is "")
 *   D S s          Describe        E p 10         Execute     C P p      Close
 *   S H X c        Sync, Flush, Terminate, CopyDone           d line     CopyData
 *   f reason       CopyFail        F 1            FunctionCall
 */
#ifndef TESTS_UNIT_CAPTURE_TALK_H
#define TESTS_UNIT_CAPTURE_TALK_H

#include "tests/unit/capture/stage.h"
#include "capture/answer.h"

struct end { /* of a connection; the test's */
	int fd;
	enum wire_side hears; /* who speaks to it */
	struct buf in;        /* not yet heard */
	struct buf heard;     /* what the last call of hears() took */
};

struct talk {
	struct stage *st;
	struct end client, truth, candidate;
};

static inline void end_init(struct end *end, int fd, enum wire_side hears)
{
	*end = (struct end){.fd = fd, .hears = hears};
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	buf_init(&end->in, 64 << 20);
	buf_init(&end->heard, 64 << 20);
}

static inline void end_close(struct end *end)
{
	if (end->in.ceiling && end->fd >= 0)
		close(end->fd);
	end->fd = -1;
	buf_fini(&end->in);
	buf_fini(&end->heard);
}

/* Reads once; false: the peer closed, or reset. */
static inline bool end_read(struct end *end)
{
	ssize_t n;

	assert_true(buf_reserve(&end->in, 65536));
	n = recv(end->fd, buf_tail(&end->in), 65536, 0);
	if (n > 0)
		buf_added(&end->in, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Sends all of it, letting the proxy read in between. */
static inline void end_send(struct stage *st, struct end *end, struct bytes data)
{
	int64_t until = clock_mono_us() + STAGE_PATIENCE;

	while (data.len > 0) {
		ssize_t n = send(end->fd, data.ptr, data.len, MSG_NOSIGNAL);

		if (n > 0)
			data = bytes_skip(data, (size_t)n);
		else if (errno != EAGAIN || clock_mono_us() > until)
			fail_msg("the proxy takes no more: %zu bytes are left", data.len);
		else
			stage_turn(st, -1);
	}
}

/* --- the servers --- */

static inline void answers(struct talk *t, struct end *server, const char *script)
{
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	answer_write(&out, script);
	end_send(t->st, server, buf_bytes(&out));
	buf_fini(&out);
}

static inline void both_answer(struct talk *t, const char *script)
{
	answers(t, &t->truth, script);
	answers(t, &t->candidate, script);
}

/* --- the client --- */

static inline const char *asks_word(struct bytes *fields, char *out, size_t size)
{
	struct bytes word = {0};

	answer_split(fields, ' ', &word);
	answer_string(word, out, size);
	return bytes_equal_str(word, "-") ? "" : out;
}

static inline void asks_named(struct buf *out, unsigned char type, struct bytes fields)
{
	char first[64], second[64], text[4096];
	const char *a = asks_word(&fields, first, sizeof(first)), *b;

	if (type == FRONTEND_PARSE) {
		assert_true(
			encode_parse(out, a, answer_string(fields, text, sizeof(text)), NULL, 0));
		return;
	}
	b = asks_word(&fields, second, sizeof(second));
	if (type == FRONTEND_BIND)
		assert_true(encode_bind(out, &(struct encode_bind){.portal = a, .statement = b}));
	else if (type == FRONTEND_DESCRIBE)
		assert_true(encode_describe(out, a[0], b));
	else if (type == FRONTEND_CLOSE)
		assert_true(encode_close(out, a[0], b));
	else
		assert_true(encode_execute(out, a, (int32_t)strtol(b, NULL, 10)));
}

static inline void asks_step(struct buf *out, unsigned char type, struct bytes fields)
{
	char text[4096];

	if (type == FRONTEND_QUERY)
		assert_true(encode_query(out, answer_string(fields, text, sizeof(text))));
	else if (type == FRONTEND_COPY_FAIL)
		assert_true(encode_copy_fail(out, answer_string(fields, text, sizeof(text))));
	else if (type == FRONTEND_FUNCTION_CALL)
		assert_true(encode_function_call(out, &(struct encode_function_call){.oid = 1}));
	else if (strchr("PBDEC", type))
		asks_named(out, type, fields);
	else
		assert_true(encode_raw(out, type, fields));
}

static inline void asks_write(struct buf *out, const char *script)
{
	struct bytes rest = bytes_str(script), step;

	while (rest.len > 0 && answer_split(&rest, ';', &step)) {
		while (step.len > 0 && step.ptr[0] == ' ')
			step = bytes_skip(step, 1);
		if (step.len > 0)
			asks_step(out, step.ptr[0], bytes_skip(step, 2));
	}
}

static inline void asks(struct talk *t, const char *script)
{
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	asks_write(&out, script);
	end_send(t->st, &t->client, buf_bytes(&out));
	buf_fini(&out);
}

/* One Query, whatever its text. */
static inline void asks_query(struct talk *t, const char *sql)
{
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	assert_true(encode_query(&out, sql));
	end_send(t->st, &t->client, buf_bytes(&out));
	buf_fini(&out);
}

/* --- hearing --- */

/* Moves one message from `in` to `heard`; its type, or 0 while it is not whole. */
static inline unsigned char end_take(struct end *end)
{
	struct frame f;
	struct err err;

	switch (frame_next(
		buf_bytes(&end->in), end->hears, (size_t)WIRE_MESSAGE_MAX + 5, &f, &err)) {
	case FRAME_OK:
		assert_true(buf_append_bytes(&end->heard, f.whole));
		buf_consume(&end->in, f.whole.len);
		return f.type;
	case FRAME_MALFORMED:
		fail_msg("%s", err.text);
		break;
	case FRAME_NEED_MORE:
		break;
	}
	return 0;
}

static inline const char *end_name(const struct talk *t, const struct end *end)
{
	return end == &t->client ? "the client" : end == &t->truth ? "the truth" : "the candidate";
}

/* The next message's type; 0: none came in time, or the connection ended. */
static inline unsigned char end_next(struct talk *t, struct end *end, int64_t patience)
{
	int64_t until = clock_mono_us() + patience;
	unsigned char type;

	while ((type = end_take(end)) == 0) {
		if (clock_mono_us() > until)
			return 0;
		stage_turn(t->st, end->fd);
		if (!end_read(end) && (type = end_take(end)) == 0)
			return 0;
		if (type)
			break;
	}
	return type;
}

/* Exactly these messages come next: "TDCZ". */
static inline void hears(struct talk *t, struct end *end, const char *types)
{
	buf_reset(&end->heard);
	for (const char *expected = types; *expected; expected++) {
		unsigned char type = end_next(t, end, STAGE_PATIENCE);

		if (type != (unsigned char)*expected)
			fail_msg("%s heard '%c', not '%c' as in \"%s\" at %d", end_name(t, end),
				type ? type : '-', *expected, types, (int)(expected - types));
	}
}

static inline void both_hear(struct talk *t, const char *types)
{
	hears(t, &t->truth, types);
	hears(t, &t->candidate, types);
}

/* Nothing comes for a while, and the connection stays. */
static inline void hears_nothing(struct talk *t, struct end *end)
{
	for (int i = 0; i < 30; i++) {
		stage_turn(t->st, end->fd);
		if (!end_read(end))
			fail_msg("%s: the connection ended", end_name(t, end));
	}
	if (buf_len(&end->in) > 0)
		fail_msg("%s heard '%c'", end_name(t, end), *buf_bytes(&end->in).ptr);
}

/* The connection ends, without another message but a server's Terminate. */
static inline void hears_end(struct talk *t, struct end *end)
{
	int64_t until = clock_mono_us() + STAGE_PATIENCE;

	while (end_read(end)) {
		stage_turn(t->st, end->fd);
		if (clock_mono_us() > until)
			fail_msg("%s: the connection does not end", end_name(t, end));
	}
	if (end->hears == WIRE_FRONTEND && buf_len(&end->in) == 5)
		assert_int_equal(end_take(end), FRONTEND_TERMINATE);
	if (buf_len(&end->in) > 0)
		fail_msg("%s heard '%c' at its end", end_name(t, end), *buf_bytes(&end->in).ptr);
}

/* What hears() took last has this text in it. */
static inline void heard(struct talk *t, const struct end *end, const char *text)
{
	struct bytes all = buf_bytes(&end->heard);

	if (!memmem(all.ptr, all.len, text, strlen(text)))
		fail_msg("%s did not hear \"%s\"", end_name(t, end), text);
}

/* --- beginning and end --- */

static inline int talk_connect(struct stage *st)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)st->settings.listen_port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline int talk_accept(struct stage *st, const struct peer *server)
{
	int64_t until = clock_mono_us() + STAGE_PATIENCE;
	int fd, on = 1;

	while ((fd = accept(server->listener, NULL, NULL)) < 0) {
		assert_true(clock_mono_us() < until);
		stage_turn(st, server->listener);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* Takes the proxy's startup packet. */
static inline void talk_startup(struct talk *t, struct end *server)
{
	struct frame f;

	while (frame_startup(buf_bytes(&server->in), &f, NULL) != FRAME_OK) {
		stage_turn(t->st, server->fd);
		assert_true(end_read(server));
	}
	buf_consume(&server->in, f.whole.len);
}

static inline void talk_greet(struct talk *t, struct end *server)
{
	struct buf out;

	peer_greeting(&out);
	end_send(t->st, server, buf_bytes(&out));
	buf_fini(&out);
}

static inline void talk_ask_in(struct talk *t)
{
	const struct wire_pair pairs[] = {{"user", "app"}, {"database", "shop"}};
	struct buf out;

	buf_init(&out, 1000);
	assert_true(encode_startup(&out, WIRE_PROTOCOL_3_0, pairs, ARRAY_LEN(pairs)));
	end_send(t->st, &t->client, buf_bytes(&out));
	buf_fini(&out);
}

/* A client that has sent its startup packet, and the servers it led to. */
static inline void talk_begin(struct talk *t, struct stage *st)
{
	*t = (struct talk){.st = st};
	end_init(&t->client, talk_connect(st), WIRE_BACKEND);
	talk_ask_in(t);
	end_init(&t->truth, talk_accept(st, &st->truth), WIRE_FRONTEND);
	end_init(&t->candidate, talk_accept(st, &st->candidate), WIRE_FRONTEND);
	talk_startup(t, &t->truth);
	talk_startup(t, &t->candidate);
}

/* The same, greeted. */
static inline void talk_open(struct talk *t, struct stage *st)
{
	talk_begin(t, st);
	talk_greet(t, &t->truth);
	talk_greet(t, &t->candidate);
	hears(t, &t->client, "RSSKZ");
}

static inline void talk_close(struct talk *t)
{
	end_close(&t->client);
	end_close(&t->truth);
	end_close(&t->candidate);
}

/* If the watch asks this server who waits for a lock: answers with the script. 4711 is the
 * process that talk_greet gives every session. `probe` begins zeroed and is ended with
 * end_close. */
static inline bool talk_probe(
	struct stage *st, struct end *probe, const struct peer *server, const char *script)
{
	struct talk t = {.st = st};

	stage_turn(st, -1);
	if (!probe->in.ceiling) {
		int fd = accept(server->listener, NULL, NULL);

		if (fd < 0)
			return false;
		end_init(probe, fd, WIRE_FRONTEND);
		talk_startup(&t, probe);
		talk_greet(&t, probe);
	}
	assert_true(end_read(probe));
	buf_reset(&probe->heard);
	if (end_take(probe) != FRONTEND_QUERY)
		return false;
	heard(&t, probe, "pg_blocking_pids");
	answers(&t, probe, script);
	return true;
}

/* One conversation on a stage of its own. */
struct scene {
	struct stage st;
	struct talk talk;
};

static inline struct talk *scene_open(
	struct scene *scene, enum settings_execution execution, const char *const *more)
{
	stage_open(&scene->st, execution, more);
	talk_open(&scene->talk, &scene->st);
	return &scene->talk;
}

/* The proxy's sessions end first, so that its servers hear of it. */
static inline void scene_close(struct scene *scene)
{
	talk_close(&scene->talk);
	stage_close(&scene->st);
	stage_remove(&scene->st);
}

#endif
