/*
 * Startup packets of a trace, whole and mutilated, as wishes for a new connection.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/startup.h"

static struct err read_failing(struct bytes parameters)
{
	struct startup st;
	struct err err = {.text = ""};

	assert_false(startup_read(&st, parameters, &err));
	startup_fini(&st);
	return err;
}

static void read_well(struct startup *st, struct bytes parameters)
{
	struct err err;

	if (!startup_read(st, parameters, &err))
		fail_msg("%s", err.text);
}

static void test_all_sorts(void **state)
{
	struct startup st;

	(void)state;
	read_well(&st, LITERAL("user\0app\0database\0shop\0application_name\0suite\0"
			       "options\0-c geqo=off\0client_encoding\0UTF8\0DateStyle\0ISO\0"
			       "replication\0false\0_pq_.x\0y\0"));
	assert_string_equal(st.wishes.user, "app");
	assert_string_equal(st.wishes.database, "shop");
	assert_string_equal(st.wishes.application_name, "suite");
	assert_string_equal(st.wishes.options, "-c geqo=off");
	assert_int_equal(st.wishes.setting_count, 2);
	assert_ptr_equal(st.wishes.settings, st.settings);
	assert_string_equal(st.settings[0].name, "client_encoding");
	assert_string_equal(st.settings[0].value, "UTF8");
	assert_string_equal(st.settings[1].name, "DateStyle");
	assert_string_equal(st.settings[1].value, "ISO");
	startup_fini(&st);
}

static void test_database_is_the_user(void **state)
{
	struct startup st;

	(void)state;
	read_well(&st, LITERAL("user\0app\0"));
	assert_string_equal(st.wishes.database, "app");
	assert_null(st.wishes.options);
	assert_null(st.wishes.application_name);
	startup_fini(&st);
	read_well(&st, LITERAL("database\0\0user\0app\0"));
	assert_string_equal(st.wishes.database, "app");
	startup_fini(&st);
}

static void test_no_user(void **state)
{
	(void)state;
	assert_non_null(strstr(read_failing(bytes_of(NULL, 0)).text, "names no user"));
	assert_non_null(strstr(read_failing(LITERAL("user\0\0")).text, "names no user"));
	assert_non_null(strstr(read_failing(LITERAL("user")).text, "names no user"));
	assert_non_null(strstr(read_failing(LITERAL("database\0x\0")).text, "names no user"));
}

/* A file may hold anything: cut at every byte, it gives wishes or an error, never more. */
static void test_cut_at_every_byte(void **state)
{
	struct bytes whole = LITERAL("user\0app\0database\0shop\0DateStyle\0ISO\0");
	struct startup st;
	struct err err;

	(void)state;
	for (size_t len = 0; len <= whole.len; len++) {
		bool ok = startup_read(&st, bytes_of(whole.ptr, len), &err);

		assert_int_equal(ok, len > 5);
		if (ok)
			assert_memory_equal(st.wishes.user, "app", strlen(st.wishes.user));
		startup_fini(&st);
	}
}

static void test_too_many(void **state)
{
	struct buf text;
	struct startup st;

	(void)state;
	buf_init(&text, 65536);
	assert_true(buf_append(&text, "user\0app", 9));
	for (int i = 0; i < STARTUP_SETTINGS_MAX; i++)
		assert_true(buf_printf(&text, "s%d%cv%c", i, 0, 0));
	read_well(&st, buf_bytes(&text));
	assert_int_equal(st.wishes.setting_count, STARTUP_SETTINGS_MAX);
	startup_fini(&st);
	assert_true(buf_append(&text, "more\0v", 7));
	assert_non_null(strstr(read_failing(buf_bytes(&text)).text, "more than 64"));
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sorts),
		cmocka_unit_test(test_database_is_the_user),
		cmocka_unit_test(test_no_user),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
