/*
 * The exit status of a run, and what its last lines say.
 */
#include "capture/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/run.h"
#include "capture/mismatch.h"

struct case_ {
	struct settings settings;
	struct proxy_counts counts;
	struct trace_queue_stats stats;
	struct summary summary;
	char *text;
	size_t len;
};

/* A run of one equal exchange in one session. */
static void set_up(struct case_ *c, bool has_command, int status)
{
	*c = (struct case_){.settings = {.postgresql_name = "PostgreSQL",
				    .yugabytedb_name = "YugabyteDB",
				    .listen_address = "127.0.0.1",
				    .listen_port = 5431,
				    .trace_file = "run.trace"}};
	c->counts.sessions = 1;
	c->counts.exchanges[VERDICT_EQUAL] = 1;
	c->summary = (struct summary){.settings = &c->settings,
		.counts = &c->counts,
		.stats = &c->stats,
		.has_command = has_command,
		.command_status = status};
}

static int status_of(struct case_ *c)
{
	FILE *out = open_memstream(&c->text, &c->len);
	int status = summary_exit_status(&c->summary, out);

	fclose(out);
	return status;
}

/* `text` NULL: nothing is said. */
static void expect(struct case_ *c, int status, const char *text)
{
	assert_int_equal(status_of(c), status);
	if (text && !strstr(c->text, text))
		fail_msg("says \"%s\"", c->text);
	if (!text)
		assert_string_equal(c->text, "");
	free(c->text);
}

static void test_same(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, false, 0);
	expect(&c, EXIT_SAME, NULL);
	set_up(&c, true, 0);
	c.counts.exchanges[VERDICT_EXCLUDED] = 3;
	c.counts.exchanges[VERDICT_NOT_COMPARED] = 1;
	expect(&c, EXIT_SAME, NULL);
}

static void test_mismatch_comes_first(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, true, 7);
	c.counts.exchanges[VERDICT_MISMATCH] = 1;
	c.counts.exchanges[VERDICT_INCONCLUSIVE] = 1;
	c.stats.has_failed = true;
	expect(&c, EXIT_MISMATCH, NULL);
}

static void test_the_commands_own_status(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, true, 7);
	expect(&c, 7, NULL);
	c.counts.exchanges[VERDICT_INCONCLUSIVE] = 1;
	expect(&c, 7, NULL);
	set_up(&c, true, 137); /* killed */
	c.counts.exchanges[VERDICT_EQUAL] = 0;
	expect(&c, 137, NULL);
}

static void test_nothing_was_captured(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, true, 0);
	c.counts = (struct proxy_counts){0};
	expect(&c, EXIT_FAILED, "the command never connected to 127.0.0.1:5431");
	set_up(&c, false, 0);
	c.counts = (struct proxy_counts){0};
	expect(&c, EXIT_FAILED, "a client never connected");
}

/* It did connect: a reason that is not true is worse than none. */
static void test_every_session_was_refused(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, true, 0);
	c.counts = (struct proxy_counts){.sessions = 2, .refused = 2};
	expect(&c, EXIT_FAILED, "nothing was captured");
	assert_int_equal(status_of(&c), EXIT_FAILED);
	assert_null(strstr(c.text, "never connected"));
	assert_non_null(strstr(c.text, "refused"));
	free(c.text);
	c.counts = (struct proxy_counts){.sessions = 1};
	assert_int_equal(status_of(&c), EXIT_FAILED);
	assert_null(strstr(c.text, "never connected"));
	free(c.text);
}

static void test_doubts(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, true, 0);
	c.counts.exchanges[VERDICT_INCONCLUSIVE] = 1;
	expect(&c, EXIT_FAILED, "inconclusive");
	set_up(&c, true, 0);
	c.stats.lost_exchanges = 1;
	expect(&c, EXIT_FAILED, "the trace is not complete");
	set_up(&c, false, 0);
	c.stats.has_failed = true;
	expect(&c, EXIT_FAILED, "the trace is not complete");
}

static void expect_line(const struct case_ *c, const char *line, bool is_there)
{
	if ((strstr(c->text, line) != NULL) != is_there)
		fail_msg("\"%s\" in:\n%s", line, c->text);
}

static void print(struct case_ *c)
{
	FILE *out = open_memstream(&c->text, &c->len);

	summary_print(&c->summary, out);
	fclose(out);
}

static void test_print(void **state)
{
	struct case_ c;

	(void)state;
	set_up(&c, false, 0);
	print(&c);
	expect_line(&c, "PostgreSQL against YugabyteDB: 1 exchanges in 1 sessions\n", true);
	expect_line(&c, " 1 equal\n", true);
	expect_line(&c, " 0 mismatch\n", true);
	expect_line(&c, "trace: run.trace\n", true);
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (i != VERDICT_EQUAL && i != VERDICT_MISMATCH)
			expect_line(&c, verdict_name((enum verdict)i), false);
	expect_line(&c, "refused", false);
	expect_line(&c, "not in the trace", false);
	free(c.text);
	for (int i = 0; i < VERDICT_COUNT; i++)
		c.counts.exchanges[i] = 1000 + i;
	c.counts.refused = 5;
	c.counts.handed_on = 6;
	c.counts.deadlocks = 8;
	c.counts.routed = 9;
	c.counts.slow = 10;
	c.counts.slow_unconfirmed = 11;
	c.counts.slow_skipped = 12;
	c.stats.lost_exchanges = 7;
	snprintf(c.stats.why, sizeof(c.stats.why), "the disk is full");
	print(&c);
	for (int i = 0; i < VERDICT_COUNT; i++) {
		char line[64];

		snprintf(line, sizeof(line), " %d %s\n", 1000 + i, verdict_name((enum verdict)i));
		expect_line(&c, line, true);
	}
	expect_line(&c, " 5 sessions refused\n", true);
	expect_line(&c, " 6 times", true);
	expect_line(&c, " 9 exchanges routed to one database\n", true);
	expect_line(&c, " 10 exchanges slow on one database\n", true);
	expect_line(&c, " 11 exchanges slow once, not confirmed\n", true);
	expect_line(&c, " 12 exchanges slow, not looked into\n", true);
	expect_line(&c, " 8 deadlocks across the two databases ended\n", true);
	expect_line(&c, " 7 exchanges are not in the trace: the disk is full\n", true);
	free(c.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_mismatch_comes_first),
		cmocka_unit_test(test_the_commands_own_status),
		cmocka_unit_test(test_nothing_was_captured),
		cmocka_unit_test(test_every_session_was_refused),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
