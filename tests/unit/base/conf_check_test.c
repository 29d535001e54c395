/*
 * Checking against a table of keys: unknown keys, types, ranges, choices, defaults, getters,
 * overrides of the command line.
 */
#include "base/conf.h"

#include "tests/unit/base/conf_testing.h"

static const struct conf_key keys[] = {
	{.name = "proxy.listen-address", .type = CONF_STRING, .fallback = "\"127.0.0.1\""},
	{.name = "proxy.listen-port",
		.type = CONF_INTEGER,
		.fallback = "5431",
		.min = 1,
		.max = 65535},
	{.name = "proxy.auth",
		.type = CONF_ENUM,
		.fallback = "trust",
		.choices = "trust password scram-sha-256"},
	{.name = "proxy.postgresql.user", .type = CONF_STRING},
	{.name = "proxy.postgresql.password", .type = CONF_STRING, .is_secret = true},
	{.name = "comparison.enabled", .type = CONF_BOOLEAN, .fallback = "true"},
	{.name = "comparison.ratio", .type = CONF_NUMBER, .fallback = "4.0", .min = 1},
	{.name = "comparison.backend-timeout",
		.type = CONF_DURATION,
		.fallback = "60s",
		.min = 1000,
		.max = 3600e6},
	{.name = "comparison.exclude-patterns", .type = CONF_STRINGS, .fallback = "[]"},
	{.name = "comparison.rules", .type = CONF_STRINGS, .fallback = "[ \"one\", two ]"},
	{.name = "trace.max-response", .type = CONF_SIZE, .fallback = "1MB", .max = 1 << 30},
	{.name = "trace.count", .type = CONF_INTEGER},
};

/* Parses, checks, and compares what is printed. */
static void assert_faults(const char *text, size_t expected_count, const char *expected)
{
	struct conf *conf = parse_text(text);
	size_t count;
	char *printed = faults_of(conf, keys, ARRAY_LEN(keys), &count);

	assert_string_equal(printed, expected);
	assert_int_equal(count, expected_count);
	free(printed);
	conf_free(conf);
}

static void check_keys(struct conf *conf)
{
	size_t count;
	char *printed = faults_of(conf, keys, ARRAY_LEN(keys), &count);

	assert_string_equal(printed, "");
	assert_int_equal(count, 0);
	free(printed);
}

static struct conf *checked(const char *text)
{
	struct conf *conf = parse_text(text);

	check_keys(conf);
	return conf;
}

static void defaults(void **state)
{
	struct conf *conf = checked("");

	(void)state;
	assert_string_equal(conf_string(conf, "proxy.listen-address"), "127.0.0.1");
	assert_int_equal(conf_integer(conf, "proxy.listen-port"), 5431);
	assert_string_equal(conf_string(conf, "proxy.auth"), "trust");
	assert_int_equal(conf_integer(conf, "proxy.auth"), 0);
	assert_null(conf_string(conf, "proxy.postgresql.user"));
	assert_true(conf_boolean(conf, "comparison.enabled"));
	assert_true(conf_number(conf, "comparison.ratio") == 4.0);
	assert_int_equal(conf_integer(conf, "comparison.backend-timeout"), 60000000);
	assert_int_equal(conf_count(conf, "comparison.exclude-patterns"), 0);
	assert_int_equal(conf_count(conf, "comparison.rules"), 2);
	assert_string_equal(conf_item(conf, "comparison.rules", 1), "two");
	assert_int_equal(conf_integer(conf, "trace.max-response"), 1 << 20);
	assert_int_equal(conf_integer(conf, "trace.count"), 0);
	assert_string_equal(conf_place(conf, "trace.count", 0), "default");
	assert_string_equal(conf_place(conf, "comparison.rules", 0), "default");
	assert_string_equal(conf_place(conf, "proxy.auth", 0), "default");
	conf_free(conf);
}

