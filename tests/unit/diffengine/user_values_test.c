/*
 * OIDs inside binary values: found in arrays, composites, ranges, multiranges, domains and in
 * what nests them; values that are cut short or spoiled at any byte never lead out of their
 * storage and are left as they are.
 */
#include "diffengine/user_values.h"

#include <stdio.h>

#include "tests/unit/diffengine/answers.h"

enum { MOOD = 20000, MOODS, ITEM, ITEMS, SPAN, SPANS, FEW, UNKNOWN = 29999, THERE = 10000 };

#define VALUE_MAX 4096

static void add(struct user_types *t, uint32_t oid, enum user_type_kind kind, uint32_t within)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", oid);
	assert_true(user_types_add(t,
		&(struct user_type){.truth = oid, .kind = kind, .within = within, .name = name}));
	user_types_pair(t, bytes_str(name), oid + THERE);
}

static struct user_types table(void)
{
	struct user_types t = {0};

	add(&t, MOOD, USER_TYPE_OPAQUE, 0);
	add(&t, MOODS, USER_TYPE_ARRAY, MOOD);
	add(&t, ITEM, USER_TYPE_COMPOSITE, 0);
	add(&t, ITEMS, USER_TYPE_ARRAY, ITEM);
	add(&t, SPAN, USER_TYPE_RANGE, ITEM);
	add(&t, SPANS, USER_TYPE_MULTIRANGE, SPAN);
	add(&t, FEW, USER_TYPE_DOMAIN, MOODS);
	return t;
}

/* --- values, with the OIDs of the truth or, moved by THERE, of the candidate --- */

struct pen {
	unsigned char bytes[VALUE_MAX];
	size_t len;
	uint32_t move;
};

static void put32(struct pen *p, uint32_t n)
{
	assert_true(p->len + 4 <= sizeof(p->bytes));
	for (int shift = 24; shift >= 0; shift -= 8)
		p->bytes[p->len++] = (unsigned char)(n >> shift);
}

static void put_oid(struct pen *p, uint32_t oid)
{
	put32(p, oid >= FIRST_USER_OID && oid != UNKNOWN ? oid + p->move : oid);
}

static void put_text(struct pen *p, const char *text)
{
	put32(p, (uint32_t)strlen(text));
	memcpy(p->bytes + p->len, text, strlen(text));
	p->len += strlen(text);
}

/* A value of what `put` writes, behind its length. */
static void put_value(struct pen *p, void (*put)(struct pen *p))
{
	size_t at = p->len;
	uint32_t len;

	put32(p, 0);
	put(p);
	len = (uint32_t)(p->len - at - 4);
	for (int i = 0; i < 4; i++)
		p->bytes[at + (size_t)i] = (unsigned char)(len >> (24 - 8 * i));
}

static void array_head(struct pen *p, uint32_t element, uint32_t size)
{
	put32(p, 1);
	put32(p, 1);
	put_oid(p, element);
	put32(p, size);
	put32(p, 1);
}

static void moods(struct pen *p)
{
	array_head(p, MOOD, 3);
	put_text(p, "ok");
	put32(p, UINT32_MAX);
	put_text(p, "sad");
}

static void item(struct pen *p)
{
	put32(p, 4);
	put_oid(p, 25);
	put_text(p, "axe");
	put_oid(p, MOOD);
	put_text(p, "ok");
	put_oid(p, MOODS);
	put_value(p, moods);
	put_oid(p, FEW);
	put_value(p, moods);
}

static void items(struct pen *p)
{
	array_head(p, ITEM, 3);
	put_value(p, item);
	put32(p, UINT32_MAX);
	put_value(p, item);
}

static void span(struct pen *p)
{
	p->bytes[p->len++] = 0x02;
	put_value(p, item);
	put_value(p, item);
}

static void half_span(struct pen *p)
{
	p->bytes[p->len++] = 0x08;
	put_value(p, item);
}

static void empty_span(struct pen *p)
{
	p->bytes[p->len++] = 0x01;
}

static void spans(struct pen *p)
{
	put32(p, 2);
	put_value(p, span);
	put_value(p, half_span);
}

static void record(struct pen *p)
{
	put32(p, 2);
	put_oid(p, 2249);
	put_value(p, item);
	put_oid(p, 2287);
	put32(p, 0);
}

static void plain_array(struct pen *p)
{
	array_head(p, 25, 1);
	put_text(p, "ok");
}

static const struct {
	uint32_t type;
	void (*put)(struct pen *p);
} values[] = {{MOODS, moods}, {FEW, moods}, {ITEM, item}, {ITEMS, items}, {SPAN, span},
	{SPAN, half_span}, {SPAN, empty_span}, {SPANS, spans}, {ITEM, record},
	{MOODS, plain_array}};

