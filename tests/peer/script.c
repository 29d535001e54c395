/*
 * Reading a conversation: of the client's lines only what tells units apart, of the servers'
 * lines only those of this side.
 */
#include "tests/peer/script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/peer/item.h"
#include "tests/peer/words.h"

#define ARENA_MAX ((size_t)1 << 30)

enum directive { NOTHING, CLIENT, ANSWER, RULE, STARTUP, OTHER };

struct reading {
	struct script *script;
	struct err *err;
	enum directive directive; /* which continuation lines go on */
	bool is_mine;             /* ANSWER, RULE, STARTUP: it is for this side */
	struct script_session *session;
	size_t first_unit;  /* of the session's last client line */
	size_t answering;   /* the unit that the next item answers */
	bool is_unit_begun; /* the last unit of the session still grows */
};

void *script_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	void *more;

	if (count < *room)
		return items;
	more = arena_alloc(arena, (*room * 2 + 4) * size);
	if (!more)
		return NULL;
	if (count)
		memcpy(more, items, count * size);
	*room = *room * 2 + 4;
	return more;
}

const struct script_session *script_session(const struct script *script, const char *name)
{
	for (size_t i = 0; i < script->session_count; i++)
		if (strcmp(script->sessions[i].name, name) == 0)
			return &script->sessions[i];
	return NULL;
}

static bool use_session(struct reading *r, const char *name)
{
	struct script *s = r->script;

	const struct script_session *known = script_session(s, name);

	if (known) {
		r->session = &s->sessions[known - s->sessions];
		return true;
	}
	if (s->session_count == SCRIPT_SESSIONS_MAX)
		return err_set(r->err, "more than %d sessions", SCRIPT_SESSIONS_MAX);
	r->session = &s->sessions[s->session_count++];
	*r->session = (struct script_session){.name = name, .connections = 1};
	return true;
}

/* --- the client's messages --- */

static const struct {
	const char *name;
	char type;
	bool is_end;
} messages[] = {{"Query", 'Q', true}, {"Parse", 'P', false}, {"Bind", 'B', false},
	{"Describe", 'D', false}, {"Execute", 'E', false}, {"Close", 'C', false},
	{"Sync", 'S', true}, {"Flush", 'H', true}, {"FunctionCall", 'F', true},
	{"CopyData", 'd', false}, {"CopyDone", 'c', false}, {"CopyFail", 'f', false},
	{"Terminate", 'X', false}, {"Raw", 0, false}, {"cancel", 0, false}};

static struct unit *open_unit(struct reading *r)
{
	struct script_session *s = r->session;
	struct unit *units;

	if (r->is_unit_begun)
		return &s->units[s->count - 1];
	units = script_grow(&r->script->arena, s->units, s->count, &s->room, sizeof(*units));
	if (!units)
		return NULL;
	s->units = units;
	r->is_unit_begun = true;
	units[s->count] = (struct unit){.connection = s->connections};
	return &units[s->count++];
}

static bool add_message(struct reading *r, const struct words *words, bool is_last)
{
	struct unit *unit;
	size_t i = 0;

	while (i < ARRAY_LEN(messages) && !word_is(&words->items[0], messages[i].name))
		i++;
	if (i == ARRAY_LEN(messages))
		return err_set(r->err, "unknown message \"%s\"", words->items[0].text);
	if (!messages[i].type || messages[i].type == 'X')
		return true;
	unit = open_unit(r);
	if (!unit)
		return err_set(r->err, "out of memory");
	unit->end = messages[i].type;
	if (unit->end == 'c' || unit->end == 'f')
		unit->copy = unit->end;
	if (unit->end == 'Q' && words->count > 1)
		unit->text = words->items[1].text;
	if (unit->end == 'P' && words->count > 2 && !unit->text)
		unit->text = words->items[2].text;
	if (messages[i].is_end || (is_last && unit->copy))
		r->is_unit_begun = false;
	return true;
}

/* --- the servers' answers --- */

static struct answer *open_answer(struct reading *r, struct unit *unit, bool is_new)
{
	struct answer *answers;

	if (unit->answer_count && !is_new)
		return &unit->answers[unit->answer_count - 1];
	answers = script_grow(&r->script->arena, unit->answers, unit->answer_count,
		&unit->answer_room, sizeof(*answers));
	if (!answers)
		return NULL;
	unit->answers = answers;
	answers[unit->answer_count] = (struct answer){0};
	return &answers[unit->answer_count++];
}