static void set_values(void **state)
{
	struct conf *conf =
		checked("proxy { listen-port = 6000, auth = scram-sha-256\n"
			"  postgresql.user = \"ann\" }\n"
			"comparison { enabled = off, ratio = 1.5, backend-timeout = 500ms\n"
			"  exclude-patterns = [ \"a\" ], rules = one }\n"
			"trace { max-response = 2KiB, count = -5 }\n");

	(void)state;
	assert_int_equal(conf_integer(conf, "proxy.listen-port"), 6000);
	assert_string_equal(conf_string(conf, "proxy.auth"), "scram-sha-256");
	assert_int_equal(conf_integer(conf, "proxy.auth"), 2);
	assert_string_equal(conf_string(conf, "proxy.postgresql.user"), "ann");
	assert_false(conf_boolean(conf, "comparison.enabled"));
	assert_true(conf_number(conf, "comparison.ratio") == 1.5);
	assert_int_equal(conf_integer(conf, "comparison.backend-timeout"), 500000);
	assert_int_equal(conf_count(conf, "comparison.exclude-patterns"), 1);
	assert_string_equal(conf_item(conf, "comparison.exclude-patterns", 0), "a");
	assert_int_equal(conf_count(conf, "comparison.rules"), 1);
	assert_string_equal(conf_item(conf, "comparison.rules", 0), "one");
	assert_int_equal(conf_integer(conf, "trace.max-response"), 2048);
	assert_int_equal(conf_integer(conf, "trace.count"), -5);
	assert_string_equal(conf_place(conf, "proxy.listen-port", 0), "t.conf:1:23");
	conf_free(conf);
}

static void null_brings_the_default_back(void **state)
{
	struct conf *conf = checked("proxy.listen-port = 6000\nproxy.listen-port = null");

	(void)state;
	assert_int_equal(conf_integer(conf, "proxy.listen-port"), 5431);
	conf_free(conf);
}

static void unknown_keys(void **state)
{
	(void)state;
	assert_faults("\nproxy {\n  listen-prt = 1\n}", 1,
		"t.conf:3:3: unknown key \"proxy.listen-prt\"; "
		"did you mean \"proxy.listen-port\"?\n");
	assert_faults("porxy.auth = trust", 1,
		"t.conf:1:7: unknown key \"porxy.auth\"; did you mean \"proxy.auth\"?\n");
	assert_faults("zzz = 1", 1, "t.conf:1:1: unknown key \"zzz\"\n");
	assert_faults("monitoring { a = 1\n b.c = 2, d {}, e = [x] }", 4,
		"t.conf:1:14: unknown key \"monitoring.a\"\n"
		"t.conf:2:4: unknown key \"monitoring.b.c\"\n"
		"t.conf:2:11: unknown key \"monitoring.d\"\n"
		"t.conf:2:17: unknown key \"monitoring.e\"\n");
	assert_faults("monitoring {}", 1, "t.conf:1:1: unknown key \"monitoring\"\n");
	assert_faults("proxy {}\nproxy.postgresql {}", 0, "");
	/* A quoted name with dots is one name. */
	assert_faults("\"proxy.auth\" = trust", 1,
		"t.conf:1:1: unknown key \"proxy.auth\"; did you mean \"proxy.auth\"?\n");
	assert_faults("\"\\u001b[31m\" = 1", 1, "t.conf:1:1: unknown key \"\\u001b[31m\"\n");
	assert_faults("\"\" = 1", 1, "t.conf:1:1: unknown key \"\"\n");
}

static void long_keys(void **state)
{
	char text[1200], expected[1200];

	(void)state;
	snprintf(text, sizeof(text), "%0600d = 1", 0);
	assert_faults(text, 1, "t.conf:1:1: a key longer than 512 bytes\n");
	snprintf(text, sizeof(text), "%0500d = 1", 0);
	snprintf(expected, sizeof(expected), "t.conf:1:1: unknown key \"%0500d\"\n", 0);
	assert_faults(text, 1, expected);
	snprintf(text, sizeof(text), "%0500d.%020d.x = 1\nproxy.auth=trust", 0, 0);
	assert_faults(text, 1, "t.conf:1:502: a key longer than 512 bytes\n");
}

static void sections_and_values(void **state)
{
	(void)state;
	assert_faults("proxy = 3", 1,
		"t.conf:1:1: proxy: expected a section in braces, found a single value\n");
	assert_faults("proxy.postgresql = [x]", 1,
		"t.conf:1:7: proxy.postgresql: expected a section in braces, found an array\n");
	assert_faults("proxy.listen-port { x = 1 }", 1,
		"t.conf:1:19: proxy.listen-port: expected an integer, found a section\n");
}

