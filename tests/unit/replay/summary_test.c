/*
 * The last words and the exit status of a replay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "replay/summary.h"

static const struct settings names = {
	.postgresql_name = "PostgreSQL", .yugabytedb_name = "YugabyteDB"};

struct fixture {
	struct replay_counts counts;
	struct summary summary;
	char *text;
	size_t len;
};

/* A replay of ten equal exchanges. */
static void begin(struct fixture *f)
{
	*f = (struct fixture){0};
	f->counts.sessions = 2;
	f->counts.exchanges[VERDICT_EQUAL] = 10;
	f->summary = (struct summary){.settings = &names,
		.counts = &f->counts,
		.source = "run.trace",
		.trace = "out.trace"};
}

static int status(struct fixture *f)
{
	FILE *out;
	int exit_status;

	free(f->text);
	out = open_memstream(&f->text, &f->len);
	assert_non_null(out);
	exit_status = summary_exit_status(&f->summary, out);
	fclose(out);
	return exit_status;
}

static void print(struct fixture *f)
{
	FILE *out;

	free(f->text);
	out = open_memstream(&f->text, &f->len);
	assert_non_null(out);
	summary_print(&f->summary, out);
	fclose(out);
}

static void expect_text(const struct fixture *f, const char *text)
{
	if (!strstr(f->text, text))
		fail_msg("\"%s\" is not in:\n%s", text, f->text);
}

static void end(struct fixture *f)
{
	free(f->text);
}

static void test_all_equal(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(status(&f), EXIT_SAME);
	assert_string_equal(f.text, "");
	print(&f);
	assert_string_equal(f.text,
		"twinkly: replay of run.trace\n"
		"twinkly: PostgreSQL against YugabyteDB: 10 exchanges in 2 sessions\n"
		"twinkly:         10 equal\n"
		"twinkly:          0 mismatch\n"
		"twinkly: trace: out.trace\n");
	end(&f);
}

static void test_mismatch_before_all_else(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.counts.exchanges[VERDICT_MISMATCH] = 1;
	assert_int_equal(status(&f), EXIT_MISMATCH);
	f.counts.exchanges[VERDICT_INCONCLUSIVE] = 1;
	f.counts.skipped[SKIP_GIVEN_UP] = 3;
	f.summary.recorded_gaps = 1;
	assert_int_equal(status(&f), EXIT_MISMATCH);
	f.summary.stopped = "interrupted";
	assert_int_equal(status(&f), EXIT_MISMATCH);
	expect_text(&f, "ended early: interrupted");
	end(&f);
}

static void test_verdicts_that_are_no_mismatch(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.counts.exchanges[VERDICT_EXCLUDED] = 3;
	f.counts.waited = 4;
	f.counts.relaxed = 5;
	f.counts.rolled_back = 6;
	f.counts.skipped[SKIP_UNSENT] = 7;
	f.summary.has_no_end = true;
	assert_int_equal(status(&f), EXIT_SAME);
	print(&f);
	expect_text(&f, "13 exchanges");
	expect_text(&f, "  3 excluded\n");
	expect_text(&f, "  4 times a session waited");
	expect_text(&f, "  5 relaxed: ");
	expect_text(&f, "  6 rolled back");
	expect_text(&f, "  7 never reached the databases");
	expect_text(&f, "run.trace has no end");
	end(&f);
}

static void test_what_proves_nothing(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.counts.exchanges[VERDICT_INCONCLUSIVE] = 1;
	assert_int_equal(status(&f), EXIT_FAILED);
	expect_text(&f, "no mismatch, but some exchanges are inconclusive");
	end(&f);
	for (int skip = 0; skip < SKIP_COUNT; skip++) {
		begin(&f);
		f.counts.skipped[skip] = 1;
		assert_int_equal(
			status(&f), skip_is_as_asked((enum skip)skip) ? EXIT_SAME : EXIT_FAILED);
		print(&f);
		expect_text(&f, skip_text((enum skip)skip));
		end(&f);
	}
	begin(&f);
	f.summary.recorded_gaps = 1;
	assert_int_equal(status(&f), EXIT_FAILED);
	expect_text(&f, "has gaps");
	end(&f);
}

static void test_nothing_replayed(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.counts.exchanges[VERDICT_EQUAL] = 0;
	assert_int_equal(status(&f), EXIT_FAILED);
	expect_text(&f, "nothing was replayed: the trace holds no exchange");
	f.counts.refused = 2;
	f.summary.refusal = "YugabyteDB at localhost:5433: no such database";
	assert_int_equal(status(&f), EXIT_FAILED);
	expect_text(&f, "nothing was replayed: YugabyteDB at localhost:5433");
	print(&f);
	expect_text(&f, "  2 sessions could not connect: YugabyteDB at localhost:5433");
	end(&f);
}

static void test_stopped(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.summary.stopped = "interrupted";
	assert_int_equal(status(&f), EXIT_FAILED);
	assert_string_equal(f.text, "twinkly: the replay ended early: interrupted\n");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_equal),
		cmocka_unit_test(test_mismatch_before_all_else),
		cmocka_unit_test(test_verdicts_that_are_no_mismatch),
		cmocka_unit_test(test_what_proves_nothing),
		cmocka_unit_test(test_nothing_replayed),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
