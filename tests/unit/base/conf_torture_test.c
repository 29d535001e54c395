/*
 * Hostile texts: every prefix and many mutations of a sample that uses the whole syntax, and
 * texts that aim at the limits. Nothing may crash, hang or go unbounded; what is refused is
 * refused with a place.
 */
#include "base/conf.h"

#include "base/clock.h"
#include "tests/unit/base/conf_testing.h"

#define SECONDS_MOST 20

static const char sample[] =
	"# A sample of all that there is.\n"
	"proxy {\n"
	"  listen-address = \"127.0.0.1\" // loopback\n"
	"  listen-port : 5431,\n"
	"  auth = trust\r\n"
	"  \"quoted\" = \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\ud83d\\ude00\"\n"
	"  postgresql { name = \"PostgreSQL\", host = ${?HOST}\":5432\", user = ${?NOBODY} }\n"
	"  postgresql.connection-timeout = 10s\n"
	"  yugabytedb = ${proxy.postgresql}\n"
	"  yugabytedb { name = YugabyteDB, x = ${proxy.listen-port}/y z, y = null }\n"
	"  routing { patterns = [], more = [ \"a.*\\\\(\\\\)\", b c\n"
	" d, [ 1, [ 2 ] ], { e = 1 } ] }\n"
	"}\n"
	"comparison.rules = [ \"yugabytedb\" ]\n"
	"comparison.rules += ${proxy.routing.more}\n"
	"comparison.rules += x\n"
	"mixed = [ a, { b = 1, c = [ \"d\", e ] }, { a { b = 1 } } ]\n"
	"gr\xc3\xbc\xc3\x9f = ${?PATH} \xe2\x82\xac\n"
	"proxy = null\n"
	"a.b.c.d.e.f { g = 1 }, a.b = 5\n"
	"include \"none.conf\"\n";

/* Parses bytes, checks and prints what is accepted, and sees that a refusal has its place. */
static bool survive(const char *text, size_t len)
{
	/* A copy of just that size, so that reading beyond its end is seen. */
	char *copy = malloc(len ? len : 1);
	struct err err = {""};
	size_t faults;

	assert_non_null(copy);
	memcpy(copy, text, len);
	struct conf *conf = conf_parse("t.conf", copy, len, &err);
	free(copy);
	if (!conf) {
		assert_int_equal(strncmp(err.text, "t.conf:", 7), 0);
		assert_true(err.text[7] >= '1' && err.text[7] <= '9');
		return false;
	}
	char *printed = faults_of(conf, plain_keys, ARRAY_LEN(plain_keys), &faults);
	assert_int_equal(faults > 0, printed[0] != '\0');
	free(printed);
	FILE *out = fopen("/dev/null", "w");
	conf_print(conf, out);
	fclose(out);
	conf_free(conf);
	return true;
}

static void every_prefix(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (size_t len = 0; len <= sizeof(sample) - 1; len++)
		accepted += survive(sample, len);
	/* Mostly a section or a string is open. The sample without its last line is right. */
	assert_true(accepted > 10);
	assert_true(survive(sample, sizeof(sample) - 1 - strlen("include \"none.conf\"\n")));
}

static void every_byte_replaced(void **state)
{
	static const char bytes[] = "\0\n\"\\{}[]=:,+#/$?.x \x80\xff\xc3";
	char text[sizeof(sample)];
	size_t len = sizeof(sample) - 1, refused = 0;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			memcpy(text, sample, len);
			text[at] = bytes[i];
			refused += !survive(text, len);
		}
	}
	assert_true(refused > len);
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8 & 0xFFFF;
}

static void pieces_moved_about(void **state)
{
	char text[4 * sizeof(sample)];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t len = 0;

		for (int piece = 0; piece < 4; piece++) {
			size_t from = next_random(&seed) % (sizeof(sample) - 1);
			size_t n = next_random(&seed) % (sizeof(sample) - 1 - from) + 1;
			memcpy(text + len, sample + from, n);
			len += n;
		}
		survive(text, len);
	}
}

static void random_syntax(void **state)
{
	static const char *const tokens[] = {"a", "b", "c", ".", "=", "+=", ":", "{", "}", "[", "]",
		",", "\n", " ", "\"", "\"x\"", "${a}", "${?b}", "${c.a}", "null", "#", "//",
		"include ", "\\", "$", "1", "\"\\u", "{a=1}", "[a]"};
	char text[512];
	unsigned seed = 11;
	size_t accepted = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = 0, count = next_random(&seed) % 24 + 1;

		for (size_t i = 0; i < count; i++) {
			const char *token = tokens[next_random(&seed) % ARRAY_LEN(tokens)];
			memcpy(text + len, token, strlen(token));
			len += strlen(token);
		}
		accepted += survive(text, len);
	}
	assert_true(accepted > 100);
}

static void overrides_of_prefixes(void **state)
{
	struct conf *conf = conf_new_empty();
	char text[sizeof(sample) + 8];
	struct err err;

	(void)state;
	for (size_t len = 0; len < sizeof(sample) - 1; len += 3) {
		snprintf(text, sizeof(text), "a=%.*s", (int)len, sample);
		if (!conf_override(conf, text, &err))
			assert_int_equal(strncmp(err.text, "-s a=...: ", 10), 0);
		snprintf(text, sizeof(text), "%s", sample + len);
		if (!conf_override(conf, text, &err))
			assert_int_equal(strncmp(err.text, "-s ", 3), 0);
	}
	conf_free(conf);
}

/* `count` times `piece` in a text of the caller's, after `head`. */
static char *repeated(const char *head, const char *piece, size_t count, const char *tail)
{
	size_t n = strlen(piece), len = strlen(head);
	char *text = malloc(len + n * count + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, len);
	for (size_t i = 0; i < count; i++, len += n)
		memcpy(text + len, piece, n);
	memcpy(text + len, tail, strlen(tail) + 1);
	return text;
}

