/*
 * The words of a rule that have a form of their own: names of types, SQLSTATEs, dates, kinds
 * of difference and classes of statement.
 */
#include <stdlib.h>
#include <string.h>

#include "diffengine/rules_impl.h"

/* OIDs of pg_type.dat, which never change; the array's is in the second column. */
static const struct {
	const char *name;
	uint32_t oid, array;
} types[] = {
	{"bool", 16, 1000},
	{"boolean", 16, 1000},
	{"bytea", 17, 1001},
	{"char", 18, 1002},
	{"name", 19, 1003},
	{"int8", 20, 1016},
	{"bigint", 20, 1016},
	{"int2", 21, 1005},
	{"smallint", 21, 1005},
	{"int4", 23, 1007},
	{"integer", 23, 1007},
	{"int", 23, 1007},
	{"regproc", 24, 1008},
	{"text", 25, 1009},
	{"oid", 26, 1028},
	{"tid", 27, 1010},
	{"xid", 28, 1011},
	{"cid", 29, 1012},
	{"json", 114, 199},
	{"xml", 142, 143},
	{"point", 600, 1017},
	{"lseg", 601, 1018},
	{"path", 602, 1019},
	{"box", 603, 1020},
	{"polygon", 604, 1027},
	{"line", 628, 629},
	{"cidr", 650, 651},
	{"float4", 700, 1021},
	{"real", 700, 1021},
	{"float8", 701, 1022},
	{"double precision", 701, 1022},
	{"circle", 718, 719},
	{"money", 790, 791},
	{"macaddr", 829, 1040},
	{"inet", 869, 1041},
	{"bpchar", 1042, 1014},
	{"character", 1042, 1014},
	{"varchar", 1043, 1015},
	{"character varying", 1043, 1015},
	{"date", 1082, 1182},
	{"time", 1083, 1183},
	{"timestamp", 1114, 1115},
	{"timestamptz", 1184, 1185},
	{"interval", 1186, 1187},
	{"timetz", 1266, 1270},
	{"bit", 1560, 1561},
	{"varbit", 1562, 1563},
	{"numeric", 1700, 1231},
	{"decimal", 1700, 1231},
	{"regprocedure", 2202, 2207},
	{"regclass", 2205, 2210},
	{"regtype", 2206, 2211},
	{"record", 2249, 2287},
	{"uuid", 2950, 2951},
	{"pg_lsn", 3220, 3221},
	{"tsvector", 3614, 3643},
	{"tsquery", 3615, 3645},
	{"jsonb", 3802, 3807},
	{"int4range", 3904, 3905},
	{"numrange", 3906, 3907},
	{"tsrange", 3908, 3909},
	{"tstzrange", 3910, 3911},
	{"daterange", 3912, 3913},
	{"int8range", 3926, 3927},
	{"xid8", 5069, 271},
};

static const char *const classes[] = {"query", "change", "explain", "show", "fetch", "declare",
	"prepare", "execute", "copy", "ddl", "transaction", "other", "metadata", "aggregate"};

static bool is_number(const char *text)
{
	return *text && strlen(text) <= 9 && strspn(text, "0123456789") == strlen(text);
}

bool rules_type_oid(const char *name, uint32_t *oid)
{
	size_t len = strlen(name);
	bool is_array = len > 2 && strcmp(name + len - 2, "[]") == 0;

	if (is_number(name)) {
		*oid = (uint32_t)strtoul(name, NULL, 10);
		return *oid > 0;
	}
	if (is_array)
		len -= 2;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) != len || memcmp(types[i].name, name, len) != 0)
			continue;
		*oid = is_array ? types[i].array : types[i].oid;
		return true;
	}
	return false;
}

bool rules_is_sqlstate(const char *text)
{
	size_t n = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (text[n] == '*')
		return n >= 2 && n < 5 && text[n + 1] == '\0';
	return n == 5 && text[n] == '\0';
}

/* Two digits at `text` as a number. */
static unsigned two_digits(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

bool rules_is_date(const char *text)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	static const char form[] = "dddd-dd-dd";

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != '-')
			return false;
	unsigned year = two_digits(text) * 100 + two_digits(text + 2);
	unsigned month = two_digits(text + 5), day = two_digits(text + 8);
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (unsigned)(month == 2 && is_leap);
}

bool rules_find_kind(const char *name, unsigned *kind)
{
	for (*kind = 0; *kind < DIFF_KIND_COUNT; (*kind)++)
		if (strcmp(diff_kind_info((enum diff_kind) * kind)->name, name) == 0)
			return true;
	return false;
}

bool rules_find_class(const char *name, unsigned *class)
{
	for (*class = 0; *class < ARRAY_LEN(classes); (*class)++)
		if (strcmp(classes[*class], name) == 0)
			return true;
	return false;
}