static void types(void **state)
{
	(void)state;
	assert_faults("comparison.backend-timeout = 60x", 1,
		"t.conf:1:30: comparison.backend-timeout: \"60x\" is not a duration "
		"(like 500ms, 30s, 2m)\n");
	assert_faults("comparison.backend-timeout = 60", 1,
		"t.conf:1:30: comparison.backend-timeout: \"60\" needs a unit, like 60ms or "
		"60s\n");
	assert_faults("proxy.listen-port = high", 1,
		"t.conf:1:21: proxy.listen-port: \"high\" is not an integer\n");
	assert_faults("comparison.ratio = 1x", 1,
		"t.conf:1:20: comparison.ratio: \"1x\" is not a number\n");
	assert_faults("comparison.enabled = maybe", 1,
		"t.conf:1:22: comparison.enabled: \"maybe\" is not a boolean "
		"(true, false, yes, no, on or off)\n");
	assert_faults("trace.max-response = 5XB", 1,
		"t.conf:1:22: trace.max-response: \"5XB\" is not a size (like 64MB, 1KiB)\n");
	assert_faults("proxy.auth = md5", 1,
		"t.conf:1:14: proxy.auth: \"md5\" is not one of trust, password, "
		"scram-sha-256\n");
	assert_faults("proxy.auth = \"\"", 1,
		"t.conf:1:14: proxy.auth: \"\" is not one of trust, password, "
		"scram-sha-256\n");
	assert_faults("proxy.listen-address = \"\"", 0, "");
}

static void kinds(void **state)
{
	(void)state;
	assert_faults("proxy.listen-port = [1]", 1,
		"t.conf:1:21: proxy.listen-port: expected an integer, found an array\n");
	assert_faults("proxy.listen-address {}", 1,
		"t.conf:1:22: proxy.listen-address: expected a text, found a section\n");
	assert_faults("proxy.auth = [trust]", 1,
		"t.conf:1:14: proxy.auth: expected one of trust, password, scram-sha-256, "
		"found an array\n");
	assert_faults("comparison.rules = [ x, [y], {z = 1} ]", 2,
		"t.conf:1:25: comparison.rules: expected an array of texts, found an array\n"
		"t.conf:1:30: comparison.rules: expected an array of texts, found a section\n");
	assert_faults("comparison.rules {}", 1,
		"t.conf:1:18: comparison.rules: expected an array of texts, found a section\n");
}

static void ranges(void **state)
{
	(void)state;
	assert_faults("proxy.listen-port = 1", 0, "");
	assert_faults("proxy.listen-port = 65535", 0, "");
	assert_faults("proxy.listen-port = 0", 1,
		"t.conf:1:21: proxy.listen-port: \"0\" is out of range: from 1 to 65535\n");
	assert_faults("proxy.listen-port = 65536", 1,
		"t.conf:1:21: proxy.listen-port: \"65536\" is out of range: from 1 to 65535\n");
	assert_faults("comparison.backend-timeout = 2h", 1,
		"t.conf:1:30: comparison.backend-timeout: \"2h\" is out of range: "
		"from 1ms to 1h\n");
	assert_faults("comparison.backend-timeout = 0", 1,
		"t.conf:1:30: comparison.backend-timeout: \"0\" is out of range: "
		"from 1ms to 1h\n");
	assert_faults("trace.max-response = 2GB", 1,
		"t.conf:1:22: trace.max-response: \"2GB\" is out of range: from 0 to 1GB\n");
	assert_faults("comparison.ratio = 0.5", 1,
		"t.conf:1:20: comparison.ratio: \"0.5\" is out of range: at least 1\n");
	assert_faults("comparison.ratio = 1e9", 0, "");
	assert_faults("trace.count = -9223372036854775808", 0, "");
}

static void all_faults_are_told(void **state)
{
	(void)state;
	assert_faults("zzz = 1\nproxy.listen-port = x\nproxy.auth = y\n", 3,
		"t.conf:1:1: unknown key \"zzz\"\n"
		"t.conf:2:21: proxy.listen-port: \"x\" is not an integer\n"
		"t.conf:3:14: proxy.auth: \"y\" is not one of trust, password, scram-sha-256\n");
}

