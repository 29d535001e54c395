/*
 * Storage and writing of items. Writing runs in the writer thread.
 */
#include "capture/record_item.h"

#include <assert.h>
#include <stdlib.h>

static bool write_item(struct trace *trace, struct trace_item *base, struct err *err)
{
	struct record_item *item = (struct record_item *)base;

	switch (item->kind) {
	case RECORD_SESSION:
		return trace_write_session(trace, &item->session, err);
	case RECORD_EVENT:
		return trace_write_event(trace, &item->event, err);
	case RECORD_BACKEND:
		return trace_write_backend(trace, &item->backend, err);
	case RECORD_CONSEQUENCE:
		return trace_write_consequence(trace, &item->consequence, err);
	case RECORD_STATEMENT:
		return trace_write_statement(trace, &item->statement, err);
	case RECORD_PART:
		return trace_write_request_part(
			trace, item->part.exchange, item->part.ordinal, item->part.body, err);
	case RECORD_PLAN:
		return trace_write_plan(trace, &item->plan, err);
	case RECORD_EXCHANGE:
		return trace_write_exchange(trace, &item->exchange.row, err) &&
		       record_write_commands(
			       trace, &item->exchange.row, &item->exchange.commands, err);
	case RECORD_REDACTION:
		return trace_write_redaction(trace, &item->redaction, err);
	case RECORD_DIFFERENCES:
		return record_write_differences(
			trace, &item->exchange.row, &item->exchange.commands, err);
	}
	return true;
}

static void free_item(struct trace_item *base)
{
	free(base);
}

struct record_item *record_item_new(enum record_kind kind, size_t room)
{
	struct record_item *item;

	room += 64; /* alignment of a handful of arrays */
	item = malloc(sizeof(*item) + room);
	if (!item)
		return NULL;
	*item = (struct record_item){
		.base = {.size = sizeof(*item) + room, .write = write_item, .free = free_item},
		.kind = kind,
		.room = room};
	return item;
}

static void *take(struct record_item *item, size_t size)
{
	void *p = item->storage + item->used;

	assert(item->used + size <= item->room);
	item->used += size;
	return p;
}

void *record_item_alloc(struct record_item *item, size_t size)
{
	item->used = (item->used + 7) & ~(size_t)7;
	return take(item, size);
}

struct bytes record_item_copy(struct record_item *item, struct bytes b)
{
	unsigned char *p = take(item, b.len);

	if (b.len)
		memcpy(p, b.ptr, b.len);
	return bytes_of(p, b.len);
}

const char *record_item_copy_str(struct record_item *item, const char *s)
{
	return s ? (const char *)record_item_copy(item, bytes_of(s, strlen(s) + 1)).ptr : NULL;
}
