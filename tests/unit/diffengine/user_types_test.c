/*
 * The table of user types: finding by either OID, questions, and that all is bounded.
 */
#include "diffengine/user_types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void add(struct user_types *t, uint32_t truth, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	assert_true(user_types_add(t, &(struct user_type){.truth = truth, .name = copy}));
}

static void test_found_by_either_oid(void **state)
{
	struct user_types t = {0};
	char name[32];

	(void)state;
	/* In an order that is that of neither index. */
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "public.t%u", i);
		add(&t, 20000 + i * 7 % 1000, name);
		user_types_pair(&t, bytes_str(name), 30000 + i * 13 % 1000);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		const struct user_type *type = user_types_find(&t, 20000 + i * 7 % 1000);

		assert_non_null(type);
		assert_int_equal(type->candidate, 30000 + i * 13 % 1000);
		assert_ptr_equal(user_types_find_candidate(&t, type->candidate), type);
		assert_int_equal(user_types_translate(&t, type->truth), type->candidate);
	}
	assert_null(user_types_find(&t, 19999));
	assert_null(user_types_find(&t, 21000));
	assert_null(user_types_find_candidate(&t, 29999));
	assert_int_equal(user_types_translate(&t, 21000), 0);
	assert_int_equal(user_types_translate(&t, 23), 23);
	user_types_fini(&t);
}

static void test_alike(void **state)
{
	struct user_types t = {0};

	(void)state;
	assert_true(user_types_alike(NULL, 23, 23));
	assert_false(user_types_alike(NULL, 23, 25));
	assert_false(user_types_alike(NULL, 23, 16384));
	assert_true(user_types_alike(NULL, 16384, 16385));
	add(&t, 20000, "public.mood");
	add(&t, 20001, "public.missing");
	user_types_pair(&t, bytes_str("public.mood"), 30000);
	assert_true(user_types_alike(&t, 20000, 30000));
	assert_false(user_types_alike(&t, 20000, 30001));
	assert_false(user_types_alike(&t, 20001, 30001));
	assert_int_equal(t.asked_count, 0);
	/* Nothing is known of it: it is asked about, once. */
	assert_true(user_types_alike(&t, 20002, 30002));
	assert_true(user_types_alike(&t, 20002, 30003));
	assert_int_equal(t.asked_count, 1);
	assert_int_equal(t.asked[0], 20002);
	user_types_fini(&t);
}

static void test_questions_are_bounded(void **state)
{
	struct user_types t = {0};

	(void)state;
	for (uint32_t i = 0; i < USER_TYPES_ASKED_MAX; i++)
		assert_true(user_types_ask(&t, 20000 + i));
	assert_false(user_types_ask(&t, 30000));
	assert_true(user_types_ask(&t, 20000));
	t.is_closed = true;
	assert_false(user_types_ask(&t, 20000));
	assert_int_equal(t.asked_count, USER_TYPES_ASKED_MAX);
	user_types_clear(&t);
	assert_int_equal(t.asked_count, 0);
	user_types_fini(&t);
}

static void test_entries_are_bounded(void **state)
{
	struct user_types t = {0};
	char name[USER_TYPE_NAME_MAX + 2];
	struct user_type type = {.truth = 19999, .name = name};

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(user_types_add(&t, &type));
	name[1] = '\0';
	for (uint32_t i = 0; i < USER_TYPES_MAX; i++) {
		assert_int_equal(user_types_has_room(&t), i <= USER_TYPES_MAX / 2);
		add(&t, 20000 + i, "x");
	}
	assert_false(user_types_add(&t, &type));
	add(&t, 20000, "is there already");
	assert_string_equal(user_types_find(&t, 20000)->name, "x");
	user_types_clear(&t);
	assert_true(user_types_has_room(&t));
	add(&t, 19999, "again");
	user_types_fini(&t);
}

/* Two of the same name, as after a rename in between: each gets a counterpart of its own. */
static void test_one_counterpart_each(void **state)
{
	struct user_types t = {0};

	(void)state;
	add(&t, 20000, "public.a");
	user_types_pair(&t, bytes_str("public.a"), 30000);
	user_types_pair(&t, bytes_str("public.a"), 30001);
	user_types_pair(&t, bytes_str("public.b"), 30002);
	assert_int_equal(user_types_translate(&t, 20000), 30000);
	assert_int_equal(t.candidate_count, 1);
	user_types_fini(&t);
}

static void test_as_one_line(void **state)
{
	char text[USER_TYPE_TEXT_MAX], name[] = "public.\"a b\"[]";
	struct user_type type = {
		.truth = 20001, .kind = USER_TYPE_ARRAY, .within = 20000, .name = name};
	char bad[][32] = {"", "20001", "20001 a", "20001 a 20000", "20001 a 20000 ", "x a 1 y"};

	(void)state;
	assert_string_equal(user_type_print(&type, text), "20001 a 20000 public.\"a b\"[]");
	type = (struct user_type){0};
	assert_true(user_type_parse(&type, text));
	assert_int_equal(type.truth, 20001);
	assert_int_equal(type.kind, USER_TYPE_ARRAY);
	assert_int_equal(type.within, 20000);
	assert_string_equal(type.name, name);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(user_type_parse(&type, bad[i]));
	for (int kind = USER_TYPE_OPAQUE; kind <= USER_TYPE_DOMAIN; kind++)
		assert_int_equal(
			user_type_kind_of(user_type_letter((enum user_type_kind)kind)), kind);
	assert_int_equal(user_type_kind_of('e'), USER_TYPE_OPAQUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_either_oid),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_questions_are_bounded),
		cmocka_unit_test(test_entries_are_bounded),
		cmocka_unit_test(test_one_counterpart_each),
		cmocka_unit_test(test_as_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
