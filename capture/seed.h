/*
 * comparison.deterministic: both backends of a session are given the same seed for random() before
 * the client is greeted, so that both generate the same values (docs/COMPARISON.md). Functions for
 * uuids that use random() are put into the databases by twinkly-capture --install-shim.
 */
#ifndef CAPTURE_SEED_H
#define CAPTURE_SEED_H

#include <stdbool.h>
#include <stdint.h>

struct backend;
struct session;

/* Sends the seed to both sides. False: there is none to send, the client can be greeted. */
bool seed_begin(struct session *s);
/* The backend has bytes while the session is connecting. True: both sides have their seed. */
bool seed_on_readable(struct session *s, struct backend *b);

/* In [-1, 1], as setseed() takes it: by database, session, and the run, so that a later run does
 * not make the values of an earlier one again. */
double seed_of(const char *database, int64_t session, int64_t run);

#endif
