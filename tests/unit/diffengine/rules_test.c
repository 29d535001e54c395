/*
 * Loading rules: every fault at its place, what is too wide, packs by name and by version,
 * expiry, what is kept.
 */
#include "diffengine/rules.h"

#include "tests/unit/diffengine/rules_testing.h"

#define HEAD "name = n, reason = r"

/* The faults of a list that has one rule with these members behind HEAD, on line 2. */
static void assert_list_refused(const char *items, const char *expected)
{
	char text[16384], *printed = NULL;
	size_t size, faults;
	FILE *out = open_memstream(&printed, &size);
	struct err err = {""};

	snprintf(text, sizeof(text), "comparison.rules = [\n%s ]", items);
	struct conf *conf = rules_conf(text);
	faults = rules_check(conf, out);
	fclose(out);
	if (strcmp(printed, expected) != 0)
		fail_msg("%s\n%s", items, printed);
	assert_true(faults > 0);
	assert_null(rules_load(conf, &err));
	assert_int_equal(strncmp(err.text, expected, strcspn(expected, "\n")), 0);
	free(printed);
	conf_free(conf);
}

static void assert_refused(const char *rule, const char *expected)
{
	char items[8192];

	snprintf(items, sizeof(items), "{ " HEAD ", %s }", rule);
	assert_list_refused(items, expected);
}

static void assert_accepted(const char *rule)
{
	char items[8192];

	snprintf(items, sizeof(items), "{ " HEAD ", %s }", rule);
	rules_free(rules_of(items));
}

static void test_missing(void **state)
{
	(void)state;
	assert_list_refused("{ statement = x }",
		"t.conf:2:1: name: a rule needs a name\n"
		"t.conf:2:1: reason: a rule needs a reason, for those who read the report\n"
		"t.conf:2:1: action: a rule needs an action: ignore, tolerance, unordered, "
		"equivalent, map, retry or exclude\n");
	assert_list_refused("{ name = \"a:b\", reason = r, action = ignore, column = x }",
		"t.conf:2:10: name: expected up to 63 letters, digits or - _ .\n");
	assert_list_refused("{ name = a, reason = \"\", action = ignore, column = x }",
		"t.conf:2:22: reason: a rule needs a reason, for those who read the report\n");
	assert_list_refused("{ " HEAD ", action = ignore, column = x }\n{ " HEAD
			    ", action = ignore, column = y }",
		"t.conf:3:10: name: \"n\" is the name of the rule at t.conf:2:1 as well\n");
	assert_list_refused("{ " HEAD ", action = ignore, colum = x }",
		"t.conf:2:42: unknown key \"colum\"; did you mean \"column\"?\n");
}

static void test_wrong_words(void **state)
{
	(void)state;
	assert_refused("action = forget",
		"t.conf:2:34: action: \"forget\" is not one of ignore, tolerance, unordered, "
		"equivalent, map, retry, exclude\n");
	assert_refused("action = ignore, statement = \"(\"",
		"t.conf:2:54: statement: \"(\" is not a valid pattern: at character 1: "
		"missing closing parenthesis\n");
	assert_refused("action = ignore, column = x, kinds = [ value, valeu ]",
		"t.conf:2:71: kinds: \"valeu\" is not a kind of difference (docs/RULES.md has "
		"them)\n");
	assert_refused("action = ignore, sqlstate = [ 23505, 2350, \"2*3\" ]",
		"t.conf:2:62: sqlstate: \"2350\" is not a SQLSTATE (five digits or capital "
		"letters, or two to four and a *)\n"
		"t.conf:2:68: sqlstate: \"2*3\" is not a SQLSTATE (five digits or capital "
		"letters, or two to four and a *)\n");
	assert_refused("action = ignore, column = x, until = 2026-02-29",
		"t.conf:2:62: until: \"2026-02-29\" is not a date (YYYY-MM-DD)\n");
	assert_refused("action = ignore, class = [ explian ]",
		"t.conf:2:52: class: \"explian\" is not a class of statements (docs/RULES.md "
		"has them)\n");
	assert_refused("action = ignore, type = flaot8",
		"t.conf:2:49: type: \"flaot8\" is neither a builtin type nor an OID, nor the "
		"name of another type with its schema\n");
	assert_refused("action = ignore, column = x, yugabytedb-version = new",
		"t.conf:2:75: yugabytedb-version: \"new\" is not a range of versions (like "
		"\">=2025.1, <2025.2.3\")\n");
	assert_refused("action = ignore, tables = []",
		"t.conf:2:51: tables: is empty, so that the rule would never select anything\n");
}

