/*
 * twinkly-capture --check, --install-shim and --remove-shim: work on both databases without a
 * client, print what came of it, and end. Exit status of --check: 0 nothing that matters differs,
 * 1 something does, 2 no user or database is named, 3 it could not look.
 */
#ifndef CAPTURE_CHECK_H
#define CAPTURE_CHECK_H

#include "base/attr.h"
#include "diffengine/settings.h"

#define CHECK_TOTAL_US     (300 * INT64_C(1000000))
#define CHECK_STATEMENT_US (10 * INT64_C(1000000)) /* of one question, and of one table's count */
#define CHECK_ROWS_MAX     200000                  /* tables, columns, constraints and indexes */
#define CHECK_TABLES_MAX   10000

enum check_what { CHECK_NOTHING, CHECK_COMPARE, CHECK_INSTALL, CHECK_REMOVE };

struct check_options {
	enum check_what what;
	const char *database, *user; /* NULL: the configuration names them */
	const struct settings *settings;
};

/* Returns the exit status. */
int check_run(const struct check_options *options) ATTR_USE_RESULT;

#endif
