/*
 * What the files of value_compare share. A value is an operand of its type and of the run's
 * format; functions named ..._agree say whether two operands count as the same, and note in
 * the run why. They are called with operands whose bytes differ.
 */
#ifndef DIFFENGINE_VALUE_IMPL_H
#define DIFFENGINE_VALUE_IMPL_H

#include "diffengine/value_compare.h"

#define VALUE_USER_OID 16384 /* types from here on are of users, and have no fixed OID */
#define VALUE_DIMS_MAX 6     /* of arrays, as in PostgreSQL */

enum value_kind {
	KIND_UNKNOWN, /* a user's type, or a field of a composite's text */
	KIND_OTHER,   /* builtin, compared by its bytes */
	KIND_BOOL,
	KIND_INT,
	KIND_OID,
	KIND_REG,
	KIND_FLOAT4,
	KIND_FLOAT8,
	KIND_NUMERIC,
	KIND_TEXT,
	KIND_BPCHAR,
	KIND_BYTEA,
	KIND_UUID,
	KIND_DATE,
	KIND_TIME,
	KIND_TIMETZ,
	KIND_TIMESTAMP,
	KIND_TIMESTAMPTZ,
	KIND_INTERVAL,
	KIND_JSON,
	KIND_JSONB,
	KIND_XML,
	KIND_SERVER, /* means nothing on another server */
	KIND_ARRAY,  /* from here on, made of values */
	KIND_RANGE,
	KIND_MULTIRANGE,
	KIND_RECORD
};

struct value_type {
	uint32_t oid;
	enum value_kind kind;
	uint8_t width;    /* bytes of the binary format; 0: varies */
	char delimiter;   /* between elements of its arrays' text */
	uint32_t element; /* of arrays and ranges; of multiranges the range */
};

/* Of any OID: a builtin type, its array, or unknown. */
struct value_type value_type_of(uint32_t oid);

struct value_run { /* one call of value_compare */
	const struct value_policy *policy;
	struct arena *arena;
	bool is_binary;
	bool is_in_array;   /* order counts among what is inside an element */
	bool is_equivalent; /* bytes differ that are not part of the value */
	unsigned depth;
	enum value_allowance why;
};

void value_note(struct value_run *run, enum value_allowance why);
/* Any two operands of one type, also NULL and equal ones. */
bool value_agree(struct value_run *run, const struct value_type *type, const struct wire_value *a,
	const struct wire_value *b);
/* Whether a value that is not NULL can be one of its type. */
bool value_is_shaped(struct value_run *run, const struct value_type *type, struct bytes data);

/* --- numbers: value_number.c --- */

uint64_t value_load(struct bytes data); /* big endian, up to 8 bytes */
bool value_float_read(bool is_binary, bool is_narrow, struct bytes data, double *number);
bool value_float_agree(struct value_run *run, bool is_narrow, struct bytes a, struct bytes b);
/* Integers and numeric (as text): the same only by a tolerance. */
bool value_exact_agree(struct value_run *run, struct bytes a, struct bytes b);
/* Texts of unknown type that can only have been written by a float. */
bool value_floatlike_agree(struct value_run *run, struct bytes a, struct bytes b);
bool value_is_decimal(struct bytes text); /* numeric's text */
bool value_numeric_is_tie(bool is_binary, struct bytes a, struct bytes b);

/* --- dates and times: value_time.c --- */

struct value_moment {
	int64_t days, us; /* from 2000-01-01, UTC where there is an offset; us may pass a day */
	int infinity;     /* -1, 0, 1 */
	bool has_offset;
	int64_t offset_s;
	struct bytes zone;       /* an abbreviation, or empty */
	struct bytes date;       /* as written */
	bool is_month_ambiguous; /* day and month may be the other way round */
	bool is_bc;
};

bool value_moment_read(
	bool is_binary, enum value_kind kind, struct bytes data, struct value_moment *moment);
/* YYYY-MM-DD, a blank or T, HH:MM:SS, perhaps an offset. */
bool value_moment_read_iso(struct bytes text, struct value_moment *moment);
bool value_clock_agree(struct value_run *run, enum value_kind kind, struct bytes a, struct bytes b);
bool value_clock_text_agree(struct value_run *run, struct bytes a, struct bytes b);
bool value_moment_is_tie(bool is_binary, enum value_kind kind, struct bytes a, struct bytes b);
bool value_interval_read(bool is_binary, struct bytes data, int64_t *days, int64_t *us);

/* --- arrays, ranges, composites: value_list.c, value_unordered.c --- */

struct value_item {
	struct wire_value value;
	uint32_t type; /* 0: unknown */
};

struct value_list {
	struct value_item *items; /* in the arena */
	size_t count;
	unsigned ndim; /* of arrays */
	uint32_t dims[VALUE_DIMS_MAX];
	int64_t lower[VALUE_DIMS_MAX];
	uint32_t form; /* flags or brackets; lists of other forms are different */
};

/* False: not of this type's form, or no memory. */
bool value_list_read(struct value_run *run, const struct value_type *type, struct bytes data,
	struct value_list *list);
bool value_list_is_shaped(struct value_run *run, const struct value_type *type, struct bytes data);
/* Also of unknown types, where their form tells that they are lists. */
bool value_list_agree(
	struct value_run *run, const struct value_type *type, struct bytes a, struct bytes b);
bool value_items_agree(
	struct value_run *run, const struct value_item *a, const struct value_item *b);
/* As multisets of items, or of the outer dimension's slices. */
bool value_unordered_agree(
	struct value_run *run, const struct value_list *a, const struct value_list *b);
/* Of texts that collect values. */
bool value_parts_agree(struct value_run *run, struct bytes a, struct bytes b);
/* is_hex: a letter is two hexadecimal digits. */
bool value_letters_agree(struct value_run *run, bool is_hex, struct bytes a, struct bytes b);

/* --- json: value_json.c --- */

bool value_json_agree(struct value_run *run, struct bytes a, struct bytes b);
bool value_json_is_shaped(struct value_run *run, struct bytes text);

#endif
