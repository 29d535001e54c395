/*
 * Values that are made of values: arrays, ranges, multiranges and composites, in the form in
 * which the server writes them, taken apart into items. What is in another form is refused.
 */
#include "base/attr.h"
#include "diffengine/value_impl.h"

struct parser {
	struct value_run *run;
	struct bytes rest;
	struct value_list *list;
	uint32_t type;  /* of the items */
	size_t room;    /* items allocated */
	char delimiter; /* of an array's text */
};

static bool take(struct parser *p, char c)
{
	if (p->rest.len == 0 || p->rest.ptr[0] != (unsigned char)c)
		return false;
	p->rest = bytes_skip(p->rest, 1);
	return true;
}

static bool sees(const struct parser *p, const char *set)
{
	return p->rest.len > 0 && p->rest.ptr[0] && strchr(set, p->rest.ptr[0]);
}

static bool make_room(struct parser *p, size_t room)
{
	p->room = room;
	p->list->items = arena_alloc(p->run->arena, room * sizeof(*p->list->items));
	return p->list->items != NULL;
}

static bool add(struct parser *p, struct wire_value value, uint32_t type)
{
	if (p->list->count == p->room)
		return false;
	p->list->items[p->list->count++] = (struct value_item){.value = value, .type = type};
	return true;
}

/* As many items as there can be: one more than delimiters. */
static bool make_room_for_text(struct parser *p, unsigned char delimiter)
{
	size_t n = 1;

	for (size_t i = 0; i < p->rest.len; i++)
		n += p->rest.ptr[i] == delimiter;
	return make_room(p, n);
}

/* --- text ----------------------------------------------------------------------------------- */

/* Behind an opening quote, up to and with the closing one. `""` and a backslash stand for one
 * character; an array has no `""`, so its strings end there and the next one is refused. */
static bool take_quoted(struct parser *p, bool has_doubled, struct bytes *text)
{
	struct bytes at = p->rest;
	size_t end = 0, escapes = 0;

	for (; end < at.len; end++) {
		bool is_doubled = has_doubled && at.ptr[end] == '"' && end + 1 < at.len &&
				  at.ptr[end + 1] == '"';

		if (at.ptr[end] == '"' && !is_doubled)
			break;
		if (at.ptr[end] == '\\' || is_doubled) {
			escapes++;
			end++;
		}
	}
	if (end >= at.len)
		return false;
	p->rest = bytes_skip(at, end + 1);
	*text = bytes_of(at.ptr, end);
	if (escapes == 0)
		return true;
	unsigned char *plain = arena_alloc(p->run->arena, end);
	if (!plain)
		return false;
	text->ptr = plain;
	text->len = 0;
	for (size_t i = 0; i < end; i++) {
		if (at.ptr[i] == '\\' || at.ptr[i] == '"')
			i++;
		plain[text->len++] = at.ptr[i];
	}
	return true;
}

static struct bytes take_until(struct parser *p, const char *set)
{
	struct bytes taken = bytes_of(p->rest.ptr, 0);

	while (p->rest.len > 0 && !sees(p, set)) {
		p->rest = bytes_skip(p->rest, 1);
		taken.len++;
	}
	return taken;
}

static bool take_element(struct parser *p, unsigned level)
{
	const char ends[] = {p->delimiter, '{', '}', '"', '\\', '\0'};
	struct wire_value value = {0};

	if (p->list->ndim == 0)
		p->list->ndim = level + 1;
	if (p->list->ndim != level + 1)
		return false;
	if (take(p, '"')) {
		if (!take_quoted(p, false, &value.data))
			return false;
	} else {
		value.data = take_until(p, ends);
		if (value.data.len == 0 || sees(p, "{\"\\"))
			return false;
		value.is_null = bytes_equal_str(value.data, "NULL");
	}
	return add(p, value, p->type);
}

static bool set_dim(struct value_list *list, unsigned level, uint32_t count)
{
	if (list->dims[level] == 0)
		list->dims[level] = count;
	return list->dims[level] == count;
}

