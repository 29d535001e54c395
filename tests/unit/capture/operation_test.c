/*
 * Status lines, reloading, idle time-outs and proxy.max-connections, on the stage.
 */
#include "capture/status.h"

#include "capture/reload.h"
#include "diffengine/exclude.h"
#include "tests/unit/capture/talk.h"

/* --- status --- */

static char *status_of(const struct scene *s)
{
	struct buf out;
	char *text;

	buf_init(&out, 65536);
	assert_true(status_write(&s->st.proxy, &out));
	text = strdup(buf_cstr(&out));
	assert_non_null(text);
	buf_fini(&out);
	return text;
}

static void status_says(const struct scene *s, const char *part)
{
	char *text = status_of(s);

	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
	free(text);
}

static void test_states_have_names(void **state)
{
	(void)state;
	for (int i = 0; i <= (int)SESSION_CLOSING; i++) {
		const char *name = status_state_name((enum session_state)i);

		assert_string_not_equal(name, "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, status_state_name((enum session_state)j));
	}
}

static void test_status_of_an_exchange(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	status_says(&s, "twinkly: status: 1 sessions, 0 exchanges under way");
	status_says(&s, "twinkly: session 1: ready, idle, user ");
	asks(t, "Q insert into t values (1)");
	hears(t, &t->truth, "Q");
	status_says(&s, "1 exchanges under way");
	status_says(&s, "ready, awaiting");
	status_says(
		&s, "; PostgreSQL process 4711, status I, owes Query, 0 bytes in, 0 out, 0 held");
	status_says(&s, "; exchange 1 runs for ");
	answers(t, &t->truth, "C INSERT 0 1; Z I");
	hears(t, &t->candidate, "Q");
	status_says(&s, "; PostgreSQL process 4711, status I, owes nothing");
	status_says(&s, "; YugabyteDB process 4711, status I, owes Query");
	answers(t, &t->candidate, "C INSERT 0 1; Z I");
	hears(t, &t->client, "CZ");
	status_says(&s, ", 1 equal, 0 turns handed on");
	scene_close(&s);
}

static void test_status_before_the_backends(void **state)
{
	struct scene s;
	int fd;

	(void)state;
	stage_open(&s.st, EXECUTION_ORDERED, NULL);
	fd = talk_connect(&s.st);
	while (s.st.proxy.session_count == 0)
		stage_turn(&s.st, -1);
	status_says(&s, "twinkly: session 1: startup, idle, client 127.0.0.1:");
	close(fd);
	stage_close(&s.st);
	stage_remove(&s.st);
}

/* What a client calls itself cannot forge a line. */
static void test_status_quotes_names(void **state)
{
	struct scene s;
	char *name = strdup("a\nb\"c\\d\x7f\xc3\xa9"), *kept;

	(void)state;
	scene_open(&s, EXECUTION_ORDERED, NULL);
	struct session *session = list_entry(s.st.proxy.sessions.next, struct session, node);

	kept = session->user;
	session->user = name;
	status_says(&s, "user \"a\\x0ab\\x22c\\x5cd\\x7f\xc3\xa9\", database");
	session->user = kept;
	free(name);
	scene_close(&s);
}

static void test_status_that_does_not_fit(void **state)
{
	struct scene s;
	struct buf out;

	(void)state;
	scene_open(&s, EXECUTION_ORDERED, NULL);
	for (size_t ceiling = 0; ceiling < 300; ceiling += 11) {
		buf_init(&out, ceiling);
		assert_false(status_write(&s.st.proxy, &out));
		buf_fini(&out);
	}
	scene_close(&s);
}

static void test_status_goes_to_a_descriptor(void **state)
{
	struct scene s;
	char text[4096];
	int ends[2];
	ssize_t n;

	(void)state;
	scene_open(&s, EXECUTION_ORDERED, NULL);
	assert_int_equal(pipe(ends), 0);
	status_print(&s.st.proxy, ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "twinkly: status: 1 sessions"));
	assert_int_equal(text[n - 1], '\n');
	/* Nobody reads: no hang, no end. */
	close(ends[0]);
	status_print(&s.st.proxy, ends[1]);
	close(ends[1]);
	scene_close(&s);
}

