/*
 * Whole fixtures: text to trace to text is the identity, and the trace holds what reports and a
 * replay read.
 */
#include "tests/unit/replay/fixture_sample.h"
#include "tests/unit/replay/recorded.h"

#include "replay/fixture_import.h"
#include "replay/fixture_write.h"

#define TEXT_MAX 65536

struct place {
	char dir[64], text[96], trace[96];
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->dir, sizeof(p->dir), "/tmp/twinkly-fixture-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->text, sizeof(p->text), "%s/f.twinkly", p->dir);
	snprintf(p->trace, sizeof(p->trace), "%s/f.trace", p->dir);
	*state = p;
	return 0;
}

static int end(void **state)
{
	static const char *const left[] = {"", ".old", "-wal", "-shm", ".old-wal", ".old-shm"};
	struct place *p = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		snprintf(path, sizeof(path), "%s%s", p->trace, left[i]);
		unlink(path);
	}
	unlink(p->text);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static bool import(const struct place *p, const char *text, size_t len, struct err *err)
{
	FILE *out = fopen(p->text, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	*err = (struct err){""};
	return fixture_import(p->text, p->trace, err);
}

/* The trace as text, in a static buffer. */
static const char *export(const struct place *p, const struct fixture_wishes *wishes)
{
	static char text[TEXT_MAX];
	struct fixture_counts counts;
	struct err err = {""};
	struct trace *trace = trace_open(p->trace, &err);
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	if (!trace || !fixture_write(trace, wishes, out, &counts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fclose(out), 0);
	assert_true(trace_close(trace, &err));
	return text;
}

static const char *round_trip(const struct place *p, const char *text)
{
	const struct fixture_wishes all = {0};
	struct err err;

	if (!import(p, text, strlen(text), &err))
		fail_msg("%s", err.text);
	return export(p, &all);
}

static void test_identity(void **state)
{
	assert_string_equal(round_trip(*state, fixture_sample), fixture_sample);
}

static void test_a_hand_written_text_is_brought_into_form(void **state)
{
	static const char loose[] = "twinkly-fixture 1 # first\n"
				    "session a user=app\n"
				    "  a >Query \"x\"\n";
	static const char written[] = "twinkly-fixture 1\n"
				      "session a user=app\n"
				      "a>   Query   \"x\"   # why\n"
				      "a< columns a:int4;   row 1\n"
				      "a< tag \"SELECT 1\"; status=I\n";
	static const char formed[] = "twinkly-fixture 1\n"
				     "session a user=app\n"
				     "a> Query \"x\"\n"
				     "# why\n"
				     "a< columns a:int4\n"
				     "a< row 1\n"
				     "a< tag \"SELECT 1\" status=I\n";
	struct err err;

	assert_string_equal(round_trip(*state, written), formed);
	assert_string_equal(round_trip(*state, formed), formed);
	assert_false(import(*state, loose, strlen(loose), &err)); /* no blank before the > */
}

static int count_rows(const struct place *p, struct trace_counts *counts)
{
	struct err err;
	struct trace *trace = trace_open(p->trace, &err);

	assert_non_null(trace);
	assert_true(trace_count(trace, counts, &err));
	assert_true(trace_close(trace, &err));
	return (int)counts->exchanges;
}

/* What a report and a replay read: verdicts, commands, statements, differences. */
static void test_the_rows(void **state)
{
	struct trace_counts counts;

	round_trip(*state, fixture_sample);
	assert_int_equal(count_rows(*state, &counts), 15);
	assert_int_equal(counts.sessions, 3);
	assert_int_equal(counts.exchanges_by_verdict[VERDICT_ALLOWED], 1);
	assert_int_equal(counts.exchanges_by_verdict[VERDICT_MISMATCH], 1);
	assert_int_equal(counts.exchanges_by_verdict[VERDICT_INCONCLUSIVE], 1);
	assert_int_equal(counts.exchanges_by_verdict[VERDICT_EQUAL], 12);
	assert_true(counts.differences >= 2);
}

static void test_choice_of_sessions(void **state)
{
	static const int64_t sessions[] = {1};
	const struct fixture_wishes one = {.sessions = sessions, .session_count = 1};
	const struct fixture_wishes wrong = {.only_mismatches = true, .accept_reason = "known"};
	const char *text;

	round_trip(*state, fixture_sample);
	text = export(*state, &one);
	assert_non_null(strstr(text, "session a user=app database=shop\na! connect\n"));
	assert_null(strstr(text, "\nb"));
	text = export(*state, &wrong);
	assert_null(strstr(text, "b> Query"));
	assert_non_null(strstr(text, "a< accept error-success reason=\"known\"\n"));
	assert_null(strstr(text, "copy item")); /* after the last mismatch */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_identity, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_hand_written_text_is_brought_into_form, begin, end),
		cmocka_unit_test_setup_teardown(test_the_rows, begin, end),
		cmocka_unit_test_setup_teardown(test_choice_of_sessions, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
