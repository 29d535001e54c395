/*
 * How often each of a few words occurred: rules that fired, reasons for not comparing. In order
 * of first occurrence, at most TALLY_MAX of them; further ones are counted in `dropped`.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

#define TALLY_MAX      200
#define TALLY_TEXT_MAX 256 /* bytes of a word that are kept and told apart */

struct tally_row {
	int verdict;
	struct bytes text; /* empty: none was given */
	int64_t count;
	int64_t exchanges;      /* in how many */
	int64_t first_exchange; /* where it occurred first */
	int64_t last_exchange;  /* for counting them */
};

struct tally {
	struct tally_row rows[TALLY_MAX];
	size_t count;
	int64_t dropped;
};

/* Counts one; the text is copied into the arena the first time. */
void tally_add(struct tally *t, struct arena *a, const struct tally_row *row);

#endif
