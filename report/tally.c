/*
 * Few rows, so they are searched one by one.
 */
#include "report/tally.h"

#include "report/text.h"

static struct tally_row *find(struct tally *t, const struct tally_row *row)
{
	struct bytes text = text_cut(row->text, TALLY_TEXT_MAX);

	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].verdict == row->verdict && bytes_equal(t->rows[i].text, text))
			return &t->rows[i];
	return NULL;
}

void tally_add(struct tally *t, struct arena *a, const struct tally_row *row)
{
	struct tally_row *found = find(t, row);

	if (!found) {
		struct bytes text = text_cut(row->text, TALLY_TEXT_MAX);

		if (t->count == TALLY_MAX) {
			t->dropped++;
			return;
		}
		found = &t->rows[t->count++];
		*found = (struct tally_row){.verdict = row->verdict,
			.text = arena_copy(a, text),
			.first_exchange = row->first_exchange};
	}
	found->count++;
	if (found->last_exchange != row->first_exchange)
		found->exchanges++;
	found->last_exchange = row->first_exchange;
}
