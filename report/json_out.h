/*
 * Writes JSON (RFC 8259) as it goes: nothing is kept, so memory does not depend on what is
 * written. Whatever bytes a text holds, what comes out is valid UTF-8: invalid bytes become
 * U+FFFD. Write errors are left in the stream.
 */
#ifndef REPORT_JSON_OUT_H
#define REPORT_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"

struct json {
	FILE *out;
	int depth;
	bool has_before; /* something stands before in this object or array */
};

/* `name` is NULL for what stands in an array, and for the outermost. */
void json_open(struct json *j, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);                  /* '}' or ']' */
void json_text(struct json *j, const char *name, struct bytes text);
void json_str(struct json *j, const char *name, const char *text); /* NULL: null */
void json_int(struct json *j, const char *name, int64_t number);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);

#endif
