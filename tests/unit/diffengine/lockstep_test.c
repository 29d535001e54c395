/*
 * Two answers in step: what counts as the same, where it stops, what it counts on the way, and
 * that neither the way in which bytes arrive nor asynchronous messages change any of it.
 */
#include "diffengine/lockstep.h"

#include "base/attr.h"
#include "tests/unit/diffengine/answers.h"

struct fixture {
	struct buf truth, candidate;
	struct lockstep lock;
};

static void start(struct fixture *f, const char *truth, const char *candidate)
{
	*f = (struct fixture){0};
	buf_init(&f->truth, ANSWER_CEILING);
	buf_init(&f->candidate, ANSWER_CEILING);
	answer_write(&f->truth, truth);
	answer_write(&f->candidate, candidate);
}

static void end(struct fixture *f)
{
	buf_fini(&f->truth);
	buf_fini(&f->candidate);
}

static enum lockstep_result advance(struct fixture *f)
{
	return lockstep_advance(&f->lock, buf_bytes(&f->truth), buf_bytes(&f->candidate));
}

static size_t size_of(const char *script)
{
	struct buf b;
	size_t size;

	buf_init(&b, ANSWER_CEILING);
	answer_write(&b, script);
	size = buf_len(&b);
	buf_fini(&b);
	return size;
}

static void assert_same(const char *truth, const char *candidate)
{
	struct fixture f;

	start(&f, truth, candidate);
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.truth, buf_len(&f.truth));
	assert_int_equal(f.lock.candidate, buf_len(&f.candidate));
	end(&f);
}

/* They differ right after what `same` holds. */
static void assert_differs(const char *same, const char *truth, const char *candidate)
{
	struct fixture f;

	start(&f, same, same);
	answer_write(&f.truth, truth);
	answer_write(&f.candidate, candidate);
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.truth, size_of(same));
	assert_int_equal(f.lock.candidate, size_of(same));
	/* Asking again changes nothing. */
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.truth, size_of(same));
	end(&f);
}

static void test_same(void **state)
{
	(void)state;
	assert_same("", "");
	assert_same("T a; D 1; D \\N; C SELECT 2; Z I", "T a; D 1; D \\N; C SELECT 2; Z I");
	assert_same("1; 2; t 23; n; s; 3; I; V x; G; H; d y; c; E 1 m; Z E",
		"1; 2; t 23; n; s; 3; I; V x; G; H; d y; c; E 1 m; Z E");
}

static void test_same_in_other_words(void **state)
{
	(void)state;
	assert_same("E 23505 duplicate key; Z I", "E 23505 dup!; Z I");
	assert_same("T a:16384; D x; C SELECT 1", "T a:40000; D x; C SELECT 1");
	assert_same("t 16385 23; n", "t 99999 23; n");
	assert_same("t; T", "t; T");
}

static void test_differs(void **state)
{
	(void)state;
	assert_differs("", "1", "2");
	assert_differs("T a; D 1", "D 2; C SELECT 2", "D 3; C SELECT 2");
	assert_differs("T a; D 1", "D 2", "C SELECT 1");
	assert_differs("T a", "D \\N", "D ");
	assert_differs("T a", "D", "D \\N");
	assert_differs("1; 2", "C INSERT 0 1", "C INSERT 0 2");
	assert_differs("C COMMIT", "Z I", "Z T");
	assert_differs("", "E 23505 dup", "E 23503 dup");
	assert_differs("", "E 23505 dup", "C INSERT 0 1");
	assert_differs("", "V x", "V y");
	assert_differs("H", "d a", "d b");
	assert_differs("H", "d a", "D a");
}

static void test_columns_differ(void **state)
{
	(void)state;
	assert_differs("1", "T a", "T b");
	assert_differs("1", "T a b", "T a");
	assert_differs("1", "T a:23", "T a:20");
	assert_differs("1", "T a:23", "T a:16384");
	assert_differs("1", "T a:16383", "T a:16384");
	assert_differs("1", "T a:23", "T a:23:b");
	assert_differs("1", "t 23", "t 20");
	assert_differs("1", "t 23 23", "t 23");
	assert_differs("1", "t 16384", "t 25");
	assert_differs("t 23", "T a", "n");
}

static void column_pair(struct fixture *f, struct wire_column truth, struct wire_column candidate)
{
	start(f, "", "");
	truth.name = candidate.name = bytes_str("a");
	assert_true(encode_row_description(&f->truth, &truth, 1));
	assert_true(encode_row_description(&f->candidate, &candidate, 1));
}

