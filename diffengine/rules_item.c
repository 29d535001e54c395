/*
 * One rule: from a section of the configuration to its compiled form, with every fault told at
 * the place of the member that has it.
 */
#include <stdarg.h>
#include <string.h>

#include "diffengine/rules_impl.h"

#define NAME_MAX_LEN   63
#define REASON_MAX_LEN 500

static const struct conf_key members[] = {
	{"name", CONF_STRING, NULL, NULL, 0, 0, false, "letters, digits, - _ ."},
	{"reason", CONF_STRING, NULL, NULL, 0, 0, false, "why the difference does not matter"},
	{"action", CONF_ENUM, NULL, "ignore tolerance unordered equivalent map retry exclude", 0, 0,
		false, "what is done"},
	{"until", CONF_STRING, NULL, NULL, 0, 0, false, "the last day it holds, YYYY-MM-DD"},
	{"statement", CONF_STRING, NULL, NULL, 0, 0, false,
		"pattern of the statement from its first word on"},
	{"tables", CONF_STRINGS, NULL, NULL, 0, 0, false, "tables it reads or writes; * and ?"},
	{"class", CONF_STRINGS, NULL, NULL, 0, 0, false, "what kind of statement it is"},
	{"column", CONF_STRINGS, NULL, NULL, 0, 0, false, "names of result columns; * and ?"},
	{"type", CONF_STRINGS, NULL, NULL, 0, 0, false,
		"builtin types, OIDs, user types with their schema"},
	{"kinds", CONF_STRINGS, NULL, NULL, 0, 0, false, "kinds of difference"},
	{"null", CONF_BOOLEAN, "false", NULL, 0, 0, false, "NULL against a value, too"},
	{"sqlstate", CONF_STRINGS, NULL, NULL, 0, 0, false, "codes of any side: 23505 or 23*"},
	{"postgresql", CONF_STRINGS, NULL, NULL, 0, 0, false, "codes of PostgreSQL's error"},
	{"yugabytedb", CONF_STRINGS, NULL, NULL, 0, 0, false, "codes of YugabyteDB's error"},
	{"message", CONF_STRING, NULL, NULL, 0, 0, false, "pattern of the error's message"},
	{"side", CONF_ENUM, NULL, "postgresql yugabytedb", 0, 0, false,
		"which product failed, or has what the other has not"},
	{"version", CONF_STRING, NULL, NULL, 0, 0, false, "versions of the product of side"},
	{"postgresql-version", CONF_STRING, NULL, NULL, 0, 0, false, "versions of PostgreSQL"},
	{"yugabytedb-version", CONF_STRING, NULL, NULL, 0, 0, false, "releases of YugabyteDB"},
	{"base-version", CONF_STRING, NULL, NULL, 0, 0, false,
		"versions of the PostgreSQL that YugabyteDB is built on"},
	{"relative", CONF_NUMBER, "0", NULL, 0, 1, false, "tolerance, as a part of the larger"},
	{"absolute", CONF_NUMBER, "0", NULL, 0, -1, false, "tolerance in units, or in seconds"},
	{"pattern", CONF_STRING, NULL, NULL, 0, 0, false, "what is replaced in the value"},
	{"replacement", CONF_STRING, "\"\"", NULL, 0, 0, false, "by what; $1 is a group"},
};

#define ACTION(NAME)  (1u << RULE_##NAME)
#define ERROR_ACTIONS (ACTION(IGNORE) | ACTION(EQUIVALENT) | ACTION(RETRY))

/* Members that mean something with some actions only. */
static const struct {
	const char *name;
	unsigned actions;
} special[] = {
	{"column", ACTION(IGNORE) | ACTION(TOLERANCE) | ACTION(UNORDERED) | ACTION(MAP)},
	{"type", ACTION(IGNORE) | ACTION(TOLERANCE) | ACTION(UNORDERED)},
	{"kinds", ACTION(IGNORE)},
	{"null", ACTION(IGNORE)},
	{"sqlstate", ERROR_ACTIONS},
	{"postgresql", ACTION(IGNORE) | ACTION(EQUIVALENT)},
	{"yugabytedb", ACTION(IGNORE) | ACTION(EQUIVALENT)},
	{"message", ERROR_ACTIONS},
	{"side", ACTION(IGNORE) | ACTION(RETRY)},
	{"version", ACTION(IGNORE) | ACTION(RETRY)},
	{"relative", ACTION(TOLERANCE)},
	{"absolute", ACTION(TOLERANCE)},
	{"pattern", ACTION(MAP)},
	{"replacement", ACTION(MAP)},
};

struct item {
	struct rules_loader *l;
	struct conf *conf;
	const char *place;
	struct rule_body *body;
};

