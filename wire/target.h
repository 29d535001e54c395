/*
 * Where a database is and how to get in: what the configuration says of one of the two. Plain
 * data without code, so that the settings may hold it as well. Strings are borrowed from the
 * settings and outlive every connection.
 */
#ifndef WIRE_TARGET_H
#define WIRE_TARGET_H

#include <stdint.h>

struct backend_target {
	const char *name; /* "PostgreSQL": in every message about it */
	const char *host; /* name, address, or directory of a Unix socket */
	int port;
	const char *user;     /* NULL: the session's */
	const char *password; /* NULL: passfile or none */
	const char *passfile; /* NULL: none */
	const char *database; /* NULL: the session's */
	const char *sslmode;
	const char *sslrootcert; /* NULL: none */
	int64_t connect_timeout_us;
};

#endif
