/*
 * The builtin types by OID (pg_type.dat), in the order of their OIDs: what a value of each is
 * made of. Types that are not here are compared by their bytes.
 */
#include "base/attr.h"
#include "diffengine/value_impl.h"

struct builtin {
	uint32_t oid, array_oid;
	enum value_kind kind;
	uint8_t width;
	uint32_t element;
};

static const struct builtin builtins[] = {
	{16, 1000, KIND_BOOL, 1, 0}, {17, 1001, KIND_BYTEA, 0, 0},
	{18, 1002, KIND_OTHER, 0, 0}, /* "char" */
	{19, 1003, KIND_TEXT, 0, 0},  /* name */
	{20, 1016, KIND_INT, 8, 0}, {21, 1005, KIND_INT, 2, 0}, {23, 1007, KIND_INT, 4, 0},
	{24, 1008, KIND_REG, 4, 0}, /* regproc */
	{25, 1009, KIND_TEXT, 0, 0}, {26, 1028, KIND_OID, 4, 0},
	{27, 1010, KIND_SERVER, 6, 0}, /* tid */
	{28, 1011, KIND_SERVER, 4, 0}, /* xid */
	{29, 1012, KIND_SERVER, 4, 0}, /* cid */
	{114, 199, KIND_JSON, 0, 0}, {142, 143, KIND_XML, 0, 0},
	{600, 1017, KIND_OTHER, 16, 0}, /* point */
	{601, 1018, KIND_OTHER, 32, 0}, /* lseg */
	{602, 1019, KIND_OTHER, 0, 0},  /* path */
	{603, 1020, KIND_OTHER, 32, 0}, /* box, whose arrays have semicolons */
	{604, 1027, KIND_OTHER, 0, 0},  /* polygon */
	{628, 629, KIND_OTHER, 24, 0},  /* line */
	{650, 651, KIND_OTHER, 0, 0},   /* cidr */
	{700, 1021, KIND_FLOAT4, 4, 0}, {701, 1022, KIND_FLOAT8, 8, 0},
	{705, 0, KIND_TEXT, 0, 0},      /* unknown, as a literal in a composite */
	{718, 719, KIND_OTHER, 24, 0},  /* circle */
	{774, 775, KIND_OTHER, 8, 0},   /* macaddr8 */
	{790, 791, KIND_OTHER, 8, 0},   /* money */
	{829, 1040, KIND_OTHER, 6, 0},  /* macaddr */
	{869, 1041, KIND_OTHER, 0, 0},  /* inet */
	{1033, 1034, KIND_OTHER, 0, 0}, /* aclitem */
	{1042, 1014, KIND_BPCHAR, 0, 0}, {1043, 1015, KIND_TEXT, 0, 0}, /* varchar */
	{1082, 1182, KIND_DATE, 4, 0}, {1083, 1183, KIND_TIME, 8, 0},
	{1114, 1115, KIND_TIMESTAMP, 8, 0}, {1184, 1185, KIND_TIMESTAMPTZ, 8, 0},
	{1186, 1187, KIND_INTERVAL, 16, 0}, {1266, 1270, KIND_TIMETZ, 12, 0},
	{1560, 1561, KIND_OTHER, 0, 0},                                  /* bit */
	{1562, 1563, KIND_OTHER, 0, 0},                                  /* varbit */
	{1700, 1231, KIND_NUMERIC, 0, 0}, {2202, 2207, KIND_REG, 4, 0},  /* regprocedure */
	{2203, 2208, KIND_REG, 4, 0},                                    /* regoper */
	{2204, 2209, KIND_REG, 4, 0},                                    /* regoperator */
	{2205, 2210, KIND_REG, 4, 0},                                    /* regclass */
	{2206, 2211, KIND_REG, 4, 0},                                    /* regtype */
	{2249, 2287, KIND_RECORD, 0, 0}, {2275, 1263, KIND_TEXT, 0, 0},  /* cstring */
	{2950, 2951, KIND_UUID, 16, 0}, {2970, 2949, KIND_SERVER, 0, 0}, /* txid_snapshot */
	{3220, 3221, KIND_SERVER, 8, 0},                                 /* pg_lsn */
	{3734, 3735, KIND_REG, 4, 0},                                    /* regconfig */
	{3769, 3770, KIND_REG, 4, 0},                                    /* regdictionary */
	{3802, 3807, KIND_JSONB, 0, 0}, {3904, 3905, KIND_RANGE, 0, 23}, /* int4range */
	{3906, 3907, KIND_RANGE, 0, 1700},                               /* numrange */
	{3908, 3909, KIND_RANGE, 0, 1114},                               /* tsrange */
	{3910, 3911, KIND_RANGE, 0, 1184},                               /* tstzrange */
	{3912, 3913, KIND_RANGE, 0, 1082},                               /* daterange */
	{3926, 3927, KIND_RANGE, 0, 20},                                 /* int8range */
	{4089, 4090, KIND_REG, 4, 0},                                    /* regnamespace */
	{4096, 4097, KIND_REG, 4, 0},                                    /* regrole */
	{4191, 4192, KIND_REG, 4, 0},                                    /* regcollation */
	{4451, 6150, KIND_MULTIRANGE, 0, 3904}, {4532, 6151, KIND_MULTIRANGE, 0, 3906},
	{4533, 6152, KIND_MULTIRANGE, 0, 3908}, {4534, 6153, KIND_MULTIRANGE, 0, 3910},
	{4535, 6155, KIND_MULTIRANGE, 0, 3912}, {4536, 6157, KIND_MULTIRANGE, 0, 3926},
	{5038, 5039, KIND_SERVER, 0, 0}, /* pg_snapshot */
	{5069, 271, KIND_SERVER, 8, 0},  /* xid8 */
};

struct value_type value_type_of(uint32_t oid)
{
	struct value_type type = {.oid = oid, .kind = KIND_OTHER, .delimiter = ','};

	if (oid >= VALUE_USER_OID || oid == 0)
		type.kind = KIND_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(builtins) && oid && oid < VALUE_USER_OID; i++) {
		const struct builtin *it = &builtins[i];

		if (it->oid == oid) {
			type.kind = it->kind;
			type.width = it->width;
			type.element = it->element;
			break;
		}
		if (it->array_oid == oid) {
			type.kind = KIND_ARRAY;
			type.element = it->oid;
			type.delimiter = it->oid == 603 ? ';' : ',';
			break;
		}
	}
	return type;
}
