/*
 * The configuration's syntax: every form that is accepted, every message about what is not.
 */
#include "base/conf.h"

#include "tests/unit/base/conf_testing.h"

static void keys_and_separators(void **state)
{
	(void)state;
	assert_value("a = 1", "a", "1");
	assert_value("a: 1", "a", "1");
	assert_value("a:1", "a", "1");
	assert_value("a=1,b=2", "b", "2");
	assert_value("a=1\nb=2\n", "b", "2");
	assert_value("a=1,\n\n  b=2,\n", "b", "2");
	assert_value("a=1\n, b=2", "b", "2");
	assert_value("a=1\r\nb=2\r\n", "a", "1");
	assert_value("\"a\" = 1", "a", "1");
	assert_value("", "a", NULL);
	assert_value(" \n# nothing\n", "a", NULL);
	assert_value("\xEF\xBB\xBF"
		     "a = 1",
		"a", "1");
}

static void comments(void **state)
{
	(void)state;
	assert_value("# a = 0\na = 1 # one\n", "a", "1");
	assert_value("// a = 0\na = 1 // one\n", "a", "1");
	assert_value("a = 1#one", "a", "1");
	assert_value("a = 1//one", "a", "1");
	assert_value("a = \"x#y//z\" # one", "a", "x#y//z");
	assert_value("list = [ # here\n x # there\n // and\n y ] # end", "list", "x|y");
	assert_value("s { # here\n a = 1 } # end", "s.a", "1");
	assert_value("a = x/y", "a", "x/y");
}

static void sections(void **state)
{
	(void)state;
	assert_value("s { a = 1, b = 2 }", "s.b", "2");
	assert_value("s = { a = 1 }", "s.a", "1");
	assert_value("s : {\n a = 1\n b = 2\n}\n", "s.b", "2");
	assert_value("s.a = 1", "s.a", "1");
	assert_value("s.t.a = 1", "s.t.a", "1");
	assert_value("s.t { a = 1 }", "s.t.a", "1");
	assert_value("s { t.a = 1 }", "s.t.a", "1");
	assert_value("s { t { a = 1 }, t.b = 2 }", "s.t.b", "2");
	assert_value("s {}", "s.a", NULL);
	assert_value("s { t { a = 1 } }\na = 2", "a", "2");
	assert_value("\"s\".\"t\".a = 1", "s.t.a", "1");
}

static void json_is_welcome(void **state)
{
	const char *text = "{\"a\": \"x\", \"s\": {\"a\": true, \"t\": {\"b\": 1.5}},\n"
			   " \"list\": [\"p\", \"q\"]}\n";

	(void)state;
	assert_value(text, "a", "x");
	assert_value(text, "s.a", "true");
	assert_value(text, "s.t.b", "1.5");
	assert_value(text, "list", "p|q");
	assert_value(" # first\n{ a = 1 }\n# last\n", "a", "1");
}

static void later_keys_override(void **state)
{
	(void)state;
	assert_value("a = 1\na = 2", "a", "2");
	assert_value("s { a = 1 }\ns.a = 2", "s.a", "2");
	assert_value("s.a = 2\ns { a = 1 }", "s.a", "1");
	assert_value("list = [x, y]\nlist = [z]", "list", "z");
	assert_value("list = x\nlist = [y, z]", "list", "y|z");
}

static void sections_merge(void **state)
{
	(void)state;
	assert_value("s { a = 1 }\ns { b = 2 }", "s.a", "1");
	assert_value("s { a = 1 }\ns = { b = 2 }", "s.a", "1");
	assert_value("s { t { a = 1 } }\ns { t { b = 2 } }", "s.t.a", "1");
	assert_value("s { t { a = 1 } }\ns.t.b = 2", "s.t.a", "1");
	assert_value("s = 1\ns { a = 2 }", "s.a", "2");
	assert_value("s { t = 1 }\ns.t.a = 2", "s.t.a", "2");
	/* Something else in between starts anew. */
	assert_value("s { a = 1 }\ns = 5\ns { b = 2 }", "s.a", NULL);
}

