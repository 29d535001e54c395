/*
 * Questions about locks to a scripted server: answers, refusals, silence, and being stopped.
 */
#include "wire/backend_probe.h"

#include "tests/unit/capture/talk.h"

struct asking {
	struct stage st; /* only its listener and loop are used */
	struct talk talk;
	struct backend_target target;
	struct probe *probe;
	struct probe_answer answer;
	int answers;
};

static void on_probed(void *context, const struct probe_answer *answer)
{
	struct asking *a = context;

	assert_false(probe_is_busy(a->probe));
	a->answer = *answer;
	a->answers++;
}

static void set_up(struct asking *a)
{
	*a = (struct asking){.answers = 0};
	alarm(60);
	backend_isolate();
	assert_int_equal(uv_loop_init(&a->st.loop), 0);
	stage_listen(&a->st.truth);
	a->talk.st = &a->st;
	a->target = (struct backend_target){.name = "PostgreSQL",
		.host = "127.0.0.1",
		.port = a->st.truth.port,
		.sslmode = "disable",
		.connect_timeout_us = 10 * CLOCK_SECOND};
	a->probe = probe_new(&a->st.loop, &a->target, on_probed, a);
	assert_non_null(a->probe);
	assert_false(probe_is_busy(a->probe));
	assert_false(probe_is_open(a->probe));
}

