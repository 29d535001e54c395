/*
 * One value to text and back.
 */
#include "replay/fixture_value.h"

#include <string.h>

#include "replay/fixture_types.h"

#define WORD_MAX    64
#define LITERAL_MAX 64

static bool is_word(struct bytes s)
{
	struct fixture_cursor c = {.text = s};

	return s.len > 0 && s.len <= WORD_MAX && cursor_word(&c).len == s.len &&
	       !bytes_equal_str(s, "NULL");
}

void fixture_print_word(struct text *t, struct bytes s)
{
	if (!is_word(s))
		text_quoted(t, s);
	else if (!t->is_full && !buf_append_bytes(t->out, s))
		t->is_full = true;
}

static void print_binary(struct text *t, struct bytes data, uint32_t type)
{
	const struct fixture_type *known = fixture_type_by_oid(type);
	size_t before = buf_len(t->out);

	if (known && !t->is_full) {
		text_str(t, known->name);
		text_str(t, ":");
		if (fixture_type_is_text(type)) {
			text_quoted(t, data);
			return;
		}
		if (fixture_print_literal(t->out, type, data))
			return;
		buf_truncate(t->out, before);
	}
	text_hex(t, data);
}

void fixture_print_value(
	struct text *t, const struct wire_value *value, int16_t format, uint32_t type)
{
	if (value->is_null)
		text_str(t, "NULL");
	else if (format == 0)
		fixture_print_word(t, value->data);
	else
		print_binary(t, value->data, type);
}

/* What follows "TYPE:". */
static bool parse_literal(
	struct fixture_cursor *c, const struct fixture_type *type, struct wire_value *value)
{
	unsigned char data[FIXTURE_LITERAL_MAX];
	char literal[LITERAL_MAX];
	struct bytes token;
	size_t len;

	if (fixture_type_is_text(type->oid))
		return cursor_quoted(c, &value->data);
	token = cursor_token(c);
	if (token.len > 0 && token.len < sizeof(literal)) {
		memcpy(literal, token.ptr, token.len);
		literal[token.len] = '\0';
		len = fixture_parse_literal(type->oid, literal, data);
		value->data = arena_copy(c->arena, bytes_of(data, len));
		if (len > 0 && value->data.ptr)
			return true;
	}
	c->at -= token.len;
	return cursor_fail(c, "a literal of that type, or hex: in place of type and literal");
}

static bool parse_binary(struct fixture_cursor *c, struct bytes word, struct wire_value *value)
{
	const struct fixture_type *type;

	c->at++;
	if (bytes_equal_str(word, "hex"))
		return cursor_hex(c, &value->data);
	type = fixture_type_by_name(word);
	if (type)
		return parse_literal(c, type, value);
	c->at -= word.len + 1;
	return cursor_fail(c, "hex: or the name of a built-in type before the colon");
}

bool fixture_parse_value(struct fixture_cursor *c, struct wire_value *value, bool *is_binary)
{
	struct bytes word;

	*value = (struct wire_value){0};
	*is_binary = false;
	cursor_skip(c);
	if (cursor_peek(c) == '"')
		return cursor_quoted(c, &value->data);
	word = cursor_word(c);
	if (word.len == 0)
		return cursor_fail(c, "a value: a word, a string, NULL, TYPE:LITERAL or hex:");
	*is_binary = cursor_peek(c) == ':';
	if (*is_binary)
		return parse_binary(c, word, value);
	value->is_null = bytes_equal_str(word, "NULL");
	if (!value->is_null)
		value->data = word;
	return true;
}
