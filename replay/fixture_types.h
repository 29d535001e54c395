/*
 * Built-in data types of PostgreSQL by number and by name, as pg_type has them: a fixture names
 * types, since a reader knows int4 and not 23. Numbers of types below 10,000 never change.
 */
#ifndef REPLAY_FIXTURE_TYPES_H
#define REPLAY_FIXTURE_TYPES_H

#include <stdint.h>

#include "base/bytes.h"

struct fixture_type {
	uint32_t oid;
	int16_t len; /* pg_type.typlen: bytes, -1 variable, -2 C string */
	const char *name;
};

/* NULL: there is none in the table. */
const struct fixture_type *fixture_type_by_oid(uint32_t oid);
const struct fixture_type *fixture_type_by_name(struct bytes name);

#endif
