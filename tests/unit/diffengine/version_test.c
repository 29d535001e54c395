/*
 * Versions: what servers report, ranges, and how many parts of a version count.
 */
#include "diffengine/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char *text_of(const struct version *version, char out[64])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < version->count; i++)
		len += (size_t)snprintf(
			out + len, 64 - len, "%s%u", i ? "." : "", version->parts[i]);
	return out;
}

static void assert_server(
	const char *text, const char *base, const char *release, bool is_yugabytedb)
{
	struct version_server server;
	char out[64];

	version_of_server(text, &server);
	assert_string_equal(text_of(&server.base, out), base);
	assert_string_equal(text_of(&server.release, out), release);
	assert_int_equal(server.is_yugabytedb, is_yugabytedb);
}

static void test_servers(void **state)
{
	(void)state;
	assert_server("11.2-YB-2024.2.1.0-b0", "11.2", "2024.2.1.0", true);
	assert_server("15.12-YB-2025.1.4.0-b0", "15.12", "2025.1.4.0", true);
	assert_server("15.18", "15.18", "15.18", false);
	assert_server("15.18 (Debian 15.18-0+deb12u1)", "15.18", "15.18", false);
	assert_server("9.6.24", "9.6.24", "9.6.24", false);
	assert_server("17beta1", "17", "17", false);
	assert_server("18devel", "18", "18", false);
	assert_server("", "", "", false);
	assert_server("unknown", "", "", false);
	assert_server("15.-YB-", "15", "", true);
	assert_server("1.2.3.4.5.6.7.8", "1.2.3.4.5.6", "1.2.3.4.5.6", false);
	/* A number that no version has is cut, not overflown. */
	assert_server("99999999999999999999", "9999999", "9999999", false);
}

static void assert_undoes_ddl(const char *text, bool expected)
{
	struct version_server server;

	version_of_server(text, &server);
	if (version_undoes_ddl(&server) != expected)
		fail_msg("\"%s\"", text);
}

static void test_undoes_ddl(void **state)
{
	(void)state;
	assert_undoes_ddl("15.18", true);
	assert_undoes_ddl("", true);
	assert_undoes_ddl("11.2-YB-2.20.1.0-b0", false);
	assert_undoes_ddl("15.12-YB-2.28.9.0-b0", false);
	assert_undoes_ddl("15.12-YB-2.29.0.0-b0", true);
	assert_undoes_ddl("15.12-YB-2.31.0.0-b0", true);
	assert_undoes_ddl("11.2-YB-2024.2.1.0-b0", false);
	assert_undoes_ddl("15.12-YB-2025.2.3.0-b0", false);
	assert_undoes_ddl("15.12-YB-2026.1.0.0-b0", true);
	assert_undoes_ddl("15.12-YB-", false);
}

static bool is_within(const char *text, const char *range_text)
{
	struct version_server server;
	struct version_range range = {.count = 0};
	struct err err;

	version_of_server(text, &server);
	if (!version_parse_range(range_text, &range, &err))
		fail_msg("%s", err.text);
	return version_is_within(&server.release, &range);
}

static void test_ranges(void **state)
{
	static const char yb[] = "11.2-YB-2024.2.11.0-b0";

	(void)state;
	assert_true(is_within(yb, "2024.2"));
	assert_true(is_within(yb, "=2024.2.11"));
	assert_true(is_within(yb, "<=2024.2"));
	assert_true(is_within(yb, ">=2024.2"));
	assert_false(is_within(yb, ">2024.2"));
	assert_false(is_within(yb, "<2024.2"));
	assert_false(is_within(yb, ">=2025.1"));
	assert_false(is_within(yb, "2024.1"));
	assert_true(is_within(yb, ">=2024.1, <2025.1"));
	assert_true(is_within(yb, " >= 2024.1 ,< 2024.2.12 "));
	assert_false(is_within(yb, ">=2024.1,<2024.2.11"));
	assert_true(is_within("15", ">=15.0"));
	assert_false(is_within("15", ">=15.1"));
	assert_false(is_within("", ">=0"));
}

static void assert_refused(const char *text)
{
	struct version_range range;
	struct err err = {""};

	assert_false(version_parse_range(text, &range, &err));
	assert_non_null(strstr(err.text, text));
}

static void test_wrong_ranges(void **state)
{
	struct version_range none = {.count = 0};
	struct version unknown = {.count = 0};

	(void)state;
	assert_refused("");
	assert_refused(">=");
	assert_refused("new");
	assert_refused("2024.x");
	assert_refused("=>2024");
	assert_refused(">2024,");
	assert_refused("2024..2");
	assert_refused(">1,>2,>3,>4,>5");
	assert_true(version_is_within(&unknown, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_undoes_ddl),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_wrong_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
