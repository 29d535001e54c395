/*
 * The file of users: its form, its errors with their lines, and who is found in it.
 */
#include "capture/userlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
/* A verifier that is told apart by its number of iterations. */
#define SECRET(n) "\"SCRAM-SHA-256$" #n ":AAECAwQFBgc=$" KEY ":" KEY "\""

static struct userlist *load(const char *text, char *path, struct err *err)
{
	struct userlist *list;
	int fd;

	snprintf(path, 40, "/tmp/twinkly-users-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	list = userlist_load(path, err);
	unlink(path);
	return list;
}

static void assert_refused(const char *text, const char *place, const char *part)
{
	struct err err = {.text = ""};
	char path[40], expected[100];

	assert_null(load(text, path, &err));
	snprintf(expected, sizeof(expected), "proxy.auth-file: %s%s", path, place);
	if (strncmp(err.text, expected, strlen(expected)) != 0 || !strstr(err.text, part))
		fail_msg("%s: %s", text, err.text);
}

static int iterations(const struct userlist *list, const char *user, bool is_mock)
{
	struct scram_verifier v;

	assert_true(userlist_find(list, user, &v));
	assert_int_equal(v.is_mock, is_mock);
	return v.iterations;
}

static void test_users_are_found(void **state)
{
	static const char text[] =
		"; comment\n\n"
		"\"app\" " SECRET(11) "\n"
				      "  \"with \"\"quotes\"\"\"\t" SECRET(
					      12) "  \r\n"
						  "\"\" " SECRET(
							  13) "\n"
							      "\"app\" " SECRET(
								      14) "\n"
									  "\"\xc3\xa4; b\" " SECRET(
										  15);
	struct userlist *list;
	struct err err = {.text = ""};
	char path[40];

	(void)state;
	list = load(text, path, &err);
	if (!list)
		fail_msg("%s", err.text);
	assert_int_equal(iterations(list, "app", false), 11);
	assert_int_equal(iterations(list, "with \"quotes\"", false), 12);
	assert_int_equal(iterations(list, "", false), 13);
	assert_int_equal(iterations(list, "\xc3\xa4; b", false), 15);
	userlist_free(list);
}

/* They look like the first user that is there. */
static void test_unknown_users_get_a_mock(void **state)
{
	struct scram_verifier a, b;
	struct userlist *list;
	struct err err;
	char path[40];

	(void)state;
	list = load("\"app\" " SECRET(777) "\n", path, &err);
	assert_non_null(list);
	assert_int_equal(iterations(list, "App", true), 777);
	assert_true(userlist_find(list, "nobody", &a));
	assert_true(userlist_find(list, "nobody", &b));
	assert_int_equal(a.salt_len, 8);
	assert_memory_equal(a.salt, b.salt, 8);
	assert_true(userlist_find(list, "nobod", &b));
	assert_memory_not_equal(a.salt, b.salt, 8);
	userlist_free(list);
}

static void test_an_empty_file(void **state)
{
	struct userlist *list;
	struct err err;
	char path[40];

	(void)state;
	list = load("", path, &err);
	assert_non_null(list);
	assert_int_equal(iterations(list, "app", true), 4096);
	userlist_free(list);
	userlist_free(NULL);
}

static void test_many_users(void **state)
{
	char path[] = "/tmp/twinkly-users-XXXXXX", name[32];
	FILE *file = fdopen(mkstemp(path), "w");
	struct userlist *list;
	struct err err;

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "\"user%d\" \"SCRAM-SHA-256$%d:AAEC$" KEY ":" KEY "\"\n", i, i + 1);
	fclose(file);
	list = userlist_load(path, &err);
	assert_non_null(list);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		assert_int_equal(iterations(list, name, false), i + 1);
	}
	userlist_free(list);
	unlink(path);
}

static void test_wrong_lines_are_named(void **state)
{
	(void)state;
	assert_refused("app " SECRET(1), ":1: ", "double quotes");
	assert_refused("\n\"app\n", ":2: ", "double quotes");
	assert_refused("\"app\"\n", ":1: ", "double quotes");
	assert_refused("\"app\" SCRAM\n", ":1: ", "double quotes");
	assert_refused("\"app\" \"SCRAM\n", ":1: ", "double quotes");
	assert_refused("\"a\" " SECRET(1) " more\n", ":1: ", "double quotes");
	assert_refused("\"a\" " SECRET(1) "\n\"b\" \"md5abc\"\n", ":2: ", "\"b\"");
	assert_refused("\"a\" \"plain\"\n", ":1: ", "SCRAM-SHA-256$");
	assert_refused("\"a\" \"\"\n", ":1: ", "SCRAM-SHA-256$");
}

/* The secret itself is not repeated. */
static void test_errors_keep_secrets(void **state)
{
	struct err err;
	char path[40];

	(void)state;
	assert_null(load("\"a\" \"hush\"\n", path, &err));
	assert_null(strstr(err.text, "hush"));
}

static void test_files_that_cannot_be_read(void **state)
{
	char path[] = "/tmp/twinkly-users-XXXXXX";
	int fd = mkstemp(path);
	struct err err;

	(void)state;
	assert_null(userlist_load("/nonexistent/users", &err));
	assert_non_null(strstr(err.text, "/nonexistent/users"));
	assert_null(userlist_load("/tmp", &err));
	assert_non_null(strstr(err.text, "is not a file"));
	assert_int_equal(ftruncate(fd, (off_t)USERLIST_FILE_MAX + 1), 0);
	assert_null(userlist_load(path, &err));
	assert_non_null(strstr(err.text, "longer than"));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_are_found),
		cmocka_unit_test(test_unknown_users_get_a_mock),
		cmocka_unit_test(test_an_empty_file),
		cmocka_unit_test(test_many_users),
		cmocka_unit_test(test_wrong_lines_are_named),
		cmocka_unit_test(test_errors_keep_secrets),
		cmocka_unit_test(test_files_that_cannot_be_read),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
