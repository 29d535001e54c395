/*
 * Addresses of databases, redirected to the proxy: each form that frameworks use, and each that
 * is refused because clients could read it in several ways.
 */
#include "capture/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *value, *expected;
} taken[] = {
	{"postgresql://db.example:5432/shop", "postgresql://127.0.0.1:5431/shop"},
	{"postgres://app:secret@db/shop?sslmode=disable",
		"postgres://app:secret@127.0.0.1:5431/shop?sslmode=disable"},
	{"postgres://app:%40%2F@db:1/shop", "postgres://app:%40%2F@127.0.0.1:5431/shop"},
	{"postgresql://app@[2001:db8::1]:5432/shop", "postgresql://app@127.0.0.1:5431/shop"},
	{"postgresql://[::1]", "postgresql://127.0.0.1:5431"},
	{"postgresql://%2Fvar%2Frun%2Fpostgresql/shop", "postgresql://127.0.0.1:5431/shop"},
	{"postgresql:///shop", "postgresql://127.0.0.1:5431/shop"},
	{"postgresql://app@/shop", "postgresql://app@127.0.0.1:5431/shop"},
	{"postgresql://", "postgresql://127.0.0.1:5431"},
	{"postgres://db:/shop", "postgres://127.0.0.1:5431/shop"},
	{"postgres://db?application_name=a@b,c",
		"postgres://127.0.0.1:5431?application_name=a@b,c"},
	{"postgres://db/shop#host=x", "postgres://127.0.0.1:5431/shop#host=x"},
	{"jdbc:postgresql://db:5432/shop?user=app&password=a,b",
		"jdbc:postgresql://127.0.0.1:5431/shop?user=app&password=a,b"},
	{"postgresql+psycopg2://app@db/shop", "postgresql+psycopg2://app@127.0.0.1:5431/shop"},
	{"postgis://app@db/shop", "postgis://app@127.0.0.1:5431/shop"},
	{"ecto://app@db/shop", "ecto://app@127.0.0.1:5431/shop"},
	{"host=db port=5432 dbname=shop", "dbname=shop host='127.0.0.1' port=5431"},
	{"  dbname = shop  ", "dbname = shop host='127.0.0.1' port=5431"},
	{"host=db", "host='127.0.0.1' port=5431"},
	{"hostaddr=10.0.0.1 user=app password='it\\'s host=x port=1' dbname=''",
		"user=app password='it\\'s host=x port=1' dbname='' host='127.0.0.1' port=5431"},
	{"password=a\\ b;c host='/var/run' dbname=x\\", NULL}, /* a semicolon may be another form */
	{"password='a;b' host=/run user=", "password='a;b' user= host='127.0.0.1' port=5431"},
	{"password=a\\ host=b port=1", "password=a\\ host=b host='127.0.0.1' port=5431"},
};

static void test_what_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		struct err err = {.text = ""};
		struct buf out;
		bool ok;

		buf_init(&out, (size_t)2 * REDIRECT_MAX);
		ok = redirect_address(&out, taken[i].value, "127.0.0.1", 5431, &err);
		if (taken[i].expected && !ok)
			fail_msg("%s: %s", taken[i].value, err.text);
		if (taken[i].expected)
			assert_string_equal(buf_cstr(&out), taken[i].expected);
		else
			assert_false(ok);
		buf_fini(&out);
	}
}

static const struct {
	const char *value, *reason;
} refused[] = {
	{"postgresql://SECRET@a,b/shop", "several servers"},
	{"postgresql://SECRET@a:1,b:2/shop", "several servers"},
	{"host=a,b password=SECRET", "several servers"},
	{"hostaddr=1.2.3.4,5.6.7.8", "several servers"},
	{"postgresql:///shop?password=SECRET&host=/run", "parameter \"host\""},
	{"postgresql://db/shop?hostaddr=1.2.3.4", "parameter \"hostaddr\""},
	{"postgresql://db/shop?PORT=1", "parameter \"PORT\""},
	{"postgresql://db/shop?service=x", "parameter \"service\""},
	{"postgresql://db/shop?ho%73t=x", "%XX in its name"},
	{"service=prod password=SECRET", "service"},
	{"mysql://root:SECRET@db/shop", "none of PostgreSQL's"},
	{"://db", "none of PostgreSQL's"},
	{"postgres://app:SECRET/@db/shop", "port"},
	{"postgres://app:SEC@RET@db/shop", "two \"@\""},
	{"postgres://[::1/shop", "without a \"]\""},
	{"postgres://[::1]5432/shop", "behind \"]\""},
	{"postgres://::1/shop", "port"},
	{"postgres://db:54x2/shop", "port"},
	{"jdbc:postgresql:shop", "neither a URL"},
	{"Host=db;Password=SECRET", "neither a URL"},
	{"host=db;password=SECRET", "semicolon"},
	{"pgsql:host=db", "neither a URL"},
	{"db.example:5432", "neither a URL"},
	{"", "neither a URL"},
	{" ", "neither a URL"},
	{"host=db password='SECRET", "does not end"},
	{"host=db password='SECRET\\", "does not end"},
	{"host=db =x", "neither a URL"},
};

static void test_what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct err err = {.text = ""};
		struct buf out;

		buf_init(&out, (size_t)2 * REDIRECT_MAX);
		if (redirect_address(&out, refused[i].value, "127.0.0.1", 5431, &err))
			fail_msg("%s was taken: %s", refused[i].value, buf_cstr(&out));
		if (!strstr(err.text, refused[i].reason) || strstr(err.text, "SEC"))
			fail_msg("%s: %s", refused[i].value, err.text);
		buf_fini(&out);
	}
}

static void expect(const char *value, const char *host, const char *expected)
{
	struct err err = {.text = ""};
	struct buf out;

	buf_init(&out, (size_t)2 * REDIRECT_MAX);
	assert_true(redirect_address(&out, value, host, 5431, &err));
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void test_where_the_proxy_may_be(void **state)
{
	(void)state;
	expect("postgres://a@db/shop", "::1", "postgres://a@[::1]:5431/shop");
	expect("postgres://a@db/shop", "/tmp/it's", "postgres://a@%2Ftmp%2Fit%27s:5431/shop");
	expect("dbname=shop", "::1", "dbname=shop host='::1' port=5431");
	expect("dbname=shop", "/tmp/it's \\", "dbname=shop host='/tmp/it\\'s \\\\' port=5431");
}

/* Every beginning of every sample, taken or refused, ends in one of the two. */
static void test_what_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		for (size_t len = 0; len <= strlen(taken[i].value); len++) {
			char *cut = strndup(taken[i].value, len);
			struct err err = {.text = ""};
			struct buf out;

			assert_non_null(cut);
			buf_init(&out, (size_t)2 * REDIRECT_MAX);
			if (!redirect_address(&out, cut, "127.0.0.1", 5431, &err))
				assert_true(*err.text);
			else
				assert_non_null(strstr(buf_cstr(&out), "127.0.0.1"));
			buf_fini(&out);
			free(cut);
		}
	}
}

static void test_what_is_too_long(void **state)
{
	static char value[REDIRECT_MAX + 1];
	struct err err = {.text = ""};
	struct buf out;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	memcpy(value, "postgres://", 11);
	buf_init(&out, (size_t)2 * REDIRECT_MAX);
	assert_false(redirect_address(&out, value, "127.0.0.1", 5431, &err));
	assert_non_null(strstr(err.text, "16 KiB"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_where_the_proxy_may_be),
		cmocka_unit_test(test_what_is_cut),
		cmocka_unit_test(test_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
