/*
 * twinkly-capture: the live proxy. Options and configuration; the rest is capture/run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/options.h"
#include "base/process.h"
#include "capture/check.h"
#include "capture/run.h"
#include "diffengine/known.h"
#include "wire/backend.h"

enum {
	OPTION_CONFIG = 1,
	OPTION_TRACE,
	OPTION_SET,
	OPTION_PRINT,
	OPTION_KEYS,
	OPTION_CHECK,
	OPTION_INSTALL,
	OPTION_REMOVE,
	OPTION_DATABASE,
	OPTION_USER,
	OPTION_KNOWN,
	OPTION_REWRITE,
	OPTION_VERBOSE,
	OPTION_QUIET
};

static const struct option_row rows[] = {
	{OPTION_CONFIG, 'c', "config", "FILE",
		"configuration file; ./twinkly.conf is read if it exists"},
	{OPTION_TRACE, 't', "trace", "TRACE", "trace to write, overrides trace.file"},
	{OPTION_SET, 's', "set", "KEY=VALUE", "set a configuration key, overrides the file"},
	{OPTION_PRINT, 0, "print-config", NULL, "print the effective configuration and exit"},
	{OPTION_KEYS, 0, "list-keys", NULL,
		"print every configuration key and exit; with -v types and defaults"},
	{OPTION_CHECK, 0, "check", NULL,
		"compare the two databases' settings, schema and data, print what differs and "
		"exit"},
	{OPTION_INSTALL, 0, "install-shim", NULL,
		"let both databases make uuids from a seed (comparison.deterministic) and exit"},
	{OPTION_REMOVE, 0, "remove-shim", NULL, "undo --install-shim and exit"},
	{OPTION_DATABASE, 0, "database", "NAME",
		"for these: the database, where the configuration names none"},
	{OPTION_USER, 0, "user", "NAME", "and the user"},
	{OPTION_KNOWN, 0, "known", "FILE",
		"differences that this list names are allowed; see twinkly-report --write-known"},
	{OPTION_REWRITE, 0, "rewrite-env", "NAME",
		"for COMMAND: this variable, a database's URL or conninfo text, with the proxy's "
		"host and port; may be repeated"},
	{OPTION_VERBOSE, 'v', "verbose", NULL, "log more; twice: everything"},
	{OPTION_QUIET, 'q', "quiet", NULL, "no summary, only errors are logged"},
};

static const struct option_table table = {.program = "twinkly-capture",
	.usage = "[OPTION]... [-- COMMAND [ARGUMENT]...]",
	.summary =
		"Runs every statement of its clients on PostgreSQL and on YugabyteDB, compares "
		"the answers and\nrecords both in a trace. With a COMMAND it serves that command "
		"(PGHOST, PGPORT, TWINKLY_URL)\nand ends with it, else it runs until SIGINT or "
		"SIGTERM.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

#define OVERRIDES_MAX 256
#define REWRITES_MAX  16

struct arguments {
	const char *config, *known_path;
	struct known *known;
	char *trace; /* as an override, owned */
	const char *overrides[OVERRIDES_MAX];
	size_t override_count;
	const char *rewrites[REWRITES_MAX]; /* names of variables */
	size_t rewrite_count;
	int verbosity;
	bool prints_config, lists_keys, is_quiet;
	struct check_options check;
};

static bool add_override(struct arguments *a, const char *assignment, struct err *err)
{
	if (a->override_count == OVERRIDES_MAX)
		return err_set(err, "more than %d settings on the command line", OVERRIDES_MAX);
	a->overrides[a->override_count++] = assignment;
	return true;
}

static bool add_rewrite(struct arguments *a, const char *name, struct err *err)
{
	if (a->rewrite_count == REWRITES_MAX)
		return err_set(err, "more than %d times --rewrite-env", REWRITES_MAX);
	a->rewrites[a->rewrite_count++] = name;
	return true;
}

