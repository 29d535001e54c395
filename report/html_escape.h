/*
 * Text from a trace for the inside of an HTML element or a quoted attribute. Whatever the
 * bytes are, what comes out is valid UTF-8 that a browser shows as text.
 */
#ifndef REPORT_HTML_ESCAPE_H
#define REPORT_HTML_ESCAPE_H

#include <stdio.h>

#include "base/bytes.h"

/* & < > " ' become entities; bytes that are not UTF-8 and C1 controls U+FFFD; other control
 * characters (NUL too; not tab and new line) their pictures, U+2400 and on; characters that
 * change the direction of text their numbers in brackets. */
void html_escape(FILE *out, struct bytes text);

/* The same with the part that `other` does not share (between the longest common beginning
 * and the longest common end) in <mark>. */
void html_escape_marked(FILE *out, struct bytes text, struct bytes other);

#endif
