/*
 * Command lines: every way to give an option, every refusal, the help text.
 */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CONFIG = 1, QUIET, LIMIT, LIST, STATE };

static const struct option_row rows[] = {
	{CONFIG, 'c', "config", "FILE", "read the configuration from FILE"},
	{QUIET, 'q', "quiet", NULL, "say less"},
	{LIMIT, 0, "limit", "N", "at most N"},
	{LIST, 0, "list", NULL, "list them"},
	{STATE, 0, "state", "[=KIND]", "compare the state"},
};
static const struct option_table table = {
	.program = "twinkly-capture",
	.usage = "[OPTION]... [-- COMMAND...]",
	.summary = "Runs every statement on two databases.",
	.rows = rows,
	.count = ARRAY_LEN(rows),
};

/* What on_option heard, as text: "1=file 2 ". */
struct heard {
	char text[256];
};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct heard *heard = context;
	size_t len = strlen(heard->text);

	if (value && strcmp(value, "bad") == 0)
		return err_set(err, "\"bad\" will not do");
	snprintf(heard->text + len, sizeof(heard->text) - len, value ? "%d=%s " : "%d ", id, value);
	return true;
}

struct run {
	struct heard heard;
	struct err err;
	int rest;
	enum options_result result;
};

static struct run parse(char **argv)
{
	struct run run = {.rest = -1};
	int argc = 0;

	while (argv[argc])
		argc++;
	run.result = options_parse(&table, argc, argv, on_option, &run.heard, &run.rest, &run.err);
	return run;
}

/* Splits `line` at blanks into an argv with a program's name in front. */
static struct run parse_line(const char *line)
{
	char text[256], *argv[32] = {NULL}, name[] = "prog";
	size_t count = 0;

	snprintf(text, sizeof(text), "%s", line);
	argv[count++] = name;
	for (char *word = text; *word && count < 31;) {
		size_t n = strcspn(word, " ");
		bool is_last = word[n] == '\0';
		word[n] = '\0';
		argv[count++] = word;
		word += n + (is_last ? 0 : 1);
	}
	return parse(argv);
}

static void assert_heard(const char *line, const char *heard, int rest)
{
	struct run run = parse_line(line);

	assert_int_equal(run.result, OPTIONS_OK);
	assert_string_equal(run.heard.text, heard);
	assert_int_equal(run.rest, rest);
}

static void assert_refused(const char *line, const char *message)
{
	struct run run = parse_line(line);

	assert_int_equal(run.result, OPTIONS_INVALID);
	assert_string_equal(run.err.text, message);
}

static void every_form(void **state)
{
	(void)state;
	assert_heard("", "", 1);
	assert_heard("-c a -q", "1=a 2 ", 4);
	assert_heard("-ca", "1=a ", 2);
	assert_heard("-qc a", "2 1=a ", 3);
	assert_heard("--config a --quiet", "1=a 2 ", 4);
	assert_heard("--config=a=b --limit=", "1=a=b 3= ", 3);
	assert_heard("--conf a", "1=a ", 3);
	assert_heard("-q -q", "2 2 ", 3);
}

static void operands_end_the_options(void **state)
{
	(void)state;
	assert_heard("-q run.trace -q", "2 ", 2);
	assert_heard("-q -- -q", "2 ", 3);
	assert_heard("--", "", 2);
	assert_heard("- -q", "", 1);
}

static void state_of_an_earlier_line_is_forgotten(void **state)
{
	(void)state;
	assert_refused("-qx", "unknown option \"-x\"; see twinkly-capture --help");
	assert_heard("-c a b", "1=a ", 3);
}

static void values_that_may_be_left_out(void **state)
{
	(void)state;
	assert_heard("--state b", "5 ", 2);
	assert_heard("--state=all -q", "5=all 2 ", 3);
}

static void refusals(void **state)
{
	(void)state;
	assert_refused("--colour", "unknown option \"--colour\"; see twinkly-capture --help");
	assert_refused("--colour=red", "unknown option \"--colour\"; see twinkly-capture --help");
	assert_refused("-x", "unknown option \"-x\"; see twinkly-capture --help");
	assert_refused("--li", "ambiguous option \"--li\"; see twinkly-capture --help");
	assert_refused("-c",
		"option \"--config\" needs a value: --config FILE; see twinkly-capture --help");
	assert_refused("--limit",
		"option \"--limit\" needs a value: --limit N; see twinkly-capture --help");
	assert_refused(
		"--quiet=1", "option \"--quiet\" takes no value; see twinkly-capture --help");
	assert_refused("--help=1", "option \"--help\" takes no value; see twinkly-capture --help");
	assert_refused("--limit bad", "\"bad\" will not do");
}

static void refusal_without_a_reader(void **state)
{
	char name[] = "prog", option[] = "--colour", *argv[] = {name, option, NULL};
	struct heard heard = {""};
	int rest;

	(void)state;
	assert_int_equal(
		options_parse(&table, 2, argv, on_option, &heard, &rest, NULL), OPTIONS_INVALID);
}

/* Runs a line with standard output in a file; what was printed is the caller's to free. */
static char *printed_by(const char *line, enum options_result *result)
{
	FILE *file = tmpfile();
	char *text = calloc(1, 4096);

	assert_non_null(file);
	assert_non_null(text);
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	*result = parse_line(line).result;
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, 4095, file) > 0);
	fclose(file);
	return text;
}

static void help_comes_from_the_table(void **state)
{
	enum options_result result;
	char *text = printed_by("-q --help --colour", &result);

	(void)state;
	assert_int_equal(result, OPTIONS_DONE);
	assert_string_equal(text, "Usage: twinkly-capture [OPTION]... [-- COMMAND...]\n"
				  "\n"
				  "Runs every statement on two databases.\n"
				  "\n"
				  "Options:\n"
				  "  -c, --config FILE   read the configuration from FILE\n"
				  "  -q, --quiet         say less\n"
				  "      --limit N       at most N\n"
				  "      --list          list them\n"
				  "      --state[=KIND]  compare the state\n"
				  "      --help          print this help\n"
				  "      --version       print the version\n");
	free(text);
}

static void version_names_program_and_commit(void **state)
{
	enum options_result result;
	char *text = printed_by("--version", &result);

	(void)state;
	assert_int_equal(result, OPTIONS_DONE);
	assert_int_equal(strncmp(text, "twinkly-capture " TWINKLY_VERSION " (", 17), 0);
	assert_string_equal(text + strlen(text) - 2, ")\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(operands_end_the_options),
		cmocka_unit_test(state_of_an_earlier_line_is_forgotten),
		cmocka_unit_test(values_that_may_be_left_out),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refusal_without_a_reader),
		cmocka_unit_test(help_comes_from_the_table),
		cmocka_unit_test(version_names_program_and_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
