/*
 * What the parts of the rules share (private to diffengine/rules*.c): rules.c loads lists and
 * packs, rules_item.c compiles and checks one rule, rules_words.c its words, rules_match.c
 * decides what a rule fits, rules_scope.c keeps what was decided for a statement.
 */
#ifndef DIFFENGINE_RULES_IMPL_H
#define DIFFENGINE_RULES_IMPL_H

#include <stdio.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/hash.h"
#include "base/list.h"
#include "diffengine/pattern.h"
#include "diffengine/rules.h"
#include "diffengine/version.h"

#define RULES_MEMORY_MAX ((size_t)64 << 20)

enum rule_side { RULE_SIDE_ANY, RULE_SIDE_POSTGRESQL, RULE_SIDE_YUGABYTEDB };

enum rule_class { /* bits beyond those of enum analysis_class */
	RULE_CLASS_METADATA = ANALYSIS_OTHER + 1,
	RULE_CLASS_AGGREGATE
};

struct rule_pack {
	const char *name, *text;
	int version;
	/* When it serves by itself: a YugabyteDB is there, or the majors differ. */
	enum { RULE_PACK_YUGABYTEDB, RULE_PACK_MAJORS } serves;
	bool is_loaded, is_by_version, is_serving;
};

struct rule_names { /* count 0: any */
	const char **names;
	size_t count;
};

struct rule_body {
	struct rule rule; /* first: what others see */
	struct rule_pack *pack;
	struct pattern *statement, *message, *edit;
	const char *replacement;
	struct rule_names tables, columns, user_types;
	struct rule_names sqlstates, postgresql, yugabytedb;
	uint32_t *types;
	size_t type_count;
	uint64_t kinds;   /* a bit for each; 0: any */
	uint32_t classes; /* the same */
	enum rule_side side;
	bool allows_null; /* NULL against a value as well */
	struct version_range postgresql_version, yugabytedb_version, base_version;
};

struct rules_scope {
	struct list lru; /* in rules->lru */
	struct hash128 key;
	struct rules_scope *next; /* in its bucket */
	struct rules *rules;
	size_t count;
	struct rule_body *bodies[];
};

struct rules {
	struct arena arena;
	struct pattern_work *work;
	struct rule_body *bodies;
	size_t count;
	struct rule_pack packs[2];
	char serving[128]; /* rules_packs */
	bool truth_is_postgresql;

	struct rules_scope *empty;
	struct rules_scope *buckets[RULES_SCOPES_MAX];
	struct list lru; /* most recently used first */
	size_t scope_count;
};

struct rules_loader { /* while a configuration is read */
	struct rules *rules;
	FILE *out; /* for faults */
	size_t faults;
	struct rule_pack *pack; /* the items are its; NULL: the user's */
};

/* --- rules_item.c --- */
/* Appends the rule that a section describes; tells of its faults. */
void rules_add_item(struct rules_loader *l, struct conf *section, const char *place);
/* The members of a rule, for docs and tests. */
const struct conf_key *rules_members(size_t *count);

/* --- rules_words.c: false: the word is none --- */
bool rules_type_oid(const char *name, uint32_t *oid);
bool rules_is_sqlstate(const char *text); /* 23505, or 23* */
bool rules_is_date(const char *text);
bool rules_find_kind(const char *name, unsigned *kind);
bool rules_find_class(const char *name, unsigned *class);

/* --- rules_match.c --- */
/* The subject's statement begins with its first word. */
bool rule_fits_statement(
	struct rule_body *body, struct rules *rules, const struct rules_subject *subject);
bool rule_fits_versions(const struct rule_body *body, const struct version_server *postgresql,
	const struct version_server *yugabytedb);

/* --- rules_scope.c --- */
bool rules_scope_init(struct rules *rules);
void rules_scope_clear(struct rules *rules); /* forgets all statements */

#endif
