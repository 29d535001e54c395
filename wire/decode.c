/*
 * What decoded messages of both directions have in common: iterating lists of items, and
 * messages that are one string. Lists were checked when their message was decoded; taking an
 * item still goes through the reader, which cannot leave the list.
 */
#include "wire/decode.h"

#include "wire/reader.h"

/* What is left of the list after one item was read. */
static bool taken(struct wire_items *items, struct reader *r)
{
	items->count--;
	items->rest = reader_rest(r);
	return !r->is_bad;
}

bool wire_value_next(struct wire_items *items, struct wire_value *value)
{
	if (items->count == 0)
		return false;
	struct reader r = reader_of(items->rest);

	*value = reader_value(&r);
	return taken(items, &r);
}

bool wire_column_next(struct wire_items *items, struct wire_column *column)
{
	if (items->count == 0)
		return false;
	struct reader r = reader_of(items->rest);

	*column = reader_column(&r);
	return taken(items, &r);
}

bool wire_int16_next(struct wire_items *items, int16_t *format)
{
	if (items->count == 0)
		return false;
	struct reader r = reader_of(items->rest);

	*format = (int16_t)reader_u16(&r);
	return taken(items, &r);
}

bool wire_oid_next(struct wire_items *items, uint32_t *oid)
{
	if (items->count == 0)
		return false;
	struct reader r = reader_of(items->rest);

	*oid = reader_u32(&r);
	return taken(items, &r);
}

bool decode_string(struct bytes body, struct bytes *text)
{
	struct reader r = reader_of(body);

	*text = reader_string(&r);
	return reader_is_done(&r);
}
