/*
 * Log lines. A line is built on the stack, capped at LINE_MAX_BYTES, and written with one
 * write(2); errno is kept, so that logging may stand between a failure and its report.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 4096

static _Atomic int current_level = LOG_LEVEL_INFO;

static _Atomic(const char *) current_lead = "";

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_set_lead(const char *lead)
{
	atomic_store(&current_lead, lead);
}

void log_set_level(enum log_level level)
{
	atomic_store(&current_level, (int)level);
}

bool log_level_parse(const char *word, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(word, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_is_on(enum log_level level)
{
	return (int)level <= atomic_load(&current_level);
}

/* Appends `text` to the line of `len` bytes; what does not fit ends in "...". Leaves room
 * for the newline; returns the new length. */
static size_t append_shown(char *line, size_t len, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const size_t most = LINE_MAX_BYTES - sizeof("...\n");

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool is_control = c < 0x20 || c == 0x7F;

		if (len + (is_control ? 4 : 1) > most) {
			memcpy(line + len, "...", 3);
			return len + 3;
		}
		if (!is_control) {
			line[len++] = *text;
			continue;
		}
		line[len++] = '\\';
		line[len++] = 'x';
		line[len++] = digits[c >> 4];
		line[len++] = digits[c & 0xF];
	}
	return len;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES], now[CLOCK_TEXT_MAX];
	va_list args;

	if (!log_is_on(level))
		return;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';
	/* Milliseconds are enough for a person: 23 bytes of "2026-11-23 14:05:06.123456Z". */
	clock_format_utc(clock_wall_us(), now);
	int head = snprintf(line, sizeof(line), "%.15s%.23sZ %s: ", atomic_load(&current_lead), now,
		level_names[level]);
	size_t len = append_shown(line, (size_t)head, text);
	line[len++] = '\n';
	ssize_t written;
	do
		written = write(STDERR_FILENO, line, len);
	while (written < 0 && errno == EINTR);
	errno = saved_errno;
}
