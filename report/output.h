/*
 * A report's file: written beside its place as FILE.tmp and renamed when it is whole, so that
 * a failure leaves an older report as it was. Mode 0600, as the trace has it: a report holds
 * statements and values. What exists and is no regular file (/dev/stdout, a pipe) is written
 * in place.
 */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

struct output {
	FILE *file;       /* for writing; errors are found by output_close */
	const char *path; /* the caller's */
	char *tmp;        /* NULL: written in place */
};

bool output_open(struct output *o, const char *path, struct err *err) ATTR_USE_RESULT;
/* Ends the file and puts it in its place. False: err, and FILE.tmp is removed. */
bool output_close(struct output *o, struct err *err) ATTR_USE_RESULT;
/* Ends it without putting it in place. */
void output_abandon(struct output *o);

#endif
