/*
 * What a rule fits: statements, versions, columns, errors, sides. Every selector of a rule must
 * hold; of the words of one selector one is enough.
 */
#include <ctype.h>
#include <stdlib.h>

#include "diffengine/rules_impl.h"
#include "wire/decode.h"

struct errors { /* messages of ErrorResponse; empty: that side did not fail */
	struct bytes postgresql, yugabytedb;
};

static bool search(struct rule_body *body, const struct pattern *pattern, struct bytes text,
	struct pattern_work *work)
{
	enum pattern_result result = pattern_search(pattern, work, text);

	body->rule.use.timeouts += result == PATTERN_TIMEOUT;
	return result == PATTERN_FOUND;
}

static bool is_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* `*` stands for any characters, `?` for one; without regard to case. Going back to the last
 * star only makes it quadratic at worst. */
static bool is_like(const char *name, const char *glob)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*glob == '*') {
			star = glob++;
			from = name;
		} else if (*glob == '?' || is_same_letter(*glob, *name)) {
			glob++;
			name++;
		} else if (star) {
			glob = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

static bool is_like_one(const struct rule_names *globs, const char *name)
{
	for (size_t i = 0; i < globs->count; i++)
		if (is_like(name, globs->names[i]))
			return true;
	return false;
}

/* `glob` may have a schema; a table that the statement names without one may lie in any. */
static bool is_table_like(const struct analysis_table *table, const char *glob)
{
	const char *dot = strchr(glob, '.');
	char schema[RULES_PATTERN_MAX];

	if (!dot)
		return is_like(table->name, glob);
	if (!is_like(table->name, dot + 1))
		return false;
	if (!table->schema)
		return true;
	snprintf(schema, sizeof(schema), "%.*s", (int)(dot - glob), glob);
	return is_like(table->schema, schema);
}

static bool fits_tables(const struct rule_body *body, const struct analysis *analysis)
{
	if (body->tables.count == 0)
		return true;
	if (!analysis)
		return false;
	for (size_t i = 0; i < analysis->table_count; i++)
		for (size_t k = 0; k < body->tables.count; k++)
			if (is_table_like(&analysis->tables[i], body->tables.names[k]))
				return true;
	return false;
}

static bool fits_class(const struct rule_body *body, const struct analysis *analysis)
{
	if (body->classes == 0)
		return true;
	if (!analysis)
		return false;
	uint32_t is = 1u << analysis->class;
	if (analysis->is_metadata)
		is |= 1u << RULE_CLASS_METADATA;
	if (analysis->is_aggregating)
		is |= 1u << RULE_CLASS_AGGREGATE;
	return body->classes & is;
}

bool rule_fits_statement(
	struct rule_body *body, struct rules *rules, const struct rules_subject *subject)
{
	if (!fits_class(body, subject->analysis) || !fits_tables(body, subject->analysis))
		return false;
	return !body->statement || search(body, body->statement, subject->statement, rules->work);
}

bool rule_fits_versions(const struct rule_body *body, const struct version_server *postgresql,
	const struct version_server *yugabytedb)
{
	return version_is_within(&postgresql->release, &body->postgresql_version) &&
	       version_is_within(&yugabytedb->release, &body->yugabytedb_version) &&
	       version_is_within(&yugabytedb->base, &body->base_version);
}

static bool names_columns(const struct rule_body *body)
{
	return body->columns.count > 0 || body->type_count > 0 || body->user_types.count > 0;
}

/* A user type's name may come without its schema. */
static bool is_user_type(const struct rule_body *body, const char *name)
{
	for (size_t i = 0; name && i < body->user_types.count; i++) {
		const char *dot = strchr(body->user_types.names[i], '.');

		if (strcmp(body->user_types.names[i], name) == 0 || strcmp(dot + 1, name) == 0)
			return true;
	}
	return false;
}

static bool fits_type(const struct rule_body *body, uint32_t oid, const char *user_type)
{
	if (body->type_count == 0 && body->user_types.count == 0)
		return true;
	for (size_t i = 0; i < body->type_count; i++)
		if (body->types[i] == oid)
			return true;
	return is_user_type(body, user_type);
}

static bool fits_column(
	const struct rule_body *body, const char *name, uint32_t oid, const char *user_type)
{
	if (body->columns.count > 0 && (!name || !is_like_one(&body->columns, name)))
		return false;
	return fits_type(body, oid, user_type);
}

static struct bytes checked_error(struct bytes body)
{
	return body.len > 0 && decode_error(body) ? body : bytes_of(NULL, 0);
}

static struct errors errors_of(const struct rules *rules, const struct rules_difference *d)
{
	struct bytes truth = checked_error(d->truth_error);
	struct bytes candidate = checked_error(d->candidate_error);

	return (struct errors){
		.postgresql = rules->truth_is_postgresql ? truth : candidate,
		.yugabytedb = rules->truth_is_postgresql ? candidate : truth,
	};
}

static bool has_sqlstate(const struct rule_names *codes, struct bytes error)
{
	struct bytes code = error.len ? error_field(error, 'C') : error;

	for (size_t i = 0; code.len && i < codes->count; i++) {
		size_t n = strcspn(codes->names[i], "*");

		if (n <= code.len && (codes->names[i][n] == '*' || n == code.len) &&
			memcmp(codes->names[i], code.ptr, n) == 0)
			return true;
	}
	return false;
}

/* A side's error against the SQLSTATEs for both sides and for it alone; none fits any. */
static bool fits_sqlstate(
	const struct rule_body *body, const struct rule_names *own, struct bytes error)
{
	if (own->count > 0 && !has_sqlstate(own, error))
		return false;
	return body->sqlstates.count == 0 || error.len == 0 ||
	       has_sqlstate(&body->sqlstates, error);
}

static bool fits_message(struct rule_body *body, struct bytes error, struct pattern_work *work)
{
	return error.len > 0 && search(body, body->message, error_field(error, 'M'), work);
}

/* Where the rule names a side, the other side's error is not looked at. */
static bool fits_errors(struct rule_body *body, struct errors errors, struct pattern_work *work)
{
	static const struct rule_names any;
	const struct rule_names *postgresql = &body->postgresql, *yugabytedb = &body->yugabytedb;

	if (body->side == RULE_SIDE_YUGABYTEDB) {
		errors.postgresql.len = 0;
		postgresql = &any;
	} else if (body->side == RULE_SIDE_POSTGRESQL) {
		errors.yugabytedb.len = 0;
		yugabytedb = &any;
	}
	if (body->sqlstates.count > 0 && errors.postgresql.len + errors.yugabytedb.len == 0)
		return false;
	if (!fits_sqlstate(body, postgresql, errors.postgresql) ||
		!fits_sqlstate(body, yugabytedb, errors.yugabytedb))
		return false;
	return !body->message || fits_message(body, errors.postgresql, work) ||
	       fits_message(body, errors.yugabytedb, work);
}

/* Which side has more rows; RULE_SIDE_ANY: neither, or it cannot be told. */
static enum rule_side side_with_more(const struct rules_difference *d, bool truth_is_postgresql)
{
	enum rule_side of_truth = truth_is_postgresql ? RULE_SIDE_POSTGRESQL : RULE_SIDE_YUGABYTEDB;
	enum rule_side of_candidate =
		truth_is_postgresql ? RULE_SIDE_YUGABYTEDB : RULE_SIDE_POSTGRESQL;

	if (!d->truth || !d->candidate)
		return d->truth ? of_truth : d->candidate ? of_candidate : RULE_SIDE_ANY;
	if (d->kind != DIFF_ROW_COUNT)
		return RULE_SIDE_ANY;
	long long truth = strtoll(d->truth, NULL, 10), candidate = strtoll(d->candidate, NULL, 10);
	if (truth == candidate)
		return RULE_SIDE_ANY;
	return truth > candidate ? of_truth : of_candidate;
}

/* The side that failed, or has what the other has not. Where both failed, both are it. */
static bool fits_side(const struct rule_body *body, const struct errors *errors,
	const struct rules_difference *d, bool truth_is_postgresql)
{
	if (body->side == RULE_SIDE_ANY)
		return true;
	if (errors->postgresql.len || errors->yugabytedb.len)
		return body->side == RULE_SIDE_POSTGRESQL ? errors->postgresql.len > 0
							  : errors->yugabytedb.len > 0;
	return side_with_more(d, truth_is_postgresql) == body->side;
}

/* NULL against a value is another matter than two values. */
static bool is_null_against_value(const struct rules_difference *d)
{
	return d->kind == DIFF_VALUE && d->column_name && (!d->truth || !d->candidate);
}

static bool allows(
	struct rule_body *body, const struct rules *rules, const struct rules_difference *d)
{
	if (body->rule.action == RULE_EQUIVALENT ? d->kind != DIFF_SQLSTATE
						 : body->rule.action != RULE_IGNORE)
		return false;
	if (body->kinds && !(body->kinds >> d->kind & 1))
		return false;
	if (is_null_against_value(d) && !body->allows_null)
		return false;
	if (!fits_column(body, d->column_name, d->type_oid, d->type_name))
		return false;
	struct errors errors = errors_of(rules, d);
	return fits_side(body, &errors, d, rules->truth_is_postgresql) &&
	       fits_errors(body, errors, rules->work);
}

struct rule *rules_allow(const struct rules_scope *scope, const struct rules_difference *difference)
{
	for (size_t i = 0; i < scope->count; i++)
		if (allows(scope->bodies[i], scope->rules, difference))
			return &scope->bodies[i]->rule;
	return NULL;
}

struct rule *rules_retry(const struct rules_scope *scope, const struct rules_difference *difference)
{
	struct errors errors = errors_of(scope->rules, difference);

	for (size_t i = 0; i < scope->count; i++) {
		struct rule_body *body = scope->bodies[i];

		if (body->rule.action == RULE_RETRY &&
			fits_side(body, &errors, difference, scope->rules->truth_is_postgresql) &&
			fits_errors(body, errors, scope->rules->work))
			return &body->rule;
	}
	return NULL;
}

static bool serves_column(const struct rule_body *body, const char *name, uint32_t oid)
{
	bool is_unordered = body->rule.action == RULE_UNORDERED;

	if (!name && oid == 0)
		return is_unordered || !names_columns(body);
	return fits_column(body, name, oid, NULL) && (!is_unordered || names_columns(body));
}

struct rule *rules_for_column(const struct rules_scope *scope, enum rule_action action,
	const char *column_name, uint32_t type_oid)
{
	for (size_t i = 0; i < scope->count; i++)
		if (scope->bodies[i]->rule.action == action &&
			serves_column(scope->bodies[i], column_name, type_oid))
			return &scope->bodies[i]->rule;
	return NULL;
}

struct bytes rules_map(const struct rules_scope *scope, const char *column_name, struct bytes value,
	struct arena *arena)
{
	for (size_t i = 0; i < scope->count; i++) {
		struct rule_body *body = scope->bodies[i];

		if (body->rule.action == RULE_MAP && fits_column(body, column_name, 0, NULL) &&
			pattern_replace(body->edit, scope->rules->work, body->replacement, arena,
				&value) == PATTERN_TIMEOUT)
			body->rule.use.timeouts++;
	}
	return value;
}
