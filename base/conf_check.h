/*
 * Checking a configuration (private to base/conf*.c): where faults go, and evaluating one
 * key of the table.
 */
#ifndef BASE_CONF_CHECK_H
#define BASE_CONF_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/conf_tree.h"

struct conf_faults {
	FILE *out;
	size_t count; /* all; only the first ones are shown */
};

/* Counts a fault and writes its place; true: the caller writes the text and the newline. */
bool conf_fault_begin(struct conf_faults *faults, struct conf_place place) ATTR_USE_RESULT;

/* Fills entry->key's effective value in. False: memory is out (faults tell the rest). */
bool conf_evaluate(
	struct conf *conf, struct conf_entry *entry, struct conf_faults *faults) ATTR_USE_RESULT;

#endif
