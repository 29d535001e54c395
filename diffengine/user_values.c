/*
 * One walk over a value finds the places of OIDs in ascending order; what is done there is the
 * caller's. The shape of a value follows from its type where that is known. Where it is not
 * (answers come without types of what is nested, and a row may come without its description)
 * it follows from the bytes: only what fits a shape exactly is taken for it.
 */
#include "diffengine/user_values.h"

#include "wire/frame.h"

enum {
	TYPE_OID = 26,
	TYPE_OID_ARRAY = 1028,
	TYPE_REGTYPE = 2206,
	TYPE_RECORD = 2249,
	TYPE_RECORD_ARRAY = 2287
};

/* Flags of a range, and of an array's number of dimensions. */
#define RANGE_EMPTY    0x01
#define RANGE_NO_LOWER (0x08 | 0x20)
#define RANGE_NO_UPPER (0x10 | 0x40)
#define ARRAY_DIMS_MAX 6

struct walk {
	const struct user_types *types;
	bool is_candidate; /* the OIDs in the value are the candidate's */
	bool is_guessing;  /* shapes of unknown types follow from the bytes */
	const unsigned char *base;
	void (*found)(void *context, size_t offset, uint32_t oid);
	void *context;
};

struct level { /* an array, a composite, a range or a multirange, part by part */
	enum user_type_kind kind;
	const unsigned char *at, *end;
	size_t left;                  /* parts not yet taken */
	uint32_t within;              /* type of the parts, but for a composite's */
	const unsigned char *type_at; /* where an array names it */
};

struct part {
	uint32_t type;
	const unsigned char *type_at; /* NULL: not named here */
	bool is_null;
	struct bytes value;
};

