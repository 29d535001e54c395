/*
 * twinkly-trace: works on trace files. Finds the command; each has a file of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/trace_commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"ls", trace_ls, "TRACE: its sessions, or its exchanges"},
	{"show", trace_show, "TRACE SESSION[:EXCHANGE]: messages of both sides"},
	{"check", trace_check_command, "TRACE: whether it is whole"},
	{"diff", trace_diff, "A B: exchanges with other answers"},
	{"merge", trace_merge, "A B [MORE]... -o TRACE: several traces as one"},
	{"redact", trace_redact, "TRACE -o TRACE: without what must not be in it"},
	{"fixture", trace_fixture, "TRACE -o FILE: a trace as readable text, for git"},
	{"import", trace_import, "FIXTURE -o TRACE: such a text as a trace"},
};

static void print_commands(FILE *out)
{
	fprintf(out, "\nCommands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\ntwinkly-trace COMMAND --help says more about one.\n");
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	(void)context;
	(void)id;
	(void)value;
	return err_set(err, "there are no options before the command");
}

static int without_command(int argc, char **argv)
{
	static const struct option_table table = {.program = "twinkly-trace",
		.usage = "COMMAND [OPTION]... ARGUMENT...",
		.summary = "Works on trace files. Exit status: 0 done, 1 differences or damage, 2 "
			   "usage, 3 could not\ndo the job."};
	struct err err;
	int rest = 1;

	switch (options_parse(&table, argc, argv, on_option, NULL, &rest, &err)) {
	case OPTIONS_DONE:
		if (strcmp(argv[1], "--version") != 0)
			print_commands(stdout);
		return TRACE_EXIT_SAME;
	case OPTIONS_INVALID:
		fprintf(stderr, "twinkly-trace: %s\n", err.text);
		return TRACE_EXIT_USAGE;
	case OPTIONS_OK:
		break;
	}
	if (rest < argc)
		fprintf(stderr, "twinkly-trace: there is no command \"%s\"\n", argv[rest]);
	else
		fprintf(stderr, "twinkly-trace: no command is given\n");
	print_commands(stderr);
	return TRACE_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return without_command(argc, argv);
}
