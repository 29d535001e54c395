/*
 * Names are found in a hash table with open addressing over an array in order of occurrence.
 */
#include "report/labels.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "report/known_walk.h"
#include "report/text.h"

#define SLOTS         8192 /* more than twice LABELS_MAX */
#define ARENA_CEILING ((size_t)4 << 20)

static struct bytes skip_blank(struct bytes b)
{
	while (b.len > 0 && memchr(" \t\r\n\f\v", b.ptr[0], 6))
		b = bytes_skip(b, 1);
	return b;
}

static bool take_word(struct bytes *b, const char *word)
{
	size_t len = strlen(word);

	if (b->len < len || memcmp(b->ptr, word, len) != 0)
		return false;
	*b = bytes_skip(*b, len);
	return true;
}

static struct bytes trim_end(struct bytes b)
{
	while (b.len > 0 && memchr(" \t\r\n\f\v", b.ptr[b.len - 1], 6))
		b.len--;
	return b;
}

struct bytes label_of_statement(struct bytes text)
{
	struct bytes rest = skip_blank(text);

	if (!take_word(&rest, "/*"))
		return bytes_of(NULL, 0);
	rest = skip_blank(rest);
	if (!take_word(&rest, "test:"))
		return bytes_of(NULL, 0);
	rest = skip_blank(rest);
	for (size_t i = 0; i + 1 < rest.len; i++)
		if (rest.ptr[i] == '*' && rest.ptr[i + 1] == '/')
			return trim_end(text_cut(bytes_of(rest.ptr, i), LABEL_MAX));
	return bytes_of(NULL, 0); /* the comment has no end within what was looked at */
}

struct bytes label_of(struct bytes statement, const char *application_name)
{
	struct bytes name = label_of_statement(statement);

	if (name.len == 0)
		name = text_cut(bytes_str(application_name), LABEL_MAX);
	return name.len > 0 ? name : bytes_str(LABELS_NAME_NONE);
}

static uint16_t *find_slot(struct labels *l, struct hash128 hash)
{
	size_t i = hash.low % SLOTS;

	while (l->slots[i] != 0) {
		const struct hash128 *there = &l->items[l->slots[i] - 1].hash;

		if (there->low == hash.low && there->high == hash.high)
			break;
		i = (i + 1) % SLOTS;
	}
	return &l->slots[i];
}

static struct label *find(struct labels *l, struct bytes name)
{
	struct hash128 hash = hash_bytes128(name);
	uint16_t *slot = find_slot(l, hash);
	struct label *added;

	if (*slot != 0)
		return &l->items[*slot - 1];
	if (l->count == LABELS_MAX)
		return &l->others;
	added = &l->items[l->count++];
	*added = (struct label){.name = text_keep(&l->arena, name, LABEL_MAX), .hash = hash};
	*slot = (uint16_t)l->count;
	return added;
}

struct count { /* a pass */
	struct labels *labels;
	struct trace *trace;
	struct known_walk known; /* `known` NULL: verdicts as recorded */
	bool has_failed;
	struct err *err;
};

static bool on_exchange(void *context, const struct trace_labelled *row)
{
	struct count *c = context;
	struct labels *l = c->labels;
	struct trace_exchange exchange = {.id = row->exchange, .verdict = row->verdict};
	struct label *label = find(l, label_of(row->statement, row->application_name));

	if (label_of_statement(row->statement).len > 0)
		l->has_comments = true;
	if (c->known.known && row->verdict == VERDICT_MISMATCH)
		c->has_failed = !known_walk_exchange(&c->known, c->trace, &exchange, c->err);
	label->exchanges++;
	label->mismatches += exchange.verdict == VERDICT_MISMATCH;
	label->inconclusive += exchange.verdict == VERDICT_INCONCLUSIVE;
	if (row->truth_us > 0 && label->truth_us <= INT64_MAX - row->truth_us)
		label->truth_us += row->truth_us;
	return !c->has_failed;
}

bool labels_collect(struct labels *l, struct trace *t, struct known *known, struct err *err)
{
	struct count c = {.labels = l, .trace = t, .err = err};
	bool ok;

	*l = (struct labels){.others = {.name = bytes_str("(further tests)")}};
	arena_init(&l->arena, ARENA_CEILING);
	l->items = calloc(LABELS_MAX, sizeof(*l->items));
	l->slots = calloc(SLOTS, sizeof(*l->slots));
	if (!l->items || !l->slots)
		return err_set(err, "out of memory for the list of tests");
	known_walk_init(&c.known, known);
	ok = trace_read_labelled(t, on_exchange, &c, err) && !c.has_failed;
	known_walk_fini(&c.known);
	return ok;
}

void labels_fini(struct labels *l)
{
	free(l->items);
	free(l->slots);
	arena_fini(&l->arena);
	*l = (struct labels){.items = NULL};
}
