/*
 * The message tables: what is in them, what is not, and that their bounds make sense.
 */
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"

static void names_are_the_documents(void **state)
{
	static const struct {
		enum wire_side from;
		unsigned char type;
		const char *name;
	} rows[] = {
		{WIRE_FRONTEND, 'Q', "Query"},
		{WIRE_FRONTEND, 'D', "Describe"},
		{WIRE_FRONTEND, 'E', "Execute"},
		{WIRE_FRONTEND, 'S', "Sync"},
		{WIRE_FRONTEND, 'H', "Flush"},
		{WIRE_FRONTEND, 'p', "PasswordMessage"},
		{WIRE_BACKEND, 'D', "DataRow"},
		{WIRE_BACKEND, 'E', "ErrorResponse"},
		{WIRE_BACKEND, 'S', "ParameterStatus"},
		{WIRE_BACKEND, 'H', "CopyOutResponse"},
		{WIRE_BACKEND, 'v', "NegotiateProtocolVersion"},
		{WIRE_BACKEND, '1', "ParseComplete"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(message_info(rows[i].from, rows[i].type)->name, rows[i].name);
}

static void unknown_types_have_no_name(void **state)
{
	static const unsigned char neither[] = {0, 1, 0x16, ' ', 'z', 0x7f, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(neither); i++) {
		assert_null(message_info(WIRE_FRONTEND, neither[i])->name);
		assert_null(message_info(WIRE_BACKEND, neither[i])->name);
	}
	assert_null(message_info(WIRE_FRONTEND, 'Z')->name);
	assert_null(message_info(WIRE_BACKEND, 'Q')->name);
	assert_null(message_info(WIRE_BACKEND, 'p')->name);
}

static unsigned known(enum wire_side from)
{
	unsigned n = 0;

	for (unsigned type = 0; type <= UINT8_MAX; type++)
		n += message_info(from, (unsigned char)type)->name != NULL;
	return n;
}

/* Two messages with one type byte would hide each other. */
static void every_listed_message_is_found(void **state)
{
#define X_COUNT(byte, NAME, text, min, max) +1
	(void)state;
	assert_int_equal(known(WIRE_FRONTEND), 0 WIRE_FRONTEND_MESSAGES(X_COUNT));
	assert_int_equal(known(WIRE_BACKEND), 0 WIRE_BACKEND_MESSAGES(X_COUNT));
	assert_int_equal(known(WIRE_FRONTEND), 14);
	assert_int_equal(known(WIRE_BACKEND), 24);
#undef X_COUNT
}

static void check_bounds(enum wire_side from)
{
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const struct message_info *info = message_info(from, (unsigned char)type);

		assert_true(info->min_body <= info->max_body);
		assert_true(info->max_body <= WIRE_MESSAGE_MAX);
	}
}

static void bounds_are_in_order(void **state)
{
	(void)state;
	check_bounds(WIRE_FRONTEND);
	check_bounds(WIRE_BACKEND);
	assert_int_equal(message_info(WIRE_FRONTEND, FRONTEND_BIND)->min_body, 8);
	assert_int_equal(message_info(WIRE_FRONTEND, FRONTEND_SYNC)->max_body, 0);
	assert_int_equal(message_info(WIRE_BACKEND, BACKEND_READY_FOR_QUERY)->max_body, 1);
	assert_int_equal(message_info(WIRE_BACKEND, BACKEND_DATA_ROW)->max_body, 0x3fffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_the_documents),
		cmocka_unit_test(unknown_types_have_no_name),
		cmocka_unit_test(every_listed_message_is_found),
		cmocka_unit_test(bounds_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
