/*
 * Reading a fixture's text: what is wrong is refused with its line and column; a text that is cut
 * anywhere is refused or still a fixture; any byte may be anything.
 */
#include "tests/unit/replay/fixture_sample.h"
#include "tests/unit/replay/recorded.h"

#include "replay/fixture_read.h"

static bool on_meta(void *context, const char *key, const char *value, struct err *err)
{
	(void)context;
	(void)err;
	return key && value;
}

static bool on_backend(void *context, const struct trace_backend *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->name != NULL;
}

static bool on_session(void *context, const struct trace_session *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->id > 0;
}

static bool on_event(void *context, const struct trace_event *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->session > 0;
}

static bool on_part(void *context, const struct fixture_part *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->ordinal > 0;
}

static bool on_exchange(void *context, const struct trace_exchange *row, struct err *err)
{
	(void)err;
	++*(int *)context;
	return row->request.len > 0;
}

static bool reads(const char *text, size_t len, struct err *err)
{
	int exchanges = 0;
	struct fixture_sink sink = {
		on_meta, on_backend, on_session, on_event, on_part, on_exchange, &exchanges};
	FILE *in = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "r");
	bool ok;

	assert_non_null(in);
	*err = (struct err){""};
	ok = fixture_read(in, "f.twinkly", &sink, err);
	fclose(in);
	return ok;
}

static void test_cut_at_every_byte(void **state)
{
	struct err err;
	int whole_ones = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(fixture_sample) - 1; len++) {
		if (!reads(fixture_sample, len, &err)) {
			assert_non_null(strstr(err.text, "f.twinkly:"));
			continue;
		}
		/* Only at the end of a line, and what it holds is whole. */
		assert_int_equal(fixture_sample[len - 1], '\n');
		whole_ones++;
	}
	assert_true(whole_ones > 10);
}

/* Any one byte may be anything: an error or a fixture, never a crash. */
static void test_spoiled_at_every_byte(void **state)
{
	static const char bytes[] = "\"\\;[]:=<> \n#x0\x01\xff";
	char spoiled[sizeof(fixture_sample)];
	struct err err;
	int refused = 0;

	(void)state;
	memcpy(spoiled, fixture_sample, sizeof(fixture_sample));
	for (size_t at = 0; at < sizeof(fixture_sample) - 1; at++) {
		spoiled[at] = bytes[at % (sizeof(bytes) - 1)];
		refused += !reads(spoiled, sizeof(fixture_sample) - 1, &err);
		spoiled[at] = fixture_sample[at];
	}
	assert_true(refused > 500);
}

/* H, A and Q in front stand for a first line; and a session; and its request. */
static const struct {
	const char *text, *message;
} bad[] = {
	{"", ":1:1: expected \"twinkly-fixture 1\", found nothing"},
	{"hello\n", ":1:1: expected \"twinkly-fixture 1\", found \"hello\""},
	{"twinkly-fixture 2\n", ":1:18: this fixture is of a newer version"},
	{"H"
	 "session a\n",
		":2:10: expected a session's name or user=NAME, found the end"},
	{"H"
	 "session a a user=x\n",
		":2:12: a session of that name is there already"},
	{"H"
	 "session user=x\n",
		"the line names no session"},
	{"H"
	 "session a database=x\n",
		"expected user=NAME"},
	{"H"
	 "sides truth=a candidate=a\n",
		"the two sides have the same name"},
	{"H"
	 "setup x y\n",
		"there is no side of that name"},
	{"A"
	 "b> Sync\n",
		":3:1: expected the name of a session that a line"},
	{"A"
	 "a> Nonsense\n",
		":3:4: expected a message such as Query"},
	{"A"
	 "a> Query\n",
		":3:9: expected a string in double quotes, found the end"},
	{"A"
	 "a> Query \"x\n",
		":3:12: expected the string's closing quote"},
	{"A"
	 "a> Query \"\\q\"\n",
		"expected one of the escapes"},
	{"A"
	 "a> Query \"\\x00\"\n",
		"a NUL byte cannot be sent here"},
	{"A"
	 "a> Query \"x\" y\n",
		":3:14: expected a semicolon or the end of the line"},
	{"A"
	 "a> Bind \"\" s params=[int4:x]\n",
		":3:27: expected a literal of that type"},
	{"A"
	 "a> Bind \"\" s params=[int9:1]\n",
		":3:22: expected hex: or the name of"},
	{"A"
	 "a> Bind \"\" s params=[1\n",
		"expected a value"},
	{"A"
	 "a> Bind \"\" s params=[hex:0]\n",
		"expected a second hex digit"},
	{"A"
	 "a> Bind \"\" s results=[x]\n",
		"expected a format: t, b or a number"},
	{"A"
	 "a> Parse s \"\" types=[nope]\n",
		"expected the name of a built-in type"},
	{"A"
	 "a> Execute p max=x\n",
		"expected a number"},
	{"A"
	 "a> Describe p\n",
		"expected statement or portal"},
	{"A"
	 "a< status=I\n",
		":3:4: no exchange of this session waits for an answer"},
	{"A"
	 "a> Sync\n",
		":3:1: the answer to this request is not complete"},
	{"Q"
	 "a< status=X\n",
		":4:11: expected a transaction status: I, T or E"},
	{"Q"
	 "a<nobody status=I\n",
		":4:3: expected a side as the line"},
	{"Q"
	 "a< nothing\n",
		":4:4: expected an item of an answer"},
	{"Q"
	 "a< row (\n",
		"expected a value"},
	{"Q"
	 "a< columns a\n",
		"expected a colon and the column's type"},
	{"Q"
	 "a< columns a:user65\n",
		"expected a built-in type, user1 to user64"},
	{"Q"
	 "a< error 23505\n",
		"expected a string in double quotes"},
	{"Q"
	 "a< status=I\na< status=I\n",
		":5:4: no exchange of this session waits"},
	{"Q"
	 "a< accept value status=I\n",
		"an accepted difference has a reason"},
	{"Q"
	 "a< accept colour reason=\"x\"\n",
		"expected a kind of difference"},
	{"Q"
	 "a< accept value reason=\"x\" until=2027-13-01\n",
		"expected a date such as"},
	{"Q"
	 "a! explode\n",
		"expected connect, disconnect, cancel, type or function"},
	{"Q"
	 "setup x\n",
		"expected a session's name with > < or !"},
	{"Q"
	 "a< status=I",
		"the last line has no end: the file was cut"},
};

static void test_bad_lines(void **state)
{
	struct err err;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *rest = bad[i].text;
		const char *head = "";

		if (*rest && strchr("HAQ", *rest))
			head = *rest == 'H'   ? "twinkly-fixture 1\n"
			       : *rest == 'A' ? "twinkly-fixture 1\nsession a user=app\n"
					      : "twinkly-fixture 1\nsession a user=app\na> Sync\n";
		rest += *head != '\0';
		snprintf(text, sizeof(text), "%s%s", head, rest);
		assert_false(reads(text, strlen(text), &err));
		if (!strstr(err.text, bad[i].message))
			fail_msg("\"%s\": \"%s\" is not in \"%s\"", bad[i].text, bad[i].message,
				err.text);
	}
}

static void test_a_nul_byte(void **state)
{
	static const char text[] = "twinkly-fixture 1\nsession a\0 user=app\n";
	struct err err;

	(void)state;
	assert_false(reads(text, sizeof(text) - 1, &err));
	assert_non_null(strstr(err.text, ":2:1: the line holds a NUL byte"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_spoiled_at_every_byte),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_a_nul_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