static void unquoted_values(void **state)
{
	(void)state;
	assert_value("a = some words here  \n", "a", "some words here");
	assert_value("a =   x\t y ,b=1", "a", "x\t y");
	assert_value("a = -1.5e3", "a", "-1.5e3");
	assert_value("a = SHOW.*", "a", "SHOW.*");
	assert_value("a = 127.0.0.1:5432", "a", "127.0.0.1:5432");
	assert_value("a = ::1", "a", "::1");
	assert_value("a = /var/run/postgresql", "a", "/var/run/postgresql");
	assert_value("a = US$ 5", "a", "US$ 5");
	assert_value("a = gr\xc3\xbc\xc3\x9f", "a", "gr\xc3\xbc\xc3\x9f");
	assert_value("s { a = x }", "s.a", "x");
	assert_value("s{a=x}", "s.a", "x");
	assert_value("list = [x]", "list", "x");
	assert_value("a = include", "a", "include");
}

static void quoted_values(void **state)
{
	(void)state;
	assert_value("a = \"\"", "a", "");
	assert_value("a = \" x, } ] = { \"", "a", " x, } ] = { ");
	assert_value("a = \"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a", "\"\\/\b\f\n\r\t");
	assert_value("a = \"\\u0041\\u00e9\\u20AC\"", "a", "A\xc3\xa9\xe2\x82\xac");
	assert_value("a = \"\\ud83d\\ude00!\"", "a", "\xf0\x9f\x98\x80!");
	assert_value("a = \"${HOME}\"", "a", "${HOME}");
	assert_value("a = \"tab\tinside\"", "a", "tab\tinside");
	assert_value("a = \"\x80\xff\"", "a", "\x80\xff");
	assert_value("a = \"null\"", "a", "null");
}

static void values_are_joined(void **state)
{
	(void)state;
	assert_value("a = \"x\"\"y\"", "a", "xy");
	assert_value("a = \"x\" y", "a", "x y");
	assert_value("a = x\"y\"z", "a", "xyz");
	assert_value("a = x \"\" y", "a", "x  y");
	assert_value("b = h\na = ${b}\":5432\"", "a", "h:5432");
	assert_value("b = h\na = ${b}/path", "a", "h/path");
	assert_value("b = h\na = x ${b} ${b}y", "a", "x h hy");
	assert_value("a = p\na = ${a}\":q\"", "a", "p:q");
}

static void arrays(void **state)
{
	(void)state;
	assert_value("list = []", "list", "");
	assert_value("list = [ ]", "list", "");
	assert_value("list = [a, \"b c\" , d e]", "list", "a|b c|d e");
	assert_value("list = [\n a\n b,\n c,\n]", "list", "a|b|c");
	assert_value("list = [ a\n , b ]", "list", "a|b");
	assert_value("list = one", "list", "one");
	assert_value("s { list = [1, 2\n3] }", "s.list", "1|2|3");
}

static void appending(void **state)
{
	(void)state;
	assert_value("list += x", "list", "x");
	assert_value("list = [x]\nlist += y\nlist += \"z\"", "list", "x|y|z");
	assert_value("list = []\nlist+=y", "list", "y");
	assert_value("s.list += x\ns { list += y }", "s.list", "x|y");
	assert_value("list = [x]\nlist += ${?TWINKLY_NOT_THERE}", "list", "x");
	assert_value("list += ${?TWINKLY_NOT_THERE}", "list", "");
}

static void null_unsets(void **state)
{
	(void)state;
	assert_value("a = 1\na = null", "a", NULL);
	assert_value("a = null", "a", NULL);
	assert_value("s { a = 1, b = 2 }\ns.a = null", "s.a", NULL);
	assert_value("s { a = 1, b = 2 }\ns.a = null", "s.b", "2");
	assert_value("s { a = 1, b = 2 }\ns.b = null\ns.b = 3\ns.list=[x]", "s.b", "3");
	assert_value("s { a = 1 }\ns = null", "s.a", NULL);
	assert_value("a.b.c = null\na = 1", "a", "1");
	assert_value("a = 1\na = null x", "a", "null x");
	assert_value("a = 1\na = null\na = 2", "a", "2");
}

