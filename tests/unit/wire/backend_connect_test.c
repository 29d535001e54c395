/*
 * How connecting goes and how it fails, what the server is asked for, and closing meanwhile.
 */
#include "wire/backend.h"

#include "tests/unit/wire/backend_fixture.h"

/* --- scripts of the peer --- */

static void greet_in_bytes(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	peer_greeting(&out);
	for (; buf_len(&out) > 0; buf_consume(&out, 1)) {
		PEER_REQUIRE(send(fd, buf_bytes(&out).ptr, 1, MSG_NOSIGNAL) == 1);
		usleep(100);
	}
	buf_fini(&out);
	peer_read_to_end(peer, fd);
}

static void keep_startup(struct peer *peer, int fd)
{
	peer_read_startup(peer, fd);
	peer_send_error(fd, "28000", "go away");
}

static void refuse_before_authentication(struct peer *peer, int fd)
{
	peer_read_startup(peer, fd);
	peer_send_error(fd, "53300", "sorry, too many\nclients already");
}

static void fail_midway(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	buf_init(&out, 1000);
	PEER_REQUIRE(encode_authentication(&out, 0, bytes_of(NULL, 0)));
	PEER_REQUIRE(encode_parameter_status(&out, "server_version", "15"));
	peer_send(fd, &out);
	buf_fini(&out);
	peer_send_error(fd, "57P01", "terminating connection");
}

static void close_after_startup(struct peer *peer, int fd)
{
	peer_read_startup(peer, fd);
}

static void close_at_once(struct peer *peer, int fd)
{
	(void)peer;
	(void)fd;
}

static void never_answer(struct peer *peer, int fd)
{
	peer_read_to_end(peer, fd);
}

static void talk_garbage(struct peer *peer, int fd)
{
	peer_read_startup(peer, fd);
	PEER_REQUIRE(send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL) == 28);
}

static void talk_too_much(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	peer_greeting(&out);
	buf_truncate(&out, buf_len(&out) - 6);
	for (int i = 0; i < 4000; i++)
		PEER_REQUIRE(encode_parameter_status(&out, "some.parameter", "its value"));
	PEER_REQUIRE(encode_ready(&out, 'I'));
	peer_send(fd, &out);
	buf_fini(&out);
	peer_read_to_end(peer, fd);
}

/* Has libpq answer for the password in clear text. */
static void ask_password(struct peer *peer, int fd)
{
	struct buf out;

	peer_read_startup(peer, fd);
	buf_init(&out, 100);
	PEER_REQUIRE(encode_authentication(&out, 3, bytes_of(NULL, 0)));
	peer_send(fd, &out);
	buf_fini(&out);
	peer_read(peer, fd, 1000);
	peer_send_error(fd, "28P01", "password authentication failed for user \"bob\"");
}

/* --- connecting --- */

static void test_ready(void **unused)
{
	char text[64], tiny[5];
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_read, 1);
	connect_ready(&f);
	assert_int_equal(f.b->pid, 4711);
	assert_int_equal(f.b->protocol.status, 'I');
	assert_true(protocol_is_idle(&f.b->protocol));
	assert_int_equal(buf_len(&f.b->link.in), 0);
	assert_string_equal(backend_parameter(f.b, "server_version", text, sizeof(text)),
		"15.12-YB-2025.1.0.0-b0");
	assert_string_equal(backend_parameter(f.b, "TimeZone", text, sizeof(text)), "a \"b\"\n");
	assert_string_equal(backend_parameter(f.b, "nothing", text, sizeof(text)), "");
	assert_string_equal(backend_parameter(f.b, "server_version", tiny, sizeof(tiny)), "15.1");
	close_backend(&f);
	assert_int_equal(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
	peer_join(&f.peer);
	assert_true(bytes_equal(buf_bytes(&f.peer.received), bytes_of("X\0\0\0\4", 5)));
	tear_down(&f);
}

