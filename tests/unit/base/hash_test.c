/*
 * Hashes: known answers of XXH3 (its value for no bytes is published), and difference.
 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void known_answers(void **state)
{
	struct hash128 none = hash_bytes128(bytes_of(NULL, 0));

	(void)state;
	assert_true(hash_bytes64(bytes_of(NULL, 0)) == UINT64_C(0x2d06800538d394c2));
	assert_true(none.high == UINT64_C(0x99aa06d3014798d8));
	assert_true(none.low == UINT64_C(0x6001c324468d497f));
}

static void one_bit_changes_both_halves(void **state)
{
	unsigned char data[300] = {0};

	(void)state;
	for (size_t len = 1; len <= sizeof(data); len += 13) {
		struct hash128 a = hash_bytes128(bytes_of(data, len));
		uint64_t a64 = hash_bytes64(bytes_of(data, len));
		data[len - 1] ^= 1;
		struct hash128 b = hash_bytes128(bytes_of(data, len));
		assert_true(a.low != b.low && a.high != b.high);
		assert_true(a64 != hash_bytes64(bytes_of(data, len)));
		data[len - 1] ^= 1;
	}
}

static void same_bytes_same_hash(void **state)
{
	char one[] = "select 1", two[] = "xselect 1";

	(void)state;
	assert_true(hash_bytes64(bytes_str(one)) == hash_bytes64(bytes_str(two + 1)));
	assert_true(hash_bytes128(bytes_str(one)).low == hash_bytes128(bytes_str(two + 1)).low);
	assert_true(hash_bytes128(bytes_str(one)).high == hash_bytes128(bytes_str(two + 1)).high);
}

static void length_counts(void **state)
{
	unsigned char zeros[4] = {0};

	(void)state;
	assert_true(hash_bytes64(bytes_of(zeros, 3)) != hash_bytes64(bytes_of(zeros, 4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(one_bit_changes_both_halves),
		cmocka_unit_test(same_bytes_same_hash),
		cmocka_unit_test(length_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