static void test_masked_fields(void **state)
{
	struct fixture f;

	(void)state;
	column_pair(&f, (struct wire_column){.table_oid = 16400, .attnum = 1, .type_oid = 23},
		(struct wire_column){.table_oid = 17000, .attnum = 2, .type_oid = 23});
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.truth, buf_len(&f.truth));
	end(&f);
	column_pair(&f, (struct wire_column){.typlen = 4}, (struct wire_column){.typlen = 8});
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	end(&f);
	column_pair(&f, (struct wire_column){.typmod = -1}, (struct wire_column){.typmod = 14});
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	end(&f);
}

static void test_malformed_bodies(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "", "");
	assert_true(encode_raw(&f.truth, 'T', bytes_of("\0\1x", 3)));
	assert_true(encode_raw(&f.candidate, 'T', bytes_of("\0\1y", 3)));
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	end(&f);
	start(&f, "", "");
	assert_true(encode_raw(&f.truth, 'E', bytes_str("no end")));
	assert_true(encode_raw(&f.candidate, 'E', bytes_str("not ended")));
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	end(&f);
	/* What does not frame is waited for: the relay has refused it already. */
	start(&f, "1", "1");
	assert_true(buf_append_str(&f.truth, "?????"));
	answer_write(&f.candidate, "2");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.truth, size_of("1"));
	end(&f);
}

static void test_asynchronous_at_any_place(void **state)
{
	static const char *const steps[] = {"1", "T a", "D 1", "D 2", "C SELECT 2", "Z I"};
	static const char *const others[] = {"N hello", "S a b", "A x y", "N a; S b c; A d"};
	struct fixture f;

	(void)state;
	for (size_t place = 0; place <= ARRAY_LEN(steps); place++) {
		for (size_t i = 0; i < 2 * ARRAY_LEN(others); i++) {
			start(&f, "", "");
			for (size_t s = 0; s <= ARRAY_LEN(steps); s++) {
				if (s == place)
					answer_write(
						i % 2 ? &f.truth : &f.candidate, others[i / 2]);
				if (s < ARRAY_LEN(steps)) {
					answer_write(&f.truth, steps[s]);
					answer_write(&f.candidate, steps[s]);
				}
			}
			assert_int_equal(advance(&f), LOCKSTEP_DRY);
			assert_int_equal(f.lock.truth, buf_len(&f.truth));
			assert_int_equal(f.lock.candidate, buf_len(&f.candidate));
			assert_int_equal(f.lock.ordinal, 1);
			end(&f);
		}
	}
}

static void test_one_side_is_ahead(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "T a; D 1; C SELECT 1; Z I", "T a; D 1");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.truth, size_of("T a; D 1"));
	assert_int_equal(f.lock.candidate, size_of("T a; D 1"));
	assert_int_equal(f.lock.rows, 1);
	assert_true(f.lock.is_in_item);
	answer_write(&f.candidate, "C SELECT 1; Z I; N late");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.truth, buf_len(&f.truth));
	assert_int_equal(f.lock.candidate, buf_len(&f.candidate));
	assert_false(f.lock.is_in_item);
	end(&f);
}

static void test_items(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "1; N x; 2; T a; D 1; D 2", "1; 2; T a; D 1; D 2");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_true(f.lock.is_in_item);
	assert_int_equal(f.lock.item_truth, size_of("1; N x; 2"));
	assert_int_equal(f.lock.item_candidate, size_of("1; 2"));
	assert_int_equal(f.lock.columns, size_of("1; N x; 2"));
	assert_int_equal(f.lock.columns_len, size_of("T a"));
	assert_int_equal(f.lock.rows, 2);
	assert_int_equal(f.lock.ordinal, 0);
	answer_write(&f.truth, "C SELECT 2; 2; D 3; D 4; D 5");
	answer_write(&f.candidate, "C SELECT 2; 2; D 3; D 4; D 6");
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.ordinal, 1);
	assert_int_equal(f.lock.columns_len, 0);
	assert_int_equal(f.lock.rows, 2);
	assert_int_equal(f.lock.item_truth, size_of("1; N x; 2; T a; D 1; D 2; C SELECT 2; 2"));
	assert_int_equal(f.lock.item_candidate, size_of("1; 2; T a; D 1; D 2; C SELECT 2; 2"));
	end(&f);
}

static void test_item_begins_behind_asynchronous(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "C BEGIN; N x; D 1", "C BEGIN; D 2");
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.item_truth, size_of("C BEGIN; N x"));
	assert_int_equal(f.lock.item_candidate, size_of("C BEGIN"));
	end(&f);
}

