/*
 * Texts of failures. A text is formatted aside first, so that the arguments may be the
 * very text that is replaced.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Marks a text of which only the first ERR_TEXT_MAX - 1 bytes fitted; never cuts through a
 * UTF-8 character. */
static void mark_cut(char *text)
{
	size_t at = ERR_TEXT_MAX - sizeof("...");

	while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	memcpy(text + at, "...", sizeof("..."));
}

bool err_set(struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return false;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';
	if (n >= ERR_TEXT_MAX)
		mark_cut(text);
	memcpy(err->text, text, strlen(text) + 1);
	return false;
}

bool err_prefix(struct err *err, const char *fmt, ...)
{
	char text[2 * ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return false;
	va_start(args, fmt);
	int n = vsnprintf(text, ERR_TEXT_MAX, fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if (n >= ERR_TEXT_MAX)
		n = ERR_TEXT_MAX - 1;
	size_t rest = strlen(err->text);
	memcpy(text + n, err->text, rest + 1);
	if ((size_t)n + rest >= ERR_TEXT_MAX)
		mark_cut(text);
	memcpy(err->text, text, strlen(text) + 1);
	return false;
}
