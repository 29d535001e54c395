/*
 * OIDs inside values in binary format. An array names the type of its elements, a composite
 * that of each of its fields, and they may nest; where those are user types the same value
 * has other bytes on each database. Pure. Reads that would leave a value end there: what is
 * malformed, or nested deeper than USER_VALUES_DEPTH, is left as it is.
 */
#ifndef DIFFENGINE_USER_VALUES_H
#define DIFFENGINE_USER_VALUES_H

#include "diffengine/user_types.h"
#include "wire/decode.h"

#define USER_VALUES_DEPTH 16

/* Replaces the truth's OIDs in a value of the type (the truth's OID) by the candidate's, in
 * place. Returns how many OIDs have no known counterpart. */
size_t user_value_translate(
	const struct user_types *t, uint32_t type, unsigned char *value, size_t len);

/* Two values that are the same but for OIDs that name the same types. Their own type need not
 * be known. As user_types_alike: asks about what it does not know. */
bool user_values_alike(struct user_types *t, struct bytes truth, struct bytes candidate);

/* Two DataRow bodies that are the same but for such values; OIDs of types as values of a
 * column of type oid or oid[] count, too. `columns`: the RowDescription's body, ptr NULL where it
 * is not known. */
bool user_rows_alike(
	struct user_types *t, struct bytes columns, struct bytes truth, struct bytes candidate);

/* Puts the truth's OIDs in place of the candidate's wherever they are known: in the values of a
 * DataRow's body, or of all rows of an answer. Descriptions stay: their OIDs are compared as
 * what they are, see user_types_alike. */
void user_row_normalise(const struct user_types *t, unsigned char *body, size_t len);
void user_answer_normalise(const struct user_types *t, unsigned char *answer, size_t len);

#endif
