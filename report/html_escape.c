/*
 * Escaping is done in one place and for every text of a trace; html.c and html_groups.c print
 * nothing of a trace in another way.
 */
#include "report/html_escape.h"

#include <inttypes.h>

#include "report/text.h"

#define REPLACEMENT 0xfffdu
#define PICTURES    0x2400u /* of U+0000 to U+001F */
#define PICTURE_DEL 0x2421u

static const char *entity(uint32_t cp)
{
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Noncharacters and C1 controls are errors in HTML, even as numbers. */
static bool is_replaced(uint32_t cp)
{
	return cp == TEXT_INVALID || (cp >= 0x80 && cp <= 0x9f) || (cp & 0xfffe) == 0xfffe ||
	       (cp >= 0xfdd0 && cp <= 0xfdef);
}

static void escape_one(FILE *out, uint32_t cp)
{
	const char *name = entity(cp);

	if (name)
		fputs(name, out);
	else if (is_replaced(cp))
		text_put(out, REPLACEMENT);
	else if (cp < 0x20 && cp != '\t' && cp != '\n')
		text_put(out, PICTURES + cp);
	else if (cp == 0x7f)
		text_put(out, PICTURE_DEL);
	else if (text_is_bidi(cp))
		fprintf(out, "[U+%04" PRIX32 "]", cp);
	else
		text_put(out, cp);
}

void html_escape(FILE *out, struct bytes text)
{
	while (text.len > 0)
		escape_one(out, text_next(&text));
}

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Length of the longest common beginning that ends between code points. */
static size_t common_start(struct bytes a, struct bytes b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	while (n > 0 && ((n < a.len && is_continuation(a.ptr[n])) ||
				(n < b.len && is_continuation(b.ptr[n]))))
		n--;
	return n;
}

/* The same at the end. */
static size_t common_end(struct bytes a, struct bytes b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[a.len - 1 - n] == b.ptr[b.len - 1 - n])
		n++;
	while (n > 0 && is_continuation(a.ptr[a.len - n]))
		n--;
	return n;
}

void html_escape_marked(FILE *out, struct bytes text, struct bytes other)
{
	size_t start = common_start(text, other);
	size_t end = common_end(bytes_skip(text, start), bytes_skip(other, start));
	size_t middle = text.len - start - end;

	html_escape(out, bytes_of(text.ptr, start));
	if (middle > 0) {
		fputs("<mark>", out);
		html_escape(out, bytes_of(text.ptr + start, middle));
		fputs("</mark>", out);
	}
	html_escape(out, bytes_skip(text, start + middle));
}
