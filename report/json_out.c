/*
 * A line for each member down to the third level, so that a large report is greppable.
 */
#include "report/json_out.h"

#include <inttypes.h>

#include "report/text.h"

#define LINES_DEPTH 2

static void put_char(FILE *out, uint32_t cp)
{
	if (cp == TEXT_INVALID)
		text_put(out, 0xfffd);
	else if (cp == '"' || cp == '\\')
		fprintf(out, "\\%c", (int)cp);
	else if (text_is_control(cp) || cp == 0x2028 || cp == 0x2029)
		fprintf(out, "\\u%04" PRIx32, cp);
	else
		text_put(out, cp);
}

static void put_text(FILE *out, struct bytes text)
{
	fputc('"', out);
	while (text.len > 0)
		put_char(out, text_next(&text));
	fputc('"', out);
}

static void begin(struct json *j, const char *name)
{
	if (j->has_before)
		fputc(',', j->out);
	if (j->depth > 0 && j->depth <= LINES_DEPTH)
		fputc('\n', j->out);
	if (name)
		fprintf(j->out, "\"%s\":", name);
	j->has_before = true;
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	fputc(bracket, j->out);
	j->depth++;
	j->has_before = false;
}

void json_close(struct json *j, char bracket)
{
	if (j->depth <= LINES_DEPTH && j->has_before)
		fputc('\n', j->out);
	j->depth--;
	fputc(bracket, j->out);
	j->has_before = true;
	if (j->depth == 0)
		fputc('\n', j->out);
}

void json_text(struct json *j, const char *name, struct bytes text)
{
	begin(j, name);
	put_text(j->out, text);
}

void json_str(struct json *j, const char *name, const char *text)
{
	if (text)
		json_text(j, name, bytes_str(text));
	else
		json_null(j, name);
}

void json_int(struct json *j, const char *name, int64_t number)
{
	begin(j, name);
	fprintf(j->out, "%" PRId64, number);
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *name)
{
	begin(j, name);
	fputs("null", j->out);
}
