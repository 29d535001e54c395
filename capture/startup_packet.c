/*
 * Sorts the pairs of a startup packet by what becomes of them.
 */
#include "capture/startup_packet.h"

#include <stdlib.h>
#include <string.h>

#include "wire/decode.h"

static void keep(struct startup_packet *p, const char *name, const char *value)
{
	if (strcmp(name, "user") == 0)
		p->user = value;
	else if (strcmp(name, "database") == 0)
		p->database = value;
	else if (strcmp(name, "options") == 0)
		p->options = value;
	else if (strcmp(name, "application_name") == 0)
		p->application_name = value;
	else if (strcmp(name, "replication") == 0)
		p->replication = value;
	else if (strncmp(name, "_pq_.", 5) == 0 && p->extension_count < STARTUP_SETTINGS_MAX)
		p->extensions[p->extension_count++] = name;
	else if (p->setting_count < STARTUP_SETTINGS_MAX)
		p->settings[p->setting_count++] = (struct wire_pair){name, value};
	else
		p->has_too_many = true;
}

bool startup_packet_read(struct startup_packet *p, struct bytes parameters)
{
	struct bytes rest, name, value;

	*p = (struct startup_packet){.text = malloc(parameters.len + 1), .len = parameters.len};
	if (!p->text)
		return false;
	if (parameters.len)
		memcpy(p->text, parameters.ptr, parameters.len);
	p->text[parameters.len] = '\0';
	rest = bytes_of(p->text, parameters.len);
	while (startup_parameter_next(&rest, &name, &value))
		keep(p, (const char *)name.ptr, (const char *)value.ptr);
	if (!p->database || !*p->database)
		p->database = p->user;
	return true;
}

void startup_packet_fini(struct startup_packet *p)
{
	free(p->text);
	*p = (struct startup_packet){0};
}

bool startup_packet_is_replication(const struct startup_packet *p)
{
	static const char *const no[] = {"false", "0", "off", "no"};

	for (size_t i = 0; p->replication && i < ARRAY_LEN(no); i++)
		if (strcmp(p->replication, no[i]) == 0)
			return false;
	return p->replication != NULL;
}
