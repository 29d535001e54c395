/*
 * The SQL error in place of the rest of an answer that differs.
 */
#ifndef CAPTURE_MISMATCH_H
#define CAPTURE_MISMATCH_H

struct comparison;
struct session;

/* The client gets the error; its session ends. */
void mismatch_report(struct session *s, const struct comparison *result);
/* on-mismatch = error: the same, and the session goes on. */
void mismatch_error(struct session *s, const struct comparison *result);
/* The candidate wants the transaction to be tried again: the client gets a 40001 that says so,
 * both sides a failed transaction, and the session goes on. */
void mismatch_again(struct session *s, const struct comparison *result);
/* The unit was ended because of a deadlock across the two databases, and both sides have
 * answered: the client gets an error that says so, and its session goes on. */
void mismatch_deadlock(struct session *s);
/* Both sides are fit again: ReadyForQuery, unless the client owes its Sync. */
void mismatch_ready(struct session *s);
void mismatch_on_sync(struct session *s);
/* An ErrorResponse and ReadyForQuery with `status`; the session goes on. */
void mismatch_answer(struct session *s, const char *message, char status);
void mismatch_doomed_pump(struct session *s);

#endif
