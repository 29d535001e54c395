/*
 * From a value of the tree to what a key's type wants, with a message that names the key,
 * what was found and what is possible. A value of the wrong form is a fault; only want of
 * memory is a failure.
 */
#include "base/conf_check.h"

#include <inttypes.h>
#include <string.h>

#include "base/conf_lex.h"
#include "base/conf_parse.h"
#include "base/conf_units.h"

#define TEXT_SHOWN 60

static const char *const type_names[] = {
	[CONF_STRING] = "a text",
	[CONF_INTEGER] = "an integer",
	[CONF_NUMBER] = "a number",
	[CONF_BOOLEAN] = "a boolean (true, false, yes, no, on or off)",
	[CONF_DURATION] = "a duration (like 500ms, 30s, 2m)",
	[CONF_SIZE] = "a size (like 64MB, 1KiB)",
	[CONF_ENUM] = "one of ",
	[CONF_STRINGS] = "an array of texts",
	[CONF_LIST] = "an array of texts and sections",
};

static void write_type(FILE *out, const struct conf_key *key)
{
	fputs(type_names[key->type], out);
	if (key->type != CONF_ENUM)
		return;
	for (const char *it = key->choices; *it; it++) {
		if (*it == ' ')
			fputc(',', out);
		fputc(*it, out);
	}
}

static void wrong_kind(
	const struct conf_key *key, const struct conf_value *value, struct conf_faults *faults)
{
	static const char *const kind_names[] = {
		[CONF_KIND_NULL] = "null",
		[CONF_KIND_SCALAR] = "a single value",
		[CONF_KIND_ARRAY] = "an array",
		[CONF_KIND_OBJECT] = "a section",
	};

	if (!conf_fault_begin(faults, value->place))
		return;
	fprintf(faults->out, "%s: expected ", key->name);
	write_type(faults->out, key);
	fprintf(faults->out, ", found %s\n", kind_names[value->kind]);
}

static void wrong_text(
	const struct conf_key *key, const struct conf_value *value, struct conf_faults *faults)
{
	if (!conf_fault_begin(faults, value->place))
		return;
	fprintf(faults->out, "%s: ", key->name);
	conf_quote(faults->out, value->text, TEXT_SHOWN);
	fputs(" is not ", faults->out);
	write_type(faults->out, key);
	fputc('\n', faults->out);
}

static void no_unit(
	const struct conf_key *key, const struct conf_value *value, struct conf_faults *faults)
{
	if (conf_fault_begin(faults, value->place))
		fprintf(faults->out, "%s: \"%.*s\" needs a unit, like %.*sms or %.*ss\n", key->name,
			TEXT_SHOWN, value->text, TEXT_SHOWN, value->text, TEXT_SHOWN, value->text);
}

static void write_bound(FILE *out, const struct conf_key *key, double bound)
{
	if (key->type == CONF_DURATION)
		conf_write_duration(out, (int64_t)bound);
	else if (key->type == CONF_SIZE)
		conf_write_size(out, (int64_t)bound);
	else
		conf_write_number(out, bound);
}

static void check_range(const struct conf_key *key, double number, const struct conf_value *value,
	struct conf_faults *faults)
{
	bool has_most = key->max >= key->min;

	if (key->min == 0 && key->max == 0)
		return;
	if (number >= key->min && (!has_most || number <= key->max))
		return;
	if (!conf_fault_begin(faults, value->place))
		return;
	FILE *out = faults->out;
	fprintf(out, "%s: ", key->name);
	conf_quote(out, value->text, TEXT_SHOWN);
	fputs(has_most ? " is out of range: from " : " is out of range: at least ", out);
	write_bound(out, key, key->min);
	if (has_most) {
		fputs(" to ", out);
		write_bound(out, key, key->max);
	}
	fputc('\n', out);
}

/* The place of `word` among the words of `choices`; false: it is none of them. */
static bool find_choice(const char *choices, const char *word, int64_t *index)
{
	*index = 0;
	for (const char *it = choices; *it; (*index)++) {
		size_t n = strcspn(it, " ");

		if (n == strlen(word) && memcmp(it, word, n) == 0)
			return true;
		it += n;
		it += strspn(it, " ");
	}
	return false;
}

