/*
 * The tree that the configuration reader builds (private to base/conf*.c). Values live in
 * the conf's arena until conf_free; a value that was overridden stays there unused.
 * Invariant: no value lies deeper than CONF_DEPTH_MAX, so recursion over the tree is bounded.
 */
#ifndef BASE_CONF_TREE_H
#define BASE_CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/conf.h"
#include "base/err.h"

#define CONF_FILE_MAX    ((size_t)1 << 20) /* bytes of a file, and of one value */
#define CONF_FILES_MAX   256               /* files read, an include twice counts twice */
#define CONF_INCLUDE_MAX 16
#define CONF_PATH_MAX    4096 /* bytes of a file's name */
#define CONF_DEPTH_MAX   64
#define CONF_PIECES_MAX  131072 /* names, values and ${NAME}s: bounds the time taken */
#define CONF_KEYS_MAX    4096   /* in one section: they are searched one by one */
#define CONF_MEMORY_MAX  ((size_t)64 << 20)

struct conf_place {
	const char *file;
	unsigned line, column; /* from 1; line 0: `file` alone tells (command line, default) */
};

enum conf_kind {
	CONF_KIND_NULL, /* only on its way to unset a key, never in the tree */
	CONF_KIND_SCALAR,
	CONF_KIND_ARRAY,
	CONF_KIND_OBJECT
};

struct conf_value {
	enum conf_kind kind;
	struct conf_place place;     /* where the value begins */
	const char *key;             /* a member of an object: its name, not dotted */
	struct conf_place key_place; /* and where that was written */
	const char *text;            /* a scalar's text, escapes resolved */
	struct conf_value *first, *last, *next;
	size_t count; /* of members or items */
};

/* A key of the checked table with its effective value, as the getters want it. */
struct conf_entry {
	const struct conf_key *key;
	const char *place; /* of the value; "default" */
	const char *text;  /* the scalar, or the choice's word; NULL: absent, or an array */
	int64_t integer;   /* also boolean, duration, size, index of the choice */
	double number;
	bool is_set;  /* by the file, the command line or a default */
	size_t count; /* CONF_STRINGS, CONF_LIST: items */
	const char **items, **places;
	const struct conf_value **values; /* of the items */
};

struct conf {
	struct arena arena;
	struct conf_value *root;
	size_t pieces, files; /* so far, against the limits */
	struct conf_entry *entries;
	size_t entry_count;
};

/* "file:line:column: " and the message into err; always false. */
bool conf_fail(struct conf_place place, struct err *err, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* Counts one more name, value or ${NAME}; false over the limit. */
bool conf_count_piece(struct conf *conf, struct conf_place place, struct err *err) ATTR_USE_RESULT;

/* NULL over a limit, with err set. */
struct conf_value *conf_value_new(struct conf *conf, enum conf_kind kind, struct conf_place place,
	struct err *err) ATTR_USE_RESULT;
struct conf_value *conf_value_scalar(struct conf *conf, struct bytes text, struct conf_place place,
	struct err *err) ATTR_USE_RESULT;
/* A deep copy that will lie at `depth` and says it was written at `place`. */
struct conf_value *conf_value_copy(struct conf *conf, const struct conf_value *value, size_t depth,
	struct conf_place place, struct err *err) ATTR_USE_RESULT;

void conf_value_append(struct conf_value *parent, struct conf_value *child);

struct conf_value *conf_value_find(const struct conf_value *object, const char *key);
/* Sets a member whose key and key_place are filled in: objects merge, all else replaces. */
bool conf_value_put(
	struct conf_value *object, struct conf_value *member, struct err *err) ATTR_USE_RESULT;
void conf_value_remove(struct conf_value *object, const char *key);

/* A key as the table has it, names separated by dots; NULL where there is none. */
const struct conf_value *conf_value_at(const struct conf *conf, const char *dotted);

#endif
