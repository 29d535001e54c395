/*
 * Whole files, files that are too long, and files that are none.
 */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <unistd.h>

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool read_with(const char *path, size_t ceiling, size_t *len, struct err *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, ceiling);
	ok = file_read(path, &text, err);
	*len = buf_len(&text);
	buf_fini(&text);
	return ok;
}

static void test_whole_and_too_long(void **state)
{
	char path[] = "/tmp/twinkly-file-XXXXXX";
	struct err err = {.text = ""};
	size_t len;

	(void)state;
	write_file(path, "0123456789");
	assert_true(read_with(path, 11, &len, &err));
	assert_int_equal(len, 10);
	assert_false(read_with(path, 10, &len, &err));
	assert_non_null(strstr(err.text, "is larger than 9 bytes"));
	assert_non_null(strstr(err.text, path));
	unlink(path);
}

static void test_no_file(void **state)
{
	struct err err = {.text = ""};
	size_t len;

	(void)state;
	assert_false(read_with("/nowhere/at/all", 10, &len, &err));
	assert_string_equal(err.text, "cannot read \"/nowhere/at/all\": No such file or directory");
	assert_false(read_with("/", 10, &len, &err));
	assert_string_equal(err.text, "cannot read \"/\": Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_and_too_long),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
