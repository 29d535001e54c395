/*
 * One value against another. Both ways round give the same result; equal bytes are the same; and
 * where the input is a pair of machine numbers, their texts and their binary forms, of which
 * each is one form of the same value, must be judged alike.
 *
 * Input: type, policy, formats, then either two machine words (formats & 0x80) or values cut by
 * a length byte.
 */
#include <inttypes.h>
#include <math.h>

#include "diffengine/compare_impl.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/diffengine/values.h"

static const uint32_t types[] = {BOOL, BYTEA, INT8, INT2, INT4, TEXT, OID, JSON, XML, FLOAT4,
	FLOAT8, FLOAT4S, FLOAT8S, INT4S, TEXTS, BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPS,
	TIMESTAMPTZ, INTERVAL, TIMETZ, NUMERIC, REGCLASS, RECORD, UUID, JSONB, TSRANGE, USER, 27,
	28, 3904, 4451, 1231, 2951, 3807, 17000};

static struct value_policy policy_from(unsigned bits)
{
	return (struct value_policy){.is_volatile = bits & 1,
		.is_unordered = bits & 2,
		.delimiter = bits & 4 ? ", " : NULL,
		.relative = bits & 8 ? 1e-9 : 0,
		.is_major_different = bits & 16,
		.absolute = bits & 32 ? 2 : 0,
		.covers_exact = bits & 64,
		.clock_us = bits & 128 ? 5000000 : 0};
}

static enum value_result both_ways(const struct value_policy *policy, struct value_pair *pair)
{
	struct value_pair back = {.truth = pair->candidate,
		.candidate = pair->truth,
		.column = pair->candidate_column,
		.candidate_column = pair->column};
	enum value_allowance why, why_back;
	struct arena arena;

	arena_init(&arena, VALUES_ARENA);
	enum value_result there = value_compare(policy, pair, &arena, &why);
	arena_reset(&arena);
	if (value_compare(policy, &back, &arena, &why_back) != there)
		fuzz_fail("type %u: %d, and the other way round not", pair->column.type_oid, there);
	fuzz_check((there == VALUE_ALLOWED) == (why != ALLOWANCE_NONE));
	(void)value_readable(&arena, &pair->truth, &pair->column);
	fuzz_check(value_is_tie(&pair->truth, &pair->candidate, &pair->column) ==
		   value_is_tie(&pair->candidate, &pair->truth, &pair->column));
	arena_fini(&arena);
	return there;
}

/* --- any bytes --- */

static struct wire_value value_from(struct bytes *in)
{
	unsigned len = fuzz_byte(in);

	if (len == 0xff)
		return (struct wire_value){.is_null = true};
	struct bytes part = fuzz_take(in, len);
	return (struct wire_value){.data = bytes_of(fuzz_copy(part, 0), part.len)};
}

static void any_bytes(
	uint32_t type, const struct value_policy *policy, unsigned formats, struct bytes in)
{
	struct value_pair pair = {.truth = value_from(&in), .candidate = value_from(&in)};

	pair.column.type_oid = pair.candidate_column.type_oid = type;
	pair.column.format = pair.candidate_column.format = formats & 1;
	if (formats & 2)
		pair.candidate_column.format ^= 1;
	enum value_result result = both_ways(policy, &pair);

	if (pair.truth.is_null == pair.candidate.is_null && !(formats & 2) &&
		bytes_equal(pair.truth.data, pair.candidate.data))
		fuzz_check(result == VALUE_SAME);
	free((void *)(uintptr_t)pair.truth.data.ptr);
	free((void *)(uintptr_t)pair.candidate.data.ptr);
}

/* --- the same value in both forms --- */

/* Types whose text is written here as PostgreSQL writes it; 0: none such. */
static size_t width_of(uint32_t type)
{
	switch (type) {
	case INT2:
		return 2;
	case INT4:
	case OID:
	case FLOAT4:
		return 4;
	case INT8:
	case FLOAT8:
	case TIME:
		return 8;
	default:
		return 0;
	}
}

