/*
 * A value of a conversation: NULL, text as it stands, hex:00ff, or a number in binary form as
 * i2: i4: i8: f4: f8: and the number; or now:MS, a timestamptz so many milliseconds from when
 * the conversation was read.
 */
#ifndef TESTS_PEER_VALUE_H
#define TESTS_PEER_VALUE_H

#include "tests/peer/words.h"
#include "wire/decode.h"

#define VALUE_NO_NUMBER (-1)

/* Each {} in it becomes `number`, unless that is VALUE_NO_NUMBER. Lives in the arena. */
bool value_read(struct arena *arena, const struct word *word, long number, struct wire_value *out,
	struct err *err) ATTR_USE_RESULT;

#endif
