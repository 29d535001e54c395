/*
 * Collected values whose order nothing determines: arrays as multisets of elements, texts as
 * multisets of parts or letters. Both sides are sorted by their bytes and merged; what is left
 * over is sorted by its value and paired, so that elements may differ as the policy permits.
 */
#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "diffengine/value_impl.h"

struct group { /* one element, or one slice of an array of several dimensions */
	const struct value_item *items;
	size_t width, at;
	double key; /* of what is left over: a number in the order of the values */
};

static int compare_values(const struct wire_value *a, const struct wire_value *b)
{
	size_t len = a->data.len < b->data.len ? a->data.len : b->data.len;

	if (a->is_null || b->is_null)
		return b->is_null - a->is_null;
	int order = len ? memcmp(a->data.ptr, b->data.ptr, len) : 0;

	return order ? order : (a->data.len > b->data.len) - (a->data.len < b->data.len);
}

static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	for (size_t i = 0; i < a->width; i++) {
		int order = compare_values(&a->items[i].value, &b->items[i].value);

		if (order)
			return order;
	}
	return 0;
}

static int compare_at(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	int order = compare_groups(left, right);

	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static int compare_keys(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return compare_at(left, right);
}

/* A number that grows with the value, where tolerance needs one; else 0. */
static double key_of(const struct value_run *run, const struct value_item *item)
{
	struct value_type type = value_type_of(item->type);
	struct value_moment moment;
	double number = 0;

	if (item->value.is_null)
		return -INFINITY;
	if (type.kind == KIND_FLOAT4 || type.kind == KIND_FLOAT8) {
		if (!value_float_read(
			    run->is_binary, type.kind == KIND_FLOAT4, item->value.data, &number))
			return 0;
		return isnan(number) ? (double)INFINITY : number;
	}
	if (type.kind >= KIND_DATE && type.kind <= KIND_TIMESTAMPTZ &&
		value_moment_read(run->is_binary, type.kind, item->value.data, &moment))
		return (double)moment.days * 86400e6 + (double)moment.us;
	return 0;
}

static struct group *groups_of(struct value_run *run, const struct value_list *list, size_t count)
{
	struct group *groups = arena_alloc(run->arena, count * sizeof(*groups));

	if (!groups)
		return NULL;
	for (size_t i = 0; i < count; i++)
		groups[i] = (struct group){.width = list->count / count,
			.items = list->items + i * (list->count / count),
			.at = i};
	qsort(groups, count, sizeof(*groups), compare_at);
	return groups;
}

/* Takes out what both have; the number that is left over, the same on both sides. */
static size_t subtract(struct group *a, struct group *b, size_t count, bool *is_moved)
{
	size_t i = 0, j = 0, n = 0, m = 0;

	while (i < count || j < count) {
		int order = i == count ? 1 : j == count ? -1 : compare_groups(&a[i], &b[j]);

		if (order == 0)
			*is_moved |= a[i++].at != b[j++].at;
		else if (order < 0)
			a[n++] = a[i++];
		else
			b[m++] = b[j++];
	}
	return n;
}

static void sort_by_key(const struct value_run *run, struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		groups[i].key = key_of(run, &groups[i].items[0]);
	qsort(groups, count, sizeof(*groups), compare_keys);
}

static bool groups_agree(struct value_run *run, const struct group *a, const struct group *b)
{
	for (size_t i = 0; i < a->width; i++)
		if (!value_items_agree(run, &a->items[i], &b->items[i]))
			return false;
	return true;
}

bool value_unordered_agree(
	struct value_run *run, const struct value_list *a, const struct value_list *b)
{
	size_t count = a->ndim > 0 ? a->dims[0] : 0;
	bool is_moved = false;

	if (count == 0)
		return true;
	struct group *x = groups_of(run, a, count), *y = groups_of(run, b, count);
	if (!x || !y)
		return false;
	size_t left = subtract(x, y, count, &is_moved);

	sort_by_key(run, x, left);
	sort_by_key(run, y, left);
	for (size_t i = 0; i < left; i++)
		is_moved |= x[i].at != y[i].at;
	if (is_moved)
		value_note(run, ALLOWANCE_ELEMENT_ORDER);
	for (size_t i = 0; i < left; i++)
		if (!groups_agree(run, &x[i], &y[i]))
			return false;
	return true;
}

/* --- texts ---------------------------------------------------------------------------------- */

static bool split(struct value_run *run, struct bytes text, struct value_list *parts)
{
	struct bytes delimiter = bytes_str(run->policy->delimiter);
	const unsigned char *at = text.ptr, *end = text.ptr + text.len, *next;
	size_t count = 1;

	for (next = at; (next = memmem(next, (size_t)(end - next), delimiter.ptr, delimiter.len));
		next += delimiter.len)
		count++;
	*parts = (struct value_list){.ndim = 1, .count = count, .dims = {(uint32_t)count}};
	parts->items = arena_alloc(run->arena, count * sizeof(*parts->items));
	if (!parts->items)
		return false;
	for (size_t i = 0; i < count; i++) {
		next = memmem(at, (size_t)(end - at), delimiter.ptr, delimiter.len);
		if (!next)
			next = end;
		parts->items[i].type = 25; /* text */
		parts->items[i].value.data = bytes_of(at, (size_t)(next - at));
		at = next + (next < end ? delimiter.len : 0);
	}
	return true;
}

bool value_parts_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	struct value_list x, y;
	bool was_in_array = run->is_in_array;

	if (a.len == 0 || b.len == 0 || !split(run, a, &x) || !split(run, b, &y) ||
		x.count != y.count)
		return false;
	run->is_in_array = true;
	run->depth++;
	bool agree = value_unordered_agree(run, &x, &y);
	run->depth--;
	run->is_in_array = was_in_array;
	return agree;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: not as many hexadecimal digits as a bytea's text has. */
static bool count_letters(struct bytes text, bool is_hex, int64_t step, int64_t counts[256])
{
	size_t width = is_hex ? 2 : 1;

	if (text.len % width != 0)
		return false;
	for (size_t i = 0; i < text.len; i += width) {
		int letter = text.ptr[i];

		if (is_hex) {
			int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);

			if (high < 0 || low < 0)
				return false;
			letter = high * 16 + low;
		}
		counts[letter] += step;
	}
	return true;
}

bool value_letters_agree(struct value_run *run, bool is_hex, struct bytes a, struct bytes b)
{
	int64_t counts[256] = {0};

	if (a.len != b.len || !count_letters(a, is_hex, 1, counts) ||
		!count_letters(b, is_hex, -1, counts))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i] != 0)
			return false;
	value_note(run, ALLOWANCE_ELEMENT_ORDER);
	return true;
}
