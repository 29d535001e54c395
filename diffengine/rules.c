/*
 * Lists of rules: from comparison.rules, its packs and its own rules, to the table that is
 * looked through in their order; which of them serve for two servers.
 */
#include "diffengine/rules.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/rules_impl.h"

/* ISO C promises only 4,095 characters to a string literal; every compiler takes more. */
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "rule_packs.h"

#define KEY          "comparison.rules"
#define ALL_PACKS    "default"
#define REMOVE_MARK  '!'
#define FAULTS_SHOWN 50

static const struct conf_key pack_keys[] = {
	{"version", CONF_INTEGER, NULL, NULL, 1, 1000000, false, "grows with every change"},
	{"rules", CONF_LIST, NULL, NULL, 0, 0, false, "the rules"},
};

static void load_list(struct rules_loader *l, const struct conf *conf, const char *key);

static struct rules *rules_new(void)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	arena_init(&rules->arena, RULES_MEMORY_MAX);
	rules->packs[0] = (struct rule_pack){
		.name = "yugabytedb", .text = pack_yugabytedb, .serves = RULE_PACK_YUGABYTEDB};
	rules->packs[1] = (struct rule_pack){.name = "postgresql-major",
		.text = pack_postgresql_major,
		.serves = RULE_PACK_MAJORS};
	rules->work = pattern_work_new();
	rules->bodies = calloc(RULES_MAX, sizeof(*rules->bodies));
	if (rules_scope_init(rules) && rules->work && rules->bodies)
		return rules;
	rules_free(rules);
	return NULL;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	rules_scope_clear(rules);
	for (size_t i = 0; i < rules->count; i++) {
		pattern_free(rules->bodies[i].statement);
		pattern_free(rules->bodies[i].message);
		pattern_free(rules->bodies[i].edit);
	}
	pattern_work_free(rules->work);
	arena_fini(&rules->arena);
	free(rules->empty);
	free(rules->bodies);
	free(rules);
}

static void complain(struct rules_loader *l, const char *place, const char *text, const char *what)
{
	fprintf(l->out, "%s: %s%s%s%s\n", place, what ? "\"" : "", what ? what : "",
		what ? "\" " : "", text);
	l->faults++;
}

/* Packs are part of the program, so their faults are ours; a test reads all of them. */
static void load_pack(struct rules_loader *l, struct rule_pack *pack)
{
	struct err err;
	char name[64];

	snprintf(name, sizeof(name), "packs/%s.conf", pack->name);
	struct conf *conf = conf_parse(name, pack->text, strlen(pack->text), &err);
	if (!conf) {
		complain(l, name, err.text, NULL);
		return;
	}
	size_t faults = conf_check(conf, pack_keys, ARRAY_LEN(pack_keys), l->out);
	l->faults += faults;
	if (faults == 0) {
		l->pack = pack;
		pack->is_loaded = true;
		pack->version = (int)conf_integer(conf, "version");
		load_list(l, conf, "rules");
		l->pack = NULL;
	}
	conf_free(conf);
}

static void load_packs(struct rules_loader *l, const char *name, const char *place)
{
	bool is_default = strcmp(name, ALL_PACKS) == 0, is_known = is_default;

	for (size_t i = 0; i < ARRAY_LEN(l->rules->packs); i++) {
		struct rule_pack *pack = &l->rules->packs[i];

		if (!is_default && strcmp(pack->name, name) != 0)
			continue;
		is_known = true;
		if (pack->is_loaded) {
			complain(l, place, "is named twice", pack->name);
			continue;
		}
		pack->is_by_version = is_default;
		load_pack(l, pack);
	}
	if (!is_known)
		complain(l, place,
			"is not a pack of rules: expected \"yugabytedb\", \"postgresql-major\", "
			"\"default\", or a rule in braces",
			name);
}

/* Takes away a rule that stands before it in the list, of a pack mostly. */
static void remove_rule(struct rules_loader *l, const char *name, const char *place)
{
	struct rules *rules = l->rules;

	for (size_t i = 0; i < rules->count; i++) {
		struct rule_body *body = &rules->bodies[i];

		if (!body->rule.name || strcmp(body->rule.name, name) != 0)
			continue;
		pattern_free(body->statement);
		pattern_free(body->message);
		pattern_free(body->edit);
		memmove(body, body + 1, (rules->count - i - 1) * sizeof(*body));
		memset(&rules->bodies[--rules->count], 0, sizeof(*body));
		return;
	}
	complain(l, place, "is not the name of a rule before it", name);
}

