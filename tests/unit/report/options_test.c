/*
 * The command line, in every order that a person may type it.
 */
#include "report/options.h"

#include "tests/unit/report/trace_sample.h"

#define ARGS_MAX 12

struct parsed {
	struct report_options options;
	enum options_result result;
	struct err err;
	char words[ARGS_MAX][64]; /* getopt_long wants them writable */
};

/* `line` is the words after the program's name, each ended by one space. */
static void parse(struct parsed *p, const char *line)
{
	char *argv[ARGS_MAX + 1] = {p->words[0]};
	int argc = 1;

	*p = (struct parsed){.words = {"twinkly-report"}};
	for (const char *end; (end = strchr(line, ' ')); line = end + 1) {
		assert_true(argc < ARGS_MAX && end - line < 64);
		memcpy(p->words[argc], line, (size_t)(end - line));
		argv[argc] = p->words[argc];
		argc++;
	}
	p->result = report_options_parse(argc, argv, &p->options, &p->err);
}

static void expect_refused(const char *line, const char *why)
{
	struct parsed p;

	parse(&p, line);
	assert_int_equal(p.result, OPTIONS_INVALID);
	if (!strstr(p.err.text, why))
		fail_msg("\"%s\" is not in: %s", why, p.err.text);
}

static void test_the_trace_alone_is_enough(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "run.trace ");
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.options.trace, "run.trace");
	assert_null(p.options.html);
	assert_null(p.options.csv);
	assert_int_equal(p.options.limit, -1);
	assert_int_equal(p.options.only, SUMMARY_ANY_KIND);
	assert_false(p.options.is_quiet);
}

static void test_options_stand_before_and_behind_the_trace(void **state)
{
	static const char *const lines[] = {
		"run.trace --html a.html --csv a.csv --limit 7 --only tag -q ",
		"--html a.html --csv=a.csv --limit 7 --only tag -q run.trace ",
		"-q --html a.html run.trace --csv a.csv --limit=7 --only=tag "};
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		parse(&p, lines[i]);
		assert_int_equal(p.result, OPTIONS_OK);
		assert_string_equal(p.options.trace, "run.trace");
		assert_string_equal(p.options.html, "a.html");
		assert_string_equal(p.options.csv, "a.csv");
		assert_int_equal(p.options.limit, 7);
		assert_int_equal(p.options.only, DIFF_TAG);
		assert_true(p.options.is_quiet);
	}
}

static void test_every_kind_is_known_by_its_name(void **state)
{
	struct parsed p;
	char line[80];

	(void)state;
	for (int kind = 0; kind < DIFF_KIND_COUNT; kind++) {
		snprintf(line, sizeof(line), "run.trace --only %s ",
			diff_kind_info((enum diff_kind)kind)->name);
		parse(&p, line);
		assert_int_equal(p.result, OPTIONS_OK);
		assert_int_equal(p.options.only, kind);
	}
}

static void test_every_form_has_a_file(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "run.trace --json a --junit b --markdown c --by-test ");
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.options.json, "a");
	assert_string_equal(p.options.junit, "b");
	assert_string_equal(p.options.markdown, "c");
	assert_true(p.options.has_by_test);
}

static void test_what_makes_no_sense_is_refused_with_a_reason(void **state)
{
	(void)state;
	expect_refused("", "name the trace");
	expect_refused("-q ", "name the trace");
	expect_refused("a.trace b.trace ", "\"b.trace\" is one too many");
	expect_refused("run.trace --only color ", "\"color\"; the kinds are row-count, value");
	expect_refused("run.trace --only color ", "function-result");
	expect_refused("run.trace --limit -1 ", "not \"-1\"");
	expect_refused("run.trace --limit 5x ", "not \"5x\"");
	expect_refused("run.trace --limit 99999999999999999999 ", "needs a number");
	expect_refused("run.trace --limit= ", "not \"\"");
	expect_refused("run.trace --html ", "needs a value");
	expect_refused("run.trace --colour ", "unknown option");
}

static void test_lists_of_known_differences(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "run.trace --known k --write-known k ");
	assert_int_equal(p.result, OPTIONS_OK);
	assert_string_equal(p.options.known, "k");
	assert_string_equal(p.options.write_known, "k");
	expect_refused("a --write-known a ", "would overwrite the trace");
	expect_refused("a --csv k --write-known k ", "would go to \"k\"");
	expect_refused("a --html k --known k ", "would overwrite the list \"k\"");
}

static void test_no_report_overwrites_the_trace_or_the_other(void **state)
{
	struct sample s;
	char line[400];

	(void)state;
	expect_refused("run.trace --html run.trace ", "would overwrite the trace");
	expect_refused("run.trace --csv run.trace ", "would overwrite the trace");
	expect_refused("run.trace --csv out --html out ", "both reports would go to \"out\"");
	expect_refused("run.trace --json run.trace ", "would overwrite the trace");
	expect_refused("run.trace --junit x --markdown x ", "both reports would go to \"x\"");
	/* The same file by another name. */
	sample_begin(&s);
	snprintf(line, sizeof(line), "%s --csv %s/./run.trace ", s.path, s.dir);
	expect_refused(line, "would overwrite the trace");
	sample_check(&s, trace_commit(s.trace, &s.err));
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_trace_alone_is_enough),
		cmocka_unit_test(test_options_stand_before_and_behind_the_trace),
		cmocka_unit_test(test_every_kind_is_known_by_its_name),
		cmocka_unit_test(test_every_form_has_a_file),
		cmocka_unit_test(test_what_makes_no_sense_is_refused_with_a_reason),
		cmocka_unit_test(test_lists_of_known_differences),
		cmocka_unit_test(test_no_report_overwrites_the_trace_or_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
