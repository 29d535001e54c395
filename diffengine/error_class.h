/*
 * What an ErrorResponse means for a comparison. The three readings of XX000 and of other codes
 * are told apart by text before code: unsupported, then retry, then infrastructure, then what
 * the SQLSTATE says by itself. A text counts only together with the codes that servers raise it
 * with, so that an application's own RAISE cannot change how its error is compared.
 *
 * Texts are the untranslated ones (lc_messages of a C or English locale); of a translated error
 * the code alone speaks. At most ERROR_TEXT_MAX bytes of a field are looked at.
 */
#ifndef DIFFENGINE_ERROR_CLASS_H
#define DIFFENGINE_ERROR_CLASS_H

#include "base/bytes.h"

#define ERROR_TEXT_MAX 4096

/* X(ENUM, "name", "meaning") */
#define ERROR_CLASSES(X)                                                                   \
	X(ORDINARY, "ordinary", "the statement's own fault: the SQLSTATE counts")          \
	X(UNSUPPORTED, "unsupported", "the server does not have the feature")              \
	X(RETRY, "retry", "the transaction should be tried again")                         \
	X(INFRASTRUCTURE, "infrastructure",                                                \
		"the server, its storage or the network is in trouble")                    \
	X(CANCELLED, "cancelled", "57014: by the client, a timeout, or the administrator") \
	X(ABORTED, "aborted", "25P02: the consequence of an earlier error of the transaction")

#define ERROR_X_ENUM(NAME, name, meaning) ERROR_##NAME,
enum error_class { ERROR_CLASSES(ERROR_X_ENUM) ERROR_CLASS_COUNT };
#undef ERROR_X_ENUM

/* `error` is the body of an ErrorResponse; a malformed one is ordinary. */
enum error_class error_classify(struct bytes error);

const char *error_class_name(enum error_class class);
const char *error_class_meaning(enum error_class class);

#endif
