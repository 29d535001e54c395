/*
 * Counted lists of items: each is walked once here, so that the view handed out holds exactly
 * its items and can be iterated later without checks.
 */
#include "wire/reader.h"

struct wire_column reader_column(struct reader *r)
{
	struct wire_column column = {.name = reader_string(r)};

	column.table_oid = reader_u32(r);
	column.attnum = (int16_t)reader_u16(r);
	column.type_oid = reader_u32(r);
	column.typlen = (int16_t)reader_u16(r);
	column.typmod = (int32_t)reader_u32(r);
	column.format = (int16_t)reader_u16(r);
	return column;
}

struct wire_items reader_values(struct reader *r)
{
	struct wire_items items = {.count = reader_u16(r)};
	const unsigned char *first = r->at;

	for (unsigned i = 0; i < items.count && !r->is_bad; i++)
		reader_value(r);
	items.rest = bytes_of(first, (size_t)(r->at - first));
	return items;
}

struct wire_items reader_columns(struct reader *r)
{
	struct wire_items items = {.count = reader_u16(r)};
	const unsigned char *first = r->at;

	for (unsigned i = 0; i < items.count && !r->is_bad; i++)
		reader_column(r);
	items.rest = bytes_of(first, (size_t)(r->at - first));
	return items;
}

struct wire_items reader_int16s(struct reader *r)
{
	struct wire_items items = {.count = reader_u16(r)};

	items.rest = reader_bytes(r, items.count * sizeof(int16_t));
	return items;
}

struct wire_items reader_oids(struct reader *r)
{
	struct wire_items items = {.count = reader_u16(r)};

	items.rest = reader_bytes(r, items.count * sizeof(uint32_t));
	return items;
}
