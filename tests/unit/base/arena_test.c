/*
 * The arena: alignment, ceiling, reuse after reset, copies.
 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void zeroed_and_aligned(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (size_t size = 0; size < 300; size++) {
		unsigned char *p = arena_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xEE, size);
	}
	arena_fini(&a);
}

static void pieces_do_not_overlap(void **state)
{
	struct arena a;
	unsigned char *p[500];

	(void)state;
	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < 500; i++) {
		p[i] = arena_alloc(&a, i + 1);
		assert_non_null(p[i]);
		memset(p[i], (int)(i & 0xFF), i + 1);
	}
	for (size_t i = 0; i < 500; i++)
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(p[i][j], i & 0xFF);
	arena_fini(&a);
}

static void ceiling_is_never_passed(void **state)
{
	struct arena a;
	size_t got = 0;

	(void)state;
	arena_init(&a, 10000);
	while (arena_alloc(&a, 16)) {
		got += 16;
		assert_true(a.used <= 10000);
	}
	/* The headers of the doubling blocks are all that is lost. */
	assert_true(got > 9000);
	assert_null(arena_alloc(&a, 10000));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_true(a.used <= 10000);
	arena_fini(&a);
}

static void failure_changes_nothing(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	char *text = arena_copy_str(&a, bytes_str("kept"));
	assert_non_null(text);
	size_t used = a.used;
	assert_null(arena_alloc(&a, 4096));
	assert_null(arena_copy(&a, bytes_of("", SIZE_MAX)).ptr);
	assert_int_equal(a.used, used);
	assert_string_equal(text, "kept");
	arena_fini(&a);
}

static void tiny_ceiling_gives_nothing(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_null(arena_alloc(&a, 0));
	arena_init(&a, 8);
	assert_null(arena_alloc(&a, 1));
	arena_reset(&a);
	arena_fini(&a);
	assert_int_equal(a.used, 0);
}

static void reset_keeps_one_block(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 8 << 20);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			unsigned char *p = arena_alloc(&a, 1000);
			assert_non_null(p);
			assert_int_equal(p[999], 0); /* zeroed in a used block as well */
			memset(p, 0xEE, 1000);
		}
		arena_reset(&a);
		assert_non_null(a.blocks);
		assert_int_equal(a.used, 65536);
	}
	arena_fini(&a);
}

static void reset_does_not_keep_a_giant(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 8 << 20);
	assert_non_null(arena_alloc(&a, 10));
	assert_non_null(arena_alloc(&a, 4 << 20));
	arena_reset(&a);
	assert_true(a.used <= 65536);
	assert_non_null(arena_alloc(&a, 10));
	arena_fini(&a);
}

static void reset_frees_the_room(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 100000);
	for (int i = 0; i < 50; i++) {
		assert_non_null(arena_alloc(&a, 90000));
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void copies(void **state)
{
	struct arena a;
	char source[] = "sou\0rce";

	(void)state;
	arena_init(&a, 4096);
	struct bytes copy = arena_copy(&a, bytes_of(source, 7));
	char *text = arena_copy_str(&a, bytes_of(source, 2));
	memset(source, 'x', sizeof(source));
	assert_true(bytes_equal(copy, bytes_of("sou\0rce", 7)));
	assert_string_equal(text, "so");
	struct bytes empty = arena_copy(&a, bytes_of(NULL, 0));
	assert_non_null(empty.ptr);
	assert_int_equal(empty.len, 0);
	assert_string_equal(arena_copy_str(&a, bytes_of(NULL, 0)), "");
	assert_string_equal(arena_printf(&a, "%s-%d", "n", 5), "n-5");
	arena_fini(&a);
}

static void printf_at_the_ceiling(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 200);
	assert_null(arena_printf(&a, "%300d", 1));
	assert_string_equal(arena_printf(&a, "%100d", 1) + 99, "1");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(ceiling_is_never_passed),
		cmocka_unit_test(failure_changes_nothing),
		cmocka_unit_test(tiny_ceiling_gives_nothing),
		cmocka_unit_test(reset_keeps_one_block),
		cmocka_unit_test(reset_does_not_keep_a_giant),
		cmocka_unit_test(reset_frees_the_room),
		cmocka_unit_test(copies),
		cmocka_unit_test(printf_at_the_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
