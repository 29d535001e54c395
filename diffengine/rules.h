/*
 * Rules: what a person, or a pack for a product, says about differences. A rule selects by
 * statement (PCRE2), tables, column, type, difference kind, SQLSTATE, message, side and server
 * version, and says what to do. Packs are files of the same language (packs/NAME.conf).
 *
 * Compiled once, immutable but for the counters of use; one thread. A pattern's work on one
 * text is bounded (diffengine/pattern.h); beyond it the rule does not match, and `timeouts`
 * counts it. The language is described in docs/RULES.md.
 */
#ifndef DIFFENGINE_RULES_H
#define DIFFENGINE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "diffengine/analysis.h"
#include "diffengine/verdict.h"

#define RULES_MAX         1000 /* of a configuration, packs included */
#define RULES_SCOPES_MAX  4096 /* statements that the cache keeps; the least recently used goes */
#define RULES_NAMES_MAX   64   /* tables, columns, types, SQLSTATEs of one rule, each */
#define RULES_PATTERN_MAX 4096 /* bytes of a pattern */

enum rule_action {
	RULE_IGNORE,     /* the difference is allowed */
	RULE_TOLERANCE,  /* numbers and times may differ by so much */
	RULE_UNORDERED,  /* rows are a multiset, and so are the elements of the named columns */
	RULE_EQUIVALENT, /* SQLSTATEs that count as the same */
	RULE_MAP,        /* values are rewritten by a pattern on both sides before they compare */
	RULE_RETRY,      /* an error that asks for another try */
	RULE_EXCLUDE     /* nothing of the statement is compared */
};

struct rule_use {           /* what a run did with a rule */
	int64_t statements; /* commands whose statement it selected, where answers differed */
	int64_t fired;      /* differences that it allowed */
	int64_t commands;   /* commands that it made equal or allowed */
	int64_t timeouts;   /* patterns given up at the limit of work: it did not match */
};

struct rule {                       /* readable by all; made by rules_load */
	const char *name;           /* of a pack's rule: "pack:name" */
	const char *reason, *place; /* place: file:line:column */
	const char *pack;           /* NULL: the user's own */
	enum rule_action action;
	const char *until; /* YYYY-MM-DD, NULL: no expiry */
	bool is_expired;   /* then it selects nothing */
	bool is_serving;   /* neither expired nor for other versions than the servers' */
	double relative;   /* RULE_TOLERANCE */
	double absolute;   /* RULE_TOLERANCE; numbers: units, times: seconds */
	struct rule_use use;
};

struct rules_subject { /* a statement between two servers, selected once per command */
	struct bytes statement;
	const struct analysis *analysis; /* for the tables; NULL: unknown */
};

struct rules_difference { /* what a rule can look at; NULL or 0: not there */
	enum diff_kind kind;
	const char *column_name;
	uint32_t type_oid;
	const char *type_name;                     /* of a user type, NULL: unknown */
	struct bytes truth_error, candidate_error; /* bodies of ErrorResponse */
	const char *truth, *candidate;             /* the values as the difference shows them */
};

struct rules_versions { /* server_version of either product, as reported; "" unknown */
	const char *postgresql, *yugabytedb;
	bool truth_is_postgresql;
	const char *today; /* YYYY-MM-DD, for expiry; "" never expires */
};

struct conf;
struct rules;
struct rules_scope; /* the rules that select one statement; borrowed from the cache in rules */

/* From comparison.rules of a checked configuration: names of packs and inline rules. NULL with
 * err, which names the place of the first fault. Where the key is absent, every built-in pack
 * is loaded, and each serves only when the versions are those that it is made for. Everything
 * is copied: `conf` may go before the rules do. */
struct rules *rules_load(const struct conf *conf, struct err *err) ATTR_USE_RESULT;
/* Prints every fault of comparison.rules with its place on `out`; returns their number. */
size_t rules_check(const struct conf *conf, FILE *out) ATTR_USE_RESULT;
/* When both servers have said who they are, and again if that changes; the strings are copied. */
void rules_set_versions(struct rules *rules, const struct rules_versions *versions);
void rules_free(struct rules *rules); /* takes NULL */

/* Borrowed until the next call. Never NULL: with nothing selected it is empty. */
const struct rules_scope *rules_select(struct rules *rules, const struct rules_subject *subject);
/* The first rule of the scope with this action that the column fits; NULL: none. With
 * column_name NULL and type 0 the statement as a whole is meant: a rule that names columns fits
 * only with RULE_UNORDERED (its rows are a multiset, too). For a column, RULE_UNORDERED fits
 * only where the rule names columns or types. */
struct rule *rules_for_column(const struct rules_scope *scope, enum rule_action action,
	const char *column_name, uint32_t type_oid);
/* The first rule that allows the difference (ignore, equivalent); NULL: none. Does not count. */
struct rule *rules_allow(
	const struct rules_scope *scope, const struct rules_difference *difference);
/* The first RULE_RETRY that the error of a one-sided failure, or of both, fits; NULL: none. */
struct rule *rules_retry(
	const struct rules_scope *scope, const struct rules_difference *difference);
/* Every RULE_MAP for the column applied to a value, one after the other. The result is in the
 * arena, or `value` itself. */
struct arena;
struct bytes rules_map(const struct rules_scope *scope, const char *column_name, struct bytes value,
	struct arena *arena);

size_t rules_count(const struct rules *rules);
const struct rule *rules_at(const struct rules *rules, size_t index);
/* The packs that serve and their versions, as "yugabytedb 1, postgresql-major 1"; "" none.
 * Borrowed until rules_set_versions. */
const char *rules_packs(const struct rules *rules);

#endif
