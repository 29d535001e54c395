/*
 * Startup parameters: user and database by name, the rest as settings.
 */
#include "replay/startup.h"

#include <stdlib.h>
#include <string.h>

static bool add_setting(struct startup *st, const char *name, const char *value)
{
	if (st->wishes.setting_count == STARTUP_SETTINGS_MAX)
		return false;
	st->settings[st->wishes.setting_count++] = (struct wire_pair){name, value};
	return true;
}

static bool keep(struct startup *st, const char *name, const char *value)
{
	if (strcmp(name, "user") == 0)
		st->wishes.user = value;
	else if (strcmp(name, "database") == 0)
		st->wishes.database = value;
	else if (strcmp(name, "options") == 0)
		st->wishes.options = value;
	else if (strcmp(name, "application_name") == 0)
		st->wishes.application_name = value;
	/* Protocol options were declined; "replication" was off, or there would be no session. */
	else if (strncmp(name, "_pq_.", 5) != 0 && strcmp(name, "replication") != 0)
		return add_setting(st, name, value);
	return true;
}

/* The next string; each ends with a NUL since the copy has one more at its end. */
static const char *next(const char **rest, const char *end)
{
	const char *string = *rest;

	if (string >= end)
		return NULL;
	*rest = string + strlen(string) + 1;
	return string;
}

bool startup_read(struct startup *st, struct bytes parameters, struct err *err)
{
	const char *rest, *end, *name, *value;
	bool ok = true;

	*st = (struct startup){.text = malloc(parameters.len + 1)};
	if (!st->text)
		return err_set(err, "out of memory");
	if (parameters.len)
		memcpy(st->text, parameters.ptr, parameters.len);
	st->text[parameters.len] = '\0';
	rest = st->text;
	end = st->text + parameters.len;
	while (ok && (name = next(&rest, end)) && *name && (value = next(&rest, end)))
		ok = keep(st, name, value);
	st->wishes.settings = st->settings;
	if (!st->wishes.database || !*st->wishes.database)
		st->wishes.database = st->wishes.user;
	if (!ok)
		return err_set(err, "its startup packet has more than %d parameters",
			STARTUP_SETTINGS_MAX);
	if (!st->wishes.user || !*st->wishes.user)
		return err_set(err, "its startup packet in the trace names no user");
	return true;
}

void startup_fini(struct startup *st)
{
	free(st->text);
	st->text = NULL;
}
