/*
 * Names of statements and portals: set, found, replaced, removed, many of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "diffengine/prepared.h"

static struct statement *get(const struct prepared *p, char kind, const char *name)
{
	return prepared_get(p, kind, bytes_str(name));
}

static void set(struct prepared *p, char kind, const char *name, const char *text)
{
	prepared_set(p, kind, bytes_str(name), statement_new(bytes_str(text)));
}

static void test_statement(void **state)
{
	struct statement *s = statement_new(bytes_str("select a from t order by a"));

	(void)state;
	assert_true(bytes_equal_str(statement_text(s), "select a from t order by a"));
	assert_false(s->is_writing);
	assert_true(s->is_ordered);
	assert_ptr_equal(statement_keep(s), s);
	statement_drop(s);
	statement_learn_columns(s, bytes_str("one"));
	statement_learn_columns(s, bytes_str("three"));
	assert_int_equal(s->columns_len, 5);
	assert_memory_equal(s->columns, "three", 5);
	statement_drop(s);
	s = statement_new(bytes_str("delete from t"));
	assert_true(s->is_writing);
	statement_drop(s);
	s = statement_new(bytes_of(NULL, 0));
	assert_int_equal(statement_text(s).len, 0);
	statement_drop(s);
	assert_null(statement_keep(NULL));
	statement_drop(NULL);
}

static void test_names(void **state)
{
	struct prepared p;

	(void)state;
	prepared_init(&p);
	assert_null(get(&p, 'S', ""));
	prepared_remove(&p, 'S', bytes_str("nobody"));
	set(&p, 'S', "", "select 1");
	set(&p, 'P', "", "select 2");
	assert_true(bytes_equal_str(statement_text(get(&p, 'S', "")), "select 1"));
	assert_true(bytes_equal_str(statement_text(get(&p, 'P', "")), "select 2"));
	set(&p, 'S', "", "select 3");
	assert_true(bytes_equal_str(statement_text(get(&p, 'S', "")), "select 3"));
	prepared_remove(&p, 'S', bytes_str(""));
	assert_null(get(&p, 'S', ""));
	assert_non_null(get(&p, 'P', ""));
	/* a portal of an unknown statement forgets the one before */
	prepared_set(&p, 'P', bytes_str(""), NULL);
	assert_null(get(&p, 'P', ""));
	prepared_fini(&p);
}

/* The statement outlives its name while a portal uses it. */
static void test_shared(void **state)
{
	struct prepared p;

	(void)state;
	prepared_init(&p);
	set(&p, 'S', "s", "select 1");
	prepared_set(&p, 'P', bytes_str("p"), statement_keep(get(&p, 'S', "s")));
	prepared_remove(&p, 'S', bytes_str("s"));
	assert_true(bytes_equal_str(statement_text(get(&p, 'P', "p")), "select 1"));
	prepared_fini(&p);
}

/* Names come and go all day long: the map neither fills up with graves nor loses any. */
static void test_many_names(void **state)
{
	struct prepared p;
	char name[32];

	(void)state;
	prepared_init(&p);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		set(&p, 'S', name, name);
		if (i >= 100) {
			snprintf(name, sizeof(name), "s%d", i - 100);
			assert_true(bytes_equal_str(statement_text(get(&p, 'S', name)), name));
			prepared_remove(&p, 'S', bytes_str(name));
			assert_null(get(&p, 'S', name));
		}
	}
	assert_true(p.statements.cap < 1024);
	for (int i = 19900; i < 20000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		assert_true(bytes_equal_str(statement_text(get(&p, 'S', name)), name));
	}
	prepared_fini(&p);
}

static void test_bounded(void **state)
{
	struct prepared p;
	char name[32];
	int kept = 0;

	(void)state;
	prepared_init(&p);
	for (int i = 0; i < 3 * PREPARED_MAX; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		set(&p, 'S', name, "");
	}
	for (int i = 0; i < 3 * PREPARED_MAX; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		kept += get(&p, 'S', name) != NULL;
	}
	assert_int_equal(kept, PREPARED_MAX);
	/* a known name may still change, and a removed one makes room */
	set(&p, 'S', "s0", "select 1");
	assert_true(bytes_equal_str(statement_text(get(&p, 'S', "s0")), "select 1"));
	prepared_remove(&p, 'S', bytes_str("s0"));
	set(&p, 'S', "new", "select 2");
	assert_non_null(get(&p, 'S', "new"));
	set(&p, 'S', "one too many", "select 3");
	assert_null(get(&p, 'S', "one too many"));
	prepared_fini(&p);
}

static enum route place_of(const struct prepared *p, char kind, const char *name)
{
	return prepared_place_of(p, kind, bytes_str(name));
}

static void test_places(void **state)
{
	struct prepared p;

	(void)state;
	prepared_init(&p);
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_BOTH);
	prepared_place(&p, 'S', bytes_str("a"), ROUTE_POSTGRESQL); /* no such name */
	set(&p, 'S', "a", "select 1");
	set(&p, 'P', "a", "select 1");
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_BOTH);
	prepared_place(&p, 'S', bytes_str("a"), ROUTE_YUGABYTEDB);
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_YUGABYTEDB);
	assert_int_equal(place_of(&p, 'P', "a"), ROUTE_BOTH);
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i);
		set(&p, 'S', name, "");
	}
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_YUGABYTEDB);
	set(&p, 'S', "a", "select 2");
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_BOTH);
	prepared_place(&p, 'S', bytes_str("a"), ROUTE_POSTGRESQL);
	prepared_remove(&p, 'S', bytes_str("a"));
	assert_int_equal(place_of(&p, 'S', "a"), ROUTE_BOTH);
	prepared_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
