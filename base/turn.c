/*
 * A fair shared/exclusive turn without threads: a queue and two counters.
 */
#include "base/turn.h"

void turn_init(struct turn *turn, bool is_serial, void (*on_granted)(struct turn_ticket *ticket))
{
	*turn = (struct turn){.is_serial = is_serial, .on_granted = on_granted};
	list_init(&turn->waiting);
	list_init(&turn->held);
}

static bool is_free_for(const struct turn *turn, bool is_exclusive)
{
	return turn->owners == 0 && (!is_exclusive || turn->sharers == 0);
}

static void hold(struct turn *turn, struct turn_ticket *ticket)
{
	ticket->state = TURN_HELD;
	list_append(&turn->held, &ticket->node);
	if (ticket->is_exclusive)
		turn->owners++;
	else
		turn->sharers++;
}

bool turn_request(struct turn *turn, struct turn_ticket *ticket, enum turn_kind kind)
{
	ticket->is_exclusive = kind == TURN_ALONE || (turn->is_serial && kind == TURN_WRITE);
	if (!turn->is_serial && kind == TURN_READ)
		return true;
	if (list_is_empty(&turn->waiting) && is_free_for(turn, ticket->is_exclusive)) {
		hold(turn, ticket);
		return true;
	}
	ticket->state = TURN_WAITING;
	list_append(&turn->waiting, &ticket->node);
	return false;
}

bool turn_return(struct turn *turn, struct turn_ticket *ticket)
{
	if (ticket->state == TURN_HELD)
		return true;
	if (ticket->state == TURN_WAITING)
		return false;
	if (is_free_for(turn, ticket->is_exclusive)) {
		hold(turn, ticket);
		return true;
	}
	ticket->state = TURN_WAITING;
	list_prepend(&turn->waiting, &ticket->node);
	return false;
}

static void grant_waiting(struct turn *turn)
{
	while (!list_is_empty(&turn->waiting)) {
		struct turn_ticket *first =
			list_entry(turn->waiting.next, struct turn_ticket, node);

		if (!is_free_for(turn, first->is_exclusive))
			return;
		list_remove(&first->node);
		hold(turn, first);
		turn->on_granted(first);
	}
}

void turn_release(struct turn *turn, struct turn_ticket *ticket)
{
	if (ticket->state == TURN_NONE)
		return;
	list_remove(&ticket->node);
	if (ticket->state == TURN_HELD && ticket->is_exclusive)
		turn->owners--;
	else if (ticket->state == TURN_HELD)
		turn->sharers--;
	ticket->state = TURN_NONE;
	grant_waiting(turn);
}

bool turn_is_contended(const struct turn *turn)
{
	return !list_is_empty(&turn->waiting);
}