static bool add_answer_item(struct reading *r, const struct words *words)
{
	bool is_again = word_is(&words->items[0], "again");
	struct script_session *s = r->session;
	struct answer *answer;

	if (!s)
		return err_set(r->err, "an answer before anything was asked");
	if (is_again && r->answering > r->first_unit &&
		s->units[r->answering - 1].answers[0].is_closed && r->answering == s->count)
		r->answering--;
	if (r->answering >= s->count)
		return err_set(r->err, "more answers than the client asked for");
	answer = open_answer(r, &s->units[r->answering], is_again);
	if (!answer)
		return err_set(r->err, "out of memory");
	switch (item_add(r->script, answer, words, r->err)) {
	case ITEM_FAILED:
		return false;
	case ITEM_ENDS_PART:
		r->answering++;
		return true;
	case ITEM_ADDED:
	case ITEM_AGAIN:
		break;
	}
	return true;
}

static bool add_item(struct reading *r, const struct words *words, bool is_last)
{
	struct script *s = r->script;

	if (r->directive == CLIENT)
		return add_message(r, words, is_last);
	if (r->directive == OTHER || !r->is_mine)
		return true;
	if (r->directive == ANSWER)
		return add_answer_item(r, words);
	struct answer *answer =
		r->directive == STARTUP ? &s->startup : &s->rules[s->rule_count - 1].answer;
	return item_add(s, answer, words, r->err) != ITEM_FAILED;
}

static bool add_items(struct reading *r, struct word *items, size_t count)
{
	for (size_t from = 0, to; from < count; from = to + 1) {
		for (to = from; to < count && !word_is(&items[to], "/"); to++)
			continue;
		struct words words = {.items = items + from, .count = to - from};

		if (words.count && !add_item(r, &words, to == count))
			return false;
	}
	return true;
}

/* --- lines --- */

static bool set_parameter(struct script *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->parameter_count; i++) {
		if (strcmp(s->parameters[i].name, name) == 0) {
			s->parameters[i].value = value;
			return true;
		}
	}
	if (s->parameter_count == SCRIPT_PARAMETERS)
		return false;
	s->parameters[s->parameter_count++] = (struct wire_pair){.name = name, .value = value};
	return true;
}

/* server SIDE NAME=VALUE...; an empty value takes the parameter away. */
static bool set_parameters(struct reading *r, const struct words *words)
{
	for (size_t i = 2; i < words->count; i++) {
		const char *text = words->items[i].text, *equals = strchr(text, '=');
		const char *name = equals ? arena_copy_str(&r->script->arena,
						    bytes_of(text, (size_t)(equals - text)))
					  : NULL;

		if (!name || !set_parameter(r->script, name, equals[1] ? equals + 1 : NULL))
			return err_set(r->err, "\"%s\": expected NAME=VALUE", text);
	}
	return true;
}

static bool is_my_side(const struct reading *r, const struct word *word)
{
	return word_is(word, "both") || word_is(word, r->script->side);
}

static bool begin_client(struct reading *r, const char *session)
{
	if (!use_session(r, *session == '@' ? session + 1 : "s1"))
		return false;
	r->directive = CLIENT;
	r->first_unit = r->answering = r->session->count;
	r->is_unit_begun = false;
	return true;
}

static bool begin_connection(struct reading *r, const struct words *words)
{
	if (!use_session(r, words->count > 1 ? words->items[1].text : "s1"))
		return false;
	if (r->session->count)
		r->session->connections++;
	return true;
}

static bool begin_rule(struct reading *r, const struct words *words)
{
	struct script *s = r->script;
	struct script_rule *rules;

	if (words->count < 3)
		return err_set(r->err, "expected on SIDE \"TEXT\" ANSWER");
	r->directive = RULE;
	r->is_mine = is_my_side(r, &words->items[1]);
	if (!r->is_mine)
		return true;
	rules = script_grow(&s->arena, s->rules, s->rule_count, &s->rule_room, sizeof(*rules));
	if (!rules)
		return err_set(r->err, "out of memory");
	s->rules = rules;
	rules[s->rule_count++] = (struct script_rule){.pattern = words->items[2].text};
	return add_items(r, words->items + 3, words->count - 3);
}

