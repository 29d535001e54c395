/*
 * The commands of twinkly-trace, a file each. A command gets its own arguments, its name first, and
 * returns the exit status.
 */
#ifndef REPLAY_TRACE_COMMANDS_H
#define REPLAY_TRACE_COMMANDS_H

#include <stdint.h>

#include "base/options.h"

enum { TRACE_EXIT_SAME = 0, TRACE_EXIT_DIFFERS = 1, TRACE_EXIT_USAGE = 2, TRACE_EXIT_FAILED = 3 };

int trace_fixture(int argc, char **argv);
int trace_import(int argc, char **argv);
int trace_ls(int argc, char **argv);
int trace_show(int argc, char **argv);
int trace_check_command(int argc, char **argv);
int trace_diff(int argc, char **argv);
int trace_merge(int argc, char **argv);
int trace_redact(int argc, char **argv);

/* --- for the commands --- */

#define TRACE_OPERANDS_MAX 16

struct trace_arguments {
	const struct option_table *table;
	on_option_fn *on_option;
	void *context;
	size_t least, most; /* operands */
	const char *operands[TRACE_OPERANDS_MAX];
	size_t count;
};

/* Options may stand before, between and behind operands. True: go on; else *status is the end. */
bool trace_arguments(struct trace_arguments *a, int argc, char **argv, int *status) ATTR_USE_RESULT;

/* "twinkly-trace: TEXT" on standard error; returns TRACE_EXIT_FAILED. */
int trace_failed(const struct err *err);

bool trace_is_same_file(const char *a, const char *b);

/* "1,3,7-9" into sorted numbers, which the caller frees; NULL with err. */
int64_t *trace_numbers(const char *list, size_t *count, struct err *err) ATTR_USE_RESULT;

#endif
