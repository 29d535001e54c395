/*
 * What a session has prepared: statement names and portal names with what is known of each
 * statement. Names are noted when they are sent; if the server refuses one, the entry is
 * merely unused. Bounded: PREPARED_MAX names of each sort; beyond it a name is not kept, and
 * executing it counts as writing, of unknown text.
 */
#ifndef DIFFENGINE_PREPARED_H
#define DIFFENGINE_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "diffengine/routing.h"
#include "wire/decode.h"

#define PREPARED_MAX 65536

/* One statement text as prepared; shared by its name, its portals and running exchanges. */
struct statement {
	int references;
	int64_t trace_id; /* 0: not given yet */
	bool is_writing, is_ordered, is_control, is_ddl;
	enum route route;       /* what the patterns of proxy.routing say; BOTH: nothing */
	const char *pattern;    /* that says so; borrowed from the configuration */
	char names;             /* as struct statement_traits has it */
	unsigned char *columns; /* RowDescription body learned from a Describe; NULL: unknown */
	size_t columns_len;
	uint32_t *types; /* of its parameters, the truth's OIDs; NULL: none is a user type */
	size_t type_count;
	uint32_t *declared; /* the types that a named Parse gave; NULL: none */
	size_t declared_count;
	size_t text_len;
	char text[];
};

/* NULL: no memory. The caller owns one reference. */
struct statement *statement_new(struct bytes text) ATTR_USE_RESULT;
struct statement *statement_keep(struct statement *s); /* one more reference; takes NULL */
void statement_drop(struct statement *s);              /* takes NULL */
struct bytes statement_text(const struct statement *s);
void statement_learn_columns(struct statement *s, struct bytes row_description);
/* Keeps the parameters' types if a user type is among them. */
void statement_declare(struct statement *s, struct wire_items oids); /* keeps all of them */
void statement_learn_types(struct statement *s, struct wire_items oids);

struct name_map { /* open addressing; keys and values owned */
	struct name_entry *entries;
	size_t cap;
	size_t count; /* entries in use, graves of removed names included */
	size_t live;  /* names */
};

struct prepared {
	struct name_map statements, portals;
};

void prepared_init(struct prepared *p);
void prepared_fini(struct prepared *p);

/* Takes over the caller's reference to `s`, kept or not. `kind`: 'S' statement, 'P' portal. */
void prepared_set(struct prepared *p, char kind, struct bytes name, struct statement *s);
/* Borrowed; NULL: unknown. */
struct statement *prepared_get(const struct prepared *p, char kind, struct bytes name);
/* Where the name exists; BOTH when it is set. */
void prepared_place(struct prepared *p, char kind, struct bytes name, enum route place);
enum route prepared_place_of(const struct prepared *p, char kind, struct bytes name);
void prepared_remove(struct prepared *p, char kind, struct bytes name);

#endif
