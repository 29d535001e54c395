/*
 * Private to redact*.c.
 */
#ifndef DIFFENGINE_REDACT_IMPL_H
#define DIFFENGINE_REDACT_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "diffengine/pattern.h"
#include "diffengine/redact.h"

#define REDACT_HASH_LEN 25 /* "redacted:" and 16 hexadecimal digits */

struct redact_patterns {
	struct pattern **items;
	size_t count;
};

struct redact {
	struct redact_patterns statements, parameters;
	struct redact_names columns;
	struct bytes key;
	unsigned char random_key[32];
	struct pattern_work *work;
	struct arena arena;
	bool is_configured;
	struct arena names; /* what columns and key are in */
};

/* Is any of the patterns in the text, or can that not be said in time? */
bool redact_matches(struct redact *r, const struct redact_patterns *patterns, struct bytes text);
bool redact_is_column(const struct redact *r, struct bytes name);
/* "redacted:0123456789abcdef". */
void redact_hash(const struct redact *r, struct bytes value, char out[REDACT_HASH_LEN + 1]);
/* Writes nothing that is not in the arena; ptr NULL where memory is out. */
struct bytes redact_hashed(struct redact *r, struct bytes value);

/* redact_password.c. May the text hold a password's literal? Cheap: it asks for the word. */
bool redact_may_hold_password(struct bytes text);
/* Appends the text with '***' in the place of passwords. Returns how many; *ok false: no memory. */
size_t redact_passwords(struct bytes text, struct buf *out, bool *ok);

#endif
