/*
 * Types that users have made, and functions: their OIDs are given out per database, so the
 * same one has two. A table holds what is known of them: both OIDs, the name, what a value
 * in binary format looks like. It also gathers the OIDs that were met and are not known, for
 * whoever can ask the databases. One table per session; pure memory.
 *
 * Bounded: USER_TYPES_MAX entries, beyond which nothing is added (user_types_has_room says so
 * before); USER_TYPES_ASKED_MAX open questions, beyond which an OID stays unknown.
 */
#ifndef DIFFENGINE_USER_TYPES_H
#define DIFFENGINE_USER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

/* OIDs from here on are given out per database (PostgreSQL's FirstNormalObjectId). */
#define FIRST_USER_OID 16384

#define USER_TYPES_MAX       4096
#define USER_TYPES_ASKED_MAX 64
#define USER_TYPE_NAME_MAX   4096 /* bytes; a longer one (of a function) is not kept */

enum user_type_kind {
	USER_TYPE_OPAQUE, /* an enum, a base type: no OIDs inside its values */
	USER_TYPE_ARRAY,
	USER_TYPE_COMPOSITE,
	USER_TYPE_RANGE,
	USER_TYPE_MULTIRANGE,
	USER_TYPE_DOMAIN
};

struct user_type {
	uint32_t truth;
	uint32_t candidate; /* 0: there is none of this name */
	enum user_type_kind kind;
	uint32_t within; /* element, subtype, range or base type, as the truth numbers it */
	char *name;      /* "schema.name", quoted where SQL would; owned by the table */
};

struct user_types { /* zero it to start */
	struct user_type *entries;
	uint16_t *by_truth, *by_candidate; /* indexes of entries, sorted by OID */
	size_t count, cap, candidate_count;
	uint32_t asked[USER_TYPES_ASKED_MAX]; /* OIDs of the truth that are not known */
	size_t asked_count;
	bool is_closed; /* nothing is asked now: what is unknown stays so */
};

void user_types_fini(struct user_types *t);
/* Forgets all entries and questions. */
void user_types_clear(struct user_types *t);
/* Room for one more round of questions and what they bring. */
bool user_types_has_room(const struct user_types *t);

/* NULL: not known. Entries are borrowed until the next change. */
const struct user_type *user_types_find(const struct user_types *t, uint32_t truth);
const struct user_type *user_types_find_candidate(const struct user_types *t, uint32_t candidate);

/* Notes an OID to be asked about, unless it is known. False: too many questions, or closed. */
bool user_types_ask(struct user_types *t, uint32_t truth);

/* Adds what the truth says of a type, with no candidate yet; one that is there stays. False: no
 * room or memory. */
bool user_types_add(struct user_types *t, const struct user_type *type) ATTR_USE_RESULT;
/* The candidate has the type of that name under this OID. */
void user_types_pair(struct user_types *t, struct bytes name, uint32_t candidate);

/* An entry in one line, without its counterpart: "20001 a 20000 public.mood[]", the letters
 * being those of pg_type.typtype, 'a' an array, 'b' anything opaque. */
#define USER_TYPE_TEXT_MAX (USER_TYPE_NAME_MAX + 32)
const char *user_type_print(const struct user_type *type, char text[USER_TYPE_TEXT_MAX]);
/* The line's meaning; its name borrows from it. False: it is none. */
bool user_type_parse(struct user_type *type, char *text) ATTR_USE_RESULT;
char user_type_letter(enum user_type_kind kind);
enum user_type_kind user_type_kind_of(char letter);

/* What stands for the truth's OID on the candidate; 0: not known, or there is none. OIDs below
 * FIRST_USER_OID stand for themselves. */
uint32_t user_types_translate(const struct user_types *t, uint32_t truth);

/* Whether both OIDs name the same type. Two user OIDs of which nothing is known are taken to
 * be alike, and the truth's is asked about. `t` NULL: nothing is known. */
bool user_types_alike(struct user_types *t, uint32_t truth, uint32_t candidate);

#endif