static void tear_down(struct asking *a)
{
	int answers_before = a->answers;

	probe_free(a->probe);
	while (uv_run(&a->st.loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(a->answers, answers_before);
	assert_int_equal(uv_loop_close(&a->st.loop), 0);
	end_close(&a->talk.truth);
	peer_stop(&a->st.truth);
	alarm(0);
}

static void ask(struct asking *a, size_t count)
{
	struct probe_question question = {.user = "app", .database = "shop", .count = count};

	for (size_t i = 0; i < count; i++)
		question.pids[i] = 100 + (int32_t)i;
	assert_true(probe_ask(a->probe, &question));
	assert_true(probe_is_busy(a->probe));
	assert_true(probe_is_open(a->probe));
}

static void meet(struct asking *a)
{
	struct end *server = &a->talk.truth;

	end_close(server);
	end_init(server, talk_accept(&a->st, &a->st.truth), WIRE_FRONTEND);
	talk_startup(&a->talk, server);
}

static void wait_for_answer(struct asking *a)
{
	int64_t until = clock_mono_us() + STAGE_PATIENCE;
	int before = a->answers;

	while (a->answers == before) {
		assert_true(clock_mono_us() < until);
		stage_turn(&a->st, -1);
	}
	assert_int_equal(a->answers, before + 1);
	assert_false(probe_is_busy(a->probe));
}

static void test_blocked(void **state)
{
	struct asking a;

	(void)state;
	set_up(&a);
	ask(&a, 3);
	meet(&a);
	talk_greet(&a.talk, &a.talk.truth);
	hears(&a.talk, &a.talk.truth, "Q");
	heard(&a.talk, &a.talk.truth, "ARRAY[100,101,102]");
	assert_int_equal(a.answers, 0);
	answers(&a.talk, &a.talk.truth, "T p; D 100|{7,8}; D 102; C SELECT 2; Z I");
	wait_for_answer(&a);
	assert_true(a.answer.is_known);
	assert_int_equal(a.answer.count, 2);
	assert_int_equal(a.answer.blocked[0], 100);
	assert_int_equal(a.answer.blocked[1], 102);
	assert_int_equal(a.answer.holders[0][0], 7);
	assert_int_equal(a.answer.holders[0][1], 8);
	assert_int_equal(a.answer.holders[0][2], 0);
	assert_int_equal(a.answer.holders[1][0], 0);
	assert_true(probe_is_elsewhere(a.probe, "warehouse"));
	assert_false(probe_is_elsewhere(a.probe, "shop"));
	/* The connection serves for the next one. */
	ask(&a, 1);
	hears(&a.talk, &a.talk.truth, "Q");
	answers(&a.talk, &a.talk.truth, "T p; C SELECT 0; Z I");
	wait_for_answer(&a);
	assert_true(a.answer.is_known);
	assert_int_equal(a.answer.count, 0);
	tear_down(&a);
}

/* It goes some time after the last answer, never in the middle of a question. */
static void test_trim(void **state)
{
	struct asking a;
	int64_t later;

	(void)state;
	set_up(&a);
	ask(&a, 1);
	meet(&a);
	talk_greet(&a.talk, &a.talk.truth);
	hears(&a.talk, &a.talk.truth, "Q");
	probe_trim(a.probe, clock_mono_us() + 100 * CLOCK_SECOND);
	assert_true(probe_is_busy(a.probe));
	answers(&a.talk, &a.talk.truth, "T p; C SELECT 0; Z I");
	wait_for_answer(&a);
	later = clock_mono_us();
	probe_trim(a.probe, later);
	assert_true(probe_is_open(a.probe));
	probe_trim(a.probe, later + PROBE_LINGER_US + 1);
	assert_false(probe_is_open(a.probe));
	hears_end(&a.talk, &a.talk.truth);
	ask(&a, 1);
	meet(&a);
	talk_greet(&a.talk, &a.talk.truth);
	hears(&a.talk, &a.talk.truth, "Q");
	tear_down(&a);
}

static void test_cannot_say(void **state)
{
	struct asking a;

	(void)state;
	set_up(&a);
	ask(&a, 1);
	meet(&a);
	talk_greet(&a.talk, &a.talk.truth);
	hears(&a.talk, &a.talk.truth, "Q");
	answers(&a.talk, &a.talk.truth, "E 42883 no such function; Z I");
	wait_for_answer(&a);
	assert_false(a.answer.is_known);
	/* Dies in the middle of its answer. */
	ask(&a, 1);
	hears(&a.talk, &a.talk.truth, "Q");
	answers(&a.talk, &a.talk.truth, "T p; D 100");
	end_close(&a.talk.truth);
	a.talk.truth = (struct end){.fd = -1};
	wait_for_answer(&a);
	assert_false(a.answer.is_known);
	assert_false(probe_is_open(a.probe));
	/* Refuses. */
	ask(&a, 1);
	meet(&a);
	answers(&a.talk, &a.talk.truth, "E 53300 too many");
	wait_for_answer(&a);
	assert_false(a.answer.is_known);
	assert_false(probe_is_open(a.probe));
	tear_down(&a);
}

/* Nobody listens any more. */
static void test_no_server(void **state)
{
	struct asking a;

	(void)state;
	set_up(&a);
	close(a.st.truth.listener);
	ask(&a, 1);
	wait_for_answer(&a);
	assert_false(a.answer.is_known);
	stage_listen(&a.st.truth);
	tear_down(&a);
}

/* More rows than were asked for, and rows that are none. */
static void test_odd_rows(void **state)
{
	struct asking a;

	(void)state;
	set_up(&a);
	ask(&a, PROBE_PIDS_MAX);
	meet(&a);
	talk_greet(&a.talk, &a.talk.truth);
	hears(&a.talk, &a.talk.truth, "Q");
	answers(&a.talk, &a.talk.truth, "T p; D \\N; D; D 99999999999999999999999999; D x");
	for (int i = 0; i < PROBE_PIDS_MAX; i++)
		answers(&a.talk, &a.talk.truth, "D 7");
	answers(&a.talk, &a.talk.truth, "C SELECT 260; Z I");
	wait_for_answer(&a);
	assert_int_equal(a.answer.count, PROBE_PIDS_MAX);
	assert_int_equal(a.answer.blocked[PROBE_PIDS_MAX - 1], 7);
	tear_down(&a);
}

/* At any moment: no answer comes, and the next question finds a new connection. */
static void test_stopped(void **state)
{
	struct asking a;

	(void)state;
	for (int moment = 0; moment < 4; moment++) {
		set_up(&a);
		ask(&a, 1);
		if (moment > 0)
			meet(&a);
		if (moment > 1) {
			talk_greet(&a.talk, &a.talk.truth);
			hears(&a.talk, &a.talk.truth, "Q");
		}
		if (moment > 2)
			answers(&a.talk, &a.talk.truth, "T p; D 100");
		probe_stop(a.probe);
		assert_false(probe_is_busy(a.probe));
		assert_false(probe_is_open(a.probe));
		for (int i = 0; i < 20; i++)
			stage_turn(&a.st, -1);
		stage_drop(&a.st.truth);
		assert_int_equal(a.answers, 0);
		ask(&a, 1);
		meet(&a);
		talk_greet(&a.talk, &a.talk.truth);
		hears(&a.talk, &a.talk.truth, "Q");
		answers(&a.talk, &a.talk.truth, "T p; C SELECT 0; Z I");
		wait_for_answer(&a);
		assert_true(a.answer.is_known);
		assert_int_equal(a.answer.count, 0);
		tear_down(&a);
	}
	set_up(&a);
	ask(&a, 1);
	tear_down(&a); /* at the program's end */
	probe_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_cannot_say),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_odd_rows),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
