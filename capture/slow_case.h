/*
 * What is known of an exchange of which one side was slow; for slow.c and slow_look.c.
 */
#ifndef CAPTURE_SLOW_CASE_H
#define CAPTURE_SLOW_CASE_H

#include "capture/slow.h"
#include "diffengine/slow.h"

enum slow_state {
	SLOW_ASKED,       /* the databases are asked for plans */
	SLOW_CONFIRMED,   /* it is slow again */
	SLOW_UNPROVEN,    /* it may write, or a rule allows it: it was not run again */
	SLOW_UNCONFIRMED, /* it was not slow again, or could not be run again */
	SLOW_NOT_LOOKED   /* the limits are reached, or another one is looked into */
};

struct slow_case {
	enum slow_state state;
	enum slow_side side;
	enum slow_subject subject;
	unsigned ordinal;               /* of the command */
	const char *rule;               /* that allows it; NULL: none does */
	struct slow_times times, again; /* as answered; by EXPLAIN ANALYZE */
	char *plans[2];                 /* the truth's, the candidate's; NULL: none */
	char why[256];                  /* for the exchange's note; "" none */
};

/* Asks both sides; ends in slow_looked_into. False: it is not looked into, c->state says so. */
bool slow_look(struct session *s, struct slow_case *c, struct bytes statement) ATTR_USE_RESULT;
/* slow.c: both sides have said what they can. */
void slow_looked_into(struct session *s);

#endif
