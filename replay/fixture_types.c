/*
 * The rows of pg_type that PostgreSQL's own catalog begins with, without the row types of its
 * tables, in the order of their numbers.
 */
#include "replay/fixture_types.h"

#include <stddef.h>

#include "base/attr.h"

static const struct fixture_type types[] = {{16, 1, "bool"}, {17, -1, "bytea"}, {18, 1, "char"},
	{19, 64, "name"}, {20, 8, "int8"}, {21, 2, "int2"}, {22, -1, "int2vector"}, {23, 4, "int4"},
	{24, 4, "regproc"}, {25, -1, "text"}, {26, 4, "oid"}, {27, 6, "tid"}, {28, 4, "xid"},
	{29, 4, "cid"}, {30, -1, "oidvector"}, {32, 8, "pg_ddl_command"}, {114, -1, "json"},
	{142, -1, "xml"}, {143, -1, "_xml"}, {194, -1, "pg_node_tree"}, {199, -1, "_json"},
	{210, -1, "_pg_type"}, {269, 4, "table_am_handler"}, {270, -1, "_pg_attribute"},
	{271, -1, "_xid8"}, {272, -1, "_pg_proc"}, {273, -1, "_pg_class"},
	{325, 4, "index_am_handler"}, {600, 16, "point"}, {601, 32, "lseg"}, {602, -1, "path"},
	{603, 32, "box"}, {604, -1, "polygon"}, {628, 24, "line"}, {629, -1, "_line"},
	{650, -1, "cidr"}, {651, -1, "_cidr"}, {700, 4, "float4"}, {701, 8, "float8"},
	{705, -2, "unknown"}, {718, 24, "circle"}, {719, -1, "_circle"}, {774, 8, "macaddr8"},
	{775, -1, "_macaddr8"}, {790, 8, "money"}, {791, -1, "_money"}, {829, 6, "macaddr"},
	{869, -1, "inet"}, {1000, -1, "_bool"}, {1001, -1, "_bytea"}, {1002, -1, "_char"},
	{1003, -1, "_name"}, {1005, -1, "_int2"}, {1006, -1, "_int2vector"}, {1007, -1, "_int4"},
	{1008, -1, "_regproc"}, {1009, -1, "_text"}, {1010, -1, "_tid"}, {1011, -1, "_xid"},
	{1012, -1, "_cid"}, {1013, -1, "_oidvector"}, {1014, -1, "_bpchar"}, {1015, -1, "_varchar"},
	{1016, -1, "_int8"}, {1017, -1, "_point"}, {1018, -1, "_lseg"}, {1019, -1, "_path"},
	{1020, -1, "_box"}, {1021, -1, "_float4"}, {1022, -1, "_float8"}, {1027, -1, "_polygon"},
	{1028, -1, "_oid"}, {1033, 12, "aclitem"}, {1034, -1, "_aclitem"}, {1040, -1, "_macaddr"},
	{1041, -1, "_inet"}, {1042, -1, "bpchar"}, {1043, -1, "varchar"}, {1082, 4, "date"},
	{1083, 8, "time"}, {1114, 8, "timestamp"}, {1115, -1, "_timestamp"}, {1182, -1, "_date"},
	{1183, -1, "_time"}, {1184, 8, "timestamptz"}, {1185, -1, "_timestamptz"},
	{1186, 16, "interval"}, {1187, -1, "_interval"}, {1231, -1, "_numeric"},
	{1263, -1, "_cstring"}, {1266, 12, "timetz"}, {1270, -1, "_timetz"}, {1560, -1, "bit"},
	{1561, -1, "_bit"}, {1562, -1, "varbit"}, {1563, -1, "_varbit"}, {1700, -1, "numeric"},
	{1790, -1, "refcursor"}, {2201, -1, "_refcursor"}, {2202, 4, "regprocedure"},
	{2203, 4, "regoper"}, {2204, 4, "regoperator"}, {2205, 4, "regclass"}, {2206, 4, "regtype"},
	{2207, -1, "_regprocedure"}, {2208, -1, "_regoper"}, {2209, -1, "_regoperator"},
	{2210, -1, "_regclass"}, {2211, -1, "_regtype"}, {2249, -1, "record"},
	{2275, -2, "cstring"}, {2276, 4, "any"}, {2277, -1, "anyarray"}, {2278, 4, "void"},
	{2279, 4, "trigger"}, {2280, 4, "language_handler"}, {2281, 8, "internal"},
	{2283, 4, "anyelement"}, {2287, -1, "_record"}, {2776, 4, "anynonarray"},
	{2949, -1, "_txid_snapshot"}, {2950, 16, "uuid"}, {2951, -1, "_uuid"},
	{2970, -1, "txid_snapshot"}, {3115, 4, "fdw_handler"}, {3220, 8, "pg_lsn"},
	{3221, -1, "_pg_lsn"}, {3310, 4, "tsm_handler"}, {3361, -1, "pg_ndistinct"},
	{3402, -1, "pg_dependencies"}, {3500, 4, "anyenum"}, {3614, -1, "tsvector"},
	{3615, -1, "tsquery"}, {3642, -1, "gtsvector"}, {3643, -1, "_tsvector"},
	{3644, -1, "_gtsvector"}, {3645, -1, "_tsquery"}, {3734, 4, "regconfig"},
	{3735, -1, "_regconfig"}, {3769, 4, "regdictionary"}, {3770, -1, "_regdictionary"},
	{3802, -1, "jsonb"}, {3807, -1, "_jsonb"}, {3831, -1, "anyrange"},
	{3838, 4, "event_trigger"}, {3904, -1, "int4range"}, {3905, -1, "_int4range"},
	{3906, -1, "numrange"}, {3907, -1, "_numrange"}, {3908, -1, "tsrange"},
	{3909, -1, "_tsrange"}, {3910, -1, "tstzrange"}, {3911, -1, "_tstzrange"},
	{3912, -1, "daterange"}, {3913, -1, "_daterange"}, {3926, -1, "int8range"},
	{3927, -1, "_int8range"}, {4072, -1, "jsonpath"}, {4073, -1, "_jsonpath"},
	{4089, 4, "regnamespace"}, {4090, -1, "_regnamespace"}, {4096, 4, "regrole"},
	{4097, -1, "_regrole"}, {4191, 4, "regcollation"}, {4192, -1, "_regcollation"},
	{4451, -1, "int4multirange"}, {4532, -1, "nummultirange"}, {4533, -1, "tsmultirange"},
	{4534, -1, "tstzmultirange"}, {4535, -1, "datemultirange"}, {4536, -1, "int8multirange"},
	{4537, -1, "anymultirange"}, {4538, -1, "anycompatiblemultirange"},
	{4600, -1, "pg_brin_bloom_summary"}, {4601, -1, "pg_brin_minmax_multi_summary"},
	{5017, -1, "pg_mcv_list"}, {5038, -1, "pg_snapshot"}, {5039, -1, "_pg_snapshot"},
	{5069, 8, "xid8"}, {5077, 4, "anycompatible"}, {5078, -1, "anycompatiblearray"},
	{5079, 4, "anycompatiblenonarray"}, {5080, -1, "anycompatiblerange"},
	{6150, -1, "_int4multirange"}, {6151, -1, "_nummultirange"}, {6152, -1, "_tsmultirange"},
	{6153, -1, "_tstzmultirange"}, {6155, -1, "_datemultirange"},
	{6157, -1, "_int8multirange"}};

const struct fixture_type *fixture_type_by_oid(uint32_t oid)
{
	size_t low = 0, high = ARRAY_LEN(types);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (types[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ARRAY_LEN(types) && types[low].oid == oid ? &types[low] : NULL;
}

const struct fixture_type *fixture_type_by_name(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (bytes_equal_str(name, types[i].name))
			return &types[i];
	return NULL;
}
