/*
 * What the tests of the configuration reader share: a table of keys, parsing a text that is
 * expected to be right or wrong, and checking with the faults as text.
 */
#ifndef TESTS_UNIT_BASE_CONF_TESTING_H
#define TESTS_UNIT_BASE_CONF_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/conf.h"

static const struct conf_key plain_keys[] = {
	{.name = "a", .type = CONF_STRING},
	{.name = "b", .type = CONF_STRING},
	{.name = "c", .type = CONF_STRING},
	{.name = "s.a", .type = CONF_STRING},
	{.name = "s.b", .type = CONF_STRING},
	{.name = "s.t.a", .type = CONF_STRING},
	{.name = "s.t.b", .type = CONF_STRING},
	{.name = "s.list", .type = CONF_STRINGS},
	{.name = "list", .type = CONF_STRINGS},
	{.name = "more", .type = CONF_STRINGS},
	{.name = "mixed", .type = CONF_LIST},
};

/* Checks and returns what was printed; the caller frees it. */
static inline char *faults_of(
	struct conf *conf, const struct conf_key *keys, size_t count, size_t *faults)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	*faults = conf_check(conf, keys, count, out);
	fclose(out);
	return text;
}

static inline struct conf *parse_text(const char *text)
{
	struct err err;
	struct conf *conf = conf_parse("t.conf", text, strlen(text), &err);

	if (!conf)
		fail_msg("%s", err.text);
	return conf;
}

static inline void check_plain(struct conf *conf)
{
	size_t faults;
	char *text = faults_of(conf, plain_keys, ARRAY_LEN(plain_keys), &faults);

	if (faults)
		fail_msg("%s", text);
	free(text);
}

static inline struct conf *parse_plain(const char *text)
{
	struct conf *conf = parse_text(text);

	check_plain(conf);
	return conf;
}

/* The array `key` as "x|y|z". */
static inline const char *list_text(const struct conf *conf, const char *key, char out[256])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < conf_count(conf, key); i++)
		len += (size_t)snprintf(
			out + len, 256 - len, "%s%s", i ? "|" : "", conf_item(conf, key, i));
	return out;
}

/* Does `text` give `key` the value `expected`? NULL: absent. Arrays as "x|y|z". */
static inline void assert_value(const char *text, const char *key, const char *expected)
{
	struct conf *conf = parse_plain(text);
	char list[256];
	size_t key_len = strlen(key);
	bool is_list = key_len >= 4 && strcmp(key + key_len - 4, "list") == 0;
	const char *value = is_list ? list_text(conf, key, list) : conf_string(conf, key);

	if (!expected && value)
		fail_msg("%s: %s is \"%s\", not absent", text, key, value);
	if (expected && (!value || strcmp(value, expected) != 0))
		fail_msg("%s: %s is \"%s\", not \"%s\"", text, key, value ? value : "(absent)",
			expected);
	conf_free(conf);
}

static inline void assert_error(const char *text, const char *message)
{
	struct err err = {""};
	struct conf *conf = conf_parse("t.conf", text, strlen(text), &err);

	assert_null(conf);
	assert_string_equal(err.text, message);
}

#endif
