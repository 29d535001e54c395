/*
 * The configuration reader: a documented subset of HOCON (docs/CONFIGURATION-SYNTAX.md). Nested
 * sections, `key = value` and `key : value`, dotted keys, # and // comments, quoted strings
 * with JSON escapes, unquoted scalars, arrays over several lines, +=, include "file",
 * ${NAME} and ${?NAME} (an earlier key, else the environment; not inside quotes),
 * durations (30s, 500ms, 2m, 1h, 10us) and sizes (64MB, 1KiB).
 *
 * A `struct conf` owns all it returns; strings and values live until conf_free. Values keep
 * the place (file, line, column) where they were written. Limits: file 1 MiB, nesting 64,
 * include depth 16, 256 files, 4,096 keys in a section, 131,072 keys and values (`a = 1` is
 * two); over a limit is an error with its place.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

struct conf;
struct conf_value; /* a scalar, an array or an object, with its place */

enum conf_type {
	CONF_STRING,
	CONF_INTEGER,
	CONF_NUMBER,
	CONF_BOOLEAN,  /* true false yes no on off */
	CONF_DURATION, /* microseconds */
	CONF_SIZE,     /* bytes; KB MB GB are powers of 1024, as PostgreSQL has them */
	CONF_ENUM,     /* one of `choices` */
	CONF_STRINGS,  /* an array of strings; a single string counts as one of one */
	CONF_LIST      /* the same, and its items may be sections as well: conf_section */
};

/* One row of a program family's table of keys: from it come checks, defaults,
 * --print-config and the lint that compares it with twinkly.conf and the docs. */
struct conf_key {
	const char *name; /* dotted, whole */
	enum conf_type type;
	const char *fallback; /* default in the file's own syntax; NULL: absent unless set */
	const char *choices;  /* CONF_ENUM: words separated by spaces; else NULL */
	double min, max;      /* for numbers, durations (us), sizes; both 0: no limit;
	                         max below min: no upper one */
	bool is_secret;       /* never printed: --print-config shows "***" */
	const char *help;     /* one sentence for the docs */
};

/* NULL on failure; err has file:line:column, what was expected and what was found. */
struct conf *conf_load(const char *path, struct err *err) ATTR_USE_RESULT;
/* The same from text; `name` stands for the file in messages; include is relative to it. */
struct conf *conf_parse(
	const char *name, const char *text, size_t len, struct err *err) ATTR_USE_RESULT;
struct conf *conf_new_empty(void) ATTR_USE_RESULT;
void conf_free(struct conf *conf);

/* One "KEY=VALUE" from the command line, laid over the file. */
bool conf_override(struct conf *conf, const char *assignment, struct err *err) ATTR_USE_RESULT;

/* Checks every value against the table: unknown keys (with the nearest known one), types,
 * ranges, choices. Prints each error with its place on `out`, one a line; returns their
 * number. The getters below may only be used after it returned 0. */
size_t conf_check(
	struct conf *conf, const struct conf_key *keys, size_t count, FILE *out) ATTR_USE_RESULT;

/* Values by dotted key, the key's default where the file does not set it. The key must be in
 * the checked table and of the type asked for. */
const char *conf_string(const struct conf *conf, const char *key); /* NULL: absent */
int64_t conf_integer(
	const struct conf *conf, const char *key); /* also duration, size, enum's index */
double conf_number(const struct conf *conf, const char *key);
bool conf_boolean(const struct conf *conf, const char *key);
size_t conf_count(const struct conf *conf, const char *key);               /* items of an array */
const char *conf_item(const struct conf *conf, const char *key, size_t i); /* NULL: a section */
/* The i-th item of a CONF_LIST that is a section, as a configuration of its own, yet to be
 * checked against its table of keys. NULL: out of memory. Caller owns the result; free with
 * conf_free before `conf`, from which it borrows. */
struct conf *conf_section(const struct conf *conf, const char *key, size_t i) ATTR_USE_RESULT;
/* Do two configurations have the same items there, sections member by member? */
bool conf_are_same_items(const struct conf *a, const struct conf *b, const char *key);
/* "file:line:column" of where the i-th item (or the value) was written; "default" if not set. */
const char *conf_place(const struct conf *conf, const char *key, size_t i);

/* The effective values as a file that can be read again, in the table's order. */
void conf_print(const struct conf *conf, FILE *out);

#endif