static bool set_trace(struct arguments *a, const char *path, struct err *err)
{
	struct buf text;
	bool ok;

	/* Quoted for the configuration's own syntax. */
	buf_init(&text, 16384);
	ok = buf_append_str(&text, "trace.file=\"");
	for (const char *p = path; ok && *p; p++)
		ok = (*p != '"' && *p != '\\') ? buf_append_byte(&text, (unsigned char)*p)
					       : buf_printf(&text, "\\%c", *p);
	ok = ok && buf_append_str(&text, "\"");
	free(a->trace);
	a->trace = ok ? strdup(buf_cstr(&text)) : NULL;
	buf_fini(&text);
	return a->trace != NULL || err_set(err, "the trace's path is too long");
}

static bool on_check_option(struct check_options *check, int id, const char *value)
{
	if (id == OPTION_CHECK)
		check->what = CHECK_COMPARE;
	else if (id == OPTION_INSTALL)
		check->what = CHECK_INSTALL;
	else if (id == OPTION_REMOVE)
		check->what = CHECK_REMOVE;
	else if (id == OPTION_DATABASE)
		check->database = value;
	else
		check->user = value;
	return true;
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct arguments *a = context;

	switch (id) {
	case OPTION_CONFIG:
		a->config = value;
		return true;
	case OPTION_TRACE:
		return set_trace(a, value, err);
	case OPTION_SET:
		return add_override(a, value, err);
	case OPTION_KNOWN:
		a->known_path = value;
		return true;
	case OPTION_REWRITE:
		return add_rewrite(a, value, err);
	case OPTION_PRINT:
		a->prints_config = true;
		return true;
	case OPTION_KEYS:
		a->lists_keys = true;
		return true;
	case OPTION_VERBOSE:
		a->verbosity++;
		return true;
	case OPTION_QUIET:
		a->is_quiet = true;
		return true;
	default:
		return on_check_option(&a->check, id, value);
	}
}

static const char *kind_name(const struct conf_key *key)
{
	switch (key->type) {
	case CONF_STRING:
		return "text";
	case CONF_INTEGER:
		return "integer";
	case CONF_NUMBER:
		return "number";
	case CONF_BOOLEAN:
		return "true or false";
	case CONF_DURATION:
		return "duration";
	case CONF_SIZE:
		return "size";
	case CONF_ENUM:
		return "one of";
	case CONF_STRINGS:
		return "list of texts";
	case CONF_LIST:
		return "list of texts and sections";
	}
	return "";
}

/* With -v as a table for programs: name, type, default, meaning, with tabs between. */
static int list_keys(bool is_whole)
{
	size_t count;
	const struct conf_key *keys = settings_keys(&count);

	for (size_t i = 0; i < count; i++) {
		const struct conf_key *key = &keys[i];

		if (is_whole)
			printf("%s\t%s%s%s\t%s\t%s\n", key->name, kind_name(key),
				key->choices ? " " : "", key->choices ? key->choices : "",
				key->fallback ? key->fallback : "", key->help);
		else
			printf("%s\n", key->name);
	}
	return EXIT_SAME;
}

static void set_log_level(const struct settings *s, const struct arguments *a)
{
	enum log_level level = LOG_LEVEL_WARNING;

	if (!log_level_parse(s->log_level, &level))
		level = LOG_LEVEL_WARNING;
	if (a->is_quiet)
		level = LOG_LEVEL_ERROR;
	else if (a->verbosity > 0)
		level = a->verbosity == 1 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	log_set_level(level);
}

/* A password in `-s proxy.postgresql.password=...` is nobody's business. */
static bool append_word(struct buf *text, const char *word)
{
	const char *secret = strcasestr(word, "password");
	const char *value;

	if (!secret)
		secret = strstr(word, "redact.key");
	value = secret ? strchr(secret, '=') : NULL;

	if (!value)
		return buf_append_str(text, word);
	return buf_append(text, word, (size_t)(value + 1 - word)) && buf_append_str(text, "***");
}

