/*
 * Reads PQtrace's text (PostgreSQL's fe-trace.c), a line per message:
 *
 *   B <tab> 25 <tab> ParameterStatus <tab> space "client_encoding" space "UTF8"
 *
 * Strings are not escaped and may hold quotes and newlines, so the length column is what
 * counts: it is 4 + name + 1 + value + 1, and the text after the last tab, two spaces and
 * four quotes longer than both strings, has that same length.
 */
#include "wire/backend_trace.h"

#include <stdlib.h>
#include <string.h>

#include "wire/encode.h"

bool backend_trace_open(struct backend_trace *trace)
{
	trace->text = calloc(1, BACKEND_TRACE_MAX + 1);
	trace->file = trace->text ? fmemopen(trace->text, BACKEND_TRACE_MAX, "w") : NULL;
	if (!trace->file) {
		backend_trace_close(trace);
		return false;
	}
	setvbuf(trace->file, NULL, _IONBF, 0);
	return true;
}

bool backend_trace_take(struct backend_trace *trace, struct buf *parameters, struct err *err)
{
	long len = ftell(trace->file);

	if (ferror(trace->file) || len < 0)
		return err_set(err, "the server said more than %d bytes during the startup",
			BACKEND_TRACE_MAX);
	return backend_trace_parse(trace->text, (size_t)len, parameters, err);
}

void backend_trace_close(struct backend_trace *trace)
{
	if (trace->file)
		fclose(trace->file);
	if (trace->text)
		explicit_bzero(trace->text, BACKEND_TRACE_MAX);
	free(trace->text);
	*trace = (struct backend_trace){0};
}

/* Skips `prefix` at *at; false leaves *at. */
static bool skip(char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

/* At the text ` "name" "value"` of `len` bytes: cuts it into its two strings. */
static bool split_parameter(char *text, size_t len, char **name, char **value)
{
	char *gap;

	if (len < 6 || strncmp(text, " \"", 2) != 0 || text[len - 1] != '"')
		return false;
	text[len - 1] = '\0';
	gap = strstr(text + 2, "\" \"");
	if (!gap)
		return false;
	*gap = '\0';
	*name = text + 2;
	*value = gap + 3;
	return true;
}

/* One line at *at, which is moved behind it. What the frontend sends during a startup comes
 * before the first ParameterStatus, so an F line begins another attempt (libpq tries again
 * without TLS, or at the next address) and what was gathered is void. A line that is not
 * understood is passed over: the text of a notice may hold newlines. */
static bool take_line(char **at, char *end, struct buf *parameters)
{
	char *line = *at, *newline = strchr(line, '\n'), *name, *value;
	unsigned long len;

	*at = newline ? newline + 1 : end;
	if (skip(&line, "F\t")) {
		buf_reset(parameters);
		return true;
	}
	if (!skip(&line, "B\t"))
		return true;
	len = strtoul(line, &line, 10);
	if (!skip(&line, "\tParameterStatus\t") || len >= (size_t)(end - line) || line[len] != '\n')
		return true;
	*at = line + len + 1;
	if (!split_parameter(line, len, &name, &value))
		return true;
	return encode_parameter_status(parameters, name, value);
}

bool backend_trace_parse(char *text, size_t len, struct buf *parameters, struct err *err)
{
	char *at = text;

	while (at < text + len) {
		if (!take_line(&at, text + len, parameters))
			return err_set(err, "the server's parameters need more than %zu bytes",
				parameters->ceiling);
	}
	return true;
}

/* --- refusals --- */

#define ATTEMPT "connection to server "

static bool is_sqlstate(const char *s)
{
	return strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
}

/* The verbose `FATAL:  3D000: database ...` without its code, which goes to `sqlstate`. */
static void cut_sqlstate(char *line, char *sqlstate)
{
	char *mark = strstr(line, ":  ");

	if (!mark || !is_sqlstate(mark + 3) || strncmp(mark + 8, ": ", 2) != 0)
		return;
	memcpy(sqlstate, mark + 3, 5);
	sqlstate[5] = '\0';
	memmove(mark + 3, mark + 10, strlen(mark + 10) + 1);
}

/* `connection to server at "h" (::1), port 1 failed: text` without what names the server,
 * which the caller has named already. */
static char *cut_attempt(char *line)
{
	char *mark = strstr(line, " failed: ");

	return mark ? mark + strlen(" failed: ") : line;
}

/* Lines are joined by "; "; libpq repeats itself when it tries again. */
static bool add_line(struct buf *out, const char *line)
{
	if (*line == '\0' || strstr(buf_cstr(out), line))
		return true;
	return buf_printf(out, "%s%.*s", buf_len(out) > 0 ? "; " : "", 2 * ERR_TEXT_MAX, line);
}

void backend_trace_refusal(const char *message, struct err *why, char *sqlstate)
{
	char *text = strdup(message), *rest = text, *line;
	struct buf out;

	sqlstate[0] = '\0';
	buf_init(&out, 4 * ERR_TEXT_MAX);
	while (rest && (line = strsep(&rest, "\n"))) {
		line += strspn(line, " \t");
		if (strncmp(line, "LOCATION:", 9) == 0)
			continue;
		if (strncmp(line, ATTEMPT, strlen(ATTEMPT)) == 0) {
			line = cut_attempt(line);
			cut_sqlstate(line, sqlstate);
		}
		if (!add_line(&out, line))
			break;
	}
	err_set(why, "%s", buf_len(&out) > 0 ? buf_cstr(&out) : "libpq gives no reason");
	buf_fini(&out);
	free(text);
}
