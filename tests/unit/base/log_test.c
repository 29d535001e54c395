/*
 * Log lines, read back from a pipe in place of standard error.
 */
#include "base/log.h"

#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct capture {
	int saved, reader;
	char text[16384];
};

static void capture_begin(struct capture *c)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	c->saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	c->reader = ends[0];
}

static const char *capture_end(struct capture *c)
{
	size_t len = 0;
	ssize_t n;

	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	while ((n = read(c->reader, c->text + len, sizeof(c->text) - 1 - len)) > 0)
		len += (size_t)n;
	close(c->reader);
	c->text[len] = '\0';
	return c->text;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&re);
}

static void line_has_time_level_text(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_warning("port %d is taken", 5431);
	assert_matches(capture_end(&c), "^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
					"\\.[0-9]{3}Z warning: port 5431 is taken\n$");
}

static void levels_choose(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_debug("hidden");
	log_info("seen");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now seen too");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("hidden");
	log_error("the last");
	log_set_level(LOG_LEVEL_INFO);
	const char *text = capture_end(&c);
	assert_null(strstr(text, "hidden"));
	assert_non_null(strstr(text, " info: seen\n"));
	assert_non_null(strstr(text, " debug: now seen too\n"));
	assert_non_null(strstr(text, " error: the last\n"));
}

static void control_characters_are_shown(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_info("a\nb\x1b[31m\x7f\t\xc3\xa9");
	assert_non_null(strstr(capture_end(&c), " info: a\\x0ab\\x1b[31m\\x7f\\x09\xc3\xa9\n"));
}

static void long_lines_are_cut(void **state)
{
	struct capture c;
	char big[10000];

	(void)state;
	for (int c_or_x = 0; c_or_x < 2; c_or_x++) {
		memset(big, c_or_x ? 'x' : '\x01', sizeof(big) - 1);
		big[sizeof(big) - 1] = '\0';
		capture_begin(&c);
		log_info("%s", big);
		const char *text = capture_end(&c);
		assert_in_range(strlen(text), 4080, 4096);
		assert_string_equal(text + strlen(text) - 4, "...\n");
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	}
}

static void keeps_errno(void **state)
{
	(void)state;
	int saved = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	errno = ENOENT;
	log_error("nobody listens");
	int after = errno;
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(after, ENOENT);
}

static void level_words(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_false(log_level_parse("Debug", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void a_lead_comes_first(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_set_lead("\r\033[K");
	log_error("x");
	log_set_lead("");
	log_error("y");
	capture_end(&c);
	assert_memory_equal(c.text, "\r\033[K2", 5);
	assert_non_null(strstr(c.text, " error: x\n2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_time_level_text),
		cmocka_unit_test(levels_choose),
		cmocka_unit_test(control_characters_are_shown),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(keeps_errno),
		cmocka_unit_test(level_words),
		cmocka_unit_test(a_lead_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