const struct conf_key *rules_members(size_t *count)
{
	*count = ARRAY_LEN(members);
	return members;
}

static bool is_set(const struct item *it, const char *key)
{
	return strcmp(conf_place(it->conf, key, 0), "default") != 0;
}

/* A fault at the i-th word of a member; at the rule itself where the member is not there. */
ATTR_PRINTF(4, 5)
static void complain(struct item *it, const char *key, size_t i, const char *fmt, ...)
{
	va_list args;

	fprintf(it->l->out, "%s: %s: ", is_set(it, key) ? conf_place(it->conf, key, i) : it->place,
		key);
	va_start(args, fmt);
	vfprintf(it->l->out, fmt, args);
	va_end(args);
	fputc('\n', it->l->out);
	it->l->faults++;
}

static struct arena *arena_of(struct item *it)
{
	return &it->l->rules->arena;
}

/* Memory is bounded, so that it may be out; then a fault tells. */
static void *need(struct item *it, void *memory)
{
	if (!memory) {
		fprintf(it->l->out, "%s: the rules need too much memory\n", it->place);
		it->l->faults++;
	}
	return memory;
}

static const char *copy(struct item *it, const char *text)
{
	return text ? need(it, arena_copy_str(arena_of(it), bytes_str(text))) : NULL;
}

static bool is_name(const char *name)
{
	return *name && strlen(name) <= NAME_MAX_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       strlen(name);
}

static void take_name(struct item *it)
{
	const char *name = conf_string(it->conf, "name");
	const struct rule_pack *pack = it->l->pack;

	if (!name) {
		complain(it, "name", 0, "a rule needs a name");
		return;
	}
	if (!is_name(name))
		complain(it, "name", 0, "expected up to %d letters, digits or - _ .", NAME_MAX_LEN);
	it->body->rule.name = pack ? need(it, arena_printf(arena_of(it), "%s:%s", pack->name, name))
				   : copy(it, name);
	const struct rules *rules = it->l->rules;
	for (size_t i = 0; i < rules->count; i++)
		if (rules->bodies[i].rule.name && it->body->rule.name &&
			strcmp(rules->bodies[i].rule.name, it->body->rule.name) == 0)
			complain(it, "name", 0, "\"%s\" is the name of the rule at %s as well",
				name, rules->bodies[i].rule.place);
}

static void take_reason(struct item *it)
{
	const char *reason = conf_string(it->conf, "reason");

	if (!reason || !*reason)
		complain(it, "reason", 0, "a rule needs a reason, for those who read the report");
	else if (strlen(reason) > REASON_MAX_LEN)
		complain(it, "reason", 0, "is longer than %d bytes", REASON_MAX_LEN);
	it->body->rule.reason = copy(it, reason);
}

static void take_until(struct item *it)
{
	const char *until = conf_string(it->conf, "until");

	if (until && !rules_is_date(until))
		complain(it, "until", 0, "\"%.40s\" is not a date (YYYY-MM-DD)", until);
	it->body->rule.until = copy(it, until);
}

static void take_action(struct item *it)
{
	if (!conf_string(it->conf, "action")) {
		complain(it, "action", 0,
			"a rule needs an action: ignore, tolerance, unordered, equivalent, map, "
			"retry or exclude");
		return;
	}
	it->body->rule.action = (enum rule_action)conf_integer(it->conf, "action");
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (is_set(it, special[i].name) &&
			!(special[i].actions >> it->body->rule.action & 1))
			complain(it, special[i].name, 0, "means nothing with action = %s",
				conf_string(it->conf, "action"));
}

static struct pattern *take_pattern(struct item *it, const char *key)
{
	const char *text = conf_string(it->conf, key);
	struct err err;

	if (!text)
		return NULL;
	if (strlen(text) > RULES_PATTERN_MAX) {
		complain(it, key, 0, "is longer than %d bytes", RULES_PATTERN_MAX);
		return NULL;
	}
	struct pattern *pattern = pattern_new(text, &err);
	if (!pattern)
		complain(it, key, 0, "%s", err.text);
	return pattern;
}

static size_t count_of(struct item *it, const char *key)
{
	size_t count = conf_count(it->conf, key);

	if (is_set(it, key) && count == 0)
		complain(it, key, 0, "is empty, so that the rule would never select anything");
	if (count <= RULES_NAMES_MAX)
		return count;
	complain(it, key, RULES_NAMES_MAX, "has more than %d items", RULES_NAMES_MAX);
	return RULES_NAMES_MAX;
}

static struct rule_names take_names(struct item *it, const char *key)
{
	struct rule_names names = {.count = count_of(it, key)};