static struct pen written(void (*put)(struct pen *p), uint32_t move)
{
	struct pen p = {.move = move};

	put(&p);
	return p;
}

/* --- requests --- */

static void test_translated(void **state)
{
	struct user_types t = table();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct pen here = written(values[i].put, 0), there = written(values[i].put, THERE);

		assert_int_equal(user_value_translate(&t, values[i].type, here.bytes, here.len), 0);
		assert_memory_equal(here.bytes, there.bytes, there.len);
	}
	user_types_fini(&t);
}

static void mixed(struct pen *p)
{
	put32(p, 2);
	put_oid(p, UNKNOWN);
	put_text(p, "x");
	put_oid(p, MOOD);
	put_text(p, "ok");
}

static void test_what_is_unknown_is_counted_and_stays(void **state)
{
	struct user_types t = table();
	struct pen here = written(mixed, 0), there = written(mixed, THERE);

	(void)state;
	assert_int_equal(user_value_translate(&t, ITEM, here.bytes, here.len), 1);
	assert_memory_equal(here.bytes, there.bytes, there.len);
	/* A type of which nothing is known has no shape. */
	here = written(mixed, 0);
	assert_int_equal(user_value_translate(&t, UNKNOWN, here.bytes, here.len), 0);
	assert_memory_equal(here.bytes, written(mixed, 0).bytes, here.len);
	user_types_fini(&t);
}

/* In storage of exactly that size, so that a sanitizer sees any step outside. */
static void translate_copy(
	const struct user_types *t, uint32_t type, const unsigned char *bytes, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	(void)user_value_translate(t, type, copy, len);
	/* The outermost shape is not whole: not a byte was changed. */
	if (len)
		assert_memory_equal(copy, bytes, len);
	free(copy);
}

static void test_cut_short_at_every_byte(void **state)
{
	struct user_types t = table();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct pen p = written(values[i].put, 0);

		for (size_t len = 0; len < p.len; len++)
			translate_copy(&t, values[i].type, p.bytes, len);
		p.len++; /* and with a byte too many */
		translate_copy(&t, values[i].type, p.bytes, p.len);
	}
	user_types_fini(&t);
}

static void test_spoiled_at_every_byte(void **state)
{
	static const unsigned char spoils[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct user_types t = table();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		for (size_t n = 0; n < written(values[i].put, 0).len * ARRAY_LEN(spoils); n++) {
			struct pen a = written(values[i].put, 0);
			unsigned char *copy = malloc(a.len);

			assert_non_null(copy);
			a.bytes[n / ARRAY_LEN(spoils)] = spoils[n % ARRAY_LEN(spoils)];
			memcpy(copy, a.bytes, a.len);
			(void)user_value_translate(&t, values[i].type, copy, a.len);
			/* What was changed names the same types. */
			assert_true(user_values_alike(
				&t, bytes_of(a.bytes, a.len), bytes_of(copy, a.len)));
			free(copy);
		}
	user_types_fini(&t);
}

/* Arrays of arrays of ..., deeper than any walk goes. */
static void test_depth_is_bounded(void **state)
{
	struct user_types t = {0};
	struct pen p = {.len = 0};
	const uint32_t levels = 2 * USER_VALUES_DEPTH;
	uint32_t len = levels * 24 - 4;
	size_t translated = 0;

	(void)state;
	add(&t, MOODS, USER_TYPE_ARRAY, MOODS);
	for (uint32_t i = 0; i < levels; i++, len -= 24) {
		array_head(&p, MOODS, 1);
		put32(&p, i + 1 < levels ? len - 20 : UINT32_MAX);
	}
	assert_int_equal(user_value_translate(&t, MOODS, p.bytes, p.len), 0);
	for (uint32_t i = 0; i < levels; i++)
		translated += p.bytes[i * 24 + 10] == (MOODS + THERE) >> 8;
	assert_int_equal(translated, USER_VALUES_DEPTH);
	user_types_fini(&t);
}

/* --- answers --- */

static bool alike(struct user_types *t, const struct pen *a, const struct pen *b)
{
	return user_values_alike(t, bytes_of(a->bytes, a->len), bytes_of(b->bytes, b->len));
}

static void test_alike(void **state)
{
	struct user_types t = table();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct pen a = written(values[i].put, 0), b = written(values[i].put, THERE);

		assert_true(alike(&t, &a, &b));
		/* Another byte anywhere: a mismatch, or another OID. */
		for (size_t at = 0; at < b.len; at++) {
			b.bytes[at] ^= 0x40;
			assert_false(alike(&t, &a, &b));
			b.bytes[at] ^= 0x40;
		}
		b.len--;
		assert_false(alike(&t, &a, &b));
	}
	assert_int_equal(t.asked_count, 0);
	user_types_fini(&t);
}

