/*
 * The verdict on a unit whose answers are whole, and what follows from it.
 */
#ifndef CAPTURE_JUDGE_H
#define CAPTURE_JUDGE_H

struct session;

/* Both sides have settled and nothing of their answers is still to be folded. */
void judge_settled(struct session *s);
/* The rest of it, after plans were asked for (capture/slow.h). */
void judge_answers(struct session *s);
/* The same where it is known that they differ: compares and goes on. */
void judge_different(struct session *s);

#endif
