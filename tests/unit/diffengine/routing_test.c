/*
 * Where statements go by the configuration.
 */
#include "diffengine/routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "diffengine/settings.h"

#define POSTGRES_ONLY "proxy.routing.postgres-only-patterns="
#define YUGABYTE_ONLY "proxy.routing.yugabyte-only-patterns="

struct configured {
	struct settings settings;
	struct routing *routing;
};

static void configure(struct configured *c, const char *const *overrides, size_t count)
{
	assert_true(settings_load(&c->settings, NULL, overrides, count, stderr));
	c->routing = routing_new(c->settings.conf, NULL);
	assert_non_null(c->routing);
}

static void fini(struct configured *c)
{
	routing_free(c->routing);
	settings_fini(&c->settings);
}

static void goes(const struct configured *c, const char *sql, enum route to, const char *by)
{
	const char *pattern = "untouched";

	assert_int_equal(routing_match(c->routing, bytes_str(sql), &pattern), to);
	if (by)
		assert_string_equal(pattern, by);
	else
		assert_null(pattern);
}

static void test_off(void **state)
{
	struct configured c;

	(void)state;
	configure(&c, NULL, 0);
	assert_false(routing_is_on(c.routing));
	assert_int_equal(routing_default(c.routing), ROUTE_BOTH);
	goes(&c, "select 1", ROUTE_BOTH, NULL);
	fini(&c);
}

static void test_patterns(void **state)
{
	static const char *const overrides[] = {
		POSTGRES_ONLY "[\"vacuum\", \"pg_only\"]", YUGABYTE_ONLY "[\"yb_\", \"only\"]"};
	struct configured c;

	(void)state;
	configure(&c, overrides, ARRAY_LEN(overrides));
	assert_true(routing_is_on(c.routing));
	goes(&c, "VACUUM t", ROUTE_POSTGRESQL, "vacuum");
	goes(&c, "select yb_hash_code(1)", ROUTE_YUGABYTEDB, "yb_");
	goes(&c, "select 1 -- PG_ONLY", ROUTE_POSTGRESQL, "pg_only");
	goes(&c, "select 1", ROUTE_BOTH, NULL);
	fini(&c);
}

static void test_default(void **state)
{
	static const char *const overrides[] = {"proxy.routing.default-target=yugabytedb"};
	struct configured c;

	(void)state;
	configure(&c, overrides, 1);
	assert_true(routing_is_on(c.routing));
	assert_int_equal(routing_default(c.routing), ROUTE_YUGABYTEDB);
	goes(&c, "select 1", ROUTE_BOTH, NULL);
	fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_off),
		cmocka_unit_test(test_patterns), cmocka_unit_test(test_default)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
