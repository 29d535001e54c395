/*
 * OIDs of tables, views, large objects and the like that the client was told and gives back in a
 * later statement, as psql's \d does: each database has numbered its objects by itself. Pairs
 * are learned where rows were found to be the same but for an OID; in what the candidate
 * gets they are replaced. Only in statements about the catalog or large objects, and only
 * numbers that were learned, so that ordinary integers stay what they are.
 */
#ifndef DIFFENGINE_OBJECT_OIDS_H
#define DIFFENGINE_OBJECT_OIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "wire/decode.h"
#include "wire/frame.h"

#define OBJECT_OIDS_MAX 4096 /* pairs of a session; when full, all are forgotten */

struct object_oids;

void object_oids_free(struct object_oids *o); /* takes NULL */

/* Makes *o, NULL at the start, when there is something to keep; without memory nothing is.
 * Numbers below FIRST_USER_OID, and equal ones, are not kept. */
void object_oids_learn(struct object_oids **o, uint32_t truth, uint32_t candidate);
/* The OID in a column of type oid, in text or binary; 0: none of a user's object. */
uint32_t object_oid_read(const struct wire_value *value, const struct wire_column *column);

/* 0: not known. `o` may be NULL. */
uint32_t object_oids_find(const struct object_oids *o, uint32_t truth);

/* Whether the statement is one in which OIDs are given back. */
bool object_oids_concern(struct bytes statement);

/* Appends the message as the candidate is to get it. `statement`: of a Bind, ptr NULL: unknown.
 * *count grows by the OIDs replaced. False: no memory. */
bool object_oids_translate(const struct object_oids *o, const struct frame *f,
	struct bytes statement, struct buf *out, size_t *count) ATTR_USE_RESULT;

#endif
