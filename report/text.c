/*
 * UTF-8 decoding and the one-line form of texts for terminals. Everything here takes any
 * bytes; nothing allocates except text_keep, which is bounded by its arena.
 */
#include "report/text.h"

#include <inttypes.h>

/* Length of a sequence by its first byte and the bits that byte contributes; 0: no lead. */
static size_t lead_length(unsigned char lead, uint32_t *bits)
{
	if (lead < 0x80)
		return *bits = lead, 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return *bits = lead & 0x1f, 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return *bits = lead & 0x0f, 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return *bits = lead & 0x07, 4;
	return 0;
}

static bool is_valid(uint32_t cp, size_t len)
{
	if (len == 3)
		return cp >= 0x800 && !(cp >= 0xd800 && cp <= 0xdfff);
	if (len == 4)
		return cp >= 0x10000 && cp <= 0x10ffff;
	return true;
}

uint32_t text_next(struct bytes *rest)
{
	uint32_t cp = 0;
	size_t len = lead_length(rest->ptr[0], &cp);
	bool ok = len > 0 && len <= rest->len;

	for (size_t i = 1; ok && i < len; i++) {
		ok = (rest->ptr[i] & 0xc0) == 0x80;
		cp = cp << 6 | (rest->ptr[i] & 0x3f);
	}
	ok = ok && is_valid(cp, len);
	*rest = bytes_skip(*rest, ok ? len : 1);
	return ok ? cp : TEXT_INVALID;
}

bool text_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f);
}

bool text_is_bidi(uint32_t cp)
{
	return cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

void text_put(FILE *out, uint32_t cp)
{
	if (cp < 0x80) {
		fputc((int)cp, out);
		return;
	}
	if (cp < 0x800) {
		fputc((int)(0xc0 | cp >> 6), out);
	} else {
		if (cp < 0x10000) {
			fputc((int)(0xe0 | cp >> 12), out);
		} else {
			fputc((int)(0xf0 | cp >> 18), out);
			fputc((int)(0x80 | (cp >> 12 & 0x3f)), out);
		}
		fputc((int)(0x80 | (cp >> 6 & 0x3f)), out);
	}
	fputc((int)(0x80 | (cp & 0x3f)), out);
}

struct bytes text_cut(struct bytes b, size_t most)
{
	size_t len = most;

	if (b.len <= most)
		return b;
	/* A sequence has three continuation bytes at most; more are not UTF-8 anyway. */
	for (int i = 0; i < 3 && len > 0 && (b.ptr[len] & 0xc0) == 0x80; i++)
		len--;
	return bytes_of(b.ptr, len);
}

struct bytes text_keep(struct arena *a, struct bytes b, size_t most)
{
	struct bytes head = text_cut(b, most);
	char note[48];
	unsigned char *copy;
	size_t note_len = 0;

	if (b.len > most)
		note_len = (size_t)snprintf(note, sizeof(note), "... (%zu bytes)", b.len);
	if (head.len + note_len == 0)
		return bytes_of(NULL, 0);
	copy = arena_alloc(a, head.len + note_len);
	if (!copy)
		return bytes_of(NULL, 0);
	if (head.len > 0)
		memcpy(copy, head.ptr, head.len);
	if (note_len > 0)
		memcpy(copy + head.len, note, note_len);
	return bytes_of(copy, head.len + note_len);
}

/* Writes one code point in its visible form; returns the columns it takes. */
static size_t write_visible(FILE *out, uint32_t cp, unsigned char raw)
{
	static const char names[] = {['\a'] = 'a',
		['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\v'] = 'v',
		['\f'] = 'f',
		['\r'] = 'r'};

	if (cp == TEXT_INVALID)
		return (size_t)fprintf(out, "\\x%02x", raw);
	if (cp < sizeof(names) && names[cp])
		return (size_t)fprintf(out, "\\%c", names[cp]);
	if (text_is_control(cp) && cp < 0x80)
		return (size_t)fprintf(out, "\\x%02" PRIx32, cp);
	if (text_is_control(cp) || text_is_bidi(cp))
		return (size_t)fprintf(out, "\\u%04" PRIx32, cp);
	text_put(out, cp);
	return 1;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes skip_space(struct bytes b)
{
	while (b.len > 0 && is_space(b.ptr[0]))
		b = bytes_skip(b, 1);
	return b;
}

static void write_line(FILE *out, struct bytes rest, size_t width, bool is_statement)
{
	size_t columns = 0;

	if (is_statement)
		rest = skip_space(rest);
	while (rest.len > 0) {
		unsigned char raw = rest.ptr[0];
		struct bytes before = rest;

		if (is_statement && is_space(raw)) {
			rest = skip_space(rest);
			if (rest.len == 0)
				return;
			fputc(' ', out);
			columns++;
			continue;
		}
		if (columns + 3 >= width && before.len > 3) {
			fputs("...", out);
			return;
		}
		columns += write_visible(out, text_next(&rest), raw);
	}
}

void text_write_line(FILE *out, struct bytes b, size_t width)
{
	write_line(out, b, width, false);
}

void text_write_statement(FILE *out, struct bytes b, size_t width)
{
	write_line(out, b, width, true);
}
