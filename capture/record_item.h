/*
 * What travels from the loop's thread to the writer thread: one allocation with a row and
 * everything it points to. Filled by capture/record.c, written by capture/record_item.c.
 */
#ifndef CAPTURE_RECORD_ITEM_H
#define CAPTURE_RECORD_ITEM_H

#include "base/attr.h"
#include "diffengine/compare.h"
#include "schema/trace_queue.h"

enum record_kind {
	RECORD_SESSION,
	RECORD_EVENT,
	RECORD_BACKEND,
	RECORD_CONSEQUENCE,
	RECORD_STATEMENT,
	RECORD_PART,
	RECORD_EXCHANGE,
	RECORD_PLAN,
	RECORD_REDACTION,
	RECORD_DIFFERENCES /* an exchange of which only the differences are written */
};

struct record_commands {     /* what the loop knows of an exchange's commands */
	int64_t *statements; /* numbers, by ordinal */
	size_t statement_count;
	enum verdict *verdicts; /* from first_ordinal on; before it all are equal */
	size_t verdict_count;
	unsigned first_ordinal;
	struct difference *differences;
	size_t difference_count;
	int64_t last_rows;
	const char *last_tag;
};

struct record_item {
	struct trace_item base; /* first: the queue's handle */
	enum record_kind kind;
	union {
		struct trace_session session;
		struct trace_event event;
		struct trace_backend backend;
		struct trace_consequence consequence;
		struct trace_statement statement;
		struct trace_plan plan;
		struct trace_redaction redaction;
		struct {
			int64_t exchange;
			int ordinal;
			struct bytes body;
		} part;
		struct {
			struct trace_exchange row;
			struct record_commands commands;
		} exchange;
	};
	size_t used, room; /* of `storage` */
	_Alignas(8) unsigned char storage[];
};

/* NULL: no memory. `room` is for all that is copied into it; alignment is added. */
struct record_item *record_item_new(enum record_kind kind, size_t room) ATTR_USE_RESULT;
/* From the item's own storage, aligned to 8 for alloc; never NULL within the promised room. */
void *record_item_alloc(struct record_item *item, size_t size);
struct bytes record_item_copy(struct record_item *item, struct bytes b);
const char *record_item_copy_str(struct record_item *item, const char *s); /* NULL stays NULL */

bool record_write_differences(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *commands, struct err *err) ATTR_USE_RESULT;
/* capture/record_commands.c: the command and difference rows of an exchange, from its bytes. */
bool record_write_commands(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *commands, struct err *err) ATTR_USE_RESULT;

#endif
