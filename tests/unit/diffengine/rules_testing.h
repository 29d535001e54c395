/*
 * What the tests of the rules share: rules from a text, statements and errors made by hand.
 */
#ifndef TESTS_UNIT_DIFFENGINE_RULES_TESTING_H
#define TESTS_UNIT_DIFFENGINE_RULES_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/conf.h"
#include "diffengine/rules.h"

static const struct conf_key rules_keys[] = {
	{.name = "comparison.rules", .type = CONF_LIST, .fallback = "[ \"default\" ]"},
};

static inline struct conf *rules_conf(const char *text)
{
	struct err err;
	struct conf *conf = conf_parse("t.conf", text, strlen(text), &err);

	if (!conf)
		fail_msg("%s", err.text);
	if (conf_check(conf, rules_keys, ARRAY_LEN(rules_keys), stderr) > 0)
		fail_msg("%s", text);
	return conf;
}

/* `items` is what stands in the brackets; NULL: the key is absent. */
static inline struct rules *rules_of(const char *items)
{
	char text[16384];
	struct err err = {""};

	snprintf(text, sizeof(text), "comparison.rules = [ %s ]", items ? items : "");
	struct conf *conf = rules_conf(items ? text : "");
	struct rules *rules = rules_load(conf, &err);
	conf_free(conf);
	if (!rules)
		fail_msg("%s", err.text);
	return rules;
}

static inline void set_versions(struct rules *rules, const char *postgresql, const char *yugabytedb)
{
	struct rules_versions versions = {postgresql, yugabytedb, true, "2026-06-30"};

	rules_set_versions(rules, &versions);
}

static inline const struct rules_scope *select_text(
	struct rules *rules, const char *statement, const struct analysis *analysis)
{
	struct rules_subject subject = {bytes_str(statement), analysis};

	return rules_select(rules, &subject);
}

/* The body of an ErrorResponse, in one of a few turns of static memory. */
static inline struct bytes error_of(const char *sqlstate, const char *message)
{
	static char turns[4][512];
	static int turn;
	char *out = turns[turn++ % 4];
	int len = snprintf(out, 512, "SERROR%cC%s%cM%s%c", 0, sqlstate, 0, message, 0);

	return bytes_of(out, (size_t)len + 1);
}

static inline const char *name_of(const struct rule *rule)
{
	return rule ? rule->name : "none";
}

#endif