static void test_trickle(void **unused)
{
	char text[64];
	struct fixture f;

	(void)unused;
	set_up(&f, greet_in_bytes, 1);
	connect_ready(&f);
	assert_string_equal(backend_parameter(f.b, "server_version", text, sizeof(text)),
		"15.12-YB-2025.1.0.0-b0");
	tear_down(&f);
}

/* localhost is two addresses on most machines, of which the peer has one. */
static void test_lookup(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, greet_and_read, 1);
	f.target.host = "localhost";
	connect_ready(&f);
	tear_down(&f);
}

static void test_lookup_fails(void **unused)
{
	static const char *const hosts[] = {"no such host", "", "a,b"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct fixture f;

		set_up(&f, close_at_once, 0);
		f.target.host = hosts[i];
		start(&f, NULL);
		expect_refusal(&f, "", ": ");
		tear_down(&f);
	}
}

static void test_refusals(void **unused)
{
	static const struct {
		peer_script *script;
		const char *sqlstate, *why;
	} rows[] = {
		{refuse_database, "3D000", ": FATAL:  database \"shop\" does not exist"},
		{refuse_before_authentication, "53300",
			": FATAL:  sorry, too many; clients already"},
		{fail_midway, "57P01", ": FATAL:  terminating connection"},
		{ask_password, "28P01", "password authentication failed for user \"bob\""},
		{close_after_startup, "", "server closed the connection unexpectedly"},
		{close_at_once, "", ": "},
		{talk_garbage, "", ": expected authentication request from server"},
		{talk_too_much, "", "more than 65536 bytes during the startup"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fixture f;

		set_up(&f, rows[i].script, 1);
		start(&f, NULL);
		expect_refusal(&f, rows[i].sqlstate, rows[i].why);
		tear_down(&f);
	}
}

static void test_nobody_listens(void **unused)
{
	char why[80];
	struct fixture f;

	(void)unused;
	set_up(&f, close_at_once, 0);
	close(f.peer.listener);
	snprintf(why, sizeof(why), "YugabyteDB at 127.0.0.1:%d: Connection refused", f.peer.port);
	start(&f, NULL);
	expect_refusal(&f, "", why);
	tear_down(&f);
}

static void test_no_socket_directory(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, close_at_once, 0);
	f.target.host = "/nonexistent";
	start(&f, NULL);
	expect_refusal(&f, "", "YugabyteDB at /nonexistent:");
	tear_down(&f);
}

/* What libpq refuses before it connects comes through the loop, too. */
static void test_bad_setting(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, close_at_once, 0);
	f.target.sslmode = "sometimes";
	start(&f, NULL);
	expect_refusal(&f, "", "invalid sslmode value: \"sometimes\"");
	tear_down(&f);
}

static void test_connect_timeout(void **unused)
{
	struct fixture f;

	(void)unused;
	set_up(&f, never_answer, 1);
	f.target.connect_timeout_us = 200000;
	start(&f, NULL);
	expect_refusal(&f, "", ": no connection within 0.2 s (connect timeout)");
	tear_down(&f);
}

static void test_wishes_too_long(void **unused)
{
	char *value = malloc(200001);
	struct wire_pair setting = {.name = "search_path", .value = value};
	struct backend_wishes wishes = {.user = "bob", .settings = &setting, .setting_count = 1};
	struct fixture f;

	(void)unused;
	assert_non_null(value);
	memset(value, ' ', 200000);
	value[200000] = '\0';
	set_up(&f, close_at_once, 0);
	start(&f, &wishes);
	free(value);
	expect_refusal(&f, "", "startup parameters are too long");
	tear_down(&f);
}

/* --- what is asked for --- */

/* The value of a parameter in the startup packet that the peer got; NULL: absent. */
static const char *asked(struct fixture *f, const char *name, char *out, size_t size)
{
	struct bytes key, value;
	struct msg_startup msg;
	struct frame frame;

	assert_int_equal(frame_startup(buf_bytes(&f->peer.received), &frame, NULL), FRAME_OK);
	assert_true(decode_startup(frame.body, &msg));
	while (startup_parameter_next(&msg.parameters, &key, &value)) {
		if (!bytes_equal_str(key, name))
			continue;
		snprintf(out, size, "%.*s", bytes_width(value, size), (const char *)value.ptr);
		return out;
	}
	return NULL;
}

