/*
 * Printing the effective values: layout, secrets, and that it can be read again.
 */
#include "base/conf.h"

#include "tests/unit/base/conf_testing.h"

static const struct conf_key keys[] = {
	{.name = "top", .type = CONF_STRING, .fallback = "x"},
	{.name = "proxy.port", .type = CONF_INTEGER, .fallback = "5431"},
	{.name = "proxy.auth",
		.type = CONF_ENUM,
		.fallback = "trust",
		.choices = "trust scram-sha-256"},
	{.name = "proxy.postgresql.user", .type = CONF_STRING},
	{.name = "proxy.postgresql.password", .type = CONF_STRING, .is_secret = true},
	{.name = "proxy.yugabytedb.user", .type = CONF_STRING, .fallback = "\"y b\""},
	{.name = "proxy.yugabytedb.deep.er", .type = CONF_BOOLEAN, .fallback = "on"},
	{.name = "comparison.timeout", .type = CONF_DURATION, .fallback = "90s"},
	{.name = "comparison.ratio", .type = CONF_NUMBER, .fallback = "0.1"},
	{.name = "comparison.patterns", .type = CONF_STRINGS, .fallback = "[]"},
	{.name = "comparison.rules", .type = CONF_STRINGS},
	{.name = "proxy.again", .type = CONF_SIZE, .fallback = "64MB"},
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

static char *printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_print(conf, out);
	fclose(out);
	return text;
}

static void prints_defaults(void **state)
{
	struct conf *conf = checked("");
	char *text = printed(conf);

	(void)state;
	assert_string_equal(text, "top = \"x\"\n"
				  "proxy {\n"
				  "  port = 5431\n"
				  "  auth = trust\n"
				  "  postgresql {\n"
				  "    # proxy.postgresql.user is not set\n"
				  "    # proxy.postgresql.password is not set\n"
				  "  }\n"
				  "  yugabytedb {\n"
				  "    user = \"y b\"\n"
				  "    deep {\n"
				  "      er = true\n"
				  "    }\n"
				  "  }\n"
				  "}\n"
				  "comparison {\n"
				  "  timeout = 90s\n"
				  "  ratio = 0.1\n"
				  "  patterns = []\n"
				  "  # comparison.rules is not set\n"
				  "}\n"
				  "proxy {\n"
				  "  again = 64MB\n"
				  "}\n");
	free(text);
	conf_free(conf);
}

static void assert_printed_line(const char *text, const char *line)
{
	struct conf *conf = checked(text);
	char *all = printed(conf);

	if (!strstr(all, line))
		fail_msg("no \"%s\" in:\n%s", line, all);
	free(all);
	conf_free(conf);
}

static void prints_what_is_set(void **state)
{
	(void)state;
	assert_printed_line("proxy.auth = scram-sha-256", "\n  auth = scram-sha-256\n");
	assert_printed_line("comparison.timeout = 1500us", "\n  timeout = 1500us\n");
	assert_printed_line("comparison.timeout = 0", "\n  timeout = 0s\n");
	assert_printed_line("comparison.rules = one", "\n  rules = [\"one\"]\n");
	assert_printed_line(
		"comparison.rules = [ \"a\\\\b\", c ]", "\n  rules = [\"a\\\\b\", \"c\"]\n");
	assert_printed_line("proxy.again = 1537", "\n  again = 1537B\n");
	assert_printed_line("top = \"q\\\"\\n\\t\\u001b\\u007f\\u00e9\"",
		"top = \"q\\\"\\n\\u0009\\u001b\\u007f\xc3\xa9\"\n");
}

static void secrets_are_hidden(void **state)
{
	struct conf *conf = checked("proxy.postgresql.password = hunter2");
	char *text = printed(conf);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "    password = \"***\"\n"));
	assert_string_equal(conf_string(conf, "proxy.postgresql.password"), "hunter2");
	free(text);
	conf_free(conf);
}

static void can_be_read_again_and_prints_the_same(void **state)
{
	static const char *const texts[] = {"", "top = \"q\\\"\\\\\\n\\t\\u001b\\u00e9 ${x} # {\"",
		"proxy { port = -3, postgresql.password = p, again = 1.5MB, auth = trust }",
		"comparison { ratio = 0.333333333333333314, timeout = 1.5s, rules = [x, \"\"] }",
		"comparison { patterns = [ \"a.*\\\\(\\\\)\", \"null\", null2 ], rules = [] }",
		"proxy.yugabytedb { user = \"\", deep.er = no }"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf *first = checked(texts[i]);
		char *once = printed(first);
		struct conf *second = checked(once);
		char *twice = printed(second);
		assert_string_equal(once, twice);
		if (i > 0)
			assert_string_equal(conf_string(first, "top"), conf_string(second, "top"));
		free(once);
		free(twice);
		conf_free(first);
		conf_free(second);
	}
}

static void prints_nothing_unchecked(void **state)
{
	struct conf *conf = parse_text("top = 1");
	char *text = printed(conf);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_defaults),
		cmocka_unit_test(prints_what_is_set),
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(can_be_read_again_and_prints_the_same),
		cmocka_unit_test(prints_nothing_unchecked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
