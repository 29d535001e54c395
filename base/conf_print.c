/*
 * The effective values as a file that can be read again and then prints the same. Sections
 * follow the table's order; one that is left and entered again is simply written twice,
 * because sections merge.
 */
#include "base/conf.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/conf_lex.h"
#include "base/conf_tree.h"
#include "base/conf_units.h"

static void print_items(const struct conf_entry *entry, FILE *out)
{
	fputc('[', out);
	for (size_t i = 0; i < entry->count; i++) {
		fputs(i ? ", " : "", out);
		conf_quote(out, entry->items[i], SIZE_MAX);
	}
	fputc(']', out);
}

/* Can the text stand without quotes? Its parts would be joined just as they are. */
static bool is_plain(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-._") == strlen(text);
}

static void print_text(const char *text, FILE *out)
{
	if (is_plain(text) && strcmp(text, "null") != 0)
		fputs(text, out);
	else
		conf_quote(out, text, SIZE_MAX);
}

/* A value of the tree on one line; as deep as the tree. */
static void print_tree(const struct conf_value *value, FILE *out)
{
	bool is_object = value->kind == CONF_KIND_OBJECT;

	if (value->kind == CONF_KIND_SCALAR) {
		print_text(value->text, out);
		return;
	}
	fputs(is_object ? "{ " : "[", out);
	for (const struct conf_value *it = value->first; it; it = it->next) {
		if (is_object) {
			if (strchr(it->key, '.'))
				conf_quote(out, it->key, SIZE_MAX);
			else
				print_text(it->key, out);
			fputs(" = ", out);
		}
		print_tree(it, out);
		fputs(it->next ? ", " : "", out);
	}
	fputs(is_object ? " }" : "]", out);
}

/* One item a line: sections are long. */
static void print_list(const struct conf_entry *entry, FILE *out)
{
	fputs("[\n", out);
	for (size_t i = 0; i < entry->count; i++) {
		fputs("    ", out);
		if (entry->items[i])
			conf_quote(out, entry->items[i], SIZE_MAX);
		else
			print_tree(entry->values[i], out);
		fputc('\n', out);
	}
	fputs("  ]", out);
}

static void print_value(const struct conf_entry *entry, FILE *out)
{
	switch (entry->key->type) {
	case CONF_STRING:
		conf_quote(out, entry->text, SIZE_MAX);
		break;
	case CONF_INTEGER:
		fprintf(out, "%" PRId64, entry->integer);
		break;
	case CONF_NUMBER:
		conf_write_number(out, entry->number);
		break;
	case CONF_BOOLEAN:
		fputs(entry->integer ? "true" : "false", out);
		break;
	case CONF_DURATION:
		conf_write_duration(out, entry->integer);
		break;
	case CONF_SIZE:
		conf_write_size(out, entry->integer);
		break;
	case CONF_ENUM:
		fputs(entry->text, out);
		break;
	case CONF_STRINGS:
		print_items(entry, out);
		break;
	case CONF_LIST:
		print_list(entry, out);
		break;
	}
}

/* `key` without its last name: what is printed as sections around it, with the dot. */
static size_t section_len(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? (size_t)(dot + 1 - key) : 0;
}

static void indent(size_t level, FILE *out)
{
	fprintf(out, "%*s", (int)(2 * level), "");
}

static size_t count_dots(const char *key, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; i++)
		dots += key[i] == '.';
	return dots;
}

/* Closes and opens sections on the way from the key before (`from`) to this one. */
static void change_section(const char *from, const char *to, FILE *out)
{
	size_t from_len = section_len(from), to_len = section_len(to), common = 0;

	for (size_t i = 0; i < from_len && i < to_len && from[i] == to[i]; i++)
		if (from[i] == '.')
			common = i + 1;
	size_t level = count_dots(from, from_len), shared = count_dots(from, common);
	while (level > shared) {
		indent(--level, out);
		fputs("}\n", out);
	}
	for (const char *name = to + common; name < to + to_len; level++) {
		size_t n = strcspn(name, ".");

		indent(level, out);
		fprintf(out, "%.*s {\n", (int)n, name);
		name += n + 1;
	}
}

void conf_print(const struct conf *conf, FILE *out)
{
	const char *before = "";

	for (size_t i = 0; i < conf->entry_count; i++) {
		const struct conf_entry *entry = &conf->entries[i];
		const char *name = entry->key->name;

		change_section(before, name, out);
		before = name;
		indent(count_dots(name, strlen(name)), out);
		if (!entry->is_set) {
			fprintf(out, "# %s is not set\n", name);
			continue;
		}
		fprintf(out, "%s = ", name + section_len(name));
		if (entry->key->is_secret)
			fputs("\"***\"", out);
		else
			print_value(entry, out);
		fputc('\n', out);
	}
	change_section(before, "", out);
}
