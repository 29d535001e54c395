/*
 * The list in memory: a table by statement, a chain of entries for each, and what this run saw
 * of them. The file's text is in known_parse.c and known_write.c.
 */
#include "diffengine/known.h"

#include <stdlib.h>

#include "base/file.h"
#include "diffengine/known_impl.h"

/* Room for KNOWN_ENTRIES_MAX entries of ordinary size; beyond it known_insert refuses. */
#define ARENA_CEILING ((size_t)64 << 20)

struct known *known_new(void)
{
	struct known *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	arena_init(&known->arena, ARENA_CEILING);
	known->entries = calloc(KNOWN_ENTRIES_MAX, sizeof(known->entries[0]));
	if (known->entries)
		return known;
	free(known);
	return NULL;
}

void known_free(struct known *known)
{
	if (!known)
		return;
	arena_fini(&known->arena);
	free(known->entries);
	free(known);
}

struct known *known_load(const char *path, struct err *err)
{
	struct known *known = NULL;
	struct buf text;

	buf_init(&text, KNOWN_FILE_MAX + 1);
	if (file_read(path, &text, err))
		known = known_parse(path, buf_bytes(&text), err);
	buf_fini(&text);
	return known;
}

bool known_has_states(enum diff_kind kind)
{
	return kind == DIFF_ERROR_SUCCESS || kind == DIFF_SQLSTATE || kind == DIFF_UNSUPPORTED ||
	       kind == DIFF_RETRY || kind == DIFF_INFRASTRUCTURE;
}

/* The slot of the statement, or the free one where it would be: there are more slots than
 * entries. */
static struct known_entry *const *find_slot(const struct known *known, struct bytes statement)
{
	size_t i = hash_bytes64(statement) % KNOWN_SLOTS;

	while (known->slots[i] && !bytes_equal(known->slots[i]->statement, statement))
		i = (i + 1) % KNOWN_SLOTS;
	return &known->slots[i];
}

struct known_entry *known_lookup(const struct known *known, const struct known_entry *like)
{
	struct known_entry *e = *find_slot(known, like->statement);

	for (; e; e = e->next)
		if (e->kind == like->kind && bytes_equal(e->column, like->column) &&
			strcmp(e->truth, like->truth) == 0 &&
			strcmp(e->candidate, like->candidate) == 0)
			return e;
	return NULL;
}

static const char *rule_of(struct known *known, const struct known_entry *e)
{
	return e->name ? arena_printf(&known->arena, KNOWN_RULE "%s", e->name)
		       : arena_printf(&known->arena, KNOWN_RULE "%zu", known->count + 1);
}

static bool copy_into(struct known *known, struct bytes *view)
{
	struct bytes from = *view;

	*view = arena_copy(&known->arena, from);
	return from.len == 0 || view->ptr;
}

bool known_insert(struct known *known, const struct known_entry *entry)
{
	struct known_entry *e, **slot;

	if (known->count == KNOWN_ENTRIES_MAX)
		return false;
	e = arena_alloc(&known->arena, sizeof(*e));
	if (!e)
		return false;
	*e = *entry;
	e->rule = rule_of(known, e);
	if (!e->rule || !copy_into(known, &e->statement) || !copy_into(known, &e->column))
		return false;
	slot = &known->slots[find_slot(known, e->statement) - known->slots];
	e->next = *slot;
	*slot = e;
	known->entries[known->count++] = e;
	return true;
}

/* --- what a run saw --- */

static struct bytes normalised(struct known *known, struct bytes statement)
{
	struct hash128 hash = hash_bytes128(statement);

	if (known->spelling_len == 0 || hash.low != known->last.low ||
		hash.high != known->last.high) {
		known->last = hash;
		known->spelling_len = normalise_statement(statement, known->spelling);
	}
	return bytes_of(known->spelling, known->spelling_len);
}

static void copy_state(char to[KNOWN_STATE_MAX], struct bytes state)
{
	snprintf(to, KNOWN_STATE_MAX, "%.*s", bytes_width(state, KNOWN_STATE_MAX - 1),
		state.len > 0 ? (const char *)state.ptr : "");
}

/* Borrows from the difference and from `known`. */
static struct known_entry entry_of(struct known *known, const struct known_difference *d)
{
	struct known_entry e = {.kind = d->kind, .column = d->column};

	e.statement = normalised(known, d->statement);
	if (e.column.len > KNOWN_WORDS_MAX)
		e.column.len = KNOWN_WORDS_MAX;
	if (e.column.len == 0 && d->number > 0) {
		snprintf(known->number, sizeof(known->number), "#%d", d->number);
		e.column = bytes_str(known->number);
	}
	if (known_has_states(d->kind)) {
		copy_state(e.truth, d->truth);
		copy_state(e.candidate, d->candidate);
	}
	return e;
}

struct known_entry *known_find(struct known *known, const struct known_difference *difference)
{
	struct known_entry like;

	if (known->count == 0)
		return NULL;
	like = entry_of(known, difference);
	return known_lookup(known, &like);
}

const char *known_allow(struct known *known, const struct known_difference *difference)
{
	struct known_entry *e = known_find(known, difference);

	if (!e || e->is_expired)
		return NULL;
	e->seen++;
	return e->rule;
}

/* The example as a comment, in one line. */
static const char *comment_of(struct known *known, struct bytes example)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	const char *kept = NULL;

	if (!out)
		return NULL;
	fputs("# ", out);
	known_write_value(out, bytes_of(example.ptr, (size_t)bytes_width(example, 500)));
	fputs(example.len > 500 ? " ...\n" : "\n", out);
	if (fclose(out) == 0)
		kept = arena_copy_str(&known->arena, bytes_str(line));
	free(line);
	return kept;
}

void known_add(struct known *known, const struct known_difference *difference, struct bytes example)
{
	struct known_entry like = entry_of(known, difference);
	struct known_entry *e = known_lookup(known, &like);

	if (e) {
		e->seen++;
		return;
	}
	if (like.kind >= DIFF_KIND_COUNT) { /* of a newer trace: it has no name here */
		known->omitted++;
		return;
	}
	like.seen = 1;
	like.comment = known->count < KNOWN_ENTRIES_MAX ? comment_of(known, example) : NULL;
	if (!known_insert(known, &like))
		known->omitted++;
}

static bool is_compared(int verdict)
{
	return verdict == VERDICT_EQUAL || verdict == VERDICT_ALLOWED ||
	       verdict == VERDICT_MISMATCH || verdict == VERDICT_RETRIED;
}

void known_note_statement(struct known *known, struct bytes statement, int verdict)
{
	struct known_entry *e;

	if (known->count == 0 || !is_compared(verdict))
		return;
	e = *find_slot(known, normalised(known, statement));
	for (; e; e = e->next)
		e->is_compared = true;
}

void known_set_today(struct known *known, const char *today)
{
	for (size_t i = 0; i < known->count; i++) {
		struct known_entry *e = known->entries[i];

		e->is_expired = *today && e->until && strcmp(today, e->until) > 0;
	}
}

void known_count(const struct known *known, struct known_counts *counts)
{
	*counts = (struct known_counts){.entries = known->count, .omitted = known->omitted};
	for (size_t i = 0; i < known->count; i++) {
		const struct known_entry *e = known->entries[i];

		if (e->is_expired)
			counts->expired++;
		else if (e->seen > 0)
			counts->seen++;
		else if (e->is_compared)
			counts->gone++;
		else
			counts->unasked++;
	}
}

bool known_has_gone(const struct known *known)
{
	struct known_counts counts;

	if (!known)
		return false;
	known_count(known, &counts);
	return counts.gone > 0;
}
