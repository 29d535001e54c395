/*
 * The table of types: those of pg_type.dat that conversations use.
 */
#include "tests/peer/types.h"

#include <string.h>

#include "base/attr.h"
#include "tests/peer/words.h"

static const struct type_info types[] = {
	{"bool", 16, 1},
	{"bytea", 17, -1},
	{"name", 19, 64},
	{"int8", 20, 8},
	{"int2", 21, 2},
	{"int4", 23, 4},
	{"regproc", 24, 4},
	{"text", 25, -1},
	{"oid", 26, 4},
	{"tid", 27, 6},
	{"xid", 28, 4},
	{"cid", 29, 4},
	{"json", 114, -1},
	{"xml", 142, -1},
	{"float4", 700, 4},
	{"float8", 701, 8},
	{"inet", 869, -1},
	{"bpchar", 1042, -1},
	{"varchar", 1043, -1},
	{"date", 1082, 4},
	{"time", 1083, 8},
	{"timestamp", 1114, 8},
	{"timestamptz", 1184, 8},
	{"interval", 1186, 16},
	{"numeric", 1700, -1},
	{"regclass", 2205, 4},
	{"regtype", 2206, 4},
	{"record", 2249, -1},
	{"void", 2278, 4},
	{"uuid", 2950, 16},
	{"pg_lsn", 3220, 8},
	{"jsonb", 3802, -1},
	{"int4range", 3904, -1},
	{"xid8", 5069, 8},
	{"int4[]", 1007, -1},
	{"int8[]", 1016, -1},
	{"text[]", 1009, -1},
	{"float8[]", 1022, -1},
	{"json[]", 199, -1},
};

const struct type_info *type_find(const char *name, struct type_info *scratch)
{
	long oid;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	if (!word_number(name, 1, 0x7fffffff, &oid))
		return NULL;
	*scratch = (struct type_info){.name = name, .oid = (uint32_t)oid, .len = -1};
	return scratch;
}