/* --- reloading --- */

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

struct reloading {
	struct scene scene;
	struct reload reload;
	char path[160];
};

static void reload_open(struct reloading *r, const char *const *overrides, size_t count)
{
	scene_open(&r->scene, EXECUTION_ORDERED, NULL);
	assert_true(reload_init(&r->reload));
	snprintf(r->path, sizeof(r->path), "%s/run.conf", r->scene.st.dir);
	r->reload.path = r->path;
	r->reload.overrides = overrides;
	r->reload.override_count = count;
}

static void reload_close(struct reloading *r)
{
	unlink(r->path);
	scene_close(&r->scene);
	reload_fini(&r->reload);
}

static void reload_text(struct reloading *r, const char *text)
{
	write_file(r->path, text);
	reload_run(&r->reload, &r->scene.st.proxy);
}

static bool is_excluded(const struct reloading *r, const char *statement)
{
	return exclude_match(r->scene.st.proxy.policy.exclude, bytes_str(statement)) != NULL;
}

static void test_reload_of_patterns(void **state)
{
	struct reloading r;

	(void)state;
	reload_open(&r, NULL, 0);
	assert_false(is_excluded(&r, "select random()"));
	reload_text(&r, "comparison.exclude-patterns = [ \"random\" ]");
	assert_true(is_excluded(&r, "select random()"));
	reload_text(&r, "comparison.exclude-patterns = [ \"version\", \"now\" ]");
	assert_false(is_excluded(&r, "select random()"));
	assert_true(is_excluded(&r, "select now()"));
	/* Wrong in each way: the old ones stay. */
	reload_text(&r, "comparison.exclude-patterns = [ \"(\" ]");
	reload_text(&r, "comparison.exclude-patterns = [");
	reload_text(&r, "comparison.exclude-patterns = []\nnonsense = 1");
	unlink(r.path);
	reload_run(&r.reload, &r.scene.st.proxy);
	assert_true(is_excluded(&r, "select now()"));
	reload_text(&r, "");
	assert_false(is_excluded(&r, "select now()"));
	reload_close(&r);
}

static void test_reload_of_the_level(void **state)
{
	struct reloading r;

	(void)state;
	reload_open(&r, NULL, 0);
	log_set_level(LOG_LEVEL_ERROR);
	reload_text(&r, "log.level = warning");
	assert_true(log_is_on(LOG_LEVEL_WARNING));
	assert_false(log_is_on(LOG_LEVEL_INFO));
	r.reload.keeps_level = true;
	reload_text(&r, "log.level = debug");
	assert_false(log_is_on(LOG_LEVEL_INFO));
	log_set_level(LOG_LEVEL_ERROR);
	reload_close(&r);
}

static void test_reload_keeps_the_command_line(void **state)
{
	static const char *const overrides[] = {"comparison.exclude-patterns=[\"random\"]"};
	struct reloading r;

	(void)state;
	reload_open(&r, overrides, 1);
	reload_text(&r, "comparison.exclude-patterns = [ \"now\" ]");
	assert_true(is_excluded(&r, "select random()"));
	assert_false(is_excluded(&r, "select now()"));
	reload_close(&r);
}

static void test_reload_without_a_file(void **state)
{
	struct reloading r;

	(void)state;
	reload_open(&r, NULL, 0);
	reload_text(&r, "comparison.exclude-patterns = [ \"now\" ]");
	r.reload.path = NULL;
	reload_run(&r.reload, &r.scene.st.proxy);
	assert_true(is_excluded(&r, "select now()"));
	reload_close(&r);
}

/* --- idle sessions --- */