static void float_text(char *text, size_t size, uint64_t word, bool is_narrow)
{
	uint32_t half = (uint32_t)word;
	double wide;
	float narrow;

	memcpy(&wide, &word, sizeof(wide));
	memcpy(&narrow, &half, sizeof(narrow));
	if (is_narrow)
		wide = (double)narrow;
	if (isnan(wide))
		snprintf(text, size, "NaN");
	else if (isinf(wide))
		snprintf(text, size, "%s", wide < 0 ? "-Infinity" : "Infinity");
	else
		snprintf(text, size, "%.*g", is_narrow ? 9 : 17, wide);
}

/* Microseconds of a day; the word is cut to that first. */
static void time_text(char *text, size_t size, uint64_t us)
{
	int n = snprintf(text, size, "%02u:%02u:%02u", (unsigned)(us / 3600000000u),
		(unsigned)(us / 60000000u % 60), (unsigned)(us / 1000000u % 60));

	if (us % 1000000u)
		snprintf(text + n, size - (size_t)n, ".%06u", (unsigned)(us % 1000000u));
	for (size_t len = strlen(text); us % 1000000u && text[len - 1] == '0'; len--)
		text[len - 1] = '\0';
}

static void write_text(char *text, size_t size, uint32_t type, uint64_t word)
{
	if (type == INT2)
		snprintf(text, size, "%d", (int16_t)word);
	else if (type == INT4)
		snprintf(text, size, "%" PRId32, (int32_t)word);
	else if (type == INT8)
		snprintf(text, size, "%" PRId64, (int64_t)word);
	else if (type == OID)
		snprintf(text, size, "%" PRIu32, (uint32_t)word);
	else if (type == TIME)
		time_text(text, size, word);
	else
		float_text(text, size, word, type == FLOAT4);
}

static void write_binary(unsigned char *out, size_t width, uint64_t word)
{
	for (size_t i = 0; i < width; i++)
		out[i] = (unsigned char)(word >> 8 * (width - 1 - i));
}

static void both_forms(uint32_t type, const struct value_policy *policy, struct bytes in)
{
	struct value_pair pair = {.column.type_oid = type, .candidate_column.type_oid = type};
	uint64_t a = fuzz_number(&in, 8), b = fuzz_number(&in, 8);
	size_t width = width_of(type);
	unsigned char binary[2][8];
	char text[2][40];

	if (type == TIME) {
		a %= 86400000000u;
		b %= 86400000000u;
	}
	write_text(text[0], sizeof(text[0]), type, a);
	write_text(text[1], sizeof(text[1]), type, b);
	write_binary(binary[0], width, a);
	write_binary(binary[1], width, b);
	pair.truth.data = bytes_str(text[0]);
	pair.candidate.data = bytes_str(text[1]);
	enum value_result as_text = both_ways(policy, &pair);
	pair.truth.data = bytes_of(binary[0], width);
	pair.candidate.data = bytes_of(binary[1], width);
	pair.column.format = pair.candidate_column.format = 1;
	enum value_result as_binary = both_ways(policy, &pair);

	/* NaNs of other bits are one text. */
	bool is_right =
		strcmp(text[0], text[1]) == 0 ? as_binary != VALUE_DIFFERENT : as_binary == as_text;
	if (!is_right)
		fuzz_fail("type %u: %s against %s is %d, in binary %d", type, text[0], text[1],
			as_text, as_binary);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	uint32_t type = types[fuzz_byte(&in) % ARRAY_LEN(types)];
	struct value_policy policy = policy_from(fuzz_byte(&in));
	unsigned formats = fuzz_byte(&in);

	if (formats & 0x80 && width_of(type))
		both_forms(type, &policy, in);
	else
		any_bytes(type, &policy, formats, in);
	return 0;
}
