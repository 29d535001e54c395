/*
 * What a trace must not hold. Always: the literals of passwords in statements (ALTER ROLE ...
 * PASSWORD '...'). As configured (`trace.redact`): what patterns match in statement texts,
 * parameters and messages of errors; values of named columns. A value is replaced by a keyed hash
 * of 64 bits (HMAC-SHA-256), so that equality is still seen; a match in a text by REDACT_WORD.
 *
 * In doubt more is replaced: rows whose columns nobody described, COPY data, texts on which a
 * pattern takes too long or for which memory is out. What is returned is the argument itself
 * where nothing had to be replaced, else borrowed until redact_reset.
 */
#ifndef DIFFENGINE_REDACT_H
#define DIFFENGINE_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/conf.h"
#include "base/err.h"
#include "diffengine/compare.h"

#define REDACT_WORD       "<redacted>"
#define REDACT_MEMORY_MAX ((size_t)1 << 31) /* for the rewritten messages of one exchange */

struct redact_names {
	const char *const *items;
	size_t count;
};

struct redact_options {
	struct redact_names statements, parameters; /* patterns, see diffengine/pattern.h */
	struct redact_names columns;                /* names, without regard to case */
	const char *key;                            /* NULL: a random one */
};

struct redact;

/* NULL with err: an invalid pattern, no memory. */
struct redact *redact_new(const struct redact_options *options, struct err *err) ATTR_USE_RESULT;
/* From trace.redact of a checked configuration. */
struct redact *redact_new_configured(const struct conf *conf, struct err *err) ATTR_USE_RESULT;
void redact_free(struct redact *r); /* takes NULL */
void redact_reset(struct redact *r);

/* A statement, a sentence, a value in a readable form. */
struct bytes redact_text(struct redact *r, struct bytes text);
/* The same for a string; NULL stays NULL. */
const char *redact_str(struct redact *r, const char *text);

struct redact_exchange {
	struct bytes request; /* the client's messages; the last may be cut */
	struct bytes truth, candidate;
	bool has_candidate;               /* else the candidate's were the same */
	int64_t truth_len, candidate_len; /* of the whole answers; what is cut stays longer */
	int64_t requests, answers;        /* places that were replaced */
};
void redact_exchange(struct redact *r, struct redact_exchange *ex);
/* A further part of a request that begins with `head`. What has to go is replaced by the beginning
 * of a message without end, so that no reader takes the request for whole. */
struct bytes redact_part(struct redact *r, struct bytes head, struct bytes part);
/* `is_redacted`: something was replaced in its exchange. */
struct difference redact_difference(struct redact *r, const struct difference *d, bool is_redacted);
/* name NUL value NUL ... of a startup packet. */
struct bytes redact_startup(struct redact *r, struct bytes parameters);

#endif
