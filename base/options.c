/*
 * Command lines from a table, by way of getopt_long: the table is turned into its two
 * descriptions, its answers into our own messages. getopt_long's state is the process's,
 * so this runs in the main thread at start-up.
 */
#include "base/options.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "version_commit.h"

#define ROWS_MAX 60
/* What getopt_long answers for row i's long form; below that are the letters. */
#define LONG_FIRST   256
#define LONG_HELP    (LONG_FIRST + ROWS_MAX)
#define LONG_VERSION (LONG_HELP + 1)

static bool is_optional(const struct option_row *row)
{
	return row->value && row->value[0] == '[';
}

static int argument_of(const struct option_row *row)
{
	if (is_optional(row))
		return optional_argument;
	return row->value ? required_argument : no_argument;
}

/* The table as getopt_long wants it. */
struct getopt_form {
	char letters[2 * ROWS_MAX + 3];
	struct option longs[ROWS_MAX + 3];
};

static void build_form(const struct option_table *table, struct getopt_form *form)
{
	size_t n = 0;

	assert(table->count <= ROWS_MAX);
	*form = (struct getopt_form){0};
	form->letters[n++] = '+'; /* stop at the first operand */
	form->letters[n++] = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		form->longs[i] = (struct option){
			.name = row->name, .has_arg = argument_of(row), .val = LONG_FIRST + (int)i};
		if (!row->letter)
			continue;
		form->letters[n++] = row->letter;
		if (row->value)
			form->letters[n++] = ':';
	}
	form->longs[table->count] = (struct option){.name = "help", .val = LONG_HELP};
	form->longs[table->count + 1] = (struct option){.name = "version", .val = LONG_VERSION};
}

/* The row of getopt_long's answer; NULL for --help, --version and unknown ones. */
static const struct option_row *row_of(const struct option_table *table, int answer)
{
	if (answer >= LONG_FIRST)
		return answer < LONG_FIRST + (int)table->count ? &table->rows[answer - LONG_FIRST]
							       : NULL;
	for (size_t i = 0; i < table->count; i++)
		if (answer && table->rows[i].letter == answer)
			return &table->rows[i];
	return NULL;
}

static bool is_ambiguous(const struct getopt_form *form, const char *name)
{
	size_t count = 0;

	for (const struct option *it = form->longs; it->name; it++)
		if (strncmp(it->name, name, strcspn(name, "=")) == 0)
			count++;
	return count > 1;
}

/* getopt_long answered '?': `arg` is the argument that it was at. */
static void refuse(const struct option_table *table, const struct getopt_form *form,
	const char *arg, struct err *err)
{
	const struct option_row *row = row_of(table, optopt);

	if (optopt >= LONG_FIRST)
		err_set(err, "option \"--%s\" takes no value",
			row                   ? row->name
			: optopt == LONG_HELP ? "help"
					      : "version");
	else if (optopt)
		err_set(err, "unknown option \"-%c\"", optopt);
	else
		err_set(err, "%s option \"%.*s\"",
			is_ambiguous(form, arg + 2) ? "ambiguous" : "unknown",
			(int)strcspn(arg, "="), arg);
}

static void missing_value(const struct option_table *table, struct err *err)
{
	const struct option_row *row = row_of(table, optopt);

	assert(row);
	err_set(err, "option \"--%s\" needs a value: --%s %s", row->name, row->name, row->value);
}

static enum options_result invalid(const struct option_table *table, struct err *err)
{
	if (err) {
		struct err what = *err;

		err_set(err, "%s; see %s --help", what.text, table->program);
	}
	return OPTIONS_INVALID;
}

enum options_result options_parse(const struct option_table *table, int argc, char **argv,
	on_option_fn *on_option, void *context, int *rest, struct err *err)
{
	struct getopt_form form;
	int answer;

	build_form(table, &form);
	opterr = 0;
	optind = 0; /* glibc: forget an earlier command line altogether */
	while ((answer = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
		if (answer == LONG_HELP) {
			options_print_help(table, stdout);
			return OPTIONS_DONE;
		}
		if (answer == LONG_VERSION) {
			printf("%s %s (%s)\n", table->program, TWINKLY_VERSION, TWINKLY_COMMIT);
			return OPTIONS_DONE;
		}
		if (answer == ':') {
			missing_value(table, err);
			return invalid(table, err);
		}
		const struct option_row *row = row_of(table, answer);
		if (answer == '?' || !row) {
			refuse(table, &form, argv[optind - 1], err);
			return invalid(table, err);
		}
		if (!on_option(context, row->id, row->value ? optarg : NULL, err))
			return OPTIONS_INVALID;
	}
	*rest = optind;
	return OPTIONS_OK;
}

static int form_width(const struct option_row *row)
{
	return (int)(strlen(row->name) + (row->value ? !is_optional(row) + strlen(row->value) : 0));
}

static void print_row(const struct option_row *row, int width, FILE *out)
{
	if (row->letter)
		fprintf(out, "  -%c, --%s", row->letter, row->name);
	else
		fprintf(out, "      --%s", row->name);
	fprintf(out, "%s%s%*s%s\n", row->value && !is_optional(row) ? " " : "",
		row->value ? row->value : "", width - form_width(row) + 2, "", row->help);
}

void options_print_help(const struct option_table *table, FILE *out)
{
	static const struct option_row help = {.name = "help", .help = "print this help"};
	static const struct option_row version = {.name = "version", .help = "print the version"};
	int width = form_width(&version);

	fprintf(out, "Usage: %s %s\n\n%s\n\nOptions:\n", table->program, table->usage,
		table->summary);
	for (size_t i = 0; i < table->count; i++)
		if (form_width(&table->rows[i]) > width)
			width = form_width(&table->rows[i]);
	for (size_t i = 0; i < table->count; i++)
		print_row(&table->rows[i], width, out);
	print_row(&help, width, out);
	print_row(&version, width, out);
}
