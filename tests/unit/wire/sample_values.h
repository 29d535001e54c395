/*
 * Short forms for literal bytes and values in tests; the bytes may hold NULs.
 */
#ifndef TESTS_UNIT_WIRE_SAMPLE_VALUES_H
#define TESTS_UNIT_WIRE_SAMPLE_VALUES_H

#include "base/bytes.h"
#include "wire/decode.h"

#define TEXT_BYTES(s) bytes_of("" s, sizeof(s) - 1)
#define TEXT_VALUE(s) ((struct wire_value){.data = TEXT_BYTES(s)})
#define NULL_VALUE    ((struct wire_value){.is_null = true})

#endif
