/*
 * One value of one side against one of the other, by type: exact first, then what the policy
 * of its column permits. Text and binary formats of the builtin types, arrays, ranges,
 * composites, json and jsonb. Pure; scratch memory comes from the arena; recursion into nested
 * arrays and composites is bounded (VALUE_DEPTH_MAX), beyond it bytes decide.
 *
 * Scalars need no memory. Arrays, composites and json take up to 100 bytes for each element of
 * either side, which stay in the arena until it is reset: give a scratch one.
 *
 * Types of users (OIDs of 16384 and above on both sides) are taken for the same type, whatever
 * their OIDs: the caller compares their names. Their content is understood as far as its form
 * tells it: arrays and composites in both formats, ranges in text.
 */
#ifndef DIFFENGINE_VALUE_COMPARE_H
#define DIFFENGINE_VALUE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "wire/decode.h"

#define VALUE_DEPTH_MAX 16

/* X(ENUM, "name", "meaning"): why two values that are not the same count as such. The names
 * are rule names in the trace and in reports. */
#define VALUE_ALLOWANCES(X)                                                                    \
	X(VOLATILE, "builtin:volatile",                                                        \
		"each server makes the value itself: only its shape counts")                   \
	X(CLOCK, "builtin:clock", "timestamps closer than comparison.clock-tolerance")         \
	X(FLOAT, "builtin:float", "floating-point sums whose last digits depend on the order") \
	X(FLOAT_TEXT, "builtin:float-text", "one number, written by another major version")    \
	X(ELEMENT_ORDER, "builtin:element-order", "an aggregate without ORDER BY inside it")   \
	X(SERVER_TYPE, "builtin:server-type", "the type means nothing on another server")

#define VALUE_X_ENUM(NAME, name, meaning) ALLOWANCE_##NAME,
enum value_allowance { ALLOWANCE_NONE, VALUE_ALLOWANCES(VALUE_X_ENUM) ALLOWANCE_COUNT };
#undef VALUE_X_ENUM

struct value_policy {          /* of one column; all zero: exact */
	bool is_volatile;      /* its shape alone counts: NULL or not, and that it is of its type */
	bool is_unordered;     /* elements of an array or a json array, or parts of a text between
			    * delimiters, count as a multiset */
	const char *delimiter; /* for texts; NULL: the multiset of bytes, i.e. the same letters */
	double relative;       /* tolerance of floats, relative to the larger; 0: exact */
	bool is_major_different; /* the two servers' majors differ: text of floats may, too */
	double absolute;         /* tolerance of numbers, in units; 0: exact */
	bool covers_exact;       /* both tolerances hold for integers and numeric, too */
	int64_t clock_us;        /* timestamps, times and dates may differ by so much; 0: exact */
	/* Unix time in which they must lie for that, both 0: anywhere. Without a time zone half a
	 * day is added at both ends. */
	int64_t clock_from_us, clock_until_us;
};

enum value_result { VALUE_SAME, VALUE_ALLOWED, VALUE_DIFFERENT };

struct value_pair {
	struct wire_value truth, candidate;
	struct wire_column column, candidate_column; /* type and format of either side */
};

/* `*why` says what made them count as the same, where the result is VALUE_ALLOWED (the first
 * reason found, if there are several), else ALLOWANCE_NONE. Types that mean nothing across
 * servers (tid, xid, xid8, cid, pg_lsn, pg_snapshot ...) are allowed by themselves. VALUE_SAME
 * although the bytes differ: a NaN of another bit pattern, and binary arrays and composites in
 * which only the OIDs of users' types differ. No memory: different. */
enum value_result value_compare(const struct value_policy *policy, const struct value_pair *pair,
	struct arena *arena, enum value_allowance *why);

const char *value_allowance_name(enum value_allowance allowance);
const char *value_allowance_meaning(enum value_allowance allowance);

/* Whether two values are equal as sort keys, though their bytes differ: numeric 1.0 and 1.00,
 * float 0 and -0, trailing blanks of bpchar, dates and times, intervals of the same length.
 * Other types (also citext, arrays, composites) tie only where their bytes are equal. */
bool value_is_tie(
	const struct wire_value *a, const struct wire_value *b, const struct wire_column *column);

#endif
