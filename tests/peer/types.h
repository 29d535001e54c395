/*
 * PostgreSQL's types by name, for columns and parameters of a conversation.
 */
#ifndef TESTS_PEER_TYPES_H
#define TESTS_PEER_TYPES_H

#include <stdint.h>

struct type_info {
	const char *name;
	uint32_t oid;
	int16_t len;
};

/* NULL: unknown. A number is a type of that OID with values of any length. */
const struct type_info *type_find(const char *name, struct type_info *scratch);

#endif
