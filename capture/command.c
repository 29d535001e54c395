/*
 * Child process with an environment of its own.
 */
#include "capture/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "capture/redirect.h"

/* Variables that are set for the command; its own values of them are left out. */
static const char *const overridden[] = {
	"PGHOST=", "PGHOSTADDR=", "PGPORT=", "PGSERVICE=", "PGSERVICEFILE=", "TWINKLY_URL="};
#define ADDED_MAX 3
#define URL_MAX   1024

static bool is_overridden(const char *variable)
{
	for (size_t i = 0; i < ARRAY_LEN(overridden); i++)
		if (strncmp(variable, overridden[i], strlen(overridden[i])) == 0)
			return true;
	return false;
}

bool command_keep_environment(struct command_run *run)
{
	size_t count = 0, kept = 0;

	while (environ[count])
		count++;
	run->environment = calloc(count + ADDED_MAX + 1, sizeof(char *));
	if (!run->environment)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_overridden(environ[i]))
			continue;
		run->environment[kept] = strdup(environ[i]);
		if (!run->environment[kept++])
			return false;
	}
	return true;
}

static bool add_variable(struct command_run *run, const char *name, const char *value)
{
	size_t count = 0;

	while (run->environment[count])
		count++;
	return asprintf(&run->environment[count], "%s=%s", name, value) >= 0;
}

static bool add_variables(struct command_run *run, const char *host, int port)
{
	char text[16];
	struct buf url;
	bool ok;

	snprintf(text, sizeof(text), "%d", port);
	buf_init(&url, URL_MAX);
	ok = buf_append_str(&url, "postgresql://") && redirect_append_host(&url, host, port) &&
	     buf_append_byte(&url, '/') && add_variable(run, "PGHOST", host) &&
	     add_variable(run, "PGPORT", text) && add_variable(run, "TWINKLY_URL", buf_cstr(&url));
	buf_fini(&url);
	return ok;
}

static char **find_variable(struct command_run *run, const char *name)
{
	size_t len = strlen(name);

	for (char **at = run->environment; *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return at;
	return NULL;
}

static bool rewrite(struct command_run *run, char **variable, size_t name_len, struct err *err)
{
	struct buf text;
	char *copy;
	bool ok;

	buf_init(&text, (size_t)2 * REDIRECT_MAX);
	ok = redirect_address(&text, *variable + name_len + 1, run->host, run->port, err);
	copy = NULL;
	if (ok && asprintf(&copy, "%.*s=%s", (int)name_len, *variable, buf_cstr(&text)) < 0)
		ok = err_set(err, "out of memory");
	buf_fini(&text);
	if (!ok)
		return false;
	free(*variable);
	*variable = copy;
	return true;
}

bool command_rewrite(struct command_run *run, const char *name, struct err *err)
{
	char **variable;

	if (strchr(name, '='))
		return err_set(err, "a variable's name has no \"=\"; its value comes from the "
				    "environment");
	for (size_t i = 0; i < ARRAY_LEN(overridden); i++)
		if (strncmp(name, overridden[i], strlen(overridden[i]) - 1) == 0 &&
			strlen(name) == strlen(overridden[i]) - 1)
			return err_set(err,
				"%s needs no rewriting: twinkly-capture sets it or takes "
				"it away itself",
				name);
	variable = find_variable(run, name);
	if (!variable)
		return err_set(err, "%s is not set in the environment", name);
	if (!rewrite(run, variable, strlen(name), err))
		return err_prefix(err, "%s: ", name);
	return true;
}

static void on_process_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct command_run *run = process->data;

	run->is_running = false;
	run->status = term_signal ? 128 + term_signal : (int)exit_status;
	uv_close((uv_handle_t *)process, NULL);
	run->on_exit(run);
}

bool command_start(struct command_run *run, uv_loop_t *loop, char **argv, struct err *err)
{
	uv_stdio_container_t stdio[3];
	uv_process_options_t options = {.file = argv[0],
		.args = argv,
		.stdio = stdio,
		.stdio_count = 3,
		.exit_cb = on_process_exit};
	int failed;

	for (int i = 0; i < 3; i++)
		stdio[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
	if (!add_variables(run, run->host, run->port))
		return err_set(err, "out of memory");
	options.env = run->environment;
	run->process.data = run;
	failed = uv_spawn(loop, &run->process, &options);
	if (failed) {
		uv_close((uv_handle_t *)&run->process, NULL);
		return err_set(err, "cannot run \"%s\": %s", argv[0], uv_strerror(failed));
	}
	run->is_running = true;
	return true;
}

void command_signal(struct command_run *run, int signum)
{
	if (run->is_running)
		uv_process_kill(&run->process, signum);
}

void command_fini(struct command_run *run)
{
	for (size_t i = 0; run->environment && run->environment[i]; i++)
		free(run->environment[i]);
	free(run->environment);
	run->environment = NULL;
}