static void test_wrong_combinations(void **state)
{
	(void)state;
	assert_refused("action = ignore, column = x, relative = 0.1",
		"t.conf:2:65: relative: means nothing with action = ignore\n");
	assert_refused("action = tolerance, type = float8",
		"t.conf:2:34: action: tolerance needs relative or absolute\n");
	assert_refused("action = equivalent, postgresql = 23505",
		"t.conf:2:34: action: equivalent needs sqlstate, or both postgresql and "
		"yugabytedb\n");
	assert_refused("action = map, pattern = x, replacement = \"$1\", column = c",
		"t.conf:2:66: replacement: \"$1\": \"$\" must be followed by the number of a "
		"group (0 to 0) or by \"$\"\n");
	assert_refused("action = map, pattern = x",
		"t.conf:2:34: action: map needs pattern, and column by name\n");
	assert_refused("action = retry, statement = x",
		"t.conf:2:34: action: retry needs sqlstate or message\n");
	assert_refused("action = ignore, column = x, version = \">=15\"",
		"t.conf:2:64: version: is that of the product that side names; else there are "
		"postgresql-version and yugabytedb-version\n");
	assert_refused("action = tolerance, relative = 2",
		"t.conf:2:56: relative: \"2\" is out of range: from 0 to 1\n");
}

#define TOO_WIDE(more)                                                                     \
	"t.conf:2:34: action: this rule selects nearly every statement, so that it would " \
	"hide whatever goes wrong; narrow it down by statement, tables" more "\n"

static void test_too_wide(void **state)
{
	static const char *const wide[] = {"", ", statement = \".*\"", ", statement = \"x|\"",
		", kinds = [ value ]", ", column = \"*\"", ", tables = [ a, \"*.*\" ]",
		", class = [ query, ddl ]", ", side = yugabytedb", ", until = 2030-01-01",
		", yugabytedb-version = \"2025.1\"", ", message = \"\""};
	static const char *const narrow[] = {", statement = x", ", kinds = [ slow ]",
		", column = \"a*\"", ", tables = a", ", class = explain", ", type = 25",
		", sqlstate = 23505", ", message = x"};
	char rule[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		snprintf(rule, sizeof(rule), "action = ignore%s", wide[i]);
		assert_refused(rule, TOO_WIDE(", column, type, class or sqlstate"));
	}
	for (size_t i = 0; i < ARRAY_LEN(narrow); i++) {
		snprintf(rule, sizeof(rule), "action = ignore%s", narrow[i]);
		assert_accepted(rule);
	}
	assert_refused("action = exclude", TOO_WIDE(" or class"));
	assert_refused("action = unordered", TOO_WIDE(", column, type, class or sqlstate"));
	assert_accepted("action = tolerance, relative = 1e-12");
}

