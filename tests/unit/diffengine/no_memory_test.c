/*
 * Each allocation of a comparison fails once in turn, and each one of building a message: the
 * verdict may become "inconclusive", never "equal" for answers that differ; building
 * a message fails and says so. Linked with --wrap for malloc, calloc and realloc (Makefile).
 */
#include "diffengine/compare.h"

#include <stdlib.h>

#include "tests/unit/diffengine/compared.h"
#include "wire/encode.h"

#define ALLOCATIONS_MOST 10000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static long left = -1; /* allocations until the one that fails; negative: none does */

static bool is_due(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_due() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return is_due() ? NULL : __real_realloc(block, size);
}

/* The verdict where the n-th allocation fails; *has_failed: there was such a one. */
static enum verdict verdict_without(const char *a, const char *b, long n, bool *has_failed)
{
	struct compared c;
	enum verdict verdict;

	compared_init(&c, a, b);
	left = n;
	compared_run(&c);
	*has_failed = left < 0 && n >= 0;
	left = -1;
	verdict = c.result.verdict;
	compared_fini(&c);
	return verdict;
}

static void compare_all(const char *a, const char *b)
{
	bool has_failed = true;
	enum verdict whole = verdict_without(a, b, -1, &has_failed), got;
	long n = 0;

	for (has_failed = true; has_failed; n++) {
		assert_true(n < ALLOCATIONS_MOST);
		got = verdict_without(a, b, n, &has_failed);
		if (got != whole)
			assert_int_equal(got, VERDICT_INCONCLUSIVE);
	}
	assert_true(n > 1);
}

static void test_comparison(void **state)
{
	(void)state;
	compare_all("T a b; D 1|2; D 3|4; C SELECT 2; Z I", "T a b; D 3|4; D 1|2; C SELECT 2; Z I");
	compare_all("T a b; D 1|2; D 3|4; C SELECT 2; Z I", "T a b; D 1|2; D 3|5; C SELECT 2; Z I");
	compare_all("T a; D 1; C SELECT 1; Z I", "T b; D 1; C SELECT 1; Z I");
	compare_all("E 23505 dup; Z I", "E 23503 no key; Z I");
	compare_all("C UPDATE 1; Z I", "E 0A000 no; Z I");
	compare_all("C BEGIN; Z T", "C BEGIN; Z I");
}

static void test_message(void **state)
{
	static const char sql[] = "select 'a text that does not fit into the first block'";
	bool is_built = false;
	struct buf out;

	(void)state;
	for (long n = 0; !is_built; n++) {
		assert_true(n < ALLOCATIONS_MOST);
		buf_init(&out, ANSWER_CEILING);
		left = n;
		is_built = encode_query(&out, sql) && encode_ready(&out, 'I');
		left = -1;
		assert_true(n > 0 || !is_built);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
