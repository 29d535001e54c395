/*
 * A failure that a person will read: one text, complete enough to print as it is
 * (what, where, what to do). Functions that can fail return false (or NULL) and fill the
 * `struct err *` that is their last parameter; on success they leave it untouched.
 * The caller owns the struct, mostly on its stack; NULL is taken where nobody will read it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

#define ERR_TEXT_MAX 1024

struct err {
	char text[ERR_TEXT_MAX]; /* longer texts end in "..." */
};

/* Always returns false, so that a failure is `return err_set(err, ...)`. */
bool err_set(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Puts text before what is there: err_prefix(err, "%s: ", path). Always returns false. */
bool err_prefix(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
