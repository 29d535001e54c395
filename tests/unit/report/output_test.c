/*
 * Files appear whole or not at all.
 */
#include "report/output.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/report/trace_sample.h"

struct place {
	char dir[64], path[96], tmp[112];
};

static void place_begin(struct place *p)
{
	*p = (struct place){.dir = "/tmp/twinkly-report-XXXXXX"};
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/report.html", p->dir);
	snprintf(p->tmp, sizeof(p->tmp), "%s.tmp", p->path);
}

static void place_end(struct place *p)
{
	unlink(p->path);
	unlink(p->tmp);
	assert_int_equal(rmdir(p->dir), 0);
}

static void expect_content(const char *path, const char *want)
{
	char text[64] = "";
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	(void)!fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	assert_string_equal(text, want);
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void test_the_file_appears_at_the_end(void **state)
{
	struct place p;
	struct output o;
	struct err err;
	struct stat st;

	(void)state;
	place_begin(&p);
	put(p.path, "old");
	assert_true(output_open(&o, p.path, &err));
	fputs("new", o.file);
	fflush(o.file);
	expect_content(p.path, "old");
	expect_content(p.tmp, "new");
	assert_true(output_close(&o, &err));
	expect_content(p.path, "new");
	assert_int_equal(access(p.tmp, F_OK), -1);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	place_end(&p);
}

static void test_abandoning_leaves_the_old_file(void **state)
{
	struct place p;
	struct output o;
	struct err err;

	(void)state;
	place_begin(&p);
	put(p.path, "old");
	assert_true(output_open(&o, p.path, &err));
	fputs("new", o.file);
	output_abandon(&o);
	expect_content(p.path, "old");
	assert_int_equal(access(p.tmp, F_OK), -1);
	place_end(&p);
}

static void test_a_left_over_tmp_is_replaced_and_a_link_not_followed(void **state)
{
	struct place p;
	struct output o;
	struct err err;
	char victim[112];

	(void)state;
	place_begin(&p);
	snprintf(victim, sizeof(victim), "%s/victim", p.dir);
	put(victim, "precious");
	assert_int_equal(symlink(victim, p.tmp), 0);
	assert_true(output_open(&o, p.path, &err));
	fputs("new", o.file);
	assert_true(output_close(&o, &err));
	expect_content(p.path, "new");
	expect_content(victim, "precious");
	unlink(victim);
	place_end(&p);
}

static void test_places_that_cannot_be_written_are_named(void **state)
{
	struct place p;
	struct output o;
	struct err err = {.text = ""};
	char path[160];

	(void)state;
	place_begin(&p);
	snprintf(path, sizeof(path), "%s/nowhere/report.html", p.dir);
	assert_false(output_open(&o, path, &err));
	assert_non_null(strstr(err.text, "nowhere/report.html"));
	assert_non_null(strstr(err.text, "No such file"));
	assert_false(output_open(&o, p.dir, &err));
	assert_non_null(strstr(err.text, "Is a directory"));
	place_end(&p);
}

static void test_what_is_no_regular_file_is_written_in_place(void **state)
{
	struct output o;
	struct err err;
	struct stat st;

	(void)state;
	assert_true(output_open(&o, "/dev/null", &err));
	fputs("new", o.file);
	assert_true(output_close(&o, &err));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_true(output_open(&o, "/dev/full", &err));
	fputs("new", o.file);
	assert_false(output_close(&o, &err));
	assert_string_equal(err.text, "cannot write \"/dev/full\": No space left on device");
}

/* A disk that fills up, played by a limit on the size of files. */
static void test_a_failing_write_removes_the_tmp(void **state)
{
	struct place p;
	struct output o;
	struct err err = {.text = ""};
	struct rlimit before, small;
	bool closed;

	(void)state;
	place_begin(&p);
	put(p.path, "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 10000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(output_open(&o, p.path, &err));
	for (int i = 0; i < 100000; i++)
		fputc('x', o.file);
	closed = output_close(&o, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(closed);
	assert_non_null(strstr(err.text, "report.html"));
	assert_int_equal(access(p.tmp, F_OK), -1);
	expect_content(p.path, "old");
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_appears_at_the_end),
		cmocka_unit_test(test_abandoning_leaves_the_old_file),
		cmocka_unit_test(test_a_left_over_tmp_is_replaced_and_a_link_not_followed),
		cmocka_unit_test(test_places_that_cannot_be_written_are_named),
		cmocka_unit_test(test_what_is_no_regular_file_is_written_in_place),
		cmocka_unit_test(test_a_failing_write_removes_the_tmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
