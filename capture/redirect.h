/*
 * The address of a database as programs keep it in one variable (DATABASE_URL), with the host and
 * port of the proxy in place of its own. User, password, database and options stay as they are.
 * A form of which it is not certain what a client makes is refused, never guessed at. Error texts
 * hold nothing of the value, which may have a password in it.
 */
#ifndef CAPTURE_REDIRECT_H
#define CAPTURE_REDIRECT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#define REDIRECT_MAX \
	16384 /* bytes of a value; a buffer of twice as many always holds the outcome */

/* Appends "host:port" as a URL has it: IPv6 in brackets, a socket's directory with %XX. */
bool redirect_append_host(struct buf *out, const char *host, int port) ATTR_USE_RESULT;

/* Appends the value, a URL or libpq's "name=value ..." form, redirected. */
bool redirect_address(struct buf *out, const char *value, const char *host, int port,
	struct err *err) ATTR_USE_RESULT;

#endif
