/*
 * Turns: who may go, who waits, in which order, and that each is given back.
 */
#include "base/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TICKETS = 6 };

struct bench {
	struct turn turn; /* first: on_granted finds the rest from a ticket's place */
	struct turn_ticket tickets[TICKETS];
	struct turn_ticket *granted[32];
	size_t count;
	struct turn_ticket *gives_back; /* when it is granted */
};

/* on_granted has no context: one test at a time. */
static struct bench *current;

static void on_granted(struct turn_ticket *ticket)
{
	assert_int_equal(ticket->state, TURN_HELD);
	current->granted[current->count++] = ticket;
	if (ticket == current->gives_back)
		turn_release(&current->turn, ticket);
}

static void set_up(struct bench *b, bool is_serial)
{
	*b = (struct bench){.count = 0};
	current = b;
	turn_init(&b->turn, is_serial, on_granted);
	for (int i = 0; i < TICKETS; i++)
		list_init(&b->tickets[i].node);
}

static bool reads(struct bench *b, int i)
{
	return turn_request(&b->turn, &b->tickets[i], TURN_READ);
}

static bool writes(struct bench *b, int i)
{
	return turn_request(&b->turn, &b->tickets[i], TURN_WRITE);
}

static void gives(struct bench *b, int i)
{
	turn_release(&b->turn, &b->tickets[i]);
}

/* These, and no more, have been granted since the last call. */
static void expect_granted(struct bench *b, const char *tickets)
{
	for (size_t i = 0; i < b->count; i++)
		assert_int_equal(b->granted[i] - b->tickets, tickets[i] - '0');
	assert_int_equal(tickets[b->count], '\0');
	b->count = 0;
}

static void expect_free(const struct bench *b)
{
	assert_int_equal(b->turn.sharers, 0);
	assert_int_equal(b->turn.owners, 0);
	assert_true(list_is_empty(&b->turn.waiting));
	assert_true(list_is_empty(&b->turn.held));
}

static bool goes_alone(struct bench *b, int i)
{
	return turn_request(&b->turn, &b->tickets[i], TURN_ALONE);
}

static void test_not_serial(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, false);
	/* Writers share, readers do not even ask. */
	assert_true(writes(&b, 0) && writes(&b, 1) && reads(&b, 2));
	assert_int_equal(b.tickets[2].state, TURN_NONE);
	assert_false(turn_is_contended(&b.turn));
	assert_true(turn_return(&b.turn, &b.tickets[0]));
	/* Who asks again waits for all writers, and new ones wait for him. */
	assert_false(goes_alone(&b, 3));
	assert_false(writes(&b, 4));
	assert_true(reads(&b, 5));
	gives(&b, 0);
	expect_granted(&b, "");
	gives(&b, 1);
	expect_granted(&b, "3");
	gives(&b, 3);
	expect_granted(&b, "4");
	gives(&b, 4);
	gives(&b, 5);
	expect_free(&b);
}

static void test_readers_share_and_writers_do_not(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, true);
	assert_true(reads(&b, 0) && reads(&b, 1));
	assert_false(turn_is_contended(&b.turn));
	assert_false(writes(&b, 2));
	assert_true(turn_is_contended(&b.turn));
	gives(&b, 0);
	expect_granted(&b, "");
	gives(&b, 1);
	expect_granted(&b, "2");
	assert_false(turn_is_contended(&b.turn));
	assert_false(writes(&b, 3));
	gives(&b, 2);
	expect_granted(&b, "3");
	gives(&b, 3);
	expect_free(&b);
}

/* Neither starves: a reader that comes after a waiting writer waits, too. */
static void test_in_order_of_asking(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, true);
	assert_true(reads(&b, 0));
	assert_false(writes(&b, 1));
	assert_false(reads(&b, 2));
	assert_false(reads(&b, 3));
	assert_false(writes(&b, 4));
	assert_false(reads(&b, 5));
	gives(&b, 0);
	expect_granted(&b, "1");
	gives(&b, 1);
	expect_granted(&b, "23");
	gives(&b, 3);
	expect_granted(&b, "");
	gives(&b, 2);
	expect_granted(&b, "4");
	gives(&b, 4);
	expect_granted(&b, "5");
	gives(&b, 5);
	expect_free(&b);
}