/* Recursion ends at VALUE_DIMS_MAX. */
static bool take_level(struct parser *p, unsigned level)
{
	uint32_t count = 0;

	if (level == VALUE_DIMS_MAX || !take(p, '{'))
		return false;
	if (level == 0 && take(p, '}'))
		return true;
	do {
		bool is_inner = sees(p, "{");

		if (is_inner && p->list->ndim > 0 && level + 1 >= p->list->ndim)
			return false;
		if (is_inner ? !take_level(p, level + 1) : !take_element(p, level))
			return false;
		count++;
	} while (take(p, p->delimiter));
	return take(p, '}') && set_dim(p->list, level, count);
}

static bool take_integer(struct parser *p, int64_t *number)
{
	bool is_negative = take(p, '-');
	size_t digits = 0;

	for (*number = 0; digits < 10 && sees(p, "0123456789"); digits++) {
		*number = *number * 10 + (p->rest.ptr[0] - '0');
		p->rest = bytes_skip(p->rest, 1);
	}
	if (is_negative)
		*number = -*number;
	return digits > 0;
}

/* [1:2][0:3]= before an array whose bounds are not from 1 on. */
static bool take_bounds(struct parser *p, int64_t upper[VALUE_DIMS_MAX], unsigned *count)
{
	*count = 0;
	while (take(p, '[')) {
		if (*count == VALUE_DIMS_MAX || !take_integer(p, &p->list->lower[*count]) ||
			!take(p, ':') || !take_integer(p, &upper[*count]) || !take(p, ']'))
			return false;
		++*count;
	}
	return *count == 0 || take(p, '=');
}

static bool read_array_text(struct parser *p)
{
	int64_t upper[VALUE_DIMS_MAX];
	unsigned bounds;

	for (size_t i = 0; i < VALUE_DIMS_MAX; i++)
		p->list->lower[i] = 1;
	if (!take_bounds(p, upper, &bounds) ||
		!make_room_for_text(p, (unsigned char)p->delimiter) || !take_level(p, 0) ||
		p->rest.len > 0)
		return false;
	for (unsigned i = 0; i < bounds; i++)
		if (bounds != p->list->ndim || upper[i] - p->list->lower[i] + 1 != p->list->dims[i])
			return false;
	return true;
}

/* Fields of a composite or bounds of a range; an empty one is NULL, or no bound. */
static bool take_fields(struct parser *p, const char *opening, const char *closing)
{
	const char ends[] = {',', closing[0], closing[1], '\0'};

	if (!sees(p, opening) || !make_room_for_text(p, ','))
		return false;
	p->list->form = p->rest.ptr[0];
	p->rest = bytes_skip(p->rest, 1);
	do {
		struct wire_value value = {0};

		if (take(p, '"')) {
			if (!take_quoted(p, true, &value.data))
				return false;
		} else {
			value.data = take_until(p, ends);
			value.is_null = value.data.len == 0;
		}
		if (!add(p, value, p->type))
			return false;
	} while (take(p, ','));
	if (!sees(p, closing) || p->rest.len != 1)
		return false;
	p->list->form = p->list->form << 8 | p->rest.ptr[0];
	return true;
}

static bool read_range_text(struct parser *p)
{
	if (bytes_equal_str(p->rest, "empty"))
		return true;
	return take_fields(p, "[(", "])") && p->list->count == 2;
}

/* One range of a multirange: up to its closing bracket outside quotes. */
static bool take_range(struct parser *p)
{
	bool is_quoted = false;

	for (size_t i = 0; i < p->rest.len; i++) {
		unsigned char c = p->rest.ptr[i];

		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '\\' && is_quoted)
			i++;
		else if (!is_quoted && (c == ']' || c == ')')) {
			struct wire_value value = {.data = bytes_of(p->rest.ptr, i + 1)};

			p->rest = bytes_skip(p->rest, i + 1);
			return add(p, value, p->type);
		}
	}
	return false;
}

static bool read_multirange_text(struct parser *p)
{
	if (!make_room_for_text(p, ',') || !take(p, '{'))
		return false;
	if (!sees(p, "}")) {
		do {
			if (!take_range(p))
				return false;
		} while (take(p, ','));
	}
	return take(p, '}') && p->rest.len == 0;
}