static void substitution_of_keys(void **state)
{
	(void)state;
	assert_value("a = 1\nb = ${a}", "b", "1");
	assert_value("s.t.a = 1\nb = ${s.t.a}", "b", "1");
	assert_value("s { a = 1, b = ${s.a} }", "s.b", "1");
	assert_value("list = [x, y]\ns.list = ${list}", "s.list", "x|y");
	assert_value("list = [x]\ns.list = ${list}\ns.list += y", "list", "x");
	assert_value("s.t { a = 1 }\ns.t = ${s.t}\ns.t.b = 2", "s.t.a", "1");
	assert_value("a = x\nlist = [${a}, ${a}y]", "list", "x|xy");
	/* The value as it was then. */
	assert_value("a = 1\nb = ${a}\na = 2", "b", "1");
	/* Copies, so that a change of the one leaves the other. */
	assert_value("x { a = 1 }\ns = ${x}\nx.a = 2\nx = null", "s.a", "1");
}

static void substitution_of_environment(void **state)
{
	(void)state;
	setenv("TWINKLY_T", "from env", 1);
	setenv("TWINKLY_EMPTY", "", 1);
	setenv("TWINKLY_SYNTAX", "} # \"x", 1);
	assert_value("a = ${TWINKLY_T}", "a", "from env");
	assert_value("a = ${?TWINKLY_T}", "a", "from env");
	assert_value("a = x${TWINKLY_T}", "a", "xfrom env");
	assert_value("a = ${TWINKLY_EMPTY}", "a", "");
	assert_value("a = ${TWINKLY_SYNTAX}", "a", "} # \"x");
	setenv("b", "outside", 1);
	assert_value("a = ${b}", "a", "outside");
	assert_value("b = inside\na = ${b}", "a", "inside");
	unsetenv("b");
}

