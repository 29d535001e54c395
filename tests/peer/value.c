/*
 * Words to values.
 */
#include "tests/peer/value.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

static bool keep(
	struct arena *arena, const void *data, size_t len, struct wire_value *out, struct err *err)
{
	*out = (struct wire_value){.data = arena_copy(arena, bytes_of(data, len))};
	return len == 0 || out->data.ptr || err_set(err, "out of memory");
}

static bool read_hex(struct arena *arena, const char *text, struct wire_value *out, struct err *err)
{
	size_t len = strlen(text);
	unsigned char *bytes = arena_alloc(arena, len / 2 + 1);

	if (!bytes)
		return err_set(err, "out of memory");
	for (size_t i = 0; i < len; i += 2) {
		char digits[3] = {text[i], text[i + 1], '\0'};

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return err_set(err, "hex:%s is not hexadecimal", text);
		bytes[i / 2] = (unsigned char)strtoul(digits, NULL, 16);
	}
	*out = (struct wire_value){.data = bytes_of(bytes, len / 2)};
	return true;
}

/* kind: 'i' or 'f'; width: '2', '4' or '8'. */
static bool read_number(
	struct arena *arena, const char *text, struct wire_value *out, struct err *err)
{
	char kind = text[0], width = text[1], *end;
	uint64_t bits = 0;
	size_t len = (size_t)(width - '0');

	if (kind == 'i') {
		bits = (uint64_t)strtoll(text + 3, &end, 10);
	} else if (width == '4') {
		float f = strtof(text + 3, &end);
		uint32_t half;

		memcpy(&half, &f, sizeof(half));
		bits = half;
	} else {
		double d = strtod(text + 3, &end);

		memcpy(&bits, &d, sizeof(bits));
	}
	if (*end || end == text + 3)
		return err_set(err, "\"%s\" is not a number", text);
	bits = htobe64(bits);
	return keep(arena, (unsigned char *)&bits + sizeof(bits) - len, len, out, err);
}

static bool is_binary_number(const char *text)
{
	static const char *const prefixes[] = {"i2:", "i4:", "i8:", "f4:", "f8:"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(text, prefixes[i], 3) == 0)
			return true;
	return false;
}

/* In UTC, as text: "2026-11-23 14:05:06.123456+00". */
static bool read_now(struct arena *arena, const char *text, struct wire_value *out, struct err *err)
{
	char shown[CLOCK_TEXT_MAX + 2];
	long ms;

	if (!word_number(text, -1000000000L, 1000000000L, &ms))
		return err_set(err, "now:%s is not a number of milliseconds", text);
	clock_format_utc(clock_wall_us() + ms * 1000, shown);
	memcpy(strchr(shown, 'Z'), "+00", 4);
	return keep(arena, shown, strlen(shown), out, err);
}

/* The word with every {} replaced. */
static bool expand(struct arena *arena, const struct word *word, long number, struct word *out)
{
	struct buf text;
	const char *at = word->text, *found;
	bool ok = true;

	*out = *word;
	if (number == VALUE_NO_NUMBER || !strstr(at, "{}"))
		return true;
	buf_init(&text, 1 << 20);
	for (; ok && (found = strstr(at, "{}")); at = found + 2)
		ok = buf_append(&text, at, (size_t)(found - at)) &&
		     buf_printf(&text, "%ld", number);
	ok = ok && buf_append_str(&text, at);
	out->text = ok ? arena_copy_str(arena, buf_bytes(&text)) : NULL;
	out->len = buf_len(&text);
	buf_fini(&text);
	return out->text != NULL;
}

bool value_read(struct arena *arena, const struct word *word, long number, struct wire_value *out,
	struct err *err)
{
	struct word w;

	if (!expand(arena, word, number, &w))
		return err_set(err, "out of memory");
	if (word_is(&w, "NULL")) {
		*out = (struct wire_value){.is_null = true};
		return true;
	}
	if (!w.is_quoted && strncmp(w.text, "hex:", 4) == 0)
		return read_hex(arena, w.text + 4, out, err);
	if (!w.is_quoted && is_binary_number(w.text))
		return read_number(arena, w.text, out, err);
	if (!w.is_quoted && strncmp(w.text, "now:", 4) == 0)
		return read_now(arena, w.text + 4, out, err);
	return keep(arena, w.text, w.len, out, err);
}