/* "twinkly-capture -t x -- psql": the words as they came, for the trace. */
static char *join(int argc, char **argv)
{
	struct buf text;
	char *joined = NULL;
	bool ok = true;

	buf_init(&text, 65536);
	for (int i = 0; ok && i < argc; i++)
		ok = buf_append_str(&text, i ? " " : "") && append_word(&text, argv[i]);
	joined = strdup(buf_cstr(&text));
	buf_fini(&text);
	return joined;
}

static bool load_known(struct arguments *a)
{
	struct err err;

	if (!a->known_path)
		return true;
	a->known = known_load(a->known_path, &err);
	if (!a->known)
		fprintf(stderr, "twinkly-capture: %s\n", err.text);
	return a->known != NULL;
}

static bool rewrite_variables(const struct arguments *a, const struct settings *settings,
	struct command_run *child, bool has_command, struct err *err)
{
	child->host = run_host(settings);
	child->port = settings->listen_port;
	if (a->rewrite_count && !has_command)
		return err_set(err, "--rewrite-env needs a command: -- COMMAND [ARGUMENT]...");
	for (size_t i = 0; i < a->rewrite_count; i++)
		if (!command_rewrite(child, a->rewrites[i], err))
			return err_prefix(err, "--rewrite-env: ");
	return true;
}

static int capture(
	struct arguments *a, const struct settings *settings, char **argv, int rest, int argc)
{
	struct command_run child = {0};
	struct reload reload;
	struct run_options options = {.settings = settings,
		.command = rest < argc ? argv + rest : NULL,
		.child = &child,
		.reload = &reload,
		.known = a->known,
		.is_quiet = a->is_quiet};
	char *line = join(argc, argv);
	int status = EXIT_FAILED;
	struct err err;

	options.command_line = line ? line : "";
	if (!reload_init(&reload) || !command_keep_environment(&child)) {
		fprintf(stderr, "twinkly-capture: out of memory\n");
	} else if (!rewrite_variables(a, settings, &child, options.command != NULL, &err)) {
		fprintf(stderr, "twinkly-capture: %s\n", err.text);
		status = EXIT_USAGE;
	} else {
		reload.path = a->config;
		reload.overrides = a->overrides;
		reload.override_count = a->override_count;
		reload.keeps_level = a->is_quiet || a->verbosity > 0;
		backend_isolate();
		status = run_capture(&options);
	}
	command_fini(&child);
	reload_fini(&reload);
	free(line);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a = {0};
	struct settings settings;
	struct err err;
	int rest, status;

	process_hide_memory();
	switch (options_parse(&table, argc, argv, on_option, &a, &rest, &err)) {
	case OPTIONS_DONE:
		return EXIT_SAME;
	case OPTIONS_INVALID:
		fprintf(stderr, "twinkly-capture: %s\n", err.text);
		return EXIT_USAGE;
	case OPTIONS_OK:
		break;
	}
	if (a.lists_keys)
		return list_keys(a.verbosity > 0);
	if (!a.config && access("twinkly.conf", R_OK) == 0)
		a.config = "twinkly.conf";
	if (a.trace && !add_override(&a, a.trace, &err)) {
		fprintf(stderr, "twinkly-capture: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!settings_load(&settings, a.config, a.overrides, a.override_count, stderr)) {
		free(a.trace);
		return EXIT_USAGE;
	}
	set_log_level(&settings, &a);
	if (a.prints_config) {
		conf_print(settings.conf, stdout);
		status = EXIT_SAME;
	} else if (a.check.what != CHECK_NOTHING) {
		backend_isolate();
		a.check.settings = &settings;
		status = check_run(&a.check);
	} else if (!load_known(&a)) {
		status = EXIT_USAGE;
	} else {
		status = capture(&a, &settings, argv, rest, argc);
	}
	settings_fini(&settings);
	known_free(a.known);
	free(a.trace);
	return status;
}