static void assert_ordinal(const char *script, unsigned ordinal)
{
	struct fixture f;

	start(&f, script, script);
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	assert_int_equal(f.lock.ordinal, ordinal);
	end(&f);
}

static void test_ordinals(void **state)
{
	(void)state;
	assert_ordinal("1; 2; 3; Z I", 0);
	assert_ordinal("1; t 23; T a; n", 0);
	assert_ordinal("C A; s; I; E 1 x; V x; Z I", 5);
	assert_ordinal("G; c", 0);
	assert_ordinal("H; d x; c; C COPY 1", 1);
}

/* Fed in pieces, both sides cut anywhere, the end is always the same. */
static void test_every_split(void **state)
{
	static const char truth[] =
		"1; N n; 2; T a; D 1; D 22; S x y; C SELECT 2; 2; D 4; C X; Z I";
	static const char other[] = "1; 2; T a; A z; D 1; D 22; C SELECT 2; 2; N m; D 5; C X; Z I";
	struct fixture f;

	(void)state;
	start(&f, truth, other);
	for (size_t i = 0; i <= buf_len(&f.truth); i++) {
		for (size_t j = 0; j <= buf_len(&f.candidate); j++) {
			struct lockstep lock = {0};

			(void)lockstep_advance(&lock, bytes_of(buf_bytes(&f.truth).ptr, i),
				bytes_of(buf_bytes(&f.candidate).ptr, j));
			assert_true(lock.truth <= i && lock.candidate <= j);
			assert_int_equal(lockstep_advance(&lock, buf_bytes(&f.truth),
						 buf_bytes(&f.candidate)),
				LOCKSTEP_DIFFERS);
			assert_int_equal(lock.truth,
				size_of("1; N n; 2; T a; D 1; D 22; S x y; C SELECT 2; 2"));
			assert_int_equal(lock.candidate,
				size_of("1; 2; T a; A z; D 1; D 22; C SELECT 2; 2; N m"));
			assert_int_equal(lock.item_truth, lock.truth);
			assert_int_equal(lock.ordinal, 1);
			assert_int_equal(lock.rows, 0);
		}
	}
	end(&f);
}

static void test_rebase(void **state)
{
	struct fixture f;
	size_t n, m;

	(void)state;
	start(&f, "1; 2; T a; D 1; D 2", "N x; 1; 2; T a; D 1; D 2");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	n = size_of("1; 2");
	m = size_of("N x; 1; 2");
	buf_consume(&f.truth, n);
	buf_consume(&f.candidate, m);
	lockstep_rebase(&f.lock, n, m);
	assert_int_equal(f.lock.truth, buf_len(&f.truth));
	assert_int_equal(f.lock.candidate, buf_len(&f.candidate));
	assert_int_equal(f.lock.item_truth, 0);
	assert_int_equal(f.lock.item_candidate, 0);
	assert_int_equal(f.lock.columns, 0);
	assert_int_equal(f.lock.columns_len, size_of("T a"));
	answer_write(&f.truth, "D 3; C SELECT 3; 2; D 4");
	answer_write(&f.candidate, "D 3; C SELECT 3; 2; D 5");
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.item_truth, size_of("T a; D 1; D 2; D 3; C SELECT 3; 2"));
	end(&f);
}

/* Rows are handed on in the middle of a result: what was counted stays. */
static void test_rebase_inside_a_result(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "T a; D 1; D 2", "T a; D 1; D 2");
	assert_int_equal(advance(&f), LOCKSTEP_DRY);
	lockstep_rebase(&f.lock, f.lock.truth, f.lock.candidate);
	buf_reset(&f.truth);
	buf_reset(&f.candidate);
	assert_int_equal(f.lock.truth, 0);
	assert_int_equal(f.lock.item_truth, 0);
	assert_true(f.lock.is_in_item);
	answer_write(&f.truth, "D 3; D 4");
	answer_write(&f.candidate, "D 3; D 5");
	assert_int_equal(advance(&f), LOCKSTEP_DIFFERS);
	assert_int_equal(f.lock.rows, 3);
	assert_int_equal(f.lock.truth, size_of("D 3"));
	assert_int_equal(f.lock.ordinal, 0);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_same_in_other_words),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_columns_differ),
		cmocka_unit_test(test_masked_fields),
		cmocka_unit_test(test_malformed_bodies),
		cmocka_unit_test(test_asynchronous_at_any_place),
		cmocka_unit_test(test_one_side_is_ahead),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_item_begins_behind_asynchronous),
		cmocka_unit_test(test_ordinals),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_rebase),
		cmocka_unit_test(test_rebase_inside_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
