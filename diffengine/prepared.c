/*
 * Names of prepared statements and portals: two small hash maps with linear probing.
 */
#include "diffengine/prepared.h"

#include <stdlib.h>

#include "base/hash.h"
#include "diffengine/statement.h"
#include "diffengine/user_types.h"

struct name_entry {
	struct statement *value; /* NULL: free, unless is_removed */
	uint64_t hash;
	char *name;
	size_t len;
	bool is_removed; /* a grave: probing goes on past it */
	enum route place;
};

struct statement *statement_new(struct bytes text)
{
	struct statement *s = calloc(1, sizeof(*s) + text.len + 1);
	struct statement_traits traits;
	struct bytes rest;

	if (!s)
		return NULL;
	if (text.len)
		memcpy(s->text, text.ptr, text.len);
	s->text_len = text.len;
	s->references = 1;
	rest = bytes_of(s->text, text.len);
	if (statement_next(&rest, &traits)) {
		s->is_writing = traits.is_writing;
		s->is_ordered = traits.is_ordered;
		s->is_control = traits.is_control;
		s->is_ddl = traits.is_ddl;
		s->names = traits.names;
	}
	return s;
}

struct statement *statement_keep(struct statement *s)
{
	if (s)
		s->references++;
	return s;
}

void statement_drop(struct statement *s)
{
	if (!s || --s->references > 0)
		return;
	free(s->columns);
	free(s->types);
	free(s->declared);
	free(s);
}

struct bytes statement_text(const struct statement *s)
{
	return bytes_of(s->text, s->text_len);
}

void statement_learn_columns(struct statement *s, struct bytes row_description)
{
	unsigned char *copy = malloc(row_description.len + 1);

	if (!copy)
		return; /* only the names of columns in a report are lost */
	memcpy(copy, row_description.ptr, row_description.len);
	free(s->columns);
	s->columns = copy;
	s->columns_len = row_description.len;
}

static bool has_user_type(struct wire_items oids)
{
	uint32_t oid;

	while (wire_oid_next(&oids, &oid))
		if (oid >= FIRST_USER_OID)
			return true;
	return false;
}

static uint32_t *copy_types(struct wire_items oids)
{
	uint32_t *types = calloc((size_t)oids.count + 1, sizeof(*types));
	size_t count = oids.count;

	for (size_t i = 0; types && i < count; i++)
		(void)wire_oid_next(&oids, &types[i]);
	return types;
}

void statement_learn_types(struct statement *s, struct wire_items oids)
{
	uint32_t *types = has_user_type(oids) ? copy_types(oids) : NULL;

	if (!types)
		return; /* its parameters go out as they come */
	free(s->types);
	s->types = types;
	s->type_count = oids.count;
}

void statement_declare(struct statement *s, struct wire_items oids)
{
	free(s->declared);
	s->declared = copy_types(oids);
	s->declared_count = s->declared ? oids.count : 0;
}

static void clear_entry(struct name_entry *e)
{
	statement_drop(e->value);
	free(e->name);
	e->value = NULL;
	e->name = NULL;
}

static void map_fini(struct name_map *map)
{
	for (size_t i = 0; i < map->cap; i++)
		clear_entry(&map->entries[i]);
	free(map->entries);
	*map = (struct name_map){0};
}

/* The entry of this name, or the free one where it would go; NULL only in an empty map. */
static struct name_entry *map_find(const struct name_map *map, struct bytes name, uint64_t hash)
{
	struct name_entry *grave = NULL;

	for (size_t i = 0; i < map->cap; i++) {
		struct name_entry *e = &map->entries[(hash + i) & (map->cap - 1)];

		if (!e->value && !e->is_removed)
			return grave ? grave : e;
		if (!e->value)
			grave = grave ? grave : e;
		else if (e->hash == hash && bytes_equal(bytes_of(e->name, e->len), name))
			return e;
	}
	return grave;
}

/* Makes anew without the graves, larger if the names need it. Probing always finds a free
 * entry, since no more than three quarters are ever in use. */
static bool map_rehash(struct name_map *map)
{
	size_t cap = map->cap == 0 ? 8 : 2 * map->live < map->cap ? map->cap : 2 * map->cap;
	struct name_map fresh = {.entries = calloc(cap, sizeof(struct name_entry)), .cap = cap};

	if (!fresh.entries)
		return false;
	for (size_t i = 0; i < map->cap; i++) {
		struct name_entry *e = &map->entries[i];

		if (!e->value)
			continue;
		*map_find(&fresh, bytes_of(e->name, e->len), e->hash) = *e;
		fresh.count++;
		fresh.live++;
	}
	free(map->entries);
	*map = fresh;
	return true;
}

static bool map_add(struct name_map *map, struct name_entry *e, struct bytes name, uint64_t hash)
{
	char *copy = map->live < PREPARED_MAX ? malloc(name.len + 1) : NULL;

	if (!copy)
		return false;
	if (name.len)
		memcpy(copy, name.ptr, name.len);
	map->count += !e->is_removed;
	map->live++;
	*e = (struct name_entry){.hash = hash, .name = copy, .len = name.len};
	return true;
}

static bool map_set(struct name_map *map, struct bytes name, struct statement *s)
{
	uint64_t hash = hash_bytes64(name);
	struct name_entry *e;

	if (4 * (map->count + 1) > 3 * map->cap && !map_rehash(map))
		return false;
	e = map_find(map, name, hash);
	if (!e->value && !map_add(map, e, name, hash))
		return false;
	statement_drop(e->value);
	e->value = s;
	e->place = ROUTE_BOTH;
	return true;
}

static const struct name_map *map_of(const struct prepared *p, char kind)
{
	return kind == 'P' ? &p->portals : &p->statements;
}

void prepared_init(struct prepared *p)
{
	*p = (struct prepared){0};
}

void prepared_fini(struct prepared *p)
{
	map_fini(&p->statements);
	map_fini(&p->portals);
}

void prepared_set(struct prepared *p, char kind, struct bytes name, struct statement *s)
{
	if (!s) {
		prepared_remove(p, kind, name);
		return;
	}
	if (!map_set(kind == 'P' ? &p->portals : &p->statements, name, s))
		statement_drop(s);
}

static struct name_entry *find(const struct prepared *p, char kind, struct bytes name)
{
	struct name_entry *e = map_find(map_of(p, kind), name, hash_bytes64(name));

	return e && e->value ? e : NULL;
}

struct statement *prepared_get(const struct prepared *p, char kind, struct bytes name)
{
	const struct name_entry *e = find(p, kind, name);

	return e ? e->value : NULL;
}

void prepared_place(struct prepared *p, char kind, struct bytes name, enum route place)
{
	struct name_entry *e = find(p, kind, name);

	if (e)
		e->place = place;
}

enum route prepared_place_of(const struct prepared *p, char kind, struct bytes name)
{
	const struct name_entry *e = find(p, kind, name);

	return e ? e->place : ROUTE_BOTH;
}

void prepared_remove(struct prepared *p, char kind, struct bytes name)
{
	struct name_map *map = kind == 'P' ? &p->portals : &p->statements;
	struct name_entry *e = map_find(map, name, hash_bytes64(name));

	if (!e || !e->value)
		return;
	clear_entry(e);
	e->is_removed = true;
	map->live--;
}
