/*
 * The configuration's tree: making values within the limits, copying, finding, merging.
 */
#include "base/conf_tree.h"

#include <stdarg.h>
#include <stdio.h>

bool conf_fail(struct conf_place place, struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (place.line == 0)
		return err_set(err, "%s: %s", place.file, text);
	return err_set(err, "%s:%u:%u: %s", place.file, place.line, place.column, text);
}

bool conf_count_piece(struct conf *conf, struct conf_place place, struct err *err)
{
	if (conf->pieces++ < CONF_PIECES_MAX)
		return true;
	return conf_fail(place, err, "more than %d keys and values", CONF_PIECES_MAX);
}

struct conf_value *conf_value_new(
	struct conf *conf, enum conf_kind kind, struct conf_place place, struct err *err)
{
	if (!conf_count_piece(conf, place, err))
		return NULL;
	struct conf_value *value = arena_alloc(&conf->arena, sizeof(*value));
	if (!value) {
		conf_fail(place, err, "the configuration needs too much memory");
		return NULL;
	}
	value->kind = kind;
	value->place = place;
	return value;
}

struct conf_value *conf_value_scalar(
	struct conf *conf, struct bytes text, struct conf_place place, struct err *err)
{
	struct conf_value *value = conf_value_new(conf, CONF_KIND_SCALAR, place, err);

	if (!value)
		return NULL;
	value->text = arena_copy_str(&conf->arena, text);
	if (!value->text) {
		conf_fail(place, err, "the configuration needs too much memory");
		return NULL;
	}
	return value;
}

struct conf_value *conf_value_copy(struct conf *conf, const struct conf_value *value, size_t depth,
	struct conf_place place, struct err *err)
{
	if (depth > CONF_DEPTH_MAX) {
		conf_fail(place, err, "nested deeper than %d", CONF_DEPTH_MAX);
		return NULL;
	}
	struct conf_value *copy = conf_value_new(conf, value->kind, place, err);
	if (!copy)
		return NULL;
	copy->text = value->text;
	for (const struct conf_value *it = value->first; it; it = it->next) {
		struct conf_value *child = conf_value_copy(conf, it, depth + 1, place, err);

		if (!child)
			return NULL;
		child->place = it->place;
		child->key = it->key;
		child->key_place = it->key_place;
		conf_value_append(copy, child);
	}
	return copy;
}

void conf_value_append(struct conf_value *parent, struct conf_value *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

struct conf_value *conf_value_find(const struct conf_value *object, const char *key)
{
	for (struct conf_value *it = object->first; it; it = it->next)
		if (strcmp(it->key, key) == 0)
			return it;
	return NULL;
}

/* Moves all members of `from` over to `to`. The recursion with conf_value_put is as deep as
 * the tree. */
static bool merge(struct conf_value *to, struct conf_value *from, struct err *err)
{
	for (struct conf_value *it = from->first, *next; it; it = next) {
		next = it->next;
		it->next = NULL;
		if (!conf_value_put(to, it, err))
			return false;
	}
	return true;
}

bool conf_value_put(struct conf_value *object, struct conf_value *member, struct err *err)
{
	struct conf_value *old = conf_value_find(object, member->key);

	if (!old) {
		if (object->count == CONF_KEYS_MAX)
			return conf_fail(member->key_place, err, "more than %d keys in one section",
				CONF_KEYS_MAX);
		conf_value_append(object, member);
		return true;
	}
	if (old->kind == CONF_KIND_OBJECT && member->kind == CONF_KIND_OBJECT)
		return merge(old, member, err);
	/* In the old one's place, so that the order of keys stays as first written. */
	struct conf_value *next = old->next;
	*old = *member;
	old->next = next;
	return true;
}

void conf_value_remove(struct conf_value *object, const char *key)
{
	struct conf_value *before = NULL;

	for (struct conf_value *it = object->first; it; before = it, it = it->next) {
		if (strcmp(it->key, key) != 0)
			continue;
		if (before)
			before->next = it->next;
		else
			object->first = it->next;
		if (object->last == it)
			object->last = before;
		object->count--;
		return;
	}
}

const struct conf_value *conf_value_at(const struct conf *conf, const char *dotted)
{
	const struct conf_value *at = conf->root;

	while (at && at->kind == CONF_KIND_OBJECT) {
		size_t n = strcspn(dotted, ".");
		const struct conf_value *it = at->first;

		while (it && (strlen(it->key) != n || memcmp(it->key, dotted, n) != 0))
			it = it->next;
		if (dotted[n] == '\0')
			return it;
		at = it;
		dotted += n + 1;
	}
	return NULL;
}