static void but_not_without_end(void **state)
{
	char text[4096] = "";
	size_t len = 0, count;

	(void)state;
	for (int i = 0; i < 70; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "x%d = 1\n", i);
	struct conf *conf = parse_text(text);
	char *printed = faults_of(conf, keys, ARRAY_LEN(keys), &count);
	assert_int_equal(count, 70);
	assert_non_null(strstr(printed, "t.conf:50:1: unknown key \"x49\"\n"));
	assert_null(strstr(printed, "x50"));
	assert_string_equal(printed + strlen(printed) - 19, "and 20 errors more\n");
	free(printed);
	conf_free(conf);
}

static void shown_values_are_tamed(void **state)
{
	(void)state;
	assert_faults("proxy.listen-port = \"1\\n\\u001b\\\"\"", 1,
		"t.conf:1:21: proxy.listen-port: \"1\\n\\u001b\\\"\" is not an integer\n");
	assert_faults("proxy.listen-port = "
		      "1234567890123456789012345678901234567890123456789012345678901",
		1,
		"t.conf:1:21: proxy.listen-port: "
		"\"123456789012345678901234567890123456789012345678901234567890...\""
		" is not an integer\n");
}

static void a_wrong_default_is_told(void **state)
{
	static const struct conf_key wrong[] = {
		{.name = "x", .type = CONF_INTEGER, .fallback = "[ 1"},
		{.name = "y", .type = CONF_INTEGER, .fallback = "abc"},
		{.name = "z", .type = CONF_STRING, .fallback = "a = b"},
	};
	struct conf *conf = conf_new_empty();
	size_t count;
	char *printed = faults_of(conf, wrong, ARRAY_LEN(wrong), &count);

	(void)state;
	assert_int_equal(count, 3);
	assert_string_equal(printed, "x: default: the array that begins here has no \"]\"\n"
				     "default: y: \"abc\" is not an integer\n"
				     "z: default: expected the end of the value, found \"=\"\n");
	free(printed);
	conf_free(conf);
}

static void override(struct conf *conf, const char *assignment)
{
	struct err err;

	if (!conf_override(conf, assignment, &err))
		fail_msg("%s", err.text);
}

static void overrides(void **state)
{
	struct conf *conf = parse_text("proxy { listen-port = 1, listen-address = x }\n"
				       "comparison.rules = [ x ]");

	(void)state;
	override(conf, "proxy.listen-port=5555");
	override(conf, "proxy.postgresql.user=ann lee");
	override(conf, "proxy.listen-address= ::1");
	override(conf, "comparison.exclude-patterns=[ a, \"b c\" ]");
	override(conf, "comparison.rules+=y");
	override(conf, "trace={ count = 7 }");
	check_keys(conf);
	assert_int_equal(conf_integer(conf, "proxy.listen-port"), 5555);
	assert_string_equal(conf_place(conf, "proxy.listen-port", 0), "-s proxy.listen-port=...");
	assert_string_equal(conf_string(conf, "proxy.postgresql.user"), "ann lee");
	assert_string_equal(conf_string(conf, "proxy.listen-address"), "::1");
	assert_int_equal(conf_count(conf, "comparison.exclude-patterns"), 2);
	assert_string_equal(conf_item(conf, "comparison.exclude-patterns", 1), "b c");
	assert_int_equal(conf_count(conf, "comparison.rules"), 2);
	assert_string_equal(conf_place(conf, "comparison.rules", 0), "t.conf:2:22");
	assert_string_equal(conf_place(conf, "comparison.rules", 1), "-s comparison.rules+=...");
	assert_int_equal(conf_integer(conf, "trace.count"), 7);
	conf_free(conf);
}

/* What `proxy.postgresql.user` is after "proxy.postgresql.user=" and `value`. */
static void assert_overridden(const char *value, const char *expected)
{
	struct conf *conf = parse_text("proxy.postgresql.user = before");
	char assignment[256];

	snprintf(assignment, sizeof(assignment), "proxy.postgresql.user=%s", value);
	override(conf, assignment);
	check_keys(conf);
	const char *user = conf_string(conf, "proxy.postgresql.user");
	if (expected)
		assert_string_equal(user, expected);
	else
		assert_null(user);
	conf_free(conf);
}

