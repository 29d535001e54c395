/*
 * Versions that servers report, and ranges of them: `15.18`, `17beta1`,
 * `15.12-YB-2025.1.4.0-b0` (built on PostgreSQL 15.12, release 2025.1.4.0).
 * A range is comparisons that must all hold: ">=2025.1, <2025.2.3". Only as many parts are
 * compared as the range has: 2024.2.11 is within "2024.2", "<=2024.2" and not ">2024.2".
 */
#ifndef DIFFENGINE_VERSION_H
#define DIFFENGINE_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define VERSION_PARTS_MAX       6 /* further ones are not looked at */
#define VERSION_COMPARISONS_MAX 4 /* of a range */

struct version { /* count 0: unknown */
	unsigned parts[VERSION_PARTS_MAX];
	size_t count;
};

struct version_server {
	struct version base;    /* the PostgreSQL that it is, or is built on */
	struct version release; /* of the product: YugabyteDB's own, else as base */
	bool is_yugabytedb;
};

struct version_range { /* count 0: every version, also an unknown one */
	struct {
		char op; /* '<', 'l' at most, '=', 'g' at least, '>' */
		struct version version;
	} comparisons[VERSION_COMPARISONS_MAX];
	size_t count;
};

/* Whatever the server says; what is no version is unknown. */
void version_of_server(const char *text, struct version_server *server);

/* A rollback undoes DDL: PostgreSQL, and YugabyteDB from 2.29 and 2026.1 on. */
bool version_undoes_ddl(const struct version_server *server);

bool version_parse_range(
	const char *text, struct version_range *range, struct err *err) ATTR_USE_RESULT;
bool version_is_within(const struct version *version, const struct version_range *range);

#endif
