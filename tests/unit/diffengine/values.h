/*
 * What the tests of values share: tables of two values, a policy and what is expected, each
 * compared both ways round, in buffers of their exact size.
 */
#ifndef TESTS_UNIT_DIFFENGINE_VALUES_H
#define TESTS_UNIT_DIFFENGINE_VALUES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "diffengine/value_compare.h"

#define VALUES_ARENA ((size_t)16 << 20)

enum { /* OIDs of the types that the tables use most */
	BOOL = 16,
	BYTEA = 17,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	TEXT = 25,
	OID = 26,
	JSON = 114,
	XML = 142,
	FLOAT4 = 700,
	FLOAT8 = 701,
	FLOAT4S = 1021,
	FLOAT8S = 1022,
	INT4S = 1007,
	TEXTS = 1009,
	BPCHAR = 1042,
	VARCHAR = 1043,
	DATE = 1082,
	TIME = 1083,
	TIMESTAMP = 1114,
	TIMESTAMPS = 1115,
	TIMESTAMPTZ = 1184,
	INTERVAL = 1186,
	TIMETZ = 1266,
	NUMERIC = 1700,
	REGCLASS = 2205,
	RECORD = 2249,
	UUID = 2950,
	JSONB = 3802,
	TSRANGE = 3908,
	USER = 16400
};

/* Letters of a case's policy. */
static inline struct value_policy policy_of(const char *letters)
{
	return (struct value_policy){
		.is_volatile = strchr(letters, 'V') != NULL,
		.is_unordered = strchr(letters, 'U') || strchr(letters, ','),
		.delimiter = strchr(letters, ',') ? ", " : NULL,
		.relative = strchr(letters, 'F') ? 1e-9 : 0,
		.is_major_different = strchr(letters, 'M') != NULL,
		.clock_us = strchr(letters, 'C') ? 5000000 : 0,
	};
}

struct value_case {
	uint32_t type;
	const char
		*policy;   /* Volatile, Unordered, with a comma as delimiter, Float, Major, Clock */
	const char *a, *b; /* NULL is NULL; "hex:" is the binary format */
	int expected;      /* SAME, DIFFERENT, or an enum value_allowance */
};

#define SAME      (-1)
#define DIFFERENT 0

static inline unsigned char *value_bytes(const char *text, size_t *len)
{
	size_t hex = 0;
	unsigned char *bytes = malloc(strlen(text) + 1);

	assert_non_null(bytes);
	*len = strlen(text);
	if (strncmp(text, "hex:", 4) != 0) {
		memcpy(bytes, text, *len);
	} else {
		unsigned byte;

		for (const char *at = text + 4; *at; at += 2, hex++) {
			assert_int_equal(sscanf(at, "%2x", &byte), 1);
			bytes[hex] = (unsigned char)byte;
		}
		*len = hex;
	}
	/* Exact, so that a read beyond the end is caught. */
	unsigned char *exact = malloc(*len ? *len : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, *len);
	free(bytes);
	return exact;
}

static inline int compare_bytes(const struct value_policy *policy, const struct value_pair *pair)
{
	struct arena arena;
	enum value_allowance why = ALLOWANCE_COUNT;

	arena_init(&arena, VALUES_ARENA);
	enum value_result result = value_compare(policy, pair, &arena, &why);
	arena_fini(&arena);
	assert_true((result == VALUE_ALLOWED) == (why != ALLOWANCE_NONE));
	return result == VALUE_SAME ? SAME : result == VALUE_ALLOWED ? (int)why : DIFFERENT;
}

static inline int compare_texts(
	uint32_t type, const char *letters, const char *truth, const char *candidate)
{
	struct value_policy policy = policy_of(letters);
	struct value_pair pair = {.truth.is_null = !truth, .candidate.is_null = !candidate};
	unsigned char *a = NULL, *b = NULL;

	pair.column.type_oid = pair.candidate_column.type_oid = type;
	if (truth) {
		a = value_bytes(truth, &pair.truth.data.len);
		pair.truth.data.ptr = a;
		pair.column.format = strncmp(truth, "hex:", 4) == 0;
		pair.candidate_column.format = pair.column.format;
	}
	if (candidate) {
		b = value_bytes(candidate, &pair.candidate.data.len);
		pair.candidate.data.ptr = b;
		pair.candidate_column.format = strncmp(candidate, "hex:", 4) == 0;
	}
	int result = compare_bytes(&policy, &pair);
	free(a);
	free(b);
	return result;
}

static inline const char *result_name(int result)
{
	return result == SAME        ? "same"
	       : result == DIFFERENT ? "different"
				     : value_allowance_name((enum value_allowance)result);
}

static inline void check_cases(const struct value_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct value_case *it = &cases[i];
		int there = compare_texts(it->type, it->policy, it->a, it->b);
		int back = compare_texts(it->type, it->policy, it->b, it->a);

		if (there != it->expected || back != it->expected)
			fail_msg("type %u, policy \"%s\": %s against %s is %s, back %s, not %s",
				it->type, it->policy, it->a ? it->a : "NULL",
				it->b ? it->b : "NULL", result_name(there), result_name(back),
				result_name(it->expected));
	}
}

#endif