static void override_values_may_be_plain(void **state)
{
	(void)state;
	setenv("TWINKLY_T", "env", 1);
	assert_overridden("x", "x");
	assert_overridden("\"x y\"", "x y");
	assert_overridden("", "");
	assert_overridden("a#b", "a#b");
	assert_overridden("http://x/", "http://x/");
	assert_overridden("a=b", "a=b");
	assert_overridden("a,b", "a,b");
	assert_overridden("[a-z]+", "[a-z]+");
	assert_overridden("{", "{");
	assert_overridden("\"x", "\"x");
	assert_overridden("\\d+", "\\d+");
	assert_overridden("a\nb", "a\nb");
	assert_overridden("${TWINKLY_T}/x", "env/x");
	assert_overridden("${", "${");
	assert_overridden("{ include \"none.conf\" }", "{ include \"none.conf\" }");
	assert_overridden("null", NULL);
	assert_overridden("\"null\"", "null");
	assert_overridden("${?TWINKLY_NOT_THERE}", "before");
}

static void assert_override_error(const char *assignment, const char *message)
{
	struct conf *conf = parse_text("proxy.auth = trust");
	struct err err = {""};

	assert_false(conf_override(conf, assignment, &err));
	assert_string_equal(err.text, message);
	conf_free(conf);
}

static void override_errors(void **state)
{
	(void)state;
	assert_override_error("proxy.auth", "-s \"proxy.auth\": expected KEY=VALUE");
	assert_override_error("", "-s \"\": expected KEY=VALUE");
	assert_override_error("=x", "-s \"=x\": expected KEY=VALUE");
	assert_override_error("a b=x", "-s a b=...: expected \"=\" after the key, found a blank");
	assert_override_error("a.=x", "-s a.=...: expected a key, found \"=\"");
	assert_override_error("a=${TWINKLY_NOT_THERE}",
		"-s a=...: ${TWINKLY_NOT_THERE} is neither a key set before nor in the "
		"environment (${?TWINKLY_NOT_THERE} would leave the key out)");
	assert_override_error("proxy.auth+=x", "-s proxy.auth+=...: \"+=\" appends to an array, "
					       "but this key has another value");
}

static void faults_of_overrides(void **state)
{
	struct conf *conf = conf_new_empty();
	size_t count;

	(void)state;
	override(conf, "proxy.listen-port=99999");
	override(conf, "proxy.listen-prt=1");
	char *printed = faults_of(conf, keys, ARRAY_LEN(keys), &count);
	assert_int_equal(count, 2);
	assert_string_equal(printed,
		"-s proxy.listen-prt=...: unknown key \"proxy.listen-prt\"; "
		"did you mean \"proxy.listen-port\"?\n"
		"-s proxy.listen-port=...: proxy.listen-port: \"99999\" is out of range: "
		"from 1 to 65535\n");
	free(printed);
	conf_free(conf);
}

static void may_be_checked_again(void **state)
{
	struct conf *conf = checked("proxy.listen-port = 1");

	(void)state;
	override(conf, "proxy.listen-port=2");
	check_keys(conf);
	assert_int_equal(conf_integer(conf, "proxy.listen-port"), 2);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(set_values),
		cmocka_unit_test(null_brings_the_default_back),
		cmocka_unit_test(unknown_keys),
		cmocka_unit_test(long_keys),
		cmocka_unit_test(sections_and_values),
		cmocka_unit_test(types),
		cmocka_unit_test(kinds),
		cmocka_unit_test(ranges),
		cmocka_unit_test(all_faults_are_told),
		cmocka_unit_test(but_not_without_end),
		cmocka_unit_test(shown_values_are_tamed),
		cmocka_unit_test(a_wrong_default_is_told),
		cmocka_unit_test(overrides),
		cmocka_unit_test(override_values_may_be_plain),
		cmocka_unit_test(override_errors),
		cmocka_unit_test(faults_of_overrides),
		cmocka_unit_test(may_be_checked_again),
	};

	unsetenv("TWINKLY_NOT_THERE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