static void test_unknown_types_inside_are_asked_about(void **state)
{
	struct user_types t = {0};
	struct pen a = written(items, 0), b = written(items, THERE);

	(void)state;
	assert_true(alike(&t, &a, &b));
	assert_int_equal(t.asked_count, 4);
	/* Also where something else differs. */
	user_types_clear(&t);
	b.bytes[b.len - 1] ^= 1;
	assert_false(alike(&t, &a, &b));
	assert_int_equal(t.asked_count, 4);
	user_types_fini(&t);
}

static void test_normalised(void **state)
{
	struct user_types t = table();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct pen here = written(values[i].put, 0), there = written(values[i].put, THERE);
		struct wire_value row[2] = {
			{.data = bytes_of(here.bytes, here.len)}, {.is_null = true}};
		struct buf a, b;

		buf_init(&a, VALUE_MAX * 2);
		buf_init(&b, VALUE_MAX * 2);
		assert_true(encode_data_row(&a, row, 2) && encode_ready(&a, 'I'));
		row[0].data = bytes_of(there.bytes, there.len);
		assert_true(encode_data_row(&b, row, 2) && encode_ready(&b, 'I'));
		user_answer_normalise(&t, b.ptr + b.start, buf_len(&b));
		assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
		buf_fini(&a);
		buf_fini(&b);
	}
	user_types_fini(&t);
}

/* --- rows --- */

static bool rows_alike(
	struct user_types *t, const char *columns, const char *truth, const char *candidate)
{
	struct buf c, a, b;
	bool is_alike;

	buf_init(&c, VALUE_MAX);
	buf_init(&a, VALUE_MAX);
	buf_init(&b, VALUE_MAX);
	answer_write(&c, columns);
	answer_write(&a, truth);
	answer_write(&b, candidate);
	is_alike = user_rows_alike(t, *columns ? bytes_skip(buf_bytes(&c), 5) : bytes_of(NULL, 0),
		bytes_skip(buf_bytes(&a), 5), bytes_skip(buf_bytes(&b), 5));
	buf_fini(&c);
	buf_fini(&a);
	buf_fini(&b);
	return is_alike;
}

static void test_oids_as_values(void **state)
{
	struct user_types t = table();

	(void)state;
	assert_true(rows_alike(&t, "T n a:26", "D x|20000", "D x|30000"));
	assert_true(rows_alike(&t, "T a:1028", "D {25,20000,20001}", "D {25,30000,30001}"));
	assert_false(rows_alike(&t, "T a:1028", "D {25,20000,20001}", "D {25,30000}"));
	assert_false(rows_alike(&t, "T a:1028", "D {25,20000}", "D {25,30000,30001}"));
	assert_false(rows_alike(&t, "T a:26", "D 20000", "D 30001"));
	assert_false(rows_alike(&t, "T n a:26", "D x|20000", "D y|30000"));
	/* A number is no OID. */
	assert_false(rows_alike(&t, "T a:23", "D 20000", "D 30000"));
	assert_false(rows_alike(&t, "", "D 20000", "D 30000"));
	assert_false(rows_alike(&t, "T a:26", "D 25", "D 23"));
	assert_false(rows_alike(&t, "T a:26", "D 99999999999999999999", "D 30000"));
	assert_false(rows_alike(&t, "T a:26", "D \\N", "D 30000"));
	assert_int_equal(t.asked_count, 0);
	/* Not known: taken to be alike while it can be asked about, and not beyond. */
	assert_true(rows_alike(&t, "T a:26", "D 20100", "D 30100"));
	assert_int_equal(t.asked_count, 1);
	t.is_closed = true;
	assert_false(rows_alike(&t, "T a:26", "D 20100", "D 30100"));
	user_types_fini(&t);
}

static void test_rows_of_another_shape(void **state)
{
	struct user_types t = table();

	(void)state;
	assert_false(rows_alike(&t, "T a:26 b:26", "D 20000|1", "D 30000"));
	assert_true(rows_alike(&t, "T a:26", "D 20000|x", "D 30000|x"));
	user_types_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translated),
		cmocka_unit_test(test_what_is_unknown_is_counted_and_stays),
		cmocka_unit_test(test_cut_short_at_every_byte),
		cmocka_unit_test(test_spoiled_at_every_byte),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_unknown_types_inside_are_asked_about),
		cmocka_unit_test(test_normalised),
		cmocka_unit_test(test_oids_as_values),
		cmocka_unit_test(test_rows_of_another_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
