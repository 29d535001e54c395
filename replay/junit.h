/*
 * JUnit XML of a replay: a test case for each fixture, or for each session of a trace. Only what
 * the CI systems' schemas share. Texts are cut, and bytes that are no ASCII shown as "?".
 */
#ifndef REPLAY_JUNIT_H
#define REPLAY_JUNIT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define JUNIT_CASES_MAX 10000 /* further ones are counted, in the property "left-out" */

enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_BROKEN };

struct junit;

/* Makes the file, so that a wrong path is found before anything runs. NULL with err. */
struct junit *junit_open(const char *path, struct err *err) ATTR_USE_RESULT;
/* Writes all of it and closes. False with err. Takes NULL. */
bool junit_close(struct junit *junit, struct err *err) ATTR_USE_RESULT;

/* `message`: why it did not pass. Takes NULL. */
void junit_case(
	struct junit *junit, const char *name, enum junit_result result, const char *message);
/* A case for each session of the trace at `path`, which a replay has written. */
bool junit_sessions(struct junit *junit, const char *path, struct err *err) ATTR_USE_RESULT;

#endif
