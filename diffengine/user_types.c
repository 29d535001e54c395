/*
 * The table: entries in order of coming, and two sorted indexes.
 */
#include "diffengine/user_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void drop_entries(struct user_types *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->entries[i].name);
	t->count = t->candidate_count = 0;
}

void user_types_fini(struct user_types *t)
{
	drop_entries(t);
	free(t->entries);
	free(t->by_truth);
	free(t->by_candidate);
	*t = (struct user_types){0};
}

void user_types_clear(struct user_types *t)
{
	drop_entries(t);
	t->asked_count = 0;
}

bool user_types_has_room(const struct user_types *t)
{
	return t->count <= USER_TYPES_MAX / 2;
}

static uint32_t oid_at(const struct user_types *t, bool is_truth, size_t at)
{
	return is_truth ? t->entries[t->by_truth[at]].truth
			: t->entries[t->by_candidate[at]].candidate;
}

/* Where the OID is in the index, or would go. */
static size_t position(const struct user_types *t, bool is_truth, uint32_t oid)
{
	size_t low = 0, high = is_truth ? t->count : t->candidate_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (oid_at(t, is_truth, middle) < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct user_type *user_types_find(const struct user_types *t, uint32_t truth)
{
	size_t at = position(t, true, truth);

	return at < t->count && oid_at(t, true, at) == truth ? &t->entries[t->by_truth[at]] : NULL;
}

const struct user_type *user_types_find_candidate(const struct user_types *t, uint32_t candidate)
{
	size_t at = position(t, false, candidate);

	return at < t->candidate_count && oid_at(t, false, at) == candidate
		       ? &t->entries[t->by_candidate[at]]
		       : NULL;
}

bool user_types_ask(struct user_types *t, uint32_t truth)
{
	if (user_types_find(t, truth))
		return true;
	if (t->is_closed)
		return false;
	for (size_t i = 0; i < t->asked_count; i++)
		if (t->asked[i] == truth)
			return true;
	if (t->asked_count == USER_TYPES_ASKED_MAX)
		return false;
	t->asked[t->asked_count++] = truth;
	return true;
}

static bool grow(struct user_types *t)
{
	size_t cap = t->cap ? 2 * t->cap : 16;
	void *entries, *by_truth, *by_candidate;

	if (t->count < t->cap)
		return true;
	if (cap > USER_TYPES_MAX)
		return false;
	entries = realloc(t->entries, cap * sizeof(*t->entries));
	t->entries = entries ? entries : t->entries;
	by_truth = realloc(t->by_truth, cap * sizeof(*t->by_truth));
	t->by_truth = by_truth ? by_truth : t->by_truth;
	by_candidate = realloc(t->by_candidate, cap * sizeof(*t->by_candidate));
	t->by_candidate = by_candidate ? by_candidate : t->by_candidate;
	if (!entries || !by_truth || !by_candidate)
		return false;
	t->cap = cap;
	return true;
}

/* `count` indexes before this one. */
static void insert(uint16_t *index, size_t count, size_t at, size_t entry)
{
	memmove(index + at + 1, index + at, (count - at) * sizeof(*index));
	index[at] = (uint16_t)entry;
}

bool user_types_add(struct user_types *t, const struct user_type *type)
{
	size_t len = strlen(type->name);
	char *name;

	if (user_types_find(t, type->truth))
		return true;
	if (len > USER_TYPE_NAME_MAX || !grow(t))
		return false;
	name = strdup(type->name);
	if (!name)
		return false;
	insert(t->by_truth, t->count, position(t, true, type->truth), t->count);
	t->entries[t->count] = *type;
	t->entries[t->count].candidate = 0;
	t->entries[t->count].name = name;
	t->count++;
	return true;
}

void user_types_pair(struct user_types *t, struct bytes name, uint32_t candidate)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->entries[i].candidate || !bytes_equal_str(name, t->entries[i].name))
			continue;
		insert(t->by_candidate, t->candidate_count, position(t, false, candidate), i);
		t->entries[i].candidate = candidate;
		t->candidate_count++;
		return;
	}
}

uint32_t user_types_translate(const struct user_types *t, uint32_t truth)
{
	const struct user_type *type;

	if (truth < FIRST_USER_OID)
		return truth;
	type = user_types_find(t, truth);
	return type ? type->candidate : 0;
}

bool user_types_alike(struct user_types *t, uint32_t truth, uint32_t candidate)
{
	const struct user_type *type;

	if (truth == candidate)
		return true;
	if (truth < FIRST_USER_OID || candidate < FIRST_USER_OID)
		return false;
	type = t ? user_types_find(t, truth) : NULL;
	if (type)
		return type->candidate == candidate;
	if (t)
		(void)user_types_ask(t, truth);
	return true;
}

static const char letters[] = "bacrmd"; /* by enum user_type_kind */

char user_type_letter(enum user_type_kind kind)
{
	return letters[kind];
}

enum user_type_kind user_type_kind_of(char letter)
{
	const char *at = letter ? strchr(letters, letter) : NULL;

	return at ? (enum user_type_kind)(at - letters) : USER_TYPE_OPAQUE;
}

const char *user_type_print(const struct user_type *type, char text[USER_TYPE_TEXT_MAX])
{
	snprintf(text, USER_TYPE_TEXT_MAX, "%" PRIu32 " %c %" PRIu32 " %s", type->truth,
		user_type_letter(type->kind), type->within, type->name);
	return text;
}

bool user_type_parse(struct user_type *type, char *text)
{
	char kind;
	int at = 0;

	*type = (struct user_type){0};
	if (sscanf(text, "%" SCNu32 " %c %" SCNu32 " %n", &type->truth, &kind, &type->within,
		    &at) != 3 ||
		at == 0 || !text[at])
		return false;
	type->kind = user_type_kind_of(kind);
	type->name = text + at;
	return true;
}