static void test_a_place_in_the_queue_is_given_back(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, true);
	assert_true(reads(&b, 0));
	assert_false(writes(&b, 1));
	assert_false(reads(&b, 2));
	gives(&b, 1); /* its session ended */
	expect_granted(&b, "2");
	gives(&b, 1); /* harmless */
	gives(&b, 0);
	gives(&b, 2);
	expect_free(&b);
	expect_granted(&b, "");
}

/* Found to be blocked, it gave its turn up; its second half goes before all that wait. */
static void test_a_second_half_goes_first(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, true);
	assert_true(writes(&b, 0));
	assert_true(turn_return(&b.turn, &b.tickets[0])); /* it still has it */
	assert_false(writes(&b, 1));
	assert_false(writes(&b, 2));
	gives(&b, 0);
	expect_granted(&b, "1");
	assert_false(turn_return(&b.turn, &b.tickets[0]));
	assert_false(turn_return(&b.turn, &b.tickets[0])); /* it waits already */
	gives(&b, 1);
	expect_granted(&b, "0");
	gives(&b, 0);
	expect_granted(&b, "2");
	gives(&b, 2);
	assert_true(turn_return(&b.turn, &b.tickets[0])); /* nobody has it */
	assert_int_equal(b.turn.owners, 1);
	gives(&b, 0);
	expect_free(&b);
}

/* on_granted may give the turn back at once: the next in line gets it, once. */
static void test_given_back_when_granted(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, true);
	assert_true(writes(&b, 0));
	assert_false(writes(&b, 1));
	assert_false(reads(&b, 2));
	assert_false(reads(&b, 3));
	assert_false(writes(&b, 4));
	b.gives_back = &b.tickets[1];
	gives(&b, 0);
	expect_granted(&b, "123");
	assert_int_equal(b.turn.sharers, 2);
	gives(&b, 2);
	gives(&b, 3);
	expect_granted(&b, "4");
	gives(&b, 4);
	expect_free(&b);
}

/* A long row of pseudo-random steps: who is to be alone always is, and all get their turn. */
static void many_steps(bool is_serial)
{
	struct bench b;
	unsigned seed = 7;

	set_up(&b, is_serial);
	for (int step = 0; step < 20000; step++) {
		int i;

		seed = seed * 1103515245 + 12345;
		i = (int)(seed >> 16) % TICKETS;
		if (b.tickets[i].state == TURN_NONE)
			(void)!turn_request(
				&b.turn, &b.tickets[i], (enum turn_kind)((seed >> 20) % 3));
		else if (b.tickets[i].state == TURN_HELD)
			gives(&b, i);
		b.count = 0;
		assert_true(b.turn.owners <= 1);
		assert_true(b.turn.owners == 0 || b.turn.sharers == 0);
		assert_true(list_is_empty(&b.turn.waiting) || !list_is_empty(&b.turn.held));
	}
	for (int turns = 0; turns < TICKETS; turns++)
		for (int i = 0; i < TICKETS; i++)
			if (b.tickets[i].state == TURN_HELD)
				gives(&b, i);
	expect_free(&b);
}

static void test_many_steps(void **state)
{
	(void)state;
	many_steps(true);
	many_steps(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_serial),
		cmocka_unit_test(test_readers_share_and_writers_do_not),
		cmocka_unit_test(test_in_order_of_asking),
		cmocka_unit_test(test_a_place_in_the_queue_is_given_back),
		cmocka_unit_test(test_a_second_half_goes_first),
		cmocka_unit_test(test_given_back_when_granted),
		cmocka_unit_test(test_many_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
