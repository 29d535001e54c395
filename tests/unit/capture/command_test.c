/*
 * The command that is run under the proxy: its environment, its end, signals to it.
 */
#include "capture/command.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
	uv_loop_t loop;
	struct command_run run;
	char path[64];
	char text[65536]; /* what the command wrote into the file */
	int ended;
};

static void on_exit_(struct command_run *run)
{
	struct fixture *f = run->context;

	assert_false(run->is_running);
	f->ended++;
}

static void set_up(struct fixture *f, const char *host)
{
	int fd;

	*f = (struct fixture){.ended = 0};
	alarm(30);
	snprintf(f->path, sizeof(f->path), "/tmp/twinkly-command-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_true(command_keep_environment(&f->run));
	f->run.on_exit = on_exit_;
	f->run.context = f;
	f->run.host = host;
	f->run.port = 5431;
}

static void tear_down(struct fixture *f)
{
	command_fini(&f->run);
	command_fini(&f->run); /* harmless */
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	unlink(f->path);
	alarm(0);
}

/* Runs a line of shell with the file as its standard output. */
static void run(struct fixture *f, const char *line)
{
	char script[256], sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = {sh, c, script, NULL};
	struct err err = {.text = ""};
	FILE *file;
	size_t len;

	snprintf(script, sizeof(script), "exec >%s; %s", f->path, line);
	if (!command_start(&f->run, &f->loop, argv, &err))
		fail_msg("%s", err.text);
	assert_true(f->run.is_running);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->ended, 1);
	file = fopen(f->path, "r");
	assert_non_null(file);
	len = fread(f->text, 1, sizeof(f->text) - 1, file);
	f->text[len] = '\0';
	fclose(file);
}

/* How often a line of the text begins with this. */
static int count_lines(const struct fixture *f, const char *start)
{
	int count = 0;

	for (const char *at = f->text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		count += strncmp(at, start, strlen(start)) == 0;
	return count;
}

static void test_environment(void **state)
{
	struct fixture f;

	(void)state;
	setenv("PGHOST", "elsewhere", 1);
	setenv("PGHOSTADDR", "10.0.0.1", 1);
	setenv("PGPORT", "1", 1);
	setenv("PGSERVICE", "other", 1);
	setenv("PGSERVICEFILE", "/nowhere", 1);
	setenv("TWINKLY_URL", "old", 1);
	setenv("PGUSER", "app", 1);
	setenv("PGHOSTILE", "kept", 1);
	set_up(&f, "127.0.0.1");
	unsetenv("PGUSER"); /* as backend_isolate does, after the copy was made */
	run(&f, "env");
	assert_int_equal(f.run.status, 0);
	assert_int_equal(count_lines(&f, "PGHOST=127.0.0.1"), 1);
	assert_int_equal(count_lines(&f, "PGPORT=5431"), 1);
	assert_int_equal(count_lines(&f, "TWINKLY_URL=postgresql://127.0.0.1:5431/"), 1);
	assert_int_equal(count_lines(&f, "PGHOST="), 1);
	assert_int_equal(count_lines(&f, "PGPORT="), 1);
	assert_int_equal(count_lines(&f, "TWINKLY_URL="), 1);
	assert_int_equal(count_lines(&f, "PGHOSTADDR="), 0);
	assert_int_equal(count_lines(&f, "PGSERVICE"), 0);
	assert_int_equal(count_lines(&f, "PGUSER=app"), 1);
	assert_int_equal(count_lines(&f, "PGHOSTILE=kept"), 1);
	assert_int_equal(count_lines(&f, "PATH="), 1);
	tear_down(&f);
}

static void test_an_address_with_colons(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "::1");
	run(&f, "env");
	assert_int_equal(count_lines(&f, "PGHOST=::1"), 1);
	assert_int_equal(count_lines(&f, "TWINKLY_URL=postgresql://[::1]:5431/"), 1);
	tear_down(&f);
}

static void test_rewriting(void **state)
{
	struct err err = {.text = ""};
	struct fixture f;

	(void)state;
	setenv("DATABASE_URL", "postgres://app@db:5432/shop", 1);
	setenv("DATABASE_URL_2", "dbname=two", 1);
	set_up(&f, "::1");
	assert_true(command_rewrite(&f.run, "DATABASE_URL", &err));
	assert_true(command_rewrite(&f.run, "DATABASE_URL_2", &err));
	run(&f, "env");
	assert_int_equal(count_lines(&f, "DATABASE_URL=postgres://app@[::1]:5431/shop"), 1);
	assert_int_equal(count_lines(&f, "DATABASE_URL_2=dbname=two host='::1' port=5431"), 1);
	assert_int_equal(count_lines(&f, "DATABASE_URL"), 2);
	tear_down(&f);
}

static void expect_refusal(const char *name, const char *reason)
{
	struct err err = {.text = ""};
	struct fixture f;

	set_up(&f, "127.0.0.1");
	assert_false(command_rewrite(&f.run, name, &err));
	assert_non_null(strstr(err.text, reason));
	tear_down(&f);
}

static void test_rewriting_that_is_refused(void **state)
{
	(void)state;
	setenv("DATABASE_URL", "mysql://db/shop", 1);
	expect_refusal("DATABASE_URL", "DATABASE_URL: the scheme");
	expect_refusal("DATABASE_UR", "DATABASE_UR is not set");
	expect_refusal("NOT_THERE", "NOT_THERE is not set");
	expect_refusal("A=postgres://db/shop", "no \"=\"");
	expect_refusal("PGHOST", "PGHOST needs no rewriting");
	unsetenv("DATABASE_URL");
}

static void test_status(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "127.0.0.1");
	run(&f, "exit 7");
	assert_int_equal(f.run.status, 7);
	tear_down(&f);
	set_up(&f, "127.0.0.1");
	run(&f, "kill -TERM $$");
	assert_int_equal(f.run.status, 128 + SIGTERM);
	tear_down(&f);
}

static void test_a_command_that_is_not_there(void **state)
{
	char name[] = "/nowhere/at-all";
	char *argv[] = {name, NULL};
	struct err err = {.text = ""};
	struct fixture f;

	(void)state;
	set_up(&f, "127.0.0.1");
	assert_false(command_start(&f.run, &f.loop, argv, &err));
	assert_non_null(strstr(err.text, "/nowhere/at-all"));
	assert_non_null(strstr(err.text, "no such file"));
	assert_false(f.run.is_running);
	command_signal(&f.run, SIGKILL); /* nobody is hit */
	tear_down(&f);
	assert_int_equal(f.ended, 0);
}

static void test_signal(void **state)
{
	char sleep_[] = "sleep", time[] = "20";
	char *argv[] = {sleep_, time, NULL};
	struct err err = {.text = ""};
	struct fixture f;

	(void)state;
	set_up(&f, "127.0.0.1");
	command_signal(&f.run, SIGKILL); /* it does not run yet */
	assert_true(command_start(&f.run, &f.loop, argv, &err));
	command_signal(&f.run, SIGINT);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.ended, 1);
	assert_int_equal(f.run.status, 128 + SIGINT);
	command_signal(&f.run, SIGKILL); /* it does not run any more */
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_an_address_with_colons),
		cmocka_unit_test(test_rewriting),
		cmocka_unit_test(test_rewriting_that_is_refused),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_a_command_that_is_not_there),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