/* --- binary --------------------------------------------------------------------------------- */

static bool take_u32(struct parser *p, uint32_t *number)
{
	if (p->rest.len < 4)
		return false;
	*number = (uint32_t)value_load(bytes_of(p->rest.ptr, 4));
	p->rest = bytes_skip(p->rest, 4);
	return true;
}

/* An int32 length and as many bytes; -1 is NULL. */
static bool take_value(struct parser *p, uint32_t type)
{
	struct wire_value value = {0};
	uint32_t len;

	if (!take_u32(p, &len))
		return false;
	value.is_null = len == UINT32_MAX;
	if (!value.is_null) {
		if (len > p->rest.len)
			return false;
		value.data = bytes_of(p->rest.ptr, len);
		p->rest = bytes_skip(p->rest, len);
	}
	return add(p, value, type);
}

static bool read_array_binary(struct parser *p)
{
	struct value_list *list = p->list;
	uint32_t has_nulls, lower;
	uint64_t count = 1;

	if (!take_u32(p, &list->ndim) || list->ndim > VALUE_DIMS_MAX || !take_u32(p, &has_nulls) ||
		has_nulls > 1 || !take_u32(p, &p->type))
		return false;
	for (unsigned i = 0; i < list->ndim; i++) {
		if (!take_u32(p, &list->dims[i]) || !take_u32(p, &lower))
			return false;
		list->lower[i] = (int32_t)lower;
		count *= list->dims[i];
		/* Each element has at least its length: more cannot be there. */
		if (count == 0 || count > p->rest.len / 4)
			return false;
	}
	list->form = p->type;
	if (list->ndim == 0)
		return p->rest.len == 0;
	if (!make_room(p, (size_t)count))
		return false;
	while (list->count < count)
		if (!take_value(p, p->type))
			return false;
	return p->rest.len == 0;
}

static bool read_record_binary(struct parser *p)
{
	uint32_t count, type;

	if (!take_u32(p, &count) || count > p->rest.len / 8 || !make_room(p, count))
		return false;
	while (p->list->count < count)
		if (!take_u32(p, &type) || !take_value(p, type))
			return false;
	return p->rest.len == 0;
}

static bool read_range_binary(struct parser *p)
{
	enum { EMPTY = 1, LOWER_INFINITE = 8, UPPER_INFINITE = 16, KNOWN = 31 };

	if (p->rest.len == 0 || !make_room(p, 2))
		return false;
	p->list->form = p->rest.ptr[0];
	p->rest = bytes_skip(p->rest, 1);
	if (p->list->form & ~(uint32_t)KNOWN)
		return false;
	bool is_empty = p->list->form & EMPTY;

	if (!is_empty && !(p->list->form & LOWER_INFINITE) && !take_value(p, p->type))
		return false;
	if (!is_empty && !(p->list->form & UPPER_INFINITE) && !take_value(p, p->type))
		return false;
	return p->rest.len == 0;
}

static bool read_multirange_binary(struct parser *p)
{
	uint32_t count;

	if (!take_u32(p, &count) || count > p->rest.len / 4 || !make_room(p, count))
		return false;
	while (p->list->count < count)
		if (!take_value(p, p->type))
			return false;
	return p->rest.len == 0;
}

typedef bool read_fn(struct parser *p);

static bool read_record_text(struct parser *p)
{
	p->type = 0;
	return take_fields(p, "(", "))");
}

bool value_list_read(struct value_run *run, const struct value_type *type, struct bytes data,
	struct value_list *list)
{
	static const struct {
		enum value_kind kind;
		read_fn *text, *binary;
	} readers[] = {
		{KIND_ARRAY, read_array_text, read_array_binary},
		{KIND_RECORD, read_record_text, read_record_binary},
		{KIND_RANGE, read_range_text, read_range_binary},
		{KIND_MULTIRANGE, read_multirange_text, read_multirange_binary},
	};
	struct parser p = {.run = run,
		.rest = data,
		.list = list,
		.type = type->element,
		.delimiter = type->delimiter};

