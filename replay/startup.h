/*
 * A recorded startup packet's parameters as what a new connection wants.
 */
#ifndef REPLAY_STARTUP_H
#define REPLAY_STARTUP_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/backend.h"

#define STARTUP_SETTINGS_MAX 64 /* further ones are refused, as by the proxy's client side */

struct startup {
	char *text; /* owns the strings that `wishes` points to */
	struct wire_pair settings[STARTUP_SETTINGS_MAX];
	struct backend_wishes wishes; /* `settings` of it: those above */
};

/* `parameters`: name NUL value NUL ... . False with err: no user among them, too many, or no
 * memory. */
bool startup_read(
	struct startup *startup, struct bytes parameters, struct err *err) ATTR_USE_RESULT;
void startup_fini(struct startup *startup);

#endif
