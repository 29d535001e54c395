/*
 * A walk over the request for the command's Bind and Parse, and the messages with them.
 */
#include "diffengine/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "diffengine/user_types.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/frame.h"

struct found {
	bool is_simple;
	bool has_parse;
	struct bytes bind; /* its body */
	struct wire_items types;
};

static bool next(struct bytes *rest, struct frame *f)
{
	if (frame_next(*rest, WIRE_FRONTEND, rest->len, f, NULL) != FRAME_OK)
		return false;
	*rest = bytes_skip(*rest, f->whole.len);
	return true;
}

static bool is_step(unsigned char type)
{
	return type == FRONTEND_PARSE || type == FRONTEND_BIND || type == FRONTEND_DESCRIBE ||
	       type == FRONTEND_EXECUTE || type == FRONTEND_CLOSE;
}

/* One Query, or steps of the extended protocol and the Sync behind them. */
static bool is_one_unit(struct bytes request, bool *is_simple)
{
	struct frame f;

	if (!next(&request, &f))
		return false;
	*is_simple = f.type == FRONTEND_QUERY;
	while (!*is_simple && is_step(f.type))
		if (!next(&request, &f))
			return false;
	return (*is_simple || f.type == FRONTEND_SYNC) && request.len == 0;
}

static bool find_execute(struct bytes request, unsigned ordinal, struct bytes *portal)
{
	struct msg_execute execute;
	struct frame f;

	while (next(&request, &f)) {
		if (f.type != FRONTEND_EXECUTE || ordinal-- > 0)
			continue;
		if (!decode_execute(f.body, &execute) || execute.max_rows > 0)
			return false;
		*portal = execute.portal;
		return true;
	}
	return false;
}

static bool is_same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The last one before `end`. */
static bool find_bind(struct bytes request, struct bytes portal, struct found *found)
{
	struct msg_bind bind;
	struct frame f;

	while (next(&request, &f) && f.whole.ptr < portal.ptr)
		if (f.type == FRONTEND_BIND && decode_bind(f.body, &bind) &&
			is_same(bind.portal, portal))
			found->bind = f.body;
	return found->bind.ptr != NULL;
}

static void find_parse(struct bytes request, struct found *found)
{
	struct msg_parse parse;
	struct msg_bind bind;
	struct frame f;

	if (!decode_bind(found->bind, &bind))
		return;
	while (next(&request, &f) && f.whole.ptr < found->bind.ptr)
		if (f.type == FRONTEND_PARSE && decode_parse(f.body, &parse) &&
			is_same(parse.name, bind.statement)) {
			found->has_parse = true;
			found->types = parse.types;
		}
}

static bool find(const struct explain *e, struct found *found)
{
	struct bytes portal;

	*found = (struct found){.is_simple = false};
	if (!is_one_unit(e->request, &found->is_simple))
		return false;
	if (found->is_simple)
		return true;
	if (!find_execute(e->request, e->ordinal, &portal) || !find_bind(e->request, portal, found))
		return false;
	find_parse(e->request, found);
	return true;
}

/* An OID of a user type is the truth's: left to the server to infer. */
static uint32_t type_for_both(uint32_t oid)
{
	return oid >= FIRST_USER_OID ? 0 : oid;
}

static bool add_parse(
	struct buf *out, const struct explain *e, const struct found *found, const char *sql)
{
	struct wire_items oids = found->types;
	size_t count = found->has_parse ? oids.count : e->type_count;
	uint32_t *types = calloc(count + 1, sizeof(*types)), oid;
	bool ok;

	if (!types)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!found->has_parse)
			types[i] = type_for_both(e->types[i]);
		else if (wire_oid_next(&oids, &oid))
			types[i] = type_for_both(oid);
	ok = encode_parse(out, "", sql, types, count);
	free(types);
	return ok;
}

/* The client's, for the unnamed portal and statement, with results as text. */
static bool add_bind(struct buf *out, const struct found *found)
{
	static const unsigned char none[2] = {0, 0};
	struct msg_bind bind;
	struct buf body;
	struct bytes middle;
	bool ok;

	if (found->is_simple)
		return encode_bind(out, &(struct encode_bind){.portal = "", .statement = ""});
	if (!decode_bind(found->bind, &bind))
		return false;
	middle = bytes_skip(found->bind, bind.portal.len + bind.statement.len + 2);
	middle.len -= 2 + 2 * (size_t)bind.result_formats.count;
	buf_init(&body, middle.len + 4);
	ok = buf_append(&body, none, 2) && buf_append_bytes(&body, middle) &&
	     buf_append(&body, none, 2) && encode_raw(out, FRONTEND_BIND, buf_bytes(&body));
	buf_fini(&body);
	return ok;
}

static bool add_step(
	struct buf *out, const struct explain *e, const struct found *found, const char *prefix)
{
	struct buf sql;
	bool ok;

	buf_init(&sql, e->statement.len + 64);
	ok = buf_append_str(&sql, prefix) && buf_append_bytes(&sql, e->statement) &&
	     add_parse(out, e, found, buf_cstr(&sql)) && add_bind(out, found) &&
	     encode_execute(out, "", 0) && encode_sync(out);
	buf_fini(&sql);
	return ok;
}

static bool add_begin(struct buf *out, const struct explain *e)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		"BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = %lld; "
		"SET LOCAL lock_timeout = %lld",
		(long long)(e->timeout_us / 1000), (long long)(e->lock_us / 1000));
	return encode_query(out, sql);
}

unsigned explain_messages(const struct explain *e, struct buf *out)
{
	struct found found;

	/* Without TIMING, since reading the clock for every row may take longer than the row. The
	 * plan alone comes first: it fills the new connection's catalog caches. */
	if (!find(e, &found) || !add_begin(out, e) || !add_step(out, e, &found, "EXPLAIN ") ||
		(e->is_run && !add_step(out, e, &found, "EXPLAIN (ANALYZE, TIMING OFF) ")))
		return 0;
	return e->is_run ? 3 : 2;
}

bool explain_time(struct bytes line, int64_t *us)
{
	static const char name[] = "Execution Time: ";
	size_t len = sizeof(name) - 1;
	char text[64], *end;
	double ms;

	if (line.len <= len || line.len >= sizeof(text) ||
		strncasecmp((const char *)line.ptr, name, len) != 0)
		return false;
	memcpy(text, line.ptr, line.len);
	text[line.len] = '\0';
	ms = strtod(text + len, &end);
	if (strcmp(end, " ms") != 0 || !(ms >= 0 && ms < 1e12))
		return false;
	*us = (int64_t)(ms * 1000);
	return true;
}