static void expect_asked(const struct backend_wishes *wishes, const char *user,
	const char *database, const struct wire_pair *pairs, size_t count)
{
	char text[512];
	struct fixture f;

	set_up(&f, keep_startup, 1);
	f.target.user = user;
	f.target.database = database;
	start(&f, wishes);
	expect_refusal(&f, "28000", "go away");
	peer_join(&f.peer);
	for (size_t i = 0; i < count; i++) {
		const char *value = asked(&f, pairs[i].name, text, sizeof(text));

		if (!pairs[i].value)
			assert_null(value);
		else if (!value)
			fail_msg("%s was not asked for", pairs[i].name);
		else
			assert_string_equal(value, pairs[i].value);
	}
	tear_down(&f);
}

static void test_wishes(void **unused)
{
	static const struct wire_pair settings[] = {{"search_path", "\"a b\", public"},
		{"client_encoding", "LATIN1"}, {"x.y", "back\\slash\ttab"}, {"DateStyle", ""}};
	static const struct backend_wishes full = {.user = "bob",
		.database = "host=evil dbname=x",
		.options = "-c geqo=off",
		.application_name = "it's = \\weird 'app'",
		.settings = settings,
		.setting_count = ARRAY_LEN(settings)};
	static const struct wire_pair full_asked[] = {{"user", "bob"},
		{"database", "host=evil dbname=x"}, {"application_name", "it's = \\weird 'app'"},
		{"client_encoding", "LATIN1"},
		{"options", "-c geqo=off -c search_path=\"a\\ b\",\\ public -c "
			    "x.y=back\\\\slash\\\ttab -c DateStyle="}};
	static const struct wire_pair targets_asked[] = {{"user", "admin"}, {"database", "main"}};
	static const struct backend_wishes bare = {.user = "bob"};
	static const struct wire_pair bare_asked[] = {{"user", "bob"}, {"database", "bob"},
		{"options", NULL}, {"application_name", NULL}, {"client_encoding", NULL}};
	static const struct wire_pair mixed_asked[] = {{"user", "admin"}, {"database", "bob"}};
	static const struct wire_pair again[] = {
		{"application_name", "one"}, {"application_name", "two"}};
	static const struct backend_wishes twice = {.user = "bob",
		.application_name = "zero",
		.settings = again,
		.setting_count = ARRAY_LEN(again)};
	static const struct wire_pair twice_asked[] = {
		{"application_name", "two"}, {"options", NULL}};

	(void)unused;
	expect_asked(&full, NULL, NULL, full_asked, ARRAY_LEN(full_asked));
	expect_asked(&full, "admin", "main", targets_asked, ARRAY_LEN(targets_asked));
	expect_asked(&bare, NULL, NULL, bare_asked, ARRAY_LEN(bare_asked));
	expect_asked(&bare, "admin", "", mixed_asked, ARRAY_LEN(mixed_asked));
	expect_asked(&twice, NULL, NULL, twice_asked, ARRAY_LEN(twice_asked));
}

static void test_isolate(void **unused)
{
	(void)unused;
	setenv("PGAPPNAME", "leak", 1);
	setenv("PGTZ", "leak", 1);
	setenv("PG", "leak", 1);
	setenv("TWINKLY_PG", "stays", 1);
	backend_isolate();
	for (char **it = environ; *it; it++)
		assert_memory_not_equal(*it, "PG", 2);
	assert_string_equal(getenv("TWINKLY_PG"), "stays");
	assert_true(signal(SIGPIPE, SIG_IGN) == SIG_IGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isolate),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_trickle),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_lookup_fails),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_no_socket_directory),
		cmocka_unit_test(test_bad_setting),
		cmocka_unit_test(test_connect_timeout),
		cmocka_unit_test(test_wishes_too_long),
		cmocka_unit_test(test_wishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
