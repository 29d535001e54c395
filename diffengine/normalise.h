/*
 * A statement's text without what changes from run to run, for telling statements apart:
 * literals are "?", unquoted names and key words are in lower case, comments and blanks count
 * for nothing. Made from tokens (diffengine/scan.h), so that any text has one, and texts of
 * different structure have different ones: `a = 1` is not `a in(1, 2)`.
 *
 * Not folded: parameters ($1), quoted names, and the number of literals in a list. A
 * dollar-quoted text is code rather than data and is told apart by its hash.
 */
#ifndef DIFFENGINE_NORMALISE_H
#define DIFFENGINE_NORMALISE_H

#include "base/bytes.h"

#define NORMALISE_MAX 4096 /* bytes; longer ones end in the hash of the whole */

/* Linear in the text. Returns the length; no NUL is added. */
size_t normalise_statement(struct bytes text, char out[NORMALISE_MAX]);

#endif
