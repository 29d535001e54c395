/*
 * What libpq tells only as text: its trace of the startup (every ParameterStatus, in order)
 * and its error messages (the SQLSTATE of a refusal, which libpq does not trace when it
 * comes before the authentication is through).
 */
#ifndef WIRE_BACKEND_TRACE_H
#define WIRE_BACKEND_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* A startup that says more than this is refused. PostgreSQL 15 says about 500 bytes. */
#define BACKEND_TRACE_MAX 65536

/* A stream into memory for PQtrace. Unbuffered and of fixed size, so that no copy of its
 * content (the cancel key) is left behind when it is closed. */
struct backend_trace {
	FILE *file;
	char *text; /* BACKEND_TRACE_MAX + 1 bytes */
};

bool backend_trace_open(struct backend_trace *trace) ATTR_USE_RESULT;
/* Appends the traced ParameterStatus messages, as on the wire. Works in place: once only. */
bool backend_trace_take(
	struct backend_trace *trace, struct buf *parameters, struct err *err) ATTR_USE_RESULT;
/* Wipes and frees; fine on one that is closed or was never opened ({0}). */
void backend_trace_close(struct backend_trace *trace);

/* The same from text of `len` bytes, which is followed by a NUL and is changed. */
bool backend_trace_parse(
	char *text, size_t len, struct buf *parameters, struct err *err) ATTR_USE_RESULT;

/* Makes one line of PQerrorMessage's text at PQERRORS_VERBOSE: what libpq says of the
 * connections it tried, without LOCATION and SQLSTATE; `sqlstate` (6 bytes) gets that of the
 * last attempt, "" if there is none. */
void backend_trace_refusal(const char *message, struct err *why, char *sqlstate);

#endif
