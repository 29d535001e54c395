/*
 * Files: loading, include with its folder, depth and cycles, limits of size and number.
 */
#include "base/conf.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/base/conf_testing.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A folder of its own for each test; the working directory meanwhile. */
static int enter_folder(void **state)
{
	char *folder = strdup("/tmp/twinkly-conf-XXXXXX");

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	int result = chdir("/") == 0 ? nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS) : -1;

	free(*state);
	return result;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct conf *load_plain(const char *path)
{
	struct err err;
	struct conf *conf = conf_load(path, &err);

	if (!conf)
		fail_msg("%s", err.text);
	check_plain(conf);
	return conf;
}

static void assert_load_error(const char *path, const char *message)
{
	struct err err = {""};

	assert_null(conf_load(path, &err));
	assert_string_equal(err.text, message);
}

static void loads(void **state)
{
	(void)state;
	write_file("x.conf", "a = 1\ns { b = 2 }\n");
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "s.b"), "2");
	assert_string_equal(conf_place(conf, "s.b", 0), "x.conf:2:9");
	conf_free(conf);
}

static void cannot_load(void **state)
{
	(void)state;
	assert_load_error("none.conf", "cannot read \"none.conf\": No such file or directory");
	assert_load_error(".", "cannot read \".\": Is a directory");
	assert_load_error("", "cannot read \"\": No such file or directory");
	write_file("x.conf", "a = 1\nb ~ 2");
	assert_load_error("x.conf", "x.conf:2:3: expected \"=\", \":\", \"+=\" or \"{\" after the "
				    "key, found \"~\"");
}

static void includes_lay_over_and_are_laid_over(void **state)
{
	(void)state;
	write_file("x.conf", "a = 1\nb = 1\ninclude \"y.conf\"\nb = 3, s.b = ${s.a}\n");
	write_file("y.conf", "a = 2\nb = 2\ns.a = ${a}");
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "a"), "2");
	assert_string_equal(conf_string(conf, "b"), "3");
	assert_string_equal(conf_string(conf, "s.b"), "2");
	assert_string_equal(conf_place(conf, "a", 0), "y.conf:1:5");
	conf_free(conf);
}

static void include_in_a_section(void **state)
{
	(void)state;
	write_file("x.conf", "s { include \"y.conf\", b = 2 }");
	write_file("y.conf", "{ a = 1, t.a = 5 }");
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "s.a"), "1");
	assert_string_equal(conf_string(conf, "s.b"), "2");
	assert_string_equal(conf_string(conf, "s.t.a"), "5");
	conf_free(conf);
}

static void include_is_relative_to_its_file(void **state)
{
	char line[256];

	assert_int_equal(mkdir("sub", 0755), 0);
	write_file("x.conf", "include \"sub/y.conf\"");
	write_file("sub/y.conf", "include \"z.conf\"");
	write_file("sub/z.conf", "a = near");
	write_file("z.conf", "a = far");
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "a"), "near");
	assert_string_equal(conf_place(conf, "a", 0), "sub/z.conf:1:5");
	conf_free(conf);
	snprintf(line, sizeof(line), "include \"%s/z.conf\"", (const char *)*state);
	write_file("sub/y.conf", line);
	conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "a"), "far");
	conf_free(conf);
}

static void text_includes_relative_to_its_name(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	write_file("sub/y.conf", "a = 1");
	struct conf *conf = conf_parse("sub/text.conf", "include \"y.conf\"", 16, &err);
	assert_non_null(conf);
	check_plain(conf);
	assert_string_equal(conf_string(conf, "a"), "1");
	conf_free(conf);
}

static void include_is_a_key_as_well(void **state)
{
	(void)state;
	write_file("x.conf", "include = 1\ninclude.x = 2\ninclude { y = 3 }\ninclude = null\n"
			     "a = ok");
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "a"), "ok");
	conf_free(conf);
}

static void bad_includes(void **state)
{
	char text[6000];

	(void)state;
	write_file("x.conf", "\n include \"none.conf\"");
	assert_load_error(
		"x.conf", "x.conf:2:10: cannot read \"none.conf\": No such file or directory");
	write_file("x.conf", "include \"y.conf\"\n");
	write_file("y.conf", "\n = 1");
	assert_load_error("x.conf", "y.conf:2:2: expected a key, found \"=\"");
	write_file("x.conf", "include \"y.conf\" a = 1\n");
	write_file("y.conf", "");
	assert_load_error("x.conf", "x.conf:1:18: expected \",\" or a new line after the value "
				    "(quote special characters), found \"a\"");
	write_file("y.conf", "s {");
	assert_load_error("x.conf", "y.conf:1:3: the section that begins here has no \"}\"");
	snprintf(text, sizeof(text), "include \"%05000d\"", 0);
	write_file("x.conf", text);
	assert_load_error("x.conf", "x.conf:1:9: the path is too long");
}

static void cycles(void **state)
{
	(void)state;
	write_file("x.conf", "a = 1\ninclude \"y.conf\"");
	write_file("y.conf", "include \"./x.conf\"");
	assert_load_error("x.conf", "y.conf:1:9: \"./x.conf\" includes itself");
	write_file("x.conf", "include \"x.conf\"");
	assert_load_error("x.conf", "x.conf:1:9: \"x.conf\" includes itself");
	/* Twice one after the other is no cycle. */
	write_file("x.conf", "include \"y.conf\"\ninclude \"y.conf\"");
	write_file("y.conf", "list += x");
	struct conf *conf = load_plain("x.conf");
	assert_int_equal(conf_count(conf, "list"), 2);
	conf_free(conf);
}

static void write_chain(int length)
{
	char name[32], text[64];

	for (int i = 0; i < length; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include \"%d.conf\"", i + 1);
		write_file(name, i + 1 < length ? text : "a = end");
	}
}

static void depth_of_include(void **state)
{
	(void)state;
	write_chain(17);
	struct conf *conf = load_plain("0.conf");
	assert_string_equal(conf_string(conf, "a"), "end");
	conf_free(conf);
	write_chain(18);
	assert_load_error("0.conf", "16.conf:1:9: include goes deeper than 16 files");
}

static void number_of_files(void **state)
{
	FILE *file = fopen("x.conf", "w");

	(void)state;
	write_file("y.conf", "a = 1");
	for (int i = 0; i < 256; i++)
		fprintf(file, "include \"y.conf\"\n");
	fclose(file);
	assert_load_error("x.conf", "x.conf:256:9: more than 256 files");
}

static void sizes(void **state)
{
	FILE *file = fopen("x.conf", "w");

	(void)state;
	fprintf(file, "a = 1 #%*s\n", (1 << 20) - 8, "");
	fclose(file);
	struct conf *conf = load_plain("x.conf");
	assert_string_equal(conf_string(conf, "a"), "1");
	conf_free(conf);
	file = fopen("x.conf", "a");
	fputc('\n', file);
	fclose(file);
	assert_load_error("x.conf", "x.conf: is larger than 1048576 bytes");
	assert_load_error("/dev/zero", "/dev/zero: is larger than 1048576 bytes");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(loads),
		IN_FOLDER(cannot_load),
		IN_FOLDER(includes_lay_over_and_are_laid_over),
		IN_FOLDER(include_in_a_section),
		IN_FOLDER(include_is_relative_to_its_file),
		IN_FOLDER(text_includes_relative_to_its_name),
		IN_FOLDER(include_is_a_key_as_well),
		IN_FOLDER(bad_includes),
		IN_FOLDER(cycles),
		IN_FOLDER(depth_of_include),
		IN_FOLDER(number_of_files),
		IN_FOLDER(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
