/*
 * Names of statements and portals after a failure. Parse, Bind and Close of an exchange take
 * effect in their order up to the one that fails, and each that does is answered by one
 * Complete; so the number of those tells on either side which took effect.
 *
 * What only one side has made under a name is closed there, so that a later Parse of that name
 * does not fail on one side; the truth's only where the client was told of an error. What was
 * not replaced or closed on the truth is known by its old text again.
 *
 * Limits: only the first 256 KiB of an exchange's request are looked at for what is to be
 * closed, and NAMES_UNDO_MAX old texts are kept per exchange.
 */
#ifndef CAPTURE_NAMES_H
#define CAPTURE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "diffengine/routing.h"

#define NAMES_UNDO_MAX 4096

struct session;
struct statement;

struct names_old { /* a statement's name before a Parse or Close of the exchange */
	size_t at; /* how many messages that change names came before it */
	char *name;
	size_t len;
	struct statement *statement;
	enum route place;
};

struct names {          /* of the exchange under way */
	size_t changes; /* Parse, Bind and Close so far */
	struct names_old *old;
	size_t count, cap;
};

/* A Parse, Bind or Close, before the map of names follows it. `name`: of the statement that it
 * makes or closes; empty: the unnamed one, or none. */
void names_note(struct session *s, struct bytes name);
/* That side alone has made something that is to be closed. */
bool names_is_alone(const struct session *s, bool is_truth);
/* Appends the Close messages for it, and a Sync; the names are forgotten. */
bool names_write_closes(struct session *s, bool is_truth, struct buf *out) ATTR_USE_RESULT;
/* The exchange is over. */
void names_settle(struct session *s);
void names_fini(struct names *n);

#endif