/* Fills entry->integer or ->number from the scalar; false: it is not of the key's type. */
static bool read_scalar(struct conf_entry *entry, const char *text)
{
	bool is_true = false;

	switch (entry->key->type) {
	case CONF_INTEGER:
		return conf_read_integer(text, &entry->integer);
	case CONF_NUMBER:
		return conf_read_number(text, &entry->number);
	case CONF_BOOLEAN:
		if (!conf_read_boolean(text, &is_true))
			return false;
		entry->integer = is_true;
		return true;
	case CONF_DURATION:
		return conf_read_duration(text, &entry->integer) == CONF_UNIT_OK;
	case CONF_SIZE:
		return conf_read_size(text, &entry->integer);
	case CONF_ENUM:
		return find_choice(entry->key->choices, text, &entry->integer);
	case CONF_STRING:
	case CONF_STRINGS:
	case CONF_LIST:
		return true;
	}
	return false;
}

static void evaluate_scalar(
	struct conf_entry *entry, const struct conf_value *value, struct conf_faults *faults)
{
	const struct conf_key *key = entry->key;
	int64_t us;

	if (value->kind != CONF_KIND_SCALAR) {
		wrong_kind(key, value, faults);
		return;
	}
	entry->text = value->text;
	if (read_scalar(entry, value->text)) {
		check_range(key, key->type == CONF_NUMBER ? entry->number : (double)entry->integer,
			value, faults);
		return;
	}
	if (key->type == CONF_DURATION && conf_read_duration(value->text, &us) == CONF_UNIT_MISSING)
		no_unit(key, value, faults);
	else
		wrong_text(key, value, faults);
}

static const char *place_text(struct conf *conf, struct conf_place place)
{
	if (place.line == 0)
		return place.file;
	return arena_printf(&conf->arena, "%s:%u:%u", place.file, place.line, place.column);
}

static bool fits_array(const struct conf_key *key, const struct conf_value *item)
{
	return item->kind == CONF_KIND_SCALAR ||
	       (key->type == CONF_LIST && item->kind == CONF_KIND_OBJECT);
}

/* Room for the items of an array. */
static bool new_items(struct conf *conf, struct conf_entry *entry, size_t count)
{
	entry->items = arena_alloc(&conf->arena, count * sizeof(*entry->items));
	entry->places = arena_alloc(&conf->arena, count * sizeof(*entry->places));
	entry->values = arena_alloc(&conf->arena, count * sizeof(*entry->values));
	return entry->items && entry->places && entry->values;
}

/* `value` is an array, or a scalar that counts as an array of one. */
static bool evaluate_array(struct conf *conf, struct conf_entry *entry,
	const struct conf_value *value, struct conf_faults *faults)
{
	bool is_array = value->kind == CONF_KIND_ARRAY;

	if (value->kind == CONF_KIND_OBJECT) {
		wrong_kind(entry->key, value, faults);
		return true;
	}
	if (!new_items(conf, entry, is_array ? value->count : 1))
		return false;
	for (const struct conf_value *it = is_array ? value->first : value; it;
		it = is_array ? it->next : NULL) {
		if (!fits_array(entry->key, it)) {
			wrong_kind(entry->key, it, faults);
			continue;
		}
		const char *place = place_text(conf, it->place);
		if (!place)
			return false;
		entry->values[entry->count] = it;
		entry->items[entry->count] = it->text;
		entry->places[entry->count++] = place;
	}
	return true;
}

/* The key's default as a value; NULL: it has none, or err tells that it is wrong. */
static struct conf_value *parse_default(
	struct conf *conf, const struct conf_key *key, struct err *err)
{
	struct conf_parser parser = {.conf = conf, .err = err};
	struct conf_value *value = NULL;

	conf_lex_init(&parser.lex, "default", bytes_str(key->fallback));
	parser.lex.place.line = 0;
	if (!conf_parse_value(&parser, 1, "a value", &value))
		return NULL;
	conf_lex_skip_space(&parser.lex);
	if (conf_lex_peek(&parser.lex, 0) != CONF_END) {
		conf_lex_expected(&parser.lex, "the end of the value", err);
		return NULL;
	}
	return value && value->kind != CONF_KIND_NULL ? value : NULL;
}

bool conf_evaluate(struct conf *conf, struct conf_entry *entry, struct conf_faults *faults)
{
	const struct conf_key *key = entry->key;
	const struct conf_value *value = conf_value_at(conf, key->name);
	struct err err = {""};

	entry->place = "default";
	if (!value && key->fallback)
		value = parse_default(conf, key, &err);
	if (err.text[0] && conf_fault_begin(faults, (struct conf_place){.file = key->name}))
		fprintf(faults->out, "%s\n", err.text);
	if (!value)
		return true;
	entry->is_set = true;
	entry->place = place_text(conf, value->place);
	if (!entry->place)
		return false;
	if (key->type == CONF_STRINGS || key->type == CONF_LIST)
		return evaluate_array(conf, entry, value, faults);
	evaluate_scalar(entry, value, faults);
	return true;
}