	if (names.count == 0)
		return names;
	names.names = need(it, arena_alloc(arena_of(it), names.count * sizeof(*names.names)));
	for (size_t i = 0; names.names && i < names.count; i++) {
		const char *name = conf_item(it->conf, key, i);

		if (!*name || strlen(name) > RULES_PATTERN_MAX)
			complain(it, key, i, "a name has 1 to %d bytes", RULES_PATTERN_MAX);
		names.names[i] = copy(it, name);
	}
	return names;
}

static struct rule_names take_sqlstates(struct item *it, const char *key)
{
	struct rule_names codes = take_names(it, key);

	for (size_t i = 0; codes.names && i < codes.count; i++)
		if (codes.names[i] && !rules_is_sqlstate(codes.names[i]))
			complain(it, key, i,
				"\"%.40s\" is not a SQLSTATE (five digits or capital letters, or "
				"two to four and a *)",
				codes.names[i]);
	return codes;
}

static void take_kinds(struct item *it)
{
	for (size_t i = 0; i < count_of(it, "kinds"); i++) {
		const char *name = conf_item(it->conf, "kinds", i);
		unsigned kind;

		if (rules_find_kind(name, &kind))
			it->body->kinds |= (uint64_t)1 << kind;
		else
			complain(it, "kinds", i,
				"\"%.40s\" is not a kind of difference (docs/RULES.md has them)",
				name);
	}
}

static void take_classes(struct item *it)
{
	for (size_t i = 0; i < count_of(it, "class"); i++) {
		const char *name = conf_item(it->conf, "class", i);
		unsigned class;

		if (rules_find_class(name, &class))
			it->body->classes |= 1u << class;
		else
			complain(it, "class", i,
				"\"%.40s\" is not a class of statements (docs/RULES.md has them)",
				name);
	}
}

static void take_type(struct item *it, size_t i)
{
	struct rule_body *body = it->body;
	const char *name = conf_item(it->conf, "type", i);

	if (rules_type_oid(name, &body->types[body->type_count]))
		body->type_count++;
	else if (strchr(name, '.') && body->rule.action == RULE_IGNORE)
		body->user_types.names[body->user_types.count++] = copy(it, name);
	else
		complain(it, "type", i,
			"\"%.80s\" is neither a builtin type nor an OID, nor%s the name of another "
			"type with its schema",
			name, body->rule.action == RULE_IGNORE ? "" : ", with action = ignore,");
}

static void take_types(struct item *it)
{
	struct rule_body *body = it->body;
	size_t count = count_of(it, "type");

	if (count == 0)
		return;
	body->types = need(it, arena_alloc(arena_of(it), count * sizeof(*body->types)));
	body->user_types.names =
		need(it, arena_alloc(arena_of(it), count * sizeof(*body->user_types.names)));
	for (size_t i = 0; body->types && body->user_types.names && i < count; i++)
		take_type(it, i);
}

static void take_range(struct item *it, const char *key, struct version_range *range)
{
	const char *text = conf_string(it->conf, key);
	struct err err;

	if (text && !version_parse_range(text, range, &err))
		complain(it, key, 0, "%s", err.text);
}

static void take_versions(struct item *it)
{
	struct rule_body *body = it->body;

	if (conf_string(it->conf, "side"))
		body->side = conf_integer(it->conf, "side") == 0 ? RULE_SIDE_POSTGRESQL
								 : RULE_SIDE_YUGABYTEDB;
	take_range(it, "postgresql-version", &body->postgresql_version);
	take_range(it, "yugabytedb-version", &body->yugabytedb_version);
	take_range(it, "base-version", &body->base_version);
	if (!is_set(it, "version"))
		return;
	bool is_postgresql = body->side == RULE_SIDE_POSTGRESQL;
	if (body->side == RULE_SIDE_ANY)
		complain(it, "version", 0,
			"is that of the product that side names; else there are "
			"postgresql-version and yugabytedb-version");
	else if (is_set(it, is_postgresql ? "postgresql-version" : "yugabytedb-version"))
		complain(it, "version", 0, "this product's version is given twice");
	else
		take_range(it, "version",
			is_postgresql ? &body->postgresql_version : &body->yugabytedb_version);
}

static void take_edit(struct item *it)
{
	struct rule_body *body = it->body;
	struct err err;

	body->edit = take_pattern(it, "pattern");
	body->replacement = copy(it, conf_string(it->conf, "replacement"));
	if (body->edit && body->replacement &&
		!pattern_check_replacement(body->edit, body->replacement, &err))
		complain(it, "replacement", 0, "%s", err.text);
}

/* --- is the whole what its action needs, and not too much? --- */

