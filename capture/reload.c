/*
 * A second set of settings beside the one that the proxy was started with: only what may change
 * is taken from it.
 */
#include "capture/reload.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "diffengine/rules_seen.h"
#include "capture/proxy.h"

/* Keys that take effect without a restart. */
static const char *const live_keys[] = {
	"log.level", "comparison.exclude-patterns", "comparison.rules"};

bool reload_init(struct reload *r)
{
	size_t count = 0;

	*r = (struct reload){.path = NULL};
	while (environ[count])
		count++;
	r->environment = calloc(count + 1, sizeof(char *));
	if (!r->environment)
		return false;
	for (size_t i = 0; i < count; i++)
		r->environment[i] = environ[i];
	return true;
}

void reload_fini(struct reload *r)
{
	settings_fini(&r->settings);
	free(r->environment);
	*r = (struct reload){.path = NULL};
}

static bool is_live(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(live_keys); i++)
		if (strcmp(live_keys[i], key) == 0)
			return true;
	return false;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct conf *a, const struct conf *b, const struct conf_key *key)
{
	switch (key->type) {
	case CONF_STRING:
	case CONF_ENUM:
		return is_same_text(conf_string(a, key->name), conf_string(b, key->name));
	case CONF_INTEGER:
	case CONF_DURATION:
	case CONF_SIZE:
		return conf_integer(a, key->name) == conf_integer(b, key->name);
	case CONF_NUMBER:
		return !(conf_number(a, key->name) < conf_number(b, key->name)) &&
		       !(conf_number(a, key->name) > conf_number(b, key->name));
	case CONF_BOOLEAN:
		return conf_boolean(a, key->name) == conf_boolean(b, key->name);
	case CONF_STRINGS:
	case CONF_LIST:
		return conf_are_same_items(a, b, key->name);
	}
	return true;
}

/* Each line of what settings_load has printed. */
static void log_lines(char *text)
{
	for (char *line = text, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		log_error("configuration: %s", line);
	}
}

static bool load(const struct reload *r, struct settings *fresh)
{
	char *text = NULL, **now = environ;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool ok;

	if (!out) {
		log_error("the configuration is not read again: out of memory");
		return false;
	}
	/* Both arrays are whole at any moment, in case that another thread looks. */
	environ = r->environment;
	ok = settings_load(fresh, r->path, r->overrides, r->override_count, out);
	environ = now;
	fclose(out);
	if (!ok) {
		log_lines(text);
		log_error("the configuration is not changed: %s has errors", r->path);
	}
	free(text);
	return ok;
}

static void set_level(const struct reload *r, const struct settings *fresh)
{
	enum log_level level;

	if (!r->keeps_level && log_level_parse(fresh->log_level, &level))
		log_set_level(level);
}

static void name_others(const struct conf *running, const struct conf *fresh)
{
	size_t count;
	const struct conf_key *keys = settings_keys(&count);

	for (size_t i = 0; i < count; i++)
		if (!is_live(keys[i].name) && !is_same(running, fresh, &keys[i]))
			log_warning(
				"configuration: %s has changed; that takes effect with a restart",
				keys[i].name);
}

void reload_run(struct reload *r, struct proxy *p)
{
	struct settings fresh;
	struct err err;

	if (!r->path) {
		log_warning("SIGHUP: there is no configuration file to read again");
		return;
	}
	if (!load(r, &fresh))
		return;
	rules_seen_take(p->rules_seen, p->policy.compare.rules);
	if (!policy_load(&p->policy, p->settings, fresh.conf, &err)) {
		log_error("the configuration is not changed: %s", err.text);
		settings_fini(&fresh);
		return;
	}
	settings_fini(&r->settings);
	r->settings = fresh;
	name_others(p->settings->conf, fresh.conf);
	set_level(r, &fresh);
	log_info("the configuration was read again from %s", r->path);
}
