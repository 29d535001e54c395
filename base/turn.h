/*
 * Whose turn it is (comparison.execution).
 *
 *   unit              serial       ordered, parallel
 *   reads             shared       at once, without a turn
 *   may write         exclusive    shared
 *   is asked again    exclusive    exclusive           (capture/retry.c)
 *
 * Waiting units are served in order of asking, so no kind starves. A unit that is found to be
 * blocked by another session gives its turn back (turn_release, by capture/watch.c), so that
 * the one it waits for can go ahead.
 */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/list.h"

enum turn_state { TURN_NONE, TURN_WAITING, TURN_HELD };

enum turn_kind { TURN_READ, TURN_WRITE, TURN_ALONE };

struct turn_ticket { /* one per session; zero and list_init before use */
	struct list node;
	enum turn_state state;
	bool is_exclusive;
};

struct turn {
	bool is_serial;
	int sharers, owners; /* tickets that hold the turn */
	struct list waiting;
	struct list held;
	/* A ticket that waited holds the turn now. */
	void (*on_granted)(struct turn_ticket *ticket);
};

void turn_init(struct turn *turn, bool is_serial, void (*on_granted)(struct turn_ticket *ticket));
/* True: granted at once; false: on_granted comes later. */
bool turn_request(
	struct turn *turn, struct turn_ticket *ticket, enum turn_kind kind) ATTR_USE_RESULT;
/* The same for a unit that gave its turn back while it was blocked and has a second half to
 * do: it goes before all that wait, since others may see its first half already. */
bool turn_return(struct turn *turn, struct turn_ticket *ticket) ATTR_USE_RESULT;
/* Gives the turn or the place in the queue back; harmless where there is none. May call
 * on_granted for others. */
void turn_release(struct turn *turn, struct turn_ticket *ticket);
/* Somebody waits who cannot go on before a holder of the turn is done. */
bool turn_is_contended(const struct turn *turn);

#endif