static void test_packs(void **state)
{
	struct rules *rules = rules_of("\"yugabytedb\", \"!yugabytedb:catalog\"");
	size_t count = rules_count(rules);

	(void)state;
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		assert_string_not_equal(rules_at(rules, i)->name, "yugabytedb:catalog");
		assert_string_equal(rules_at(rules, i)->pack, "yugabytedb");
		assert_int_equal(
			strncmp(rules_at(rules, i)->place, "packs/yugabytedb.conf:", 22), 0);
		assert_true(strlen(rules_at(rules, i)->reason) > 10);
	}
	rules_free(rules);
	rules = rules_of("\"yugabytedb\"");
	assert_int_equal(rules_count(rules), count + 1);
	rules_free(rules);
	rules = rules_of("");
	assert_int_equal(rules_count(rules), 0);
	assert_string_equal(rules_packs(rules), "");
	rules_free(rules);
	rules_free(NULL);
	assert_list_refused("\"yugabyte\"",
		"t.conf:2:1: \"yugabyte\" is not a pack of rules: expected \"yugabytedb\", "
		"\"postgresql-major\", \"default\", or a rule in braces\n");
	assert_list_refused(
		"yugabytedb, yugabytedb", "t.conf:2:13: \"yugabytedb\" is named twice\n");
	assert_list_refused(
		"\"!own\"", "t.conf:2:1: \"own\" is not the name of a rule before it\n");
}

static void assert_packs(
	struct rules *rules, const char *postgresql, const char *yugabytedb, const char *expected)
{
	set_versions(rules, postgresql, yugabytedb);
	assert_string_equal(rules_packs(rules), expected);
}

static void test_default_packs_by_version(void **state)
{
	struct rules *rules = rules_of(NULL);

	(void)state;
	assert_string_equal(rules_packs(rules), "");
	assert_packs(rules, "15.18", "15.12-YB-2025.1.4.0-b0", "yugabytedb 1");
	assert_packs(rules, "15.18", "15.17", "");
	assert_packs(rules, "15.18", "17.2", "postgresql-major 1");
	assert_packs(rules, "15.18", "11.2-YB-2024.2.1.0-b0", "yugabytedb 1, postgresql-major 1");
	assert_packs(rules, "15.18", "", "");
	assert_packs(rules, "", "", "");
	rules_free(rules);
	/* Who names a pack wants it, whatever the servers say. */
	rules = rules_of("yugabytedb");
	assert_packs(rules, "", "", "yugabytedb 1");
	rules_free(rules);
}

static void test_expiry(void **state)
{
	struct rules *rules =
		rules_of("{ " HEAD ", action = ignore, column = x, until = 2026-06-30 }");
	struct rules_versions versions = {"15", "15", true, "2026-06-30"};

	(void)state;
	rules_set_versions(rules, &versions);
	assert_false(rules_at(rules, 0)->is_expired);
	assert_true(rules_at(rules, 0)->is_serving);
	versions.today = "2026-07-01";
	rules_set_versions(rules, &versions);
	assert_true(rules_at(rules, 0)->is_expired);
	assert_false(rules_at(rules, 0)->is_serving);
	versions.today = "";
	rules_set_versions(rules, &versions);
	assert_false(rules_at(rules, 0)->is_expired);
	rules_free(rules);
}

static char *many_rules(size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("comparison.rules = [\n", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "{ name = n%zu, reason = r, action = ignore, column = c%zu }\n", i, i);
	fputs("]\n", out);
	fclose(out);
	return text;
}

static void test_most_rules(void **state)
{
	char *text = many_rules(RULES_MAX);
	struct conf *conf = rules_conf(text);
	struct err err = {""};
	struct rules *rules = rules_load(conf, &err);

	(void)state;
	assert_non_null(rules);
	assert_int_equal(rules_count(rules), RULES_MAX);
	rules_free(rules);
	conf_free(conf);
	free(text);
	text = many_rules(RULES_MAX + 1);
	conf = rules_conf(text);
	assert_null(rules_load(conf, &err));
	assert_string_equal(err.text, "t.conf:1002:1: one rule more than there may be (1,000)");
	conf_free(conf);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_wrong_combinations),
		cmocka_unit_test(test_too_wide),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_default_packs_by_version),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_most_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
