/*
 * The parameters of a startup packet as C strings, in one copy of their own: they are needed
 * until both backends are connected. Protocol document: "StartupMessage".
 */
#ifndef CAPTURE_STARTUP_PACKET_H
#define CAPTURE_STARTUP_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "wire/encode.h"

#define STARTUP_SETTINGS_MAX 64

struct startup_packet { /* NULL: not given */
	char *text;     /* owns all strings: name NUL value NUL ... NUL */
	size_t len;     /* without the last NUL: as msg_startup.parameters */
	const char *user, *database, *options, *application_name, *replication;
	struct wire_pair settings[STARTUP_SETTINGS_MAX];
	size_t setting_count;
	const char *extensions[STARTUP_SETTINGS_MAX]; /* _pq_. names */
	size_t extension_count;
	bool has_too_many;
};

/* From decode_startup's parameters. An absent or empty database is the user's name. False: no
 * memory. */
bool startup_packet_read(struct startup_packet *packet, struct bytes parameters) ATTR_USE_RESULT;
void startup_packet_fini(struct startup_packet *packet); /* fine on a zeroed one */
/* Asks to be a replication connection, as PostgreSQL reads the word. */
bool startup_packet_is_replication(const struct startup_packet *packet);

#endif
