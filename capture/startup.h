/*
 * The first packets of a client, and the connections to both backends.
 */
#ifndef CAPTURE_STARTUP_H
#define CAPTURE_STARTUP_H

struct session;

void startup_pump(struct session *s);
/* Connects the sides that are not connected yet, with what the client said so far. */
void startup_connect(struct session *s);
/* Both backends may have an answer by now. */
void startup_on_connected(struct session *s);
/* Both sides have their seed: the client is greeted. */
void startup_on_seeded(struct session *s);

#endif