	*list = (struct value_list){0};
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i].kind == type->kind)
			return run->is_binary ? readers[i].binary(&p) : readers[i].text(&p);
	return false;
}

/* A form is believed only if it holds to the last byte. A range's binary form has nothing to
 * tell it by. */
static enum value_kind guess(struct value_run *run, struct bytes data, struct value_list *list)
{
	static const enum value_kind kinds[] = {KIND_ARRAY, KIND_RECORD, KIND_RANGE};
	size_t most = run->is_binary ? 2 : 3;

	if (!run->is_binary && (data.len == 0 || !memchr("{[(", data.ptr[0], 3)))
		return KIND_UNKNOWN;
	for (size_t i = 0; i < most; i++) {
		struct value_type type = {.kind = kinds[i], .delimiter = ','};

		if (value_list_read(run, &type, data, list))
			return kinds[i];
	}
	return KIND_UNKNOWN;
}

static bool types_agree(struct value_run *run, uint32_t a, uint32_t b)
{
	if (a == b)
		return true;
	run->is_equivalent = true;
	return a >= VALUE_USER_OID && b >= VALUE_USER_OID;
}

static bool forms_agree(struct value_run *run, enum value_kind kind, const struct value_list *a,
	const struct value_list *b)
{
	if (a->count != b->count || a->ndim != b->ndim ||
		memcmp(a->dims, b->dims, sizeof(a->dims)) != 0 ||
		memcmp(a->lower, b->lower, sizeof(a->lower)) != 0)
		return false;
	if (kind == KIND_ARRAY)
		return types_agree(run, a->form, b->form);
	return a->form == b->form;
}

bool value_items_agree(
	struct value_run *run, const struct value_item *a, const struct value_item *b)
{
	if (!types_agree(run, a->type, b->type))
		return false;
	if (!a->value.is_null && !b->value.is_null && bytes_equal(a->value.data, b->value.data))
		return true;
	struct value_type type = value_type_of(a->type);

	return value_agree(run, &type, &a->value, &b->value);
}

static bool lists_agree(struct value_run *run, enum value_kind kind, const struct value_list *a,
	const struct value_list *b)
{
	bool was_in_array = run->is_in_array, agree = true;

	if (!forms_agree(run, kind, a, b))
		return false;
	run->is_in_array = kind != KIND_RECORD;
	if (kind == KIND_ARRAY && run->policy->is_unordered && !was_in_array)
		agree = value_unordered_agree(run, a, b);
	else
		for (size_t i = 0; i < a->count && agree; i++)
			agree = value_items_agree(run, &a->items[i], &b->items[i]);
	run->is_in_array = was_in_array;
	return agree;
}

bool value_list_agree(
	struct value_run *run, const struct value_type *type, struct bytes a, struct bytes b)
{
	struct value_list x, y;
	enum value_kind kind = type->kind;

	if (run->depth == VALUE_DEPTH_MAX)
		return false;
	if (kind == KIND_UNKNOWN) {
		kind = guess(run, a, &x);
		if (kind == KIND_UNKNOWN || guess(run, b, &y) != kind)
			return false;
	} else if (!value_list_read(run, type, a, &x) || !value_list_read(run, type, b, &y)) {
		return false;
	}
	run->depth++;
	bool agree = lists_agree(run, kind, &x, &y);
	run->depth--;
	return agree;
}

bool value_list_is_shaped(struct value_run *run, const struct value_type *type, struct bytes data)
{
	struct value_list list;
	bool is_shaped = true;

	if (run->depth == VALUE_DEPTH_MAX)
		return true;
	if (!value_list_read(run, type, data, &list))
		return false;
	run->depth++;
	for (size_t i = 0; i < list.count && is_shaped; i++) {
		struct value_type of_item = value_type_of(list.items[i].type);

		is_shaped = list.items[i].value.is_null ||
			    value_is_shaped(run, &of_item, list.items[i].value.data);
	}
	run->depth--;
	return is_shaped;
}
