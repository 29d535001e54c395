/*
 * Versions of servers, and ranges of them.
 */
#include "diffengine/version.h"

#include <string.h>

#define YUGABYTEDB_MARK "-YB-"
#define PART_MAX        1000000u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Numbers with dots between them; returns where they end. */
static const char *parse(const char *text, struct version *version)
{
	*version = (struct version){.count = 0};
	while (is_digit(*text)) {
		unsigned part = 0;

		for (; is_digit(*text); text++)
			if (part < PART_MAX)
				part = part * 10 + (unsigned)(*text - '0');
		if (version->count < VERSION_PARTS_MAX)
			version->parts[version->count++] = part;
		if (*text != '.' || !is_digit(text[1]))
			break;
		text++;
	}
	return text;
}

void version_of_server(const char *text, struct version_server *server)
{
	const char *mark = strstr(text, YUGABYTEDB_MARK);

	parse(text, &server->base);
	server->is_yugabytedb = mark != NULL;
	server->release = server->base;
	if (mark)
		parse(mark + strlen(YUGABYTEDB_MARK), &server->release);
}

/* The op at *text, which moves behind it; none is "=". */
static char parse_operator(const char **text)
{
	char first = **text;

	if (first != '<' && first != '>' && first != '=')
		return '=';
	(*text)++;
	if (first == '=' || **text != '=')
		return first;
	(*text)++;
	return first == '<' ? 'l' : 'g';
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

bool version_parse_range(const char *text, struct version_range *range, struct err *err)
{
	const char *at = text;

	range->count = 0;
	do {
		if (range->count == VERSION_COMPARISONS_MAX)
			return err_set(err, "\"%s\" has more than %d comparisons", text,
				VERSION_COMPARISONS_MAX);
		at = skip_blanks(at + (range->count > 0));
		range->comparisons[range->count].op = parse_operator(&at);
		at = parse(skip_blanks(at), &range->comparisons[range->count].version);
		at = skip_blanks(at);
		if (range->comparisons[range->count++].version.count == 0)
			break;
	} while (*at == ',');
	if (*at || range->comparisons[range->count - 1].version.count == 0)
		return err_set(err,
			"\"%s\" is not a range of versions (like \">=2025.1, <2025.2.3\")", text);
	return true;
}

/* Below 0, 0 or above, on as many parts as `bound` has; missing ones count as 0. */
static int compare(const struct version *version, const struct version *bound)
{
	for (size_t i = 0; i < bound->count; i++) {
		unsigned part = i < version->count ? version->parts[i] : 0;

		if (part != bound->parts[i])
			return part < bound->parts[i] ? -1 : 1;
	}
	return 0;
}

bool version_is_within(const struct version *version, const struct version_range *range)
{
	for (size_t i = 0; i < range->count; i++) {
		int order = compare(version, &range->comparisons[i].version);
		char op = range->comparisons[i].op;

		if (version->count == 0)
			return false;
		if ((op == '<' && order >= 0) || (op == 'l' && order > 0) ||
			(op == '=' && order != 0) || (op == 'g' && order < 0) ||
			(op == '>' && order <= 0))
			return false;
	}
	return true;
}

bool version_undoes_ddl(const struct version_server *server)
{
	static const struct version preview = {.parts = {2, 29}, .count = 2};
	static const struct version stable = {.parts = {2026, 1}, .count = 2};

	if (!server->is_yugabytedb || server->release.count == 0)
		return !server->is_yugabytedb;
	/* Stable releases have been named by their year since 2024. */
	return compare(&server->release, server->release.parts[0] < 1000 ? &preview : &stable) >= 0;
}
