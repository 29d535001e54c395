/*
 * What the commands of twinkly-trace share.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "replay/trace_commands.h"

#define NUMBERS_MAX 100000

static int misused(const struct trace_arguments *a, const char *text)
{
	fprintf(stderr, "%s: %s\n", a->table->program, text);
	return TRACE_EXIT_USAGE;
}

static enum options_result parse(struct trace_arguments *a, int argc, char **argv, struct err *err)
{
	enum options_result result = OPTIONS_OK;
	int rest = 1;

	while (argc > 1) {
		result = options_parse(a->table, argc, argv, a->on_option, a->context, &rest, err);
		if (result != OPTIONS_OK || rest >= argc)
			return result;
		if (a->count == a->most) {
			err_set(err, "\"%s\" is one argument too many; see %s --help", argv[rest],
				a->table->program);
			return OPTIONS_INVALID;
		}
		a->operands[a->count++] = argv[rest];
		argc -= rest;
		argv += rest;
	}
	return result;
}

bool trace_arguments(struct trace_arguments *a, int argc, char **argv, int *status)
{
	struct err err;

	switch (parse(a, argc, argv, &err)) {
	case OPTIONS_DONE:
		*status = TRACE_EXIT_SAME;
		return false;
	case OPTIONS_INVALID:
		*status = misused(a, err.text);
		return false;
	case OPTIONS_OK:
		break;
	}
	if (a->count < a->least) {
		err_set(&err, "an argument is missing; see %s --help", a->table->program);
		*status = misused(a, err.text);
		return false;
	}
	return true;
}

int trace_failed(const struct err *err)
{
	fprintf(stderr, "twinkly-trace: %s\n", err->text);
	return TRACE_EXIT_FAILED;
}

bool trace_is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static bool add_range(int64_t *numbers, size_t *count, int64_t first, int64_t last)
{
	for (; first <= last; first++) {
		if (*count == NUMBERS_MAX || (*count > 0 && numbers[*count - 1] >= first))
			return false;
		numbers[(*count)++] = first;
	}
	return true;
}

int64_t *trace_numbers(const char *list, size_t *count, struct err *err)
{
	int64_t *numbers = calloc(NUMBERS_MAX, sizeof(*numbers));
	const char *rest = list;
	bool ok = numbers != NULL;

	*count = 0;
	for (bool goes_on = ok; goes_on;) {
		int64_t first, last;
		int n = 0;

		ok = sscanf(rest, "%9" SCNd64 "%n", &first, &n) == 1 && first > 0;
		rest += n;
		last = first;
		if (ok && *rest == '-') {
			ok = sscanf(rest + 1, "%9" SCNd64 "%n", &last, &n) == 1;
			rest += 1 + n;
		}
		ok = ok && add_range(numbers, count, first, last);
		goes_on = ok && *rest == ',';
		rest += goes_on;
	}
	if (ok && !*rest)
		return numbers;
	free(numbers);
	err_set(err, "\"%s\": expected numbers in growing order such as 1,3,7-9", list);
	return NULL;
}