static const char *const idling[] = {"proxy.idle-timeout=300ms", NULL};

static void hears_timeout(struct talk *t)
{
	hears(t, &t->client, "E");
	heard(t, &t->client, "FATAL");
	heard(t, &t->client, "57P05");
	heard(t, &t->client, "idle-session timeout");
	hears_end(t, &t->client);
}

static void wait_for(struct talk *t, int64_t us)
{
	int64_t until = clock_mono_us() + us;

	while (clock_mono_us() < until)
		stage_turn(t->st, -1);
	assert_true(end_read(&t->client));
	assert_int_equal(buf_len(&t->client.in), 0);
}

static void test_an_idle_session_ends(void **state)
{
	int64_t began = clock_mono_us();
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, idling);

	(void)state;
	hears_timeout(t);
	assert_in_range(clock_mono_us() - began, 300000, 5 * CLOCK_SECOND);
	scene_close(&s);
}

static void test_who_is_not_idle(void **state)
{
	static const char head[] = "Q\0\0\1";
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, idling);

	(void)state;
	/* A statement under way. */
	asks(t, "Q select 1");
	both_hear(t, "Q");
	wait_for(t, 600000);
	both_answer(t, "T a; D 1; C SELECT 1; Z T");
	hears(t, &t->client, "TDCZ");
	/* A transaction. */
	wait_for(t, 600000);
	/* Bytes of a message that is not whole. */
	asks(t, "Q commit");
	hears(t, &t->truth, "Q");
	answers(t, &t->truth, "C COMMIT; Z I");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "C COMMIT; Z I");
	hears(t, &t->client, "CZ");
	for (int i = 0; i < 4; i++) {
		end_send(t->st, &t->client, bytes_of(&head[i], 1));
		wait_for(t, 200000);
	}
	hears_timeout(t);
	scene_close(&s);
}

static void test_a_doomed_session_is_idle(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, idling);

	(void)state;
	asks(t, "Q select 1");
	both_hear(t, "Q");
	answers(t, &t->truth, "C SELECT 1; Z I");
	answers(t, &t->candidate, "C SELECT 2; Z I");
	hears(t, &t->client, "EZ");
	hears_timeout(t);
	scene_close(&s);
}

/* --- proxy.max-connections --- */

static void test_one_client_too_many(void **state)
{
	static const char *const one[] = {"proxy.max-connections=1", NULL};
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, one), more = {.st = &s.st};

	(void)state;
	end_init(&more.client, talk_connect(&s.st), WIRE_BACKEND);
	hears_nothing(&more, &more.client);
	talk_ask_in(&more);
	hears(&more, &more.client, "E");
	heard(&more, &more.client, "53300");
	hears_end(&more, &more.client);
	assert_int_equal(s.st.proxy.counts.refused, 1);
	assert_int_equal(s.st.proxy.admitted, 1);
	/* The one that there is does not notice. */
	asks(t, "Q select 1");
	both_hear(t, "Q");
	both_answer(t, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ");
	asks(t, "X");
	hears_end(t, &t->client);
	assert_int_equal(s.st.proxy.admitted, 0);
	end_close(&more.client);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_have_names),
		cmocka_unit_test(test_status_of_an_exchange),
		cmocka_unit_test(test_status_before_the_backends),
		cmocka_unit_test(test_status_quotes_names),
		cmocka_unit_test(test_status_that_does_not_fit),
		cmocka_unit_test(test_status_goes_to_a_descriptor),
		cmocka_unit_test(test_reload_of_patterns),
		cmocka_unit_test(test_reload_of_the_level),
		cmocka_unit_test(test_reload_keeps_the_command_line),
		cmocka_unit_test(test_reload_without_a_file),
		cmocka_unit_test(test_an_idle_session_ends),
		cmocka_unit_test(test_who_is_not_idle),
		cmocka_unit_test(test_a_doomed_session_is_idle),
		cmocka_unit_test(test_one_client_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
