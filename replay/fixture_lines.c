/*
 * Two lists of items side by side. Any way of interleaving them reads back the same, so this one
 * is chosen for the reader: a common head and tail once; between them pairwise where both sides
 * have as many items, else one side after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/fixture_write.h"

struct items {
	struct bytes *at;
	size_t count;
};

struct lines {
	struct buf *out;
	const char *label;
	const char *side;  /* of the line under way; NULL: none is */
	struct bytes last; /* item */
	bool is_full;
};

static bool split(struct bytes text, struct items *items)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	*items = (struct items){.at = calloc(count + 1, sizeof(*items->at))};
	if (!items->at)
		return false;
	while (items->count < count) {
		const unsigned char *end = memchr(text.ptr, '\n', text.len);
		size_t len = (size_t)(end - text.ptr);

		items->at[items->count++] = bytes_of(text.ptr, len);
		text = bytes_skip(text, len + 1);
	}
	return true;
}

static void append(struct lines *l, struct bytes s)
{
	if (!l->is_full && !buf_append_bytes(l->out, s))
		l->is_full = true;
}

static bool begins_with(struct bytes s, const char *word)
{
	size_t len = strlen(word);

	return s.len >= len && memcmp(s.ptr, word, len) == 0;
}

/* One word: it may share a line. */
static bool is_short(struct bytes item)
{
	return item.len > 0 && !memchr(item.ptr, ' ', item.len) && !begins_with(item, "status=");
}

/* Nothing may follow it on its line, since it takes all there is. */
static bool is_open_ended(struct bytes item)
{
	return begins_with(item, "columns") || begins_with(item, "row") ||
	       begins_with(item, "params") || begins_with(item, "cut");
}

static const char *joint(const struct lines *l, const char *side, struct bytes item)
{
	if (!l->side || strcmp(l->side, side) != 0)
		return NULL;
	if (begins_with(item, "status=") && !is_open_ended(l->last))
		return " ";
	return is_short(item) && is_short(l->last) && !is_open_ended(item) ? "; " : NULL;
}

static void add(struct lines *l, const char *side, struct bytes item)
{
	const char *glue = joint(l, side, item);

	if (glue) {
		append(l, bytes_str(glue));
	} else {
		append(l, bytes_str(l->side ? "\n" : ""));
		append(l, bytes_str(l->label));
		append(l, bytes_str("<"));
		append(l, bytes_str(side));
		append(l, bytes_str(" "));
	}
	append(l, item);
	l->side = side;
	l->last = item;
}

static void add_run(struct lines *l, const char *side, const struct bytes *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(l, side, items[i]);
}

static void add_pairs(struct lines *l, const struct fixture_names *names, const struct bytes *truth,
	const struct bytes *candidate, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool same = bytes_equal(truth[i], candidate[i]);

		add(l, same ? "" : names->truth, truth[i]);
		if (!same)
			add(l, names->candidate, candidate[i]);
	}
}

static void add_both(struct lines *l, const struct fixture_names *names, const struct items *truth,
	const struct items *candidate)
{
	size_t head = 0, tail = 0;
	size_t least = truth->count < candidate->count ? truth->count : candidate->count;

	while (head < least && bytes_equal(truth->at[head], candidate->at[head]))
		head++;
	while (tail < least - head && bytes_equal(truth->at[truth->count - 1 - tail],
					      candidate->at[candidate->count - 1 - tail]))
		tail++;
	add_run(l, "", truth->at, head);
	if (truth->count == candidate->count) {
		add_pairs(l, names, truth->at + head, candidate->at + head,
			truth->count - head - tail);
	} else {
		add_run(l, names->truth, truth->at + head, truth->count - head - tail);
		add_run(l, names->candidate, candidate->at + head, candidate->count - head - tail);
	}
	add_run(l, "", truth->at + truth->count - tail, tail);
	append(l, bytes_str("\n"));
}

bool fixture_print_lines(const struct fixture_answers *answers, const char *label,
	const struct fixture_names *names, struct buf *out)
{
	struct lines l = {.out = out, .label = label};
	struct items truth = {0}, candidate = {0};
	bool ok = split(buf_bytes(&answers->truth), &truth) &&
		  split(buf_bytes(&answers->candidate), &candidate);

	if (ok)
		add_both(&l, names, &truth, &candidate);
	free(truth.at);
	free(candidate.at);
	return ok && !l.is_full;
}
