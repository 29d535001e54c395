/*
 * Hostile rules: every byte of a sample replaced, pieces moved about. What is accepted must be
 * usable, what is refused is refused with a place, and nothing crashes.
 */
#include "diffengine/rules.h"

#include "tests/unit/diffengine/rules_testing.h"

static const char sample[] =
	"comparison.rules = [ \"yugabytedb\", \"!yugabytedb:show\"\n"
	"{ name = a, reason = r, action = ignore, statement = \"^a(b|c)\", until = 2027-06-30\n"
	"  tables = [ s.t, \"u*\" ], class = [ ddl ], column = \"c?\", type = [ int4, 25, x.y ]\n"
	"  kinds = [ value, sqlstate ], sqlstate = [ 23505, \"0A*\" ], message = \"d$\"\n"
	"  side = yugabytedb, version = \">=2025.1, <2026\", null = true }\n"
	"{ name = b, reason = r, action = map, column = d, pattern = \"(x)\", replacement = "
	"\"$1$$\" }\n"
	"{ name = c, reason = r, action = tolerance, relative = 1e-9, absolute = 2 }\n"
	"{ name = d, reason = r, action = equivalent, postgresql = 23505, yugabytedb = \"23*\" }\n"
	"{ name = e, reason = r, action = retry, sqlstate = 40001, base-version = 15 } ]\n";

/* Asks the rules for everything that they can be asked. */
static void use(struct rules *rules)
{
	struct analysis_table table = {NULL, "u1", true};
	struct analysis analysis = {.class = ANALYSIS_DDL, .tables = &table, .table_count = 1};
	struct rules_difference d = {.kind = DIFF_SQLSTATE,
		.column_name = "c1",
		.type_oid = 23,
		.truth_error = error_of("23505", "bad"),
		.candidate_error = error_of("0A000", "xd")};
	struct arena arena;

	arena_init(&arena, 1 << 16);
	set_versions(rules, "15.18", "15.12-YB-2025.1.4.0-b0");
	const struct rules_scope *scope = select_text(rules, "ab", &analysis);
	(void)rules_allow(scope, &d);
	(void)rules_retry(scope, &d);
	(void)rules_for_column(scope, RULE_TOLERANCE, "c1", 701);
	(void)rules_map(scope, "d", bytes_str("axb"), &arena);
	for (size_t i = 0; i < rules_count(rules); i++)
		assert_true(rules_at(rules, i)->name && rules_at(rules, i)->reason);
	arena_fini(&arena);
}

/* Is it accepted? */
static bool survive(const char *text, size_t len)
{
	struct err err = {""};
	struct conf *conf = conf_parse("t.conf", text, len, &err);
	FILE *null = fopen("/dev/null", "w");
	struct rules *rules = NULL;

	assert_non_null(null);
	if (conf && conf_check(conf, rules_keys, ARRAY_LEN(rules_keys), null) == 0) {
		rules = rules_load(conf, &err);
		if (rules)
			use(rules);
		else if (strncmp(err.text, "t.conf:", 7) != 0)
			fail_msg("no place: %s", err.text);
	}
	rules_free(rules);
	conf_free(conf);
	fclose(null);
	return rules != NULL;
}

static void test_every_byte_replaced(void **state)
{
	static const char bytes[] = "\n\"\\{]=,*?$(0a \xff";
	char text[sizeof(sample)];
	size_t len = sizeof(sample) - 1, accepted = 0, refused = 0;

	(void)state;
	assert_true(survive(sample, len));
	for (size_t at = 0; at < len; at++) {
		for (size_t i = at % 3; i < sizeof(bytes) - 1; i += 3) {
			memcpy(text, sample, len);
			text[at] = bytes[i];
			if (survive(text, len))
				accepted++;
			else
				refused++;
		}
	}
	assert_true(accepted > len / 4);
	assert_true(refused > len);
}

static void test_words_exchanged(void **state)
{
	static const char *const words[] = {"ignore", "map", "retry", "unordered", "exclude",
		"equivalent", "tolerance", "\"\"", "\"*\"", "[]", "{}", "null", "99999999999",
		"\"(?R)\"", "\"(\"", "-1", "0", "name", "[a, [b]]"};
	char text[sizeof(sample) + 64];
	size_t len = sizeof(sample) - 1;

	(void)state;
	for (size_t at = 0; at + 1 < len; at++) {
		if (sample[at] != '=' || sample[at + 1] != ' ')
			continue;
		size_t end = at + 2 + strcspn(sample + at + 2, ",\n}");
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			int n = snprintf(text, sizeof(text), "%.*s%s %s", (int)at + 2, sample,
				words[i], sample + end);
			(void)survive(text, (size_t)n);
		}
	}
	/* A list that a thousand times asks for what is not there. */
	char *many = malloc(65536);
	size_t n = (size_t)snprintf(many, 65536, "comparison.rules = [");
	while (n < 65000)
		n += (size_t)snprintf(many + n, 65536 - n, " \"!x\",");
	n += (size_t)snprintf(many + n, 65536 - n, " ]");
	assert_false(survive(many, n));
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_replaced),
		cmocka_unit_test(test_words_exchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