static void assert_repeated_error(
	const char *head, const char *piece, size_t count, const char *tail, const char *message)
{
	char *text = repeated(head, piece, count, tail);
	int64_t began = clock_mono_us();

	if (message)
		assert_error(text, message);
	else
		conf_free(parse_text(text));
	assert_true(clock_mono_us() - began < SECONDS_MOST * CLOCK_SECOND);
	free(text);
}

static void nesting(void **state)
{
	(void)state;
	/* The value of a key at depth 1 is at depth 1; each bracket goes one deeper. */
	assert_repeated_error("a = ", "[", 64, "x", "t.conf:1:69: nested deeper than 64");
	assert_repeated_error("a = ", "[", 200000, "", "t.conf:1:69: nested deeper than 64");
	assert_repeated_error("a = ", "[{b=", 200000, "", "t.conf:1:131: nested deeper than 64");
	assert_repeated_error("", "a{", 100000, "", "t.conf:1:129: nested deeper than 64");
	assert_repeated_error("a", ".a", 100000, "=1", "t.conf:1:129: nested deeper than 64");
	assert_repeated_error("a", ".a", 63, "=1", NULL);
	assert_repeated_error("a", ".a", 63, "=[]", NULL);
	assert_repeated_error("a", ".a", 63, "=[1]", "t.conf:1:130: nested deeper than 64");
	assert_repeated_error("a", ".a", 63, "+=1", "t.conf:1:130: nested deeper than 64");
	assert_repeated_error("{", "a={", 100000, "", "t.conf:1:194: nested deeper than 64");
	/* Depth that grows by substitution. */
	assert_repeated_error("a = x\n", "a = [${a}]\n", 63, "", NULL);
	assert_repeated_error(
		"a = x\n", "a = [${a}]\n", 64, "", "t.conf:65:6: nested deeper than 64");
}

static void many_values(void **state)
{
	(void)state;
	/* The root is one, a key one, its array one. */
	assert_repeated_error("a = [", "1,", 131069, "]", NULL);
	assert_repeated_error(
		"a = [", "1,", 131070, "]", "t.conf:1:262144: more than 131072 keys and values");
	assert_repeated_error(
		"", "a=1\n", 70000, "", "t.conf:65536:3: more than 131072 keys and values");
	assert_repeated_error(
		"", "a{}\n", 200000, "", "t.conf:131071:1: more than 131072 keys and values");
	assert_repeated_error(
		"a=", "${?x}", 200000, "", "t.conf:1:655353: more than 131072 keys and values");
	/* Values that multiply. */
	assert_repeated_error("a=[1,2,3,4]\n", "a=[${a},${a},${a},${a}]\n", 20, "",
		"t.conf:9:4: more than 131072 keys and values");
}

static void long_values(void **state)
{
	(void)state;
	assert_repeated_error("a = ", "x", 1000000, "", NULL);
	assert_repeated_error("a = \"", "\\u20ac", 100000, "\"", NULL);
	assert_repeated_error("", "x", 1000000, " = 1", NULL);
	assert_repeated_error("a = ", "x", 1 << 20, "", "t.conf: is larger than 1048576 bytes");
	assert_repeated_error("a = xxxxxxxx\n", "a = ${a}${a}\n", 30, "",
		"t.conf:19:9: a value longer than 1048576 bytes");
}

static void wide_sections(void **state)
{
	char *text = malloc(1 << 20);
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 4096; i++)
		len += (size_t)snprintf(text + len, 32, "k%d = 1\n", i);
	conf_free(parse_text(text));
	snprintf(text + len, 32, "k4096 = 1\n");
	assert_error(text, "t.conf:4097:1: more than 4096 keys in one section");
	free(text);
}

static void wide_and_unknown(void **state)
{
	char *text = malloc(1 << 20);
	size_t len = 0, faults;
	int64_t began = clock_mono_us();

	(void)state;
	for (int i = 0; i < 12 * 4000; i++) {
		if (i % 4000 == 0)
			len += (size_t)snprintf(text + len, 32, "%ss%d {\n", i ? "}\n" : "", i);
		len += (size_t)snprintf(text + len, 32, "k%d=1\n", i);
	}
	snprintf(text + len, 32, "}\n");
	struct conf *conf = parse_text(text);
	free(faults_of(conf, plain_keys, ARRAY_LEN(plain_keys), &faults));
	assert_int_equal(faults, 12 * 4000);
	conf_free(conf);
	free(text);
	assert_true(clock_mono_us() - began < SECONDS_MOST * CLOCK_SECOND);
}

static void costly_lookups(void **state)
{
	char *text = malloc(1 << 20);
	size_t len = 0;
	int64_t began = clock_mono_us();

	(void)state;
	for (int i = 0; i < 4095; i++)
		len += (size_t)snprintf(text + len, 32, "k%d=1\n", i);
	len += (size_t)snprintf(text + len, 32, "a = ");
	for (int i = 0; i < 120000; i++)
		len += (size_t)snprintf(text + len, 32, "${?x}");
	conf_free(parse_text(text));
	free(text);
	assert_true(clock_mono_us() - began < SECONDS_MOST * CLOCK_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(every_byte_replaced),
		cmocka_unit_test(pieces_moved_about),
		cmocka_unit_test(random_syntax),
		cmocka_unit_test(overrides_of_prefixes),
		cmocka_unit_test(nesting),
		cmocka_unit_test(many_values),
		cmocka_unit_test(long_values),
		cmocka_unit_test(wide_sections),
		cmocka_unit_test(wide_and_unknown),
		cmocka_unit_test(costly_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
