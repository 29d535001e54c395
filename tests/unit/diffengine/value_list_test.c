/*
 * Arrays, ranges, multiranges and composites in both formats, binary ones as PostgreSQL 15
 * sends them; and what is cut short, spoiled, too deep or too large.
 */
#include "tests/unit/diffengine/values.h"

#include "base/buf.h"
#include "base/clock.h"

/* An array's header: dimensions, NULLs, type, elements, lower bound. */
#define INTS3                                  \
	"hex:00000001000000000000001700000003" \
	"00000001"
#define FLOATS                                 \
	"hex:0000000100000000000002bd00000002" \
	"00000001"
#define ONE   "0000000400000001"
#define TWO   "0000000400000002"
#define THREE "0000000400000003"
#define NONE  "ffffffff"
#define F03   "000000083fd3333333333333" /* 0.3 and its neighbour */
#define F03X  "000000083fd3333333333334"
#define F25   "000000084004000000000000"

static void test_arrays(void **state)
{
	static const struct value_case cases[] = {
		{INT4S, "", "{1,2,3}", "{1,2,3}", SAME},
		{INT4S, "", "{1,2,3}", "{1,2,4}", DIFFERENT},
		{INT4S, "", "{1,2,3}", "{3,2,1}", DIFFERENT},
		{INT4S, "", "{1,2,3}", "{1,2}", DIFFERENT},
		/* Nothing but the way it is written: not seen from a server. */
		{TEXTS, "", "{a,b}", "{\"a\",b}", DIFFERENT},
		{FLOAT8S, "F", "{0.3,2.5}", "{0.30000000000000004,2.5}", ALLOWANCE_FLOAT},
		{FLOAT8S, "", "{0.3,2.5}", "{0.30000000000000004,2.5}", DIFFERENT},
		{FLOAT8S, "M", "{0.3,NULL}", "{0.30000000000000004,NULL}", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8S, "F", "{0.3,NULL}", "{0.30000000000000004,2}", DIFFERENT},
		{FLOAT8S, "F", "{0.3,NaN}", "{0.30000000000000004,NaN}", ALLOWANCE_FLOAT},
		{FLOAT8S, "F", "{{0.3},{2.5}}", "{{0.30000000000000004},{2.5}}", ALLOWANCE_FLOAT},
		{FLOAT8S, "F", "{{0.3},{2.5}}", "{{0.30000000000000004,2.5}}", DIFFERENT},
		{FLOAT8S, "F", "[0:1]={0.3,2.5}", "[0:1]={0.30000000000000004,2.5}",
			ALLOWANCE_FLOAT},
		{FLOAT8S, "F", "[0:1]={0.3,2.5}", "[2:3]={0.30000000000000004,2.5}", DIFFERENT},
		{FLOAT8S, "F", "[0:1]={0.3,2.5}", "{0.30000000000000004,2.5}", DIFFERENT},
		{FLOAT8S, "F", "[0:2]={0.3,2.5}", "[0:2]={0.30000000000000004,2.5}", DIFFERENT},
		{FLOAT8S, "F", "[0:0][0:1]={0.3,2.5}", "[0:0][0:1]={0.30000000000000004,2.5}",
			DIFFERENT},
		{FLOAT8S, "F", "[-1:0]={0.3,2.5}", "[-1:0]={0.30000000000000004,2.5}",
			ALLOWANCE_FLOAT},
		{FLOAT4S, "F", "{1e-45}", "{3e-45}", ALLOWANCE_FLOAT},
		{TIMESTAMPS, "C", "{\"2024-01-01 00:00:00\"}", "{\"2024-01-01 00:00:01\"}",
			ALLOWANCE_CLOCK},
		{TEXTS, "C", "{\"2024-01-01 00:00:00\",a}", "{\"2024-01-01 00:00:01\",a}",
			ALLOWANCE_CLOCK},
		{1231, "F", "{0.3}", "{0.30000000000000004}", DIFFERENT}, /* numeric[] */
		/* Not arrays. */
		{FLOAT8S, "F", "{0.3", "{0.30000000000000004", DIFFERENT},
		{FLOAT8S, "F", "{0.3}}", "{0.30000000000000004}}", DIFFERENT},
		{FLOAT8S, "F", "{0.3,}", "{0.30000000000000004,}", DIFFERENT},
		{FLOAT8S, "F", "{{0.3},2}", "{{0.30000000000000004},2}", DIFFERENT},
		{FLOAT8S, "F", "{2,{0.3}}", "{2,{0.30000000000000004}}", DIFFERENT},
		{FLOAT8S, "F", "{{0.3},{2,3}}", "{{0.30000000000000004},{2,3}}", DIFFERENT},
		{FLOAT8S, "F", "{{0.3},{}}", "{{0.30000000000000004},{}}", DIFFERENT},
		{FLOAT8S, "F", "{0.3\\1}", "{0.3\\2}", DIFFERENT},
		{FLOAT8S, "F", "{\"0.3}", "{\"0.30000000000000004}", DIFFERENT},
		{FLOAT8S, "F", "{\"0.3\"2}", "{\"0.30000000000000004\"2}", DIFFERENT},
		{FLOAT8S, "F", "{{{{{{0.3}}}}}}", "{{{{{{0.30000000000000004}}}}}}",
			ALLOWANCE_FLOAT},
		{FLOAT8S, "F", "{{{{{{{0.3}}}}}}}", "{{{{{{{0.30000000000000004}}}}}}}", DIFFERENT},
		/* Boxes have semicolons between them. */
		{1020, "U", "{(3,4),(1,2);(1,1),(0,0)}", "{(1,1),(0,0);(3,4),(1,2)}",
			ALLOWANCE_ELEMENT_ORDER},
		{FLOAT8S, "F", FLOATS F03 F25, FLOATS F03X F25, ALLOWANCE_FLOAT},
		{FLOAT8S, "", FLOATS F03 F25, FLOATS F03X F25, DIFFERENT},
		{FLOAT8S, "F", FLOATS F03 NONE, FLOATS F03X NONE, ALLOWANCE_FLOAT},
		{FLOAT8S, "F", FLOATS F03 NONE, FLOATS F03X F25, DIFFERENT},
		{FLOAT8S, "F", FLOATS F03 F25 "00", FLOATS F03X F25 "00", DIFFERENT},
		/* The element's type tells, not the column's. */
		{USER, "F", FLOATS F03 F25, FLOATS F03X F25, ALLOWANCE_FLOAT},
		{FLOAT8S, "F", FLOATS F03 F25,
			"hex:0000000100000000000006a40000000200000001" F03X F25, DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_unordered_arrays(void **state)
{
	static const struct value_case cases[] = {
		{INT4S, "U", "{1,2,3}", "{3,1,2}", ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "U", "{1,2,2}", "{2,1,1}", DIFFERENT},
		{INT4S, "U", "{1,2,2}", "{2,1,2}", ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "U", "{1,NULL,2}", "{2,1,NULL}", ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "U", "{1,NULL}", "{1,2}", DIFFERENT},
		{INT4S, "U", "{1,2}", "{1,2,2}", DIFFERENT},
		{INT4S, "U", "{1,2}", "{1,2", DIFFERENT},
		{INT4S, "U", "{}", "{1}", DIFFERENT},
		{INT4S, "U", "{1}", "{2}", DIFFERENT},
		{INT4S, "U", "[0:1]={1,2}", "[0:1]={2,1}", ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "U", "[0:1]={1,2}", "{2,1}", DIFFERENT},
		{TEXTS, "U", "{\"a b\",\"NULL\",NULL}", "{NULL,\"NULL\",\"a b\"}",
			ALLOWANCE_ELEMENT_ORDER},
		{TEXTS, "U", "{\"NULL\",a}", "{a,NULL}", DIFFERENT},
		{TEXTS, "U", "{\"x\\\"y\\\\z\",\"\"}", "{\"\",\"x\\\"y\\\\z\"}",
			ALLOWANCE_ELEMENT_ORDER},
		/* The letters of an element keep their order. */
		{TEXTS, "U", "{ab,cd}", "{cd,ba}", DIFFERENT},
		{TEXTS, ",", "{\"a, b\",c}", "{c,\"b, a\"}", DIFFERENT},
		/* Slices of the outer dimension only. */
		{INT4S, "U", "{{1,2},{3,4}}", "{{3,4},{1,2}}", ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "U", "{{1,2},{3,4}}", "{{2,1},{3,4}}", DIFFERENT},
		{INT4S, "U", "{{1,2},{3,4}}", "{{1,2,3,4}}", DIFFERENT},
		{FLOAT8S, "FU", "{2.5,0.3,-1}", "{-1,0.30000000000000004,2.5}",
			ALLOWANCE_ELEMENT_ORDER},
		{FLOAT8S, "FU", "{10.000000001,9}", "{9,10.000000002}", ALLOWANCE_ELEMENT_ORDER},
		{FLOAT8S, "FU", "{9.9999999999,20}", "{20.0000000001,10}", ALLOWANCE_ELEMENT_ORDER},
		{FLOAT8S, "FU", "{10,9}", "{9,11}", DIFFERENT},
		{FLOAT8S, "FU", "{0.3,9}", "{0.30000000000000004,9}", ALLOWANCE_FLOAT},
		{FLOAT8S, "FU", "{NaN,0.3,NULL}", "{0.30000000000000004,NULL,NaN}",
			ALLOWANCE_ELEMENT_ORDER},
		{TIMESTAMPS, "CU", "{\"2024-01-01 00:00:00\",\"2024-01-02 00:00:00\"}",
			"{\"2024-01-02 00:00:01\",\"2024-01-01 00:00:01\"}",
			ALLOWANCE_ELEMENT_ORDER},
		{199, "U", "{\"{\\\"a\\\":1}\",\"2\"}", "{\"2\",\"{\\\"a\\\":1}\"}",
			ALLOWANCE_ELEMENT_ORDER},
		{199, "U", "{\"[1,2]\",\"2\"}", "{\"2\",\"[2,1]\"}", DIFFERENT},
		{INT4S, "U", INTS3 ONE TWO THREE, INTS3 THREE ONE TWO, ALLOWANCE_ELEMENT_ORDER},
		{INT4S, "", INTS3 ONE TWO THREE, INTS3 THREE ONE TWO, DIFFERENT},
		{INT4S, "U", INTS3 ONE TWO TWO, INTS3 ONE ONE TWO, DIFFERENT},
		{FLOAT8S, "FU", FLOATS F25 F03, FLOATS F03X F25, ALLOWANCE_ELEMENT_ORDER},
		/* A user's type: as far as its form tells. */
		{USER, "U", "{sad,ok}", "{ok,sad}", ALLOWANCE_ELEMENT_ORDER},
		{USER, "U",
			"hex:0000000100000000000040090000000200000001"
			"00000003736164"
			"000000026f6b",
			"hex:0000000100000000000040110000000200000001"
			"000000026f6b"
			"00000003736164",
			ALLOWANCE_ELEMENT_ORDER},
		{USER, "",
			"hex:0000000100000000000040090000000200000001"
			"00000003736164"
			"000000026f6b",
			"hex:0000000100000000000040110000000200000001"
			"00000003736164"
			"000000026f6b",
			SAME},
		{USER, "", "hex:000000000000000000004009", "hex:000000000000000000004011", SAME},
		{USER, "", "hex:000000000000000000004009", "hex:000000000000000000000017",
			DIFFERENT},
		{USER, "U", "sad", "ads", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

/* (1, 'b c', 1.5::float8, NULL, '') and the like */
#define ROW  "hex:00000005000000170000000400000001000002c100000003622063"
#define F15  "000002bd000000083ff8000000000000"
#define F15X "000002bd000000083ff8000000000001"
#define REST "000002c1ffffffff000002c100000000"

static void test_composites(void **state)
{
	static const struct value_case cases[] = {
		{RECORD, "", "(1,\"b c\",,)", "(1,\"b c\",,)", SAME},
		{RECORD, "", "(1,a)", "(1,b)", DIFFERENT},
		{RECORD, "F", "(1,0.3)", "(1,0.30000000000000004)", ALLOWANCE_FLOAT},
		{RECORD, "M", "(1,0.3)", "(1,0.30000000000000004)", ALLOWANCE_FLOAT_TEXT},
		{RECORD, "", "(1,0.3)", "(1,0.30000000000000004)", DIFFERENT},
		/* Numerics and integers, not floats. */
		{RECORD, "F", "(10000000000)", "(10000000001)", DIFFERENT},
		{RECORD, "F", "(1.0)", "(1.00)", DIFFERENT},
		{RECORD, "F", "(1.00000000000001)", "(1.00000000000002)", ALLOWANCE_FLOAT},
		{RECORD, "F", "(1.0000000000001)", "(1.0000000000002)", DIFFERENT},
		{RECORD, "F", "(1.0000000000000000)", "(1.0000000000000001)", DIFFERENT},
		{RECORD, "F", "(1.23456789012345678)", "(1.23456789012345679)", DIFFERENT},
		{RECORD, "F", "(0.3,)", "(0.30000000000000004,\"\")", DIFFERENT},
		{RECORD, "F", "(0.3,a)", "(0.30000000000000004,b)", DIFFERENT},
		{RECORD, "F", "(0.3,a)", "(0.30000000000000004)", DIFFERENT},
		{RECORD, "F", "(0.3", "(0.30000000000000004", DIFFERENT},
		{RECORD, "F", "(0.3]", "(0.30000000000000004]", DIFFERENT},
		{RECORD, "F", "(0.3)x", "(0.30000000000000004)x", DIFFERENT},
		{RECORD, "C", "(\"2024-01-01 00:00:00\",\"say \"\"a\"\"\")",
			"(\"2024-01-01 00:00:01\",\"say \"\"a\"\"\")", ALLOWANCE_CLOCK},
		{RECORD, "U", "(1,\"{b,a}\")", "(1,\"{a,b}\")", ALLOWANCE_ELEMENT_ORDER},
		{RECORD, "", "(1,\"{b,a}\")", "(1,\"{a,b}\")", DIFFERENT},
		{RECORD, "U", "(b,a)", "(a,b)", DIFFERENT},
		{RECORD, "F", "(1,\"(2,\"\"(0.3,x)\"\")\")",
			"(1,\"(2,\"\"(0.30000000000000004,x)\"\")\")", ALLOWANCE_FLOAT},
		{2287, "U", "{\"(1,a)\",\"(2,b)\"}", "{\"(2,b)\",\"(1,a)\"}",
			ALLOWANCE_ELEMENT_ORDER},
		/* Collected rows that hold collected values. */
		{2287, "U", "{\"(1,\\\"{x,y}\\\")\",\"(2,{})\"}",
			"{\"(2,{})\",\"(1,\\\"{y,x}\\\")\"}", ALLOWANCE_ELEMENT_ORDER},
		{USER, "F", "(1,0.3)", "(1,0.30000000000000004)", ALLOWANCE_FLOAT},
		{RECORD, "F", ROW F15 REST, ROW F15X REST, ALLOWANCE_FLOAT},
		{RECORD, "", ROW F15 REST, ROW F15X REST, DIFFERENT},
		{USER, "F", ROW F15 REST, ROW F15X REST, ALLOWANCE_FLOAT},
		/* In binary the types are known: these are numerics. */
		{RECORD, "F", "hex:00000001000006a40000000a00010000000000010001",
			"hex:00000001000006a40000000a00010000000000010002", DIFFERENT},
		{RECORD, "F", "hex:00000001000002bd000000083ff8000000000000",
			"hex:00000001000006a4000000083ff8000000000001", DIFFERENT},
		/* An enum's field, whose type has another OID on each side. */
		{RECORD, "", "hex:0000000100004009000000026f6b", "hex:0000000100004011000000026f6b",
			SAME},
		{RECORD, "", "hex:0000000100004009000000026f6b", "hex:0000000100004011000000026f6c",
			DIFFERENT},
		{RECORD, "", "hex:0000000100004009000000026f6b", "hex:0000000100000019000000026f6b",
			DIFFERENT},
		{RECORD, "", "hex:0000000100004009ffffffff", "hex:0000000100004011ffffffff", SAME},
		/* Parts of a text that is a field may change places, its letters not. */
		{RECORD, ",", "hex:000000010000001900000004612c2062",
			"hex:000000010000001900000004622c2061", ALLOWANCE_ELEMENT_ORDER},
		{RECORD, "U", "hex:000000010000001900000004612c2062",
			"hex:000000010000001900000004622c2061", DIFFERENT},
		{RECORD, "U", "hex:0000000100000011000000026162",
			"hex:0000000100000011000000026261", DIFFERENT},
		{RECORD, "F", "hex:ffffffff", "hex:00000000", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_ranges(void **state)
{
	static const struct value_case cases[] = {
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\",\"2024-01-02 00:00:00\")",
			"[\"2024-01-01 00:00:01\",\"2024-01-02 00:00:01\")", ALLOWANCE_CLOCK},
		{TSRANGE, "", "[\"2024-01-01 00:00:00\",\"2024-01-02 00:00:00\")",
			"[\"2024-01-01 00:00:01\",\"2024-01-02 00:00:01\")", DIFFERENT},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\",)", "[\"2024-01-01 00:00:01\",)",
			ALLOWANCE_CLOCK},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\",)", "(\"2024-01-01 00:00:01\",)",
			DIFFERENT},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\",)", "[\"2024-01-01 00:00:01\",]",
			DIFFERENT},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\",)", "empty", DIFFERENT},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\"", "[\"2024-01-01 00:00:01\"", DIFFERENT},
		{TSRANGE, "C", "[\"2024-01-01 00:00:00\")", "[\"2024-01-01 00:00:01\")", DIFFERENT},
		{3904, "FMCU", "[1,5)", "[1,6)", DIFFERENT},
		{3906, "F", "[1.0,)", "[1.00,)", DIFFERENT},
		{USER, "F", "[0.3,2.5)", "[0.30000000000000004,2.5)", ALLOWANCE_FLOAT},
		{USER, "F", "(0.3,2.5]", "(0.30000000000000004,2.5]", ALLOWANCE_FLOAT},
		{4533, "C", "{[\"2024-01-01 00:00:00\",),[\"2025-01-01 00:00:00\",)}",
			"{[\"2024-01-01 00:00:00\",),[\"2025-01-01 00:00:01\",)}", ALLOWANCE_CLOCK},
		{4533, "C", "{[\"2024-01-01 00:00:00\",)}",
			"{[\"2024-01-01 00:00:00\",),[\"2024-01-01 00:00:01\",)}", DIFFERENT},
		{4533, "C", "{}", "{[\"2024-01-01 00:00:01\",)}", DIFFERENT},
		{4533, "C", "{[\"2024-01-01 00:00:00\",)", "{[\"2024-01-01 00:00:01\",)",
			DIFFERENT},
		{TSRANGE, "C", "hex:02000000080002b0d5d4e94000000000080002b0e9f2c0a000",
			"hex:02000000080002b0d5d4e94001000000080002b0e9f2c0a000", ALLOWANCE_CLOCK},
		{TSRANGE, "", "hex:02000000080002b0d5d4e94000000000080002b0e9f2c0a000",
			"hex:02000000080002b0d5d4e94001000000080002b0e9f2c0a000", DIFFERENT},
		{TSRANGE, "C", "hex:02000000080002b0d5d4e94000000000080002b0e9f2c0a000",
			"hex:06000000080002b0d5d4e94001000000080002b0e9f2c0a000", DIFFERENT},
		{TSRANGE, "C", "hex:01", "hex:02000000080002b0d5d4e94001000000080002b0e9f2c0a000",
			DIFFERENT},
		{TSRANGE, "C", "hex:12000000080002b0d5d4e94000", "hex:12000000080002b0d5d4e94001",
			ALLOWANCE_CLOCK},
		{TSRANGE, "C", "hex:92000000080002b0d5d4e94000", "hex:92000000080002b0d5d4e94001",
			DIFFERENT},
		{4534, "C",
			"hex:000000010000001902000000080002b0d5d4e94000000000080002b0e9f2c0a000",
			"hex:000000010000001902000000080002b0d5d4e94001000000080002b0e9f2c0a000",
			ALLOWANCE_CLOCK},
		{4534, "C",
			"hex:000000020000001902000000080002b0d5d4e94000000000080002b0e9f2c0a000",
			"hex:000000020000001902000000080002b0d5d4e94001000000080002b0e9f2c0a000",
			DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

/* `depth` composites around a float; in binary. */
static char *nested(unsigned depth, const char *number)
{
	char *text = strdup(number), *outer;
	size_t size;

	assert_non_null(text);
	for (unsigned i = 0; i < depth; i++) {
		size = strlen(text) + 64;
		outer = malloc(size);
		assert_non_null(outer);
		snprintf(outer, size, "%s%08x%08zx%s", "00000001", i == 0 ? FLOAT8 : RECORD,
			strlen(text) / 2, text);
		free(text);
		text = outer;
	}
	size = strlen(text) + 8;
	outer = malloc(size);
	assert_non_null(outer);
	snprintf(outer, size, "hex:%s", text);
	free(text);
	return outer;
}

static void test_depth(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth < 200; depth += depth < 20 ? 1 : 60) {
		char *a = nested(depth, "3fd3333333333333"), *b = nested(depth, "3fd3333333333334");

		assert_int_equal(compare_texts(RECORD, "F", a, b),
			depth <= VALUE_DEPTH_MAX ? ALLOWANCE_FLOAT : DIFFERENT);
		assert_int_equal(compare_texts(RECORD, "F", a, a), SAME);
		assert_int_equal(compare_texts(RECORD, "V", a, b), ALLOWANCE_VOLATILE);
		free(a);
		free(b);
	}
}

/* Every type, policy and format, with each sample cut at every byte and each byte spoiled. */
static void test_hostile(void **state)
{
	static const char *const samples[] = {
		"{1,2,3}",
		"[0:1][1:1]={{\"a\\\"b\"},{NULL}}",
		"(1,\"b \"\"c\",,\"x\\\\y\")",
		"{\"(1,\\\"{x,y}\\\")\",\"(2,{})\"}",
		"[\"2024-01-01 00:00:00\",)",
		"{[1,3),(\"5\",9]}",
		"{\"a\": [1, 2.5e3, {\"b\": null}], \"c\": \"x\\\"y\"}",
		"2024-01-01 00:00:00.25+01:30 BC",
		"Tue 17 Dec 07:37:16.5 0044 LMT BC",
		"12/17/2024 07:37:16 PST",
		"1 year 2 mons -3 days +04:05:06.789",
		"-1.5e-10",
		"\\x00ff",
		"00ff10aa-0000-4000-8000-000000000001",
		INTS3 ONE TWO NONE,
		FLOATS F03 F25,
		ROW F15 REST,
		"hex:02000000080002b0d5d4e94000000000080002b0e9f2c0a000",
		"hex:000000020000001102000000040000000100000004000000030000001102"
		"00000004000000050000000400000009",
		"hex:0003000140000003000109291a7c",
		"hex:017b2261223a20312c202262223a205b312c20325d7d",
		"hex:00000002000003ef0000002400000001000000000000001700000002000000"
		"0100000004000000010000000400000002000008c90000001d00000002000000"
		"170000000400000001000002c10000000578227"
		"95c7a",
		"hex:000000036c97ca88fffffffd0000000e",
		"hex:0000000a0eebb000ffffe3e0",
	};
	static const uint32_t types[] = {BOOL, BYTEA, INT8, TEXT, OID, JSON, XML, FLOAT4, FLOAT8,
		INT4S, FLOAT8S, TEXTS, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ,
		NUMERIC, REGCLASS, RECORD, 2287, UUID, JSONB, TSRANGE, 4533, 5038, USER, 199, 3807};
	static const char *const policies[] = {"", "V", "FMC", "UFMC", ",FMC"};

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(samples); s++) {
		size_t len;
		unsigned char *whole = value_bytes(samples[s], &len);

		for (size_t at = 0; at < len; at++) {
			unsigned char *cut = malloc(at ? at : 1), *bad = malloc(len);

			assert_true(cut && bad);
			memcpy(cut, whole, at);
			memcpy(bad, whole, len);
			bad[at] ^= at % 3 ? 0x01 : 0xff;
			for (size_t t = 0; t < ARRAY_LEN(types) * ARRAY_LEN(policies); t++) {
				struct value_policy policy =
					policy_of(policies[t % ARRAY_LEN(policies)]);
				struct value_pair pair = {.truth.data = bytes_of(whole, len),
					.candidate.data = bytes_of(cut, at)};

				pair.column.type_oid = types[t / ARRAY_LEN(policies)];
				pair.column.format = strncmp(samples[s], "hex:", 4) == 0;
				pair.candidate_column = pair.column;
				int one = compare_bytes(&policy, &pair);
				assert_true(one != SAME);
				pair.truth.data = bytes_of(bad, len);
				compare_bytes(&policy, &pair);
				pair.candidate.data = bytes_of(whole, len);
				compare_bytes(&policy, &pair);
				value_is_tie(&pair.truth, &pair.candidate, &pair.column);
				if (!*policies[t % ARRAY_LEN(policies)])
					assert_int_equal((pair.truth = pair.candidate,
								 compare_bytes(&policy, &pair)),
						SAME);
			}
			free(cut);
			free(bad);
		}
		free(whole);
	}
}

/* Each allocation fails once in turn: different, never a crash. */
static void test_no_memory(void **state)
{
	static const struct value_case cases[] = {
		{FLOAT8S, "FU", "{2.5,0.3,\"-1\\\\\"}", "{\"-1\\\\\",0.30000000000000004,2.5}",
			ALLOWANCE_ELEMENT_ORDER},
		{TEXT, ",", "x, y", "y, x", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "{\"a\": [1, 2]}", "{\"a\": [2, 1]}", ALLOWANCE_ELEMENT_ORDER},
		{RECORD, "F", ROW F15 REST, ROW F15X REST, ALLOWANCE_FLOAT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value_policy policy = policy_of(cases[i].policy);
		struct value_pair pair = {.column.type_oid = cases[i].type};
		unsigned char *a = value_bytes(cases[i].a, &pair.truth.data.len);
		unsigned char *b = value_bytes(cases[i].b, &pair.candidate.data.len);
		int last = DIFFERENT;

		pair.truth.data.ptr = a;
		pair.candidate.data.ptr = b;
		pair.column.format = strncmp(cases[i].a, "hex:", 4) == 0;
		pair.candidate_column = pair.column;
		for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
			struct arena arena;
			enum value_allowance why;

			arena_init(&arena, ceiling);
			enum value_result result = value_compare(&policy, &pair, &arena, &why);
			arena_fini(&arena);
			if (result == VALUE_DIFFERENT) {
				assert_int_equal(last, DIFFERENT);
				assert_int_equal(why, ALLOWANCE_NONE);
			} else {
				assert_int_equal(why, cases[i].expected);
				last = (int)why;
			}
		}
		assert_int_equal(last, cases[i].expected);
		free(a);
		free(b);
	}
}

/* A long array is sorted and merged, not searched: 200,000 elements the other way round. */
static void test_large(void **state)
{
	enum { COUNT = 200000 };
	struct buf a, b;
	struct arena arena;
	struct value_policy policy = policy_of("UF");
	enum value_allowance why;

	(void)state;
	buf_init(&a, 16 << 20);
	buf_init(&b, 16 << 20);
	for (int i = 0; i < COUNT; i++) {
		assert_true(buf_printf(&a, "%c%d.5", i ? ',' : '{', i));
		assert_true(buf_printf(&b, "%c%d.5000000001", i ? ',' : '{', COUNT - 1 - i));
	}
	assert_true(buf_append_str(&a, "}") && buf_append_str(&b, "}"));
	struct value_pair pair = {.truth.data = buf_bytes(&a), .candidate.data = buf_bytes(&b)};

	pair.column.type_oid = pair.candidate_column.type_oid = FLOAT8S;
	arena_init(&arena, (size_t)128 << 20);
	int64_t start = clock_mono_us();
	policy.relative = 1e-9;
	assert_int_equal(value_compare(&policy, &pair, &arena, &why), VALUE_ALLOWED);
	assert_int_equal(why, ALLOWANCE_ELEMENT_ORDER);
	assert_true(clock_mono_us() - start < 30 * 1000000);
	arena_fini(&arena);
	buf_fini(&a);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_unordered_arrays),
		cmocka_unit_test(test_composites),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
