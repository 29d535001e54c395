/*
 * A question about locks: connect, one Query, read the rows, close.
 */
#include "capture/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/decode.h"
#include "wire/encode.h"

struct probe {
	struct backend *backend;
	struct probe_question question;
	struct probe_answer answer;
	on_probed_fn *on_probed;
	void *context;
};

static void finish(struct probe *p)
{
	on_probed_fn *on_probed = p->on_probed;
	struct probe_answer answer = p->answer;
	void *context = p->context;

	probe_stop(p);
	on_probed(context, &answer);
}

static bool build_query(struct buf *out, const struct probe_question *q)
{
	if (!buf_append_str(out, "SELECT p FROM unnest(ARRAY["))
		return false;
	for (size_t i = 0; i < q->count; i++)
		if (!buf_printf(out, "%s%d", i ? "," : "", q->pids[i]))
			return false;
	return buf_append_str(out,
		"]::int[]) p WHERE pg_catalog.cardinality(pg_catalog.pg_blocking_pids(p)) > 0");
}

static bool ask(struct probe *p)
{
	struct buf sql, message;
	struct frame f;
	bool ok;

	buf_init(&sql, 4096);
	buf_init(&message, 8192);
	ok = build_query(&sql, &p->question) && encode_query(&message, buf_cstr(&sql)) &&
	     frame_next(buf_bytes(&message), WIRE_FRONTEND, 8192, &f, NULL) == FRAME_OK &&
	     protocol_on_request(&p->backend->protocol, &f) == PROTOCOL_OK &&
	     backend_send(p->backend, buf_bytes(&message));
	buf_fini(&sql);
	buf_fini(&message);
	return ok;
}

static void on_connected(struct backend *b, void *context)
{
	struct probe *p = context;

	if (b->state != BACKEND_READY || !ask(p))
		finish(p);
}

static void take_row(struct probe *p, struct bytes body)
{
	struct wire_items values;
	struct wire_value value;
	char digits[16];

	if (!decode_data_row(body, &values) || !wire_value_next(&values, &value) || value.is_null ||
		p->answer.count == PROBE_PIDS_MAX)
		return;
	snprintf(digits, sizeof(digits), "%.*s", bytes_width(value.data, 15),
		(const char *)value.data.ptr);
	p->answer.blocked[p->answer.count++] = (int32_t)strtol(digits, NULL, 10);
}

static void on_readable(struct backend *b, void *context)
{
	struct probe *p = context;
	struct frame f;

	while (frame_next(buf_bytes(&b->link.in), WIRE_BACKEND, 65536, &f, NULL) == FRAME_OK) {
		if (f.type == BACKEND_DATA_ROW)
			take_row(p, f.body);
		else if (f.type == BACKEND_COMMAND_COMPLETE)
			p->answer.is_known = true;
		else if (f.type == BACKEND_READY_FOR_QUERY) {
			finish(p);
			return;
		}
		buf_consume(&b->link.in, f.whole.len);
	}
	if (b->state == BACKEND_ENDED)
		finish(p);
	else
		backend_update(b);
}

static void on_drained(struct backend *b, void *context)
{
	(void)b;
	(void)context;
}

struct probe *probe_start(uv_loop_t *loop, const struct probe_question *question,
	on_probed_fn *on_probed, void *context)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};
	struct backend_wishes wishes = {.user = question->user,
		.database = question->database,
		.application_name = "twinkly watch"};
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->question = *question;
	p->on_probed = on_probed;
	p->context = context;
	p->backend = backend_connect(loop, question->target, &wishes, 65536, &events, p);
	if (!p->backend) {
		free(p);
		return NULL;
	}
	return p;
}

void probe_stop(struct probe *p)
{
	if (!p)
		return;
	backend_close(p->backend);
	free(p);
}
