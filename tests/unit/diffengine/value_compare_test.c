/*
 * Values of scalar types under every policy, in both formats; binary values are as
 * PostgreSQL 15 sends them. Arrays and composites are in value_list_test.c.
 */
#include "tests/unit/diffengine/values.h"

static void test_exact(void **state)
{
	static const struct value_case cases[] = {
		{BOOL, "", "t", "t", SAME},
		{BOOL, "FMCU", "t", "f", DIFFERENT},
		{INT4, "", NULL, NULL, SAME},
		{INT4, "V", NULL, "1", DIFFERENT},
		{TEXT, "U", NULL, "", DIFFERENT},
		{FLOAT8, "FM", NULL, "0", DIFFERENT},
		{27, "", NULL, "(0,1)", DIFFERENT},
		{INT4, "", "7", "7", SAME},
		{INT4, "FMCU", "7", "8", DIFFERENT},
		{INT4, "", "7", "hex:00000007", DIFFERENT},
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"hex:00ff10aa000040008000000000000001", DIFFERENT},
		{INT8, "FMCU", "hex:0000000000000007", "hex:0000000000000008", DIFFERENT},
		{NUMERIC, "FMCU", "1.0", "1.00", DIFFERENT},
		{NUMERIC, "FM", "0.3", "0.30000000000000004", DIFFERENT},
		{NUMERIC, "FM", "hex:000200000000000100011388", "hex:000200000000000200011388",
			DIFFERENT},
		{TEXT, "FMC", "0.3", "0.30000000000000004", DIFFERENT},
		{TEXT, "", "a", "A", DIFFERENT},
		{BPCHAR, "", "a  ", "a", DIFFERENT},
		{BYTEA, "FMC", "\\x6162", "ab", DIFFERENT},
		{BYTEA, "", "hex:00ff", "hex:00fe", DIFFERENT},
		{869, "FMCU", "10.0.0.1", "10.0.0.1/32", DIFFERENT},
		{790, "FM", "$1.00", "$1.01", DIFFERENT},
		{INTERVAL, "C", "1 day", "24:00:00", DIFFERENT},
		{600, "F", "(1,2)", "(1,2.0000000001)", DIFFERENT},
		{1560, "U", "101", "110", DIFFERENT},
		{5, "FMCU", "a", "b", DIFFERENT},
		{UUID, "C", "00ff10aa-0000-4000-8000-000000000001",
			"00ff10aa-0000-4000-8000-000000000002", DIFFERENT},
		{2205, "", "item", "item2", DIFFERENT},
		/* A user's type without a form: an enum. */
		{USER, "FMCU", "sad", "ok", DIFFERENT},
		{USER, "FMCU", "hex:736164", "hex:6f6b", DIFFERENT},
		{USER, "", "sad", "sad", SAME},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_floats(void **state)
{
	static const struct value_case cases[] = {
		{FLOAT8, "F", "0.3", "0.30000000000000004", ALLOWANCE_FLOAT},
		{FLOAT8, "", "0.3", "0.30000000000000004", DIFFERENT},
		{FLOAT8, "M", "0.3", "0.30000000000000004", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8, "FM", "0.3", "0.30000000000000004", ALLOWANCE_FLOAT},
		{FLOAT8, "F", "1000000000", "1000000001", ALLOWANCE_FLOAT},
		{FLOAT8, "F", "100000000", "100000001", DIFFERENT},
		{FLOAT8, "F", "-1", "1", DIFFERENT},
		{FLOAT8, "F", "1e300", "-1e300", DIFFERENT},
		{FLOAT8, "F", "1.7976931348623157e+308", "-1.7976931348623157e+308", DIFFERENT},
		{FLOAT8, "F", "1e+300", "1.0000000001e+300", ALLOWANCE_FLOAT},
		{FLOAT8, "F", "-0", "0", ALLOWANCE_FLOAT},
		{FLOAT8, "", "-0", "0", DIFFERENT},
		{FLOAT8, "M", "-0", "0", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8, "F", "0", "1e-17", DIFFERENT},
		{FLOAT8, "F", "5e-324", "1e-323", ALLOWANCE_FLOAT},
		{FLOAT8, "F", "5e-324", "1e-322", DIFFERENT},
		{FLOAT8, "F", "NaN", "NaN", SAME},
		{FLOAT8, "FM", "NaN", "1", DIFFERENT},
		{FLOAT8, "FM", "Infinity", "-Infinity", DIFFERENT},
		{FLOAT8, "FM", "Infinity", "1.7976931348623157e+308", DIFFERENT},
		{FLOAT8, "FM", "Infinity", "NaN", DIFFERENT},
		{FLOAT8, "FM", "inf", "Infinity", DIFFERENT},
		{FLOAT8, "FM", "0x10", "16", DIFFERENT},
		{FLOAT8, "FM", "1 ", "1", DIFFERENT},
		{FLOAT8, "FM", "", "0", DIFFERENT},
		{FLOAT8, "FM", "1e999", "1e998", DIFFERENT},
		{FLOAT8, "FM", "1e5e", "100000", DIFFERENT},
		/* Servers before 12 write 15 digits. */
		{FLOAT8, "M", "0.333333333333333", "0.3333333333333333", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8, "M", "0.1", "0.10000000000000001", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8, "M", "123456789.123457", "123456789.12345679", ALLOWANCE_FLOAT_TEXT},
		{FLOAT8, "M", "0.33333333333333", "0.3333333333333333", DIFFERENT},
		{FLOAT8, "M", "1.00000000000001", "1.00000000000002", DIFFERENT},
		{FLOAT8, "", "0.333333333333333", "0.3333333333333333", DIFFERENT},
		{FLOAT4, "M", "0.333333", "0.33333334", ALLOWANCE_FLOAT_TEXT},
		{FLOAT4, "M", "16777216", "1.6777216e+07", ALLOWANCE_FLOAT_TEXT},
		{FLOAT4, "M", "0.33333", "0.33333334", DIFFERENT},
		{FLOAT4, "M", "1.00001", "1.00002", DIFFERENT},
		{FLOAT4, "F", "1", "1.0000001", DIFFERENT},
		{FLOAT4, "F", "1e-45", "3e-45", ALLOWANCE_FLOAT},
		{FLOAT8, "F", "hex:3fd3333333333333", "hex:3fd3333333333334", ALLOWANCE_FLOAT},
		{FLOAT8, "", "hex:3fd3333333333333", "hex:3fd3333333333334", DIFFERENT},
		/* Bits do not depend on who writes them. */
		{FLOAT8, "M", "hex:3fd3333333333333", "hex:3fd3333333333334", DIFFERENT},
		{FLOAT8, "F", "hex:0000000000000000", "hex:8000000000000000", ALLOWANCE_FLOAT},
		{FLOAT8, "", "hex:7ff8000000000000", "hex:fff8000000000000", SAME},
		{FLOAT8, "F", "hex:7ff8000000000000", "hex:7ff0000000000000", DIFFERENT},
		{FLOAT8, "F", "hex:7ff0000000000000", "hex:fff0000000000000", DIFFERENT},
		{FLOAT8, "F", "hex:3fd33333", "hex:3fd3333333333333", DIFFERENT},
		{FLOAT4, "", "hex:7fc00000", "hex:ffc00000", SAME},
		{FLOAT4, "F", "hex:00000001", "hex:00000002", ALLOWANCE_FLOAT},
		{FLOAT4, "F", "hex:3f800000", "hex:3f800001", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_clock(void **state)
{
	static const struct value_case cases[] = {
		{TIMESTAMP, "C", "2024-01-31 23:59:59.9", "2024-02-01 00:00:00.1", ALLOWANCE_CLOCK},
		{TIMESTAMP, "", "2024-01-31 23:59:59.9", "2024-02-01 00:00:00.1", DIFFERENT},
		{TIMESTAMP, "C", "2024-02-28 23:59:59.9", "2024-02-29 00:00:00.1", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "2023-02-28 23:59:59.9", "2023-03-01 00:00:00.1", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "1999-12-31 23:59:59", "2000-01-01 00:00:04", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "1999-12-31 23:59:59", "2000-01-01 00:00:04.000001", DIFFERENT},
		{TIMESTAMP, "C", "2024-01-01 00:00:00", "2024-01-01 00:00:05", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "0001-12-31 23:59:59 BC", "0001-01-01 00:00:00", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "0044-03-15 12:00:00 BC", "0044-03-15 12:00:00", DIFFERENT},
		{TIMESTAMP, "C", "infinity", "2024-01-01 00:00:00", DIFFERENT},
		{TIMESTAMP, "C", "infinity", "-infinity", DIFFERENT},
		{TIMESTAMP, "C", "294276-12-31 23:59:59", "294276-12-31 23:59:58", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "294276-12-31 23:59:59", "4713-01-01 00:00:00 BC", DIFFERENT},
		{TIMESTAMP, "C", "nonsense", "2024-01-01 00:00:00", DIFFERENT},
		{TIMESTAMP, "C", "2024-13-01 00:00:00", "2024-13-01 00:00:01", DIFFERENT},
		{TIMESTAMP, "C", "2024-01-01 00:00:00x", "2024-01-01 00:00:01", DIFFERENT},
		{TIMESTAMPTZ, "C", "2024-02-01 00:00:00.1+00", "2024-02-01 00:00:00.2+00",
			ALLOWANCE_CLOCK},
		{TIMESTAMPTZ, "C", "2024-02-01 02:00:00+02", "2024-02-01 00:00:01+00",
			ALLOWANCE_CLOCK},
		{TIMESTAMPTZ, "C", "2024-01-31 18:30:00-05:30", "2024-02-01 00:00:01+00",
			ALLOWANCE_CLOCK},
		{TIMESTAMPTZ, "C", "2024-02-01 02:00:00+02", "2024-02-01 02:00:00+00", DIFFERENT},
		{TIMESTAMPTZ, "C", "2024-02-01 02:00:00+02", "2024-02-01 02:00:00", DIFFERENT},
		/* Other styles of DateStyle. */
		{TIMESTAMP, "C", "03/05/2024 07:37:16.5", "03/05/2024 07:37:17", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "03/31/2024 23:59:59", "03/31/2024 23:59:58", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "12/31/2024 23:59:59", "13/12/2024 23:59:59", DIFFERENT},
		/* One day, or one month: the style does not tell. */
		{TIMESTAMP, "C", "03/05/2024 23:59:59", "03/06/2024 00:00:00", DIFFERENT},
		{TIMESTAMPTZ, "C", "12/17/2024 07:37:16 PST", "12/17/2024 07:37:17 PST",
			ALLOWANCE_CLOCK},
		{TIMESTAMPTZ, "C", "12/17/2024 07:37:16 PST", "12/17/2024 07:37:17 EST", DIFFERENT},
		{TIMESTAMPTZ, "C", "17.12.0044 07:37:16 LMT BC", "17.12.0044 07:37:17 LMT BC",
			ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "30.04.2024 23:59:59", "01.05.2024 00:00:00", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "Tue Mar 05 23:59:59.5 2024", "Wed Mar 06 00:00:00.5 2024",
			ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "Tue 05 Mar 07:37:16.5 2024", "Tue 05 Mar 07:37:30 2024",
			DIFFERENT},
		{TIMESTAMPTZ, "C", "Tue 17 Dec 07:37:16 0044 LMT BC",
			"Tue 17 Dec 07:37:17 0044 LMT BC", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "Tue Foo 05 07:37:16.5 2024", "Tue Foo 05 07:37:16 2024",
			DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_clock_of_other_types(void **state)
{
	static const struct value_case cases[] = {
		{DATE, "C", "2024-02-29", "2024-03-01", DIFFERENT},
		{DATE, "C", "2024-02-29", "2024-02-29 BC", DIFFERENT},
		{TIME, "C", "23:59:59.9", "00:00:00.1", ALLOWANCE_CLOCK},
		{TIME, "C", "12:00:00", "12:00:05.1", DIFFERENT},
		{TIME, "C", "12:00", "12:00:01", DIFFERENT},
		{TIMETZ, "C", "12:00:00+02", "12:00:01+02", ALLOWANCE_CLOCK},
		{TIMETZ, "C", "12:00:00+02", "10:00:01+00", ALLOWANCE_CLOCK},
		{TIMETZ, "C", "12:00:00+02", "12:00:01+03", DIFFERENT},
		{TIMESTAMP, "C", "hex:0002b34571fc5960", "hex:0002b34571ff66a0", ALLOWANCE_CLOCK},
		{TIMESTAMP, "", "hex:0002b34571fc5960", "hex:0002b34571ff66a0", DIFFERENT},
		{TIMESTAMP, "C", "hex:0002b34571fc5960", "hex:0002b34671ff66a0", DIFFERENT},
		{TIMESTAMP, "C", "hex:7fffffffffffffff", "hex:7ffffffffffffffe", DIFFERENT},
		{TIMESTAMP, "C", "hex:7fffffffffffffff", "hex:8000000000000000", DIFFERENT},
		{TIMESTAMP, "C", "hex:ffffffffffffffff", "hex:0000000000000001", ALLOWANCE_CLOCK},
		{TIMESTAMP, "C", "hex:ff", "hex:0000000000000001", DIFFERENT},
		{DATE, "C", "hex:00002279", "hex:0000227a", DIFFERENT},
		{DATE, "C", "hex:7fffffff", "hex:80000000", DIFFERENT},
		{TIME, "C", "hex:000000141dd5d960", "hex:0000000000000001", ALLOWANCE_CLOCK},
		{TIMETZ, "C", "hex:0000000a0eebb000ffffe3e0", "hex:0000000a0eebb001ffffe3e0",
			ALLOWANCE_CLOCK},
		{TIMETZ, "C", "hex:0000000a0eebb000ffffe3e0", "hex:0000000a0eebb001ffffe3df",
			ALLOWANCE_CLOCK},
		{TIMETZ, "C", "hex:0000000a0eebb000ffffe3e0", "hex:0000000a0eebb00100000000",
			DIFFERENT},
		/* Texts that are ISO timestamps on both sides. */
		{TEXT, "C", "2024-02-01 00:00:00.1", "2024-02-01 00:00:00.2", ALLOWANCE_CLOCK},
		{VARCHAR, "C", "2024-02-01T00:00:00Z", "2024-02-01T00:00:01Z", ALLOWANCE_CLOCK},
		{TEXT, "C", "hex:323032342d30322d30312030303a30303a3030",
			"hex:323032342d30322d30312030303a30303a3031", ALLOWANCE_CLOCK},
		{TEXT, "", "2024-02-01T00:00:00Z", "2024-02-01T00:00:01Z", DIFFERENT},
		{TEXT, "C", "2024-02-01T00:00:00Z", "2024-02-01T00:00:01", DIFFERENT},
		{TEXT, "C", "2024-02-01T00:00:00Z", "2024-02-01T00:00:01Z ", DIFFERENT},
		{TEXT, "C", "at 2024-02-01 00:00:00", "at 2024-02-01 00:00:01", DIFFERENT},
		{TEXT, "C", "2024-02-01", "2024-02-02", DIFFERENT},
		{INT8, "C", "1700000000", "1700000001", DIFFERENT},
		{USER, "C", "2024-02-01 00:00:00", "2024-02-01 00:00:01", ALLOWANCE_CLOCK},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_volatile(void **state)
{
	static const struct value_case cases[] = {
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"10ff10aa-0000-4000-8000-000000000002", ALLOWANCE_VOLATILE},
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"00ff10aa-0000-4000-8000-00000000000", DIFFERENT},
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"00ff10aa00004000800000000000000000-1", DIFFERENT},
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"00ff10ga-0000-4000-8000-000000000001", DIFFERENT},
		{UUID, "V", "hex:00ff10aa000040008000000000000001",
			"hex:01ff10aa000040008000000000000001", ALLOWANCE_VOLATILE},
		{UUID, "V", "hex:00ff10aa000040008000000000000001", "hex:01", DIFFERENT},
		{BOOL, "V", "t", "f", ALLOWANCE_VOLATILE},
		{BOOL, "V", "t", "true", DIFFERENT},
		{INT4, "V", "1", "-2147483648", ALLOWANCE_VOLATILE},
		{INT4, "V", "1", "2147483648", DIFFERENT},
		{INT2, "V", "1", "-32769", DIFFERENT},
		{INT8, "V", "-9223372036854775808", "9223372036854775807", ALLOWANCE_VOLATILE},
		{INT8, "V", "1", "9223372036854775808", DIFFERENT},
		{INT4, "V", "1", "", DIFFERENT},
		{INT4, "V", "1", "-", DIFFERENT},
		{INT4, "V", "1", "1.5", DIFFERENT},
		{OID, "V", "1", "4294967295", ALLOWANCE_VOLATILE},
		{OID, "V", "1", "-1", DIFFERENT},
		{INT4, "V", "hex:00000001", "hex:00000002", ALLOWANCE_VOLATILE},
		{INT4, "V", "hex:00000001", "hex:0002", DIFFERENT},
		{FLOAT8, "V", "0.25", "0.7315", ALLOWANCE_VOLATILE},
		{FLOAT8, "V", "0.25", "a", DIFFERENT},
		{NUMERIC, "V", "0.25", "-17", ALLOWANCE_VOLATILE},
		{NUMERIC, "V", "0.25", "NaN", ALLOWANCE_VOLATILE},
		{NUMERIC, "V", "0.25", "1e5", DIFFERENT},
		{NUMERIC, "V", "hex:000200000000000100011388", "hex:0000000000000000",
			ALLOWANCE_VOLATILE},
		{NUMERIC, "V", "hex:000200000000000100011388", "hex:00010000000000000001ff",
			DIFFERENT},
		{TIMESTAMP, "V", "2024-01-01 00:00:00", "1999-01-01 00:00:00", ALLOWANCE_VOLATILE},
		{TIMESTAMP, "V", "2024-01-01 00:00:00", "yesterday", DIFFERENT},
		{DATE, "V", "2024-01-01", "01.02.1999", ALLOWANCE_VOLATILE},
		{TIME, "V", "00:00:00", "infinity", DIFFERENT},
		{INTERVAL, "V", "00:00:00", "1 year 2 mons", ALLOWANCE_VOLATILE},
		{INTERVAL, "V", "00:00:00", "P1Y", ALLOWANCE_VOLATILE},
		{INTERVAL, "V", "00:00:00", "soon", DIFFERENT},
		{TEXT, "V", "a", "anything", ALLOWANCE_VOLATILE},
		{TEXT, "V", "a", "", ALLOWANCE_VOLATILE},
		{BYTEA, "V", "\\x01", "\\x02", ALLOWANCE_VOLATILE},
		{JSON, "V", "{\"a\": 1}", "[1, 2.5e3, null]", ALLOWANCE_VOLATILE},
		{JSON, "V", "{\"a\": 1}", "{\"a\": 1", DIFFERENT},
		{JSONB, "V", "hex:017b7d", "hex:015b5d", ALLOWANCE_VOLATILE},
		{JSONB, "V", "hex:017b7d", "hex:01", DIFFERENT},
		{INT4S, "V", "{1,2}", "{3}", ALLOWANCE_VOLATILE},
		{INT4S, "V", "{1,2}", "{x}", DIFFERENT},
		{INT4S, "V", "{1,2}", "{1,2", DIFFERENT},
		{RECORD, "V", "(1,a)", "(2,b)", ALLOWANCE_VOLATILE},
		{RECORD, "V", "(1,a)", "2,b", DIFFERENT},
		{TSRANGE, "V", "[\"2024-01-01 00:00:00\",)", "empty", ALLOWANCE_VOLATILE},
		{TSRANGE, "V", "[\"2024-01-01 00:00:00\",)", "[1,2)", DIFFERENT},
		{USER, "V", "sad", "ok", ALLOWANCE_VOLATILE},
		{UUID, "V", "00ff10aa-0000-4000-8000-000000000001",
			"00ff10aa-0000-4000-8000-000000000001", SAME},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_server_types(void **state)
{
	static const struct value_case cases[] = {
		{27, "", "(0,1)", "(0,2)", ALLOWANCE_SERVER_TYPE},
		{27, "", "hex:000000000001", "hex:000000000002", ALLOWANCE_SERVER_TYPE},
		{28, "", "700", "701", ALLOWANCE_SERVER_TYPE},
		{29, "", "0", "1", ALLOWANCE_SERVER_TYPE},
		{5069, "", "700", "701", ALLOWANCE_SERVER_TYPE},
		{3220, "", "0/1", "0/2", ALLOWANCE_SERVER_TYPE},
		{5038, "", "1:1:", "2:2:", ALLOWANCE_SERVER_TYPE},
		{2970, "", "1:1:", "2:2:", ALLOWANCE_SERVER_TYPE},
		{1010, "", "{\"(0,1)\"}", "{\"(0,2)\"}", ALLOWANCE_SERVER_TYPE},
		{1790, "", "c1", "c2", DIFFERENT}, /* refcursor */
		{OID, "", "16384", "16385", ALLOWANCE_SERVER_TYPE},
		{OID, "", "16383", "16385", DIFFERENT},
		{OID, "", "4294967295", "16385", ALLOWANCE_SERVER_TYPE},
		{OID, "", "4294967296", "16385", DIFFERENT},
		{OID, "", "99999999999999999999", "16385", DIFFERENT},
		{OID, "", "hex:00004000", "hex:00004001", ALLOWANCE_SERVER_TYPE},
		{OID, "", "hex:00003fff", "hex:00004001", DIFFERENT},
		{OID, "", "hex:4000", "hex:00004001", DIFFERENT},
		{REGCLASS, "", "hex:00004000", "hex:00004001", ALLOWANCE_SERVER_TYPE},
		{REGCLASS, "", "hex:00000a00", "hex:00004001", DIFFERENT},
		{REGCLASS, "", "item", "items", DIFFERENT},
		{REGCLASS, "", "item", "16385", DIFFERENT},
		{24, "", "now", "hi", DIFFERENT},
		{1028, "", "{16384,5}", "{16390,5}", ALLOWANCE_SERVER_TYPE},
		{INT4, "", "16384", "16385", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_unordered_texts(void **state)
{
	static const struct value_case cases[] = {
		{TEXT, ",", "x, y", "y, x", ALLOWANCE_ELEMENT_ORDER},
		{TEXT, "", "x, y", "y, x", DIFFERENT},
		{TEXT, ",", "x, y, y", "y, x, x", DIFFERENT},
		{TEXT, ",", "x, y, y", "y, x, y", ALLOWANCE_ELEMENT_ORDER},
		{TEXT, ",", "ab, cd", "cd, ba", DIFFERENT},
		{TEXT, ",", "x, y", "y, x, ", DIFFERENT},
		{TEXT, ",", "x, , y", ", y, x", ALLOWANCE_ELEMENT_ORDER},
		{TEXT, ",", "x", "y", DIFFERENT},
		{TEXT, ",", "", "y", DIFFERENT},
		{TEXT, ",", "x,y", "y,x", DIFFERENT},
		{VARCHAR, ",", "hex:782c2079", "hex:792c2078", ALLOWANCE_ELEMENT_ORDER},
		{TEXT, ",C", "2024-01-01 00:00:00, a", "a, 2024-01-01 00:00:01",
			ALLOWANCE_ELEMENT_ORDER},
		{TEXT, "U", "axe,bow", "bow,axe", ALLOWANCE_ELEMENT_ORDER},
		{TEXT, "U", "axe,bow", "bow,axx", DIFFERENT},
		{TEXT, "U", "axe,bow", "bow,ax", DIFFERENT},
		{TEXT, "U", "", "a", DIFFERENT},
		{XML, "U", "<a/><b/>", "<b/><a/>", ALLOWANCE_ELEMENT_ORDER},
		{XML, "", "<a/><b/>", "<b/><a/>", DIFFERENT},
		{BYTEA, "U", "\\x0102", "\\x0201", ALLOWANCE_ELEMENT_ORDER},
		{BYTEA, "U", "\\x0102", "\\x0120", DIFFERENT},
		{BYTEA, "U", "\\x01g2", "\\x01g3", DIFFERENT},
		{BYTEA, "U", "\\x012", "\\x021", DIFFERENT},
		{BYTEA, "U", "hex:0102", "hex:0201", ALLOWANCE_ELEMENT_ORDER},
		{BYTEA, "", "\\x0102", "\\x0201", DIFFERENT},
		{INT4, "U", "12", "21", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_types_of_both_sides(void **state)
{
	struct value_policy policy = policy_of("F");
	struct value_pair pair = {.truth.data = bytes_str("0.3"),
		.candidate.data = bytes_str("0.30000000000000004"),
		.column.type_oid = FLOAT8,
		.candidate_column.type_oid = FLOAT8};

	(void)state;
	assert_int_equal(compare_bytes(&policy, &pair), ALLOWANCE_FLOAT);
	pair.candidate_column.type_oid = NUMERIC;
	assert_int_equal(compare_bytes(&policy, &pair), DIFFERENT);
	pair.candidate_column.type_oid = USER;
	assert_int_equal(compare_bytes(&policy, &pair), DIFFERENT);
	pair.column.type_oid = USER + 7;
	assert_int_equal(compare_bytes(&policy, &pair), ALLOWANCE_FLOAT);
	pair.column.format = pair.candidate_column.format = 7;
	assert_int_equal(compare_bytes(&policy, &pair), DIFFERENT);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(value_allowance_name(ALLOWANCE_NONE), "");
	assert_string_equal(value_allowance_name(ALLOWANCE_FLOAT), "builtin:float");
	assert_string_equal(value_allowance_name(ALLOWANCE_SERVER_TYPE), "builtin:server-type");
	assert_string_equal(value_allowance_name(ALLOWANCE_COUNT), "?");
	assert_string_equal(value_allowance_meaning(ALLOWANCE_ELEMENT_ORDER),
		"an aggregate without ORDER BY inside it");
	assert_string_equal(value_allowance_meaning(ALLOWANCE_COUNT), "?");
}

static bool tie(uint32_t type, const char *left, const char *right)
{
	struct wire_value a = {.is_null = !left}, b = {.is_null = !right};
	struct wire_column column = {.type_oid = type};
	unsigned char *x = left ? value_bytes(left, &a.data.len) : NULL;
	unsigned char *y = right ? value_bytes(right, &b.data.len) : NULL;

	column.format = left && strncmp(left, "hex:", 4) == 0;
	a.data.ptr = x;
	b.data.ptr = y;
	bool result = value_is_tie(&a, &b, &column);
	assert_true(result == value_is_tie(&b, &a, &column));
	free(x);
	free(y);
	return result;
}

static void test_ties(void **state)
{
	static const struct {
		uint32_t type;
		const char *a, *b;
		bool is_tie;
	} cases[] = {
		{INT4, "1", "1", true},
		{INT4, "1", "2", false},
		{INT4, NULL, NULL, true},
		{INT4, NULL, "1", false},
		{NUMERIC, "1.0", "1.00", true},
		{NUMERIC, "1", "1.00", true},
		{NUMERIC, "-1.5", "-1.50", true},
		{NUMERIC, "-1.5", "1.5", false},
		{NUMERIC, "0", "0.00", true},
		{NUMERIC, "10", "1", false},
		{NUMERIC, "1.01", "1.1", false},
		{NUMERIC, "NaN", "NaN", true},
		{NUMERIC, "NaN", "1", false},
		{NUMERIC, "1.5x", "1.5", false},
		{NUMERIC, "hex:000200000000000100011388", "hex:000200000000000200011388", true},
		{NUMERIC, "hex:00010001000000000001", "hex:000200010000000000010000", true},
		{NUMERIC, "hex:00010001000000000001", "hex:00010000000000000001", false},
		{NUMERIC, "hex:00010000000000000001", "hex:00010000400000000001", false},
		{NUMERIC, "hex:0000000000000000", "hex:0000000000000002", true},
		{NUMERIC, "hex:00000000c0000000", "hex:0000000000000000", false},
		{NUMERIC, "hex:000200010000000000000001", "hex:00010000000000000001", true},
		{NUMERIC, "hex:000200010000000000000001", "hex:00010001000000000001", false},
		{NUMERIC, "hex:0005", "hex:0000000000000000", false},
		{FLOAT8, "0", "-0", true},
		{FLOAT8, "1", "1.0000000000000002", false},
		{FLOAT8, "hex:7ff8000000000000", "hex:fff8000000000000", true},
		{FLOAT4, "hex:00000000", "hex:80000000", true},
		{TIMESTAMPTZ, "2024-01-01 00:00:00+00", "2024-01-01 01:00:00+01", true},
		{TIMESTAMPTZ, "2024-01-01 00:00:00+00", "2024-01-01 00:00:00+01", false},
		{TIMESTAMP, "infinity", "-infinity", false},
		{TIMETZ, "12:00:00+02", "11:00:00+01", false},
		{TIME, "12:00:00", "12:00:00.000", true},
		{DATE, "2024-01-01", "2024-01-02", false},
		{INTERVAL, "1 day", "24:00:00", true},
		{INTERVAL, "1 mon", "30 days", true},
		{INTERVAL, "1 year 2 mons", "14 mons", true},
		{INTERVAL, "-1 days +24:00:00", "00:00:00", true},
		{INTERVAL, "1 mon", "31 days", false},
		{INTERVAL, "1 day", "P1D", false},
		{INTERVAL, "hex:00000000000000000000000100000000",
			"hex:000000141dd760000000000000000000", true},
		{INTERVAL, "hex:00000000000000000000000100000000",
			"hex:000000141dd760010000000000000000", false},
		{BPCHAR, "a  ", "a", true},
		{BPCHAR, "a  ", "b", false},
		{TEXT, "a ", "a", false},
		{BYTEA, "hex:00", "hex:0000", false},
		{USER, "a", "A", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (tie(cases[i].type, cases[i].a, cases[i].b) != cases[i].is_tie)
			fail_msg("%s against %s", cases[i].a, cases[i].b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_clock_of_other_types),
		cmocka_unit_test(test_volatile),
		cmocka_unit_test(test_server_types),
		cmocka_unit_test(test_unordered_texts),
		cmocka_unit_test(test_types_of_both_sides),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