static uint32_t load(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(unsigned char *p, uint32_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

static bool take32(struct level *l, uint32_t *n)
{
	if (l->end - l->at < 4)
		return false;
	*n = load(l->at);
	l->at += 4;
	return true;
}

static bool take_part(struct level *l, struct part *part)
{
	uint32_t len;

	*part = (struct part){.type = l->within};
	if (l->kind == USER_TYPE_COMPOSITE) {
		part->type_at = l->at;
		if (!take32(l, &part->type))
			return false;
	}
	if (!take32(l, &len))
		return false;
	part->is_null = len == UINT32_MAX;
	if (part->is_null)
		return true;
	if (len > (size_t)(l->end - l->at))
		return false;
	part->value = bytes_of(l->at, len);
	l->at += len;
	return true;
}

static bool next_part(struct level *l, struct part *part)
{
	if (l->left == 0)
		return false;
	l->left--;
	return take_part(l, part);
}

static bool open_array(struct level *l)
{
	uint32_t dims, flags, size, lower;
	uint64_t count = 1;

	if (!take32(l, &dims) || !take32(l, &flags) || dims > ARRAY_DIMS_MAX || flags > 1)
		return false;
	l->type_at = l->at;
	if (!take32(l, &l->within))
		return false;
	for (uint32_t i = 0; i < dims; i++) {
		if (!take32(l, &size) || !take32(l, &lower))
			return false;
		count *= size;
		if (count > (size_t)(l->end - l->at) / 4)
			return false;
	}
	l->left = dims ? (size_t)count : 0;
	return true;
}

static bool open_range(struct level *l)
{
	unsigned flags;

	if (l->at == l->end)
		return false;
	flags = *l->at++;
	if (!(flags & RANGE_EMPTY))
		l->left = !(flags & RANGE_NO_LOWER) + !(flags & RANGE_NO_UPPER);
	return flags < 0x80;
}

static bool open_counted(struct level *l)
{
	uint32_t count;

	if (!take32(l, &count) || count > (size_t)(l->end - l->at) / 4)
		return false;
	l->left = count;
	return true;
}

/* A field's type is never what stands there in an array. */
static bool is_plausible(const struct level *l, const struct part *part)
{
	return l->kind != USER_TYPE_COMPOSITE || part->type > 1;
}

/* False: the value does not have that shape, whole and exactly. */
static bool open_as(struct level *l, enum user_type_kind kind, struct bytes value)
{
	struct level rest;
	struct part part;
	bool ok = false;

	*l = (struct level){.kind = kind, .at = value.ptr, .end = value.ptr + value.len};
	if (kind == USER_TYPE_ARRAY)
		ok = open_array(l);
	else if (kind == USER_TYPE_RANGE)
		ok = open_range(l);
	else if (kind == USER_TYPE_COMPOSITE || kind == USER_TYPE_MULTIRANGE)
		ok = open_counted(l);
	if (!ok)
		return false;
	rest = *l;
	while (rest.left > 0)
		if (!next_part(&rest, &part) || !is_plausible(l, &part))
			return false;
	return rest.at == rest.end;
}

static bool open_by_guess(struct level *l, struct bytes value)
{
	static const enum user_type_kind kinds[] = {
		USER_TYPE_ARRAY, USER_TYPE_COMPOSITE, USER_TYPE_RANGE, USER_TYPE_MULTIRANGE};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (open_as(l, kinds[i], value))
			return true;
	return false;
}

static const struct user_type *find(const struct walk *w, uint32_t oid)
{
	return w->is_candidate ? user_types_find_candidate(w->types, oid)
			       : user_types_find(w->types, oid);
}

/* The type itself, or what a domain is over. */
static const struct user_type *base_of(const struct walk *w, uint32_t *oid)
{
	const struct user_type *type = find(w, *oid);

	for (int i = 0; type && type->kind == USER_TYPE_DOMAIN && i < USER_VALUES_DEPTH; i++) {
		*oid = type->within;
		type = user_types_find(w->types, *oid);
	}
	return type;
}

static bool open_level(const struct walk *w, uint32_t oid, struct bytes value, struct level *l)
{
	const struct user_type *type = base_of(w, &oid);
	uint32_t within;

	if (oid == TYPE_RECORD)
		return open_as(l, USER_TYPE_COMPOSITE, value);
	if (oid == TYPE_RECORD_ARRAY)
		return open_as(l, USER_TYPE_ARRAY, value);
	if (!type)
		return w->is_guessing && open_by_guess(l, value);
	if (!open_as(l, type->kind, value))
		return false;
	if (type->kind == USER_TYPE_RANGE || type->kind == USER_TYPE_MULTIRANGE) {
		within = type->within;
		l->within = w->is_candidate ? user_types_translate(w->types, within) : within;
	}
	return true;
}

static bool may_hold_oids(const struct walk *w, const struct part *part)
{
	return !part->is_null && part->value.len > 0 &&
	       (part->type >= FIRST_USER_OID || part->type == TYPE_RECORD ||
		       part->type == TYPE_RECORD_ARRAY || (part->type == 0 && w->is_guessing));
}

static void tell(const struct walk *w, const unsigned char *at, uint32_t oid)
{
	if (at && oid >= FIRST_USER_OID)
		w->found(w->context, (size_t)(at - w->base), oid);
}

static void walk(const struct walk *w, uint32_t type, struct bytes value, int depth)
{
	struct level level;
	struct part part;

	if (depth == USER_VALUES_DEPTH || !open_level(w, type, value, &level))
		return;
	tell(w, level.type_at, level.within);
	while (next_part(&level, &part)) {
		tell(w, part.type_at, part.type);
		if (may_hold_oids(w, &part))
			walk(w, part.type, part.value, depth + 1);
	}
}

/* --- rewriting --- */

struct rewriting {
	const struct user_types *types;
	unsigned char *out;
	size_t unknown;
};

static void on_truth_oid(void *context, size_t offset, uint32_t oid)
{
	struct rewriting *r = context;
	uint32_t candidate = user_types_translate(r->types, oid);

	if (candidate)
		store(r->out + offset, candidate);
	else
		r->unknown++;
}

static void on_candidate_oid(void *context, size_t offset, uint32_t oid)
{
	struct rewriting *r = context;
	const struct user_type *type = user_types_find_candidate(r->types, oid);

	if (type)
		store(r->out + offset, type->truth);
}

size_t user_value_translate(
	const struct user_types *t, uint32_t type, unsigned char *value, size_t len)
{
	struct rewriting r = {.types = t, .out = value};
	struct walk w = {.types = t, .base = value, .found = on_truth_oid, .context = &r};

	walk(&w, type, bytes_of(value, len), 0);
	return r.unknown;
}

static void normalise_value(const struct user_types *t, unsigned char *value, size_t len)
{
	struct rewriting r = {.types = t, .out = value};
	struct walk w = {.types = t,
		.is_candidate = true,
		.is_guessing = true,
		.base = value,
		.found = on_candidate_oid,
		.context = &r};

	walk(&w, 0, bytes_of(value, len), 0);
}

void user_row_normalise(const struct user_types *t, unsigned char *body, size_t len)
{
	struct wire_items values;
	struct wire_value value;

	if (t->candidate_count == 0 || !decode_data_row(bytes_of(body, len), &values))
		return;
	while (wire_value_next(&values, &value))
		if (!value.is_null && value.data.len > 0)
			normalise_value(t, body + (value.data.ptr - body), value.data.len);
}

void user_answer_normalise(const struct user_types *t, unsigned char *answer, size_t len)
{
	struct bytes rest = bytes_of(answer, len);
	struct frame f;

	while (frame_next(rest, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) == FRAME_OK) {
		if (f.type == BACKEND_DATA_ROW)
			user_row_normalise(t, answer + (f.body.ptr - answer), f.body.len);
		rest = bytes_skip(rest, f.whole.len);
	}
}

/* --- comparing --- */

struct pairing {
	struct user_types *types;
	struct bytes truth, candidate; /* of the same length */
	size_t at;                     /* compared up to here */
	bool is_alike;
};

static void compare_up_to(struct pairing *p, size_t offset)
{
	p->is_alike &= memcmp(p->truth.ptr + p->at, p->candidate.ptr + p->at, offset - p->at) == 0;
	p->at = offset;
}

/* Goes on after a difference: what is asked about now is known when it is needed. */
static void on_paired_oid(void *context, size_t offset, uint32_t oid)
{
	struct pairing *p = context;

	compare_up_to(p, offset);
	p->is_alike &= user_types_alike(p->types, oid, load(p->candidate.ptr + offset));
	p->at = offset + 4;
}

bool user_values_alike(struct user_types *t, struct bytes truth, struct bytes candidate)
{
	struct pairing p = {.types = t, .truth = truth, .candidate = candidate, .is_alike = true};
	struct walk w = {.types = t,
		.is_guessing = true,
		.base = truth.ptr,
		.found = on_paired_oid,
		.context = &p};

	if (truth.len != candidate.len || truth.len == 0)
		return truth.len == candidate.len;
	walk(&w, 0, truth, 0);
	compare_up_to(&p, truth.len);
	return p.is_alike;
}

/* An OID as a value: alike only where both are known to be the same type. */
static bool are_oids_alike(struct user_types *t, uint32_t truth, uint32_t candidate)
{
	if (truth == candidate)
		return true;
	if (truth < FIRST_USER_OID || candidate < FIRST_USER_OID || !user_types_ask(t, truth))
		return false;
	return user_types_alike(t, truth, candidate);
}

static bool take_number(struct bytes *text, uint32_t *n)
{
	uint64_t number = 0;
	size_t digits = 0;

	while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9' &&
		number <= UINT32_MAX)
		number = 10 * number + text->ptr[digits++] - '0';
	*n = (uint32_t)number;
	*text = bytes_skip(*text, digits);
	return digits > 0 && number <= UINT32_MAX;
}

/* "16390", "{16390,25}" */
static bool are_oid_texts_alike(struct user_types *t, struct bytes truth, struct bytes candidate)
{
	bool is_alike = true;
	uint32_t a, b;

	while (truth.len > 0 && candidate.len > 0) {
		bool is_number = take_number(&truth, &a);

		if (is_number != take_number(&candidate, &b))
			return false;
		if (is_number) {
			is_alike &= are_oids_alike(t, a, b);
			continue;
		}
		if (truth.len == 0 || candidate.len == 0 || truth.ptr[0] != candidate.ptr[0])
			return false;
		truth = bytes_skip(truth, 1);
		candidate = bytes_skip(candidate, 1);
	}
	return is_alike && truth.len == candidate.len;
}

static bool are_oid_arrays_alike(struct user_types *t, struct bytes truth, struct bytes candidate)
{
	struct level left, right;
	struct part a, b;
	bool is_alike = true;

	if (!open_as(&left, USER_TYPE_ARRAY, truth) ||
		!open_as(&right, USER_TYPE_ARRAY, candidate) || left.left != right.left ||
		left.at - truth.ptr != right.at - candidate.ptr ||
		memcmp(truth.ptr, candidate.ptr, (size_t)(left.at - truth.ptr)) != 0)
		return false;
	while (next_part(&left, &a) && next_part(&right, &b)) {
		if (a.value.len != b.value.len || a.is_null != b.is_null)
			return false;
		if (a.value.len == 4)
			is_alike &= are_oids_alike(t, load(a.value.ptr), load(b.value.ptr));
	}
	return is_alike;
}

static bool are_columns_alike(struct user_types *t, const struct wire_column *column,
	struct bytes truth, struct bytes candidate)
{
	if (column->type_oid == TYPE_OID || column->type_oid == TYPE_OID_ARRAY) {
		if (!column->format)
			return are_oid_texts_alike(t, truth, candidate);
		if (column->type_oid == TYPE_OID_ARRAY)
			return are_oid_arrays_alike(t, truth, candidate);
	}
	if (column->format && (column->type_oid == TYPE_OID || column->type_oid == TYPE_REGTYPE))
		return truth.len == 4 && candidate.len == 4 &&
		       are_oids_alike(t, load(truth.ptr), load(candidate.ptr));
	return column->format && user_values_alike(t, truth, candidate);
}

bool user_rows_alike(
	struct user_types *t, struct bytes columns, struct bytes truth, struct bytes candidate)
{
	struct wire_items left, right, described = {0};
	struct wire_column column;
	struct wire_value a, b;
	bool is_alike = true;

	if (!decode_data_row(truth, &left) || !decode_data_row(candidate, &right) ||
		left.count != right.count ||
		(columns.ptr && !decode_row_description(columns, &described)))
		return false;
	while (wire_value_next(&left, &a) && wire_value_next(&right, &b)) {
		/* Not described: it may be of any type, and binary. */
		if (!wire_column_next(&described, &column))
			column = (struct wire_column){.format = 1};
		if (a.is_null != b.is_null)
			is_alike = false;
		else if (!a.is_null && !bytes_equal(a.data, b.data))
			is_alike &= are_columns_alike(t, &column, a.data, b.data);
	}
	return is_alike;
}
