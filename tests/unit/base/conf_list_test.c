/*
 * Arrays whose items are texts and sections: items, sections as configurations of their own
 * with the places of their members, faults, printing, comparing.
 */
#include "base/conf.h"

#include "tests/unit/base/conf_testing.h"

static const struct conf_key keys[] = {
	{.name = "rules", .type = CONF_LIST},
	{.name = "more.rules", .type = CONF_LIST, .fallback = "[ one, { name = two } ]"},
};

static const struct conf_key members[] = {
	{.name = "name", .type = CONF_STRING},
	{.name = "kinds", .type = CONF_STRINGS},
	{.name = "relative", .type = CONF_NUMBER},
	{.name = "action", .type = CONF_ENUM, .choices = "ignore map"},
};

static struct conf *checked(const char *text)
{
	struct conf *conf = parse_text(text);
	size_t count;
	char *faults = faults_of(conf, keys, ARRAY_LEN(keys), &count);

	assert_string_equal(faults, "");
	free(faults);
	return conf;
}

static void assert_faults(const char *text, const char *expected)
{
	struct conf *conf = parse_text(text);
	size_t count;
	char *faults = faults_of(conf, keys, ARRAY_LEN(keys), &count);

	assert_string_equal(faults, expected);
	free(faults);
	conf_free(conf);
}

/* The faults of the first item of `rules`. */
static void assert_section_faults(const char *text, const char *expected)
{
	struct conf *conf = checked(text), *section = conf_section(conf, "rules", 0);
	size_t count;

	assert_non_null(section);
	char *faults = faults_of(section, members, ARRAY_LEN(members), &count);
	assert_string_equal(faults, expected);
	free(faults);
	conf_free(section);
	conf_free(conf);
}

static char *printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_print(conf, out);
	fclose(out);
	return text;
}

static void texts_and_sections(void **state)
{
	struct conf *conf = checked("rules = [ a, { name = b }\n"
				    "  { name = c, kinds = [x, y], relative = 1e-9 } ]\n"
				    "rules += { name = d, action = map }\n"
				    "rules += e\n");

	(void)state;
	assert_int_equal(conf_count(conf, "rules"), 5);
	assert_string_equal(conf_item(conf, "rules", 0), "a");
	assert_null(conf_item(conf, "rules", 1));
	assert_null(conf_item(conf, "rules", 3));
	assert_string_equal(conf_item(conf, "rules", 4), "e");
	assert_string_equal(conf_place(conf, "rules", 2), "t.conf:2:3");
	assert_int_equal(conf_count(conf, "more.rules"), 2);
	assert_string_equal(conf_place(conf, "more.rules", 1), "default");
	conf_free(conf);
	conf = checked("rules = one");
	assert_int_equal(conf_count(conf, "rules"), 1);
	conf_free(conf);
	conf = checked("");
	assert_int_equal(conf_count(conf, "rules"), 0);
	conf_free(conf);
}

static void a_section_is_a_configuration(void **state)
{
	struct conf *conf = checked("rules = [ a\n  { name = c, kinds = [x, y],\n"
				    "    relative = 1e-9, action = map } ]\n");
	struct conf *section = conf_section(conf, "rules", 1);
	size_t count;

	(void)state;
	assert_non_null(section);
	char *faults = faults_of(section, members, ARRAY_LEN(members), &count);
	assert_string_equal(faults, "");
	free(faults);
	assert_string_equal(conf_string(section, "name"), "c");
	assert_string_equal(conf_item(section, "kinds", 1), "y");
	assert_true(conf_number(section, "relative") == 1e-9);
	assert_int_equal(conf_integer(section, "action"), 1);
	assert_string_equal(conf_place(section, "kinds", 1), "t.conf:2:27");
	assert_string_equal(conf_place(section, "action", 0), "t.conf:3:31");
	conf_free(section);
	conf_free(conf);
}

static void faults(void **state)
{
	(void)state;
	assert_faults("rules = [ [ a ] ]", "t.conf:1:11: rules: expected an array of texts and "
					   "sections, found an array\n");
	assert_faults("rules { a {} }", "t.conf:1:7: rules: expected an array of texts and "
					"sections, found a section\n");
	assert_section_faults("rules = [\n { nam = x } ]",
		"t.conf:2:4: unknown key \"nam\"; did you mean \"name\"?\n");
	assert_section_faults("rules = [\n { name = [ x ], relative = much }\n]",
		"t.conf:2:11: name: expected a text, found an array\n"
		"t.conf:2:29: relative: \"much\" is not a number\n");
	assert_section_faults("rules = [ { action = drop, kinds { a = 1 } } ]",
		"t.conf:1:34: kinds: expected an array of texts, found a section\n"
		"t.conf:1:22: action: \"drop\" is not one of ignore, map\n");
	assert_section_faults("rules = [ {} ]", "");
}

static void prints_and_reads_again(void **state)
{
	struct conf *first = checked("rules = [ a, { name = \"b c\", kinds = [x, \"null\"]\n"
				     "  e = [], \"p.q\" = \"\\\\s\", f {}, n = 1e-9 } ]");
	char *once = printed(first);
	struct conf *second = checked(once);
	char *twice = printed(second);

	(void)state;
	assert_string_equal(once, "rules = [\n"
				  "    \"a\"\n"
				  "    { name = \"b c\", kinds = [x, \"null\"], e = [], "
				  "\"p.q\" = \"\\\\s\", f = {  }, n = 1e-9 }\n"
				  "  ]\n"
				  "more {\n"
				  "  rules = [\n"
				  "    \"one\"\n"
				  "    { name = two }\n"
				  "  ]\n"
				  "}\n");
	assert_string_equal(once, twice);
	assert_true(conf_are_same_items(first, second, "rules"));
	free(once);
	free(twice);
	conf_free(first);
	conf_free(second);
}

static void assert_same(const char *a, const char *b, bool expected)
{
	struct conf *first = checked(a), *second = checked(b);

	if (conf_are_same_items(first, second, "rules") != expected)
		fail_msg("%s against %s", a, b);
	conf_free(first);
	conf_free(second);
}

static void compares_items(void **state)
{
	static const char text[] = "rules = [ a, { name = b, kinds = [ x, y ] } ]";

	(void)state;
	assert_same(text, text, true);
	assert_same("", "", true);
	assert_same(text, "", false);
	assert_same("rules = []", "", false);
	assert_same(text, "rules = [ a, { name = b, kinds = [ x, z ] } ]", false);
	assert_same(text, "rules = [ a, { name = b, kind = [ x, y ] } ]", false);
	assert_same(text, "rules = [ a, { name = b, kinds = [ x ] } ]", false);
	assert_same(text, "rules = [ a, b ]", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_sections),
		cmocka_unit_test(a_section_is_a_configuration),
		cmocka_unit_test(faults),
		cmocka_unit_test(prints_and_reads_again),
		cmocka_unit_test(compares_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
