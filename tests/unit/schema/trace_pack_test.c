/*
 * Long answers: what is compressed and how it is read again, also by one who does not know of it.
 */
#include "schema/trace_read.h"

#include "tests/unit/schema/place.h"

#include <string.h>

#define LONG 100000

static unsigned char truth[LONG], candidate[LONG];

/* Rows of text, which compress; or noise, which does not. */
static void fill(unsigned char *out, unsigned seed, bool is_noise)
{
	for (size_t i = 0; i < LONG; i++) {
		seed = seed * 1103515245 + 12345;
		out[i] = is_noise ? (unsigned char)(seed >> 16)
				  : (unsigned char)("0123456789abcdef"[i / 7 % 16] + (seed & 0));
	}
}

static void write_one(const char *path, size_t truth_len, size_t candidate_len)
{
	struct trace *t = create_trace(path);
	struct trace_exchange row = {.id = 1,
		.session = 1,
		.request = bytes_str("Q"),
		.truth = bytes_of(truth, truth_len),
		.truth_len = (int64_t)truth_len,
		.has_candidate = candidate_len > 0,
		.candidate = bytes_of(candidate, candidate_len),
		.candidate_len = (int64_t)(candidate_len ? candidate_len : truth_len)};

	put_session(t, 1);
	MUST(trace_write_exchange(t, &row, &err));
	close_trace(t);
}

struct expected {
	size_t truth_len, candidate_len;
	int seen;
};

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct expected *e = context;

	e->seen++;
	assert_int_equal(row->truth.len, e->truth_len);
	assert_memory_equal(row->truth.ptr, truth, e->truth_len);
	assert_int_equal(row->has_candidate, e->candidate_len > 0);
	assert_int_equal(row->candidate.len, e->candidate_len);
	if (e->candidate_len)
		assert_memory_equal(row->candidate.ptr, candidate, e->candidate_len);
	return true;
}

static void reads(const char *path, size_t truth_len, size_t candidate_len)
{
	struct expected e = {truth_len, candidate_len, 0};
	struct trace *t = open_trace(path);

	MUST(trace_read_exchanges(t, 0, 0, on_exchange, &e, &err));
	assert_int_equal(e.seen, 1);
	close_trace(t);
}

static void long_answers_are_compressed(void **state)
{
	struct place *place = *state;

	fill(truth, 1, false);
	write_one(place->trace, LONG, 0);
	assert_string_equal(plain_query(place->trace,
				    "SELECT length(e.truth), truth_len, candidate IS NULL, "
				    "(SELECT truth_len FROM packed), (SELECT candidate IS NULL "
				    "FROM packed) FROM exchange e"),
		"1024|100000|1|98976|1\n");
	reads(place->trace, LONG, 0);
	assert_string_equal(
		plain_query(place->trace, "SELECT length(truth) < 10000 FROM packed"), "1\n");
}

static void each_side_for_itself(void **state)
{
	struct place *place = *state;

	fill(truth, 1, true);
	fill(candidate, 2, false);
	write_one(place->trace, LONG, LONG - 1);
	assert_string_equal(
		plain_query(place->trace, "SELECT truth IS NULL, candidate_len FROM packed"),
		"1|98975\n");
	reads(place->trace, LONG, LONG - 1);
}

static void short_answers_and_noise_are_left_as_they_are(void **state)
{
	struct place *place = *state;

	fill(truth, 1, false);
	write_one(place->trace, PACK_LEAST - 1, 0);
	reads(place->trace, PACK_LEAST - 1, 0);
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM packed"), "0\n");
	fill(truth, 1, true);
	write_one(place->trace, LONG, 0);
	reads(place->trace, LONG, 0);
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM packed"), "0\n");
}

/* Of a Twinkly from before there was the table. */
static void a_trace_without_the_table_is_read(void **state)
{
	struct place *place = *state;

	fill(truth, 1, true);
	write_one(place->trace, LONG, 0);
	plain_exec(place->trace, "DROP TABLE packed");
	plain_exec(place->trace, "DROP TABLE session_count");
	plain_exec(place->trace, "DROP TABLE redaction");
	reads(place->trace, LONG, 0);
}

static void on_problem(void *context, const char *text)
{
	snprintf(context, 256, "%s", text);
}

static void damage_is_told(void **state)
{
	static const char *const damages[] = {
		"UPDATE packed SET truth = x'00'",
		"UPDATE packed SET truth_len = truth_len - 1",
		"UPDATE packed SET truth_len = 1 << 40",
		"UPDATE packed SET truth = substr(truth, 1, length(truth) - 1)",
		"UPDATE packed SET truth = CAST(substr(truth, 1, length(truth) - 1) || x'00' "
		"AS BLOB)",
	};
	struct place *place = *state;
	struct expected e = {0, 0, 0};

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct err why = {.text = ""};
		char told[256] = "";

		fill(truth, 1, false);
		write_one(place->trace, LONG, 0);
		plain_exec(place->trace, damages[i]);
		struct trace *t = open_trace(place->trace);
		assert_false(trace_read_exchanges(t, 0, 0, on_exchange, &e, &why));
		assert_non_null(strstr(why.text, "the packed answer of exchange 1 is damaged"));
		MUST(trace_check(t, on_problem, told, &err));
		assert_non_null(strstr(told, "the packed answer of exchange 1 is damaged"));
		close_trace(t);
	}
	assert_int_equal(e.seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(long_answers_are_compressed),
		IN_PLACE(each_side_for_itself),
		IN_PLACE(short_answers_and_noise_are_left_as_they_are),
		IN_PLACE(a_trace_without_the_table_is_read),
		IN_PLACE(damage_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
