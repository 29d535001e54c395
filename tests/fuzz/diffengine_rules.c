/*
 * Rules from a configuration's text, then everything that rules can be asked. Before the first
 * NUL: the text of the configuration; then a statement, and a value.
 */
#include "diffengine/rules.h"

#include "base/arena.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/diffengine/rules_testing.h"

static void ask(struct rules *rules, struct bytes statement, struct bytes value)
{
	struct analysis *analysis = analysis_new(bytes_of(statement.ptr, statement.len));
	struct rules_subject subject = {statement, analysis};
	struct rules_difference d = {.kind = DIFF_SQLSTATE,
		.column_name = "c1",
		.type_oid = 23,
		.truth_error = error_of("23505", "bad"),
		.candidate_error = error_of("0A000", "xd")};
	struct arena arena;

	arena_init(&arena, 1 << 22);
	set_versions(rules, "15.18", "15.12-YB-2025.1.4.0-b0");
	const struct rules_scope *scope = rules_select(rules, &subject);
	fuzz_check(scope);
	(void)rules_allow(scope, &d);
	(void)rules_retry(scope, &d);
	(void)rules_for_column(scope, RULE_TOLERANCE, "c1", 701);
	(void)rules_for_column(scope, RULE_UNORDERED, NULL, 0);
	(void)rules_map(scope, "d", value, &arena);
	for (size_t i = 0; i < rules_count(rules); i++)
		fuzz_check(rules_at(rules, i)->name && rules_at(rules, i)->reason);
	arena_fini(&arena);
	analysis_free(analysis);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), text = fuzz_until(&in, '\0');
	struct bytes statement = fuzz_until(&in, '\0');
	struct err err = {""};
	struct conf *conf = conf_parse("f.conf", (const char *)text.ptr, text.len, &err);
	FILE *null = fopen("/dev/null", "w");
	struct rules *rules = NULL;

	fuzz_check(null);
	if (conf && conf_check(conf, rules_keys, ARRAY_LEN(rules_keys), null) == 0) {
		size_t faults = rules_check(conf, null);

		rules = rules_load(conf, &err);
		fuzz_check((rules != NULL) == (faults == 0));
		fuzz_check(rules || err.text[0] != '\0');
	}
	fclose(null);
	conf_free(conf);
	if (rules)
		ask(rules, statement, in);
	rules_free(rules);
	return 0;
}
