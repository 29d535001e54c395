/*
 * A startup packet's parameters, sorted.
 */
#include "capture/startup_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static struct startup_packet read_packet(const char *text, size_t len)
{
	struct startup_packet p;

	assert_true(startup_packet_read(&p, bytes_of(text, len)));
	assert_int_equal(p.len, len);
	assert_memory_equal(p.text, text, len);
	return p;
}

#define READ(text) read_packet(text, sizeof(text) - 1)

static void test_known_names(void **state)
{
	struct startup_packet p = READ("user\0app\0database\0shop\0options\0-c a=b\0"
				       "application_name\0me\0replication\0off\0");

	(void)state;
	assert_string_equal(p.user, "app");
	assert_string_equal(p.database, "shop");
	assert_string_equal(p.options, "-c a=b");
	assert_string_equal(p.application_name, "me");
	assert_string_equal(p.replication, "off");
	assert_int_equal(p.setting_count + p.extension_count, 0);
	startup_packet_fini(&p);
	assert_null(p.user);
	startup_packet_fini(&p);
}

static void test_settings_and_extensions(void **state)
{
	struct startup_packet p = READ("DateStyle\0German\0_pq_.x\0on\0TimeZone\0\0");

	(void)state;
	assert_null(p.user);
	assert_null(p.database);
	assert_int_equal(p.setting_count, 2);
	assert_string_equal(p.settings[0].name, "DateStyle");
	assert_string_equal(p.settings[0].value, "German");
	assert_string_equal(p.settings[1].name, "TimeZone");
	assert_string_equal(p.settings[1].value, "");
	assert_int_equal(p.extension_count, 1);
	assert_string_equal(p.extensions[0], "_pq_.x");
	startup_packet_fini(&p);
}

static void test_the_user_names_the_database(void **state)
{
	struct startup_packet absent = READ("user\0app\0"), empty = READ("database\0\0user\0app\0");

	(void)state;
	assert_string_equal(absent.database, "app");
	assert_string_equal(empty.database, "app");
	startup_packet_fini(&absent);
	startup_packet_fini(&empty);
}

static void fill(struct buf *out, const char *prefix, int count)
{
	for (int i = 0; i < count; i++) {
		assert_true(buf_printf(out, "%s%d", prefix, i));
		assert_true(buf_append(out, "\0v", 3));
	}
}

static void test_too_many(void **state)
{
	struct startup_packet p;
	struct buf text;

	(void)state;
	buf_init(&text, 65536);
	fill(&text, "s", STARTUP_SETTINGS_MAX);
	fill(&text, "_pq_.", STARTUP_SETTINGS_MAX);
	p = read_packet((const char *)buf_bytes(&text).ptr, buf_len(&text));
	assert_false(p.has_too_many);
	assert_int_equal(p.setting_count, STARTUP_SETTINGS_MAX);
	assert_int_equal(p.extension_count, STARTUP_SETTINGS_MAX);
	startup_packet_fini(&p);
	fill(&text, "more", 1);
	p = read_packet((const char *)buf_bytes(&text).ptr, buf_len(&text));
	assert_true(p.has_too_many);
	startup_packet_fini(&p);
	buf_fini(&text);
}

static void test_replication(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_replication;
	} rows[] = {
		{"user\0a\0", 7, false},
		{"replication\0true\0", 17, true},
		{"replication\0database\0", 21, true},
		{"replication\0\0", 13, true},
		{"replication\0false\0", 18, false},
		{"replication\0off\0", 16, false},
		{"replication\0no\0", 15, false},
		{"replication\0"
		 "0\0",
			14, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct startup_packet p = read_packet(rows[i].text, rows[i].len);

		assert_int_equal(startup_packet_is_replication(&p), rows[i].is_replication);
		startup_packet_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_names),
		cmocka_unit_test(test_settings_and_extensions),
		cmocka_unit_test(test_the_user_names_the_database),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_replication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
