/*
 * The users of proxy.auth-file and their SCRAM verifiers. The file has pgbouncer's form, one
 * user a line, quotes inside of quotes doubled, comments after a semicolon at the line's
 * start:
 *
 *   "app" "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey"
 *
 * Other kinds of secrets are errors. Of two lines with the same user the first one counts.
 */
#ifndef CAPTURE_USERLIST_H
#define CAPTURE_USERLIST_H

#include "base/attr.h"
#include "base/err.h"
#include "capture/scram.h"

#define USERLIST_FILE_MAX ((size_t)4 * 1024 * 1024)

struct userlist;

/* NULL: err has "file:line: what is wrong". */
struct userlist *userlist_load(const char *path, struct err *err) ATTR_USE_RESULT;
void userlist_free(struct userlist *list); /* wipes; takes NULL */

/* The user's verifier, or a mock one. False: the arithmetic failed. */
bool userlist_find(const struct userlist *list, const char *user,
	struct scram_verifier *verifier) ATTR_USE_RESULT;

#endif