static void absent_substitutions(void **state)
{
	(void)state;
	assert_value("a = ${?TWINKLY_NOT_THERE}", "a", NULL);
	assert_value("a = 1\na = ${?TWINKLY_NOT_THERE}", "a", "1");
	assert_value("a = ${?TWINKLY_NOT_THERE} ${?TWINKLY_NOR_THIS}", "a", NULL);
	assert_value("a = x${?TWINKLY_NOT_THERE}", "a", "x");
	assert_value("a = ${?TWINKLY_NOT_THERE} x", "a", "x");
	assert_value("a = x ${?TWINKLY_NOT_THERE} y", "a", "x y");
	assert_value("list = [x, ${?TWINKLY_NOT_THERE}, y]", "list", "x|y");
	assert_value("list = [${?TWINKLY_NOT_THERE}]", "list", "");
	assert_value("a = 5\na.b = ${?TWINKLY_NOT_THERE}", "a", "5");
}

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"a =", "t.conf:1:4: expected a value after \"=\", found end of file"},
	{"\n\n  port =\nb=1", "t.conf:3:9: expected a value after \"=\", found end of line"},
	{"a = # x", "t.conf:1:5: expected a value after \"=\", found end of line"},
	{"a : ,", "t.conf:1:5: expected a value after \":\", found \",\""},
	{"a += }", "t.conf:1:6: expected a value after \"+=\", found \"}\""},
	{"a b = 1", "t.conf:1:3: expected \"=\", \":\", \"+=\" or \"{\" after the key, "
		    "found \"b\""},
	{"a", "t.conf:1:2: expected \"=\", \":\", \"+=\" or \"{\" after the key, "
	      "found end of file"},
	{"include x", "t.conf:1:9: expected \"=\", \":\", \"+=\" or \"{\" after the key, "
		      "found \"x\""},
	{"a + = 1", "t.conf:1:3: expected \"=\", \":\", \"+=\" or \"{\" after the key, "
		    "found \"+\""},
	{"= 1", "t.conf:1:1: expected a key, found \"=\""},
	{"a. = 1", "t.conf:1:3: expected a key, found a blank"},
	{"a = 1,,b = 2", "t.conf:1:7: expected a key, found \",\""},
	{"a = 1\n}", "t.conf:2:1: expected a key, found \"}\""},
	{"\x01 = 1", "t.conf:1:1: expected a key, found the control character 0x01"},
	{"a = 1 b = 2", "t.conf:1:9: expected \",\" or a new line after the value "
			"(quote special characters), found \"=\""},
	{"a = \"x\" b : 2", "t.conf:1:11: expected \",\" or a new line after the value "
			    "(quote special characters), found \":\""},
	{"s { a = 1 } t { }", "t.conf:1:13: expected \",\" or a new line after the value "
			      "(quote special characters), found \"t\""},
	{"a = x\\d", "t.conf:1:6: expected \",\" or a new line after the value "
		     "(quote special characters), found \"\\\""},
	{"a = x{2}", "t.conf:1:6: expected \",\" or a new line after the value "
		     "(quote special characters), found \"{\""},
	{"list = [a] [b]", "t.conf:1:12: expected \",\" or a new line after the value "
			   "(quote special characters), found \"[\""},
	{"list = [a b=]", "t.conf:1:12: expected \",\" or a new line after the value "
			  "(quote special characters), found \"=\""},
	{"{ a = 1 } b = 2", "t.conf:1:11: expected the end of the file after the last \"}\", "
			    "found \"b\""},
	{"\n s {\n a = 1\n", "t.conf:2:4: the section that begins here has no \"}\""},
	{"list = [ 1, 2\n", "t.conf:1:8: the array that begins here has no \"]\""},
	{"list = [ , ]", "t.conf:1:10: expected a value or \"]\", found \",\""},
	{"list = [ null ]", "t.conf:1:10: null cannot be an item of an array"},
	{"list += null", "t.conf:1:9: null cannot be an item of an array"},
	{"a = 1\na += 2", "t.conf:2:1: \"+=\" appends to an array, but this key has another value"},
	{"a = \"x\nb = 1", "t.conf:1:5: the string that begins here has no end"},
	{"a = \"x", "t.conf:1:5: the string that begins here has no end"},
	{"a = \"x\\", "t.conf:1:8: expected one of \" \\ / b f n r t u after a backslash "
		      "(write \\\\ for one backslash), found end of file"},
	{"a = \"\\d+\"", "t.conf:1:7: expected one of \" \\ / b f n r t u after a "
			 "backslash (write \\\\ for one backslash), found \"d\""},
	{"a = \"\\u12g4\"",
		"t.conf:1:10: expected four hexadecimal digits after \\u, found \"g4\""},
	{"a = \"\\u0000\"", "t.conf:1:8: \\u0000 cannot be part of a string"},
	{"a = \"\\ud800x\"", "t.conf:1:8: half of a surrogate pair (\\ud800 to \\udfff)"},
	{"a = \"\\ude00\"", "t.conf:1:8: half of a surrogate pair (\\ud800 to \\udfff)"},
	{"a = \"\\ud83d\\u0041\"", "t.conf:1:8: half of a surrogate pair (\\ud800 to \\udfff)"},
	{"a = \"x\x02\"", "t.conf:1:7: expected a character or an escape, "
			  "found the control character 0x02"},
	{"a = \"\"\"x\"\"\"", "t.conf:1:5: strings in three quotes are not supported; "
			      "use one and \\n, \\\\"},
	{"a = x\n  b = ${TWINKLY_NOT_THERE}",
		"t.conf:2:7: ${TWINKLY_NOT_THERE} is neither a key set before nor in the "
		"environment (${?TWINKLY_NOT_THERE} would leave the key out)"},
	{"a = ${}", "t.conf:1:7: expected a name as in ${NAME}, found \"}\""},
	{"a = ${x", "t.conf:1:8: expected \"}\" after the name, found end of file"},
	{"a = ${x y}", "t.conf:1:8: expected \"}\" after the name, found a blank"},
	{"list=[x]\na = ${list}y", "t.conf:2:12: an array or section cannot be joined with a text"},
	{"list=[x]\na = y${list}", "t.conf:2:6: an array or section cannot be joined with a text"},
	{"a = \xc3\xa9 = 1", "t.conf:1:7: expected \",\" or a new line after the value "
			     "(quote special characters), found \"=\""},
	{"a = aaaaaaaaaaaaaaaaaaaaaaaaa =\n",
		"t.conf:1:31: expected \",\" or a new line after the value "
		"(quote special characters), found \"=\""},
	{"a aaaaaaaaaaaaaaaaaaaaaaaaa", "t.conf:1:3: expected \"=\", \":\", \"+=\" or "
					"\"{\" after the key, found "
					"\"aaaaaaaaaaaaaaaaaaaa\"..."},
};