static void load_section(struct rules_loader *l, const struct conf *conf, const char *key, size_t i)
{
	struct conf *section = conf_section(conf, key, i);

	if (!section)
		complain(l, conf_place(conf, key, i), "out of memory", NULL);
	else if (l->rules->count == RULES_MAX)
		complain(l, conf_place(conf, key, i), "one rule more than there may be (1,000)",
			NULL);
	else
		rules_add_item(l, section, conf_place(conf, key, i));
	conf_free(section);
}

static void load_list(struct rules_loader *l, const struct conf *conf, const char *key)
{
	for (size_t i = 0; i < conf_count(conf, key) && l->faults < FAULTS_SHOWN; i++) {
		const char *name = conf_item(conf, key, i), *place = conf_place(conf, key, i);

		if (!name)
			load_section(l, conf, key, i);
		else if (l->pack)
			complain(l, place, "expected a rule in braces", NULL);
		else if (name[0] == REMOVE_MARK)
			remove_rule(l, name + 1, place);
		else
			load_packs(l, name, place);
	}
}

static void set_serving(struct rules *rules, const struct rules_versions *versions);

/* NULL with the faults on `out`. */
static struct rules *load(const struct conf *conf, FILE *out, size_t *faults)
{
	static const struct rules_versions unknown = {"", "", true, ""};
	struct rules_loader l = {.rules = rules_new(), .out = out};

	if (!l.rules) {
		fputs("out of memory\n", out);
		*faults = 1;
		return NULL;
	}
	load_list(&l, conf, KEY);
	*faults = l.faults;
	if (l.faults == 0) {
		set_serving(l.rules, &unknown);
		return l.rules;
	}
	rules_free(l.rules);
	return NULL;
}

size_t rules_check(const struct conf *conf, FILE *out)
{
	size_t faults;

	rules_free(load(conf, out, &faults));
	return faults;
}

struct rules *rules_load(const struct conf *conf, struct err *err)
{
	char *text = NULL;
	size_t size, faults;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		err_set(err, "out of memory");
		return NULL;
	}
	struct rules *rules = load(conf, out, &faults);
	fclose(out);
	if (!rules)
		err_set(err, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	free(text);
	return rules;
}

/* --- versions --- */

static bool is_pack_fit(const struct rule_pack *pack, const struct version_server *postgresql,
	const struct version_server *yugabytedb)
{
	if (!pack->is_loaded)
		return false;
	if (!pack->is_by_version)
		return true;
	if (pack->serves == RULE_PACK_YUGABYTEDB)
		return postgresql->is_yugabytedb || yugabytedb->is_yugabytedb;
	return postgresql->base.count > 0 && yugabytedb->base.count > 0 &&
	       postgresql->base.parts[0] != yugabytedb->base.parts[0];
}

static void note_packs(struct rules *rules)
{
	size_t len = 0;

	rules->serving[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rules->packs); i++)
		if (rules->packs[i].is_serving)
			len += (size_t)snprintf(rules->serving + len, sizeof(rules->serving) - len,
				"%s%s %d", len ? ", " : "", rules->packs[i].name,
				rules->packs[i].version);
}

static void set_serving(struct rules *rules, const struct rules_versions *versions)
{
	struct version_server postgresql, yugabytedb;

	version_of_server(versions->postgresql, &postgresql);
	version_of_server(versions->yugabytedb, &yugabytedb);
	rules->truth_is_postgresql = versions->truth_is_postgresql;
	for (size_t i = 0; i < ARRAY_LEN(rules->packs); i++)
		rules->packs[i].is_serving =
			is_pack_fit(&rules->packs[i], &postgresql, &yugabytedb);
	for (size_t i = 0; i < rules->count; i++) {
		struct rule_body *body = &rules->bodies[i];
		struct rule *rule = &body->rule;

		rule->is_expired = rule->until && strcmp(versions->today, rule->until) > 0;
		rule->is_serving = !rule->is_expired && (!body->pack || body->pack->is_serving) &&
				   rule_fits_versions(body, &postgresql, &yugabytedb);
	}
	note_packs(rules);
}

void rules_set_versions(struct rules *rules, const struct rules_versions *versions)
{
	rules_scope_clear(rules);
	set_serving(rules, versions);
}

size_t rules_count(const struct rules *rules)
{
	return rules->count;
}

const struct rule *rules_at(const struct rules *rules, size_t index)
{
	return &rules->bodies[index].rule;
}

const char *rules_packs(const struct rules *rules)
{
	return rules->serving;
}
