/*
 * Command lines from a table. One table per program gives parsing, --help and (later) man
 * pages and completion. The same letter means the same in every program: -c configuration,
 * -t trace, -s setting, -v verbose, -q quiet; --help and --version are always there and are
 * not in the table.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

struct option_row {
	int id;           /* what on_option gets; unique in the table, above 0 */
	char letter;      /* 0: long form only */
	const char *name; /* long form without dashes */
	/* Name of the value in help ("FILE"); NULL: takes none; "[=KIND]": takes one behind "=" or
	 * none, in its long form only. */
	const char *value;
	const char *help; /* one sentence, lower case, no full stop */
};

struct option_table {
	const char *program;
	const char *usage;   /* after the program's name: "[OPTION]... [-- COMMAND...]" */
	const char *summary; /* one or two sentences for --help */
	const struct option_row *rows;
	size_t count;
};

enum options_result {
	OPTIONS_OK,     /* go on; *rest is the index of the first operand in argv */
	OPTIONS_DONE,   /* --help or --version was printed: exit 0 */
	OPTIONS_INVALID /* err says what and how to get help: exit 2 */
};

/* Called for each option in order; `value` is NULL where none was given. */
typedef bool on_option_fn(void *context, int id, const char *value, struct err *err);

/* Options end at "--" or, as POSIX has it, at the first operand. */
enum options_result options_parse(const struct option_table *table, int argc, char **argv,
	on_option_fn *on_option, void *context, int *rest, struct err *err) ATTR_USE_RESULT;

void options_print_help(const struct option_table *table, FILE *out);

#endif
