/*
 * The growable buffer: growth, ceiling, consumption, compaction.
 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void assert_holds(struct buf *b, const char *text)
{
	assert_int_equal(buf_len(b), strlen(text));
	assert_string_equal(buf_cstr(b), text);
}

static void appends_of_every_kind(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_true(buf_append(&b, "abc", 3));
	assert_true(buf_append(&b, NULL, 0));
	assert_true(buf_append_bytes(&b, bytes_str("-bytes")));
	assert_true(buf_append_byte(&b, '!'));
	assert_true(buf_append_str(&b, " str"));
	assert_true(buf_printf(&b, " %d%s", 42, "x"));
	assert_holds(&b, "abc-bytes! str 42x");
	buf_fini(&b);
}

static void empty_buffer_has_empty_views(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_bytes(&b).len, 0);
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(buf_room(&b), 0);
	buf_consume(&b, 5);
	buf_truncate(&b, 5);
	assert_int_equal(buf_len(&b), 0);
	buf_fini(&b);
}

static void ceiling_holds_and_spares_the_content(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_true(buf_append_str(&b, "12345678"));
	assert_false(buf_append_byte(&b, '9'));
	assert_false(buf_printf(&b, "%d", 9));
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_holds(&b, "12345678");
	assert_true(b.cap <= b.ceiling);
	assert_true(buf_reserve(&b, 0));
	buf_fini(&b);
}

static void ceiling_of_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_false(buf_append_byte(&b, 'x'));
	assert_true(buf_printf(&b, "%s", ""));
	assert_string_equal(buf_cstr(&b), "");
	buf_fini(&b);
}

static void boundless_ceiling_does_not_overflow(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_true(buf_append_byte(&b, 'x'));
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_holds(&b, "x");
	buf_fini(&b);
}

static void doubles(void **state)
{
	struct buf b;
	size_t growths = 0, cap = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < 1 << 20; i++) {
		assert_true(buf_append_byte(&b, (unsigned char)i));
		if (b.cap != cap) {
			cap = b.cap;
			growths++;
		}
	}
	assert_true(growths <= 16);
	assert_int_equal(b.cap, 1 << 20);
	for (size_t i = 0; i < 1 << 20; i += 4099)
		assert_int_equal(buf_bytes(&b).ptr[i], (unsigned char)i);
	buf_fini(&b);
}

static void consumed_space_is_used_again(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	for (int i = 0; i < 1000; i++) {
		assert_true(buf_append_str(&b, "0123456789"));
		if (buf_len(&b) > 40)
			buf_consume(&b, 30);
	}
	assert_true(b.cap <= 64);
	assert_int_equal(buf_bytes(&b).ptr[0], '0');
	buf_fini(&b);
}

static void full_ceiling_after_consuming(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (int i = 0; i < 10; i++)
		assert_true(buf_append_str(&b, "0123456789"));
	buf_consume(&b, 1);
	assert_true(buf_append_byte(&b, 'x'));
	assert_false(buf_append_byte(&b, 'y'));
	assert_int_equal(buf_len(&b), 100);
	assert_int_equal(buf_bytes(&b).ptr[0], '1');
	assert_int_equal(buf_bytes(&b).ptr[99], 'x');
	buf_fini(&b);
}

static void consuming_all_starts_over(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(buf_append_str(&b, "abc"));
	buf_consume(&b, 1);
	assert_holds(&b, "bc");
	assert_int_equal(b.start, 1);
	buf_consume(&b, 99);
	assert_int_equal(b.start, 0);
	assert_int_equal(b.end, 0);
	buf_fini(&b);
}

static void truncates(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(buf_append_str(&b, "abcdef"));
	buf_consume(&b, 2);
	buf_truncate(&b, 10);
	assert_holds(&b, "cdef");
	buf_truncate(&b, 1);
	assert_holds(&b, "c");
	buf_truncate(&b, 0);
	assert_holds(&b, "");
	buf_fini(&b);
}

static void reads_into_the_tail(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(buf_reserve(&b, 10));
	assert_true(buf_room(&b) >= 10);
	memcpy(buf_tail(&b), "hello", 5);
	buf_added(&b, 5);
	assert_holds(&b, "hello");
	/* Its own end may be filled up to the last byte, and still be a C string. */
	assert_true(buf_reserve(&b, 95));
	memset(buf_tail(&b), 'z', buf_room(&b));
	buf_added(&b, buf_room(&b));
	assert_int_equal(strlen(buf_cstr(&b)), 100);
	buf_fini(&b);
}

static void reset_keeps_release_gives_back(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(buf_append_str(&b, "abc"));
	buf_reset(&b);
	assert_non_null(b.ptr);
	assert_holds(&b, "");
	buf_release(&b);
	assert_null(b.ptr);
	assert_true(buf_append_str(&b, "again"));
	assert_holds(&b, "again");
	buf_fini(&b);
}

static void random_walk_agrees_with_a_plain_array(void **state)
{
	struct buf b;
	char model[256];
	size_t len = 0;
	unsigned seed = 1;

	(void)state;
	buf_init(&b, sizeof(model));
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		size_t n = seed >> 16 & 63;
		if (seed & 0x40000000) {
			n = n < len ? n : len;
			buf_consume(&b, n);
			memmove(model, model + n, len - n);
			len -= n;
		} else {
			char chunk[64];
			memset(chunk, 'a' + i % 26, sizeof(chunk));
			bool fits = len + n <= sizeof(model);
			assert_int_equal(buf_append(&b, chunk, n), fits);
			if (fits) {
				memcpy(model + len, chunk, n);
				len += n;
			}
		}
		assert_int_equal(buf_len(&b), len);
		assert_true(b.start <= b.end && b.end <= b.cap && b.cap <= b.ceiling);
		if (len)
			assert_memory_equal(buf_bytes(&b).ptr, model, len);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_of_every_kind),
		cmocka_unit_test(empty_buffer_has_empty_views),
		cmocka_unit_test(ceiling_holds_and_spares_the_content),
		cmocka_unit_test(ceiling_of_nothing),
		cmocka_unit_test(boundless_ceiling_does_not_overflow),
		cmocka_unit_test(doubles),
		cmocka_unit_test(consumed_space_is_used_again),
		cmocka_unit_test(full_ceiling_after_consuming),
		cmocka_unit_test(consuming_all_starts_over),
		cmocka_unit_test(truncates),
		cmocka_unit_test(reads_into_the_tail),
		cmocka_unit_test(reset_keeps_release_gives_back),
		cmocka_unit_test(random_walk_agrees_with_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
