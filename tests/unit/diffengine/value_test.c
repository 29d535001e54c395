/*
 * Values for people: text, binary values of builtin types, escapes, and where long ones are cut.
 */
#include "diffengine/compare_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"

static void assert_shown(struct bytes data, uint32_t type, int16_t format, const char *expected)
{
	struct wire_value value = {.data = data};
	struct wire_column column = {.type_oid = type, .format = format};
	struct arena arena;

	arena_init(&arena, 1 << 16);
	assert_string_equal(value_readable(&arena, &value, &column), expected);
	arena_fini(&arena);
}

static void assert_binary(uint32_t type, const char *hex, const char *expected)
{
	unsigned char data[256];
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		data[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	assert_shown(bytes_of(data, len), type, 1, expected);
}

static void test_text(void **state)
{
	(void)state;
	assert_shown(bytes_str(""), 25, 0, "");
	assert_shown(bytes_of(NULL, 0), 25, 0, "");
	assert_shown(bytes_str("a b \xc3\xa4 %s"), 25, 0, "a b \xc3\xa4 %s");
	assert_shown(bytes_str("1\n2\t\x7f\\"), 25, 0, "1\\x0a2\\x09\\x7f\\");
	assert_shown(bytes_of("a\0b", 3), 25, 0, "a\\x00b");
	/* Text is text whatever its type. */
	assert_shown(bytes_str("42"), 23, 0, "42");
	assert_shown(bytes_str("\xff\xfe"), 25, 0, "\xff\xfe");
}

static void test_null(void **state)
{
	struct wire_value value = {.is_null = true};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	assert_null(value_readable(&arena, &value, &(struct wire_column){.format = 0}));
	assert_null(value_readable(&arena, &value, &(struct wire_column){.format = 1}));
	arena_fini(&arena);
}

static void test_binary_integers(void **state)
{
	(void)state;
	assert_binary(23, "00000002", "2");
	assert_binary(23, "ffffffff", "-1");
	assert_binary(23, "80000000", "-2147483648");
	assert_binary(21, "8000", "-32768");
	assert_binary(21, "7fff", "32767");
	assert_binary(20, "8000000000000000", "-9223372036854775808");
	assert_binary(20, "00000000000000ff", "255");
	assert_binary(26, "ffffffff", "4294967295");
	assert_binary(16, "00", "false");
	assert_binary(16, "01", "true");
}

static void test_binary_floats(void **state)
{
	(void)state;
	assert_binary(701, "3fb999999999999a", "0.1");
	assert_binary(701, "3fd3333333333334", "0.30000000000000004");
	assert_binary(701, "4059000000000000", "100");
	assert_binary(701, "bff8000000000000", "-1.5");
	assert_binary(701, "7ff8000000000000", "NaN");
	assert_binary(701, "7ff0000000000000", "Infinity");
	assert_binary(701, "fff0000000000000", "-Infinity");
	assert_binary(701, "8000000000000000", "-0");
	assert_binary(700, "3dcccccd", "0.1");
	assert_binary(700, "3dccccce", "0.10000001");
	assert_binary(700, "7fc00000", "NaN");
	assert_binary(700, "ff800000", "-Infinity");
}

static void test_binary_others(void **state)
{
	(void)state;
	assert_binary(25, "61c3a4", "a\xc3\xa4");
	assert_binary(1043, "6109", "a\\x09");
	assert_binary(1042, "6120", "a ");
	assert_binary(2950, "00ff10", "hex:00ff10");
	assert_binary(16384, "", "hex:");
	assert_binary(0, "07", "hex:07");
}

/* A length that the type cannot have is shown as bytes. */
static void test_binary_of_odd_length(void **state)
{
	(void)state;
	assert_binary(23, "", "hex:");
	assert_binary(23, "010203", "hex:010203");
	assert_binary(20, "010203040506070809", "hex:010203040506070809");
	assert_binary(701, "0102", "hex:0102");
	assert_binary(16, "0001", "hex:0001");
	assert_binary(26, "01020304050607080910", "hex:01020304050607080910");
	assert_binary(26, "", "hex:");
}

static const char *shown(struct arena *arena, struct bytes data, int16_t format)
{
	return value_readable(
		arena, &(struct wire_value){.data = data}, &(struct wire_column){.format = format});
}

static void test_long_values_are_cut(void **state)
{
	char text[1000];
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	memset(text, 'x', sizeof(text));
	assert_int_equal(strlen(shown(&arena, bytes_of(text, COMPARE_VALUE_MAX), 0)), 200);
	assert_int_equal(
		strlen(shown(&arena, bytes_of(text, 201), 0)), 200 + strlen("... (201 bytes)"));
	assert_string_equal(shown(&arena, bytes_of(text, 1000), 0) + 200, "... (1000 bytes)");
	memset(text, '\n', sizeof(text));
	assert_string_equal(shown(&arena, bytes_of(text, 1000), 0) + 800, "... (1000 bytes)");
	assert_string_equal(shown(&arena, bytes_of(text, 1000), 1) + 4 + 200, "... (1000 bytes)");
	assert_int_equal(strlen(shown(&arena, bytes_of(text, 100), 1)), 4 + 200);
	arena_fini(&arena);
}

static void test_cuts_between_characters(void **state)
{
	static const char *const units[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	char text[1024];
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		for (size_t shift = 0; shift < 4; shift++) {
			size_t width = strlen(units[u]), len = shift;
			const char *end;

			memset(text, 'a', shift);
			for (; len + width < 400; len += width)
				memcpy(text + len, units[u], width);
			end = strstr(shown(&arena, bytes_of(text, len), 0), "... (");
			assert_non_null(end);
			/* Before the cut stands a whole character; no more would fit. */
			assert_memory_equal(end - width, units[u], width);
			assert_int_equal((200 - shift) / width * width + shift,
				strlen(shown(&arena, bytes_of(text, len), 0)) - strlen(end));
		}
	}
	/* Not UTF-8 at all: cut at the limit, not at the beginning. */
	memset(text, 0x80, sizeof(text));
	assert_string_equal(shown(&arena, bytes_of(text, 1000), 0) + 200, "... (1000 bytes)");
	arena_fini(&arena);
}

static void test_no_memory(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_string_equal(shown(&arena, bytes_str("abc"), 0), "(no memory to show it)");
	assert_string_equal(shown(&arena, bytes_str("abc"), 1), "(no memory to show it)");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_binary_integers),
		cmocka_unit_test(test_binary_floats),
		cmocka_unit_test(test_binary_others),
		cmocka_unit_test(test_binary_of_odd_length),
		cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_cuts_between_characters),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