static bool begin_answer(struct reading *r, const struct words *words)
{
	r->directive = ANSWER;
	r->is_mine = is_my_side(r, &words->items[0]);
	return add_items(r, words->items + 1, words->count - 1);
}

static bool begin_startup(struct reading *r, const struct words *words)
{
	if (words->count < 2)
		return err_set(r->err, "expected startup SIDE ANSWER");
	r->directive = STARTUP;
	r->is_mine = is_my_side(r, &words->items[1]);
	return add_items(r, words->items + 2, words->count - 2);
}

static bool take_line(struct reading *r, const struct words *words)
{
	const struct word *first = &words->items[0];

	if (word_is(first, "postgresql") || word_is(first, "yugabytedb") || word_is(first, "both"))
		return begin_answer(r, words);
	if (strncmp(first->text, "client", 6) == 0)
		return begin_client(r, first->text + 6) &&
		       add_items(r, words->items + 1, words->count - 1);
	if (strncmp(first->text, "send", 4) == 0)
		return begin_client(r, first->text + 4) &&
		       add_items(r, words->items + 1, words->count - 1);
	r->directive = OTHER;
	if (word_is(first, "connect"))
		return begin_connection(r, words);
	if (word_is(first, "on"))
		return begin_rule(r, words);
	if (word_is(first, "startup"))
		return begin_startup(r, words);
	if (word_is(first, "server"))
		return words->count < 2 || !is_my_side(r, &words->items[1]) ||
		       set_parameters(r, words);
	return true; /* the client's business: tests/e2e/conversation.py checks it */
}

static bool read_line(struct reading *r, struct bytes line)
{
	struct words words;

	if (!words_split(&r->script->arena, line, &words, r->err))
		return false;
	if (!words.count)
		return true;
	if (isspace(line.ptr[0]))
		return add_items(r, words.items, words.count);
	return take_line(r, &words);
}

static bool read_lines(struct reading *r, const char *path, struct bytes text)
{
	for (int number = 1; text.len; number++) {
		const unsigned char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		if (!read_line(r, bytes_of(text.ptr, len)))
			return err_prefix(r->err, "%s:%d: ", path, number);
		text = bytes_skip(text, len + 1);
	}
	return true;
}

static bool read_file(struct buf *text, const char *path, struct err *err)
{
	FILE *file = fopen(path, "r");
	bool ok = false;
	size_t n;

	if (!file)
		return err_set(err, "%s cannot be opened", path);
	while ((ok = buf_reserve(text, 65536)) &&
		(n = fread(buf_tail(text), 1, buf_room(text), file)) > 0)
		buf_added(text, n);
	fclose(file);
	return ok || err_set(err, "%s is longer than %d bytes", path, SCRIPT_FILE_MAX);
}

static void set_defaults(struct script *s)
{
	static const struct wire_pair defaults[] = {{"application_name", ""},
		{"client_encoding", "UTF8"}, {"DateStyle", "ISO, MDY"},
		{"default_transaction_read_only", "off"}, {"in_hot_standby", "off"},
		{"integer_datetimes", "on"}, {"IntervalStyle", "postgres"}, {"is_superuser", "on"},
		{"server_encoding", "UTF8"}, {"server_version", "15.12"},
		{"session_authorization", "tester"}, {"standard_conforming_strings", "on"},
		{"TimeZone", "UTC"}};

	memcpy(s->parameters, defaults, sizeof(defaults));
	s->parameter_count = ARRAY_LEN(defaults);
	if (strcmp(s->side, "yugabytedb") == 0)
		s->parameters[9].value = "15.12-YB-2025.1.4.0-b0";
}

bool script_read(struct script *script, const char *path, const char *side, struct err *err)
{
	struct reading r = {.script = script, .err = err};
	struct buf text;
	bool ok;

	*script = (struct script){.side = side};
	arena_init(&script->arena, ARENA_MAX);
	buf_init(&script->bytes, SCRIPT_BYTES_MAX);
	set_defaults(script);
	buf_init(&text, SCRIPT_FILE_MAX);
	ok = read_file(&text, path, err) && read_lines(&r, path, buf_bytes(&text));
	buf_fini(&text);
	return ok;
}

void script_free(struct script *script)
{
	buf_fini(&script->bytes);
	arena_fini(&script->arena);
}