static void errors_name_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
		assert_error(mistakes[i].text, mistakes[i].message);
}

static void byte_zero_is_no_end(void **state)
{
	struct err err;
	(void)state;
	assert_null(conf_parse("t.conf", "a = x\0y", 7, &err));
	assert_string_equal(err.text, "t.conf:1:6: expected \",\" or a new line after the value "
				      "(quote special characters), found the control character "
				      "0x00");
}

static void values_keep_their_places(void **state)
{
	struct conf *conf = parse_plain("a = 1\ns {\n  list = [\n    x\n    y ]\n}\n");

	(void)state;
	assert_string_equal(conf_place(conf, "a", 0), "t.conf:1:5");
	assert_string_equal(conf_place(conf, "s.list", 0), "t.conf:4:5");
	assert_string_equal(conf_place(conf, "s.list", 1), "t.conf:5:5");
	assert_string_equal(conf_place(conf, "s.list", 2), "t.conf:3:10");
	assert_string_equal(conf_place(conf, "b", 0), "default");
	conf_free(conf);
}

static void copy_is_placed_where_it_is_asked_for(void **state)
{
	struct conf *conf = parse_plain("list = [x]\na = 1\nmore = ${list}\nb = ${a}");

	(void)state;
	assert_string_equal(conf_place(conf, "b", 0), "t.conf:4:5");
	assert_string_equal(conf_place(conf, "more", 9), "t.conf:3:8");
	assert_string_equal(conf_place(conf, "more", 0), "t.conf:1:9");
	conf_free(conf);
}

static void empty_configuration(void **state)
{
	struct conf *conf = conf_new_empty();

	(void)state;
	assert_non_null(conf);
	check_plain(conf);
	assert_null(conf_string(conf, "a"));
	assert_int_equal(conf_count(conf, "list"), 0);
	conf_free(conf);
	conf_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_separators),
		cmocka_unit_test(comments),
		cmocka_unit_test(sections),
		cmocka_unit_test(json_is_welcome),
		cmocka_unit_test(later_keys_override),
		cmocka_unit_test(sections_merge),
		cmocka_unit_test(unquoted_values),
		cmocka_unit_test(quoted_values),
		cmocka_unit_test(values_are_joined),
		cmocka_unit_test(arrays),
		cmocka_unit_test(appending),
		cmocka_unit_test(null_unsets),
		cmocka_unit_test(substitution_of_keys),
		cmocka_unit_test(substitution_of_environment),
		cmocka_unit_test(absent_substitutions),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(byte_zero_is_no_end),
		cmocka_unit_test(values_keep_their_places),
		cmocka_unit_test(copy_is_placed_where_it_is_asked_for),
		cmocka_unit_test(empty_configuration),
	};

	unsetenv("TWINKLY_NOT_THERE");
	unsetenv("TWINKLY_NOR_THIS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