static bool is_every_name(const struct rule_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->names[i] && strspn(names->names[i], "*?.") == strlen(names->names[i]))
			return true;
	return names->count == 0;
}

/* A pattern that is found in nothing at all is found everywhere. */
static bool is_every_text(const struct item *it, const struct pattern *pattern)
{
	return !pattern ||
	       pattern_search(pattern, it->l->rules->work, bytes_of(NULL, 0)) == PATTERN_FOUND;
}

/* Kinds whose differences are wrong data select too much by themselves. */
static bool has_data_kinds(uint64_t kinds)
{
	for (unsigned i = 0; i < DIFF_KIND_COUNT; i++)
		if (kinds >> i & 1 && diff_kind_info((enum diff_kind)i)->severity == SEVERITY_DATA)
			return true;
	return kinds == 0;
}

static bool selects_everything(const struct item *it)
{
	const struct rule_body *body = it->body;
	uint32_t wide = 1u << ANALYSIS_QUERY | 1u << ANALYSIS_CHANGE;

	if (!is_every_text(it, body->statement) || !is_every_text(it, body->message) ||
		!is_every_name(&body->tables) || !is_every_name(&body->columns))
		return false;
	if (body->type_count + body->user_types.count > 0 || !has_data_kinds(body->kinds))
		return false;
	if (body->sqlstates.count + body->postgresql.count + body->yugabytedb.count > 0)
		return false;
	return body->classes == 0 || body->classes & wide;
}

static void check_selection(struct item *it)
{
	enum rule_action action = it->body->rule.action;

	if (action != RULE_IGNORE && action != RULE_EXCLUDE && action != RULE_UNORDERED)
		return;
	if (selects_everything(it))
		complain(it, "action", 0,
			"this rule selects nearly every statement, so that it would hide whatever "
			"goes wrong; narrow it down by statement, tables%s",
			action == RULE_EXCLUDE ? " or class" : ", column, type, class or sqlstate");
}

static void check_needs(struct item *it)
{
	const struct rule_body *body = it->body;
	bool has_pair = body->postgresql.count > 0 && body->yugabytedb.count > 0;

	switch (body->rule.action) {
	case RULE_TOLERANCE:
		if (body->rule.relative <= 0 && body->rule.absolute <= 0)
			complain(it, "action", 0, "tolerance needs relative or absolute");
		break;
	case RULE_EQUIVALENT:
		if (body->sqlstates.count == 0 && !has_pair)
			complain(it, "action", 0,
				"equivalent needs sqlstate, or both postgresql and yugabytedb");
		break;
	case RULE_MAP:
		if (!body->edit || is_every_name(&body->columns))
			complain(it, "action", 0, "map needs pattern, and column by name");
		break;
	case RULE_RETRY:
		if (body->sqlstates.count == 0 && is_every_text(it, body->message))
			complain(it, "action", 0, "retry needs sqlstate or message");
		break;
	case RULE_IGNORE:
	case RULE_UNORDERED:
	case RULE_EXCLUDE:
		break;
	}
}

static void take_selectors(struct item *it)
{
	struct rule_body *body = it->body;

	body->statement = take_pattern(it, "statement");
	body->message = take_pattern(it, "message");
	body->tables = take_names(it, "tables");
	body->columns = take_names(it, "column");
	body->sqlstates = take_sqlstates(it, "sqlstate");
	body->postgresql = take_sqlstates(it, "postgresql");
	body->yugabytedb = take_sqlstates(it, "yugabytedb");
	body->allows_null = conf_boolean(it->conf, "null");
	take_types(it);
	take_kinds(it);
	take_classes(it);
	take_versions(it);
}

void rules_add_item(struct rules_loader *l, struct conf *section, const char *place)
{
	struct item it = {.l = l, .conf = section, .place = place};
	size_t faults = conf_check(section, members, ARRAY_LEN(members), l->out);

	if (faults > 0) {
		l->faults += faults;
		return;
	}
	it.body = &l->rules->bodies[l->rules->count];
	it.body->pack = l->pack;
	it.body->rule.pack = l->pack ? l->pack->name : NULL;
	it.body->rule.place = copy(&it, place);
	it.body->rule.relative = conf_number(section, "relative");
	it.body->rule.absolute = conf_number(section, "absolute");
	faults = l->faults;
	take_name(&it);
	take_reason(&it);
	take_action(&it);
	take_until(&it);
	take_selectors(&it);
	take_edit(&it);
	/* What is wrong anyway need not be told to be too wide as well. */
	if (l->faults == faults) {
		check_needs(&it);
		check_selection(&it);
	}
	l->rules->count++; /* also a wrong one: rules_free gives back what it has */
}
