/*
 * The verdict on a unit whose answers are whole, and what follows from it.
 */
#ifndef CAPTURE_JUDGE_H
#define CAPTURE_JUDGE_H

struct session;

/* Both sides have settled and nothing of their answers is still to be folded. */
void judge_settled(struct session *s);

#endif
